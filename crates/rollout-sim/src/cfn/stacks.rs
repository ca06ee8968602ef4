//! Operations that make, change and delete stacks.

use std::collections::{BTreeMap, BTreeSet};

use super::api::{
    CreateStackInput, CreateStackOutput, DeleteStackInput, DeleteStackOutput, DeploymentConfig, OnFailure,
    StackStatus, UpdateStackInput, UpdateStackOutput,
};
use super::inputs::{self, Proposal, Subject, invalid, template_error};
use super::state::{Definition, Stack};
use super::{changes, early_validation, engine, exports, identifier, policy};
use crate::{ApiError, World, iam};

/// The stack of a name or id. A deleted one is found by its id only.
///
/// # Errors
/// `ValidationError` in AWS's words.
pub(super) fn find(world: &World, name: &str) -> Result<usize, ApiError> {
    let by_id = |stack: &Stack| stack.id == name;
    let by_name = |stack: &Stack| stack.name == name && stack.status != StackStatus::DeleteComplete;
    let found = world.cfn.stacks.iter().rposition(|stack| by_id(stack) || by_name(stack));
    found.ok_or_else(|| invalid(format!("Stack with id {name} does not exist")))
}

/// Names of stacks and change sets: a letter, then letters, digits and hyphens, at most 128.
pub(super) fn check_name(field: &str, name: &str) -> Result<(), ApiError> {
    let starts = name.starts_with(|letter: char| letter.is_ascii_alphabetic());
    if starts
        && name.len() <= 128
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
    {
        return Ok(());
    }
    Err(invalid(format!(
        "1 validation error detected: Value '{name}' at '{field}' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
    )))
}

/// The role that a stack is given has to exist and to trust CloudFormation (CFN:using-iam-servicerole; the words:
/// aws-amplify/amplify-backend#2325).
pub(super) fn check_role(world: &World, role: Option<&str>) -> Result<(), ApiError> {
    match role {
        Some(role) if !iam::trusts_service(world, role, "cloudformation.amazonaws.com") => {
            Err(invalid(format!("Role {role} is invalid or cannot be assumed")))
        }
        _ => Ok(()),
    }
}

/// Express mode completes before resources are stable; nothing here may rely on it.
pub(super) fn refuse_express(config: Option<&DeploymentConfig>) -> Result<(), ApiError> {
    match config.and_then(|config| config.mode.as_deref()) {
        None | Some("STANDARD") => Ok(()),
        Some(mode) => Err(ApiError::not_modelled(format!("DeploymentConfig mode {mode}"))),
    }
}

/// Makes a stack without a template.
pub(super) fn make(world: &mut World, name: &str) -> usize {
    let uuid = identifier::uuid(&mut world.cfn);
    let id = world.arn("cloudformation", &format!("stack/{name}/{uuid}"));
    let created = world.now();
    world.cfn.stacks.push(Stack {
        id,
        name: name.to_owned(),
        status: StackStatus::ReviewInProgress,
        reason: None,
        created,
        updated: None,
        deleted: None,
        definition: None,
        role: None,
        change_set_id: None,
        parent: None,
        disable_rollback: false,
        does_nothing_on_failure: false,
        timeout_minutes: None,
        termination_protection: false,
        policy: None,
        outputs: Vec::new(),
        resources: BTreeMap::new(),
        events: Vec::new(),
        change_sets: Vec::new(),
        operation: None,
        last_operations: Vec::new(),
        drift: None,
        drifts: BTreeMap::new(),
    });
    world.cfn.stacks.len() - 1
}

/// Takes back a stack that was made for a change set which then was refused.
pub(super) fn forget_if_new(world: &mut World, index: usize) {
    let stack = &world.cfn.stacks[index];
    let fresh = stack.status == StackStatus::ReviewInProgress && stack.change_sets.is_empty();
    if fresh && index + 1 == world.cfn.stacks.len() {
        world.cfn.stacks.pop();
    }
}

/// Whether the stack can be updated in its present state.
///
/// # Errors
/// `ValidationError` in AWS's words.
pub(super) fn check_updatable(world: &World, index: usize) -> Result<(), ApiError> {
    let stack = &world.cfn.stacks[index];
    match stack.status {
        StackStatus::CreateComplete
        | StackStatus::UpdateComplete
        | StackStatus::UpdateRollbackComplete
        | StackStatus::UpdateFailed
        | StackStatus::CreateFailed => Ok(()),
        status => Err(invalid(format!(
            "Stack:{} is in {} state and can not be updated.",
            stack.id,
            super::wire_name(&status)
        ))),
    }
}

/// Whether a stack that stopped at a failure may go on by an update: only by one that would stop there again, and not where its
/// creation was made with `DO_NOTHING` instead of with `DisableRollback`.
///
/// # Errors
/// `ValidationError` in AWS's words (amazon.aws#1655, UpdateStack; the same of ExecuteChangeSet; code-dot-org#68524 of `OnFailure`).
/// That `OnStackFailure` of a change set counts as `OnFailure` does: INF.
pub(super) fn check_going_on(
    world: &World,
    index: usize,
    disable_rollback: Option<bool>,
) -> Result<(), ApiError> {
    let stack = &world.cfn.stacks[index];
    if !matches!(stack.status, StackStatus::CreateFailed | StackStatus::UpdateFailed) {
        return Ok(());
    }
    let status = super::wire_name(&stack.status);
    if stack.does_nothing_on_failure && stack.status == StackStatus::CreateFailed {
        return Err(invalid(format!(
            "This stack cannot be updated from [{status}] state because it contains [on-failure: DO_NOTHING]. Please use \
             disable-rollback option instead during stack creation."
        )));
    }
    if disable_rollback != Some(true) {
        return Err(invalid(format!(
            "This stack is currently in a non-terminal [{status}] state. To update the stack from this state, please use the \
             disable-rollback parameter with update-stack API. To rollback to the last known good state, use the \
             rollback-stack API"
        )));
    }
    Ok(())
}

/// The stack that no other contains, of those above this one.
pub(super) fn root<'a>(world: &'a World, stack: &'a Stack) -> &'a Stack {
    let mut root = stack;
    while let Some(parent) = root.parent {
        root = &world.cfn.stacks[parent];
    }
    root
}

pub(super) fn definition_of(
    world: &World,
    index: usize,
    proposal: &Proposal<'_>,
) -> Result<Definition, ApiError> {
    let stack = &world.cfn.stacks[index];
    let subject = subject(stack);
    let definition = inputs::define(world, &subject, proposal)?;
    inputs::check_auto_expand(&definition)?;
    let problems = inputs::validate(world, &subject, &definition)?;
    // AWS lets the operation fail; nothing would have started either way.
    if let Some(conflict) = early_validation::name_conflicts(world, &subject, &definition)?.first() {
        return Err(invalid(format!(
            "Validation failed for resource {}: {}",
            conflict.logical_id, conflict.message
        )));
    }
    match problems.first() {
        Some(problem) => Err(invalid(format!(
            "Properties validation failed for resource {} with message: {}: {}",
            problem.logical_id, problem.path, problem.message
        ))),
        None => Ok(definition),
    }
}

pub(super) fn subject(stack: &Stack) -> Subject<'_> {
    Subject {
        stack_id: &stack.id,
        stack_name: &stack.name,
        previous: stack.definition.as_deref(),
        resources: &stack.resources,
    }
}

/// `CreateStack`.
///
/// # Errors
/// `ValidationError`, `AlreadyExistsException`, `InsufficientCapabilitiesException`; `NotModelled` for express mode.
pub fn create_stack(world: &mut World, input: CreateStackInput) -> Result<CreateStackOutput, ApiError> {
    check_name("stackName", &input.stack_name)?;
    refuse_express(input.deployment_config.as_ref())?;
    if !input.resource_types.is_empty() {
        return Err(ApiError::not_modelled("ResourceTypes"));
    }
    if input.stack_policy_url.is_some() {
        return Err(ApiError::not_modelled("StackPolicyURL (there is no S3 to read it from)"));
    }
    check_role(world, input.role_arn.as_deref())?;
    if find(world, &input.stack_name).is_ok() {
        return Err(ApiError::new(
            "AlreadyExistsException",
            format!("Stack [{}] already exists", input.stack_name),
        ));
    }
    if input.disable_rollback.is_some() && input.on_failure.is_some() {
        return Err(invalid("You can only specify one of OnFailure and DisableRollback"));
    }
    if let Some(body) = &input.stack_policy_body {
        policy::validate(body).map_err(invalid)?;
    }
    let index = make(world, &input.stack_name);
    let proposal = Proposal {
        template_body: input.template_body.as_deref(),
        template_url: input.template_url.as_deref(),
        parameters: &input.parameters,
        capabilities: &input.capabilities,
        tags: &input.tags,
        notification_arns: &input.notification_arns,
        rollback: input.rollback_configuration.as_ref(),
        use_previous_template: false,
    };
    let definition = match definition_of(world, index, &proposal) {
        Ok(definition) => definition,
        Err(error) => {
            forget_if_new(world, index);
            return Err(error);
        }
    };
    let stack = &mut world.cfn.stacks[index];
    stack.role = input.role_arn;
    stack.policy = input.stack_policy_body;
    stack.termination_protection = input.enable_termination_protection == Some(true);
    stack.timeout_minutes = input.timeout_in_minutes;
    stack.does_nothing_on_failure = input.on_failure == Some(OnFailure::DoNothing);
    let stack_id = stack.id.clone();
    let start = engine::Start {
        token: input.client_request_token,
        disable_rollback: input.disable_rollback.unwrap_or(input.on_failure == Some(OnFailure::DoNothing)),
        delete_on_failure: input.on_failure == Some(OnFailure::Delete),
        retain_except_on_create: input.retain_except_on_create == Some(true),
        timeout_minutes: input.timeout_in_minutes,
        ..engine::Start::default()
    };
    let operation_id = engine::apply(world, index, definition.into(), start);
    Ok(CreateStackOutput { stack_id: Some(stack_id), operation_id: Some(operation_id) })
}

/// `UpdateStack`.
///
/// # Errors
/// `ValidationError` ("No updates are to be performed." among them), `InsufficientCapabilitiesException`.
pub fn update_stack(world: &mut World, input: UpdateStackInput) -> Result<UpdateStackOutput, ApiError> {
    refuse_express(input.deployment_config.as_ref())?;
    if !input.resource_types.is_empty() {
        return Err(ApiError::not_modelled("ResourceTypes"));
    }
    if input.stack_policy_url.is_some() || input.stack_policy_during_update_url.is_some() {
        return Err(ApiError::not_modelled("StackPolicyURL (there is no S3 to read it from)"));
    }
    let index = find(world, &input.stack_name)?;
    check_updatable(world, index)?;
    check_going_on(world, index, input.disable_rollback)?;
    check_role(world, input.role_arn.as_deref().or(world.cfn.stacks[index].role.as_deref()))?;
    for body in input.stack_policy_body.iter().chain(&input.stack_policy_during_update_body) {
        policy::validate(body).map_err(invalid)?;
    }
    let proposal = Proposal {
        template_body: input.template_body.as_deref(),
        template_url: input.template_url.as_deref(),
        use_previous_template: input.use_previous_template == Some(true),
        parameters: &input.parameters,
        capabilities: &input.capabilities,
        tags: &input.tags,
        notification_arns: &input.notification_arns,
        rollback: input.rollback_configuration.as_ref(),
    };
    let definition = definition_of(world, index, &proposal)?;
    let stack = &world.cfn.stacks[index];
    let prediction =
        changes::predict(world, &subject(stack), &definition, &stack.outputs).map_err(template_error)?;
    if !prediction.something {
        return Err(invalid("No updates are to be performed."));
    }
    let stack = &mut world.cfn.stacks[index];
    if input.role_arn.is_some() {
        stack.role = input.role_arn;
    }
    if input.stack_policy_body.is_some() {
        stack.policy = input.stack_policy_body;
    }
    let stack_id = stack.id.clone();
    let start = engine::Start {
        token: input.client_request_token,
        disable_rollback: input.disable_rollback == Some(true),
        retain_except_on_create: input.retain_except_on_create == Some(true),
        policy_during_update: input.stack_policy_during_update_body,
        ..engine::Start::default()
    };
    let operation_id = engine::apply(world, index, definition.into(), start);
    Ok(UpdateStackOutput { stack_id: Some(stack_id), operation_id: Some(operation_id) })
}

/// `DeleteStack`. One that does not exist is deleted already.
///
/// # Errors
/// `ValidationError` under termination protection, while an operation other than the creation is in progress, and for resources to retain of
/// a stack whose deletion did not fail.
pub fn delete_stack(world: &mut World, input: DeleteStackInput) -> Result<DeleteStackOutput, ApiError> {
    refuse_express(input.deployment_config.as_ref())?;
    if input.deletion_mode.as_deref().is_some_and(|mode| mode != "STANDARD") {
        return Err(ApiError::not_modelled("DeletionMode FORCE_DELETE_STACK"));
    }
    let Ok(index) = find(world, &input.stack_name) else { return Ok(DeleteStackOutput {}) };
    let stack = &world.cfn.stacks[index];
    if stack.status == StackStatus::DeleteComplete {
        return Ok(DeleteStackOutput {});
    }
    if root(world, stack).termination_protection {
        return Err(invalid(format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        )));
    }
    if !input.retain_resources.is_empty() && stack.status != StackStatus::DeleteFailed {
        return Err(invalid(
            "Invalid operation on stack. RetainResources can only be specified for stacks in DELETE_FAILED state",
        ));
    }
    let in_progress = super::wire_name(&stack.status).ends_with("_IN_PROGRESS");
    let may_begin = matches!(stack.status, StackStatus::ReviewInProgress | StackStatus::CreateInProgress);
    if stack.status == StackStatus::DeleteInProgress {
        return Ok(DeleteStackOutput {});
    }
    if in_progress && !may_begin {
        return Err(invalid(format!(
            "Stack [{}] cannot be deleted while in status {}",
            stack.id,
            super::wire_name(&stack.status)
        )));
    }
    check_role(world, input.role_arn.as_deref().or(world.cfn.stacks[index].role.as_deref()))?;
    if let Err(reason) = exports::check(world, index, &[]) {
        // The call is accepted; the stack stays as it was and its event says why.
        let status = world.cfn.stacks[index].status;
        engine::set_status(world, index, status, Some(&reason));
        return Ok(DeleteStackOutput {});
    }
    if input.role_arn.is_some() {
        world.cfn.stacks[index].role = input.role_arn;
    }
    let retain: BTreeSet<String> = input.retain_resources.into_iter().collect();
    engine::delete(world, index, input.client_request_token, &retain);
    Ok(DeleteStackOutput {})
}
