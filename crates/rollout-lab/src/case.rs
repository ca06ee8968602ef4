//! What is simulated: a configuration before and after, and images.

use std::collections::BTreeMap;

use env_config::{Changes, Config, Environment, Scenario, ScenarioImage, ScenarioSide, merge};
use rollout_sim::ecs;
use rollout_sim::fault::{Breakable, Fault, FaultKind, Subject};
use rollout_sim::image::{Crash, ImageBehaviour};
use rollout_sim::params::Params;

use crate::LabError;

/// The texts of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// `infra/platform.toml`.
    pub platform: String,
    /// File name of the environment, such as `staging.toml`.
    pub environment_file: String,
    /// The environment's file.
    pub environment: String,
}

impl Texts {
    /// Reads them, with changes merged in, one after the other.
    ///
    /// # Errors
    /// [`LabError::Toml`], [`LabError::Config`].
    pub fn config(&self, changes: &[&Changes]) -> Result<Config, LabError> {
        let environment = |text| (self.environment_file.clone(), text);
        if changes.is_empty() {
            // As written, so that an error names the line in the file. Two configurations that are compared with
            // each other have to come the same way: merging sorts tables behind plain values.
            return Ok(Config::from_texts(&self.platform, &[environment(self.environment.clone())])?);
        }
        let platform = merged(&self.platform, changes.iter().map(|it| &it.platform), "infra/platform.toml")?;
        let file = &self.environment_file;
        let text = merged(&self.environment, changes.iter().map(|it| &it.environment), file)?;
        Ok(Config::from_texts(&platform, &[environment(text)])?)
    }
}

fn merged<'a>(
    text: &str,
    changes: impl Iterator<Item = &'a toml::Table>,
    what: &str,
) -> Result<String, LabError> {
    let error = |source| LabError::Toml { what: what.to_owned(), source: Box::new(source) };
    let mut table: toml::Table = toml::from_str(text).map_err(error)?;
    changes.for_each(|changes| merge(&mut table, changes));
    Ok(table.to_string())
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
    /// Services that get a new image, while the release stays; none is a new release of every service.
    pub new_images: Vec<String>,
    /// How images behave where it is not the default: by service, before and after.
    pub images: BTreeMap<String, (ImageBehaviour, ImageBehaviour)>,
    /// Undocumented numbers that are known here, by name: they stay, whatever is drawn for the others.
    pub known_params: toml::Table,
    /// Seed of the simulated account.
    pub seed: u64,
}

impl Case {
    /// A new release of every service, with the same configuration.
    #[must_use]
    pub fn new_release(config: Config, environment: &str) -> Self {
        Self {
            before: config.clone(),
            after: config,
            environment: environment.to_owned(),
            new_images: Vec::new(),
            images: BTreeMap::new(),
            known_params: toml::Table::new(),
            seed: 1,
        }
    }

    /// One side of a scenario.
    ///
    /// # Errors
    /// [`LabError`] where the configuration with the side's settings is not valid.
    pub fn of_scenario(scenario: &Scenario, side: &ScenarioSide, texts: &Texts) -> Result<Self, LabError> {
        let before = texts.config(&[&side.settings, &scenario.before])?;
        let after = texts.config(&[&side.settings])?;
        let environment = after.environments.keys().next().map(ToString::to_string).unwrap_or_default();
        let images = scenario
            .images
            .iter()
            .map(|(service, images)| (service.to_string(), (behaviour(&images.old), behaviour(&images.new))));
        Ok(Self {
            before,
            after,
            environment,
            new_images: scenario.new_images.iter().map(ToString::to_string).collect(),
            images: images.collect(),
            known_params: side.params.clone(),
            seed: 1,
        })
    }

    /// Reads faults and refuses what would break nothing in this environment.
    ///
    /// # Errors
    /// [`LabError::Fault`] with the kinds or the services there are.
    pub fn faults<S: AsRef<str>>(&self, texts: &[S]) -> Result<Vec<Fault>, LabError> {
        texts.iter().map(|text| self.fault(text.as_ref())).collect()
    }

    fn fault(&self, text: &str) -> Result<Fault, LabError> {
        let fault: Fault = text.parse().map_err(|_| {
            let kinds = FaultKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>();
            let kind = text.split(':').next().unwrap_or_default();
            LabError::Fault { message: format!("there is no fault `{kind}`"), allowed: kinds.join(", ") }
        })?;
        if fault.service.is_some() && is_of_api(fault.kind) {
            let allowed = format!("{} without a name: it concerns every call", fault.kind);
            return Err(LabError::Fault { message: format!("`{text}` is not simulated"), allowed });
        }
        self.breakable()?.check(&fault).map_err(|error| LabError::Fault {
            message: format!("fault `{text}`: there is no {} of this name", error.subjects),
            allowed: error.names,
        })?;
        Ok(fault)
    }

    /// What there is to break.
    fn breakable(&self) -> Result<Breakable, LabError> {
        let platform = &self.after.platform;
        let template = stack_model::environment(&self.after, self.environment()?)?;
        let resources = template.resource_types().map(|(id, _)| (Subject::Resource, id.to_owned()));
        let mut names: Vec<(Subject, String)> = Vec::new();
        names.extend(platform.services.keys().map(|name| (Subject::Service, name.to_string())));
        names.extend(platform.tasks.keys().map(|name| (Subject::Task, name.to_string())));
        names.extend(self.zones()?.into_iter().map(|name| (Subject::Zone, name)));
        names.extend(resources);
        Ok(Breakable(names))
    }

    /// Zones of the environment's network.
    fn zones(&self) -> Result<Vec<String>, LabError> {
        let zones = 0..self.environment()?.network.availability_zones;
        let region = self.after.platform.region.as_str();
        Ok(zones.map(|zone| ecs::zone_name(region, usize::from(zone))).collect())
    }

    /// These parameters, with those that are known.
    pub(crate) fn params(&self, drawn: Params) -> Result<Params, LabError> {
        if self.known_params.is_empty() {
            return Ok(drawn);
        }
        let mut table = toml::Table::try_from(drawn)
            .map_err(|error| LabError::Case(format!("the parameters cannot be written: {error}")))?;
        merge(&mut table, &self.known_params);
        table.try_into().map_err(|source| LabError::Toml {
            what: "the parameters of the side".to_owned(),
            source: Box::new(source),
        })
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

/// Faults of the calls that the tool makes.
pub(crate) fn is_of_api(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::Throttled | FaultKind::AccessDenied | FaultKind::ApiOutage)
}

/// Faults of the migration, which comes before the rollout.
pub(crate) fn is_of_migration(kind: FaultKind) -> bool {
    matches!(kind, FaultKind::MigrationFails | FaultKind::MigrationHangs)
}

fn behaviour(image: &ScenarioImage) -> ImageBehaviour {
    let default = ImageBehaviour::default();
    ImageBehaviour {
        paths: image.paths.iter().map(|(path, status)| (path.clone(), *status)).collect(),
        listen_after_secs: image.listen_after_secs.map_or(default.listen_after_secs, f64::from),
        crash: image.crash_after_secs.map(|secs| Crash {
            after_secs: f64::from(secs),
            exit_code: 1,
            log: Vec::new(),
        }),
        fails_after_secs: image.fails_after_secs.map(f64::from),
        container_check_passes: !image.container_check_fails,
        ..default
    }
}
