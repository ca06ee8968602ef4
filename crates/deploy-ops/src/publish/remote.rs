//! What git does for a release, at the remote that everybody shares.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::names::{CommitSha, ReleaseTag};

/// Name of the remote.
const ORIGIN: &str = "origin";

/// Git refused.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The program could not be started.
    #[error("failed to run git")]
    Start(#[source] std::io::Error),
    /// It refused.
    #[error("git {command} failed: {message}")]
    Refused {
        /// Subcommand.
        command: String,
        /// What it wrote on stderr.
        message: String,
    },
}

/// The clone and its remote.
pub(super) struct Remote {
    root: PathBuf,
}

impl Remote {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Learns where the branch is now.
    pub(super) fn fetch(&self, branch: &str) -> Result<(), RemoteError> {
        let refs = format!("+refs/heads/{branch}:refs/remotes/{ORIGIN}/{branch}");
        self.git(&["fetch", "--quiet", "--no-tags", ORIGIN, &refs]).map(drop)
    }

    /// Commit of every tag at the remote, annotated tags peeled.
    pub(super) fn tags(&self) -> Result<BTreeMap<String, CommitSha>, RemoteError> {
        let mut tags = BTreeMap::new();
        // A peeled tag follows the tag itself and replaces it.
        for line in self.git(&["ls-remote", "--tags", ORIGIN])?.lines() {
            let Some((commit, name)) = line.split_once('\t') else { continue };
            let name = name.trim_start_matches("refs/tags/").trim_end_matches("^{}");
            if let Ok(commit) = commit.parse() {
                tags.insert(name.to_owned(), commit);
            }
        }
        Ok(tags)
    }

    pub(super) fn tag(&self, tag: &ReleaseTag) -> Result<Option<CommitSha>, RemoteError> {
        Ok(self.tags()?.remove(tag.as_str()))
    }

    /// What is not committed, one line each.
    pub(super) fn changes(&self) -> Result<Vec<String>, RemoteError> {
        Ok(self.git(&["status", "--porcelain"])?.lines().map(str::to_owned).collect())
    }

    /// Whether the branch at the remote contains the commit.
    pub(super) fn is_merged(&self, commit: &CommitSha, branch: &str) -> Result<bool, RemoteError> {
        let branch = format!("refs/remotes/{ORIGIN}/{branch}");
        match self.git(&["merge-base", "--is-ancestor", commit.as_str(), &branch]) {
            Ok(_) => Ok(true),
            // Exit code 1 without a word means no.
            Err(RemoteError::Refused { message, .. }) if message.is_empty() => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(super) fn create_tag(&self, tag: &ReleaseTag, commit: &CommitSha) -> Result<(), RemoteError> {
        let message = format!("Release {tag}");
        self.git(&["tag", "--annotate", "--message", &message, tag.as_str(), commit.as_str()]).map(drop)
    }

    /// Never forced: a release tag does not move.
    pub(super) fn push_tag(&self, tag: &ReleaseTag) -> Result<(), RemoteError> {
        self.git(&["push", "--quiet", ORIGIN, &format!("refs/tags/{tag}")]).map(drop)
    }

    fn git(&self, args: &[&str]) -> Result<String, RemoteError> {
        // Without a terminal nobody answers a question for a password: git asks none.
        let output = ops_cli::git::command(&self.root).args(args).output().map_err(RemoteError::Start)?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        Err(RemoteError::Refused {
            command: args.first().copied().unwrap_or_default().to_owned(),
            message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        })
    }
}
