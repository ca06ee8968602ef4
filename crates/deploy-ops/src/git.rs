//! What git knows: commits behind names. Asked through the `git` program ([`ops_cli::git`]), which is there wherever this
//! repository was cloned.

use std::path::Path;
use std::time::Duration;

pub use ops_cli::git::GitError;
use ops_cli::git::{self, PROGRAM, SAFELY, SURROUNDINGS};

use crate::names::{CommitSha, ReleaseTag};

/// For the remote, which may never answer.
const REMOTE_LIMIT: Duration = Duration::from_secs(15);

/// The commit that HEAD stands for.
pub fn head(root: &Path) -> Result<CommitSha, GitError> {
    commit(root, "HEAD")
}

/// The commit behind a full or abbreviated commit id.
pub fn commit(root: &Path, name: &str) -> Result<CommitSha, GitError> {
    git::commit(root, name)?.parse().map_err(|_| git::unknown(root, name))
}

/// The commit that a tag stands for, annotated tags peeled; `None` where there is no such tag.
pub fn tag(root: &Path, tag: &ReleaseTag) -> Result<Option<CommitSha>, GitError> {
    Ok(git::peel(root, &format!("refs/tags/{tag}"))?.and_then(|id| id.parse().ok()))
}

/// The commit that a tag stands for at `origin`, annotated tags peeled; `None` where that is not known: there is no such
/// tag, no remote, or none that answers in time to who has no credentials at hand.
#[must_use]
pub fn remote_tag(root: &Path, tag: &ReleaseTag) -> Option<CommitSha> {
    let name = format!("refs/tags/{tag}");
    let peeled = format!("{name}^{{}}");
    let args = SAFELY.into_iter().chain(["ls-remote", "--end-of-options", "origin", &name, &peeled]);
    let mut call = duct::cmd(PROGRAM, args).dir(root).stdin_null().stdout_capture().stderr_null().unchecked();
    for (name, value) in SURROUNDINGS {
        call = call.env(name, value);
    }
    let handle = call.start().ok()?;
    let output = match handle.wait_timeout(REMOTE_LIMIT) {
        Ok(Some(output)) if output.status.success() => String::from_utf8_lossy(&output.stdout).into_owned(),
        Ok(Some(_)) => return None,
        Ok(None) | Err(_) => {
            // What does not end when it is killed is left to the system.
            let _ = handle.kill();
            return None;
        }
    };
    let line = |wanted: &str| {
        let mut lines = output.lines().filter_map(|line| line.split_once('\t'));
        lines.find(|(_, name)| *name == wanted).and_then(|(id, _)| id.parse().ok())
    };
    line(&peeled).or_else(|| line(&name))
}

/// A text file as it was at a commit; `None` where this clone does not know the commit, or the commit not the file.
pub fn file(root: &Path, commit: &CommitSha, path: &str) -> Result<Option<String>, GitError> {
    git::file(root, commit.as_str(), path)
}

/// Names of the files in a directory as it was at a commit; nothing where either is unknown.
pub fn files(root: &Path, commit: &CommitSha, directory: &str) -> Result<Vec<String>, GitError> {
    git::files(root, commit.as_str(), directory)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::Command;

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

    #[test]
    fn a_tag_of_the_remote_is_peeled_and_silence_is_no_answer() {
        let directory = tempfile::tempdir().unwrap();
        let (root, origin) = (directory.path().join("clone"), directory.path().join("origin"));
        std::fs::create_dir(&root).unwrap();
        git(&root, &["init", "--quiet"]);
        git(&root, &["commit", "--quiet", "--allow-empty", "-m", "first"]);
        let (v1, v2) = ("v1.0.0".parse().unwrap(), "v2.0.0".parse().unwrap());
        assert_eq!(remote_tag(&root, &v1), None, "there is no remote");
        git(&root, &["tag", "-a", "v1.0.0", "-m", "release"]);
        git(&root, &["clone", "--quiet", "--bare", ".", origin.to_str().unwrap()]);
        git(&root, &["remote", "add", "origin", origin.to_str().unwrap()]);
        assert_eq!(remote_tag(&root, &v1), Some(head(&root).unwrap()));
        assert_eq!(remote_tag(&root, &v2), None);
    }
}
