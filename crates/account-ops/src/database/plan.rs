//! What is left to do until a restored database is in service: a pure function of the instances that there are.

use std::fmt;

use deploy_ops::failure::Failure;
use deploy_ops::names::BadName;
use serde::Serialize;

/// Tag of a kept instance: resource id of the one that took its place, and what that was restored from.
pub(super) const TAG_REPLACED: &str = "restore:replaced-by";
/// Tag of a restored instance until it is in service: what it was made of.
pub(super) const TAG_SOURCE: &str = "restore:source";
/// Tag of a restored instance: resource id of the instance that was in service.
pub(super) const TAG_ORIGINAL: &str = "restore:original";
/// Tag of a restored instance: the name under which that one is kept.
pub(super) const TAG_KEPT: &str = "restore:kept";

/// What is restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The database at a time.
    Time(jiff::Timestamp),
    /// A snapshot.
    Snapshot(String),
}

impl Source {
    /// From RFC 3339.
    ///
    /// # Errors
    /// A text that is no such time.
    pub fn time(text: &str) -> Result<Self, Failure> {
        text.parse().map(Self::Time).map_err(|_| {
            let expected = "a time in RFC 3339, such as 2026-01-05T08:00:00Z";
            Failure::Argument(BadName { found: text.to_owned(), expected })
        })
    }

    /// The option that names it.
    #[must_use]
    pub fn option(&self) -> String {
        match self {
            Self::Time(time) => format!("--to-time {time}"),
            Self::Snapshot(name) => format!("--snapshot {name}"),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => write!(f, "time {time}"),
            Self::Snapshot(name) => write!(f, "snapshot {name}"),
        }
    }
}

/// An instance, as far as the plan looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Identifier.
    pub name: String,
    /// Resource id, which stays when the name changes.
    pub resource: String,
    /// What it was restored from, in the words of [`Source`]'s display.
    pub source: Option<String>,
    /// Resource id of the instance it is to take the place of.
    pub original: Option<String>,
    /// The name under which that one is kept.
    pub kept: Option<String>,
    /// Of a kept one: what took its place ([`replacement`]).
    pub replaced: Option<String>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Restore into a new instance of the name `as_name`.
    Copy {
        /// Its name.
        as_name: String,
    },
    /// Give it the settings of the instance in service, and the owner's password of the secret.
    Equalise,
    /// Stop the services.
    Stop,
    /// Rename the instance in service, which is kept.
    Keep {
        /// Its new name.
        as_name: String,
    },
    /// Give the restored instance the name that the stack and the services know.
    TakeName {
        /// That name.
        as_name: String,
    },
    /// Start the services.
    Start,
    /// Note it on the kept instance, and take the notes off the one in service, which is then as the stack has it.
    Note,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copy { as_name } => write!(f, "restore into a new instance {as_name}"),
            Self::Equalise => {
                f.write_str("give it the settings of the instance in service and the password of the secret")
            }
            Self::Stop => f.write_str("stop all services"),
            Self::Keep { as_name } => write!(f, "rename the instance in service to {as_name}, and keep it"),
            Self::TakeName { as_name } => write!(f, "rename the restored instance to {as_name}"),
            Self::Start => f.write_str("start all services"),
            Self::Note => f.write_str("note on the kept instance what took its place"),
        }
    }
}

/// What the tag of a kept instance says.
pub(super) fn replacement(resource: &str, source: &str) -> String {
    format!("{resource} {source}")
}

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// There is nothing to restore beside.
    NoDatabase,
    /// Another restoration is under way.
    Another {
        /// What it restores.
        source: String,
    },
    /// Somebody else's instance has the name of the new one.
    Taken {
        /// That name.
        name: String,
    },
}

/// The steps that are left. `name` is that of the instance in service, `now` names the one that is kept, and `started` says
/// whether every service runs what the stack has on record.
///
/// # Errors
/// What is in the way.
pub fn steps(
    instances: &[Instance],
    name: &str,
    source: &Source,
    now: &str,
    started: bool,
) -> Result<Vec<Step>, Obstacle> {
    let wanted = source.to_string();
    let new = format!("{name}-restored");
    let at = |name: &str| instances.iter().find(|it| it.name == name);
    let take = Step::TakeName { as_name: name.to_owned() };
    match (at(name), at(&new)) {
        (_, Some(copy)) if copy.source.is_none() => Err(Obstacle::Taken { name: new }),
        (_, Some(copy)) if copy.source.as_ref() != Some(&wanted) => {
            Err(Obstacle::Another { source: copy.source.clone().unwrap_or_default() })
        }
        (Some(current), Some(copy)) => {
            let as_name = copy.kept.clone().unwrap_or_else(|| format!("{name}-before-{now}"));
            // Renamed already, and somebody made another one of that name.
            if copy.original.as_ref() != Some(&current.resource) {
                return Err(Obstacle::Taken { name: name.to_owned() });
            }
            Ok(vec![Step::Equalise, Step::Stop, Step::Keep { as_name }, take, Step::Start, Step::Note])
        }
        (None, Some(_)) => Ok(vec![take, Step::Start, Step::Note]),
        (Some(current), None) if current.source.as_ref() == Some(&wanted) => {
            Ok(vec![Step::Start, Step::Note])
        }
        (Some(current), None)
            if instances.iter().any(|it| it.replaced == Some(replacement(&current.resource, &wanted))) =>
        {
            Ok(if started { Vec::new() } else { vec![Step::Start] })
        }
        (Some(_), None) => {
            let kept = Step::Keep { as_name: format!("{name}-before-{now}") };
            Ok(vec![
                Step::Copy { as_name: new },
                Step::Equalise,
                Step::Stop,
                kept,
                take,
                Step::Start,
                Step::Note,
            ])
        }
        (None, None) => Err(Obstacle::NoDatabase),
    }
}
