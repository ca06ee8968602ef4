//! From observations of a deployment to a verdict: pure, no clock, no network.
//!
//! A caller describes what it started ([`Rollout`]), polls AWS at the times of [`Cadence`], puts what each
//! poll saw into a [`Snapshot`], folds the snapshots into [`Observations`] and asks [`assess`]:
//!
//! ```
//! use rollout_verdict::{Observations, Rollout, Snapshot, State, assess};
//! # let rollout = Rollout::default();
//! # let snapshots: Vec<Snapshot> = Vec::new();
//! let mut observations = Observations::default();
//! for snapshot in snapshots {
//!     observations.absorb(snapshot);
//!     let assessment = assess(&rollout, &observations);
//!     match &assessment.state {
//!         State::Progressing => {}
//!         State::Failed { cause, .. } => eprintln!("{cause}"), // cancel, then watch until `finished`
//!         _ => {}
//!     }
//!     if assessment.finished {
//!         break;
//!     }
//! }
//! ```
//!
//! Snapshots hold what AWS answered, unjudged; every rule is in here. They may come in any order and
//! more than once: [`Observations`] is the union of what was ever seen, so that evidence that AWS forgets
//! (a target's reason, a stopped task) still counts, and a certain failure stays one.

mod assess;
mod cadence;
mod cause;
mod classify;
mod deadline;
mod ids;
mod messages;
mod observations;
mod record;
mod rollout;
mod snapshot;
mod stack;

pub use assess::{
    Assessment, Certainty, Finding, Probation, Proof, Rollback, ServiceProgress, StackOutcome, State, assess,
};
pub use cadence::{Cadence, DetailedLook};
pub use cause::{Cause, CauseKind};
pub use classify::stopped_task_cause;
pub use deadline::{Deadline, DeadlineTerm};
pub use ids::{DeploymentId, ServiceDeploymentArn, ServiceName, StackEventId, TaskArn, TaskDefinitionArn};
pub use observations::{AlarmHistory, Observations, ServiceObservations, Sighting, TargetHistory};
pub use record::{Record, replay};
pub use rollout::{
    Breaker, ContainerCheck, ExpectedService, Rollout, ServiceSettings, TargetCheck, Threshold, Via,
};
pub use snapshot::{
    AlarmView, BreakerView, ContainerView, DeploymentView, Moment, ServiceDeploymentView, ServiceEventView,
    ServiceView, Snapshot, StackEventView, TargetView, TaskView,
};
