//! Where the project is and what it is configured to be.

use std::path::{Path, PathBuf};

use env_config::Config;

use crate::failure::Failure;

/// The checkout this command runs in.
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// The checkout this binary was built from, or the working directory's where that is gone (a binary
    /// from CI's cache runs in another checkout than the one that built it).
    pub(crate) fn locate() -> Result<Self, Failure> {
        let start = std::env::current_dir()
            .map_err(|error| Failure::unexpected("failed to read the working directory").because(error))?;
        start
            .ancestors()
            .find(|folder| folder.join("infra/platform.toml").is_file())
            .map(|root| Self { root: root.to_owned() })
            .ok_or_else(|| {
                Failure::bad_input(format!("no infra/platform.toml in {} or above it", start.display()))
                    .hint("run this inside a checkout of the project")
            })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The configuration under `infra/`.
    pub(crate) fn config(&self) -> Result<Config, Failure> {
        Config::load(&self.root).map_err(Failure::from)
    }
}
