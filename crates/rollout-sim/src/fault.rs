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

/// What the name behind a kind of fault may be the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An ECS service.
    Service,
    /// A one-off task.
    Task,
    /// An availability zone.
    Zone,
    /// A resource of a template, by logical id.
    Resource,
    /// A service of AWS, as actions are prefixed.
    Api,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "service",
            Self::Task => "task",
            Self::Zone => "zone",
            Self::Resource => "resource",
            Self::Api => "API",
        })
    }
}

impl FaultKind {
    /// What a name behind it may be the name of.
    #[must_use]
    pub const fn subjects(self) -> &'static [Subject] {
        match self {
            Self::ImageMissing | Self::WrongArchitecture | Self::SecretMissing | Self::CrashOnStart => {
                &[Subject::Service, Subject::Task]
            }
            Self::CrashAfterStart
            | Self::HealthPath
            | Self::ContainerHealth
            | Self::SlowStart
            | Self::ErrorsAfterDeploy
            | Self::OldCode => &[Subject::Service],
            Self::NoCapacity => &[Subject::Service, Subject::Task, Subject::Zone],
            Self::MigrationFails | Self::MigrationHangs => &[Subject::Task],
            Self::StackFails | Self::RollbackFails => &[Subject::Service, Subject::Resource],
            Self::Throttled | Self::AccessDenied | Self::ApiOutage => &[Subject::Api],
        }
    }

    /// When a fault of this kind breaks something, as a part of a sentence.
    #[must_use]
    pub const fn moment(self) -> &'static str {
        match self {
            Self::NoCapacity => "it keeps new tasks from being placed",
            Self::MigrationFails | Self::MigrationHangs => "it breaks one-off tasks that migrate",
            Self::StackFails | Self::RollbackFails => "it breaks resources that the stack changes",
            Self::Throttled | Self::AccessDenied | Self::ApiOutage => "it breaks calls to that API",
            _ => "it breaks new tasks of a new revision",
        }
    }
}

/// What there is to break, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Breakable(pub Vec<(Subject, String)>);

/// A fault whose name is the name of nothing that it can break.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault {fault}: there is no {subjects} of this name, only {names}")]
pub struct NothingNamed {
    /// The fault.
    pub fault: Fault,
    /// What it may name, as in `service or zone`.
    pub subjects: String,
    /// The names that there are.
    pub names: String,
}

impl Breakable {
    /// Refuses a fault that names nothing which its kind can break.
    ///
    /// # Errors
    /// [`NothingNamed`], with the names that there are.
    pub fn check(&self, fault: &Fault) -> Result<(), NothingNamed> {
        let Some(wanted) = &fault.service else { return Ok(()) };
        let subjects = fault.kind.subjects();
        let mut names: Vec<&str> = Vec::new();
        for subject in subjects {
            let of_this = self.0.iter().filter(|(one, _)| one == subject);
            names.extend(of_this.map(|(_, name)| name.as_str()));
        }
        if names.contains(&wanted.as_str()) {
            return Ok(());
        }
        let subjects: Vec<String> = subjects.iter().map(ToString::to_string).collect();
        Err(NothingNamed { fault: fault.clone(), subjects: subjects.join(" or "), names: names.join(", ") })
    }
}

/// `KIND` or `KIND:NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fault {
    /// What is broken.
    pub kind: FaultKind,
    /// What it concerns, one of its kind's [`FaultKind::subjects`]; `None` is every one.
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
    /// Whether it has broken something.
    #[serde(default)]
    pub hit: bool,
}

impl ActiveFault {
    /// A fault that has not broken anything yet.
    #[must_use]
    pub const fn new(fault: Fault, since: SimTime) -> Self {
        Self { fault, since, hit: false }
    }

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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_what_its_kind_can_break() {
        let names = [
            (Subject::Service, "api"),
            (Subject::Task, "migrate"),
            (Subject::Zone, "us-west-2a"),
            (Subject::Resource, "Database"),
            (Subject::Api, "ecs"),
        ];
        let breakable =
            Breakable(names.iter().map(|(subject, name)| (*subject, (*name).to_owned())).collect());
        for kind in FaultKind::ALL {
            assert!(breakable.check(&Fault { kind: *kind, service: None }).is_ok());
            for (subject, name) in names {
                let fault = Fault { kind: *kind, service: Some(name.to_owned()) };
                assert_eq!(breakable.check(&fault).is_ok(), kind.subjects().contains(&subject), "{fault}");
            }
        }
        let error = breakable.check(&"migration-fails:api".parse().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "fault migration-fails:api: there is no task of this name, only migrate"
        );
        let error = breakable.check(&"no-capacity:us-west-2".parse().unwrap()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "fault no-capacity:us-west-2: there is no service or task or zone of this name, only api, migrate, \
             us-west-2a"
        );
    }
}
