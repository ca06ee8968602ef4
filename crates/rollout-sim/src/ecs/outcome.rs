//! How a deployment ends: it fails and perhaps goes back, or it bakes and completes.

use std::time::Duration;

use super::api::*;
use super::notices::{self, Change};
use super::rollouts::{RollbackState, Rollout};
use super::service::note;
use super::{DeploymentKey, Event, ServiceKey, breaker, scheduler};
use crate::World;

/// Why a deployment fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// The circuit breaker counted enough failures.
    Breaker,
    /// These alarms fired.
    Alarms(Vec<String>),
    /// `StopServiceDeployment`.
    Stopped,
}

impl Cause {
    const fn rollout_reason(&self) -> &'static str {
        match self {
            Self::Breaker => "ECS deployment circuit breaker: tasks failed to start.",
            Self::Alarms(_) => "ECS deployment failed: alarm detected.",
            Self::Stopped => "ECS deployment stopped by user.",
        }
    }

    const fn event(&self) -> &'static str {
        match self {
            Self::Breaker => "deployment failed: tasks failed to start.",
            Self::Alarms(_) => "deployment failed: alarm detected.",
            Self::Stopped => "deployment failed: stopped by user.",
        }
    }

    const fn clause(&self) -> &'static str {
        match self {
            Self::Breaker => "because the circuit breaker threshold was exceeded.",
            Self::Alarms(_) => "because one or more CloudWatch alarms were triggered.",
            Self::Stopped => "by user request.",
        }
    }
}

/// Fails the primary deployment, where it is `deployment` and still in progress. With a rollback, the most
/// recent COMPLETED deployment comes back under its old id; without one to go back to, nothing more is started
/// (ECS:deployment-circuit-breaker).
pub(super) fn fail(world: &mut World, key: ServiceKey, deployment: DeploymentKey, cause: &Cause) {
    let now = world.now();
    let service = &mut world.ecs.services[key.index()];
    let limit = breaker::limit(&service.config, service.desired);
    let rolls_back = match cause {
        Cause::Breaker => {
            service.config.deployment_circuit_breaker.as_ref().is_some_and(|breaker| breaker.rollback)
        }
        Cause::Alarms(_) => service.config.alarms.as_ref().is_some_and(|alarms| alarms.rollback),
        Cause::Stopped => true,
    };
    let completed = service.deployments.iter().skip(1).position(|one| one.rollout == RolloutState::Completed);
    let Some(failed) = service.deployments.first_mut() else { return };
    if failed.key != deployment || failed.rollout != RolloutState::InProgress {
        return;
    }
    failed.rollout = RolloutState::Failed;
    failed.reason = cause.rollout_reason().to_owned();
    failed.updated_at = now;
    failed.bakes_until = None;
    failed.watches_alarms = false;
    let (id, count, place) = (failed.id.clone(), failed.failed_tasks, failed.rollout_place);
    let mut rollback = None;
    if let Some(record) = service.rollouts.get_mut(place) {
        record.updated_at = now;
        record.breaker_counts = Some((count, limit));
        match cause {
            Cause::Breaker => record.breaker = MonitorStatus::Triggered,
            Cause::Alarms(names) => {
                record.alarms = MonitorStatus::Triggered;
                record.triggered_alarms.clone_from(names);
            }
            Cause::Stopped => {}
        }
        record.end_watch();
        if rolls_back && !record.is_rollback() && completed.is_some() {
            record.status = ServiceDeploymentStatus::RollbackRequested;
            rollback = completed.map(|place| place + 1);
        } else if rolls_back {
            record.status = ServiceDeploymentStatus::RollbackFailed;
            record.finished_at = Some(now);
            record.status_reason = Some("No rollback candidate was found to run the rollback.".to_owned());
        } else {
            record.status = ServiceDeploymentStatus::StopRequested;
            record.status_reason = Some(format!("Service deployment stopped {}", cause.clause()));
        }
    }
    note(world, key, format_args!("(deployment {id}) {}", cause.event()));
    notices::primary_changed(world, key, Change::Failed);
    if let Some(rollback) = rollback {
        roll_back(world, key, rollback, cause);
    }
    scheduler::request(world, key);
}

fn roll_back(world: &mut World, key: ServiceKey, place: usize, cause: &Cause) {
    let now = world.now();
    let service = &mut world.ecs.services[key.index()];
    let mut back = service.deployments.remove(place);
    let Some(failed) = service.deployments.first_mut() else { return };
    failed.retired = true;
    failed.desired = 0;
    back.rollout = RolloutState::InProgress;
    back.reason = format!("ECS deployment circuit breaker: rolling back to deploymentId {}.", back.id);
    back.updated_at = now;
    back.failed_tasks = 0;
    back.tripped = false;
    back.start_failures = 0;
    back.not_before = now;
    back.retired = false;
    back.rollout_place = failed.rollout_place;
    back.ran = back.roster.runs();
    if let Some(record) = service.rollouts.get_mut(back.rollout_place) {
        record.status_reason = Some(format!("Service deployment rolled back {}", cause.clause()));
        record.rollback = Some(RollbackState {
            reason: format!("Service deployment rolled back {}", cause.clause()),
            started_at: now,
            revision: Some(back.revision),
        });
    }
    let id = back.id.clone();
    service.deployments.insert(0, back);
    service.steady = false;
    note(world, key, format_args!("rolling back to deployment {id}."));
    notices::primary_changed(world, key, Change::InProgress);
}

/// All tasks of the primary deployment are healthy and nothing else is left: it bakes, then completes.
pub(super) fn settled(world: &mut World, key: ServiceKey) {
    let now = world.now();
    let service = world.ecs.service(key);
    let Some(primary) = service.primary() else { return };
    if primary.rollout != RolloutState::InProgress || primary.tripped {
        return;
    }
    let deployment = primary.key;
    match primary.bakes_until {
        Some(until) if until <= now => complete(world, key),
        Some(_) => {}
        None => {
            let bake = bake_secs(world, key);
            if bake <= 0.0 {
                complete(world, key);
                return;
            }
            let until = now + Duration::from_secs_f64(bake);
            if let Some(primary) = world.ecs.services[key.index()].deployments.first_mut() {
                primary.bakes_until = Some(until);
            }
            world.schedule_at(until, crate::Event::Ecs(Event::Baked { service: key, deployment }));
        }
    }
}

/// Bake time: the configured one, or what AWS computes where alarms are in force. A rollback does not bake.
fn bake_secs(world: &World, key: ServiceKey) -> f64 {
    let service = world.ecs.service(key);
    let Some(primary) = service.primary() else { return 0.0 };
    if service.rollouts.get(primary.rollout_place).is_some_and(Rollout::is_rollback) {
        return 0.0;
    }
    match service.config.bake_time_in_minutes {
        Some(minutes) => f64::from(minutes) * 60.0,
        None if primary.watches_alarms => world.params.alarm_bake_secs,
        None => 0.0,
    }
}

pub(super) fn baked(world: &mut World, key: ServiceKey, deployment: DeploymentKey) {
    let primary = world.ecs.service(key).primary();
    if primary.is_some_and(|primary| primary.key == deployment && primary.bakes_until.is_some()) {
        scheduler::pass(world, key);
    }
}

fn complete(world: &mut World, key: ServiceKey) {
    let now = world.now();
    let service = &mut world.ecs.services[key.index()];
    let limit = breaker::limit(&service.config, service.desired);
    let Some(primary) = service.deployments.first_mut() else { return };
    primary.rollout = RolloutState::Completed;
    primary.reason = format!("ECS deployment {} completed.", primary.id);
    primary.updated_at = now;
    primary.bakes_until = None;
    primary.watches_alarms = false;
    let (id, failures, place) = (primary.id.clone(), primary.failed_tasks, primary.rollout_place);
    service.deployments.truncate(1);
    if let Some(record) = service.rollouts.get_mut(place).filter(|record| !record.is_over()) {
        record.status = if record.is_rollback() {
            ServiceDeploymentStatus::RollbackSuccessful
        } else {
            ServiceDeploymentStatus::Successful
        };
        record.finished_at = Some(now);
        record.updated_at = now;
        record.breaker_counts.get_or_insert((failures, limit));
        record.end_watch();
    }
    note(world, key, format_args!("(deployment {id}) deployment completed."));
    notices::primary_changed(world, key, Change::Completed);
}
