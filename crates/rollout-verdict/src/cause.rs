//! Causes: why a deployment fails, with the evidence and what to do next.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ServiceName;

macro_rules! cause_kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $code:literal, $what:literal, $next:literal;)+) => {
        /// Kind of a cause.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum CauseKind {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl CauseKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Stable machine-readable name, also its serialised form.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What is wrong, as the rest of a sentence after the service's name.
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$variant => $what),+ }
            }

            /// What to do about it.
            #[must_use]
            pub const fn next_step(self) -> &'static str {
                match self { $(Self::$variant => $next),+ }
            }
        }
    };
}

cause_kinds! {
    /// The image does not exist.
    ImageMissing = "image_missing", "its image does not exist",
        "build and push the image of this release, or deploy a release whose images exist";
    /// The image was built for another CPU architecture.
    WrongArchitecture = "wrong_architecture", "its image was built for another CPU architecture",
        "build the image for the architecture that the platform configuration names";
    /// A secret, or a key of its JSON, does not exist.
    SecretMissing = "secret_missing", "a secret that it needs does not exist",
        "create it with `cargo xtask secrets set`, then deploy again";
    /// A role may not do what the start of the task needs.
    AccessDenied = "access_denied", "a role of the task is not allowed what it needs",
        "compare the denied action with `cargo xtask iam policy`; the stack's roles may be out of date";
    /// The log group does not exist.
    LogGroupMissing = "log_group_missing", "its log group does not exist",
        "deploy the stack, which creates the log group";
    /// The task cannot reach AWS's APIs or the registry.
    Unreachable = "unreachable", "its tasks cannot reach the registry or another AWS service",
        "check routes, NAT or endpoints, and security groups of the task subnets";
    /// The container could not be created or started.
    CannotStart = "cannot_start", "its container cannot be started",
        "read the reason; the command, entry point, user or volumes of the image do not work";
    /// Killed for using more memory than it has.
    OutOfMemory = "out_of_memory", "it runs out of memory",
        "raise the service's memory, or find what uses it";
    /// The program exits by itself.
    Crash = "crash", "its program exits by itself",
        "read the last log lines; the exit code is the program's own";
    /// The load balancer's health check fails.
    TargetHealth = "target_health", "the load balancer's health check fails",
        "the release must answer the health-check path and port of the configuration; try it in the image";
    /// The container health check fails.
    ContainerHealth = "container_health", "the container health check fails",
        "run the health check's command in the image";
    /// Fargate has no capacity.
    NoCapacity = "no_capacity", "there is no capacity for its tasks",
        "try again later, or in other availability zones; nothing is wrong with the release";
    /// A deployment alarm fires.
    Alarm = "alarm", "a deployment alarm fires",
        "look at the errors of the new release around that time";
    /// The circuit breaker tripped and no task says why.
    BreakerTripped = "breaker_tripped", "its circuit breaker tripped",
        "read the service's events";
    /// A resource of the stack could not be changed.
    StackResource = "stack_resource", "a resource of the stack could not be changed",
        "correct the resource that failed first; those after it were only cancelled";
    /// The service is back on the old revision although nothing failed visibly.
    RolledBack = "rolled_back", "it is back on its old revision",
        "read the service's events; somebody or something stopped the deployment";
    /// It did not become stable in time.
    Deadline = "deadline", "it did not become stable in time",
        "see what its tasks were waiting for";
}

impl fmt::Display for CauseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Why a deployment fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// Kind of the cause.
    pub kind: CauseKind,
    /// The service concerned, if one is.
    pub service: Option<ServiceName>,
    /// The decisive text, as AWS or the program wrote it.
    pub detail: String,
    /// Further evidence, one line each.
    pub evidence: Vec<String>,
}

impl Cause {
    /// What to do about it.
    #[must_use]
    pub const fn next_step(&self) -> &'static str {
        self.kind.next_step()
    }
}

impl fmt::Display for Cause {
    /// `api: its image does not exist: CannotPullContainerError: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(service) = &self.service {
            write!(f, "{service}: ")?;
        }
        f.write_str(self.kind.what())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}
