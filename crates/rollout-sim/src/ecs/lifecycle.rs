//! The life of a task: PROVISIONING → PENDING → ACTIVATING → RUNNING → DEACTIVATING → STOPPING →
//! DEPROVISIONING → STOPPED (ECS:task-lifecycle-explanation).

use std::time::Duration;

use super::api::*;
use super::{Event, TaskKey, breaker, checks, launch, program, roster, schedule, scheduler, stop};
use crate::World;

/// Puts a task into a state, which it leaves after `delay_secs`; `None` leaves that to another event.
pub(super) fn enter(world: &mut World, key: TaskKey, status: TaskStatus, delay_secs: Option<f64>) {
    let Some(task) = world.ecs.task_mut(key) else { return };
    task.status = status;
    task.step += 1;
    let step = task.step;
    if let Some(delay) = delay_secs {
        schedule(world, delay, Event::Step { task: key, step });
    }
}

/// The time of a state is over.
pub(super) fn step(world: &mut World, key: TaskKey, step: u32) {
    let Some(task) = world.ecs.task(key) else { return };
    if task.step != step {
        return;
    }
    match task.status {
        TaskStatus::Provisioning => {
            let delay = world.params.pending_secs;
            enter(world, key, TaskStatus::Pending, Some(delay));
        }
        TaskStatus::Pending => match launch::resources(world, key) {
            Ok(()) => begin_pull(world, key),
            Err(reason) => fail_to_start(world, key, reason),
        },
        TaskStatus::Activating if task.pulled => run(world, key),
        TaskStatus::Activating => end_pull(world, key),
        TaskStatus::Deactivating => stop::drained(world, key),
        TaskStatus::Stopping => stop::killed(world, key),
        TaskStatus::Deprovisioning => stopped(world, key),
        TaskStatus::Running | TaskStatus::Stopped => {}
    }
}

fn begin_pull(world: &mut World, key: TaskKey) {
    let now = world.now();
    let secs = match launch::pull(world, key) {
        Ok(pull) => pull.secs,
        Err(_) => world.params.pull_failure_secs,
    };
    if let Some(task) = world.ecs.task_mut(key) {
        task.pull_started_at = Some(now);
    }
    enter(world, key, TaskStatus::Activating, Some(secs));
}

fn end_pull(world: &mut World, key: TaskKey) {
    let now = world.now();
    match launch::pull(world, key) {
        Err(reason) => fail_to_start(world, key, reason),
        Ok(pull) => {
            if let Some(task) = world.ecs.task_mut(key) {
                task.pull_stopped_at = Some(now);
                task.pulled = true;
                for (container, digest) in task.containers.iter_mut().zip(&pull.digests) {
                    container.image_digest = Some(digest.clone());
                }
            }
            launch::pin(world, key, &pull.digests);
            launch::register_targets(world, key);
            let delay = world.params.activating_secs;
            enter(world, key, TaskStatus::Activating, Some(delay));
        }
    }
}

fn run(world: &mut World, key: TaskKey) {
    let now = world.now();
    enter(world, key, TaskStatus::Running, None);
    if let Some(task) = world.ecs.task_mut(key) {
        task.started_at = Some(now);
    }
    roster::file(world, key);
    breaker::task_runs(world, key);
    program::start(world, key);
    checks::start(world, key);
}

/// A task that never ran: `TaskFailedToStart`.
fn fail_to_start(world: &mut World, key: TaskKey, reason: String) {
    let now = world.now();
    let Some(task) = world.ecs.task_mut(key) else { return };
    task.stopping_at = Some(now);
    task.execution_stopped_at = Some(now);
    if let Some(container) = task.containers.first_mut()
        && reason.starts_with("CannotPull")
    {
        container.reason = Some(reason.clone());
    }
    task.stop = Some((StopCode::TaskFailedToStart, reason));
    roster::file(world, key);
    breaker::task_failed_to_start(world, key);
    let delay = world.params.deprovisioning_secs;
    enter(world, key, TaskStatus::Deprovisioning, Some(delay));
}

fn stopped(world: &mut World, key: TaskKey) {
    let now = world.now();
    enter(world, key, TaskStatus::Stopped, None);
    let Some(task) = world.ecs.task_mut(key) else { return };
    task.stopped_at = Some(now);
    task.registrations.clear();
    if let Some((service, _)) = task.owner {
        roster::file(world, key);
        world.ecs.services[service.index()].tasks.remove(&key);
        scheduler::request(world, service);
    }
    let retention = Duration::from_secs_f64(world.params.stopped_task_retention_secs);
    world.schedule_in(retention, crate::Event::Ecs(Event::Forget { task: key }));
}
