//! What git knows: commits behind names. Asked through the `git` program, which is there wherever this
//! repository was cloned.

use std::path::Path;
use std::process::Command;

use crate::names::{CommitSha, ReleaseTag};

/// Git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program could not be started.
    #[error("failed to run git")]
    Start(#[source] std::io::Error),
    /// The name means no commit here.
    #[error("git knows no commit {name:?} here")]
    Unknown {
        /// What was asked for.
        name: String,
    },
}

/// The commit that HEAD stands for.
pub fn head(root: &Path) -> Result<CommitSha, GitError> {
    commit(root, "HEAD")
}

/// The commit behind a full or abbreviated commit id.
pub fn commit(root: &Path, name: &str) -> Result<CommitSha, GitError> {
    peel(root, name)?.ok_or_else(|| GitError::Unknown { name: name.to_owned() })
}

/// The commit that a tag stands for, annotated tags peeled; `None` where there is no such tag.
pub fn tag(root: &Path, tag: &ReleaseTag) -> Result<Option<CommitSha>, GitError> {
    peel(root, &format!("refs/tags/{tag}"))
}

fn peel(root: &Path, name: &str) -> Result<Option<CommitSha>, GitError> {
    let spec = format!("{name}^{{commit}}");
    let output = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])
        .output()
        .map_err(GitError::Start)?;
    if !output.status.success() {
        return Ok(None);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse().ok())
}

/// A text file as it was at a commit; `None` where this clone does not know the commit, or the commit not the file.
pub fn file(root: &Path, commit: &CommitSha, path: &str) -> Result<Option<String>, GitError> {
    read(root, &["show", "--no-textconv", &format!("{commit}:{path}")])
}

/// Names of the files in a directory as it was at a commit; nothing where either is unknown.
pub fn files(root: &Path, commit: &CommitSha, directory: &str) -> Result<Vec<String>, GitError> {
    let listed = read(root, &["ls-tree", "--name-only", &format!("{commit}:{directory}")])?;
    Ok(listed.unwrap_or_default().lines().map(str::to_owned).collect())
}

fn read(root: &Path, args: &[&str]) -> Result<Option<String>, GitError> {
    let output = Command::new("git").arg("-C").arg(root).args(args).output().map_err(GitError::Start)?;
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn git(root: &Path, args: &[&str]) -> String {
        let output = Command::new("git")
            .arg("-C")
            .arg(root)
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"])
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    #[test]
    fn annotated_tags_are_peeled() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        git(root, &["init", "--quiet"]);
        git(root, &["commit", "--quiet", "--allow-empty", "-m", "first"]);
        git(root, &["tag", "-a", "v1.0.0", "-m", "release"]);
        let first = head(root).unwrap();
        assert_ne!(git(root, &["rev-parse", "v1.0.0"]), first.as_str(), "the tag object is not the commit");
        assert_eq!(tag(root, &"v1.0.0".parse().unwrap()).unwrap(), Some(first.clone()));
        assert_eq!(tag(root, &"v9".parse().unwrap()).unwrap(), None);
        assert_eq!(commit(root, first.short()).unwrap(), first);
        assert!(matches!(commit(root, "--all"), Err(GitError::Unknown { .. })));
    }

    #[test]
    fn files_are_read_as_they_were() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        git(root, &["init", "--quiet"]);
        std::fs::create_dir(root.join("infra")).unwrap();
        std::fs::write(root.join("infra/a.toml"), "old").unwrap();
        git(root, &["add", "--all"]);
        git(root, &["commit", "--quiet", "-m", "first"]);
        std::fs::write(root.join("infra/a.toml"), "new").unwrap();
        let first = head(root).unwrap();
        assert_eq!(file(root, &first, "infra/a.toml").unwrap().as_deref(), Some("old"));
        assert_eq!(files(root, &first, "infra").unwrap(), ["a.toml"]);
        assert_eq!(file(root, &first, "infra/b.toml").unwrap(), None);
        let unknown = CommitSha::made_up("elsewhere");
        assert_eq!(file(root, &unknown, "infra/a.toml").unwrap(), None);
        assert!(files(root, &unknown, "infra").unwrap().is_empty());
    }
}
