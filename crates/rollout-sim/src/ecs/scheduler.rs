//! The service scheduler (ECS:deployment-type-ecs): keeps the desired count, rolls from one deployment to the
//! next between the minimum healthy and the maximum percent, and replaces what is unhealthy.

use std::time::Duration;

use super::api::*;
use super::launch::{self, Place};
use super::plan::{self, Plan};
use super::roster::{self, number};
use super::service::{note, note_of_task_set, note_once};
use super::task::{Condition, NewTask, TaskFaults};
use super::{DeploymentKey, Event, ServiceKey, TaskKey, breaker, deployment, outcome, rebalance, stop, task};
use crate::{SimTime, World};

/// Has the scheduler look at a service after its lag; a look that is due anyway suffices.
pub(super) fn request(world: &mut World, key: ServiceKey) {
    let at = world.now() + Duration::from_secs_f64(world.params.scheduler_lag_secs);
    request_at(world, key, at);
}

fn request_at(world: &mut World, key: ServiceKey, at: SimTime) {
    if let Some(pending) = world.ecs.service(key).next_pass {
        if pending.at() <= at {
            return;
        }
        world.cancel(pending);
    }
    let timer = world.schedule_at(at, crate::Event::Ecs(Event::Pass { service: key }));
    world.ecs.services[key.index()].next_pass = Some(timer);
}

/// The scheduler looks at a service and acts.
pub(super) fn pass(world: &mut World, key: ServiceKey) {
    if let Some(timer) = world.ecs.services[key.index()].next_pass.take() {
        world.cancel(timer);
    }
    deployment::advance_records(world, key);
    if world.ecs.service(key).status != ServiceStatus::Active {
        drain(world, key);
        return;
    }
    let plan = plan::plan(world, key);
    let idle = plan.stops.is_empty() && plan.starts.is_empty();
    apply(world, key, &plan);
    forget_empty(world, key);
    if idle {
        settle(world, key);
    } else {
        world.ecs.services[key.index()].steady = false;
    }
}

/// A deleted service: everything stops, then it is INACTIVE.
fn drain(world: &mut World, key: ServiceKey) {
    let tasks: Vec<TaskKey> = world.ecs.service(key).tasks.iter().copied().collect();
    if tasks.is_empty() {
        world.ecs.services[key.index()].status = ServiceStatus::Inactive;
        return;
    }
    apply(world, key, &Plan { stops: tasks, starts: Vec::new() });
}

fn apply(world: &mut World, key: ServiceKey, plan: &Plan) {
    stop_tasks(world, key, &plan.stops);
    for &(deployment, count) in &plan.starts {
        start_tasks(world, key, deployment, count);
    }
}

fn stop_tasks(world: &mut World, key: ServiceKey, tasks: &[TaskKey]) {
    let Some(primary) = world.ecs.service(key).primary().map(|primary| primary.id.clone()) else { return };
    let mut running = Vec::new();
    let mut pending = 0_usize;
    let mut draining = 0_usize;
    let mut groups = std::collections::BTreeMap::new();
    let mut moved = Vec::new();
    let moves = world.ecs.service(key).moves_tasks;
    for &task_key in tasks {
        let Some(task) = world.ecs.task(task_key) else { continue };
        if task.is_leaving() {
            continue;
        }
        let reason = match &task.condition {
            Condition::Unhealthy(reason) => reason.clone(),
            _ => format!("Scaling activity initiated by (deployment {primary})"),
        };
        if task.is_running() && task.condition == Condition::Healthy && moves {
            moved.push((task.id.clone(), task.zone.clone()));
        } else if task.is_running() {
            running.push(task.id.clone());
        } else {
            pending += 1;
        }
        for registration in &task.registrations {
            *groups.entry(registration.group).or_insert(0_usize) += 1;
        }
        stop::order(world, task_key, StopCode::ServiceSchedulerInitiated, reason);
        draining += usize::from(world.ecs.task(task_key).is_some_and(|task| task.draining > 0));
    }
    for (id, zone) in &moved {
        rebalance::note_stop(world, key, id, zone);
    }
    if !running.is_empty() {
        note(
            world,
            key,
            format_args!("has stopped {} running tasks: {}.", running.len(), TaskList(&running)),
        );
    }
    if pending > 0 {
        note(world, key, format_args!("stopped {pending} pending tasks."));
    }
    for (group, count) in groups {
        let arn = world.elb.group_arn(group).to_owned();
        note(world, key, format_args!("deregistered {count} targets in (target-group {arn})"));
    }
    if draining > 0 {
        note_of_task_set(
            world,
            key,
            &primary,
            format_args!("has begun draining connections on {draining} tasks."),
        );
    }
}

/// `(task A) (task B)`.
struct TaskList<'a>(&'a [String]);

impl std::fmt::Display for TaskList<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, id) in self.0.iter().enumerate() {
            let gap = if place == 0 { "" } else { " " };
            write!(f, "{gap}(task {id})")?;
        }
        Ok(())
    }
}

fn start_tasks(world: &mut World, key: ServiceKey, deployment: DeploymentKey, count: u32) {
    let now = world.now();
    let service = world.ecs.service(key);
    let Some(state) = service.deployment(deployment) else { return };
    let (definition, not_before, name) = (state.definition, state.not_before, service.name.clone());
    if not_before > now {
        request_at(world, key, not_before);
        return;
    }
    // Until the first task has resolved the tags of the images, it goes alone.
    let unresolved = state.pins.is_none()
        && state.failed_resolutions < breaker::MAX_RESOLUTIONS
        && world.ecs.definition(definition).has_tags();
    let limit =
        if unresolved { u32::from(state.roster.pending.is_empty()) } else { launches_per_pass(world) };
    let network = service.revisions[state.revision].network.clone();
    let unhealthy = number(state.roster.unhealthy.len());
    let faults = launch::faults(world, definition, &name, None);
    let mut ids = Vec::new();
    for _ in 0..count.min(limit) {
        let taken = world.ecs.service(key).zones.clone();
        let place = match launch::place(world, definition, &name, network.as_ref(), &taken) {
            Ok(place) => place,
            Err(reason) => {
                note_once(world, key, format_args!("was unable to place a task. Reason: {reason}."));
                retry_placement(world, key);
                break;
            }
        };
        ids.extend(start_task(world, key, deployment, place, faults));
    }
    if !ids.is_empty() {
        let why = match unhealthy.min(number(ids.len())) {
            0 => String::new(),
            replaced => format!(" Amazon ECS replaced {replaced} tasks due to an unhealthy status."),
        };
        note(world, key, format_args!("has started {} tasks: {}.{why}", ids.len(), TaskList(&ids)));
    }
    if count > limit && !unresolved {
        request(world, key);
    }
}

/// Looks again at a service for whose task there was no capacity.
pub(super) fn retry_placement(world: &mut World, key: ServiceKey) {
    let retry = world.now() + Duration::from_secs_f64(world.params.placement_retry_secs);
    request_at(world, key, retry);
}

/// Starts a task of a deployment in a zone; answers its id.
pub(super) fn start_task(
    world: &mut World,
    key: ServiceKey,
    deployment: DeploymentKey,
    place: Place,
    faults: TaskFaults,
) -> Option<String> {
    let service = world.ecs.service(key);
    let state = service.deployment(deployment)?;
    let (definition, started_by) = (state.definition, state.id.clone());
    let (cluster, group) = (service.cluster, format!("service:{}", service.name));
    let new = NewTask {
        cluster,
        definition,
        owner: Some((key, deployment)),
        group,
        started_by: Some(started_by),
        overrides: TaskOverride::default(),
        place,
        faults,
        old_release: faults.old_code.then(|| launch::old_release(world, key)),
    };
    let task = task::create(world, new);
    world.ecs.services[key.index()].tasks.insert(task);
    roster::file(world, task);
    world.ecs.task(task).map(|task| task.id.clone())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn launches_per_pass(world: &World) -> u32 {
    world.params.launches_per_pass.max(1.0) as u32
}

/// Deployments that lost their last task leave the list: superseded ones at once, a failed one when the
/// rollback is over. One that completed stays, hidden, to go back to.
fn forget_empty(world: &mut World, key: ServiceKey) {
    let service = &world.ecs.services[key.index()];
    if service.deployments.len() < 2 {
        return;
    }
    let rolling_back = service.deployments.first().is_some_and(|one| one.rollout == RolloutState::InProgress);
    let gone: Vec<DeploymentKey> = service
        .deployments
        .iter()
        .skip(1)
        .filter(|one| {
            one.retired && !(rolling_back && one.rollout == RolloutState::Failed) && one.roster.present == 0
        })
        .map(|one| one.key)
        .collect();
    world.ecs.services[key.index()].deployments.retain(|one| !gone.contains(&one.key));
}

/// Nothing is left to do: is the service steady, and its deployment complete?
fn settle(world: &mut World, key: ServiceKey) {
    let service = world.ecs.service(key);
    let Some(primary) = service.primary().map(|primary| &primary.roster) else { return };
    let all =
        number(primary.healthy.len()) == service.desired && service.tasks.len() == primary.healthy.len();
    if !all {
        return;
    }
    outcome::settled(world, key);
    let service = &mut world.ecs.services[key.index()];
    let complete = service.primary().is_some_and(|primary| primary.rollout == RolloutState::Completed);
    if complete && !service.steady {
        service.steady = true;
        note(world, key, format_args!("has reached a steady state."));
    }
    if complete {
        rebalance::look(world, key);
    }
}
