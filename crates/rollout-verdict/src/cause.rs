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
    /// A secret has a value that its reader cannot take apart.
    SecretUnfit = "secret_unfit", "a secret that it needs is not the JSON that its definition asks for",
        "`cargo xtask secrets check` names what is wrong; enter it again with `cargo xtask secrets set`";
    /// A key of KMS cannot be used.
    KeyUnusable = "key_unusable", "a KMS key that it needs cannot be used",
        "look at the key: its state, and whether its policy lets the role of the task decrypt";
    /// A role may not do what the start of the task needs.
    AccessDenied = "access_denied", "a role of the task is not allowed what it needs",
        "compare the denied action with `cargo xtask iam policy`; the stack's roles may be out of date";
    /// The log group does not exist.
    LogGroupMissing = "log_group_missing", "its log group does not exist",
        "deploy the stack, which creates the log group";
    /// The log driver does not start.
    LogDriver = "log_driver", "its log driver does not start",
        "correct the log configuration of the container; the reason names the option";
    /// The registry lets nobody pull more for now.
    PullLimit = "pull_limit", "the registry's pull rate limit is reached",
        "wait, or pull with credentials or from a registry of your own";
    /// The task cannot reach AWS's APIs or the registry.
    Unreachable = "unreachable", "its tasks cannot reach the registry or another AWS service",
        "check routes, NAT or endpoints, and security groups of the task subnets";
    /// The container could not be created or started.
    CannotStart = "cannot_start", "its container cannot be started",
        "read the reason; the command, entry point or user of the image does not work";
    /// It cannot be started, for a reason that is not known here.
    StartFailed = "start_failed", "a task cannot be started",
        "read the reason, which is AWS's own; no known kind of failure has it";
    /// The disk of the task is full.
    NoDisk = "no_disk", "the disk of its task is full",
        "make the image smaller, or the task's ephemeral storage larger";
    /// A volume cannot be mounted.
    VolumeFailed = "volume_failed", "a volume of its task cannot be mounted",
        "check that the file system, its mount targets and their security group are there";
    /// The revision of its task definition was deregistered.
    InactiveRevision = "inactive_revision", "the revision of its task definition is inactive",
        "deploy, which registers a new revision";
    /// Minimum and maximum leave no room for a rollout.
    DeploymentSettings = "deployment_settings", "its minimum and maximum leave no room to replace a task",
        "lower its minimum healthy percent or raise its maximum percent";
    /// Killed for using more memory than it has.
    OutOfMemory = "out_of_memory", "it runs out of memory",
        "raise the service's memory, or find what uses it";
    /// The program exits by itself.
    Crash = "crash", "its program exits by itself",
        "read the last log lines; the exit code is the program's own";
    /// The load balancer's health check fails.
    TargetHealth = "target_health", "the load balancer's health check fails",
        "the release must answer the health-check path and port of the configuration; try it in the image. A program \
         that starts slowly needs a longer `grace_period_secs`";
    /// The container health check fails.
    ContainerHealth = "container_health", "the container health check fails",
        "run the health check's command in the image";
    /// Fargate has no capacity.
    NoCapacity = "no_capacity", "there is no capacity for its tasks",
        "try again later, or in other availability zones; nothing is wrong with the release";
    /// A quota of the account is reached.
    QuotaReached = "quota_reached", "a quota of the account is reached",
        "request a higher quota, or stop what else runs; nothing is wrong with the release";
    /// Its subnets give no network interface.
    NoAddress = "no_address", "its subnets give its tasks no network interface",
        "free addresses in the subnets, or give them a larger range; nothing is wrong with the release";
    /// A deployment alarm fires.
    Alarm = "alarm", "a deployment alarm fires",
        "look at the errors of the new release around that time";
    /// Somebody deleted the service.
    ServiceGone = "service_gone", "it was deleted while it was rolled out",
        "somebody or something deleted it past CloudFormation; see who, then deploy again";
    /// The circuit breaker tripped and no task says why.
    BreakerTripped = "breaker_tripped", "its circuit breaker tripped",
        "read the service's events";
    /// A resource of the stack could not be changed.
    StackResource = "stack_resource", "a resource of the stack could not be changed",
        "correct the resource that failed first; those after it were only cancelled";
    /// The stack went back, and none of its resources is known to have failed.
    StackFailed = "stack_failed", "the stack went back on its own",
        "read the reason, which is CloudFormation's own: an output, an export or a hook may have failed";
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
