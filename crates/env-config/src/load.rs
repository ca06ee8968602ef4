//! Reading the files.

use std::{fs, path::Path};

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    check,
    document::Document,
    environment::Environment,
    error::{ConfigError, Problem},
    files::{MAX_CONFIGURATION, read_text},
    names::EnvironmentName,
    platform::Platform,
    resource_names::{EnvironmentNames, SharedNames},
    schema_check, schemas,
};

/// Path of the platform's file below the top of the repository.
const PLATFORM_FILE: &str = "infra/platform.toml";

/// Path of the environments' files below the top of the repository.
const ENVIRONMENTS_DIRECTORY: &str = "infra/environments";

/// The platform and all its environments, checked.
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
    /// [`ConfigError`] with everything that is wrong in all files, each with line, column, the offending text and what is
    /// allowed.
    pub fn load(root: &Path) -> Result<Self, ConfigError> {
        let platform_text = read(root, PLATFORM_FILE)?;
        let environment_texts = read_environments(root)?;
        Self::from_texts(&platform_text, &environment_texts)
    }

    /// The same from texts: the platform's, and of each environment the file name (`staging.toml`) and the text.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`], as for [`Config::load`].
    pub fn from_texts(platform: &str, environments: &[(String, String)]) -> Result<Self, ConfigError> {
        let (document, mut problems) = Document::parse(PLATFORM_FILE, platform);
        let platform: Option<Platform> = typed(&document, &schemas::platform(), &mut problems);
        if let Some(platform) = &platform {
            problems.extend(check::platform(&document, platform));
        }

        let schema = schemas::environment();
        let paths: Vec<String> =
            environments.iter().map(|(name, _)| format!("{ENVIRONMENTS_DIRECTORY}/{name}")).collect();
        let mut parsed = Vec::new();
        for (path, (name, text)) in paths.iter().zip(environments) {
            let (document, mut found) = Document::parse(path, text);
            let environment: Option<Environment> = typed(&document, &schema, &mut found);
            problems.append(&mut found);
            if let Some(environment) = environment {
                let stem = name.trim_end_matches(".toml");
                problems.extend(check::environment(&document, &environment, stem, platform.as_ref()));
                parsed.push((document, environment));
            }
        }
        let files: Vec<_> = parsed.iter().map(|(document, environment)| (document, environment)).collect();
        problems.extend(check::between(&files, platform.as_ref()));

        match platform {
            Some(platform) if problems.is_empty() => {
                let environments = parsed.into_iter().map(|(_, one)| (one.name.clone(), one)).collect();
                Ok(Self { platform, environments })
            }
            _ => Err(ConfigError::Invalid(problems)),
        }
    }

    /// The environment of that name.
    ///
    /// # Errors
    /// [`ConfigError::UnknownEnvironment`], which lists those that exist.
    pub fn environment(&self, name: &str) -> Result<&Environment, ConfigError> {
        self.environments.get(name).ok_or_else(|| {
            let known: Vec<&str> = self.environments.keys().map(EnvironmentName::as_str).collect();
            let near = schema_check::closest(name, &known);
            let near = near.map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
            ConfigError::UnknownEnvironment {
                name: name.to_owned(),
                help: format!(
                    "{near}known environments: {}; a file under {ENVIRONMENTS_DIRECTORY} adds another",
                    if known.is_empty() { "none".to_owned() } else { known.join(", ") }
                ),
                known: known.into_iter().map(str::to_owned).collect(),
            }
        })
    }

    /// Physical names in an environment.
    pub fn names<'a>(&'a self, environment: &'a Environment) -> EnvironmentNames<'a> {
        EnvironmentNames::new(&self.platform, &environment.name)
    }

    /// Physical names of what exists once.
    pub fn shared_names(&self) -> SharedNames<'_> {
        SharedNames::new(&self.platform)
    }
}

/// Reads the document as `T`, or says what is in the way. Values that are out of range do not stand in the way of looking for
/// further problems.
pub(crate) fn typed<T: DeserializeOwned>(
    document: &Document<'_>,
    schema: &Value,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    if !problems.is_empty() {
        return None;
    }
    problems.extend(schema_check::check(document, schema));
    match toml::from_str(document.text()) {
        Ok(value) => Some(value),
        // Reported already, in better words.
        Err(_) if !problems.is_empty() => None,
        // What a pattern cannot express, such as the host bits of an address block.
        Err(error) => {
            let span = error.span().unwrap_or(0..0);
            problems.push(document.problem(span, error.message(), "not valid", None));
            None
        }
    }
}

fn read_environments(root: &Path) -> Result<Vec<(String, String)>, ConfigError> {
    let directory = root.join(ENVIRONMENTS_DIRECTORY);
    let failed = |source| ConfigError::Read {
        path: directory.clone(),
        source,
        help: format!("each environment has a file there, such as {ENVIRONMENTS_DIRECTORY}/staging.toml"),
    };
    let mut names = Vec::new();
    for entry in fs::read_dir(&directory).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".toml") && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort();
    names
        .into_iter()
        .map(|name| read(root, &format!("{ENVIRONMENTS_DIRECTORY}/{name}")).map(|text| (name, text)))
        .collect()
}

fn read(root: &Path, name: &str) -> Result<String, ConfigError> {
    let path = root.join(name);
    read_text(&path, MAX_CONFIGURATION).map_err(|source| ConfigError::Read {
        path,
        source,
        help: format!("expected {name} below the top of the repository, as UTF-8 text; docs/configuration.md describes it"),
    })
}
