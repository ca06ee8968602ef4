//! Events and states, as the stack shows them.

use crate::World;
use crate::cfn::api::{ResourceStatus, StackStatus};
use crate::cfn::handlers::nested;
use crate::cfn::state::EventRecord;

/// Records an event of a resource and makes it the resource's state.
pub(in crate::cfn) fn event(
    world: &mut World,
    index: usize,
    logical_id: &str,
    status: ResourceStatus,
    reason: Option<&str>,
) {
    let now = world.now();
    let stack = &mut world.cfn.stacks[index];
    let Some(resource) = stack.resources.get_mut(logical_id) else { return };
    resource.status = status;
    resource.reason = reason.map(str::to_owned);
    resource.updated = now;
    let (physical_id, kind) = (resource.physical_id.clone(), resource.kind.clone());
    push(world, index, Some(logical_id), physical_id, kind, status, reason);
}

/// Why a resource or a stack that is configured is still in progress.
const CONSISTENCY_CHECK: &str = "Eventual consistency check initiated";

/// Records that a resource is configured while it stays in `status`.
pub(super) fn configured(world: &mut World, index: usize, logical_id: &str, status: ResourceStatus) {
    event(world, index, logical_id, status, Some(CONSISTENCY_CHECK));
    mark_configured(world, index);
}

/// Records that a stack is configured while it is still being created.
pub(super) fn stack_configured(world: &mut World, index: usize) {
    set_status(world, index, StackStatus::CreateInProgress, Some(CONSISTENCY_CHECK));
    mark_configured(world, index);
}

/// Gives the latest event its detailed status.
fn mark_configured(world: &mut World, index: usize) {
    if let Some(event) = world.cfn.stacks[index].events.last_mut() {
        event.configured = true;
    }
}

/// Records an event that leaves the state of the logical resource alone: its old physical resource goes.
pub(super) fn event_of_old(
    world: &mut World,
    index: usize,
    logical_id: &str,
    physical_id: Option<String>,
    kind: String,
    status: ResourceStatus,
    reason: Option<&str>,
) {
    push(world, index, Some(logical_id), physical_id, kind, status, reason);
}

/// Gives the stack another status, with its event.
pub(in crate::cfn) fn set_status(world: &mut World, index: usize, status: StackStatus, reason: Option<&str>) {
    let stack = &mut world.cfn.stacks[index];
    stack.status = status;
    stack.reason = reason.map(str::to_owned);
    let physical_id = Some(stack.id.clone());
    push(world, index, None, physical_id, nested::KIND.to_owned(), as_resource_status(status), reason);
}

/// Operation id and client token that events carry at the moment.
fn tokens(world: &World, index: usize) -> (Option<String>, Option<String>) {
    let operation = world.cfn.stacks[index].operation.as_ref();
    operation.map_or((None, None), |operation| (Some(operation.id.clone()), operation.token.clone()))
}

fn push(
    world: &mut World,
    index: usize,
    logical_id: Option<&str>,
    physical_id: Option<String>,
    kind: String,
    status: ResourceStatus,
    reason: Option<&str>,
) {
    let (operation_id, token) = tokens(world, index);
    let at = world.now();
    world.cfn.next_identifier += 1;
    let id = world.cfn.next_identifier;
    let event = EventRecord {
        at,
        id,
        logical_id: logical_id.map(str::to_owned),
        physical_id,
        kind,
        status,
        reason: reason.map(str::to_owned),
        operation_id,
        token,
        configured: false,
    };
    world.cfn.stacks[index].events.push(event.into());
}

/// A stack is a resource in its own events.
fn as_resource_status(status: StackStatus) -> ResourceStatus {
    match status {
        StackStatus::CreateInProgress => ResourceStatus::CreateInProgress,
        StackStatus::CreateFailed => ResourceStatus::CreateFailed,
        StackStatus::CreateComplete => ResourceStatus::CreateComplete,
        StackStatus::RollbackInProgress => ResourceStatus::RollbackInProgress,
        StackStatus::RollbackFailed => ResourceStatus::RollbackFailed,
        StackStatus::RollbackComplete => ResourceStatus::RollbackComplete,
        StackStatus::DeleteInProgress => ResourceStatus::DeleteInProgress,
        StackStatus::DeleteFailed => ResourceStatus::DeleteFailed,
        StackStatus::DeleteComplete => ResourceStatus::DeleteComplete,
        StackStatus::UpdateInProgress => ResourceStatus::UpdateInProgress,
        StackStatus::UpdateCompleteCleanupInProgress => ResourceStatus::UpdateCompleteCleanupInProgress,
        StackStatus::UpdateComplete => ResourceStatus::UpdateComplete,
        StackStatus::UpdateFailed => ResourceStatus::UpdateFailed,
        StackStatus::UpdateRollbackInProgress => ResourceStatus::UpdateRollbackInProgress,
        StackStatus::UpdateRollbackFailed => ResourceStatus::UpdateRollbackFailed,
        StackStatus::UpdateRollbackCompleteCleanupInProgress => {
            ResourceStatus::UpdateRollbackCompleteCleanupInProgress
        }
        StackStatus::UpdateRollbackComplete => ResourceStatus::UpdateRollbackComplete,
        StackStatus::ReviewInProgress => ResourceStatus::ReviewInProgress,
    }
}
