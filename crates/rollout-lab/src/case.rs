//! What is simulated: a configuration, images, a change and faults.

use std::collections::BTreeMap;

use env_config::{Config, Environment};
use rollout_sim::fault::Fault;
use rollout_sim::image::ImageBehaviour;
use serde::{Deserialize, Serialize};

use crate::LabError;

/// Changes to a configuration, merged into its TOML: tables key by key, everything else replaced.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Overrides {
    /// Changes to `infra/platform.toml`.
    pub platform: toml::Table,
    /// Changes to the environment's file.
    pub environment: toml::Table,
}

impl Overrides {
    /// Applies the changes to the texts of a configuration and reads the result.
    ///
    /// # Errors
    /// [`LabError::Toml`], [`LabError::Config`].
    pub fn apply(&self, platform: &str, environment: (&str, &str)) -> Result<Config, LabError> {
        let (file, text) = environment;
        let platform = merged(platform, &self.platform, "infra/platform.toml")?;
        let environment = merged(text, &self.environment, file)?;
        Ok(Config::from_texts(&platform, &[(file.to_owned(), environment)])?)
    }
}

fn merged(text: &str, changes: &toml::Table, what: &str) -> Result<String, LabError> {
    let error = |source| LabError::Toml { what: what.to_owned(), source: Box::new(source) };
    let mut table: toml::Table = toml::from_str(text).map_err(error)?;
    merge(&mut table, changes);
    Ok(table.to_string())
}

pub(crate) fn merge(into: &mut toml::Table, changes: &toml::Table) {
    for (key, value) in changes {
        match (into.get_mut(key), value) {
            (Some(toml::Value::Table(old)), toml::Value::Table(new)) => merge(old, new),
            _ => {
                into.insert(key.clone(), value.clone());
            }
        }
    }
}

/// A deployment to simulate.
#[derive(Debug, Clone)]
pub struct Case {
    /// Configuration that the environment runs with before.
    pub before: Config,
    /// Configuration that is deployed.
    pub after: Config,
    /// Name of the environment, the same in both.
    pub environment: String,
    /// Services that get a new image; none is every service.
    pub new_images: Vec<String>,
    /// How images behave where it is not the default: by service, before and after.
    pub images: BTreeMap<String, (ImageBehaviour, ImageBehaviour)>,
    /// What is broken, from the start of the rollout on.
    pub faults: Vec<Fault>,
    /// Seed of the simulated account.
    pub seed: u64,
}

impl Case {
    /// A new release of every service, with the same configuration.
    #[must_use]
    pub fn new_release(config: Config, environment: &str, faults: Vec<Fault>) -> Self {
        Self {
            before: config.clone(),
            after: config,
            environment: environment.to_owned(),
            new_images: Vec::new(),
            images: BTreeMap::new(),
            faults,
            seed: 1,
        }
    }

    /// The environment, as it is deployed.
    pub(crate) fn environment(&self) -> Result<&Environment, LabError> {
        Ok(self.after.environment(&self.environment)?)
    }

    /// Whether a service gets a new image.
    pub(crate) fn gets_new_image(&self, service: &str) -> bool {
        self.new_images.is_empty() || self.new_images.iter().any(|name| name == service)
    }
}
