//! GitHub, through its own program: `gh` has the user's credentials, and this one never sees them.

use std::path::{Path, PathBuf};

use crate::names::ReleaseTag;

/// Arguments of `gh` that publish the release of a tag. A pre-release is marked as one: it stays out of production.
#[must_use]
pub fn creation(tag: &ReleaseTag) -> Vec<&str> {
    let name = tag.as_str();
    let mut args = vec!["release", "create", name, "--verify-tag", "--title", name, "--generate-notes"];
    if tag.is_prerelease() {
        args.push("--prerelease");
    }
    args
}

/// Releases of one repository.
pub struct GitHub {
    program: PathBuf,
    root: PathBuf,
    repository: String,
}

/// GitHub could not be asked, or refused.
#[derive(Debug, thiserror::Error)]
pub enum GitHubError {
    /// The program could not be run.
    #[error("failed to run gh")]
    Start(#[source] std::io::Error),
    /// It refused.
    #[error("gh {command} failed: {message}")]
    Refused {
        /// Subcommand, such as `release create`.
        command: String,
        /// What it wrote on stderr.
        message: String,
    },
}

impl GitHub {
    /// `gh` on PATH for `repository` (`OWNER/NAME`); `None` where it is not installed.
    #[must_use]
    pub fn find(root: &Path, repository: &str) -> Option<Self> {
        let path = std::env::var_os("PATH")?;
        let program =
            std::env::split_paths(&path).map(|folder| folder.join("gh")).find(|file| file.is_file())?;
        Some(Self::with(program, root, repository))
    }

    /// This program, run in `root`.
    #[must_use]
    pub fn with(program: PathBuf, root: &Path, repository: &str) -> Self {
        Self { program, root: root.to_owned(), repository: repository.to_owned() }
    }

    /// The notes of a release; `None` where there is none of this tag.
    ///
    /// # Errors
    /// [`GitHubError`]: `gh` cannot be run, or refuses for another reason.
    pub fn notes(&self, tag: &str) -> Result<Option<String>, GitHubError> {
        match self.run(&["release", "view", tag, "--json", "body", "--jq", ".body"], None) {
            Ok(notes) => Ok(Some(notes)),
            Err(GitHubError::Refused { message, .. }) if message.contains("release not found") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Publishes the release of a tag that was pushed; GitHub lists what was merged since the one before.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub fn create(&self, tag: &ReleaseTag) -> Result<(), GitHubError> {
        self.run(&creation(tag), None).map(drop)
    }

    /// Replaces the notes of a release.
    ///
    /// # Errors
    /// [`GitHubError`].
    pub fn set_notes(&self, tag: &str, notes: &str) -> Result<(), GitHubError> {
        self.run(&["release", "edit", tag, "--notes-file", "-"], Some(notes)).map(drop)
    }

    fn run(&self, args: &[&str], input: Option<&str>) -> Result<String, GitHubError> {
        let command = duct::cmd(&self.program, args.iter().copied().chain(["--repo", &self.repository]));
        let command = command.dir(&self.root).stdout_capture().stderr_capture().unchecked();
        let command = match input {
            Some(input) => command.stdin_bytes(input),
            None => command.stdin_null(),
        };
        let output = command.run().map_err(GitHubError::Start)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(GitHubError::Refused {
            command: args.iter().take(2).copied().collect::<Vec<_>>().join(" "),
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}
