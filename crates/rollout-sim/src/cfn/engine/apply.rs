//! Towards the new definition.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::Value;

use super::{
    advance_soon, children, configured, context, event, next_token, phase, revert, set_phase, set_status,
    step_mut,
};
use crate::cfn::api::{ResourceStatus, StackStatus};
use crate::cfn::handlers::{self, Failure, Outcome, Poll, Wait};
use crate::cfn::plan::{self, deletion_policy, is_wanted, update_replace_policy};
use crate::cfn::scope::{self, StackScope};
use crate::cfn::state::{Action, Event, Operation, Phase, Resource, Step, StepEvent, StepState};
use crate::cfn::{exports, faults, policy};
use crate::{Event as WorldEvent, World};

/// Lays out the steps and starts those that wait for nothing.
pub(super) fn begin(world: &mut World, index: usize, affected: &BTreeSet<String>) {
    let doomed = faults::doomed(world, index, affected);
    if doomed.is_some() {
        faults::note_hit(world);
    }
    let stack = &mut world.cfn.stacks[index];
    let (Some(operation), Some(definition)) = (&mut stack.operation, &stack.definition) else { return };
    operation.doomed = doomed;
    for name in affected {
        let Some(wanted) = definition.template.resources.get(name) else { continue };
        if !is_wanted(wanted, &definition.conditions) {
            continue;
        }
        let waiting = wanted
            .depends_on
            .iter()
            .filter(|dependency| {
                let wanted = definition.template.resources.get(*dependency);
                affected.contains(*dependency)
                    && wanted.is_some_and(|wanted| is_wanted(wanted, &definition.conditions))
            })
            .count();
        operation.steps.insert(name.clone(), Step::new(waiting));
    }
    operation.open = operation.steps.len();
    let ready: Vec<String> =
        operation.steps.iter().filter(|(_, step)| step.waiting == 0).map(|(name, _)| name.clone()).collect();
    if ready.is_empty() {
        advance_soon(world, index);
    }
    for name in ready {
        start(world, index, &name);
    }
}

/// Starts one step, unless the operation has turned back in the meantime.
pub(super) fn start(world: &mut World, index: usize, name: &str) {
    if phase(world, index) != Some(Phase::Apply)
        || step_mut(world, index, name).is_none_or(|step| step.state != StepState::Waiting)
    {
        return;
    }
    let (properties, metadata) = match evaluate(world, index, name) {
        Ok(evaluated) => evaluated,
        Err(message) => {
            // A resource that cannot even be described never began: the stack records it all the same.
            note(world, index, name);
            let creates =
                !world.cfn.stacks[index].resources.get(name).is_some_and(|resource| resource.exists());
            failed(world, index, name, creates, &message);
            return;
        }
    };
    let stack = &world.cfn.stacks[index];
    let wanted = stack.definition.as_ref().and_then(|definition| definition.template.resources.get(name));
    let Some(wanted) = wanted else { return };
    let before = stack.resources.get(name).filter(|resource| resource.exists()).cloned();
    let action = match &before {
        None => Action::Create,
        Some(resource) => plan::difference(resource, wanted, &properties, metadata.as_ref()).action(),
    };
    if let Some(Operation { steps, former, .. }) = &mut world.cfn.stacks[index].operation
        && let Some(step) = steps.get_mut(name)
    {
        step.state = StepState::Running;
        step.action = action;
        if let Some(now) = &before {
            step.remember(former.get(name), now);
        }
    }
    if action == Action::None {
        note_dependencies(world, index, name);
        done(world, index, name);
        return;
    }
    note(world, index, name);
    let creates = action == Action::Create;
    if let Some(resource) = world.cfn.stacks[index].resources.get_mut(name) {
        resource.metadata = metadata;
        if creates {
            resource.properties = properties.clone();
        }
    }
    let (status, reason) = match action {
        Action::Create => (ResourceStatus::CreateInProgress, None),
        Action::Replace => (
            ResourceStatus::UpdateInProgress,
            Some("Requested update requires the creation of a new physical resource; hence creating one."),
        ),
        _ => (ResourceStatus::UpdateInProgress, None),
    };
    event(world, index, name, status, reason);
    if action == Action::Record {
        wait(world, index, name, Wait::Secs(1.0));
        return;
    }
    match call(world, index, name, action, before.as_deref(), &properties) {
        Err(message) => failed(world, index, name, creates, &message),
        Ok(outcome) => {
            adopt(world, index, name, action, &outcome, properties);
            if action != Action::Update {
                event(world, index, name, status, Some("Resource creation Initiated"));
            }
            wait(world, index, name, outcome.wait);
            configured::expect(world, index, name, action, outcome.wait);
        }
    }
}

/// Calls the handler, after what can forbid it: stack policy, faults, a name of its own that is taken.
fn call(
    world: &mut World,
    index: usize,
    name: &str,
    action: Action,
    before: Option<&Resource>,
    properties: &Value,
) -> Result<Outcome, String> {
    let context = context(world, index, name);
    let kind =
        world.cfn.stacks[index].resources.get(name).map(|resource| resource.kind.clone()).unwrap_or_default();
    if let Some(before) = before {
        policy::check(world, index, name, before, action)?;
    }
    let operation = world.cfn.stacks[index].operation.as_ref();
    if action == Action::Replace && operation.is_some_and(|operation| operation.disable_rollback) {
        // CFN:stack-failure-options, "Immutable update types aren't supported"; the words: aws-cdk#30546, aws-sam-cli#4164.
        return Err("Replacement type updates not supported on stack with disable-rollback.".to_owned());
    }
    faults::forward(world, index, name, &kind, &context)?;
    let result = match (action, before) {
        (Action::Update, Some(Resource { physical_id: Some(physical_id), properties: old, .. })) => {
            handlers::update(world, &context, &kind, physical_id, old, properties)
        }
        (_, before) => {
            if let Some(before) = before {
                handlers::check_custom_name(&kind, &before.properties, properties)?;
            }
            handlers::create(world, &context, &kind, properties)
        }
    };
    result.map_err(|failure: Failure| failure.reason(&context))
}

/// Puts what the handler made into the stack's record.
fn adopt(world: &mut World, index: usize, name: &str, action: Action, outcome: &Outcome, properties: Value) {
    let Some(resource) = world.cfn.stacks[index].resources.get_mut(name) else { return };
    resource.properties = properties;
    if action == Action::Update {
        resource.change_attributes(&outcome.attributes);
        return;
    }
    resource.physical_id = Some(outcome.physical_id.clone());
    resource.reference.clone_from(&outcome.reference);
    resource.attributes.clone_from(&outcome.attributes);
}

type Evaluated = (Value, Option<Value>);

fn evaluate(world: &World, index: usize, name: &str) -> Result<Evaluated, String> {
    let stack = &world.cfn.stacks[index];
    let Some(definition) = &stack.definition else { return Err("Template error: no template".to_owned()) };
    let Some(wanted) = definition.template.resources.get(name) else {
        return Err(format!("Template error: no resource {name}"));
    };
    let scope = StackScope::of(world, index, definition);
    let properties = scope::properties(wanted, &definition.tags, &scope)?;
    let metadata = wanted.metadata.as_ref().map(|metadata| metadata.eval(&scope)).transpose()?;
    Ok((properties, metadata))
}

/// Makes sure that the stack has a record of the resource, with what its template says about keeping it.
fn note(world: &mut World, index: usize, name: &str) {
    let now = world.now();
    let stack = &mut world.cfn.stacks[index];
    let Some(definition) = &stack.definition else { return };
    let Some(wanted) = definition.template.resources.get(name) else { return };
    let blank = || Resource {
        kind: wanted.kind.clone(),
        physical_id: None,
        reference: None,
        attributes: std::collections::BTreeMap::new(),
        properties: Value::Object(serde_json::Map::new()),
        metadata: None,
        description: None,
        status: ResourceStatus::CreateInProgress,
        reason: None,
        updated: now,
        deletion_policy: deletion_policy(wanted),
        update_replace_policy: update_replace_policy(wanted),
        depends_on: BTreeSet::new(),
        drift: None,
    };
    let resource = stack.resources.entry(name.to_owned()).or_insert_with(|| blank().into());
    if !resource.exists() {
        *resource = blank().into();
    }
    resource.deletion_policy = deletion_policy(wanted);
    resource.update_replace_policy = update_replace_policy(wanted);
    resource.description.clone_from(&wanted.description);
    resource.depends_on.clone_from(&wanted.depends_on);
}

/// Dependencies alone change without an event.
fn note_dependencies(world: &mut World, index: usize, name: &str) {
    let stack = &mut world.cfn.stacks[index];
    let wanted = stack.definition.as_ref().and_then(|definition| definition.template.resources.get(name));
    if let (Some(wanted), Some(resource)) = (wanted, stack.resources.get_mut(name)) {
        resource.depends_on.clone_from(&wanted.depends_on);
    }
}

/// Schedules what completes the step.
pub(super) fn wait(world: &mut World, index: usize, name: &str, wait: Wait) {
    let token = next_token(world);
    let now = world.now();
    let Some(step) = step_mut(world, index, name) else { return };
    step.token = token;
    let (after, what) = match wait {
        Wait::Secs(secs) => {
            let after = Duration::from_secs_f64(secs);
            step.busy_until = Some(now + after);
            (after, StepEvent::Complete)
        }
        Wait::Stabilise { poll_secs, timeout_secs } => {
            step.busy_until = None;
            let deadline = now + Duration::from_secs_f64(timeout_secs);
            (Duration::from_secs_f64(poll_secs), StepEvent::Poll { deadline })
        }
    };
    let event = Event::Step { stack: index, logical_id: name.to_owned(), token, what };
    world.schedule_in(after, WorldEvent::Cfn(event));
}

/// A step's timed event, in either direction.
pub(super) fn on_event(world: &mut World, index: usize, name: &str, token: u64, what: StepEvent) {
    if step_mut(world, index, name).is_none_or(|step| step.token != token || step.state != StepState::Running)
    {
        return;
    }
    let back = phase(world, index) == Some(Phase::Revert);
    match what {
        StepEvent::Start => revert::start(world, index, name),
        StepEvent::Configured => configured::reached(world, index, name),
        StepEvent::Complete if back => revert::done(world, index, name),
        StepEvent::Complete => completed(world, index, name),
        StepEvent::Poll { deadline } => match poll(world, index, name) {
            Poll::Pending if world.now() >= deadline => {
                let failure = Failure::not_stabilised();
                let context = context(world, index, name);
                stopped(world, index, name, back, &failure.reason(&context));
            }
            Poll::Pending => {
                let after = Duration::from_secs_f64(world.params.cfn_poll_secs);
                let event = Event::Step { stack: index, logical_id: name.to_owned(), token, what };
                world.schedule_in(after, WorldEvent::Cfn(event));
            }
            Poll::Done if back => revert::done(world, index, name),
            Poll::Done => completed(world, index, name),
            Poll::Failed(failure) => {
                let context = context(world, index, name);
                stopped(world, index, name, back, &failure.reason(&context));
            }
        },
    }
}

fn poll(world: &World, index: usize, name: &str) -> Poll {
    let Some(resource) = world.cfn.stacks[index].resources.get(name) else { return Poll::Done };
    handlers::poll(
        world,
        &resource.kind,
        resource.physical_id.as_deref().unwrap_or_default(),
        &resource.properties,
    )
}

fn stopped(world: &mut World, index: usize, name: &str, back: bool, reason: &str) {
    if back {
        revert::failed(world, index, name, reason);
    } else {
        let creates = step_mut(world, index, name).is_some_and(|step| step.action == Action::Create);
        failed(world, index, name, creates, reason);
    }
}

fn completed(world: &mut World, index: usize, name: &str) {
    configured::at_the_end(world, index, name);
    let resource = world.cfn.stacks[index].resources.get(name);
    let late = resource.and_then(|resource| {
        handlers::late_attributes(world, &resource.kind, resource.physical_id.as_deref()?)
    });
    if let (Some(late), Some(resource)) = (late, world.cfn.stacks[index].resources.get_mut(name)) {
        resource.attributes = late;
    }
    let creates = step_mut(world, index, name).is_some_and(|step| step.action == Action::Create);
    let status = if creates { ResourceStatus::CreateComplete } else { ResourceStatus::UpdateComplete };
    event(world, index, name, status, None);
    done(world, index, name);
}

/// Marks a step done and starts what waited for it.
fn done(world: &mut World, index: usize, name: &str) {
    let stack = &mut world.cfn.stacks[index];
    let (Some(operation), Some(definition)) = (&mut stack.operation, &stack.definition) else { return };
    let mut begun = false;
    if let Some(step) = operation.steps.get_mut(name) {
        step.state = StepState::Done;
        begun = step.configured;
    }
    operation.open -= 1;
    let template = definition.template.clone();
    let dependents = template.dependents.get(name).into_iter().flatten();
    // Those that only refer to it waited for its configuration.
    let waiting =
        dependents.filter(|dependent| !begun || configured::waits_longer(&template, dependent, name));
    let ready = configured::release(operation, waiting);
    if operation.open == 0 {
        advance_soon(world, index);
    }
    for name in ready {
        start(world, index, name);
    }
    configured::of_the_stack(world, index);
}

/// A resource failed: the operation turns back, or stops where rollback is disabled.
fn failed(world: &mut World, index: usize, name: &str, creates: bool, reason: &str) {
    let status = if creates { ResourceStatus::CreateFailed } else { ResourceStatus::UpdateFailed };
    if let Some(step) = step_mut(world, index, name) {
        step.state = StepState::Failed;
        if creates {
            step.action = Action::Create;
        }
    }
    event(world, index, name, status, Some(reason));
    revert::fail_resources(world, index);
}

/// Nothing is open any more: outputs, then monitoring, then the end.
pub(super) fn finish(world: &mut World, index: usize) {
    let stack = &world.cfn.stacks[index];
    let (Some(operation), Some(definition)) = (&stack.operation, &stack.definition) else { return };
    if operation.open > 0 {
        return;
    }
    let outputs = scope::outputs(&StackScope::of(world, index, definition));
    match outputs {
        Ok(outputs) => {
            if let Err(message) = exports::check(world, index, &outputs) {
                revert::fail(world, index, &message);
                return;
            }
            world.cfn.stacks[index].outputs = outputs;
        }
        Err(message) => {
            revert::fail(world, index, &message);
            return;
        }
    }
    let monitoring = super::triggers::monitoring(world, index);
    if monitoring.is_zero() {
        complete(world, index);
        return;
    }
    set_phase(world, index, Phase::Monitor);
    if let Some(operation) = &world.cfn.stacks[index].operation {
        let event = Event::Advance { stack: index, operation: operation.id.clone() };
        world.schedule_in(monitoring, WorldEvent::Cfn(event));
    }
}

/// The operation succeeded; what it replaced or removed is cleaned up.
pub(super) fn complete(world: &mut World, index: usize) {
    let create = world.cfn.stacks[index].operation.as_ref().is_some_and(|operation| operation.create);
    if create {
        set_status(world, index, StackStatus::CreateComplete, None);
        world.cfn.stacks[index].operation = None;
        return;
    }
    set_status(world, index, StackStatus::UpdateCompleteCleanupInProgress, None);
    if !children::hold(world, index, false) {
        super::remove::leftovers(world, index, false);
    }
}
