//! Stack operations as they unfold in virtual time.
//!
//! An operation applies a definition resource by resource along the dependency graph, in parallel where the graph
//! allows it; on failure it goes back; at the end it deletes what is no longer used.

mod apply;
mod children;
mod configured;
mod record;
mod remove;
mod revert;
mod triggers;

use std::collections::BTreeSet;
use std::time::Duration;

pub(super) use record::{event, set_status};
pub(super) use revert::{go_back, halt, resume, roll_back};

use super::api::{OperationType, ResourceStatus, StackStatus};
use super::handlers::Context;
use super::policy;
use super::state::{Definition, Event, Operation, Phase, Step, StepState};
use crate::{Event as WorldEvent, Shared, World};

/// Time between the phases of an operation, in seconds.
const PHASE_SECS: f64 = 1.0;

/// What an operation is started with, beside its definition.
#[derive(Debug, Default)]
pub(super) struct Start {
    pub token: Option<String>,
    pub disable_rollback: bool,
    pub delete_on_failure: bool,
    pub retain_except_on_create: bool,
    pub timeout_minutes: Option<u32>,
    pub policy_during_update: Option<String>,
    /// Whether the operation of the stack's parent drives this one.
    pub driven: bool,
}

/// Starts the creation or the update of the stack at `index`; returns the id of the operation.
pub(super) fn apply(world: &mut World, index: usize, definition: Shared<Definition>, start: Start) -> String {
    let id = identifier_uuid(world);
    let now = world.now();
    let stack = &mut world.cfn.stacks[index];
    let create = stack.definition.is_none();
    let held = stack.operation.as_ref().is_some_and(|one| matches!(one.phase, Phase::Held { .. }));
    let unfinished = held || matches!(stack.status, StackStatus::UpdateFailed | StackStatus::CreateFailed);
    // After a failure that was not rolled back, "before" stays the last stable state; so it does for a nested stack
    // whose parent failed so.
    let repeated = stack.operation.take().filter(|_| unfinished);
    let former = repeated.as_ref().map(Operation::former).unwrap_or_default();
    let previous = match repeated {
        Some(operation) => operation.previous,
        None => stack.definition.clone(),
    };
    let everything = unfinished || previous.is_none();
    let affected = match &previous {
        Some(before) if !everything => super::plan::affected(before, &definition),
        _ => definition.template.order.iter().cloned().collect(),
    };
    stack.disable_rollback = start.disable_rollback;
    if !create {
        stack.updated = Some(now);
    }
    let kind = if create { OperationType::CreateStack } else { OperationType::UpdateStack };
    stack.last_operations.insert(0, (kind, id.clone()));
    stack.definition = Some(definition);
    let status = if create { StackStatus::CreateInProgress } else { StackStatus::UpdateInProgress };
    stack.operation = Some(Operation {
        create,
        disable_rollback: start.disable_rollback,
        delete_on_failure: start.delete_on_failure,
        retain_except_on_create: start.retain_except_on_create,
        previous,
        policy_during_update: start.policy_during_update,
        former,
        driven: start.driven,
        ..Operation::new(id.clone(), start.token, Phase::Apply, now)
    });
    set_status(world, index, status, Some("User Initiated"));
    if let Err(reason) = policy::check_removals(world, index) {
        revert::fail(world, index, &reason);
        return id;
    }
    if let Some(minutes) = start.timeout_minutes.filter(|_| create) {
        let event = Event::TimedOut { stack: index, operation: id.clone() };
        world.schedule_in(Duration::from_secs(u64::from(minutes) * 60), WorldEvent::Cfn(event));
    }
    triggers::watch(world, index);
    apply::begin(world, index, &affected);
    id
}

/// Starts the deletion of the stack at `index`.
pub(super) fn delete(
    world: &mut World,
    index: usize,
    token: Option<String>,
    retain: &BTreeSet<String>,
) -> String {
    // A creation that is under way ends where it is.
    revert::interrupt(world, index);
    let id = identifier_uuid(world);
    let now = world.now();
    let stack = &mut world.cfn.stacks[index];
    stack.last_operations.insert(0, (OperationType::DeleteStack, id.clone()));
    // What an operation that stopped has replaced goes too.
    let former = stack.operation.as_ref().map(Operation::former).unwrap_or_default();
    stack.operation = Some(Operation {
        disable_rollback: true,
        former,
        ..Operation::new(id.clone(), token, Phase::Delete, now)
    });
    set_status(world, index, StackStatus::DeleteInProgress, Some("User Initiated"));
    remove::everything(world, index, retain);
    id
}

/// Rolls an update back because its user asked for it.
pub(super) fn cancel(world: &mut World, index: usize) {
    revert::begin(world, index, "User Initiated");
}

/// Handles a timed event.
pub(super) fn handle(world: &mut World, event: Event) {
    match event {
        Event::Step { stack, logical_id, token, what } => {
            apply::on_event(world, stack, &logical_id, token, what);
        }
        Event::Deletion { stack, position, token, what } => {
            remove::on_event(world, stack, position, token, what);
        }
        Event::Advance { stack, operation } => advance(world, stack, &operation),
        Event::TimedOut { stack, operation } => {
            if is_current(world, stack, &operation) && phase(world, stack) == Some(Phase::Apply) {
                revert::fail(
                    world,
                    stack,
                    "Stack creation time exceeded the specified timeout. Rollback requested by user.",
                );
            }
        }
        Event::Triggers { stack, operation } => {
            if is_current(world, stack, &operation) {
                triggers::look(world, stack);
            }
        }
    }
}

/// Moves on once nothing of the present phase is open.
fn advance(world: &mut World, index: usize, operation: &str) {
    if !is_current(world, index, operation) {
        return;
    }
    match phase(world, index) {
        Some(Phase::Apply) => apply::finish(world, index),
        Some(Phase::Monitor) => apply::complete(world, index),
        Some(Phase::Revert) => revert::finish(world, index),
        Some(Phase::Cleanup { .. } | Phase::UndoCreate | Phase::Delete) => remove::finish(world, index),
        Some(Phase::Held { .. } | Phase::Stopped) | None => {}
    }
}

/// Schedules [`advance`].
fn advance_soon(world: &mut World, index: usize) {
    if let Some(operation) = &world.cfn.stacks[index].operation {
        let event = Event::Advance { stack: index, operation: operation.id.clone() };
        world.schedule_in(Duration::from_secs_f64(PHASE_SECS), WorldEvent::Cfn(event));
    }
}

fn is_current(world: &World, index: usize, id: &str) -> bool {
    world.cfn.stacks[index].operation.as_ref().is_some_and(|operation| operation.id == id)
}

pub(super) fn phase(world: &World, index: usize) -> Option<Phase> {
    world.cfn.stacks[index].operation.as_ref().map(|operation| operation.phase)
}

fn set_phase(world: &mut World, index: usize, phase: Phase) {
    if let Some(operation) = &mut world.cfn.stacks[index].operation {
        operation.phase = phase;
    }
}

fn step_mut<'a>(world: &'a mut World, index: usize, logical_id: &str) -> Option<&'a mut Step> {
    world.cfn.stacks[index].operation.as_mut()?.steps.get_mut(logical_id)
}

fn next_token(world: &mut World) -> u64 {
    world.cfn.next_token += 1;
    world.cfn.next_token
}

fn identifier_uuid(world: &mut World) -> String {
    super::identifier::uuid(&mut world.cfn)
}

/// What a handler needs to know about the stack it works for.
fn context(world: &mut World, index: usize, logical_id: &str) -> Context {
    let request_token = identifier_uuid(world);
    let stack = &world.cfn.stacks[index];
    Context {
        stack: index,
        stack_name: stack.name.clone(),
        logical_id: logical_id.to_owned(),
        role: stack.role.clone(),
        rollback: false,
        request_token,
        tags: stack.definition.as_ref().map(|definition| definition.tags.clone()).unwrap_or_default(),
    }
}

/// Names of steps in `state` with their resources in `status`, as a reason lists them.
fn named(world: &World, index: usize, status: ResourceStatus) -> Vec<String> {
    let stack = &world.cfn.stacks[index];
    let Some(operation) = &stack.operation else { return Vec::new() };
    let failed = operation.steps.iter().filter(|(_, step)| step.state == StepState::Failed);
    failed
        .filter(|(name, _)| stack.resources.get(*name).is_some_and(|resource| resource.status == status))
        .map(|(name, _)| name.clone())
        .collect()
}
