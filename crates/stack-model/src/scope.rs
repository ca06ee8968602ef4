//! What every layer of an environment's stack looks things up in.

use cfn::{Removal, Tag};
use env_config::{Config, Environment, EnvironmentNames, Platform};
use serde::Serialize;

/// Marker of the environments' stacks.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Env;

impl cfn::Stack for Env {}

/// A template of an environment.
pub(crate) type Template = cfn::Template<Env>;
/// A value in a template of an environment.
pub(crate) type Value<K> = cfn::Value<Env, K>;
/// Resource options in a template of an environment.
pub(crate) type Options = cfn::Options<Env>;

/// The environment that is being modelled, and the platform it belongs to.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) platform: &'a Platform,
    pub(crate) environment: &'a Environment,
    pub(crate) names: EnvironmentNames<'a>,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(config: &'a Config, environment: &'a Environment) -> Self {
        Self { platform: &config.platform, environment, names: config.names(environment) }
    }

    /// What becomes of logs, logs of access and secrets when they leave the stack.
    pub(crate) fn records_removal(self) -> Options {
        let removal = if self.environment.protection.retain_data { Removal::Retain } else { Removal::Delete };
        Options::new().removal(removal, removal)
    }

    /// What becomes of data that can be snapshotted. A replacement leaves a snapshot in every environment: it happens
    /// by mistake, a deletion does not.
    pub(crate) fn data_removal(self) -> Options {
        let removal =
            if self.environment.protection.retain_data { Removal::Snapshot } else { Removal::Delete };
        Options::new().removal(removal, Removal::Snapshot)
    }
}

/// The tags of everything in a stack.
pub(crate) fn tags(platform: &Platform, environment: &str) -> Vec<Tag> {
    let tag = |key: &str, value: &str| Tag { key: key.to_owned(), value: value.to_owned() };
    vec![
        tag("Project", platform.name.as_str()),
        tag("Environment", environment),
        tag("ManagedBy", "CloudFormation"),
    ]
}
