//! Faults: what is broken on purpose.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::SimTime;

macro_rules! fault_kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// A kind of fault, by the name it has on the command line.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum FaultKind {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl FaultKind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Name on the command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

fault_kinds! {
    /// The image of the new revision cannot be pulled.
    ImageMissing = "image-missing",
    /// The image of the new revision was built for another architecture.
    WrongArchitecture = "wrong-architecture",
    /// A secret that the new revision names does not exist.
    SecretMissing = "secret-missing",
    /// The program exits before it listens.
    CrashOnStart = "crash-on-start",
    /// The program exits some time after it was healthy.
    CrashAfterStart = "crash-after-start",
    /// The load balancer's health check gets 404.
    HealthPath = "health-path",
    /// The container health check fails.
    ContainerHealth = "container-health",
    /// The program takes far longer than usual to listen.
    SlowStart = "slow-start",
    /// The program answers requests with 5xx once it is live; health checks pass.
    ErrorsAfterDeploy = "errors-after-deploy",
    /// Fargate has no capacity for new tasks.
    NoCapacity = "no-capacity",
    /// The migration exits with a non-zero code.
    MigrationFails = "migration-fails",
    /// The migration never ends.
    MigrationHangs = "migration-hangs",
    /// A resource of the stack fails to update.
    StackFails = "stack-fails",
    /// The stack's rollback fails too: `UPDATE_ROLLBACK_FAILED`.
    RollbackFails = "rollback-fails",
    /// API calls are throttled.
    Throttled = "throttled",
    /// API calls are denied.
    AccessDenied = "access-denied",
    /// An API does not answer for a while.
    ApiOutage = "api-outage",
    /// Everything turns green, but the old release answers.
    OldCode = "old-code",
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// `KIND` or `KIND:SERVICE`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// What is broken.
    pub kind: FaultKind,
    /// The ECS service (or, for API faults, the AWS service) it concerns; `None` is every one.
    pub service: Option<String>,
}

/// Of a throttled API every call is refused so often before it is answered: with the three attempts of the SDKs'
/// standard retry mode (AWS SDKs and Tools reference, "Retry behavior") a caller that retries gets through, one
/// that does not fails. Chosen, not documented.
pub const REFUSALS: u32 = 2;

/// How long an API does not answer, from when [`FaultKind::ApiOutage`] begins. Chosen: longer than any SDK retries,
/// shorter than a deployment.
pub const API_OUTAGE: Duration = Duration::from_secs(90);

/// A fault in a world, from a moment on. Faults of an image or a task concern only task definitions that
/// were registered at or after `since` and say something new: the old release stays as good as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveFault {
    /// What is broken.
    pub fault: Fault,
    /// From when on.
    pub since: SimTime,
}

impl ActiveFault {
    /// Whether it is in force at this moment, for everything or for a name that `is_meant` accepts.
    pub fn concerns(&self, now: SimTime, is_meant: impl FnOnce(&str) -> bool) -> bool {
        self.since <= now && self.fault.service.as_deref().is_none_or(is_meant)
    }
}

/// A fault that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown fault {found:?}: one of {}", FaultKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", "))]
pub struct UnknownFault {
    /// The text that names no fault.
    pub found: String,
}

impl FromStr for Fault {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        let (name, service) = match text.split_once(':') {
            Some((name, service)) => (name, Some(service.to_owned())),
            None => (text, None),
        };
        FaultKind::ALL
            .iter()
            .find(|kind| kind.name() == name)
            .map(|&kind| Self { kind, service })
            .ok_or_else(|| UnknownFault { found: text.to_owned() })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.service {
            Some(service) => write!(f, "{}:{service}", self.kind),
            None => write!(f, "{}", self.kind),
        }
    }
}
