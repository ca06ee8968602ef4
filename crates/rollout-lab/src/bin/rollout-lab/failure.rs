//! How the command says that it did not succeed.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

use env_config::ConfigError;
use ops_cli::{ErrorResult, Exit};
use rollout_lab::LabError;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration or a scenario is not valid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The simulation could not be run.
    #[error(transparent)]
    Lab(LabError),
    /// A scenario that does not exist.
    #[error("there is no scenario `{name}`")]
    UnknownScenario {
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: Vec<String>,
    },
    /// What to compare with cannot be found.
    #[error("there is nothing called `{other}` to compare with")]
    UnknownOther {
        /// What was asked for.
        other: String,
        /// Environments that exist.
        environments: Vec<String>,
    },
    /// A revision does not have the files.
    #[error("revision {revision} has no {file}")]
    NotInRevision {
        /// The revision.
        revision: String,
        /// The file.
        file: String,
    },
    /// A file cannot be read.
    #[error("failed to read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The picture or the answer cannot be written.
    #[error("failed to write {what}")]
    Write {
        /// What.
        what: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

impl From<LabError> for Failure {
    fn from(error: LabError) -> Self {
        match error {
            LabError::Config(error) => Self::Config(error),
            error => Self::Lab(error),
        }
    }
}

impl Failure {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Lab(LabError::Api { .. } | LabError::NotUp(_)) | Self::Write { .. } => Exit::Unexpected,
            _ => Exit::BadInput,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownScenario { known, .. } if known.is_empty() => {
                "files under infra/scenarios are scenarios; there are none".to_owned()
            }
            Self::UnknownScenario { known, .. } => format!("scenarios: {}", known.join(", ")),
            Self::UnknownOther { environments, .. } => format!(
                "an environment ({}), a TOML file, a folder with platform.toml, or a git revision",
                environments.join(", ")
            ),
            Self::Lab(LabError::Fault { allowed, .. }) => format!("allowed: {allowed}"),
            Self::NotInRevision { .. } => "git log --oneline -- infra/platform.toml".to_owned(),
            _ => return None,
        })
    }

    /// What `--json` prints of it.
    pub(crate) fn result(&self) -> ErrorResult {
        let (kind, detail) = match self {
            Self::Config(error) => ("configuration", error.line()),
            Self::Lab(LabError::Model(_) | LabError::Toml { .. }) => ("configuration", self.chain()),
            other if other.exit() == Exit::BadInput => ("input", self.chain()),
            _ => ("unexpected", self.chain()),
        };
        ErrorResult::new(self.exit(), kind, detail, self.hint())
    }

    /// The text with its chain of causes, each once.
    fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = self.source();
        while let Some(inner) = source {
            let inner_text = inner.to_string();
            if !text.ends_with(&inner_text) {
                // Writing to a string cannot fail.
                let _ = write!(text, ": {inner_text}");
            }
            source = inner.source();
        }
        text
    }

    /// The chain of causes once, then what to do.
    pub(crate) fn render(&self) -> String {
        if let Self::Config(error @ (ConfigError::Invalid(_) | ConfigError::UnknownEnvironment { .. })) = self
        {
            return error.report(ops_cli::colour_on_stderr());
        }
        let mut text = format!("error: {}\n", self.chain());
        if let Some(hint) = self.hint() {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }
}
