//! The guards that a person may override by name.

use std::fmt;
use std::str::FromStr;

/// What a guard watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GuardKind {
    /// A target group's health check asks for what the release in service does not answer.
    HealthPath,
    /// A service listens on another port.
    ContainerPort,
    /// The target group under running tasks is replaced.
    TargetGroup,
    /// The credentials end before the deployment may.
    Credentials,
    /// The release is older than the one in service.
    OlderRelease,
    /// The database gets a new major version.
    DatabaseUpgrade,
    /// What would show that a service is unwell cannot be seen.
    Witnesses,
}

impl GuardKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::HealthPath,
        Self::ContainerPort,
        Self::TargetGroup,
        Self::Credentials,
        Self::OlderRelease,
        Self::DatabaseUpgrade,
        Self::Witnesses,
    ];

    /// Name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::HealthPath => "health-path",
            Self::ContainerPort => "container-port",
            Self::TargetGroup => "target-group",
            Self::Credentials => "credentials",
            Self::OlderRelease => "older-release",
            Self::DatabaseUpgrade => "database-upgrade",
            Self::Witnesses => "witnesses",
        }
    }

    /// Whether it is about one service, which has to be named then.
    #[must_use]
    pub const fn of_service(self) -> bool {
        !matches!(self, Self::Credentials | Self::OlderRelease | Self::DatabaseUpgrade)
    }
}

/// A guard, as it is named on the command line: `health-path:mcp`, `credentials`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guard {
    /// What it watches.
    pub kind: GuardKind,
    /// The service, where it is about one.
    pub service: Option<String>,
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        self.service.iter().try_for_each(|service| write!(f, ":{service}"))
    }
}

/// A text that names no guard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownGuard;

impl fmt::Display for UnknownGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no such guard: one of ")?;
        for (index, kind) in GuardKind::ALL.into_iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            let service = if kind.of_service() { ":SERVICE" } else { "" };
            write!(f, "{comma}{}{service}", kind.name())?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownGuard {}

impl FromStr for Guard {
    type Err = UnknownGuard;

    fn from_str(text: &str) -> Result<Self, UnknownGuard> {
        let (name, service) = match text.split_once(':') {
            Some((name, service)) => (name, Some(service.to_owned())),
            None => (text, None),
        };
        let kind = GuardKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or(UnknownGuard)?;
        let fits = service.as_ref().is_some_and(|service| !service.is_empty()) == kind.of_service();
        if fits { Ok(Self { kind, service }) } else { Err(UnknownGuard) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_named_with_their_service() {
        for text in [
            "health-path:mcp",
            "container-port:api",
            "target-group:api",
            "credentials",
            "older-release",
            "database-upgrade",
            "witnesses:api",
        ] {
            assert_eq!(text.parse::<Guard>().unwrap().to_string(), text);
        }
        for text in ["health-path", "health-path:", "credentials:api", "everything"] {
            assert_eq!(text.parse::<Guard>(), Err(UnknownGuard), "{text}");
        }
        assert_eq!(
            UnknownGuard.to_string(),
            "there is no such guard: one of health-path:SERVICE, container-port:SERVICE, target-group:SERVICE, \
             credentials, older-release, database-upgrade, witnesses:SERVICE"
        );
    }
}
