//! The one JSON object that `--json` prints at the end of a deployment or rollback.

use serde::{Deserialize, Serialize};

use crate::{Exit, LocalOnly};

/// How a deployment or rollback ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every service runs the wanted release and answers as it.
    Succeeded,
    /// It already ran.
    NoChange,
    /// It failed, and everything is back on the old release.
    RolledBack,
    /// A newer deployment took over.
    Superseded,
    /// Somebody cancelled it.
    Cancelled,
    /// The deadline passed and it still runs.
    StillRunning,
    /// A one-off task failed; services untouched.
    TaskFailed,
    /// Deployed, but a health check fails or the wrong release answers.
    Unhealthy,
    /// A person has to act.
    NeedsHuman,
    /// A guard refused before anything changed.
    Refused,
}

impl Verdict {
    /// The exit code that goes with the verdict.
    #[must_use]
    pub const fn exit(self) -> Exit {
        match self {
            Self::Succeeded | Self::NoChange => Exit::Done,
            Self::RolledBack => Exit::RolledBack,
            Self::Superseded | Self::Cancelled => Exit::Superseded,
            Self::StillRunning => Exit::StillRunning,
            Self::TaskFailed => Exit::TaskFailed,
            Self::Unhealthy => Exit::Unhealthy,
            Self::NeedsHuman => Exit::NeedsHuman,
            Self::Refused => Exit::Refused,
        }
    }
}

/// Why it ended so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Stable machine-readable kind, such as `image_missing`.
    pub kind: String,
    /// The service concerned, if one is.
    pub service: Option<String>,
    /// The evidence, in words.
    pub detail: String,
}

/// The `--json` object of a command that ended without a result of its own: bad input, no credentials, a refusal before there
/// was anything to report on, a defect. Its fields mean what they mean in the other objects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorResult {
    /// `refused` or `task_failed`; `null` for what says nothing about a deployment.
    pub verdict: Option<Verdict>,
    /// The process exit code.
    pub exit_code: u8,
    /// Why.
    pub cause: Cause,
    /// What to do about it, where that is known; a command, or words.
    pub hint: Option<String>,
}

impl ErrorResult {
    /// Of a command that ends with `exit`.
    #[must_use]
    pub fn new(exit: Exit, kind: &str, detail: String, hint: Option<String>) -> Self {
        let verdict = match exit {
            Exit::Refused => Some(Verdict::Refused),
            Exit::TaskFailed => Some(Verdict::TaskFailed),
            Exit::NeedsHuman => Some(Verdict::NeedsHuman),
            _ => None,
        };
        let cause = Cause { kind: kind.to_owned(), service: None, detail };
        Self { verdict, exit_code: exit.code(), cause, hint }
    }
}

/// What one service runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceResult {
    /// Name of the service in the configuration.
    pub name: String,
    /// Digest that the release names, `sha256:…`.
    pub digest: String,
    /// ARN of the task definition of the service's current revision.
    pub task_definition: String,
    /// Digests of the tasks that run now, sorted, without repeats.
    pub running_digests: Vec<String>,
}

/// The `--json` object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeployResult {
    /// How it ended.
    pub verdict: Verdict,
    /// The process exit code, [`Exit::code`] of the verdict.
    pub exit_code: u8,
    /// Environment name.
    pub environment: String,
    /// Release tag, or the commit where no tag was given.
    pub release: String,
    /// Full commit id.
    pub commit: String,
    /// One entry per service, in configuration order.
    pub services: Vec<ServiceResult>,
    /// Time on the deployment's clock (virtual with `--local`), in seconds.
    pub elapsed_secs: f64,
    /// From the first visible sign of failure to the verdict, in seconds.
    pub detected_secs: Option<f64>,
    /// Why, where it did not succeed.
    pub cause: Option<Cause>,
    /// The command to run next, where there is one.
    pub next: Option<String>,
    /// Guards that were overridden, as on the command line; left out where none was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<String>,
    /// What is different on AWS, with `--local`; left out where nothing is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub local_only: Vec<LocalOnly>,
}
