//! A registered task definition, and what of it the life of a task needs.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::api::*;
use super::{DefinitionKey, State, client};
use crate::{ApiError, SimTime};

/// A registered task definition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Definition {
    pub(super) shape: TaskDefinition,
    pub(super) registered_at: SimTime,
    /// Whether a task of a service started with it under a fault.
    #[serde(default)]
    pub(super) was_hit: bool,
    pub(super) containers: Vec<ContainerPlan>,
}

/// What of a container definition decides how its container lives.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ContainerPlan {
    pub(super) image: ImageReference,
    /// Whether every task resolves the tag of the image anew: `versionConsistency` is turned off.
    #[serde(default)]
    pub(super) follows_tag: bool,
    pub(super) essential: bool,
    pub(super) stop_timeout: Duration,
    pub(super) check: Option<CheckPlan>,
    pub(super) ports: Vec<u16>,
    pub(super) log: Option<LogPlan>,
    /// Entry point and command, joined.
    pub(super) command: String,
    /// The `RELEASE` environment variable.
    pub(super) release: Option<String>,
}

/// A container health check with its defaults filled in (bc:ecs/HealthCheck).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct CheckPlan {
    pub(super) interval_secs: f64,
    pub(super) timeout_secs: f64,
    pub(super) retries: u32,
    pub(super) start_period_secs: f64,
}

/// Where the `awslogs` driver writes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LogPlan {
    pub(super) group: String,
    pub(super) prefix: String,
    pub(super) create_group: bool,
}

/// An image reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ImageReference {
    /// As it was written.
    pub(super) text: String,
    /// Repository in a private ECR registry; `None` for other registries, whose images all exist.
    pub(super) repository: Option<String>,
    pub(super) digest: Option<String>,
    /// `latest` where neither tag nor digest is given.
    pub(super) tag: Option<String>,
}

impl ImageReference {
    pub(super) fn parse(text: &str) -> Self {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest.to_owned())),
            None => (text, None),
        };
        // A colon after the last slash begins a tag, one before it a port.
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
            _ => (name, None),
        };
        let tag = if digest.is_none() { tag.or_else(|| Some("latest".to_owned())) } else { tag };
        let repository = name
            .split_once('/')
            .filter(|(host, _)| host.contains(".dkr.ecr.") && host.ends_with(".amazonaws.com"))
            .map(|(_, repository)| repository.to_owned());
        Self { text: text.to_owned(), repository, digest, tag }
    }
}

impl ContainerPlan {
    pub(super) fn of(container: &ContainerDefinition) -> Self {
        let seconds = |value: Option<u32>, default: u32| f64::from(value.unwrap_or(default));
        let check = container
            .health_check
            .as_ref()
            .filter(|check| check.command.first().is_none_or(|kind| kind != "NONE"));
        let words = container.entry_point.iter().flatten().chain(container.command.iter().flatten());
        Self {
            image: ImageReference::parse(&container.image),
            follows_tag: container.version_consistency.as_deref() == Some("disabled"),
            essential: container.essential.unwrap_or(true),
            stop_timeout: Duration::from_secs(u64::from(container.stop_timeout.unwrap_or(30))),
            check: check.map(|check| CheckPlan {
                interval_secs: seconds(check.interval, 30),
                timeout_secs: seconds(check.timeout, 5),
                retries: check.retries.unwrap_or(3),
                start_period_secs: seconds(check.start_period, 0),
            }),
            ports: container.port_mappings.iter().filter_map(|mapping| mapping.container_port).collect(),
            log: container.log_configuration.as_ref().filter(|log| log.log_driver == "awslogs").map(|log| {
                let option = |name: &str| log.options.get(name).cloned().unwrap_or_default();
                LogPlan {
                    group: option("awslogs-group"),
                    prefix: option("awslogs-stream-prefix"),
                    create_group: option("awslogs-create-group") == "true",
                }
            }),
            command: words.map(String::as_str).collect::<Vec<_>>().join(" "),
            release: container
                .environment
                .iter()
                .find(|pair| pair.name == "RELEASE")
                .map(|pair| pair.value.clone()),
        }
    }
}

impl Definition {
    /// Whether the first task of a deployment pins any image, which is named by a tag, to a digest.
    pub(super) fn has_tags(&self) -> bool {
        self.containers.iter().any(|container| container.image.digest.is_none() && !container.follows_tag)
    }

    pub(super) fn has_checks(&self) -> bool {
        self.containers.iter().any(|container| container.essential && container.check.is_some())
    }
}

impl State {
    pub(super) fn definition(&self, key: DefinitionKey) -> &Definition {
        &self.definitions[key.index()]
    }

    pub(super) fn definition_mut(&mut self, key: DefinitionKey) -> &mut Definition {
        &mut self.definitions[key.index()]
    }

    /// The task definition that a family (its newest active revision), `family:revision` or ARN names.
    pub(super) fn find_definition(&self, name: &str) -> Option<DefinitionKey> {
        let name = name.rsplit('/').next().unwrap_or(name);
        match name.rsplit_once(':') {
            Some((family, revision)) => {
                let place = revision.parse::<usize>().ok()?.checked_sub(1)?;
                self.families.get(family)?.get(place).copied()
            }
            None => self.families.get(name)?.iter().rev().copied().find(|&key| self.is_active(key)),
        }
    }

    fn is_active(&self, key: DefinitionKey) -> bool {
        self.definition(key).shape.status == TaskDefinitionStatus::Active
    }

    /// A task definition from which tasks can be started.
    pub(super) fn usable_definition(&self, name: &str) -> Result<DefinitionKey, ApiError> {
        let key = self.find_definition(name).ok_or_else(|| client("TaskDefinition not found."))?;
        if self.is_active(key) { Ok(key) } else { Err(client("TaskDefinition is inactive")) }
    }
}

#[cfg(test)]
mod tests {
    use super::ImageReference;

    #[test]
    fn references_are_taken_apart() {
        let parse = |text: &str| {
            let found = ImageReference::parse(text);
            (found.repository, found.tag, found.digest)
        };
        let own = |text: &str| Some(text.to_owned());
        let registry = "123456789012.dkr.ecr.us-west-2.amazonaws.com";
        assert_eq!(
            parse(&format!("{registry}/team/api@sha256:ab")),
            (own("team/api"), None, own("sha256:ab"))
        );
        assert_eq!(parse(&format!("{registry}/api:v1")), (own("api"), own("v1"), None));
        assert_eq!(parse("nginx"), (None, own("latest"), None));
        assert_eq!(parse("localhost:5000/nginx"), (None, own("latest"), None));
    }
}
