//! Deployments of a service: begin, complete, fail, go back.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::api::*;
use super::revision::RevisionState;
use super::rollouts::{RollbackState, Rollout};
use super::service::note;
use super::{DefinitionKey, DeploymentKey, Event, ServiceKey, alarms, scheduler};
use crate::elb::TargetGroupKey;
use crate::{SimTime, World};

/// Service deployments and revisions that a service remembers; AWS keeps 90 days of them.
const MAX_ROLLOUTS: usize = 200;

/// A deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct DeploymentState {
    pub(super) key: DeploymentKey,
    /// `ecs-svc/NUMBER`.
    pub(super) id: String,
    pub(super) definition: DefinitionKey,
    /// Place of its revision.
    pub(super) revision: usize,
    /// Place of its record.
    pub(super) rollout_place: usize,
    pub(super) created_at: SimTime,
    pub(super) updated_at: SimTime,
    pub(super) rollout: RolloutState,
    pub(super) reason: String,
    /// Consecutive failures.
    pub(super) failed_tasks: u32,
    /// Whether the breaker counted enough; it acts a moment later.
    pub(super) tripped: bool,
    /// Whether any of its tasks was RUNNING: stage 2 of the breaker.
    pub(super) ran: bool,
    /// Whether it is to lose all its tasks: it failed and another comes back, or it was superseded.
    pub(super) retired: bool,
    /// How many tasks it keeps while it is being replaced.
    pub(super) desired: u32,
    /// Tasks in a row that stopped before they ran.
    pub(super) start_failures: u32,
    /// Start throttling: no task starts before.
    pub(super) not_before: SimTime,
    /// Digests per container, once its first task resolved them.
    pub(super) pins: Option<Vec<String>>,
    /// Target groups and container ports of its tasks.
    pub(super) targets: Vec<(TargetGroupKey, u16)>,
    pub(super) bakes_until: Option<SimTime>,
    pub(super) watches_alarms: bool,
}

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

/// The digest to which the deployment of a task pinned the image of a container.
pub(super) fn pinned_digest(
    world: &World,
    owner: Option<(ServiceKey, DeploymentKey)>,
    container: usize,
) -> Option<&str> {
    let (service, deployment) = owner?;
    let pins = world.ecs.service(service).deployment(deployment)?.pins.as_ref()?;
    pins.get(container).map(String::as_str)
}

pub(super) fn pin(world: &mut World, service: ServiceKey, deployment: DeploymentKey, digests: &[String]) {
    let service = &mut world.ecs.services[service.index()];
    let Some(deployment) = service.deployment_mut(deployment) else { return };
    if deployment.pins.is_none() {
        deployment.pins = Some(digests.to_vec());
        let place = deployment.rollout_place;
        if let Some(record) = service.rollouts.get_mut(place) {
            record.pins = Some(digests.to_vec());
        }
    }
}

/// Target groups and ports of the tasks of a deployment.
pub(super) fn targets(
    world: &World,
    service: ServiceKey,
    deployment: DeploymentKey,
) -> Option<Vec<(TargetGroupKey, u16)>> {
    world.ecs.service(service).deployment(deployment).map(|deployment| deployment.targets.clone())
}

/// Task definition of the last completed deployment.
pub(super) fn completed_definition(world: &World, service: ServiceKey) -> Option<DefinitionKey> {
    let mut deployments = world.ecs.service(service).deployments.iter();
    deployments
        .find(|deployment| deployment.rollout == RolloutState::Completed)
        .map(|deployment| deployment.definition)
}

/// Begins a deployment of `revision`. One under way is superseded: its service deployment goes to
/// STOP_REQUESTED and, when the new one begins to act, to STOPPED (ECS:service-deployment).
pub(super) fn start(world: &mut World, key: ServiceKey, mut revision: RevisionState) {
    let now = world.now();
    let cluster = world.ecs.cluster(world.ecs.service(key).cluster).name.clone();
    let mut number = || 1_000_000_000_000_000_000 + world.rng.next_u64() % 8_999_999_999_999_999_999;
    let (revision_number, id) = (number(), format!("ecs-svc/{}", number()));
    let record_id = world.rng.hex(21);
    let name = world.ecs.service(key).name.clone();
    revision.arn = world.arn("ecs", &format!("service-revision/{cluster}/{name}/{revision_number}"));
    let arn = world.arn("ecs", &format!("service-deployment/{cluster}/{name}/{record_id}"));
    let targets = revision.load_balancers.iter().filter_map(|balancer| {
        let group = world.elb.group_key(balancer.target_group_arn.as_deref()?)?;
        Some((group, balancer.container_port?))
    });
    let targets: Vec<_> = targets.collect();

    let service = &mut world.ecs.services[key.index()];
    let breaker_on = service.config.deployment_circuit_breaker.as_ref().is_some_and(|breaker| breaker.enable);
    let alarms_on = service.config.alarms.as_ref().is_some_and(|alarms| alarms.enable);
    let monitors = |on: bool| if on { MonitorStatus::Monitoring } else { MonitorStatus::Disabled };
    let sources = service.deployments.iter().map(|deployment| deployment.revision).collect();
    let desired = service.desired;
    for (place, old) in service.deployments.iter_mut().enumerate() {
        if place == 0 {
            old.desired = desired;
        }
        old.retired |= old.rollout != RolloutState::Completed;
        old.bakes_until = None;
        let Some(record) = service.rollouts.get_mut(old.rollout_place) else { continue };
        if !record.is_over() {
            record.status = ServiceDeploymentStatus::StopRequested;
            record.status_reason =
                Some("Service deployment stopped by a newer service deployment.".to_owned());
            record.updated_at = now;
            record
                .breaker_counts
                .get_or_insert((old.failed_tasks, super::breaker::limit(&service.config, desired)));
            record.end_watch();
        }
    }
    let definition = revision.definition;
    let target = service.revisions.len();
    service.revisions.push(revision);
    let rollout_place = service.rollouts.len();
    service.rollouts.push(Rollout {
        arn,
        created_at: now,
        started_at: None,
        finished_at: None,
        stopped_at: None,
        updated_at: now,
        sources,
        target,
        status: ServiceDeploymentStatus::Pending,
        status_reason: None,
        rollback: None,
        breaker: monitors(breaker_on),
        breaker_counts: None,
        alarms: monitors(alarms_on),
        triggered_alarms: Vec::new(),
        config: service.config.clone(),
        pins: None,
    });
    service.next_deployment += 1;
    let deployment = DeploymentKey(service.next_deployment);
    let reason = format!("ECS deployment {id} in progress.");
    service.deployments.insert(
        0,
        DeploymentState {
            key: deployment,
            id,
            definition,
            revision: target,
            rollout_place,
            created_at: now,
            updated_at: now,
            rollout: RolloutState::InProgress,
            reason,
            failed_tasks: 0,
            tripped: false,
            ran: false,
            retired: false,
            desired,
            start_failures: 0,
            not_before: now,
            pins: None,
            targets,
            bakes_until: None,
            watches_alarms: false,
        },
    );
    service.steady = false;
    forget_old(service);
    if alarms_on {
        alarms::watch(world, key, deployment);
    }
    scheduler::request(world, key);
}

/// Forgets the oldest records, as AWS does after 90 days; those in use stay.
fn forget_old(service: &mut super::service::ServiceState) {
    let surplus = service.rollouts.len().saturating_sub(MAX_ROLLOUTS);
    let in_use = service.deployments.iter().map(|one| one.rollout_place.min(one.revision)).min().unwrap_or(0);
    let count = surplus.min(in_use);
    if count == 0 {
        return;
    }
    service.rollouts.drain(..count);
    service.revisions.drain(..count);
    for one in &mut service.deployments {
        one.rollout_place -= count;
        one.revision -= count;
    }
    for record in &mut service.rollouts {
        record.target = record.target.saturating_sub(count);
        record.sources.retain(|&place| place >= count);
        record.sources.iter_mut().for_each(|place| *place -= count);
        if let Some(rollback) = &mut record.rollback {
            rollback.revision = rollback.revision.and_then(|place| place.checked_sub(count));
        }
    }
}

/// The scheduler acts on a requested change of service deployments.
pub(super) fn advance_records(world: &mut World, key: ServiceKey) {
    use ServiceDeploymentStatus as S;
    let now = world.now();
    for record in &mut world.ecs.services[key.index()].rollouts {
        let next = match record.status {
            S::Pending => S::InProgress,
            S::StopRequested => S::Stopped,
            S::RollbackRequested => S::RollbackInProgress,
            _ => continue,
        };
        record.status = next;
        record.updated_at = now;
        match next {
            S::InProgress => record.started_at = Some(now),
            S::Stopped => {
                record.stopped_at = Some(now);
                record.finished_at = Some(now);
            }
            _ => {}
        }
    }
}

/// Fails the primary deployment, where it is `deployment` and still in progress. With a rollback, the most
/// recent COMPLETED deployment comes back under its old id; without one to go back to, nothing more is started
/// (ECS:deployment-circuit-breaker).
pub(super) fn fail(world: &mut World, key: ServiceKey, deployment: DeploymentKey, cause: &Cause) {
    let now = world.now();
    let service = &mut world.ecs.services[key.index()];
    let limit = super::breaker::limit(&service.config, service.desired);
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
    back.ran = service.tasks.iter().any(|task| {
        let task = world.ecs.tasks.get(task);
        task.is_some_and(|task| {
            task.owner == Some((key, back.key)) && task.is_running() && !task.is_leaving()
        })
    });
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
    let limit = super::breaker::limit(&service.config, service.desired);
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
}
