//! Deletions: cleanup after an update, undoing a creation, deleting a stack.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::record::event_of_old;
use super::{advance_soon, children, context, event, next_token, set_phase, set_status};
use crate::cfn::api::{ResourceStatus, StackStatus};
use crate::cfn::handlers::{self, Failure, Poll, Wait};
use crate::cfn::plan::is_wanted;
use crate::cfn::state::{Deletion, Event, Operation, Phase, Resource, Stack, StepEvent, StepState};
use crate::cfn::template::Policy;
use crate::{Event as WorldEvent, Shared, World};

/// After an update: the old ones of what was replaced, and what the template no longer has. After a rollback:
/// the new ones instead.
pub(super) fn leftovers(world: &mut World, index: usize, rolled_back: bool) {
    set_phase(world, index, Phase::Cleanup { rolled_back });
    children::release(world, index);
    let stack = &world.cfn.stacks[index];
    let (Some(operation), Some(definition)) = (&stack.operation, &stack.definition) else { return };
    let mut deletions = Vec::new();
    for (name, other) in strays(stack) {
        let policy = if rolled_back { Policy::Delete } else { other.update_replace_policy };
        deletions.push(deletion(&name, other, policy, false));
    }
    for (name, resource) in &stack.resources {
        let wanted = definition.template.resources.get(name);
        if wanted.is_some_and(|wanted| is_wanted(wanted, &definition.conditions)) {
            continue;
        }
        let policy = match resource.deletion_policy {
            _ if rolled_back && operation.retain_except_on_create => Policy::Delete,
            Policy::RetainExceptOnCreate if rolled_back => Policy::Delete,
            Policy::Snapshot if rolled_back => Policy::Delete,
            policy => policy,
        };
        deletions.push(deletion(name, resource.clone(), policy, true));
    }
    begin(world, index, deletions);
}

/// Physical resources that others have replaced, or that a rollback has put aside: what the stack's records no longer are.
fn strays(stack: &Stack) -> Vec<(String, Shared<Resource>)> {
    let mut strays: Vec<(String, Shared<Resource>)> = Vec::new();
    let former = stack.operation.iter().flat_map(Operation::former);
    for (name, other) in former.flat_map(|(name, all)| all.into_iter().map(move |one| (name.clone(), one))) {
        let current = stack.resources.get(&name).and_then(|resource| resource.physical_id.as_ref());
        let known = strays.iter().any(|(_, stray)| stray.physical_id == other.physical_id);
        if other.physical_id.is_some() && other.physical_id.as_ref() != current && !known {
            strays.push((name, other));
        }
    }
    strays
}

/// Undoes a creation that failed.
pub(super) fn undo_create(world: &mut World, index: usize) {
    let stack = &world.cfn.stacks[index];
    let all = stack.operation.as_ref().is_some_and(|operation| operation.retain_except_on_create);
    let policy = |resource: &Resource| match resource.deletion_policy {
        Policy::Retain if !all => Policy::Retain,
        _ => Policy::Delete,
    };
    let deletions = stack
        .resources
        .iter()
        .map(|(name, resource)| deletion(name, resource.clone(), policy(resource), true));
    let strays = strays(stack).into_iter();
    let strays = strays.map(|(name, other)| deletion(&name, other, Policy::Delete, false));
    let deletions = deletions.chain(strays).collect();
    begin(world, index, deletions);
}

/// Deletes the stack's resources, except those in `retain`, and its strays.
pub(super) fn everything(world: &mut World, index: usize, retain: &BTreeSet<String>) {
    let stack = &world.cfn.stacks[index];
    let deletions =
        stack.resources.iter().filter(|(_, resource)| resource.exists()).map(|(name, resource)| {
            let policy = match resource.deletion_policy {
                _ if retain.contains(name) => Policy::Retain,
                Policy::RetainExceptOnCreate => Policy::Retain,
                policy => policy,
            };
            deletion(name, resource.clone(), policy, true)
        });
    let strays = strays(stack).into_iter().map(|(name, other)| {
        let policy = other.update_replace_policy;
        deletion(&name, other, policy, false)
    });
    let deletions = deletions.chain(strays).collect();
    begin(world, index, deletions);
}

fn deletion(name: &str, resource: Shared<Resource>, policy: Policy, current: bool) -> Deletion {
    Deletion {
        logical_id: name.to_owned(),
        resource,
        policy,
        state: StepState::Waiting,
        token: 0,
        waiting: 0,
        current,
    }
}

fn begin(world: &mut World, index: usize, mut deletions: Vec<Deletion>) {
    let mut dependents: BTreeMap<String, usize> = BTreeMap::new();
    for deletion in &deletions {
        for dependency in &deletion.resource.depends_on {
            *dependents.entry(dependency.clone()).or_default() += 1;
        }
    }
    for deletion in &mut deletions {
        deletion.waiting = dependents.get(&deletion.logical_id).copied().unwrap_or(0);
    }
    let Some(operation) = &mut world.cfn.stacks[index].operation else { return };
    operation.open_deletions = deletions.len();
    let ready: Vec<usize> =
        (0..deletions.len()).filter(|position| deletions[*position].waiting == 0).collect();
    operation.deletions = deletions;
    if ready.is_empty() {
        advance_soon(world, index);
    }
    for position in ready {
        start(world, index, position);
    }
}

fn deletion_mut(world: &mut World, index: usize, position: usize) -> Option<&mut Deletion> {
    world.cfn.stacks[index].operation.as_mut()?.deletions.get_mut(position)
}

fn start(world: &mut World, index: usize, position: usize) {
    let Some(deletion) = deletion_mut(world, index, position) else { return };
    deletion.state = StepState::Running;
    let (name, policy, resource) = (deletion.logical_id.clone(), deletion.policy, deletion.resource.clone());
    let Some(physical_id) = resource.physical_id.clone() else {
        // It never came to be.
        ended(world, index, position, None);
        return;
    };
    if matches!(policy, Policy::Retain | Policy::RetainExceptOnCreate) {
        report(world, index, position, ResourceStatus::DeleteSkipped, None);
        ended(world, index, position, None);
        return;
    }
    report(world, index, position, ResourceStatus::DeleteInProgress, None);
    let context = context(world, index, &name);
    match handlers::delete(world, &context, &resource.kind, &physical_id, &resource.properties, policy) {
        Ok(wait) => self::wait(world, index, position, wait),
        Err(failure) => ended(world, index, position, Some(&failure.reason(&context))),
    }
}

fn wait(world: &mut World, index: usize, position: usize, wait: Wait) {
    let token = next_token(world);
    let now = world.now();
    if let Some(deletion) = deletion_mut(world, index, position) {
        deletion.token = token;
    }
    let (after, what) = match wait {
        Wait::Secs(secs) => (Duration::from_secs_f64(secs), StepEvent::Complete),
        Wait::Stabilise { poll_secs, timeout_secs } => {
            let deadline = now + Duration::from_secs_f64(timeout_secs);
            (Duration::from_secs_f64(poll_secs), StepEvent::Poll { deadline })
        }
    };
    world.schedule_in(after, WorldEvent::Cfn(Event::Deletion { stack: index, position, token, what }));
}

/// A deletion's timed event.
pub(super) fn on_event(world: &mut World, index: usize, position: usize, token: u64, what: StepEvent) {
    let Some(deletion) = deletion_mut(world, index, position) else { return };
    if deletion.token != token || deletion.state != StepState::Running {
        return;
    }
    let StepEvent::Poll { deadline } = what else {
        report(world, index, position, ResourceStatus::DeleteComplete, None);
        ended(world, index, position, None);
        return;
    };
    let (kind, physical_id) = (deletion.resource.kind.clone(), deletion.resource.physical_id.clone());
    let name = deletion.logical_id.clone();
    let failure = match handlers::poll_deleted(world, &kind, &physical_id.unwrap_or_default()) {
        Poll::Done => {
            report(world, index, position, ResourceStatus::DeleteComplete, None);
            ended(world, index, position, None);
            return;
        }
        Poll::Pending if world.now() < deadline => {
            let after = Duration::from_secs_f64(world.params.cfn_poll_secs);
            world
                .schedule_in(after, WorldEvent::Cfn(Event::Deletion { stack: index, position, token, what }));
            return;
        }
        Poll::Pending => Failure::not_stabilised(),
        Poll::Failed(failure) => failure,
    };
    let context = context(world, index, &name);
    ended(world, index, position, Some(&failure.reason(&context)));
}

fn report(world: &mut World, index: usize, position: usize, status: ResourceStatus, reason: Option<&str>) {
    let Some(deletion) = deletion_mut(world, index, position) else { return };
    let (name, current) = (deletion.logical_id.clone(), deletion.current);
    let (physical_id, kind) = (deletion.resource.physical_id.clone(), deletion.resource.kind.clone());
    if current {
        event(world, index, &name, status, reason);
    } else {
        event_of_old(world, index, &name, physical_id, kind, status, reason);
    }
}

/// A deletion is over; where it failed, what it depends on stays too.
fn ended(world: &mut World, index: usize, position: usize, failure: Option<&str>) {
    if let Some(reason) = failure {
        report(world, index, position, ResourceStatus::DeleteFailed, Some(reason));
    }
    let Some(operation) = &mut world.cfn.stacks[index].operation else { return };
    operation.open_deletions -= 1;
    let Some(deletion) = operation.deletions.get_mut(position) else { return };
    deletion.state = if failure.is_some() { StepState::Failed } else { StepState::Done };
    let cleanup = matches!(operation.phase, Phase::Cleanup { .. });
    let mut ready = Vec::new();
    if failure.is_none() || cleanup {
        let dependencies = deletion.resource.depends_on.clone();
        for (position, other) in operation.deletions.iter_mut().enumerate() {
            if other.state == StepState::Waiting && dependencies.contains(&other.logical_id) {
                other.waiting -= 1;
                if other.waiting == 0 {
                    ready.push(position);
                }
            }
        }
    }
    let running = operation.deletions.iter().any(|deletion| deletion.state == StepState::Running);
    if ready.is_empty() && !running {
        advance_soon(world, index);
    }
    for position in ready {
        start(world, index, position);
    }
}

/// Nothing is being deleted any more: the operation is over.
pub(super) fn finish(world: &mut World, index: usize) {
    let now = world.now();
    let nested = children::clean_up(world, index);
    let stack = &mut world.cfn.stacks[index];
    let Some(operation) = &mut stack.operation else { return };
    if nested && matches!(operation.phase, Phase::Cleanup { .. }) {
        advance_soon(world, index);
        return;
    }
    if operation.deletions.iter().any(|deletion| deletion.state == StepState::Running) {
        return;
    }
    let phase = operation.phase;
    let failed: Vec<String> = operation
        .deletions
        .iter()
        .filter(|deletion| deletion.state == StepState::Failed)
        .map(|deletion| deletion.logical_id.clone())
        .collect();
    let reason = format!("The following resource(s) failed to delete: [{}]. ", failed.join(", "));
    if matches!(phase, Phase::Cleanup { .. }) {
        for deletion in operation.deletions.iter().filter(|deletion| deletion.current) {
            stack.resources.remove(&deletion.logical_id);
        }
    }
    let status = match phase {
        Phase::Cleanup { rolled_back: false } => StackStatus::UpdateComplete,
        Phase::Cleanup { rolled_back: true } => StackStatus::UpdateRollbackComplete,
        Phase::UndoCreate if failed.is_empty() => StackStatus::RollbackComplete,
        Phase::UndoCreate => StackStatus::RollbackFailed,
        Phase::Delete if failed.is_empty() => StackStatus::DeleteComplete,
        Phase::Delete => StackStatus::DeleteFailed,
        Phase::Apply | Phase::Monitor | Phase::Revert | Phase::Held { .. } | Phase::Stopped => return,
    };
    let failed_now = matches!(status, StackStatus::RollbackFailed | StackStatus::DeleteFailed);
    if status == StackStatus::DeleteComplete {
        stack.deleted = Some(now);
    }
    if matches!(status, StackStatus::DeleteComplete | StackStatus::RollbackComplete) {
        stack.outputs.clear();
    }
    set_status(world, index, status, failed_now.then_some(reason.as_str()));
    world.cfn.stacks[index].operation = None;
}
