//! Reading the files.

use std::{fs, path::Path};

use indexmap::IndexMap;
use miette::NamedSource;
use serde::de::DeserializeOwned;

use crate::{
    environment::Environment,
    error::{ConfigError, Problem},
    names::EnvironmentName,
    platform::Platform,
    resource_names::EnvironmentNames,
};

/// The platform and all its environments.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// What is the same everywhere.
    pub platform: Platform,
    /// Environments, by name in alphabetical order.
    pub environments: IndexMap<EnvironmentName, Environment>,
}

impl Config {
    /// Reads `infra/platform.toml` and `infra/environments/*.toml` below `root`, the top of the repository.
    ///
    /// # Errors
    /// [`ConfigError`], naming file, line, column, the offending text and what is allowed.
    pub fn load(root: &Path) -> Result<Self, ConfigError> {
        let platform: Platform = read(root, "infra/platform.toml")?;
        let directory = root.join("infra/environments");
        let unreadable = |source| ConfigError::Read {
            path: directory.clone(),
            source,
            help: "create one file for each environment there, such as infra/environments/staging.toml"
                .to_owned(),
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&directory).map_err(unreadable)? {
            let name = entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned();
            if name.ends_with(".toml") {
                names.push(name);
            }
        }
        names.sort();
        let mut environments = IndexMap::new();
        for name in names {
            let environment: Environment = read(root, &format!("infra/environments/{name}"))?;
            environments.insert(environment.name.clone(), environment);
        }
        Ok(Self { platform, environments })
    }

    /// The environment of that name.
    ///
    /// # Errors
    /// [`ConfigError::UnknownEnvironment`], which lists those that exist.
    pub fn environment(&self, name: &str) -> Result<&Environment, ConfigError> {
        self.environments.get(name).ok_or_else(|| {
            let known: Vec<String> = self.environments.keys().map(ToString::to_string).collect();
            let help = format!(
                "known environments: {}; another one is made by adding infra/environments/{name}.toml",
                known.join(", ")
            );
            ConfigError::UnknownEnvironment { name: name.to_owned(), known, help }
        })
    }

    /// Physical names of an environment.
    pub fn names<'a>(&'a self, environment: &'a Environment) -> EnvironmentNames<'a> {
        EnvironmentNames::new(&self.platform, &environment.name)
    }
}

fn read<T: DeserializeOwned>(root: &Path, name: &str) -> Result<T, ConfigError> {
    let path = root.join(name);
    let text = fs::read_to_string(&path).map_err(|source| ConfigError::Read {
        path: path.clone(),
        source,
        help: format!("expected the configuration at {name} below the top of the repository"),
    })?;
    toml::from_str(&text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let before = text.get(..span.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |index| index + 1);
        ConfigError::Invalid(vec![Problem {
            message: error.message().to_owned(),
            label: "here".to_owned(),
            help: None,
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            span: span.into(),
            file: NamedSource::new(name, text.clone()),
        }])
    })
}
