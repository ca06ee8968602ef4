//! The figures of a simulated rollout.

use serde::{Deserialize, Serialize};

/// How a rollout ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Every service runs the new release.
    Succeeded,
    /// Every service is back on the old one.
    RolledBack,
    /// A guard, or AWS itself, refused before anything was touched.
    Refused,
    /// The migration failed; the services were not touched.
    TaskFailed,
    /// Rolled out, but the wrong release answers, or errors.
    Unhealthy,
    /// It neither ended nor went back: a person has to act.
    NeedsHuman,
    /// It was still under way when the simulation was ended.
    StillRunning,
}

impl Ending {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::RolledBack => "rolled back",
            Self::Refused => "refused",
            Self::TaskFailed => "task failed",
            Self::Unhealthy => "unhealthy",
            Self::NeedsHuman => "needs a human",
            Self::StillRunning => "still running",
        }
    }
}

/// Tasks that answered at the worst moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capacity {
    /// The service it was worst for.
    pub service: String,
    /// Tasks that answered.
    pub tasks: u32,
    /// Tasks it should have.
    pub desired: u32,
}

/// The figures of a simulated rollout; times in seconds from its start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// How it ended.
    pub ending: Ending,
    /// Kind of the cause, where there was a failure.
    pub cause: Option<String>,
    /// The cause in words.
    pub detail: Option<String>,
    /// When the first failure became visible.
    pub first_failure_secs: Option<f64>,
    /// When the circuit breaker (or a deployment alarm) failed a deployment.
    pub breaker_trip_secs: Option<f64>,
    /// When whoever watched knew that it had failed: the verdict, or the end of the stack operation. 0 where it was
    /// refused.
    pub verdict_secs: Option<f64>,
    /// When the stack began to go back.
    pub rollback_secs: Option<f64>,
    /// Deadline of the tool.
    pub deadline_secs: u32,
    /// When the operation was over and every service had all its tasks again.
    pub whole_secs: Option<f64>,
    /// How long it was followed: until then every service was whole, or that was not in sight.
    pub followed_secs: f64,
    /// Tasks that answered at the worst moment.
    pub lowest: Option<Capacity>,
    /// Seconds in which users' requests failed, weighted with the share that failed.
    pub failed_request_secs: f64,
    /// API calls the watcher made for each minute until the verdict.
    pub calls_per_minute: f64,
}
