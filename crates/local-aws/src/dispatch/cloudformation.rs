//! CloudFormation.

use rollout_sim::World;
use rollout_sim::cfn::{self, api};
use rollout_sim::s3::Address;

use super::access::Needs;
use super::{Operation, operations};

/// A stack by ARN, or by name as `stack/NAME/*`, the form in which AWS authorises names.
fn stack_arn(world: &World, name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    world.arn("cloudformation", &format!("stack/{name}/*"))
}

fn stack(world: &World, name: &str) -> Needs {
    Needs::on(stack_arn(world, name))
}

/// All stacks where none is named.
fn any_stack(world: &World, name: Option<&str>) -> Needs {
    stack(world, name.unwrap_or("*"))
}

/// An operation that may hand CloudFormation a role to act as. A stack keeps its role
/// (CFN:using-iam-servicerole); without any, CloudFormation would act with the caller's own permissions.
fn with_role(world: &World, name: &str, role_arn: Option<&str>) -> Needs {
    let needs = stack(world, name).with("cloudformation:RoleArn", role_arn).passing(
        world,
        [role_arn],
        "cloudformation.amazonaws.com",
    );
    if role_arn.is_some() || has_role(world, name) {
        needs
    } else {
        needs.not_for_roles("a stack without a role of its own (RoleARN), except for the administrator")
    }
}

/// What `action` needs besides, which takes a template for the stack, and tags.
fn submitting(
    needs: Needs,
    world: &World,
    action: &str,
    stack_name: &str,
    template_url: Option<&str>,
    tags: &[api::Tag],
) -> Needs {
    let needs = reading(needs.with("cloudformation:TemplateUrl", template_url), template_url);
    if tags.is_empty() {
        return needs;
    }
    // Tags of the stack are an action of their own (service authorization reference of CloudFormation).
    needs.and_when(
        "cloudformation:TagResource",
        stack_arn(world, stack_name),
        "cloudformation:CreateAction",
        action,
    )
}

/// CloudFormation reads every resource as its caller (CFN:using-cfn-stack-drift).
fn comparing(world: &World, name: &str) -> Needs {
    stack(world, name).not_for_roles("reading every resource of the stack, except by the administrator")
}

/// CloudFormation reads a template from S3 as its caller.
fn reading(needs: Needs, template_url: Option<&str>) -> Needs {
    match template_url.and_then(Address::parse) {
        Some(address) => needs.and("s3:GetObject", address.arn()),
        None => needs,
    }
}

fn has_role(world: &World, name: &str) -> bool {
    let named = api::DescribeStacksInput { stack_name: Some(name.to_owned()), next_token: None };
    cfn::describe_stacks(world, &named)
        .is_ok_and(|found| found.stacks.iter().any(|stack| stack.role_arn.is_some()))
}

/// A change set by name within a stack, or by ARN, which does not name its stack.
fn change_set(world: &World, change_set: &str, stack_name: Option<&str>) -> Needs {
    let stack_name = stack_name.map(str::to_owned).or_else(|| {
        let named = api::DescribeChangeSetInput {
            change_set_name: change_set.to_owned(),
            ..api::DescribeChangeSetInput::default()
        };
        cfn::describe_change_set(world, &named).ok()?.stack_id
    });
    any_stack(world, stack_name.as_deref()).with("cloudformation:ChangeSetName", change_set)
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read DescribeChangeSet(world, input: api::DescribeChangeSetInput) {
        needs: change_set(world, &input.change_set_name, input.stack_name.as_deref()),
        does: cfn::describe_change_set(world, &input),
    }
    read DescribeStackDriftDetectionStatus(world, input: api::DescribeStackDriftDetectionStatusInput) {
        needs: Needs::any(),
        does: cfn::describe_stack_drift_detection_status(world, &input),
    }
    read DescribeStackResourceDrifts(world, input: api::DescribeStackResourceDriftsInput) {
        needs: stack(world, &input.stack_name),
        does: cfn::describe_stack_resource_drifts(world, &input),
    }
    read GetTemplateSummary(world, input: api::GetTemplateSummaryInput) {
        needs: reading(any_stack(world, input.stack_name.as_deref()), input.template_url.as_deref()),
        does: cfn::get_template_summary(world, &input),
    }
    read ListExports(world, input: api::ListExportsInput) {
        needs: Needs::any(),
        does: cfn::list_exports(world, &input),
    }
    read ListImports(world, input: api::ListImportsInput) {
        needs: Needs::any(),
        does: cfn::list_imports(world, &input),
    }
    read ValidateTemplate(world, input: api::ValidateTemplateInput) {
        needs: reading(Needs::any(), input.template_url.as_deref()),
        does: cfn::validate_template(world, &input),
    }
    write DetectStackDrift(world, input: api::DetectStackDriftInput) {
        needs: comparing(world, &input.stack_name),
        does: cfn::detect_stack_drift(world, &input),
    }
    write DetectStackResourceDrift(world, input: api::DetectStackResourceDriftInput) {
        needs: comparing(world, &input.stack_name),
        does: cfn::detect_stack_resource_drift(world, &input),
    }
    read DescribeEvents(world, input: api::DescribeEventsInput) {
        needs: match &input.change_set_name {
            Some(name) => change_set(world, name, input.stack_name.as_deref()),
            None => any_stack(world, input.stack_name.as_deref()),
        },
        does: cfn::describe_events(world, &input),
    }
    read DescribeStackEvents(world, input: api::DescribeStackEventsInput) {
        needs: stack(world, &input.stack_name),
        does: cfn::describe_stack_events(world, &input),
    }
    read DescribeStackResource(world, input: api::DescribeStackResourceInput) {
        needs: stack(world, &input.stack_name),
        does: cfn::describe_stack_resource(world, &input),
    }
    read DescribeStackResources(world, input: api::DescribeStackResourcesInput) {
        needs: any_stack(world, input.stack_name.as_deref()),
        does: cfn::describe_stack_resources(world, &input),
    }
    read DescribeStacks(world, input: api::DescribeStacksInput) {
        needs: any_stack(world, input.stack_name.as_deref()),
        does: cfn::describe_stacks(world, &input),
    }
    read GetStackPolicy(world, input: api::GetStackPolicyInput) {
        needs: stack(world, &input.stack_name),
        does: cfn::get_stack_policy(world, &input),
    }
    read GetTemplate(world, input: api::GetTemplateInput) {
        needs: match &input.change_set_name {
            Some(name) => change_set(world, name, input.stack_name.as_deref()),
            None => any_stack(world, input.stack_name.as_deref()),
        },
        does: cfn::get_template(world, &input),
    }
    read ListChangeSets(world, input: api::ListChangeSetsInput) {
        needs: stack(world, &input.stack_name),
        does: cfn::list_change_sets(world, &input),
    }
    read ListStackResources(world, input: api::ListStackResourcesInput) {
        needs: stack(world, &input.stack_name),
        does: cfn::list_stack_resources(world, &input),
    }
    read ListStacks(world, input: api::ListStacksInput) {
        needs: Needs::any(),
        does: cfn::list_stacks(world, &input),
    }
    write CancelUpdateStack(world, input: api::CancelUpdateStackInput) {
        needs: stack(world, &input.stack_name),
        does: cfn::cancel_update_stack(world, &input),
    }
    write ContinueUpdateRollback(world, input: api::ContinueUpdateRollbackInput) {
        needs: with_role(world, &input.stack_name, input.role_arn.as_deref()),
        does: cfn::continue_update_rollback(world, input),
    }
    write CreateChangeSet(world, input: api::CreateChangeSetInput, caller) {
        needs: submitting(
            with_role(world, &input.stack_name, input.role_arn.as_deref()).with("cloudformation:ChangeSetName", input.change_set_name.as_str()),
            world,
            "CreateChangeSet",
            &input.stack_name,
            input.template_url.as_deref(),
            &input.tags,
        ),
        does: cfn::create_change_set(world, caller, input),
    }
    write CreateStack(world, input: api::CreateStackInput) {
        needs: submitting(
            with_role(world, &input.stack_name, input.role_arn.as_deref()),
            world,
            "CreateStack",
            &input.stack_name,
            input.template_url.as_deref(),
            &input.tags,
        ),
        does: cfn::create_stack(world, input),
    }
    write DeleteChangeSet(world, input: api::DeleteChangeSetInput) {
        needs: change_set(world, &input.change_set_name, input.stack_name.as_deref()),
        does: cfn::delete_change_set(world, &input),
    }
    write DeleteStack(world, input: api::DeleteStackInput) {
        needs: with_role(world, &input.stack_name, input.role_arn.as_deref()),
        does: cfn::delete_stack(world, input),
    }
    write ExecuteChangeSet(world, input: api::ExecuteChangeSetInput) {
        needs: change_set(world, &input.change_set_name, input.stack_name.as_deref()),
        does: cfn::execute_change_set(world, input),
    }
    write RollbackStack(world, input: api::RollbackStackInput) {
        needs: with_role(world, &input.stack_name, input.role_arn.as_deref()),
        does: cfn::rollback_stack(world, input),
    }
    write SetStackPolicy(world, input: api::SetStackPolicyInput) {
        needs: stack(world, &input.stack_name),
        does: cfn::set_stack_policy(world, input),
    }
    write UpdateStack(world, input: api::UpdateStackInput) {
        needs: submitting(
            with_role(world, &input.stack_name, input.role_arn.as_deref()),
            world,
            "UpdateStack",
            &input.stack_name,
            input.template_url.as_deref(),
            &input.tags,
        ),
        does: cfn::update_stack(world, input),
    }
    write UpdateTerminationProtection(world, input: api::UpdateTerminationProtectionInput) {
        needs: stack(world, &input.stack_name),
        does: cfn::update_termination_protection(world, &input),
    }
};
