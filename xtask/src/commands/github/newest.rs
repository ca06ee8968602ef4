//! `github newest`: staging takes the newest commit of the branch, and no other.
//!
//! CI runs of two commits may end in the other order: without this question, the older one would be deployed last.

use std::process::ExitCode;

use super::answer;
use crate::failure::Failure;
use crate::project::Project;

/// Arguments of `github newest`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Full commit id
    #[arg(long, value_name = "SHA")]
    commit: String,
}

pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    let commit = args.commit.as_str();
    if commit.len() != 40 || !commit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(Failure::bad_input(format!("{commit:?} is no full commit id"))
            .hint("name all 40 hexadecimal digits, as `git rev-parse HEAD` prints them"));
    }
    let branch = format!("refs/heads/{}", project.config()?.platform.github.branch);
    let list = duct::cmd!("git", "ls-remote", "--exit-code", "origin", &branch)
        .dir(project.root())
        .env("GIT_TERMINAL_PROMPT", "0")
        .read()
        .map_err(|error| Failure::unexpected(format!("failed to ask origin for {branch}")).because(error))?;
    let head = head(&list, &branch)
        .ok_or_else(|| Failure::unexpected(format!("origin answered without {branch}: {list:?}")))?;
    let newest = head == commit;
    if !newest {
        ops_cli::say!("{branch} is at {head} by now: {commit} is left to that one's own run");
    }
    answer(&[("newest", newest.to_string()), ("head", head.to_owned())])
}

/// The commit of the reference with exactly this name: a pattern also matches longer names that end in it.
fn head<'a>(list: &'a str, reference: &str) -> Option<&'a str> {
    list.lines()
        .filter_map(|line| line.split_once('\t'))
        .find(|(_, name)| *name == reference)
        .map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn only_the_branch_itself_counts() {
        let list = "aa\trefs/heads/x/refs/heads/main\nbb\trefs/heads/main\n";
        assert_eq!(head(list, "refs/heads/main"), Some("bb"));
        assert_eq!(head(list, "refs/heads/other"), None);
    }
}
