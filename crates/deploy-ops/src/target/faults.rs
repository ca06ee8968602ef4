//! The faults that a command asks for: whether they name something, and whether they broke something.

use env_config::{Config, Environment};
use local_aws::{Breakable, Fault, Subject, UnknownFault};

use super::Target;
use crate::failure::Failure;
use crate::inputs;
use crate::template::Section;

/// Reads faults and refuses those that name nothing which they can break: in an environment, or anywhere where the command
/// concerns none.
///
/// # Errors
/// A kind or a name that does not exist, with those that do.
pub fn read(
    config: &Config,
    environment: Option<&Environment>,
    texts: &[String],
) -> Result<Vec<Fault>, Failure> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let breakable = breakable(config, environment)?;
    let read = |text: &String| {
        let fault: Fault = text.parse().map_err(|error: UnknownFault| unknown(error.to_string()))?;
        breakable.check(&fault).map_err(|error| unknown(error.to_string()))?;
        Ok(fault)
    };
    texts.iter().map(read).collect()
}

fn unknown(text: String) -> Failure {
    super::TargetError::UnknownFault(text).into()
}

fn breakable(config: &Config, environment: Option<&Environment>) -> Result<Breakable, Failure> {
    let platform = &config.platform;
    let mut names: Vec<(Subject, String)> = Vec::new();
    names.extend(platform.services.keys().map(|name| (Subject::Service, name.to_string())));
    names.extend(platform.tasks.keys().map(|name| (Subject::Task, name.to_string())));
    let environments: Vec<&Environment> = match environment {
        Some(environment) => vec![environment],
        None => config.environments.values().collect(),
    };
    let zones = environments.iter().map(|it| usize::from(it.network.availability_zones)).max().unwrap_or(0);
    let region = platform.region.as_str();
    names.extend((0..zones).map(|zone| (Subject::Zone, local_aws::zone_name(region, zone))));
    for environment in environments {
        let template = inputs::environment_template(config, environment)?;
        names.extend(template.entries(Section::Resources).map(|(id, _)| (Subject::Resource, id.clone())));
    }
    let shared = inputs::shared_template(config)?;
    names.extend(shared.entries(Section::Resources).map(|(id, _)| (Subject::Resource, id.clone())));
    names.extend(local_aws::API_PREFIXES.iter().map(|api| (Subject::Api, (*api).to_owned())));
    names.sort();
    names.dedup();
    Ok(Breakable(names))
}

impl Target {
    /// A command that ended well although a fault was to break it is no drill where the fault had nothing to break.
    ///
    /// # Errors
    /// A fault that broke nothing.
    pub fn met_faults(&self) -> Result<(), Failure> {
        let missed = self.control().map(|control| control.missed_faults()).unwrap_or_default();
        let Some(fault) = missed.first() else { return Ok(()) };
        Err(Failure::FaultMissed { fault: fault.to_string(), moment: fault.kind.moment() })
    }
}
