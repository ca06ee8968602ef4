//! Service deployments: the record of each deployment of a service, and stopping one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::api::*;
use super::outcome::{self, Cause};
use super::{ServiceKey, breaker, invalid, page};
use crate::{ApiError, SimTime, World};

/// How long service deployments are remembered (ECS:service-deployment).
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 3600);

/// The record of a deployment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Rollout {
    pub(super) arn: String,
    pub(super) created_at: SimTime,
    pub(super) started_at: Option<SimTime>,
    pub(super) finished_at: Option<SimTime>,
    pub(super) stopped_at: Option<SimTime>,
    pub(super) updated_at: SimTime,
    /// Places of the revisions that had tasks when it began.
    pub(super) sources: Vec<usize>,
    /// Place of the revision that it deploys.
    pub(super) target: usize,
    pub(super) status: ServiceDeploymentStatus,
    pub(super) status_reason: Option<String>,
    pub(super) rollback: Option<RollbackState>,
    pub(super) breaker: MonitorStatus,
    /// Failure count and threshold at the end of the watch.
    pub(super) breaker_counts: Option<(u32, u32)>,
    pub(super) alarms: MonitorStatus,
    pub(super) triggered_alarms: Vec<String>,
    pub(super) config: DeploymentConfiguration,
    /// Digests its first task resolved.
    pub(super) pins: Option<Vec<String>>,
}

/// A rollback under way or over.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RollbackState {
    pub(super) reason: String,
    pub(super) started_at: SimTime,
    /// Place of the revision that it goes back to.
    pub(super) revision: Option<usize>,
}

impl Rollout {
    pub(super) const fn is_over(&self) -> bool {
        use ServiceDeploymentStatus as S;
        matches!(self.status, S::Successful | S::Stopped | S::RollbackSuccessful | S::RollbackFailed)
    }

    /// Whether it was over so long ago that nobody hears of it any more: 90 days (ECS:service-deployment).
    pub(super) fn is_forgotten(&self, now: SimTime) -> bool {
        self.is_over() && now.since(self.created_at) > REMEMBERED
    }

    pub(super) const fn is_rollback(&self) -> bool {
        self.rollback.is_some()
    }

    /// Ends the watch of breaker and alarms, keeping what triggered.
    pub(super) fn end_watch(&mut self) {
        for monitor in [&mut self.breaker, &mut self.alarms] {
            if *monitor == MonitorStatus::Monitoring {
                *monitor = MonitorStatus::MonitoringComplete;
            }
        }
    }
}

fn epoch(at: Option<SimTime>) -> Option<f64> {
    at.map(SimTime::as_epoch_secs)
}

fn summary(world: &World, key: ServiceKey, place: usize, over: bool) -> ServiceRevisionSummary {
    let service = world.ecs.service(key);
    let arn = service.revisions[place].arn.clone();
    let deployment = service.deployments.iter().find(|one| one.revision == place).filter(|_| !over);
    let Some(deployment) = deployment else {
        return ServiceRevisionSummary { arn, ..ServiceRevisionSummary::default() };
    };
    let counts = super::describe::counts(world, key, deployment.key);
    ServiceRevisionSummary {
        arn,
        requested_task_count: super::describe::requested(service, deployment),
        running_task_count: counts.running,
        pending_task_count: counts.pending,
    }
}

fn describe(world: &World, key: ServiceKey, place: usize) -> ServiceDeployment {
    let service = world.ecs.service(key);
    let record = &service.rollouts[place];
    let current = service.deployments.iter().find(|one| one.rollout_place == place);
    let counts = record
        .breaker_counts
        .or_else(|| current.map(|one| (one.failed_tasks, breaker::threshold(service))))
        .unwrap_or_default();
    let alarms = record.config.alarms.as_ref().filter(|alarms| alarms.enable);
    let stage = match record.status {
        _ if record.is_over() => None,
        _ if current.is_some_and(|one| one.bakes_until.is_some()) => Some("BAKE_TIME"),
        ServiceDeploymentStatus::Pending => Some("RECONCILE_SERVICE"),
        _ => Some("SCALE_UP"),
    };
    ServiceDeployment {
        service_deployment_arn: record.arn.clone(),
        service_arn: service.arn.clone(),
        cluster_arn: world.ecs.cluster(service.cluster).arn.clone(),
        created_at: record.created_at.as_epoch_secs(),
        started_at: epoch(record.started_at),
        finished_at: epoch(record.finished_at),
        stopped_at: epoch(record.stopped_at),
        updated_at: record.updated_at.as_epoch_secs(),
        source_service_revisions: record
            .sources
            .iter()
            .map(|&place| summary(world, key, place, record.is_over()))
            .collect(),
        target_service_revision: summary(world, key, record.target, false),
        status: record.status,
        status_reason: record.status_reason.clone(),
        lifecycle_stage: stage.map(str::to_owned),
        deployment_configuration: record.config.clone(),
        rollback: record.rollback.as_ref().map(|rollback| Rollback {
            reason: rollback.reason.clone(),
            started_at: rollback.started_at.as_epoch_secs(),
            service_revision_arn: rollback.revision.map(|place| service.revisions[place].arn.clone()),
        }),
        deployment_circuit_breaker: ServiceDeploymentCircuitBreaker {
            status: record.breaker,
            failure_count: counts.0,
            threshold: counts.1,
        },
        alarms: ServiceDeploymentAlarms {
            status: record.alarms,
            alarm_names: alarms.map(|alarms| alarms.alarm_names.clone()).unwrap_or_default(),
            triggered_alarm_names: record.triggered_alarms.clone(),
        },
    }
}

fn find(world: &World, arn: &str) -> Option<(ServiceKey, usize)> {
    world.ecs.services.iter().enumerate().find_map(|(index, service)| {
        let place = service
            .rollouts
            .iter()
            .position(|record| record.arn == arn && !record.is_forgotten(world.now()))?;
        Some((ServiceKey(u32::try_from(index).ok()?), place))
    })
}

/// `ListServiceDeployments`, newest first: 20 a page by default, 100 at most.
///
/// # Errors
/// `ClusterNotFoundException`; `ServiceNotFoundException`; `InvalidParameterException` for a bad token.
pub fn list_service_deployments(
    world: &World,
    input: &ListServiceDeploymentsInput,
) -> Result<ListServiceDeploymentsOutput, ApiError> {
    let cluster = world.ecs.cluster_key(input.cluster.as_deref())?;
    let key = world
        .ecs
        .find_service(cluster, &input.service)
        .ok_or_else(|| ApiError::new("ServiceNotFoundException", "Service not found."))?;
    let service = world.ecs.service(key);
    let created = input.created_at.clone().unwrap_or_default();
    let now = world.now();
    let wanted = service.rollouts.iter().rev().filter(|record| !record.is_forgotten(now)).filter(|record| {
        let at = record.created_at.as_epoch_secs();
        (input.status.is_empty() || input.status.contains(&record.status))
            && created.before.is_none_or(|before| at < before)
            && created.after.is_none_or(|after| at > after)
    });
    let size = Some(input.max_results.unwrap_or(20));
    let (records, next_token) = page(wanted, input.next_token.as_deref(), size, 100)?;
    let brief = |record: &Rollout| ServiceDeploymentBrief {
        service_deployment_arn: record.arn.clone(),
        service_arn: service.arn.clone(),
        cluster_arn: world.ecs.cluster(cluster).arn.clone(),
        started_at: epoch(record.started_at),
        created_at: record.created_at.as_epoch_secs(),
        finished_at: epoch(record.finished_at),
        target_service_revision_arn: service.revisions[record.target].arn.clone(),
        status: record.status,
        status_reason: record.status_reason.clone(),
    };
    Ok(ListServiceDeploymentsOutput {
        service_deployments: records.into_iter().map(brief).collect(),
        next_token,
    })
}

/// `DescribeServiceDeployments`.
///
/// # Errors
/// `InvalidParameterException` for more than 20.
pub fn describe_service_deployments(
    world: &World,
    input: &DescribeServiceDeploymentsInput,
) -> Result<DescribeServiceDeploymentsOutput, ApiError> {
    if !(1..=20).contains(&input.service_deployment_arns.len()) {
        return Err(invalid("Service deployment ARNs must have between 1 and 20 elements."));
    }
    let mut output = DescribeServiceDeploymentsOutput::default();
    for arn in &input.service_deployment_arns {
        match find(world, arn) {
            Some((key, place)) => output.service_deployments.push(describe(world, key, place)),
            None => output.failures.push(Failure {
                arn: Some(arn.clone()),
                reason: Some("MISSING".to_owned()),
                detail: None,
            }),
        }
    }
    Ok(output)
}

/// `StopServiceDeployment`: rolls back, also where no rollback is configured; `ABORT` is in the model of the
/// API but not documented as valid (docs/fact-sheet.md).
///
/// # Errors
/// `ServiceDeploymentNotFoundException`; `ConflictException` for one that is over or being stopped;
/// `InvalidParameterException` for another stop type.
pub fn stop_service_deployment(
    world: &mut World,
    input: StopServiceDeploymentInput,
) -> Result<StopServiceDeploymentOutput, ApiError> {
    let arn = input.service_deployment_arn;
    let (key, place) = find(world, &arn).ok_or_else(|| {
        ApiError::new(
            "ServiceDeploymentNotFoundException",
            "The specified service deployment does not exist.",
        )
    })?;
    if input.stop_type.as_deref().is_some_and(|kind| kind != "ROLLBACK") {
        return Err(invalid("The stop type must be ROLLBACK."));
    }
    let service = world.ecs.service(key);
    let conflict =
        |why: &str| Err(ApiError::new("ConflictException", format!("The service deployment {why}.")));
    let record = &service.rollouts[place];
    if !matches!(record.status, ServiceDeploymentStatus::Pending | ServiceDeploymentStatus::InProgress) {
        return conflict(&format!("cannot be stopped in status {}", record.status));
    }
    match service.primary() {
        Some(primary) if primary.rollout_place == place => {
            let deployment = primary.key;
            outcome::fail(world, key, deployment, &Cause::Stopped);
        }
        _ => return conflict("is not the current one"),
    }
    Ok(StopServiceDeploymentOutput { service_deployment_arn: arn })
}
