//! Deployments of a service: begin, complete, fail, go back.

use serde::{Deserialize, Serialize};

use super::api::*;
use super::notices::{self, Change};
use super::revision::RevisionState;
use super::rollouts::Rollout;
use super::roster::Roster;
use super::{DefinitionKey, DeploymentKey, ServiceKey, alarms, scheduler};
use crate::elb::TargetGroupKey;
use crate::{SimTime, World};

/// Service deployments and revisions that a service remembers, even where all are younger than 90 days.
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
    /// Failed attempts to resolve the tags of the images.
    pub(super) failed_resolutions: u32,
    /// Target groups and container ports of its tasks.
    pub(super) targets: Vec<(TargetGroupKey, u16)>,
    pub(super) bakes_until: Option<SimTime>,
    pub(super) watches_alarms: bool,
    /// Polls of its alarms in a row that were throttled.
    pub(super) missed_polls: u32,
    pub(super) roster: Roster,
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

/// Whether the last completed deployment of any service is that of the definition at this place.
pub(super) fn is_settled_on(world: &World, definition: usize) -> bool {
    let mut services = (0..world.ecs.services.len()).filter_map(|place| u32::try_from(place).ok());
    services.any(|place| {
        completed_definition(world, ServiceKey(place)).is_some_and(|one| one.index() == definition)
    })
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
            failed_resolutions: 0,
            targets,
            bakes_until: None,
            watches_alarms: false,
            missed_polls: 0,
            roster: Roster::default(),
        },
    );
    service.steady = false;
    service.moves_tasks = false;
    forget_old(service);
    notices::primary_changed(world, key, Change::InProgress);
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
