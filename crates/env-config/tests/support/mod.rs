//! A small platform whose files the tests edit before they are read.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use env_config::{Config, ConfigError};

/// The files, as text.
#[derive(Clone)]
pub(crate) struct Files {
    pub(crate) platform: String,
    pub(crate) environments: Vec<(String, String)>,
}

impl Files {
    /// A platform with two services and the environments `live` and `test`.
    pub(crate) fn new() -> Self {
        Self {
            platform: include_str!("../fixture/platform.toml").to_owned(),
            environments: vec![
                ("live.toml".to_owned(), include_str!("../fixture/environments/live.toml").to_owned()),
                ("test.toml".to_owned(), include_str!("../fixture/environments/test.toml").to_owned()),
            ],
        }
    }

    /// Replaces text in the platform's file; the text must be there.
    pub(crate) fn platform(mut self, old: &str, new: &str) -> Self {
        self.platform = replace(&self.platform, old, new);
        self
    }

    /// Adds text at the end of the platform's file.
    pub(crate) fn append(mut self, text: &str) -> Self {
        self.platform.push_str(text);
        self
    }

    /// Replaces text in the file of the environment `test`.
    pub(crate) fn test(mut self, old: &str, new: &str) -> Self {
        self.environments[1].1 = replace(&self.environments[1].1, old, new);
        self
    }

    /// Adds the file of another environment.
    pub(crate) fn environment(mut self, name: &str, text: &str) -> Self {
        self.environments.push((format!("{name}.toml"), text.to_owned()));
        self
    }

    pub(crate) fn load(&self) -> Result<Config, ConfigError> {
        Config::from_texts(&self.platform, &self.environments)
    }

    /// The report on files that must be refused, without spaces at the ends of lines.
    pub(crate) fn refused(&self) -> String {
        match self.load() {
            Ok(_) => panic!("the files were accepted"),
            Err(error) => error.report(false).lines().map(str::trim_end).collect::<Vec<_>>().join("\n"),
        }
    }

    /// Message and help of each problem, one a line.
    pub(crate) fn messages(&self) -> String {
        match self.load() {
            Ok(_) => panic!("the files were accepted"),
            Err(error) => {
                let lines = error.problems().iter().map(|problem| {
                    let help = problem.help.clone().unwrap_or_default();
                    let (file, line, column) = (problem.file.name(), problem.line, problem.column);
                    let file = file.trim_start_matches("infra/");
                    format!("{file}:{line}:{column}: {problem} ({help})")
                });
                lines.collect::<Vec<_>>().join("\n")
            }
        }
    }
}

fn replace(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "the fixture has no `{old}`");
    text.replacen(old, new, 1)
}
