//! Health of tasks, as the service scheduler sees it: from container checks, target groups and time.

use std::time::Duration;

use super::api::*;
use super::task::{Condition, TaskState};
use super::{Event, TaskKey, breaker, program, roster, schedule, scheduler, service};
use crate::elb::{self, TargetState};
use crate::{SimTime, World};

/// A task runs: its checks begin.
pub(super) fn start(world: &mut World, key: TaskKey) {
    let Some(task) = world.ecs.task(key) else { return };
    let definition = world.ecs.definition(task.definition);
    let intervals: Vec<(usize, f64)> = definition
        .containers
        .iter()
        .enumerate()
        .filter_map(|(place, plan)| Some((place, plan.check.as_ref()?.interval_secs)))
        .collect();
    if task.registrations.is_empty() && !definition.has_checks() && task.owner.is_some() {
        let delay = world.params.assumed_healthy_secs;
        schedule(world, delay, Event::Consider { task: key });
    }
    for (container, interval) in intervals {
        schedule(world, interval, Event::ContainerCheck { task: key, container });
    }
    // A target may have been judged while the task was starting.
    consider(world, key);
}

/// A container's health check: `retries` failures in a row make it UNHEALTHY; failures inside the start
/// period do not count until a first success ends it (bc:ecs/HealthCheck).
pub(super) fn container_check(world: &mut World, key: TaskKey, container: usize) {
    let now = world.now();
    let Some(task) = world.ecs.task(key) else { return };
    if !task.is_running() {
        return;
    }
    let definition = world.ecs.definition(task.definition);
    let Some(plan) = definition.containers.get(container).and_then(|plan| plan.check.as_ref()) else {
        return;
    };
    let Some(state) = task.containers.get(container) else { return };
    let image = program::image(world, state.image_digest.as_deref());
    let in_time = image.answer_secs <= plan.timeout_secs;
    let works = image.container_check_passes
        && !task.faults.container_health
        && in_time
        && !program::is_wrong(world, task, image);
    let listens = program::listens(world, task, container);
    let passes = works && listens;
    let probe_secs = if listens { image.answer_secs.min(plan.timeout_secs) } else { 0.0 };
    let age = task.started_at.map_or(Duration::ZERO, |started_at| now.since(started_at));
    let immune = age.as_secs_f64() <= plan.start_period_secs && state.health != HealthStatus::Healthy;
    let (retries, interval) = (plan.retries, plan.interval_secs);

    let Some(state) = world.ecs.task_mut(key).and_then(|task| task.containers.get_mut(container)) else {
        return;
    };
    let before = state.health;
    if passes {
        state.check_failures = 0;
        state.health = HealthStatus::Healthy;
    } else if !immune {
        state.check_failures += 1;
        if state.check_failures >= retries {
            state.health = HealthStatus::Unhealthy;
        }
    }
    let after = state.health;
    // A program that answers keeps answering: once the verdict is what it deserves, further checks tell nothing.
    let settled = match after {
        HealthStatus::Healthy => passes,
        HealthStatus::Unhealthy => listens && !works,
        HealthStatus::Unknown => false,
    };
    if !settled {
        schedule(world, interval + probe_secs, Event::ContainerCheck { task: key, container });
    }
    if after != before {
        consider(world, key);
    }
}

/// Checks of containers that rested because the program always passed them go on: it may not any more.
pub(super) fn resume(world: &mut World, key: TaskKey) {
    let Some(task) = world.ecs.task(key) else { return };
    let plans = &world.ecs.definition(task.definition).containers;
    let resting: Vec<(usize, f64)> = plans
        .iter()
        .zip(&task.containers)
        .enumerate()
        .filter(|(_, (_, state))| state.health == HealthStatus::Healthy)
        .filter_map(|(place, (plan, _))| Some((place, plan.check.as_ref()?.interval_secs)))
        .collect();
    for (container, interval) in resting {
        schedule(world, interval, Event::ContainerCheck { task: key, container });
    }
}

/// A target of the task changed its state.
pub(crate) fn target_changed(world: &mut World, key: TaskKey) {
    consider(world, key);
}

/// Forms the scheduler's opinion of a task anew.
///
/// Healthy needs every configured check to pass; without any, 40 s of running
/// (bc:ecs/DeploymentConfiguration.minimumHealthyPercent). Failed checks are ignored for the grace period
/// after the task started (bc:ecs/UpdateServiceRequest). On a target that is unhealthy then ECS acts later still, by
/// `health_lag_secs`.
pub(super) fn consider(world: &mut World, key: TaskKey) {
    let Some(task) = world.ecs.task(key) else { return };
    let Some((service, _)) = task.owner else { return };
    if !task.is_running() || matches!(task.condition, Condition::Unhealthy(_)) {
        return;
    }
    let Some(started_at) = task.started_at else { return };
    let judged_at = task.judged_at;
    let opinion = opinion(world, task, started_at);
    let was_healthy = task.condition == Condition::Healthy;
    if !matches!(opinion, Opinion::Unhealthy { .. })
        && let Some(task) = world.ecs.task_mut(key)
    {
        task.judged_at = None;
    }
    match opinion {
        Opinion::Waiting => {}
        Opinion::Healthy => {
            if let Some(task) = world.ecs.task_mut(key) {
                task.condition = Condition::Healthy;
                task.was_healthy = true;
            }
            roster::file(world, key);
            if !was_healthy {
                breaker::task_healthy(world, key);
                scheduler::request(world, service);
            }
        }
        Opinion::Unhealthy { note, reason, lag_secs } => {
            let grace = Duration::from_secs(u64::from(world.ecs.services[service.index()].grace_secs));
            let from = world.now().max(started_at + grace) + Duration::from_secs_f64(lag_secs);
            let due = judged_at.filter(|_| lag_secs > 0.0).unwrap_or(from);
            if world.now() < due {
                if judged_at != Some(due) {
                    world.schedule_at(due, crate::Event::Ecs(Event::Consider { task: key }));
                }
                if let Some(task) = world.ecs.task_mut(key) {
                    task.judged_at = Some(due);
                }
                return;
            }
            service::note(world, service, format_args!("{note}"));
            if let Some(task) = world.ecs.task_mut(key) {
                task.condition = Condition::Unhealthy(reason);
            }
            roster::file(world, key);
            breaker::task_unhealthy(world, key);
            scheduler::request(world, service);
        }
    }
}

enum Opinion {
    Waiting,
    Healthy,
    Unhealthy { note: String, reason: String, lag_secs: f64 },
}

fn opinion(world: &World, task: &TaskState, started_at: SimTime) -> Opinion {
    let definition = world.ecs.definition(task.definition);
    let mut checked = false;
    let mut waiting = false;
    for (plan, state) in definition.containers.iter().zip(&task.containers) {
        if !plan.essential || plan.check.is_none() {
            continue;
        }
        checked = true;
        match state.health {
            HealthStatus::Healthy => {}
            HealthStatus::Unknown => waiting = true,
            HealthStatus::Unhealthy => {
                return Opinion::Unhealthy {
                    note: format!("(task {}) failed container health checks.", task.id),
                    reason: "Task failed container health checks".to_owned(),
                    lag_secs: 0.0,
                };
            }
        }
    }
    if task.fails_in_registry {
        // The wording is not documented.
        return Opinion::Unhealthy {
            note: format!("(task {}) failed service discovery health checks.", task.id),
            reason: "Task failed service discovery health checks".to_owned(),
            lag_secs: 0.0,
        };
    }
    for &registration in &task.registrations {
        checked = true;
        match elb::target_state(world, registration) {
            TargetState::Healthy => {}
            TargetState::Initial | TargetState::Unused | TargetState::Draining => waiting = true,
            TargetState::Unhealthy => {
                let arn = world.elb.group_arn(registration.group);
                let port = elb::target_port(world, registration);
                let why = elb::unhealthy_reason(world, registration);
                return Opinion::Unhealthy {
                    note: format!(
                        "(task {}) (port {port}) is unhealthy in (target-group {arn}) due to (reason {why}).",
                        task.id
                    ),
                    reason: format!("Task failed ELB health checks in (target-group {arn})"),
                    lag_secs: world.params.health_lag_secs,
                };
            }
        }
    }
    let long_enough = world.now().since(started_at).as_secs_f64() >= world.params.assumed_healthy_secs;
    if waiting || (!checked && !long_enough) { Opinion::Waiting } else { Opinion::Healthy }
}
