//! What happened to stacks.

use super::api::{
    DescribeEventsInput, DescribeEventsOutput, DescribeStackEventsInput, DescribeStackEventsOutput,
    EventType, OperationEvent, OperationType, StackEvent,
};
use super::describe::{PAGE, page};
use super::inputs::invalid;
use super::stacks::find;
use super::state::{ChangeSet, EventRecord, Stack};
use super::{change_sets, early_validation, identifier};
use crate::{ApiError, Shared, SimTime, World};

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
    let events: Vec<&Shared<EventRecord>> = stack.events.iter().rev().collect();
    let (events, next_token) = page(&events, input.next_token.as_deref(), PAGE)?;
    let stack_events = events.iter().map(|event| shape(stack, event)).collect();
    Ok(DescribeStackEventsOutput { stack_events, next_token })
}

/// The events of a stack that are not older than `since`, latest first, without the `known` oldest of all, and the number
/// of all events: for an observer in this process, which need not describe again what it has seen.
///
/// # Errors
/// `ValidationError`.
pub fn new_stack_events(
    world: &World,
    stack_name: &str,
    since: SimTime,
    known: usize,
) -> Result<(Vec<StackEvent>, usize), ApiError> {
    let stack = &world.cfn.stacks[find(world, stack_name)?];
    let new = stack.events.get(known..).unwrap_or_default().iter().rev();
    let events = new.take_while(|event| event.at >= since).map(|event| shape(stack, event)).collect();
    Ok((events, stack.events.len()))
}

fn shape(stack: &Stack, event: &EventRecord) -> StackEvent {
    StackEvent {
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
        detailed_status: detailed_status(event.configured),
        ..StackEvent::default()
    }
}

/// The detailed status of a resource or stack.
pub(super) fn detailed_status(configured: bool) -> Option<String> {
    configured.then(|| "CONFIGURATION_COMPLETE".to_owned())
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
    let made_by = |(index, position): (usize, usize)| {
        let stack = &world.cfn.stacks[index];
        let operation_events = validation_events(stack, &stack.change_sets[position]);
        DescribeEventsOutput { operation_events, next_token: None }
    };
    if let Some(name) = &input.change_set_name {
        return Ok(made_by(change_sets::locate(world, name, input.stack_name.as_deref())?));
    }
    if let Some(found) = input.operation_id.as_ref().and_then(|id| change_sets::of_operation(world, id)) {
        return Ok(made_by(found));
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
    let mut events: Vec<(&Stack, &Shared<EventRecord>)> =
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
            detailed_status: detailed_status(event.configured),
            ..OperationEvent::default()
        })
        .collect();
    Ok(DescribeEventsOutput { operation_events, next_token })
}

/// Problems first, then warnings.
fn validation_events(stack: &Stack, set: &ChangeSet) -> Vec<OperationEvent> {
    let problems = set.problems.iter().map(|problem| {
        let name = match problem.path.starts_with('#') {
            true => "PROPERTY_VALIDATION",
            false => "NAME_CONFLICT_VALIDATION",
        };
        (problem, "FAIL", name)
    });
    let warnings =
        set.warnings.iter().map(|warning| (warning, "WARN", early_validation::warning_name(&warning.kind)));
    let events = problems.chain(warnings).enumerate().map(|(number, (problem, mode, name))| OperationEvent {
        event_id: Some(format!("{}-{number}", set.operation_id())),
        stack_id: Some(stack.id.clone()),
        operation_id: Some(set.operation_id().to_owned()),
        operation_type: Some(OperationType::CreateChangeset),
        event_type: Some(EventType::ValidationError),
        logical_resource_id: Some(problem.logical_id.clone()),
        resource_type: Some(problem.kind.clone()),
        timestamp: Some(set.created.as_epoch_secs()),
        validation_failure_mode: Some(mode.to_owned()),
        validation_name: Some(name.to_owned()),
        validation_status: Some("FAILED".to_owned()),
        validation_status_reason: Some(problem.message.clone()),
        validation_path: match problem.path.strip_prefix('#') {
            Some(path) => Some(format!("/Resources/{}/Properties{path}", problem.logical_id)),
            None if problem.path.is_empty() => None,
            None => Some(problem.path.clone()),
        },
        ..OperationEvent::default()
    });
    events.collect()
}
