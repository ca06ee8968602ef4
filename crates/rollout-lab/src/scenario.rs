//! Scenarios: combinations of configuration, images and faults that have a name.

use std::collections::BTreeMap;

use rollout_sim::fault::Fault;
use rollout_sim::image::ImageBehaviour;
use serde::{Deserialize, Serialize};

use crate::{Case, LabError, Overrides, Watcher};

/// `infra/scenarios/NAME.toml`
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What happened, in a few sentences.
    pub description: String,
    /// Environment it happens in, unless the command line names another.
    pub environment: String,
    /// Faults, `KIND[:SERVICE]`.
    #[serde(default)]
    pub faults: Vec<String>,
    /// Services that get a new image; none is every service.
    #[serde(default)]
    pub new_images: Vec<String>,
    /// How the images of a service behave.
    #[serde(default)]
    pub images: BTreeMap<String, Images>,
    /// What the environment's configuration was before the change, on every side.
    #[serde(default)]
    pub before: Overrides,
    /// What is compared, in the order of the columns.
    pub sides: Vec<Side>,
}

/// Behaviour of a service's images.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Images {
    /// Of the release in service.
    pub old: ImageBehaviour,
    /// Of the release that is deployed.
    pub new: ImageBehaviour,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Side {
    /// Title of its column.
    pub name: String,
    /// Who watches.
    pub watcher: Watcher,
    /// Settings of this side, before and after the change.
    #[serde(default)]
    pub settings: Overrides,
    /// Whether the guards of the tool look at the change first.
    #[serde(default)]
    pub guards: bool,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// [`LabError::Toml`] with the place of the mistake.
    pub fn read(name: &str, text: &str) -> Result<Self, LabError> {
        toml::from_str(text)
            .map_err(|source| LabError::Toml { what: name.to_owned(), source: Box::new(source) })
    }

    /// The case of one side, from the texts of the configuration: `infra/platform.toml`, and the name and text of the
    /// environment's file.
    ///
    /// # Errors
    /// [`LabError`] where the configuration with the side's settings, or a fault, is not valid.
    pub fn case(&self, side: &Side, platform: &str, environment: (&str, &str)) -> Result<Case, LabError> {
        let both = |one: &Overrides, other: &Overrides| {
            let mut merged = one.clone();
            crate::case::merge(&mut merged.platform, &other.platform);
            crate::case::merge(&mut merged.environment, &other.environment);
            merged
        };
        let before = both(&side.settings, &self.before).apply(platform, environment)?;
        let after = side.settings.apply(platform, environment)?;
        let name = after.environments.keys().next().map(ToString::to_string).unwrap_or_default();
        let faults = self
            .faults
            .iter()
            .map(|text| text.parse::<Fault>().map_err(|error| LabError::Case(error.to_string())));
        let images = self
            .images
            .iter()
            .map(|(service, images)| (service.clone(), (images.old.clone(), images.new.clone())));
        Ok(Case {
            before,
            after,
            environment: name,
            new_images: self.new_images.clone(),
            images: images.collect(),
            faults: faults.collect::<Result<_, _>>()?,
            seed: 1,
        })
    }
}
