//! `diff`: what a change of configuration or code does to a template.

use std::process::ExitCode;

use similar::TextDiff;

use crate::failure::Failure;
use crate::project::Project;
use crate::{output, templates};

/// Arguments of `diff`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Environment, or `shared`
    stack: String,
    /// Revision to compare with
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    base: String,
}

/// The other side is the template snapshot in git: it was produced by that revision's own code, which a
/// re-rendering of its configuration by today's code would not show.
pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    let rendered = templates::one(&project.config()?, &args.stack)?;
    let snapshot = format!("tests/snapshots/integration__templates__{}.snap", rendered.stack_name());
    let base = duct::cmd!("git", "show", format!("{}:{snapshot}", args.base))
        .dir(project.root())
        .stderr_null()
        .read()
        .map_err(|_| {
            Failure::bad_input(format!("no template of {} at {}", rendered.stack_name(), args.base))
                .hint(format!("git log --oneline -- {snapshot}"))
        })?;
    let before = snapshot_body(&base);
    let after = rendered.pretty();
    if before.trim() == after.trim() {
        eprintln!("{}: no difference to {}", rendered.stack_name(), args.base);
        return Ok(ExitCode::SUCCESS);
    }
    let diff = TextDiff::from_lines(before, &after);
    let text = diff.unified_diff().context_radius(4).header(&args.base, "working tree").to_string();
    output::data(&text)?;
    Ok(ops_cli::Exit::Differences.into())
}

/// An insta snapshot without its header.
fn snapshot_body(snapshot: &str) -> &str {
    snapshot.splitn(3, "---\n").nth(2).unwrap_or(snapshot)
}

#[cfg(test)]
mod tests {
    use super::snapshot_body;

    #[test]
    fn the_header_of_a_snapshot_is_no_difference() {
        assert_eq!(snapshot_body("---\nsource: a.rs\n---\n{}\n"), "{}\n");
        assert_eq!(snapshot_body("{}\n"), "{}\n");
    }
}
