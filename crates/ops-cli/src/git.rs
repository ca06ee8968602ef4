//! git, asked so that nothing runs that the checkout says: it may be somebody else's.
//!
//! A repository's own configuration can name programs: a file watcher, hooks, a pager, ways to show files. None of them is needed
//! here, and none is run. What stays is what the user's machine needs to reach a remote and to write files out: credential
//! helpers, ssh, filters such as LFS. git itself reads no configuration of a checkout that belongs to another user.
//! <https://git-scm.com/docs/git-config>

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program.
pub const PROGRAM: &str = "git";

/// Before every subcommand.
pub const SAFELY: [&str; 7] =
    ["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.pager=cat"];

/// In the environment of every call: messages that are told apart below, no question to a terminal, no lock for a look.
pub const SURROUNDINGS: [(&str, &str); 3] =
    [("LC_ALL", "C"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_OPTIONAL_LOCKS", "0")];

/// git could not answer.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The program is not there.
    #[error("git was not found on PATH")]
    Missing,
    /// The program could not be started.
    #[error("failed to run git")]
    Start(#[source] std::io::Error),
    /// There is no repository.
    #[error("{} is in no git repository", path.display())]
    NoRepository {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The repository belongs to another user.
    #[error("the repository at {} belongs to another user, so that git does not read it", path.display())]
    Foreign {
        /// Where it is.
        path: PathBuf,
    },
    /// The name means no commit.
    #[error("git knows no commit {name:?} here")]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The name means no commit in a clone that has only a part of the history.
    #[error("git knows no commit {name:?} here: this clone has only a part of the history")]
    Shallow {
        /// What was asked for.
        name: String,
    },
    /// It refused for another reason.
    #[error("git {command} failed: {message}")]
    Refused {
        /// Subcommand.
        command: String,
        /// What it wrote on stderr.
        message: String,
    },
}

impl GitError {
    /// What the user can do about it, as a command where there is one.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Missing => "install git (https://git-scm.com/downloads)".to_owned(),
            Self::Start(_) => "see why git does not start: git --version".to_owned(),
            Self::NoRepository { .. } => {
                "run this in a clone of the repository: git clone ADDRESS, then cd into it".to_owned()
            }
            Self::Foreign { path } => format!(
                "if you trust it: git config --global --add safe.directory {}; otherwise clone it yourself",
                path.display()
            ),
            Self::Unknown { .. } => {
                "name a commit that is in this clone (git log), or its full id; git fetch --tags brings what is new"
                    .to_owned()
            }
            Self::Shallow { .. } => "fetch the whole history: git fetch --unshallow --tags".to_owned(),
            Self::Refused { command, .. } => format!("see what git says: git {command}"),
        }
    }
}

/// A call of git in this folder, without its subcommand.
#[must_use]
pub fn command(root: &Path) -> Command {
    let mut command = Command::new(PROGRAM);
    command.arg("-C").arg(root).args(SAFELY).envs(SURROUNDINGS).stdin(std::process::Stdio::null());
    command
}

/// What a call prints. `args` are a subcommand and its arguments.
///
/// # Errors
/// Every [`GitError`] but [`GitError::Unknown`] and [`GitError::Shallow`].
pub fn run<S: AsRef<OsStr>>(root: &Path, args: &[S]) -> Result<String, GitError> {
    let output = output(root, args)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let command = args.first().map(|it| it.as_ref().to_string_lossy().into_owned()).unwrap_or_default();
    Err(refusal(root, command, &output))
}

fn output<S: AsRef<OsStr>>(root: &Path, args: &[S]) -> Result<Output, GitError> {
    command(root).args(args).output().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => GitError::Missing,
        _ => GitError::Start(error),
    })
}

/// What a call that failed means.
#[must_use]
pub fn refusal(root: &Path, command: String, output: &Output) -> GitError {
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let path = root.to_owned();
    if message.contains("detected dubious ownership") {
        GitError::Foreign { path }
    } else if message.contains("not a git repository") || message.contains("must be run in a work tree") {
        GitError::NoRepository { path }
    } else {
        GitError::Refused { command, message }
    }
}

/// The full id of the commit that a name means; `None` where it means none. A name that looks like an option is a name.
///
/// # Errors
/// As for [`run`].
pub fn peel(root: &Path, name: &str) -> Result<Option<String>, GitError> {
    let spec = format!("{name}^{{commit}}");
    let output = output(root, &["rev-parse", "--verify", "--quiet", "--end-of-options", &spec])?;
    if output.status.success() {
        let text = String::from_utf8_lossy(&output.stdout);
        // `--end-of-options` is printed as well by versions of git before 2.30.
        return Ok(text.lines().next_back().map(|line| line.trim().to_owned()));
    }
    match refusal(root, "rev-parse".to_owned(), &output) {
        error @ (GitError::Foreign { .. } | GitError::NoRepository { .. }) => Err(error),
        _ => Ok(None),
    }
}

/// The full id of the commit that a name means.
///
/// # Errors
/// Every [`GitError`].
pub fn commit(root: &Path, name: &str) -> Result<String, GitError> {
    match peel(root, name)? {
        Some(id) => Ok(id),
        None => Err(unknown(root, name)),
    }
}

/// That nothing has this name, and whether the rest of the history may have it.
#[must_use]
pub fn unknown(root: &Path, name: &str) -> GitError {
    let name = name.to_owned();
    let shallow = run(root, &["rev-parse", "--is-shallow-repository"]);
    if shallow.is_ok_and(|answer| answer.trim() == "true") {
        GitError::Shallow { name }
    } else {
        GitError::Unknown { name }
    }
}

/// A text file as it was at a commit of this full id; `None` where this clone does not know the commit, or the commit not the
/// file.
///
/// # Errors
/// As for [`run`], but not [`GitError::Refused`].
pub fn file(root: &Path, commit: &str, path: &str) -> Result<Option<String>, GitError> {
    let object = format!("{commit}:{path}");
    known(run(root, &["show", "--no-ext-diff", "--no-textconv", "--end-of-options", &object]))
}

/// Names of the files in a directory as it was at a commit of this full id; nothing where either is unknown.
///
/// # Errors
/// As for [`file`].
pub fn files(root: &Path, commit: &str, directory: &str) -> Result<Vec<String>, GitError> {
    let object = format!("{commit}:{directory}");
    let listed = known(run(root, &["ls-tree", "--name-only", "--end-of-options", &object]))?;
    Ok(listed.unwrap_or_default().lines().map(str::to_owned).collect())
}

fn known(answer: Result<String, GitError>) -> Result<Option<String>, GitError> {
    match answer {
        Ok(text) => Ok(Some(text)),
        Err(GitError::Refused { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn git(root: &Path, args: &[&str]) -> String {
        let author = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").arg("-C").arg(root).args(author).args(args).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// A repository with two commits and a file.
    fn repository() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        git(root, &["init", "--quiet"]);
        std::fs::write(root.join("a.toml"), "old\n").unwrap();
        git(root, &["add", "--all"]);
        git(root, &["commit", "--quiet", "-m", "first"]);
        git(root, &["commit", "--quiet", "--allow-empty", "-m", "second"]);
        directory
    }

    #[test]
    fn a_name_that_looks_like_an_option_is_a_name() {
        let directory = repository();
        let root = directory.path();
        let outside = root.join("written");
        for name in [format!("--output={}", outside.display()), "--all".to_owned(), "-h".to_owned()] {
            assert!(matches!(commit(root, &name), Err(GitError::Unknown { .. })), "{name}");
            assert_eq!(file(root, &name, "a.toml").unwrap(), None, "{name}");
            assert!(files(root, &name, ".").unwrap().is_empty(), "{name}");
        }
        assert!(!outside.exists());
        assert_eq!(commit(root, "HEAD").unwrap(), git(root, &["rev-parse", "HEAD"]));
    }

    #[test]
    fn what_is_wrong_with_a_checkout_is_told_apart() {
        let nowhere = tempfile::tempdir().unwrap();
        let error = commit(nowhere.path(), "HEAD").unwrap_err();
        assert!(matches!(error, GitError::NoRepository { .. }), "{error}");
        assert!(error.hint().contains("git clone"));

        let whole = repository();
        let error = commit(whole.path(), "v9").unwrap_err();
        assert!(matches!(error, GitError::Unknown { .. }), "{error}");

        let part = tempfile::tempdir().unwrap();
        let address = format!("file://{}", whole.path().display());
        git(part.path(), &["clone", "--quiet", "--depth=1", &address, "."]);
        let error = commit(part.path(), "HEAD~1").unwrap_err();
        assert!(matches!(error, GitError::Shallow { .. }), "{error}");
        assert!(error.hint().contains("git fetch --unshallow --tags"));

        // What git takes for a checkout of another user's.
        let mut call = command(whole.path());
        let output =
            call.args(["rev-parse", "HEAD"]).env("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1").output().unwrap();
        let error = refusal(whole.path(), "rev-parse".to_owned(), &output);
        assert!(matches!(error, GitError::Foreign { .. }), "{error}: {output:?}");
        assert!(error.hint().contains(&format!("safe.directory {}", whole.path().display())));
    }

    /// Each of them runs with a plain call of git, and none of them with these.
    #[cfg(unix)]
    #[test]
    fn programs_that_a_checkout_names_are_not_run() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = repository();
        let root = directory.path();
        let ran = root.join("ran");
        let evil = root.join(".git/evil");
        std::fs::write(&evil, format!("#!/bin/sh\necho \"$0\" >> {}\n", ran.display())).unwrap();
        let executable = || std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&evil, executable()).unwrap();
        let hook = root.join(".git/hooks/reference-transaction");
        std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
        std::fs::copy(&evil, &hook).unwrap();
        std::fs::set_permissions(&hook, executable()).unwrap();
        let program = evil.to_str().unwrap();
        git(root, &["config", "core.fsmonitor", program]);
        git(root, &["config", "core.pager", program]);
        git(root, &["config", "diff.evil.textconv", program]);
        git(root, &["config", "diff.external", program]);
        std::fs::write(root.join(".gitattributes"), "*.toml diff=evil\n").unwrap();
        let ran_since = || {
            let there = ran.exists();
            let _ = std::fs::remove_file(&ran);
            there
        };

        git(root, &["status", "--porcelain"]);
        assert!(ran_since(), "the watcher of a plain call");
        git(root, &["show", "--format=", "HEAD~1"]);
        assert!(ran_since(), "the conversion of a plain call");
        git(root, &["tag", "v1"]);
        assert!(ran_since(), "the hook of a plain call");

        run(root, &["status", "--porcelain"]).unwrap();
        let head = commit(root, "HEAD").unwrap();
        assert_eq!(file(root, &head, "a.toml").unwrap().as_deref(), Some("old\n"));
        run(root, &["tag", "v2"]).unwrap();
        assert!(!ran_since(), "{:?}", std::fs::read_to_string(&ran));
    }
}
