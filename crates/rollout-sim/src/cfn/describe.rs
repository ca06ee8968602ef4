//! What stacks are and what happened to them.

use super::api::{
    DescribeEventsInput, DescribeEventsOutput, DescribeStackEventsInput, DescribeStackEventsOutput,
    DescribeStackResourceInput, DescribeStackResourceOutput, DescribeStackResourcesInput,
    DescribeStackResourcesOutput, DescribeStacksInput, DescribeStacksOutput, EventType, GetTemplateInput,
    GetTemplateOutput, ListStackResourcesInput, ListStackResourcesOutput, ListStacksInput, ListStacksOutput,
    OperationEntry, OperationEvent, Output, Parameter, RollbackConfiguration, RollbackTrigger,
    Stack as StackView, StackDriftInformation, StackDriftInformationSummary, StackDriftStatus, StackEvent,
    StackResource, StackResourceDetail, StackResourceDriftInformation, StackResourceDriftInformationSummary,
    StackResourceDriftStatus, StackResourceSummary, StackStatus, StackSummary, Tag,
};
use super::inputs::invalid;
use super::stacks::find;
use super::state::{Definition, EventRecord, Resource, Stack};
use super::{change_sets, identifier};
use crate::{ApiError, World};

const PAGE: usize = 100;

/// One page of `items`; tokens are positions.
pub(super) fn page<'a, T>(
    items: &'a [T],
    token: Option<&str>,
    size: usize,
) -> Result<(&'a [T], Option<String>), ApiError> {
    let start: usize = match token {
        None => 0,
        Some(token) => token.parse().map_err(|_| invalid("Token is invalid"))?,
    };
    if start > items.len() {
        return Err(invalid("Token is invalid"));
    }
    let end = items.len().min(start + size);
    Ok((&items[start..end], (end < items.len()).then(|| end.to_string())))
}

pub(super) fn tags(definition: &Definition) -> Vec<Tag> {
    definition.tags.iter().map(|(key, value)| Tag { key: key.clone(), value: value.clone() }).collect()
}

/// Parameters as stacks and change sets show them: the values of `NoEcho` ones as stars.
pub(super) fn parameters(definition: &Definition) -> Vec<Parameter> {
    let shown = definition.template.parameters.iter().filter_map(|declaration| {
        let value = definition.parameters.get(&declaration.name)?;
        Some(Parameter {
            parameter_key: Some(declaration.name.clone()),
            parameter_value: Some(if declaration.no_echo { "****".to_owned() } else { value.clone() }),
            ..Parameter::default()
        })
    });
    shown.collect()
}

pub(super) fn rollback_configuration(definition: &Definition) -> RollbackConfiguration {
    RollbackConfiguration {
        rollback_triggers: definition
            .rollback
            .alarm_arns
            .iter()
            .map(|arn| RollbackTrigger { arn: arn.clone(), r#type: "AWS::CloudWatch::Alarm".to_owned() })
            .collect(),
        monitoring_time_in_minutes: Some(definition.rollback.monitoring_minutes),
    }
}

/// `DescribeStacks`: every stack that is not deleted, or one by name or id.
///
/// # Errors
/// `ValidationError` for a stack that does not exist.
pub fn describe_stacks(world: &World, input: &DescribeStacksInput) -> Result<DescribeStacksOutput, ApiError> {
    if let Some(name) = &input.stack_name {
        let index = find(world, name)?;
        return Ok(DescribeStacksOutput { stacks: vec![view(&world.cfn.stacks[index])], next_token: None });
    }
    let stacks: Vec<&Stack> =
        world.cfn.stacks.iter().rev().filter(|stack| stack.status != StackStatus::DeleteComplete).collect();
    let (stacks, next_token) = page(&stacks, input.next_token.as_deref(), PAGE)?;
    Ok(DescribeStacksOutput { stacks: stacks.iter().map(|stack| view(stack)).collect(), next_token })
}

/// `GetTemplate`: the body as it was sent, of a stack or of a change set. The stages are the same here: a template
/// with macros is refused.
///
/// # Errors
/// `ValidationError` for a stack that does not exist or has no template yet, `ChangeSetNotFound`.
pub fn get_template(world: &World, input: &GetTemplateInput) -> Result<GetTemplateOutput, ApiError> {
    let template = if let Some(change_set) = &input.change_set_name {
        let (index, position) = change_sets::locate(world, change_set, input.stack_name.as_deref())?;
        &world.cfn.stacks[index].change_sets[position].definition.template
    } else {
        let name = input.stack_name.as_deref().unwrap_or_default();
        let definition = world.cfn.stacks[find(world, name)?].definition.as_ref();
        &definition.ok_or_else(|| invalid(format!("Template for stack {name} does not exist")))?.template
    };
    Ok(GetTemplateOutput {
        template_body: Some(template.body.clone()),
        stages_available: vec!["Original".to_owned(), "Processed".to_owned()],
    })
}

fn view(stack: &Stack) -> StackView {
    let definition = stack.definition.as_ref();
    StackView {
        stack_id: Some(stack.id.clone()),
        stack_name: stack.name.clone(),
        change_set_id: stack.change_set_id.clone(),
        description: definition.and_then(|definition| definition.template.description.clone()),
        parameters: definition.map(parameters).unwrap_or_default(),
        creation_time: stack.created.as_epoch_secs(),
        deletion_time: stack.deleted.map(crate::SimTime::as_epoch_secs),
        last_updated_time: stack.updated.map(crate::SimTime::as_epoch_secs),
        rollback_configuration: definition.map(rollback_configuration),
        stack_status: stack.status,
        stack_status_reason: stack.reason.clone(),
        disable_rollback: Some(stack.disable_rollback),
        notification_arns: definition
            .map(|definition| definition.notification_arns.clone())
            .unwrap_or_default(),
        timeout_in_minutes: stack.timeout_minutes,
        capabilities: definition.map(|definition| definition.capabilities.clone()).unwrap_or_default(),
        outputs: stack
            .outputs
            .iter()
            .map(|output| Output {
                output_key: Some(output.key.clone()),
                output_value: Some(output.value.clone()),
                description: output.description.clone(),
                export_name: output.export.clone(),
            })
            .collect(),
        role_arn: stack.role.clone(),
        tags: definition.map(tags).unwrap_or_default(),
        enable_termination_protection: Some(stack.termination_protection),
        drift_information: Some(StackDriftInformation {
            stack_drift_status: stack.drift.map_or(StackDriftStatus::NotChecked, |(status, _)| status),
            last_check_timestamp: stack.drift.map(|(_, at)| at.as_epoch_secs()),
        }),
        last_operations: last_operations(stack),
        ..StackView::default()
    }
}

fn last_operations(stack: &Stack) -> Vec<OperationEntry> {
    let entries = stack.last_operations.iter().take(2);
    entries
        .map(|(kind, id)| OperationEntry { operation_type: Some(*kind), operation_id: Some(id.clone()) })
        .collect()
}

/// `ListStacks`, deleted ones included.
///
/// # Errors
/// `ValidationError` for a token that was not handed out.
pub fn list_stacks(world: &World, input: &ListStacksInput) -> Result<ListStacksOutput, ApiError> {
    let wanted = |stack: &&Stack| {
        input.stack_status_filter.is_empty() || input.stack_status_filter.contains(&stack.status)
    };
    let stacks: Vec<&Stack> = world.cfn.stacks.iter().rev().filter(wanted).collect();
    let (stacks, next_token) = page(&stacks, input.next_token.as_deref(), PAGE)?;
    let stack_summaries = stacks
        .iter()
        .map(|stack| StackSummary {
            stack_id: Some(stack.id.clone()),
            stack_name: stack.name.clone(),
            template_description: stack
                .definition
                .as_ref()
                .and_then(|definition| definition.template.description.clone()),
            creation_time: stack.created.as_epoch_secs(),
            last_updated_time: stack.updated.map(crate::SimTime::as_epoch_secs),
            deletion_time: stack.deleted.map(crate::SimTime::as_epoch_secs),
            stack_status: stack.status,
            stack_status_reason: stack.reason.clone(),
            drift_information: Some(StackDriftInformationSummary {
                stack_drift_status: stack.drift.map_or(StackDriftStatus::NotChecked, |(status, _)| status),
                last_check_timestamp: stack.drift.map(|(_, at)| at.as_epoch_secs()),
            }),
            last_operations: last_operations(stack),
        })
        .collect();
    Ok(ListStacksOutput { stack_summaries, next_token })
}

/// `DescribeStackEvents`, latest first.
///
/// # Errors
/// `ValidationError`.
pub fn describe_stack_events(
    world: &World,
    input: &DescribeStackEventsInput,
) -> Result<DescribeStackEventsOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let stack = &world.cfn.stacks[index];
    let events: Vec<&EventRecord> = stack.events.iter().rev().collect();
    let (events, next_token) = page(&events, input.next_token.as_deref(), PAGE)?;
    let stack_events = events
        .iter()
        .map(|event| StackEvent {
            stack_id: stack.id.clone(),
            event_id: event_id(event),
            stack_name: stack.name.clone(),
            operation_id: event.operation_id.clone(),
            logical_resource_id: Some(event.logical_id.clone().unwrap_or_else(|| stack.name.clone())),
            physical_resource_id: event.physical_id.clone(),
            resource_type: Some(event.kind.clone()),
            timestamp: event.at.as_epoch_secs(),
            resource_status: Some(event.status),
            resource_status_reason: event.reason.clone(),
            client_request_token: event.token.clone(),
            ..StackEvent::default()
        })
        .collect();
    Ok(DescribeStackEventsOutput { stack_events, next_token })
}

/// Events of resources are `LOGICAL-STATUS-TIME`, those of the stack a UUID. In virtual time a resource has several
/// events of one status in one moment; a number keeps them apart for clients that remember what they saw.
fn event_id(event: &EventRecord) -> String {
    match &event.logical_id {
        Some(name) => {
            let (status, at) = (super::wire_name(&event.status), event.at.to_rfc3339());
            format!("{name}-{status}-{at}-{}", event.id)
        }
        None => identifier::of_event(event.id),
    }
}

/// `DescribeEvents`, latest first: of a stack, of an operation, or what early validation found in a change set.
///
/// # Errors
/// `ValidationError`, `ChangeSetNotFound`.
pub fn describe_events(world: &World, input: &DescribeEventsInput) -> Result<DescribeEventsOutput, ApiError> {
    if let Some(name) = &input.change_set_name {
        let (index, position) = change_sets::locate(world, name, input.stack_name.as_deref())?;
        return Ok(DescribeEventsOutput {
            operation_events: validation_events(world, index, position),
            next_token: None,
        });
    }
    let failed_only = match &input.filters {
        None => false,
        Some(filters) => filters.get("FailedEvents").is_some_and(|failed| failed == true || failed == "true"),
    };
    let stacks: Vec<&Stack> = match (&input.stack_name, &input.operation_id) {
        (Some(name), _) => vec![&world.cfn.stacks[find(world, name)?]],
        (None, Some(_)) => world.cfn.stacks.iter().collect(),
        (None, None) => {
            return Err(invalid("One of StackName, ChangeSetName and OperationId must be specified"));
        }
    };
    let mut events: Vec<(&Stack, &EventRecord)> =
        stacks.into_iter().flat_map(|stack| stack.events.iter().map(move |event| (stack, event))).collect();
    events.retain(|(_, event)| input.operation_id.is_none() || event.operation_id == input.operation_id);
    events.retain(|(_, event)| !failed_only || super::wire_name(&event.status).ends_with("_FAILED"));
    events.reverse();
    let (events, next_token) = page(&events, input.next_token.as_deref(), PAGE)?;
    let operation_events = events
        .iter()
        .map(|(stack, event)| OperationEvent {
            event_id: Some(event_id(event)),
            stack_id: Some(stack.id.clone()),
            operation_id: event.operation_id.clone(),
            operation_type: stack
                .last_operations
                .iter()
                .find(|(_, id)| Some(id) == event.operation_id.as_ref())
                .map(|(kind, _)| *kind),
            event_type: Some(match super::wire_name(&event.status) {
                status if status.ends_with("_FAILED") && event.logical_id.is_some() => {
                    EventType::ProvisioningError
                }
                _ => EventType::StackEvent,
            }),
            logical_resource_id: Some(event.logical_id.clone().unwrap_or_else(|| stack.name.clone())),
            physical_resource_id: event.physical_id.clone(),
            resource_type: Some(event.kind.clone()),
            timestamp: Some(event.at.as_epoch_secs()),
            resource_status: Some(event.status),
            resource_status_reason: event.reason.clone(),
            client_request_token: event.token.clone(),
            ..OperationEvent::default()
        })
        .collect();
    Ok(DescribeEventsOutput { operation_events, next_token })
}

fn validation_events(world: &World, index: usize, position: usize) -> Vec<OperationEvent> {
    let stack = &world.cfn.stacks[index];
    let set = &stack.change_sets[position];
    let events = set.problems.iter().enumerate().map(|(number, problem)| OperationEvent {
        event_id: Some(format!("{}-{number}", set.id.rsplit('/').next().unwrap_or_default())),
        stack_id: Some(stack.id.clone()),
        operation_type: Some(super::api::OperationType::CreateChangeset),
        event_type: Some(EventType::ValidationError),
        logical_resource_id: Some(problem.logical_id.clone()),
        resource_type: Some(problem.kind.clone()),
        timestamp: Some(set.created.as_epoch_secs()),
        validation_failure_mode: Some("FAIL".to_owned()),
        validation_name: Some(
            if problem.path.starts_with('#') { "PROPERTY_VALIDATION" } else { "NAME_CONFLICT_VALIDATION" }
                .to_owned(),
        ),
        validation_status: Some("FAILED".to_owned()),
        validation_status_reason: Some(problem.message.clone()),
        validation_path: Some(match problem.path.strip_prefix('#') {
            Some(path) => format!("/Resources/{}/Properties{path}", problem.logical_id),
            None => problem.path.clone(),
        }),
        ..OperationEvent::default()
    });
    events.collect()
}

fn drift(resource: &Resource) -> (StackResourceDriftStatus, Option<f64>) {
    match resource.drift {
        None => (StackResourceDriftStatus::NotChecked, None),
        Some((status, at)) => (status, Some(at.as_epoch_secs())),
    }
}

/// `ListStackResources`.
///
/// # Errors
/// `ValidationError`.
pub fn list_stack_resources(
    world: &World,
    input: &ListStackResourcesInput,
) -> Result<ListStackResourcesOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let resources: Vec<(&String, &Resource)> = world.cfn.stacks[index].resources.iter().collect();
    let (resources, next_token) = page(&resources, input.next_token.as_deref(), PAGE)?;
    let stack_resource_summaries = resources
        .iter()
        .map(|(name, resource)| {
            let (stack_resource_drift_status, last_check_timestamp) = drift(resource);
            StackResourceSummary {
                logical_resource_id: (*name).clone(),
                physical_resource_id: resource.physical_id.clone(),
                resource_type: resource.kind.clone(),
                last_updated_timestamp: resource.updated.as_epoch_secs(),
                resource_status: resource.status,
                resource_status_reason: resource.reason.clone(),
                drift_information: Some(StackResourceDriftInformationSummary {
                    stack_resource_drift_status,
                    last_check_timestamp,
                }),
            }
        })
        .collect();
    Ok(ListStackResourcesOutput { stack_resource_summaries, next_token })
}

/// `DescribeStackResource`.
///
/// # Errors
/// `ValidationError`.
pub fn describe_stack_resource(
    world: &World,
    input: &DescribeStackResourceInput,
) -> Result<DescribeStackResourceOutput, ApiError> {
    let index = find(world, &input.stack_name)?;
    let stack = &world.cfn.stacks[index];
    let name = &input.logical_resource_id;
    let Some(resource) = stack.resources.get(name) else {
        return Err(invalid(format!("Resource {name} does not exist for stack {}", stack.name)));
    };
    let (stack_resource_drift_status, last_check_timestamp) = drift(resource);
    Ok(DescribeStackResourceOutput {
        stack_resource_detail: Some(StackResourceDetail {
            stack_name: Some(stack.name.clone()),
            stack_id: Some(stack.id.clone()),
            logical_resource_id: name.clone(),
            physical_resource_id: resource.physical_id.clone(),
            resource_type: resource.kind.clone(),
            last_updated_timestamp: resource.updated.as_epoch_secs(),
            resource_status: resource.status,
            resource_status_reason: resource.reason.clone(),
            description: resource.description.clone(),
            metadata: Some(resource.metadata.as_ref().map_or_else(|| "{}".to_owned(), ToString::to_string)),
            drift_information: Some(StackResourceDriftInformation {
                stack_resource_drift_status,
                last_check_timestamp,
            }),
        }),
    })
}

/// `DescribeStackResources`: of a stack, or of the stack that a physical resource belongs to; at most 100.
///
/// # Errors
/// `ValidationError`.
pub fn describe_stack_resources(
    world: &World,
    input: &DescribeStackResourcesInput,
) -> Result<DescribeStackResourcesOutput, ApiError> {
    let stack = match (&input.stack_name, &input.physical_resource_id) {
        (Some(_), Some(_)) | (None, None) => {
            return Err(invalid("Either stack name or physical resource id must be specified."));
        }
        (Some(name), None) => &world.cfn.stacks[find(world, name)?],
        (None, Some(physical_id)) => {
            let owns = |stack: &&Stack| {
                stack.resources.values().any(|resource| resource.physical_id.as_ref() == Some(physical_id))
            };
            let missing = || invalid(format!("Stack for {physical_id} does not exist"));
            world.cfn.stacks.iter().find(owns).ok_or_else(missing)?
        }
    };
    let wanted = |name: &String| input.logical_resource_id.as_ref().is_none_or(|wanted| wanted == name);
    let stack_resources = stack
        .resources
        .iter()
        .filter(|(name, _)| wanted(name))
        .take(PAGE)
        .map(|(name, resource)| {
            let (stack_resource_drift_status, last_check_timestamp) = drift(resource);
            StackResource {
                stack_name: Some(stack.name.clone()),
                stack_id: Some(stack.id.clone()),
                logical_resource_id: name.clone(),
                physical_resource_id: resource.physical_id.clone(),
                resource_type: resource.kind.clone(),
                timestamp: resource.updated.as_epoch_secs(),
                resource_status: resource.status,
                resource_status_reason: resource.reason.clone(),
                description: resource.description.clone(),
                drift_information: Some(StackResourceDriftInformation {
                    stack_resource_drift_status,
                    last_check_timestamp,
                }),
            }
        })
        .collect();
    Ok(DescribeStackResourcesOutput { stack_resources })
}
