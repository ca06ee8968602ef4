//! What was started: the services that should change, from which revision to which, and the settings
//! that decide how long each step may take.

use serde::{Deserialize, Serialize};

use crate::{Deadline, DeadlineTerm, DeploymentId, Moment, ServiceName, TaskDefinitionArn};

/// What drives the change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// An update of a CloudFormation stack: it ends when the stack does.
    #[default]
    Stack,
    /// `UpdateService` calls: it ends when the services do.
    Ecs,
}

/// A rollout as it was started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rollout {
    /// When it was started, by the clock that also dates the snapshots.
    pub started_at: Moment,
    /// What drives it.
    pub via: Via,
    /// The services it concerns; none for an update of the infrastructure.
    pub services: Vec<ExpectedService>,
    /// Time that other parts of the same operation may take (a database class change), added to the
    /// deadline.
    pub additional: Vec<DeadlineTerm>,
}

/// One service of a rollout.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExpectedService {
    /// Name of the service.
    pub name: ServiceName,
    /// Whether it gets a new revision. One that does not is watched, and must stay as it is.
    pub rolls: bool,
    /// Task definition in service before; `None` where the service is created.
    pub old_task_definition: Option<TaskDefinitionArn>,
    /// Task definition it should run afterwards, where it is known beforehand (`--via ecs`).
    pub new_task_definition: Option<TaskDefinitionArn>,
    /// Logical id of the task definition in the template: the stack event that creates it names the new
    /// ARN.
    pub task_definition_logical_id: Option<String>,
    /// Logical id of the service in the template: ties failures of the stack to it.
    pub service_logical_id: Option<String>,
    /// Ids in `deployments[]` before the start: none of them is ours.
    pub known_deployments: Vec<DeploymentId>,
    /// Deployment alarms that fired before the start; ECS ignores alarms for such a deployment
    /// (ECS:deployment-alarm-failure).
    pub alarms_firing_before: Vec<String>,
    /// What decides its times.
    pub settings: ServiceSettings,
}

/// Settings of one service, as deployed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceSettings {
    /// Desired count.
    pub desired_count: u32,
    /// Minimum healthy percent.
    pub minimum_healthy_percent: u32,
    /// Maximum percent.
    pub maximum_percent: u32,
    /// Health check of the target group; `None` for an internal service.
    pub target_check: Option<TargetCheck>,
    /// Container health check.
    pub container_check: Option<ContainerCheck>,
    /// Health-check grace period.
    pub grace_secs: u32,
    /// Deregistration delay of the target group.
    pub deregistration_delay_secs: u32,
    /// `stopTimeout` of the container.
    pub stop_timeout_secs: u32,
    /// Circuit breaker; `None` where it is off.
    pub breaker: Option<Breaker>,
    /// Bake time of the deployment alarms; 0 without alarms.
    pub bake_secs: u32,
    /// Seconds after which errors that begin now have raised the deployment alarms, metric delay included; 0 without
    /// alarms. A bake time that is shorter ends before they can.
    pub alarm_secs: u32,
}

/// Health check of a target group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetCheck {
    /// Seconds between two checks.
    pub interval_secs: u32,
    /// Seconds after which a check has failed.
    pub timeout_secs: u32,
    /// Consecutive failures that make a target unhealthy.
    pub unhealthy_threshold: u32,
}

/// Container health check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerCheck {
    /// Seconds between two checks.
    pub interval_secs: u32,
    /// Seconds after which a check has failed.
    pub timeout_secs: u32,
    /// Consecutive failures that make the container unhealthy.
    pub retries: u32,
    /// Seconds in which failures do not count.
    pub start_period_secs: u32,
}

/// Circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// When it trips.
    pub threshold: Threshold,
    /// Whether a task that becomes healthy sets the count back to 0.
    pub reset_on_healthy_task: bool,
}

/// `thresholdConfiguration` of the circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "type", content = "value")]
pub enum Threshold {
    /// Percent of the desired count, rounded up, between 3 and 200.
    BoundedPercent(u32),
    /// Percent of the desired count, rounded up, at least 1.
    UnboundedPercent(u32),
    /// A number of tasks.
    Count(u32),
}

impl Threshold {
    /// Failures at which a service of `desired_count` tasks trips (ECS:deployment-circuit-breaker).
    #[must_use]
    pub fn failures(self, desired_count: u32) -> u32 {
        let percent_of = |percent: u32| (desired_count * percent).div_ceil(100);
        match self {
            Self::BoundedPercent(percent) => percent_of(percent).clamp(3, 200),
            Self::UnboundedPercent(percent) => percent_of(percent).max(1),
            Self::Count(count) => count,
        }
    }
}

impl Default for Breaker {
    /// AWS's defaults.
    fn default() -> Self {
        Self { threshold: Threshold::BoundedPercent(50), reset_on_healthy_task: true }
    }
}

impl Default for ServiceSettings {
    /// AWS's defaults, for a service without checks.
    fn default() -> Self {
        Self {
            desired_count: 1,
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            target_check: None,
            container_check: None,
            grace_secs: 0,
            deregistration_delay_secs: 300,
            stop_timeout_secs: 30,
            breaker: None,
            bake_secs: 0,
            alarm_secs: 0,
        }
    }
}

impl ServiceSettings {
    /// Tasks of the new revision that can start at once: what the maximum percent leaves above the old
    /// ones, or what the minimum percent lets stop first; at least 1.
    #[must_use]
    pub fn tasks_at_once(&self) -> u32 {
        let desired = self.desired_count.max(1);
        let above = (desired * self.maximum_percent / 100).saturating_sub(desired);
        let below = desired.saturating_sub((desired * self.minimum_healthy_percent).div_ceil(100));
        (above + below).clamp(1, desired)
    }

    /// Seconds from the start of a container until failing checks make its task unhealthy, the grace
    /// period included.
    #[must_use]
    pub fn unhealthy_after_secs(&self) -> u32 {
        let target = self.target_check.map_or(0, |check| check.interval_secs * check.unhealthy_threshold);
        let container = self
            .container_check
            .map_or(0, |check| check.start_period_secs + check.retries * check.interval_secs);
        target.max(container).max(self.grace_secs)
    }

    /// Seconds that a task takes to go: draining, then its stop timeout.
    #[must_use]
    pub fn stop_secs(&self) -> u32 {
        let drain = if self.target_check.is_some() { self.deregistration_delay_secs } else { 0 };
        drain + self.stop_timeout_secs
    }
}

impl Rollout {
    /// When this rollout is given up, with the derivation.
    #[must_use]
    pub fn deadline(&self) -> Deadline {
        Deadline::of(self)
    }

    /// Seconds that it takes when all goes well.
    #[must_use]
    pub fn expected_secs(&self) -> u32 {
        crate::deadline::expected_secs(self)
    }
}
