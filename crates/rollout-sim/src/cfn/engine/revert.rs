//! Back to the previous definition.

use std::collections::BTreeSet;

use super::{
    advance_soon, apply, children, context, event, named, next_token, remove, set_phase, set_status, step_mut,
};
use crate::cfn::api::{ResourceStatus, StackStatus};
use crate::cfn::faults;
use crate::cfn::handlers::{self, Context, Failure, Outcome, Wait, nested};
use crate::cfn::scope::{self, StackScope};
use crate::cfn::state::{Action, Event, Phase, Resource, Step, StepEvent, StepState};
use crate::{Event as WorldEvent, World};

/// Why a nested stack does what it does because of its parent (OBS: clients filter it out of what they show as causes).
pub(super) const PARENT_INITIATED: &str = "Initiated by parent stack";

/// Resources failed on the way forward.
pub(super) fn fail_resources(world: &mut World, index: usize) {
    interrupt(world, index);
    let mut reason = String::new();
    for (status, verb) in [(ResourceStatus::CreateFailed, "create"), (ResourceStatus::UpdateFailed, "update")]
    {
        let names = named(world, index, status);
        if !names.is_empty() {
            reason.push_str(&format!("The following resource(s) failed to {verb}: [{}]. ", names.join(", ")));
        }
    }
    turn_back(world, index, reason);
}

/// The operation as a whole failed.
pub(super) fn fail(world: &mut World, index: usize, reason: &str) {
    interrupt(world, index);
    turn_back(world, index, reason.to_owned());
}

/// Starts a rollback that was asked for.
pub(super) fn begin(world: &mut World, index: usize, reason: &str) {
    interrupt(world, index);
    start_back(world, index, reason);
}

/// Starts the rollback of an operation that had stopped, as `RollbackStack` does.
pub(in crate::cfn) fn roll_back(world: &mut World, index: usize) {
    start_back(world, index, "User Initiated");
}

/// Starts the rollback of a nested stack because its parent goes back.
pub(in crate::cfn) fn go_back(world: &mut World, index: usize) {
    begin(world, index, PARENT_INITIATED);
}

/// Stops the operation of a nested stack, where its parent does not go back or deletes it.
pub(in crate::cfn) fn halt(world: &mut World, index: usize) {
    interrupt(world, index);
    let create = world.cfn.stacks[index].operation.as_ref().is_some_and(|operation| operation.create);
    let status = if create { StackStatus::CreateFailed } else { StackStatus::UpdateFailed };
    set_phase(world, index, Phase::Stopped);
    set_status(world, index, status, Some(PARENT_INITIATED));
}

/// Cancels what runs, and what has not begun never will.
pub(super) fn interrupt(world: &mut World, index: usize) {
    let Some(operation) = &mut world.cfn.stacks[index].operation else { return };
    let running: Vec<(String, bool)> = operation
        .steps
        .iter()
        .filter(|(_, step)| step.state == StepState::Running)
        .map(|(name, step)| (name.clone(), step.action == Action::Create))
        .collect();
    operation.open = 0;
    operation.steps.retain(|_, step| step.state != StepState::Waiting);
    for (name, creates) in running {
        if let Some(step) = step_mut(world, index, &name) {
            step.state = StepState::Failed;
            step.token = 0;
        }
        let (status, reason) = if creates {
            (ResourceStatus::CreateFailed, "Resource creation cancelled")
        } else {
            (ResourceStatus::UpdateFailed, "Resource update cancelled")
        };
        event(world, index, &name, status, Some(reason));
        let resource = world.cfn.stacks[index].resources.get(&name);
        if let Some((kind, id)) = resource.and_then(|one| Some((one.kind.clone(), one.physical_id.clone()?)))
        {
            handlers::interrupt(world, &kind, &id);
        }
    }
}

fn turn_back(world: &mut World, index: usize, mut reason: String) {
    let Some(operation) = &world.cfn.stacks[index].operation else { return };
    let (create, anew) = (operation.create, operation.previous.is_none());
    if operation.disable_rollback {
        set_phase(world, index, Phase::Stopped);
        let status = if create { StackStatus::CreateFailed } else { StackStatus::UpdateFailed };
        set_status(world, index, status, Some(&reason));
        return;
    }
    if anew && !reason.ends_with("by user.") {
        reason.push_str("Rollback requested by user.");
    }
    start_back(world, index, &reason);
}

fn start_back(world: &mut World, index: usize, reason: &str) {
    let Some(operation) = &world.cfn.stacks[index].operation else { return };
    if operation.previous.is_none() {
        if operation.delete_on_failure {
            set_phase(world, index, Phase::Delete);
            set_status(world, index, StackStatus::DeleteInProgress, Some(reason));
            remove::everything(world, index, &BTreeSet::new());
        } else {
            set_phase(world, index, Phase::UndoCreate);
            set_status(world, index, StackStatus::RollbackInProgress, Some(reason));
            remove::undo_create(world, index);
        }
        return;
    }
    set_phase(world, index, Phase::Revert);
    set_status(world, index, StackStatus::UpdateRollbackInProgress, Some(reason));
    let stack = &mut world.cfn.stacks[index];
    let Some(operation) = &mut stack.operation else { return };
    stack.definition.clone_from(&operation.previous);
    // What operations before this one changed, and this one has not come to.
    for (name, former) in &operation.former {
        let now = stack.resources.get(name).filter(|resource| resource.exists());
        if let (Some(now), false) = (now, operation.steps.contains_key(name)) {
            let mut step = Step::new(0);
            step.remember(Some(former), now);
            operation.steps.insert(name.clone(), step);
        }
    }
    // What was created is deleted at the end; what was not touched stays.
    let steps = &mut operation.steps;
    let mut touched: BTreeSet<String> = BTreeSet::new();
    for (name, step) in steps.iter_mut() {
        let changed = step.has_changed();
        step.state = if changed { StepState::Waiting } else { StepState::Done };
        if changed {
            touched.insert(name.clone());
        }
    }
    for name in &touched {
        let before = steps.get(name).and_then(|step| step.before.as_ref());
        let waiting = before.map_or(0, |before| before.depends_on.intersection(&touched).count());
        if let Some(step) = steps.get_mut(name) {
            step.waiting = waiting;
        }
    }
    start_ready(world, index);
}

/// Starts every step that waits for nothing; when none runs any more, the phase is over.
fn start_ready(world: &mut World, index: usize) {
    let Some(operation) = &world.cfn.stacks[index].operation else { return };
    let ready: Vec<String> = operation
        .steps
        .iter()
        .filter(|(_, step)| step.state == StepState::Waiting && step.waiting == 0)
        .map(|(name, _)| name.clone())
        .collect();
    let running = operation.steps.values().any(|step| step.state == StepState::Running);
    if ready.is_empty() && !running {
        advance_soon(world, index);
    }
    let now = world.now();
    for name in ready {
        let token = next_token(world);
        let Some(step) = step_mut(world, index, &name) else { continue };
        step.state = StepState::Running;
        step.token = token;
        match step.busy_until.filter(|busy| *busy > now) {
            // A modification that is under way cannot be taken back before it ends.
            Some(busy) => {
                let event = Event::Step { stack: index, logical_id: name, token, what: StepEvent::Start };
                world.schedule_at(busy, WorldEvent::Cfn(event));
            }
            None => start(world, index, &name),
        }
    }
}

/// Puts one resource back.
pub(super) fn start(world: &mut World, index: usize, name: &str) {
    let Some(step) = step_mut(world, index, name) else { return };
    let (action, before) = (step.action, step.before.clone());
    let Some(before) = before else { return };
    event(world, index, name, ResourceStatus::UpdateInProgress, None);
    let resource = world.cfn.stacks[index].resources.get(name);
    let same = resource.is_some_and(|resource| resource.physical_id == before.physical_id);
    let differs = resource.is_some_and(|resource| resource.properties != before.properties);
    if !same || !(differs || action == Action::Update) {
        apply::wait(world, index, name, Wait::Secs(1.0));
        return;
    }
    match call(world, index, name, &before) {
        Ok(outcome) => {
            if let Some(resource) = world.cfn.stacks[index].resources.get_mut(name) {
                resource.properties.clone_from(&before.properties);
            }
            // What is made again is another one: a secret that was deleted comes back with another ARN.
            if !outcome.attributes.is_empty()
                && let Some(before) = step_mut(world, index, name).and_then(|step| step.before.as_mut())
            {
                before.change_attributes(&outcome.attributes);
            }
            apply::wait(world, index, name, outcome.wait);
        }
        Err(reason) => failed(world, index, name, &reason),
    }
}

fn call(world: &mut World, index: usize, name: &str, before: &Resource) -> Result<Outcome, String> {
    let context = Context { rollback: true, ..context(world, index, name) };
    faults::backward(world, index, name, &context)?;
    let now = world.cfn.stacks[index].resources.get(name).map(|resource| resource.properties.clone());
    let physical_id = before.physical_id.as_deref().unwrap_or_default();
    let now = now.unwrap_or_default();
    handlers::update(world, &context, &before.kind, physical_id, &now, &before.properties)
        .map_err(|failure: Failure| failure.reason(&context))
}

/// A resource is back.
pub(super) fn done(world: &mut World, index: usize, name: &str) {
    restore(world, index, name);
    event(world, index, name, ResourceStatus::UpdateComplete, None);
    release(world, index, name);
}

/// The stack's record becomes what it was; a new physical resource is left for the cleanup.
fn restore(world: &mut World, index: usize, name: &str) {
    let stack = &mut world.cfn.stacks[index];
    let Some(step) = stack.operation.as_mut().and_then(|operation| operation.steps.get_mut(name)) else {
        return;
    };
    let Some(before) = step.before.clone() else { return };
    let Some(resource) = stack.resources.get_mut(name) else { return };
    let new = std::mem::replace(resource, before);
    if new.physical_id != resource.physical_id {
        step.before = Some(new);
    }
    step.reverted = true;
}

fn release(world: &mut World, index: usize, name: &str) {
    let stack = &mut world.cfn.stacks[index];
    let Some(operation) = &mut stack.operation else { return };
    if let Some(step) = operation.steps.get_mut(name) {
        step.state = StepState::Done;
    }
    for (dependent, step) in &mut operation.steps {
        let waits = stack.resources.get(dependent).is_some_and(|resource| resource.depends_on.contains(name))
            || step.before.as_ref().is_some_and(|before| before.depends_on.contains(name));
        if step.state == StepState::Waiting && waits {
            step.waiting = step.waiting.saturating_sub(1);
        }
    }
    start_ready(world, index);
}

/// A resource could not be put back.
pub(super) fn failed(world: &mut World, index: usize, name: &str, reason: &str) {
    let forced = world.cfn.stacks[index].operation.as_ref().is_some_and(|operation| operation.force);
    event(world, index, name, ResourceStatus::UpdateFailed, Some(reason));
    if forced {
        done(world, index, name);
        return;
    }
    if let Some(step) = step_mut(world, index, name) {
        step.state = StepState::Failed;
    }
    start_ready(world, index);
}

/// Nothing runs any more: everything is back, or the rollback failed.
pub(super) fn finish(world: &mut World, index: usize) {
    let Some(operation) = &world.cfn.stacks[index].operation else { return };
    if operation.steps.values().any(|step| step.state == StepState::Running) {
        return;
    }
    let failed = named(world, index, ResourceStatus::UpdateFailed);
    if !failed.is_empty() {
        set_phase(world, index, Phase::Stopped);
        let reason = format!("The following resource(s) failed to update: [{}]. ", failed.join(", "));
        set_status(world, index, StackStatus::UpdateRollbackFailed, Some(&reason));
        return;
    }
    let stack = &world.cfn.stacks[index];
    if let Some(definition) = &stack.definition {
        // The previous outputs were valid for the previous resources, which are in place again.
        if let Ok(outputs) = scope::outputs(&StackScope::of(world, index, definition)) {
            world.cfn.stacks[index].outputs = outputs;
        }
    }
    set_status(world, index, StackStatus::UpdateRollbackCompleteCleanupInProgress, None);
    if !children::hold(world, index, true) {
        remove::leftovers(world, index, true);
    }
}

/// `ContinueUpdateRollback`: tries what failed again, except what is skipped. Names of nested stacks' resources carry the
/// name of their stack and a full stop, and are passed on.
pub(in crate::cfn) fn resume(world: &mut World, index: usize, skip: &BTreeSet<String>, force: bool) {
    set_phase(world, index, Phase::Revert);
    set_status(world, index, StackStatus::UpdateRollbackInProgress, Some("User Initiated"));
    let Some(operation) = &mut world.cfn.stacks[index].operation else { return };
    operation.force = force;
    operation.continued = Some(skip.clone());
    let failed: Vec<String> = operation
        .steps
        .iter_mut()
        .filter(|(_, step)| step.state == StepState::Failed)
        .map(|(name, step)| {
            step.state = StepState::Waiting;
            step.waiting = 0;
            name.clone()
        })
        .collect();
    // A nested stack is no resource that could be skipped: what fails in it is.
    let nested = |name: &str| {
        let resource = world.cfn.stacks[index].resources.get(name);
        resource.is_some_and(|resource| resource.kind == nested::KIND)
    };
    let skipped = |name: &&String| skip.contains(*name) || (force && !nested(name));
    let skipped: Vec<String> = failed.iter().filter(skipped).cloned().collect();
    for name in &skipped {
        if let Some(step) = step_mut(world, index, name) {
            step.state = StepState::Running;
        }
        restore(world, index, name);
        event(world, index, name, ResourceStatus::UpdateComplete, None);
    }
    for name in &skipped {
        release(world, index, name);
    }
    start_ready(world, index);
}
