//! The deployment circuit breaker and start throttling: what counts as a failure
//! (ECS:deployment-circuit-breaker, ECS:service-throttle-logic).

use std::time::Duration;

use super::api::*;
use super::deployment::DeploymentState;
use super::outcome::{self, Cause};
use super::service::{ServiceState, note};
use super::{DeploymentKey, Event, ServiceKey, TaskKey, schedule, scheduler};
use crate::World;

/// Failed attempts to resolve image tags after which a deployment goes on without digests, or fails where the
/// breaker is on: version consistency (ECS:deployment-type-ecs).
pub(super) const MAX_RESOLUTIONS: u32 = 3;

/// Failures that trip the breaker of a deployment with this desired count. Percentages are rounded up; for
/// `UNBOUNDED_PERCENT` that is not stated.
pub(super) fn limit(config: &DeploymentConfiguration, desired: u32) -> u32 {
    let breaker = config.deployment_circuit_breaker.as_ref();
    let threshold = breaker.and_then(|breaker| breaker.threshold_configuration.as_ref());
    let threshold = threshold.and_then(|threshold| threshold.kind.zip(threshold.value));
    let (kind, value) = threshold.unwrap_or((ThresholdType::BoundedPercent, 50));
    let share = (u64::from(value) * u64::from(desired)).div_ceil(100);
    let share = u32::try_from(share).unwrap_or(u32::MAX);
    match kind {
        ThresholdType::BoundedPercent => share.clamp(3, 200),
        ThresholdType::UnboundedPercent => share.max(1),
        ThresholdType::Count => value,
    }
}

/// Threshold with the latest desired count.
pub(super) fn threshold(service: &ServiceState) -> u32 {
    limit(&service.config, service.desired)
}

/// A task is RUNNING: its deployment enters the breaker's second stage, and throttling ends.
pub(super) fn task_runs(world: &mut World, key: TaskKey) {
    with_deployment(world, key, |deployment| {
        deployment.ran = true;
        deployment.start_failures = 0;
    });
}

/// A task became healthy: the count goes back to 0 unless that is turned off.
pub(super) fn task_healthy(world: &mut World, key: TaskKey) {
    let Some((service, _)) = world.ecs.task(key).and_then(|task| task.owner) else { return };
    let breaker = world.ecs.service(service).config.deployment_circuit_breaker.as_ref();
    if breaker.and_then(|breaker| breaker.reset_on_healthy_task).unwrap_or(true) {
        with_deployment(world, key, |deployment| deployment.failed_tasks = 0);
    }
}

/// A task stopped before it ran: counts in the first stage, and delays the next start.
pub(super) fn task_failed_to_start(world: &mut World, key: TaskKey) {
    let Some((service, deployment)) = world.ecs.task(key).and_then(|task| task.owner) else { return };
    throttle(world, service, deployment);
    let tags = world.ecs.task(key).is_some_and(|task| {
        task.pull_started_at.is_some() && world.ecs.definition(task.definition).has_tags()
    });
    if tags {
        with_deployment(world, key, |deployment| {
            deployment.failed_resolutions += u32::from(deployment.pins.is_none());
        });
    }
    let first_stage =
        world.ecs.service(service).deployment(deployment).is_some_and(|deployment| !deployment.ran);
    if first_stage {
        count(world, service, deployment);
    }
}

/// A container exited. The guide is silent about a task that ran and was never healthy; it is counted here
/// (containers-roadmap#1206). One that was healthy is not.
pub(super) fn task_exited(world: &mut World, key: TaskKey) {
    let Some(task) = world.ecs.task(key) else { return };
    if let (Some((service, deployment)), false) = (task.owner, task.was_healthy) {
        count(world, service, deployment);
    }
}

/// A task is to be replaced for its health: counts in the second stage.
pub(super) fn task_unhealthy(world: &mut World, key: TaskKey) {
    if let Some((service, deployment)) = world.ecs.task(key).and_then(|task| task.owner) {
        count(world, service, deployment);
    }
}

fn with_deployment(world: &mut World, key: TaskKey, change: impl FnOnce(&mut DeploymentState)) {
    let Some((service, deployment)) = world.ecs.task(key).and_then(|task| task.owner) else { return };
    if let Some(deployment) = world.ecs.services[service.index()].deployment_mut(deployment) {
        change(deployment);
    }
}

fn count(world: &mut World, key: ServiceKey, deployment: DeploymentKey) {
    let now = world.now();
    let service = &mut world.ecs.services[key.index()];
    let limit = limit(&service.config, service.desired);
    let enabled = service.config.deployment_circuit_breaker.as_ref().is_some_and(|breaker| breaker.enable);
    let Some(state) = service.deployment_mut(deployment) else { return };
    if state.rollout != RolloutState::InProgress {
        return;
    }
    state.failed_tasks += 1;
    state.updated_at = now;
    let unresolved = state.pins.is_none() && state.failed_resolutions >= MAX_RESOLUTIONS;
    if enabled && !state.tripped && (state.failed_tasks >= limit || unresolved) {
        state.tripped = true;
        let lag = world.params.breaker_lag_secs;
        schedule(world, lag, Event::Trip { service: key, deployment });
    }
}

pub(super) fn trip(world: &mut World, service: ServiceKey, deployment: DeploymentKey) {
    outcome::fail(world, service, deployment, &Cause::Breaker);
}

/// Delays the next start of a deployment whose tasks stop before they run, longer each time up to a
/// maximum. Tasks that stop together count once.
fn throttle(world: &mut World, key: ServiceKey, deployment: DeploymentKey) {
    let now = world.now();
    let (base, max) = (world.params.throttle_base_secs, world.params.throttle_max_secs);
    let service = &mut world.ecs.services[key.index()];
    let Some(state) = service.deployment_mut(deployment) else { return };
    if state.not_before > now {
        return;
    }
    state.start_failures += 1;
    let doublings = i32::try_from(state.start_failures - 1).unwrap_or(i32::MAX).min(20);
    state.not_before = now + Duration::from_secs_f64((base * f64::powi(2.0, doublings)).min(max));
    let announce = state.start_failures == 2;
    if announce {
        note(world, key, format_args!("is unable to consistently start tasks successfully."));
    }
    scheduler::request(world, key);
}
