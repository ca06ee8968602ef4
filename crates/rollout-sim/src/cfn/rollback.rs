//! Operations that take a stack back.

use std::collections::BTreeSet;

use super::api::{
    CancelUpdateStackInput, CancelUpdateStackOutput, ContinueUpdateRollbackInput,
    ContinueUpdateRollbackOutput, OperationType, RollbackStackInput, RollbackStackOutput, StackStatus,
};
use super::handlers::nested;
use super::inputs::invalid;
use super::stacks::{find, refuse_express, root};
use super::state::{Phase, Stack};
use super::{engine, identifier};
use crate::{ApiError, World};

/// `CancelUpdateStack`.
///
/// # Errors
/// `ValidationError` unless an update is in progress.
pub fn cancel_update_stack(
    world: &mut World,
    input: &CancelUpdateStackInput,
) -> Result<CancelUpdateStackOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let stack = &world.cfn.stacks[index];
    if stack.status != StackStatus::UpdateInProgress {
        return Err(invalid("CancelUpdateStack cannot be called from current stack status"));
    }
    engine::cancel(world, index);
    Ok(CancelUpdateStackOutput {})
}

/// `ContinueUpdateRollback`.
///
/// # Errors
/// `ValidationError` unless the stack is in `UPDATE_ROLLBACK_FAILED`, or for resources to skip that did not fail.
pub fn continue_update_rollback(
    world: &mut World,
    input: ContinueUpdateRollbackInput,
) -> Result<ContinueUpdateRollbackOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let stack = &world.cfn.stacks[index];
    if stack.parent.is_some() {
        return Err(invalid("RollbackUpdatedStack cannot be invoked on child stacks"));
    }
    if stack.status != StackStatus::UpdateRollbackFailed {
        return Err(invalid(format!(
            "Stack:{} is in {} state and can not continue update rollback.",
            stack.id,
            super::wire_name(&stack.status)
        )));
    }
    let force = input.force_rollback == Some(true);
    if force && !input.resources_to_skip.is_empty() {
        return Err(invalid("ResourcesToSkip and ForceRollback are mutually exclusive"));
    }
    let skip: BTreeSet<String> = input.resources_to_skip.into_iter().collect();
    for entry in &skip {
        check_skip(world, index, entry).map_err(invalid)?;
    }
    if input.role_arn.is_some() {
        world.cfn.stacks[index].role = input.role_arn;
    }
    begin_again(world, index, OperationType::ContinueRollback, input.client_request_token);
    engine::resume(world, index, &skip, force);
    Ok(ContinueUpdateRollbackOutput {})
}

/// Whether an entry of `ResourcesToSkip` names a resource whose rollback failed: one of the stack, or one of a stack below
/// it as `NestedStackName.LogicalId`. A nested stack itself can be skipped only where it is deleted or being deleted
/// (bc:cloudformation/ContinueUpdateRollbackInput.ResourcesToSkip). The words are AWS's, as people met them; whether it
/// says them at once or in an event is UNCONFIRMED.
fn check_skip(world: &World, index: usize, entry: &str) -> Result<(), String> {
    let stacks = &world.cfn.stacks;
    let (stack, name) = match entry.split_once('.') {
        None => (&stacks[index], entry),
        Some((stack, name)) => {
            let is_below = |one: &&Stack| one.name == stack && root(world, one).id == stacks[index].id;
            let missing = || format!("Stack [{stack}] does not exist");
            (stacks.iter().rev().find(is_below).ok_or_else(missing)?, name)
        }
    };
    let foreign = || format!("Resource [{name}] does not belong to stack {}", stack.name);
    let resource = stack.resources.get(name).ok_or_else(foreign)?;
    let nested = resource.physical_id.as_ref().filter(|_| resource.kind == nested::KIND);
    let nested = nested.and_then(|id| find(world, id).ok()).map(|index| &stacks[index]);
    if nested.is_some_and(|stack| !super::wire_name(&stack.status).starts_with("DELETE_")) {
        return Err("Nested stacks could not be skipped".to_owned());
    }
    if stack.failed().contains(name) {
        Ok(())
    } else {
        Err("Only the resources failed during UpdateRollback are allowed to be skipped".to_owned())
    }
}

/// The stopped operation goes on under a new id.
fn begin_again(world: &mut World, index: usize, kind: OperationType, token: Option<String>) -> String {
    let id = identifier::uuid(&mut world.cfn);
    let stack = &mut world.cfn.stacks[index];
    stack.last_operations.insert(0, (kind, id.clone()));
    if let Some(operation) = &mut stack.operation {
        operation.id.clone_from(&id);
        operation.token = token;
    }
    id
}

/// `RollbackStack`: takes a stack that failed with rollback disabled back to its last stable state.
///
/// # Errors
/// `ValidationError` unless the stack is in `CREATE_FAILED` or `UPDATE_FAILED`.
pub fn rollback_stack(world: &mut World, input: RollbackStackInput) -> Result<RollbackStackOutput, ApiError> {
    refuse_express(input.deployment_config.as_ref())?;
    let index = find(world, &input.stack_name)?;
    let stack = &mut world.cfn.stacks[index];
    let stopped = stack.operation.as_ref().is_some_and(|operation| operation.phase == Phase::Stopped);
    if !stopped || !matches!(stack.status, StackStatus::CreateFailed | StackStatus::UpdateFailed) {
        return Err(invalid(format!(
            "Stack:{} is in {} state and can not be rolled back.",
            stack.id,
            super::wire_name(&stack.status)
        )));
    }
    if input.role_arn.is_some() {
        stack.role = input.role_arn;
    }
    if let Some(operation) = &mut stack.operation {
        operation.disable_rollback = false;
        operation.retain_except_on_create |= input.retain_except_on_create == Some(true);
    }
    let stack_id = stack.id.clone();
    let operation_id = begin_again(world, index, OperationType::Rollback, input.client_request_token);
    engine::roll_back(world, index);
    Ok(RollbackStackOutput { stack_id: Some(stack_id), operation_id: Some(operation_id) })
}
