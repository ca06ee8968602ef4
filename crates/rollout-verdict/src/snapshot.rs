//! What one poll saw: the answers of AWS, reduced to the fields that matter, unjudged.
//!
//! Status texts are kept as AWS writes them (`PRIMARY`, `UPDATE_IN_PROGRESS`, `unhealthy`): a value that
//! AWS adds tomorrow is then recorded as it is and judged as "none of those known".

use serde::{Deserialize, Serialize};

use crate::{DeploymentId, ServiceDeploymentArn, ServiceName, StackEventId, TaskArn, TaskDefinitionArn};

/// A moment: milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(u64);

impl Moment {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// From seconds since the Unix epoch, the form of timestamps in AWS's APIs; negative is zero.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped, and far below 2^53"
    )]
    pub fn from_epoch_secs(secs: f64) -> Self {
        Self((secs.max(0.0) * 1000.0).round() as u64)
    }

    /// Seconds since an earlier moment; zero where `earlier` is later.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century stay far below 2^53")]
    pub fn secs_since(self, earlier: Self) -> f64 {
        self.0.saturating_sub(earlier.0) as f64 / 1000.0
    }

    /// `secs` later.
    #[must_use]
    pub fn plus_secs(self, secs: f64) -> Self {
        Self(self.0 + Self::from_epoch_secs(secs).0)
    }

    /// `secs` earlier, but not before the epoch.
    #[must_use]
    pub fn minus_secs(self, secs: f64) -> Self {
        Self(self.0.saturating_sub(Self::from_epoch_secs(secs).0))
    }
}

/// What one poll saw. A part that was not polled this time stays out; it is not taken for absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    /// When it was taken, by the clock of the caller.
    pub at: Moment,
    /// When the caller asked for the operation to be cancelled (`CancelUpdateStack`), from then on in every
    /// snapshot: tells its own cancellation from that of somebody else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_requested_at: Option<Moment>,
    /// Events of the stack since the operation started (`DescribeStackEvents`), in any order. Repeats do no
    /// harm; events of earlier operations would. The stack's own events tell its status.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stack_events: Vec<StackEventView>,
    /// The services that were looked at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<ServiceView>,
    /// Services that were asked for and that ECS does not have, or is deleting (`MISSING`, `INACTIVE`, `DRAINING`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub absent: Vec<ServiceName>,
}

/// One stack event.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct StackEventView {
    /// `EventId`
    pub id: StackEventId,
    /// `Timestamp`
    pub at: Moment,
    /// `LogicalResourceId`; of events of the stack itself the name of the stack.
    pub logical_id: String,
    /// `PhysicalResourceId`; of a task definition or service its ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_id: Option<String>,
    /// `ResourceType`, such as `AWS::ECS::Service`.
    pub resource_type: String,
    /// `ResourceStatus`, such as `UPDATE_FAILED`.
    pub status: String,
    /// `ResourceStatusReason`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether `DetailedStatus` is `CONFIGURATION_COMPLETE`: what the status says is in progress is done but for a check of
    /// CloudFormation's (CFN:stack-resource-configuration-complete).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub configured: bool,
}

impl StackEventView {
    /// Whether it is about the stack itself. A nested stack is of the same type, but its logical id is another than the name
    /// in its ARN (`arn:…:stack/NAME/ID`).
    #[must_use]
    pub fn is_of_stack(&self) -> bool {
        let name = |arn: &str| arn.split('/').nth(1) == Some(self.logical_id.as_str());
        self.resource_type == "AWS::CloudFormation::Stack" && self.physical_id.as_deref().is_some_and(name)
    }
}

/// One ECS service, with its deployments, tasks and targets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceView {
    /// Name of the service.
    pub name: ServiceName,
    /// `deployments[]` of `DescribeServices`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deployments: Vec<DeploymentView>,
    /// `DescribeServiceDeployments` of the service deployments created since the rollout started.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_deployments: Vec<ServiceDeploymentView>,
    /// `events[]` of `DescribeServices` since the rollout started; repeats do no harm.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<ServiceEventView>,
    /// `DescribeTasks` of running and stopped tasks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskView>,
    /// `DescribeTargetHealth` of the service's target groups.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<TargetView>,
    /// `DescribeAlarms` of the service's deployment alarms.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<AlarmView>,
}

/// One entry of `deployments[]` of `DescribeServices`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct DeploymentView {
    /// `id`, `ecs-svc/…`.
    pub id: DeploymentId,
    /// `status`: `PRIMARY`, `ACTIVE`, `INACTIVE`.
    pub status: String,
    /// `taskDefinition`
    pub task_definition: TaskDefinitionArn,
    /// `rolloutState`: `IN_PROGRESS`, `COMPLETED`, `FAILED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout_state: Option<String>,
    /// `rolloutStateReason`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout_state_reason: Option<String>,
    /// `createdAt`
    pub created_at: Moment,
    /// `desiredCount`
    pub desired_count: u32,
    /// `runningCount`
    pub running_count: u32,
    /// `pendingCount`
    pub pending_count: u32,
    /// `failedTasks`: consecutive failures that the circuit breaker counted.
    pub failed_tasks: u32,
}

/// One service deployment of `DescribeServiceDeployments`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceDeploymentView {
    /// `serviceDeploymentArn`
    pub arn: ServiceDeploymentArn,
    /// `status`, such as `IN_PROGRESS`, `SUCCESSFUL`, `ROLLBACK_SUCCESSFUL`, `STOPPED`.
    pub status: String,
    /// `statusReason`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// Task definition of the target service revision (`DescribeServiceRevisions`), where it was looked up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<TaskDefinitionArn>,
    /// `createdAt`
    pub created_at: Moment,
    /// `deploymentCircuitBreaker`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerView>,
    /// `alarms.triggeredAlarmNames`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub triggered_alarms: Vec<String>,
    /// `rollback.reason`, once it is rolling back or has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_reason: Option<String>,
}

/// Where the circuit breaker stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct BreakerView {
    /// `status`: `TRIGGERED`, `MONITORING`, `MONITORING_COMPLETE`, `DISABLED`.
    pub status: String,
    /// `failureCount`
    pub failure_count: u32,
    /// `threshold`
    pub threshold: u32,
}

/// One service event.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceEventView {
    /// `id`
    pub id: String,
    /// `createdAt`
    pub at: Moment,
    /// `message`, with the service's name in front, as AWS writes it.
    pub message: String,
}

/// One task.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskView {
    /// `taskArn`
    pub arn: TaskArn,
    /// `taskDefinitionArn`
    pub task_definition: TaskDefinitionArn,
    /// `startedBy`: the deployment that started it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<DeploymentId>,
    /// `lastStatus`, such as `PENDING`, `RUNNING`, `STOPPED`.
    pub last_status: String,
    /// `desiredStatus`: `RUNNING` or `STOPPED`.
    pub desired_status: String,
    /// `healthStatus` of the container health checks: `HEALTHY`, `UNHEALTHY`, `UNKNOWN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<String>,
    /// `createdAt`
    pub created_at: Moment,
    /// `startedAt`: when it became `RUNNING`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Moment>,
    /// `stoppingAt`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopping_at: Option<Moment>,
    /// `stoppedAt`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Moment>,
    /// `stopCode`, such as `TaskFailedToStart`, `EssentialContainerExited`, `ServiceSchedulerInitiated`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_code: Option<String>,
    /// `stoppedReason`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
    /// `containers[]`
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub containers: Vec<ContainerView>,
    /// Private IPv4 address of its network interface: the id of its target.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The last lines a dead task wrote, oldest first; the caller reads them once per dead task.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub log_tail: Vec<String>,
}

/// One container of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct ContainerView {
    /// `name`
    pub name: String,
    /// `exitCode`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// `reason`, such as `CannotPullContainerError: …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `healthStatus`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_status: Option<String>,
}

/// One target of a target group.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct TargetView {
    /// ARN of the target group.
    pub target_group: String,
    /// `Target.Id`: the task's private IPv4 address.
    pub id: String,
    /// `Target.Port`
    pub port: u16,
    /// `TargetHealth.State`: `initial`, `healthy`, `unhealthy`, `unused`, `draining`, `unavailable`.
    pub state: String,
    /// `TargetHealth.Reason`, such as `Target.ResponseCodeMismatch`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// `TargetHealth.Description`, such as `Health checks failed with these codes: [404]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// One deployment alarm.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct AlarmView {
    /// `AlarmName`
    pub name: String,
    /// `StateValue`: `OK`, `ALARM`, `INSUFFICIENT_DATA`.
    pub state: String,
    /// `StateReason`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
