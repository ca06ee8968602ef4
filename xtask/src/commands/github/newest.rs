//! `github newest`: staging takes the newest commit of the branch, and no other.
//!
//! CI runs of two commits may end in the other order: without this question, the older one would be deployed last.

use std::process::ExitCode;

use super::{answer, api};
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
    if !is_full_id(commit) {
        return Err(Failure::bad_input(format!("{commit:?} is no full commit id"))
            .hint("name all 40 hexadecimal digits, as `git rev-parse HEAD` prints them"));
    }
    let github = &project.config()?.platform.github;
    let branch = format!("refs/heads/{}", github.branch);
    let job = api::Job::from_environment(&format!("{}/{}", github.owner, github.repository))?;
    let text = job.get(&format!("git/ref/heads/{}", github.branch))?;
    let head = head(&text, &branch)?;
    let newest = head == commit;
    if !newest {
        ops_cli::say!("{branch} is at {head} by now: {commit} is left to that one's own run");
    }
    answer(&[("newest", newest.to_string()), ("head", head)])
}

fn is_full_id(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The commit of the reference with exactly this name.
fn head(text: &str, reference: &str) -> Result<String, Failure> {
    let answer: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let id = answer["object"]["sha"].as_str().filter(|id| is_full_id(id));
    id.filter(|_| answer["ref"] == reference && answer["object"]["type"] == "commit")
        .map(str::to_owned)
        .ok_or_else(|| {
            Failure::unexpected(format!("GitHub's answer names no commit of {reference}: {text:?}"))
        })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::head;

    #[test]
    fn only_the_branch_itself_counts() {
        let id = "0123456789abcdef0123456789abcdef01234567";
        let text = |name: &str, id: &str, kind: &str| {
            format!(r#"{{"ref":"{name}","object":{{"type":"{kind}","sha":"{id}"}}}}"#)
        };
        assert_eq!(head(&text("refs/heads/main", id, "commit"), "refs/heads/main").unwrap(), id);
        for bad in [
            text("refs/heads/main-2", id, "commit"),
            text("refs/heads/main", "0123", "commit"),
            text("refs/heads/main", id, "tag"),
            format!("[{}]", text("refs/heads/main", id, "commit")),
            "{}".to_owned(),
            "<html>".to_owned(),
            String::new(),
        ] {
            assert!(head(&bad, "refs/heads/main").is_err(), "{bad}");
        }
    }
}
