//! How tasks stop: by an order, or because their container exited.

use super::api::*;
use super::{TaskKey, lifecycle, roster, scheduler};
use crate::{World, elb};

/// Orders a task to stop; one that is stopping already goes on as it was.
pub(super) fn order(world: &mut World, key: TaskKey, code: StopCode, reason: String) {
    let now = world.now();
    let Some(task) = world.ecs.task_mut(key) else { return };
    if task.is_leaving() || task.is_stopped() {
        return;
    }
    task.stopping_at = Some(now);
    task.stop = Some((code, reason));
    let was_running = task.is_running();
    roster::file(world, key);
    let drains = drain(world, key);
    if !was_running {
        if let Some(task) = world.ecs.task_mut(key) {
            task.execution_stopped_at = Some(now);
        }
        deprovision(world, key);
    } else if drains {
        lifecycle::enter(world, key, TaskStatus::Deactivating, None);
    } else {
        signal(world, key);
    }
}

/// An essential container exited: the task stops by itself.
pub(super) fn container_exited(world: &mut World, key: TaskKey) {
    let now = world.now();
    let Some(task) = world.ecs.task_mut(key) else { return };
    task.stopping_at = Some(now);
    task.execution_stopped_at = Some(now);
    task.stop = Some((StopCode::EssentialContainerExited, "Essential container in task exited".to_owned()));
    roster::file(world, key);
    replace(world, key);
    let drains = drain(world, key);
    if drains && world.params.drain_after_exit >= 0.5 {
        lifecycle::enter(world, key, TaskStatus::Deactivating, None);
    } else {
        deprovision(world, key);
    }
}

/// Has the scheduler look at the service of a task whose stop it did not order: where the maximum leaves room, another
/// takes its place while it still drains.
pub(super) fn replace(world: &mut World, key: TaskKey) {
    if let Some((service, _)) = world.ecs.task(key).and_then(|task| task.owner) {
        scheduler::request(world, service);
    }
}

/// Deregisters the targets of a task; answers whether any of them drains.
fn drain(world: &mut World, key: TaskKey) -> bool {
    let Some(task) = world.ecs.task(key) else { return false };
    let registrations = task.registrations.clone();
    let draining =
        registrations.into_iter().filter(|&registration| elb::deregister(world, registration)).count();
    if let Some(task) = world.ecs.task_mut(key) {
        task.draining = u32::try_from(draining).unwrap_or(u32::MAX);
    }
    draining > 0
}

/// A target of the task is `unused` at last: ECS waits for that before it stops containers
/// (ECS:load-balancer-connection-draining), and notices it after a while.
pub(crate) fn target_drained(world: &mut World, key: TaskKey) {
    let Some(task) = world.ecs.task_mut(key) else { return };
    task.draining = task.draining.saturating_sub(1);
    if task.draining > 0 || task.status != TaskStatus::Deactivating {
        return;
    }
    let lag = world.params.drained_lag_secs;
    lifecycle::enter(world, key, TaskStatus::Deactivating, Some(lag));
}

/// ECS has noticed that no target of the task drains any more.
pub(super) fn drained(world: &mut World, key: TaskKey) {
    let Some(task) = world.ecs.task(key) else { return };
    if task.execution_stopped_at.is_some() {
        deprovision(world, key);
    } else {
        signal(world, key);
    }
}

/// STOPPING: SIGTERM, then SIGKILL after the stop time-out.
fn signal(world: &mut World, key: TaskKey) {
    let secs = stop_secs(world, key).0;
    lifecycle::enter(world, key, TaskStatus::Stopping, Some(secs));
}

/// How long the containers take to stop, and whether one must be killed.
fn stop_secs(world: &World, key: TaskKey) -> (f64, bool) {
    let Some(task) = world.ecs.task(key) else { return (0.0, false) };
    let plans = &world.ecs.definition(task.definition).containers;
    let mut longest = 0.0_f64;
    let mut killed = false;
    for (plan, container) in plans.iter().zip(&task.containers) {
        if container.exit_code.is_some() {
            continue;
        }
        let own = super::program::image(world, container.image_digest.as_deref()).stop_secs;
        let limit = plan.stop_timeout.as_secs_f64();
        killed |= own > limit;
        longest = longest.max(own.min(limit));
    }
    (longest, killed)
}

/// The containers are gone.
pub(super) fn killed(world: &mut World, key: TaskKey) {
    let now = world.now();
    let exit_code = if stop_secs(world, key).1 { 137 } else { 143 };
    if let Some(task) = world.ecs.task_mut(key) {
        task.execution_stopped_at = Some(now);
        for container in &mut task.containers {
            container.exit_code.get_or_insert(exit_code);
        }
    }
    deprovision(world, key);
}

fn deprovision(world: &mut World, key: TaskKey) {
    let delay = world.params.deprovisioning_secs;
    lifecycle::enter(world, key, TaskStatus::Deprovisioning, Some(delay));
}
