//! The programs on this machine and the checkout.

use std::path::Path;
use std::time::Duration;

use duct::cmd;
use env_config::Config;
use ops_cli::git;

use super::{Finding, State};

/// No program needs longer to say its version; one that asks a daemon or a network might never answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The least Rust that builds this, as the workspace says.
const RUST_VERSION: &str = env!("CARGO_PKG_RUST_VERSION");

/// The least Python of the validators.
const PYTHON_VERSION: &str = "3.11";

const GH: &str = "gh";

/// What became of asking a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// It is not there.
    Nothing,
    /// No answer in time.
    TimedOut,
    /// It failed, with the first line of what it said.
    Failed(String),
    /// Its answer.
    This(String),
}

/// Runs a program that answers at once, and stops it where it does not.
fn ask(root: &Path, program: &str, args: &[&str]) -> Said {
    ask_within(LIMIT, root, program, args)
}

/// Asks git, without running what the checkout names.
fn ask_git(root: &Path, args: &[&str]) -> Said {
    ask(root, git::PROGRAM, &[&git::SAFELY[..], args].concat())
}

pub(super) fn ask_within(limit: Duration, root: &Path, program: &str, args: &[&str]) -> Said {
    let command = cmd(program, args).dir(root).stdin_null().stdout_capture().stderr_capture().unchecked();
    let Ok(handle) = command.start() else { return Said::Nothing };
    match handle.wait_timeout(limit) {
        Ok(Some(output)) if output.status.success() => {
            Said::This(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        }
        Ok(Some(output)) => {
            let text = String::from_utf8_lossy(&output.stderr);
            let line = text.lines().map(str::trim).find(|line| !line.is_empty());
            Said::Failed(line.map_or_else(|| output.status.to_string(), str::to_owned))
        }
        Ok(None) => {
            // What does not end when it is killed is left to the system.
            let _ = handle.kill();
            Said::TimedOut
        }
        Err(error) => Said::Failed(error.to_string()),
    }
}

fn no_answer() -> String {
    format!("no answer in {} s", LIMIT.as_secs())
}

/// Rust, Python, docker, gh. Blocks for at most a few seconds each.
#[must_use]
pub fn programs(root: &Path) -> Vec<Finding> {
    vec![rust(root), python(root), docker(root), buildx(root), gh(root)]
}

fn rust(root: &Path) -> Finding {
    let fix = format!("install Rust {RUST_VERSION} or newer: https://rustup.rs");
    match ask(root, "rustc", &["--version"]) {
        Said::This(text) => {
            let version = text.split_whitespace().nth(1).unwrap_or_default();
            if at_least(version, RUST_VERSION) {
                Finding::ok("rust", format!("{version} (needed: {RUST_VERSION})"))
            } else {
                Finding::fail("rust", format!("{version} is older than {RUST_VERSION}"), "rustup update")
            }
        }
        // A built `deploy-ops` deploys without a compiler.
        Said::Nothing => Finding::warn("rust", "rustc was not found", fix),
        Said::TimedOut => Finding::warn("rust", no_answer(), fix),
        Said::Failed(line) => Finding::warn("rust", line, fix),
    }
}

fn python(root: &Path) -> Finding {
    let fix = format!("install Python {PYTHON_VERSION} or newer with venv; only `cargo xtask ci` needs it");
    match ask(root, "python3", &["-c", "import sys, venv; print('%d.%d.%d' % sys.version_info[:3])"]) {
        Said::This(version) if at_least(&version, PYTHON_VERSION) => Finding::ok("python", version),
        Said::This(version) => {
            Finding::warn("python", format!("{version} is older than {PYTHON_VERSION}"), fix)
        }
        Said::Nothing => Finding::warn("python", "python3 was not found", fix),
        Said::TimedOut => Finding::warn("python", no_answer(), fix),
        Said::Failed(line) => Finding::warn("python", line, fix),
    }
}

fn docker(root: &Path) -> Finding {
    let start = "start docker; only `cargo xtask images build|push` need it";
    match ask(root, "docker", &["version", "--format", "{{.Server.Version}}"]) {
        Said::This(version) => Finding::ok("docker", version),
        Said::Nothing => Finding::warn(
            "docker",
            "docker was not found",
            "install it (https://docs.docker.com/engine/install/); only `cargo xtask images build|push` need it",
        ),
        Said::TimedOut => Finding::warn("docker", format!("its daemon gives {}", no_answer()), start),
        Said::Failed(line) => Finding::warn("docker", line, start),
    }
}

fn buildx(root: &Path) -> Finding {
    let fix = "install docker's plugin buildx (https://docs.docker.com/build/install-buildx/)";
    match ask(root, "docker", &["buildx", "version"]) {
        Said::This(text) => Finding::ok("buildx", text.split_whitespace().nth(1).unwrap_or(&text)),
        Said::Nothing => Finding::skipped("buildx", "docker was not found"),
        Said::TimedOut => Finding::warn("buildx", no_answer(), fix),
        Said::Failed(line) => Finding::warn("buildx", line, fix),
    }
}

fn gh(root: &Path) -> Finding {
    let fix = "gh auth login; only `cargo xtask release` and `doctor ENVIRONMENT` need it";
    match ask(root, "gh", &["auth", "status"]) {
        Said::This(_) => Finding::ok(GH, "signed in"),
        Said::Nothing => Finding::warn(
            GH,
            "gh was not found",
            "install it (https://cli.github.com); only `cargo xtask release` and `doctor ENVIRONMENT` need it",
        ),
        Said::TimedOut => Finding::warn(GH, no_answer(), fix),
        Said::Failed(line) => Finding::warn(GH, line, fix),
    }
}

/// Whether [`programs`] found `gh` signed in: what is asked through it is not worth a second finding otherwise.
#[must_use]
pub fn is_signed_in_to_github(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.check == GH && finding.state == State::Ok)
}

/// The checkout: clean, on the branch that is released, with the remote of the configuration.
#[must_use]
pub fn checkout(root: &Path, config: Option<&Config>) -> Vec<Finding> {
    let changes = match ask_git(root, &["status", "--porcelain"]) {
        Said::This(changes) => changes,
        Said::Nothing => return vec![Finding::fail("git", "git was not found", "install git")],
        Said::TimedOut => return vec![Finding::fail("git", no_answer(), "see what holds `git status` up")],
        Said::Failed(line) => {
            let failed = git::run(root, &["rev-parse", "--git-dir"]).err();
            let fix = failed.map_or_else(|| "see what git says: git status".to_owned(), |error| error.hint());
            return vec![Finding::fail("git", line, fix)];
        }
    };
    let mut findings = vec![match changes.lines().count() {
        0 => Finding::ok("git", "clean"),
        count => Finding::warn(
            "git",
            format!("files that differ from the commit: {count}"),
            "commit or stash them: deployments are of commits",
        ),
    }];
    let Some(config) = config else { return findings };
    let github = &config.platform.github;
    let branch = match ask_git(root, &["symbolic-ref", "--quiet", "--short", "HEAD"]) {
        Said::This(branch) => branch,
        _ => "no branch (detached)".to_owned(),
    };
    findings.push(if branch == github.branch {
        Finding::ok("branch", branch)
    } else {
        let fix = format!("git switch {}; releases are made of that branch", github.branch);
        Finding::warn("branch", branch, fix)
    });
    let wanted = format!("{}/{}", github.owner, github.repository);
    let fix = format!(
        "git remote set-url origin git@github.com:{wanted}.git, or correct [github] in infra/platform.toml"
    );
    findings.push(match ask_git(root, &["remote", "get-url", "origin"]) {
        Said::This(url) if is_repository(&url, &wanted) => Finding::ok("remote", without_credentials(&url)),
        Said::This(url) => {
            Finding::warn("remote", format!("{} is not {wanted}", without_credentials(&url)), fix)
        }
        _ => Finding::warn("remote", "there is no remote origin", fix.replace("set-url", "add")),
    });
    findings
}

fn is_repository(url: &str, wanted: &str) -> bool {
    let url = url.trim_end_matches('/').trim_end_matches(".git");
    url.strip_suffix(wanted).is_some_and(|rest| rest.ends_with(['/', ':']))
}

/// `https://user:token@host/…` holds a secret.
fn without_credentials(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

/// Compares the numbers of two versions, as far as the wanted one goes.
fn at_least(found: &str, wanted: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        let numbers = text.split(['.', '-', '+', ' ']).map_while(|part| part.parse().ok());
        numbers.collect()
    };
    let (found, wanted) = (numbers(found), numbers(wanted));
    !found.is_empty() && found >= wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_never_answers_is_given_up() {
        let said = ask_within(Duration::from_millis(1), Path::new("/"), "sleep", &["3600"]);
        assert_eq!(said, Said::TimedOut);
        assert_eq!(ask(Path::new("/"), "no-such-program", &[]), Said::Nothing);
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(at_least("1.95.0", "1.95"));
        assert!(at_least("1.100.0-nightly", "1.95"));
        assert!(!at_least("1.9.0", "1.95"));
        assert!(at_least("3.11.2", "3.11"));
        assert!(!at_least("nothing", "1"));
    }

    #[test]
    fn remotes_are_recognised_in_every_spelling() {
        for url in ["git@github.com:a/b.git", "https://github.com/a/b", "ssh://git@github.com/a/b.git/"] {
            assert!(is_repository(url, "a/b"), "{url}");
        }
        assert!(!is_repository("https://github.com/xa/b", "a/b"));
    }

    #[test]
    fn credentials_in_a_remote_are_not_shown() {
        assert_eq!(without_credentials("https://me:token@github.com/a/b"), "https://github.com/a/b");
        assert_eq!(without_credentials("git@github.com:a/b.git"), "git@github.com:a/b.git");
    }
}
