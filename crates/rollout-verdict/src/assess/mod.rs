//! The rules: what the observations of a rollout mean.

use serde::{Deserialize, Serialize};

use crate::{Cause, Deadline, Moment, ServiceDeploymentArn, ServiceName, TaskArn};

mod bind;
mod certainty;
mod decide;
mod failures;
mod probation;
#[cfg(test)]
mod tests;

pub use decide::assess;
pub use probation::{Probation, Proof};

/// Why a failure is taken for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Certainty {
    /// No retry can help: called at its first occurrence.
    Hopeless,
    /// The same failure again: called at its second occurrence.
    Repeated,
    /// It lasts longer than the settings allow for.
    Persistent,
    /// AWS itself has given up.
    Reported,
}

/// Where a rollout stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum State {
    /// It goes on; nothing is certain.
    Progressing,
    /// Every service runs its new revision, and what drives the change has ended well.
    Succeeded,
    /// It cannot succeed any more: cancel it, where it is not going back by itself.
    Failed {
        /// Why.
        cause: Cause,
        /// Why that is certain.
        certainty: Certainty,
    },
    /// A newer deployment took over.
    Superseded {
        /// The service whose deployment is not ours.
        service: ServiceName,
        /// What it deploys.
        task_definition: String,
    },
    /// Somebody cancelled it; or the caller did, without a failure.
    Cancelled {
        /// Whether the caller did.
        by_caller: bool,
    },
    /// It did not end in time: cancel it.
    DeadlinePassed {
        /// What is known of the reason.
        cause: Cause,
    },
}

/// How the stack operation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StackOutcome {
    /// Everything is as the new template says.
    Complete,
    /// Everything is as before.
    RolledBack,
    /// It could not go back: `UPDATE_ROLLBACK_FAILED`, `ROLLBACK_FAILED`.
    RollbackFailed,
    /// It failed and stays so: rollback is off, or it was deleted.
    Failed,
}

/// Whether services go back to the old revision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rollback")]
pub enum Rollback {
    /// No sign of it.
    None,
    /// Under way.
    InProgress {
        /// Why the old revision has trouble too, if it has.
        trouble: Option<Cause>,
    },
    /// Everything is back.
    Complete,
    /// It failed.
    Failed {
        /// Why.
        cause: Cause,
    },
}

/// Equal failures, grouped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What they have in common.
    pub cause: Cause,
    /// How often: distinct tasks, or distinct events where no task is concerned.
    pub count: u32,
    /// The tasks, if tasks are concerned.
    pub tasks: Vec<TaskArn>,
    /// When the first was.
    pub first_at: Moment,
    /// When the last was.
    pub last_at: Moment,
    /// Whether it concerns the new revision; otherwise the old one, or the stack.
    pub new_revision: bool,
    /// Set once the failure is certain.
    pub certainty: Option<Certainty>,
}

/// How far one service is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceProgress {
    /// Name of the service.
    pub name: ServiceName,
    /// Tasks of the new revision that run.
    pub new_running: u32,
    /// Tasks of the new revision that start.
    pub new_pending: u32,
    /// Tasks of the new revision that pass every check.
    pub new_healthy: u32,
    /// Tasks of other revisions that run.
    pub old_running: u32,
    /// Desired count.
    pub desired: u32,
    /// Failures that the circuit breaker has counted.
    pub breaker_count: u32,
    /// Failures at which it trips; 0 where it is off or unknown.
    pub breaker_threshold: u32,
    /// Whether the new revision is in service, alone.
    pub done: bool,
    /// Whether it goes back to the old revision, or has.
    pub rolled_back: bool,
    /// Whether the old revision serves alone, with all its tasks.
    pub whole: bool,
    /// Our service deployment, while it can still be stopped.
    pub stoppable: Option<ServiceDeploymentArn>,
}

/// What the observations mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// Where the rollout stands.
    pub state: State,
    /// Seconds from the start of the rollout to the latest snapshot.
    pub elapsed_secs: f64,
    /// When it is given up, with the derivation.
    pub deadline: Deadline,
    /// When the first failure of the new revision or of the stack became visible.
    pub first_failure_at: Option<Moment>,
    /// Failures, grouped; certain ones first.
    pub findings: Vec<Finding>,
    /// One entry per service of the rollout, in its order.
    pub services: Vec<ServiceProgress>,
    /// What services have to prove still that are done otherwise, one entry per service; empty while more is to happen.
    pub probation: Vec<Probation>,
    /// How the stack operation ended; `None` while it runs, and without one.
    pub stack: Option<StackOutcome>,
    /// Whether services go back.
    pub rollback: Rollback,
    /// Whether nothing more will happen by itself: stop polling.
    pub finished: bool,
}
