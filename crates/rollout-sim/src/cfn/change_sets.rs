//! Change sets: created, described, executed, deleted.

use super::api::{
    Change, ChangeSetStatus, ChangeSetSummary, ChangeSetType, CreateChangeSetInput, CreateChangeSetOutput,
    DeleteChangeSetInput, DeleteChangeSetOutput, DescribeChangeSetInput, DescribeChangeSetOutput,
    ExecuteChangeSetInput, ExecuteChangeSetOutput, ExecutionStatus, ListChangeSetsInput,
    ListChangeSetsOutput, OnStackFailure, StackStatus,
};
use super::describe::{page, parameters, rollback_configuration, tags};
use super::inputs::{self, Proposal, Subject, invalid};
use super::stacks::{self, find};
use super::state::{ChangeSet, Definition, ValidationProblem};
use super::{changes, early_validation, engine, identifier};
use crate::iam::Principal;
use crate::{ApiError, Shared, World};

/// Changes and change sets in one page.
const PAGE: usize = 100;
const NO_CHANGES: &str =
    "The submitted information didn't contain changes. Submit different information to create a change set.";

/// `CreateChangeSet`. The change set is complete when the call returns: computing it takes AWS a few seconds, which
/// nothing here depends on. One without changes is `FAILED` with AWS's reason. Early validation reads what it warns of as
/// the `caller`.
///
/// # Errors
/// `ValidationError`, `AlreadyExistsException`, `InsufficientCapabilitiesException`; `NotModelled` for imports, nested
/// stacks, drift-aware and express mode.
pub fn create_change_set(
    world: &mut World,
    caller: &Principal,
    input: CreateChangeSetInput,
) -> Result<CreateChangeSetOutput, ApiError> {
    refuse(&input)?;
    stacks::check_name("changeSetName", &input.change_set_name)?;
    let kind = input.change_set_type.unwrap_or(ChangeSetType::Update);
    stacks::check_role(world, input.role_arn.as_deref())?;
    let index = subject_of(world, kind, &input.stack_name)?;
    let stack = &world.cfn.stacks[index];
    let same_name = stack.change_sets.iter().find(|set| set.name == input.change_set_name && set.is_listed());
    if let Some(set) = same_name {
        // A retry of the request that made it (bc:cloudformation/CreateChangeSetInput.ClientToken).
        if input.client_token.is_some() && set.client_token == input.client_token {
            return Ok(CreateChangeSetOutput { id: Some(set.id.clone()), stack_id: Some(stack.id.clone()) });
        }
        return Err(ApiError::new(
            "AlreadyExistsException",
            format!("ChangeSet {} already exists", input.change_set_name),
        ));
    }
    let proposed = propose(world, index, &input);
    let (definition, changes, something, problems, conflicts) = match proposed {
        Ok(proposed) => proposed,
        Err(error) => {
            // A stack that was only made for this change set goes with it.
            stacks::forget_if_new(world, index);
            return Err(error);
        }
    };
    let warnings = if input.disable_validation == Some(true) {
        Vec::new()
    } else {
        early_validation::warnings(world, caller, index, &changes)
    };
    let reason = if let Some(first) = early_validation::failed(&problems, &conflicts) {
        Some(first)
    } else if something {
        None
    } else {
        Some(NO_CHANGES.to_owned())
    };
    let uuid = identifier::uuid(&mut world.cfn);
    let id = world.arn("cloudformation", &format!("changeSet/{}/{uuid}", input.change_set_name));
    let now = world.now();
    let stack = &mut world.cfn.stacks[index];
    let set = ChangeSet {
        id: id.clone(),
        name: input.change_set_name,
        client_token: input.client_token,
        execution_token: None,
        description: input.description,
        kind,
        created: now,
        status: if reason.is_none() { ChangeSetStatus::CreateComplete } else { ChangeSetStatus::Failed },
        execution: if reason.is_none() { ExecutionStatus::Available } else { ExecutionStatus::Unavailable },
        reason,
        definition: definition.into(),
        role: input.role_arn,
        on_stack_failure: input.on_stack_failure,
        changes,
        problems: problems.into_iter().chain(conflicts).collect(),
        warnings,
    };
    stack.change_sets.push(set.into());
    Ok(CreateChangeSetOutput { id: Some(id), stack_id: Some(stack.id.clone()) })
}

fn refuse(input: &CreateChangeSetInput) -> Result<(), ApiError> {
    let unmodelled = [
        (
            input.resources_to_import.is_some() || input.import_existing_resources == Some(true),
            "importing resources",
        ),
        (input.include_nested_stacks == Some(true), "IncludeNestedStacks"),
        (input.deployment_mode.is_some(), "DeploymentMode"),
        (!input.resource_types.is_empty(), "ResourceTypes"),
    ];
    if let Some((_, what)) = unmodelled.iter().find(|(used, _)| *used) {
        return Err(ApiError::not_modelled(what));
    }
    stacks::refuse_express(input.deployment_config.as_ref())?;
    if input.on_stack_failure == Some(OnStackFailure::Delete)
        && input.change_set_type != Some(ChangeSetType::Create)
    {
        return Err(invalid("OnStackFailure DELETE is only allowed for change sets of type CREATE"));
    }
    Ok(())
}

/// The stack of the change set; one of type CREATE makes it, under review.
fn subject_of(world: &mut World, kind: ChangeSetType, name: &str) -> Result<usize, ApiError> {
    let found = find(world, name);
    match (kind, found) {
        (ChangeSetType::Create, Ok(index))
            if world.cfn.stacks[index].status == StackStatus::ReviewInProgress =>
        {
            Ok(index)
        }
        (ChangeSetType::Create, Ok(index)) => {
            let stack = &world.cfn.stacks[index];
            Err(invalid(format!(
                "Stack [{}] already exists and cannot be created again with the changeSet [CREATE].",
                stack.name
            )))
        }
        (ChangeSetType::Create, Err(_)) => {
            stacks::check_name("stackName", name)?;
            let index = stacks::make(world, name);
            engine::set_status(world, index, StackStatus::ReviewInProgress, Some("User Initiated"));
            Ok(index)
        }
        (_, Ok(index)) => {
            stacks::check_updatable(world, index)?;
            Ok(index)
        }
        (_, Err(error)) => Err(error),
    }
}

type Proposed = (Definition, Vec<Change>, bool, Vec<ValidationProblem>, Vec<ValidationProblem>);

fn propose(world: &World, index: usize, input: &CreateChangeSetInput) -> Result<Proposed, ApiError> {
    let stack = &world.cfn.stacks[index];
    let subject = Subject {
        stack_id: &stack.id,
        stack_name: &stack.name,
        previous: stack.definition.as_deref(),
        resources: &stack.resources,
    };
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
    let definition = inputs::define(world, &subject, &proposal)?;
    let (problems, conflicts) = if input.disable_validation == Some(true) {
        (Vec::new(), Vec::new())
    } else {
        (
            inputs::validate(world, &subject, &definition)?,
            early_validation::name_conflicts(world, &subject, &definition)?,
        )
    };
    let prediction =
        changes::predict(world, &subject, &definition, &stack.outputs).map_err(inputs::template_error)?;
    Ok((definition, prediction.changes, prediction.something, problems, conflicts))
}

impl ChangeSet {
    /// Whether it can be found by its name: an executed one gives the name free.
    pub(super) fn is_listed(&self) -> bool {
        self.status != ChangeSetStatus::DeleteComplete && self.execution != ExecutionStatus::ExecuteComplete
    }

    /// Id of the operation that made it: that of the change set, which no other operation has.
    pub(super) fn operation_id(&self) -> &str {
        self.id.rsplit('/').next().unwrap_or_default()
    }
}

/// Finds a change set by ARN, or by name on a stack.
pub(super) fn locate(world: &World, name: &str, stack: Option<&str>) -> Result<(usize, usize), ApiError> {
    let missing =
        || ApiError::new("ChangeSetNotFound", format!("ChangeSet [{name}] does not exist")).with_status(404);
    if name.starts_with("arn:") {
        for (index, stack) in world.cfn.stacks.iter().enumerate() {
            if let Some(position) = stack.change_sets.iter().position(|set| set.id == name) {
                return Ok((index, position));
            }
        }
        return Err(missing());
    }
    let Some(stack) = stack else {
        return Err(invalid("StackName must be specified if ChangeSetName is not specified as an ARN."));
    };
    let index = find(world, stack)?;
    let sets = &world.cfn.stacks[index].change_sets;
    // The latest of that name: earlier ones were executed.
    let position =
        sets.iter().rposition(|set| set.name == name && set.status != ChangeSetStatus::DeleteComplete);
    position.map(|position| (index, position)).ok_or_else(missing)
}

/// The change set that an operation made.
pub(super) fn of_operation(world: &World, id: &str) -> Option<(usize, usize)> {
    world.cfn.stacks.iter().enumerate().find_map(|(index, stack)| {
        let position = stack.change_sets.iter().position(|set| set.operation_id() == id)?;
        Some((index, position))
    })
}

/// `DescribeChangeSet`; property values only with `IncludePropertyValues`.
///
/// # Errors
/// `ChangeSetNotFound`, `ValidationError`.
pub fn describe_change_set(
    world: &World,
    input: &DescribeChangeSetInput,
) -> Result<DescribeChangeSetOutput, ApiError> {
    let (index, position) = locate(world, &input.change_set_name, input.stack_name.as_deref())?;
    let stack = &world.cfn.stacks[index];
    let set = &stack.change_sets[position];
    let (changes, next_token) = page(&set.changes, input.next_token.as_deref(), PAGE)?;
    let values = input.include_property_values == Some(true);
    Ok(DescribeChangeSetOutput {
        change_set_name: Some(set.name.clone()),
        change_set_id: Some(set.id.clone()),
        stack_id: Some(stack.id.clone()),
        stack_name: Some(stack.name.clone()),
        description: set.description.clone(),
        parameters: parameters(&set.definition),
        creation_time: Some(set.created.as_epoch_secs()),
        execution_status: Some(set.execution),
        status: Some(set.status),
        status_reason: set.reason.clone(),
        notification_arns: set.definition.notification_arns.clone(),
        rollback_configuration: Some(rollback_configuration(&set.definition)),
        capabilities: set.definition.capabilities.clone(),
        tags: tags(&set.definition),
        changes: changes
            .iter()
            .map(|change| if values { change.clone() } else { without_values(change) })
            .collect(),
        next_token,
        include_nested_stacks: Some(false),
        on_stack_failure: set.on_stack_failure,
        ..DescribeChangeSetOutput::default()
    })
}

fn without_values(change: &Change) -> Change {
    let mut change = change.clone();
    if let Some(resource) = &mut change.resource_change {
        resource.before_context = None;
        resource.after_context = None;
        for detail in &mut resource.details {
            if let Some(target) = &mut detail.target {
                target.before_value = None;
                target.after_value = None;
                target.attribute_change_type = None;
                target.path = None;
            }
        }
    }
    change
}

/// `ExecuteChangeSet`: starts the operation; every other change set of the stack is obsolete.
///
/// # Errors
/// `ChangeSetNotFound`, `InvalidChangeSetStatus`, `ValidationError`.
pub fn execute_change_set(
    world: &mut World,
    input: ExecuteChangeSetInput,
) -> Result<ExecuteChangeSetOutput, ApiError> {
    let (index, position) = locate(world, &input.change_set_name, input.stack_name.as_deref())?;
    let stack = &world.cfn.stacks[index];
    let set = &stack.change_sets[position];
    if set.execution != ExecutionStatus::Available {
        // A retry of the request that executed it (bc:cloudformation/ExecuteChangeSetInput.ClientRequestToken).
        if input.client_request_token.is_some() && set.execution_token == input.client_request_token {
            return Ok(ExecuteChangeSetOutput {});
        }
        let message = format!(
            "ChangeSet [{}] cannot be executed in its current execution status of [{}]",
            set.id,
            super::wire_name(&set.execution)
        );
        return Err(ApiError::new("InvalidChangeSetStatus", message));
    }
    if stack.status != StackStatus::ReviewInProgress {
        stacks::check_updatable(world, index)?;
        stacks::check_going_on(world, index, input.disable_rollback)?;
    }
    let set = &world.cfn.stacks[index].change_sets[position];
    let keep = set.on_stack_failure == Some(OnStackFailure::DoNothing);
    if input.disable_rollback.is_some() && set.on_stack_failure.is_some() {
        return Err(invalid("DisableRollback cannot be specified for a change set with OnStackFailure"));
    }
    let start = engine::Start {
        token: input.client_request_token,
        disable_rollback: input.disable_rollback.unwrap_or(keep),
        delete_on_failure: set.on_stack_failure == Some(OnStackFailure::Delete),
        retain_except_on_create: input.retain_except_on_create == Some(true),
        ..engine::Start::default()
    };
    let (definition, role, id) = (set.definition.clone(), set.role.clone(), set.id.clone());
    let stack = &mut world.cfn.stacks[index];
    for set in &mut stack.change_sets {
        if set.id == id {
            set.execution = ExecutionStatus::ExecuteComplete;
            set.execution_token.clone_from(&start.token);
        } else if set.execution == ExecutionStatus::Available {
            set.execution = ExecutionStatus::Obsolete;
        }
    }
    stack.does_nothing_on_failure = stack.does_nothing_on_failure || keep;
    stack.change_set_id = Some(id);
    stack.role = role.or_else(|| stack.role.take());
    engine::apply(world, index, definition, start);
    Ok(ExecuteChangeSetOutput {})
}

/// `DeleteChangeSet`.
///
/// # Errors
/// `InvalidChangeSetStatus` while it is being executed; deleting one that does not exist is fine.
pub fn delete_change_set(
    world: &mut World,
    input: &DeleteChangeSetInput,
) -> Result<DeleteChangeSetOutput, ApiError> {
    let Ok((index, position)) = locate(world, &input.change_set_name, input.stack_name.as_deref()) else {
        return Ok(DeleteChangeSetOutput {});
    };
    world.cfn.stacks[index].change_sets[position].status = ChangeSetStatus::DeleteComplete;
    Ok(DeleteChangeSetOutput {})
}

/// `ListChangeSets`.
///
/// # Errors
/// `ValidationError`.
pub fn list_change_sets(
    world: &World,
    input: &ListChangeSetsInput,
) -> Result<ListChangeSetsOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let stack = &world.cfn.stacks[index];
    let sets: Vec<&Shared<ChangeSet>> = stack.change_sets.iter().filter(|set| set.is_listed()).collect();
    let (sets, next_token) = page(&sets, input.next_token.as_deref(), PAGE)?;
    let summaries = sets
        .iter()
        .map(|set| ChangeSetSummary {
            stack_id: Some(stack.id.clone()),
            stack_name: Some(stack.name.clone()),
            change_set_id: Some(set.id.clone()),
            change_set_name: Some(set.name.clone()),
            execution_status: Some(set.execution),
            status: Some(set.status),
            status_reason: set.reason.clone(),
            creation_time: Some(set.created.as_epoch_secs()),
            description: set.description.clone(),
            include_nested_stacks: Some(false),
            import_existing_resources: Some(false),
        })
        .collect();
    Ok(ListChangeSetsOutput { summaries, next_token })
}
