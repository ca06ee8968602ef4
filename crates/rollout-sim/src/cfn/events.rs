//! What happened to stacks.

use super::api::{
    DescribeEventsInput, DescribeEventsOutput, DescribeStackEventsInput, DescribeStackEventsOutput,
    EventType, OperationEvent, StackEvent,
};
use super::describe::{PAGE, page};
use super::inputs::invalid;
use super::stacks::find;
use super::state::{EventRecord, Stack};
use super::{change_sets, identifier};
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
        ..StackEvent::default()
    }
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
