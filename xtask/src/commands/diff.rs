//! `diff`: what a change of configuration or code does to a template.

use std::process::ExitCode;

use cfn::Document;
use ops_cli::git::{self, GitError};
use similar::TextDiff;

use crate::commands::github::append;
use crate::failure::Failure;
use crate::project::Project;
use crate::{output, templates};

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Environment, `shared` or `all`
    stack: String,
    /// Revision to compare with
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    base: String,
    /// Also write it into the job summary of GitHub Actions; a difference is no failure then
    #[arg(long)]
    summary: bool,
}

/// The other side is the template snapshot in git: it was produced by that revision's own code, which a
/// re-rendering of its configuration by today's code would not show.
pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    let mut differences = Vec::new();
    for rendered in templates::select(&project.config()?, &args.stack)? {
        let stack = rendered.stack_name();
        match difference(project, &rendered, &args.base)? {
            Some(text) => differences.push((stack.to_owned(), text)),
            None => ops_cli::say!("{stack}: no difference to {}", args.base),
        }
    }
    let text: String = differences.iter().map(|(_, text)| text.as_str()).collect();
    output::data(&text)?;
    if args.summary {
        append("GITHUB_STEP_SUMMARY", &summary(&differences, &args.base))?;
    }
    Ok(if differences.is_empty() || args.summary {
        ExitCode::SUCCESS
    } else {
        ops_cli::Exit::Differences.into()
    })
}

/// What is different, as a unified diff.
fn difference(project: &Project, rendered: &Document, base: &str) -> Result<Option<String>, Failure> {
    let snapshot = format!("tests/snapshots/integration__templates__{}.snap", rendered.stack_name());
    let failed = |error: GitError| Failure::bad_input(error.to_string()).hint(error.hint());
    let commit = git::commit(project.root(), base).map_err(failed)?;
    let before = git::file(project.root(), &commit, &snapshot).map_err(failed)?;
    // A stack that is new has nothing before.
    let before = before.unwrap_or_else(|| {
        ops_cli::say!("{}: new since {base}", rendered.stack_name());
        String::new()
    });
    let before = snapshot_body(&before);
    let after = rendered.pretty();
    if before.trim() == after.trim() {
        return Ok(None);
    }
    let header = format!("{} at {base}", rendered.stack_name());
    let diff = TextDiff::from_lines(before, &after);
    Ok(Some(diff.unified_diff().context_radius(4).header(&header, "working tree").to_string()))
}

/// For the summary of a job, which holds a mebibyte: a longer difference is cut and says so.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#adding-a-job-summary>
fn summary(differences: &[(String, String)], base: &str) -> String {
    const SHARE: usize = 200 * 1024;
    if differences.is_empty() {
        return format!("Templates: no difference to `{base}`.\n");
    }
    let mut text = String::from("## What changes in the templates\n");
    for (stack, difference) in differences {
        let cut = difference.floor_char_boundary(SHARE);
        text.push_str(&format!("\n### {stack}\n\n````diff\n{}\n````\n", difference[..cut].trim_end()));
        if cut < difference.len() {
            text.push_str("\nCut here; `cargo xtask diff` shows all of it.\n");
        }
    }
    text
}

/// An insta snapshot without its header.
fn snapshot_body(snapshot: &str) -> &str {
    snapshot.splitn(3, "---\n").nth(2).unwrap_or(snapshot)
}

#[cfg(test)]
mod tests {
    use super::{snapshot_body, summary};

    #[test]
    fn a_long_difference_does_not_burst_the_summary() {
        let long = "é".repeat(300 * 1024);
        let text = summary(&[("A".to_owned(), long.clone()), ("B".to_owned(), "+ x".to_owned())], "main");
        assert!(text.len() < 1024 * 1024 && text.contains("Cut here"), "{}", text.len());
        assert!(text.ends_with("### B\n\n````diff\n+ x\n````\n"));
        assert_eq!(summary(&[], "main"), "Templates: no difference to `main`.\n");
    }

    #[test]
    fn the_header_of_a_snapshot_is_no_difference() {
        assert_eq!(snapshot_body("---\nsource: a.rs\n---\n{}\n"), "{}\n");
        assert_eq!(snapshot_body("{}\n"), "{}\n");
    }
}
