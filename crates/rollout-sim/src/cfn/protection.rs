//! Operations that protect stacks: stack policies and termination protection.

use super::api::{
    GetStackPolicyInput, GetStackPolicyOutput, SetStackPolicyInput, SetStackPolicyOutput,
    UpdateTerminationProtectionInput, UpdateTerminationProtectionOutput,
};
use super::inputs::invalid;
use super::policy;
use super::stacks::find;
use crate::{ApiError, World};

/// `SetStackPolicy`. A policy can be changed but not removed.
///
/// # Errors
/// `ValidationError`.
pub fn set_stack_policy(
    world: &mut World,
    input: SetStackPolicyInput,
) -> Result<SetStackPolicyOutput, ApiError> {
    if input.stack_policy_url.is_some() {
        return Err(ApiError::not_modelled("StackPolicyURL (there is no S3 to read it from)"));
    }
    let index = find(world, &input.stack_name)?;
    let body = input.stack_policy_body.ok_or_else(|| invalid("You must specify a stack policy"))?;
    policy::validate(&body).map_err(invalid)?;
    world.cfn.stacks[index].policy = Some(body);
    Ok(SetStackPolicyOutput {})
}

/// `GetStackPolicy`.
///
/// # Errors
/// `ValidationError`.
pub fn get_stack_policy(
    world: &World,
    input: &GetStackPolicyInput,
) -> Result<GetStackPolicyOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    Ok(GetStackPolicyOutput { stack_policy_body: world.cfn.stacks[index].policy.clone() })
}

/// `UpdateTerminationProtection`. A nested stack has that of its root (CFN:using-cfn-protect-stacks).
///
/// # Errors
/// `ValidationError`, for a nested stack too, where AWS's wording is not public.
pub fn update_termination_protection(
    world: &mut World,
    input: &UpdateTerminationProtectionInput,
) -> Result<UpdateTerminationProtectionOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let stack = &mut world.cfn.stacks[index];
    if stack.parent.is_some() {
        return Err(invalid(format!(
            "Termination protection cannot be set on the nested stack {}: it is that of its root stack",
            stack.name
        )));
    }
    stack.termination_protection = input.enable_termination_protection == Some(true);
    Ok(UpdateTerminationProtectionOutput { stack_id: Some(stack.id.clone()) })
}
