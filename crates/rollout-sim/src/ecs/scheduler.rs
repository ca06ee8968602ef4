//! The service scheduler (ECS:deployment-type-ecs): keeps the desired count, rolls from one deployment to the
//! next between the minimum healthy and the maximum percent, and replaces what is unhealthy.

use std::time::Duration;

use super::api::*;
use super::service::note;
use super::task::{Condition, NewTask};
use super::{DeploymentKey, Event, ServiceKey, TaskKey, deployment, launch, stop, task};
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

/// Tasks of one deployment by what the scheduler may do with them.
#[derive(Default)]
struct Group {
    /// Not yet RUNNING.
    pending: Vec<TaskKey>,
    /// RUNNING, not yet healthy.
    unproven: Vec<TaskKey>,
    healthy: Vec<TaskKey>,
    unhealthy: Vec<TaskKey>,
}

impl Group {
    /// Tasks that count for the wanted number.
    fn good(&self) -> u32 {
        number(self.pending.len() + self.unproven.len() + self.healthy.len())
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// What one look at a service decides.
#[derive(Default)]
struct Plan {
    /// Tasks to stop with the deployment that orders it.
    stops: Vec<TaskKey>,
    /// Tasks to start per deployment.
    starts: Vec<(DeploymentKey, u32)>,
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
    let groups = groups(world, key);
    let plan = plan(world, key, &groups);
    let idle = plan.stops.is_empty() && plan.starts.is_empty();
    apply(world, key, &plan);
    forget_empty(world, key);
    if idle {
        settle(world, key, &groups);
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

fn groups(world: &World, key: ServiceKey) -> Vec<Group> {
    let service = world.ecs.service(key);
    let mut groups: Vec<Group> = service.deployments.iter().map(|_| Group::default()).collect();
    for &task_key in &service.tasks {
        let Some(task) = world.ecs.task(task_key) else { continue };
        if task.is_leaving() {
            continue;
        }
        let place =
            task.owner.and_then(|(_, owner)| service.deployments.iter().position(|one| one.key == owner));
        let Some(group) = place.and_then(|place| groups.get_mut(place)) else { continue };
        let list = match (&task.condition, task.is_running()) {
            (Condition::Unhealthy(_), _) => &mut group.unhealthy,
            (_, false) => &mut group.pending,
            (Condition::Healthy, true) => &mut group.healthy,
            (Condition::Unproven, true) => &mut group.unproven,
        };
        list.push(task_key);
    }
    groups
}

fn plan(world: &mut World, key: ServiceKey, groups: &[Group]) -> Plan {
    let mut plan = Plan::default();
    let service = world.ecs.service(key);
    let Some((primary, sources)) = groups.split_first() else { return plan };
    let desired = service.desired;
    let (minimum, maximum) = service.bounds();
    // Everything not yet STOPPED takes its place: what drains still runs.
    let occupied = number(service.tasks.len());
    let leaving = occupied
        .saturating_sub(groups.iter().map(|group| group.good() + number(group.unhealthy.len())).sum());
    let mut room = maximum.saturating_sub(occupied);
    let healthy: u32 = groups.iter().map(|group| number(group.healthy.len())).sum();
    let mut spare = healthy.saturating_sub(minimum);
    let halted = service.deployments.first().is_some_and(|one| one.rollout == RolloutState::Failed);

    let mut wanted = Vec::with_capacity(groups.len());
    wanted.push(if halted { primary.good().min(desired) } else { desired });
    surplus(&mut plan, primary, desired, &mut spare);
    let missing = wanted[0].saturating_sub(primary.good());
    // Where the maximum leaves no room, old tasks make it, as far as the minimum allows.
    let mut blocked = missing.saturating_sub(room).saturating_sub(leaving);
    let mut ahead = number(primary.healthy.len());
    for (source, state) in sources.iter().zip(service.deployments.iter().skip(1)) {
        let keep = if state.retired { 0 } else { state.desired.min(desired.saturating_sub(ahead)) };
        let keep_for_now = keep.saturating_sub(blocked);
        let stopped = surplus(&mut plan, source, keep_for_now, &mut spare);
        blocked = blocked.saturating_sub(stopped);
        let rest = source.good() - stopped;
        wanted.push(if state.retired { rest } else { rest.max(keep_for_now).min(state.desired) });
        ahead += rest;
    }
    for (place, (group, &want)) in groups.iter().zip(&wanted).enumerate() {
        let Some(state) = service.deployments.get(place) else { continue };
        let missing = want.saturating_sub(group.good());
        let starts = missing.min(room);
        room -= starts;
        if starts > 0 {
            plan.starts.push((state.key, starts));
        }
        let abandoned = state.retired || state.rollout == RolloutState::Failed;
        let replaced = abandoned || number(group.healthy.len()) >= want;
        if replaced {
            plan.stops.extend(&group.unhealthy);
        } else if missing > starts && leaving == 0 && plan.stops.is_empty() {
            // No room for the replacement: one unhealthy task stops first, one at a time.
            plan.stops.extend(group.unhealthy.first());
        }
    }
    let service = &mut world.ecs.services[key.index()];
    for (state, want) in service.deployments.iter_mut().zip(wanted).skip(1) {
        state.desired = want;
    }
    plan
}

/// Stops what a group has beyond `keep`: first what is not yet healthy, then healthy tasks while `spare`
/// lasts. Answers how many.
fn surplus(plan: &mut Plan, group: &Group, keep: u32, spare: &mut u32) -> u32 {
    let mut excess = group.good().saturating_sub(keep);
    let before = excess;
    for &task in group.pending.iter().chain(&group.unproven).rev().take(excess as usize) {
        plan.stops.push(task);
        excess -= 1;
    }
    for &task in group.healthy.iter().rev().take(excess.min(*spare) as usize) {
        plan.stops.push(task);
        excess -= 1;
        *spare -= 1;
    }
    before - excess
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
    for &task_key in tasks {
        let Some(task) = world.ecs.task(task_key) else { continue };
        if task.is_leaving() {
            continue;
        }
        let reason = match &task.condition {
            Condition::Unhealthy(reason) => reason.clone(),
            _ => format!("Scaling activity initiated by (deployment {primary})"),
        };
        if task.is_running() {
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
        let number = primary.trim_start_matches("ecs-svc/");
        note(
            world,
            key,
            format_args!("(taskSet ecs-svc/{number}) has begun draining connections on {draining} tasks."),
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
    if launch::no_capacity(world, &name) {
        note(world, key, format_args!("was unable to place a task. Reason: {}.", launch::CAPACITY));
        let retry = now + Duration::from_secs_f64(world.params.placement_retry_secs);
        request_at(world, key, retry);
        return;
    }
    // Until the first task has resolved the tags of the images, it goes alone.
    let unresolved = state.pins.is_none() && world.ecs.definition(definition).has_tags();
    let mine = |task: &TaskKey| {
        world.ecs.task(*task).is_some_and(|task| task.owner == Some((key, deployment)) && task.is_pending())
    };
    let limit =
        if unresolved { u32::from(!service.tasks.iter().any(mine)) } else { launches_per_pass(world) };
    let network = service.revisions[state.revision].network.clone();
    let started_by = state.id.clone();
    let replaces = service.tasks.iter().filter_map(|&task| world.ecs.task(task)).any(|task| {
        task.owner == Some((key, deployment))
            && !task.is_leaving()
            && matches!(task.condition, Condition::Unhealthy(_))
    });
    let cluster = service.cluster;
    let mut taken = zones(world, key);
    let faults = launch::faults(world, definition, &name, None);
    let old_release = faults.old_code.then(|| launch::old_release(world, key));
    let mut ids = Vec::new();
    for _ in 0..count.min(limit) {
        let (subnet, zone, index) = launch::place(world, network.as_ref(), &taken);
        if taken.len() <= index {
            taken.resize(index + 1, 0);
        }
        taken[index] += 1;
        let new = NewTask {
            cluster,
            definition,
            owner: Some((key, deployment)),
            group: format!("service:{name}"),
            started_by: Some(started_by.clone()),
            overrides: TaskOverride::default(),
            subnet,
            zone,
            faults,
            old_release: old_release.clone(),
        };
        let task = task::create(world, new);
        world.ecs.services[key.index()].tasks.insert(task);
        ids.extend(world.ecs.task(task).map(|task| task.id.clone()));
    }
    if !ids.is_empty() {
        let why = if replaces { " Amazon ECS replaced 1 tasks due to an unhealthy status." } else { "" };
        note(world, key, format_args!("has started {} tasks: {}.{why}", ids.len(), TaskList(&ids)));
    }
    if count > limit && !unresolved {
        request(world, key);
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn launches_per_pass(world: &World) -> u32 {
    world.params.launches_per_pass.max(1.0) as u32
}

/// Tasks of the service per zone.
fn zones(world: &World, key: ServiceKey) -> Vec<u32> {
    let mut counts = Vec::new();
    for task in world.ecs.service(key).tasks.iter().filter_map(|&task| world.ecs.task(task)) {
        if task.is_leaving() {
            continue;
        }
        let letter = task.zone.bytes().next_back().unwrap_or(b'a');
        let index = usize::from(letter.saturating_sub(b'a'));
        if counts.len() <= index {
            counts.resize(index + 1, 0);
        }
        counts[index] += 1;
    }
    counts
}

/// Deployments that lost their last task leave the list: superseded ones at once, a failed one when the
/// rollback is over. One that completed stays, hidden, to go back to.
fn forget_empty(world: &mut World, key: ServiceKey) {
    let service = &world.ecs.services[key.index()];
    if service.deployments.len() < 2 {
        return;
    }
    let rolling_back = service.deployments.first().is_some_and(|one| one.rollout == RolloutState::InProgress);
    let occupied = |deployment: DeploymentKey| {
        service
            .tasks
            .iter()
            .any(|task| world.ecs.tasks.get(task).is_some_and(|task| task.owner == Some((key, deployment))))
    };
    let gone: Vec<DeploymentKey> = service
        .deployments
        .iter()
        .skip(1)
        .filter(|one| {
            one.retired && !(rolling_back && one.rollout == RolloutState::Failed) && !occupied(one.key)
        })
        .map(|one| one.key)
        .collect();
    world.ecs.services[key.index()].deployments.retain(|one| !gone.contains(&one.key));
}

/// Nothing is left to do: is the service steady, and its deployment complete?
fn settle(world: &mut World, key: ServiceKey, groups: &[Group]) {
    let service = world.ecs.service(key);
    let Some(primary) = groups.first() else { return };
    let all =
        number(primary.healthy.len()) == service.desired && service.tasks.len() == primary.healthy.len();
    if !all {
        return;
    }
    deployment::settled(world, key);
    let service = &mut world.ecs.services[key.index()];
    let complete = service.primary().is_some_and(|primary| primary.rollout == RolloutState::Completed);
    if complete && !service.steady {
        service.steady = true;
        note(world, key, format_args!("has reached a steady state."));
    }
}
