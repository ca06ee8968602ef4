//! Shapes of the ECS API (AWS JSON 1.1): serialised, these are what goes over the wire.
//!
//! A field of the API that is not here is not modelled, and a request that has it is refused by name.

mod cluster;
mod configuration;
mod container;
mod deployment;
mod service;
mod task;
mod task_definition;

pub use cluster::*;
pub use configuration::*;
pub use container::*;
pub use deployment::*;
pub use service::*;
pub use task::*;
pub use task_definition::*;

use serde::{Deserialize, Serialize};

macro_rules! wire_enum {
    ($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $vdoc:literal])+ $(#[default])? $variant:ident = $text:literal,)+ } default $default:ident) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[doc = $vdoc])+ #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// As AWS writes it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

wire_enum! {
    /// Where a task runs.
    LaunchType {
        /// On Fargate.
        Fargate = "FARGATE",
        /// On EC2 instances: not modelled, refused.
        Ec2 = "EC2",
        /// On the customer's own machines: not modelled, refused.
        External = "EXTERNAL",
        /// On managed instances: not modelled, refused.
        ManagedInstances = "MANAGED_INSTANCES",
    } default Fargate
}

wire_enum! {
    /// How many tasks a service keeps.
    SchedulingStrategy {
        /// The desired count.
        Replica = "REPLICA",
        /// One per instance: not modelled, refused.
        Daemon = "DAEMON",
    } default Replica
}

wire_enum! {
    /// Whether tasks are moved between availability zones to spread them evenly.
    AvailabilityZoneRebalancing {
        /// They are; the default of a new service.
        Enabled = "ENABLED",
        /// They are not.
        Disabled = "DISABLED",
    } default Enabled
}

wire_enum! {
    /// Status of a service.
    ServiceStatus {
        /// It keeps its desired count.
        Active = "ACTIVE",
        /// It was deleted and its tasks are stopping.
        Draining = "DRAINING",
        /// It was deleted.
        Inactive = "INACTIVE",
    } default Active
}

wire_enum! {
    /// Status of a deployment of a service.
    DeploymentStatus {
        /// The most recent one.
        Primary = "PRIMARY",
        /// It has tasks, in the course of being replaced.
        Active = "ACTIVE",
        /// Completely replaced.
        Inactive = "INACTIVE",
    } default Primary
}

wire_enum! {
    /// How far the rollout of a deployment is.
    RolloutState {
        /// It goes on.
        InProgress = "IN_PROGRESS",
        /// Steady state was reached, and the bake time passed.
        Completed = "COMPLETED",
        /// The circuit breaker or an alarm stopped it.
        Failed = "FAILED",
    } default InProgress
}

wire_enum! {
    /// How the value of a circuit breaker's threshold is read.
    ThresholdType {
        /// Percentage of the desired count, at least 3 and at most 200 failures.
        BoundedPercent = "BOUNDED_PERCENT",
        /// Percentage of the desired count.
        UnboundedPercent = "UNBOUNDED_PERCENT",
        /// Number of failures.
        Count = "COUNT",
    } default BoundedPercent
}

wire_enum! {
    /// Status of a service deployment.
    ServiceDeploymentStatus {
        /// Not yet begun.
        Pending = "PENDING",
        /// It goes on.
        InProgress = "IN_PROGRESS",
        /// Completed.
        Successful = "SUCCESSFUL",
        /// Superseded, or failed without rollback; it is being stopped.
        StopRequested = "STOP_REQUESTED",
        /// It was stopped.
        Stopped = "STOPPED",
        /// It failed or was stopped, and the rollback is about to begin.
        RollbackRequested = "ROLLBACK_REQUESTED",
        /// The earlier revision comes back.
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        /// The earlier revision is back.
        RollbackSuccessful = "ROLLBACK_SUCCESSFUL",
        /// The earlier revision did not come back, or there was none.
        RollbackFailed = "ROLLBACK_FAILED",
    } default Pending
}

wire_enum! {
    /// Status of what watches a service deployment.
    MonitorStatus {
        /// It failed the deployment.
        Triggered = "TRIGGERED",
        /// It watches.
        Monitoring = "MONITORING",
        /// The deployment is over.
        MonitoringComplete = "MONITORING_COMPLETE",
        /// Not configured, or not in force for this deployment.
        Disabled = "DISABLED",
    } default Disabled
}

wire_enum! {
    /// Status of a task, in the order in which a task goes through them (ECS:task-lifecycle-explanation).
    TaskStatus {
        /// Its network interface is attached.
        Provisioning = "PROVISIONING",
        /// It waits for its host; secrets and log groups are resolved.
        Pending = "PENDING",
        /// The image is pulled, containers are created, the target is registered.
        Activating = "ACTIVATING",
        /// It runs.
        Running = "RUNNING",
        /// Its target is deregistered and drains.
        Deactivating = "DEACTIVATING",
        /// Its containers got the stop signal.
        Stopping = "STOPPING",
        /// Its network interface is detached.
        Deprovisioning = "DEPROVISIONING",
        /// It is gone.
        Stopped = "STOPPED",
    } default Provisioning
}

wire_enum! {
    /// What a task is meant to do.
    DesiredStatus {
        /// Run.
        Running = "RUNNING",
        /// Stop.
        Stopped = "STOPPED",
    } default Running
}

wire_enum! {
    /// Health by container health checks.
    HealthStatus {
        /// The checks pass.
        Healthy = "HEALTHY",
        /// A check failed as often as its retries allow.
        Unhealthy = "UNHEALTHY",
        /// There is no check, or it did not pass yet.
        Unknown = "UNKNOWN",
    } default Unknown
}

wire_enum! {
    /// Why a task stopped.
    StopCode {
        /// It never ran.
        TaskFailedToStart = "TaskFailedToStart",
        /// An essential container exited.
        EssentialContainerExited = "EssentialContainerExited",
        /// A `StopTask` call.
        UserInitiated = "UserInitiated",
        /// The service scheduler.
        ServiceSchedulerInitiated = "ServiceSchedulerInitiated",
    } default TaskFailedToStart
}

wire_enum! {
    /// Status of a task definition.
    TaskDefinitionStatus {
        /// Tasks can be started from it.
        Active = "ACTIVE",
        /// Deregistered; what runs goes on.
        Inactive = "INACTIVE",
    } default Active
}
