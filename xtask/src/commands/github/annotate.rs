//! `github annotate`: the notes of a release say what of it runs where, and since when.

use std::process::ExitCode;
use std::time::SystemTime;

use ops_cli::{DeployResult, Verdict};

use crate::failure::Failure;
use crate::output;
use crate::process::find_program;
use crate::project::Project;

/// Arguments of `github annotate`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Release tag, such as v0.1.0
    tag: String,
    /// What `deploy --json` printed
    #[arg(long, value_name = "JSON", env = "DEPLOY_RESULT", hide_env_values = true)]
    result: Option<String>,
}

/// Only the part between the marks is this command's; it is replaced, so that the command can be repeated.
pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    const HOW: &str = "hand over what `cargo xtask deploy --json` printed, in DEPLOY_RESULT or with --result";
    let text = args.result.as_deref().filter(|text| !text.trim().is_empty());
    let text = text.ok_or_else(|| Failure::bad_input("there is no result of a deployment").hint(HOW))?;
    let result: DeployResult = serde_json::from_str(text)
        .map_err(|error| Failure::bad_input("that is no result of a deployment").because(error).hint(HOW))?;
    if result.release != args.tag {
        return Err(Failure::bad_input(format!(
            "the result is about {}, not about {}",
            result.release, args.tag
        ))
        .hint("annotate the release that was deployed"));
    }
    if !matches!(result.verdict, Verdict::Succeeded | Verdict::NoChange) {
        return Err(Failure::bad_input(format!(
            "{} was not put into service: the deployment ended with exit code {}",
            args.tag, result.exit_code
        )));
    }
    let gh = find_program("gh").ok_or_else(|| {
        Failure::unexpected("gh is not on PATH").hint("install the GitHub CLI, https://cli.github.com")
    })?;
    let notes = duct::cmd!(&gh, "release", "view", &args.tag, "--json", "body", "--jq", ".body")
        .dir(project.root())
        .read()
        .map_err(|error| {
            Failure::unexpected(format!("failed to read release {}", args.tag)).because(error)
        })?;
    let now = jiff::Timestamp::try_from(SystemTime::now())
        .map_err(|error| Failure::unexpected("the clock of this machine is out of range").because(error))?;
    let notes = with_section(
        &notes,
        &result.environment,
        &section(&result, &now.strftime("%Y-%m-%d %H:%M UTC").to_string()),
    );
    duct::cmd!(&gh, "release", "edit", &args.tag, "--notes-file", "-")
        .dir(project.root())
        .stdin_bytes(notes.as_bytes())
        .stdout_to_stderr()
        .run()
        .map_err(|error| {
            Failure::unexpected(format!("failed to edit release {}", args.tag)).because(error)
        })?;
    output::data(&format!("{}: the notes say what runs in {}\n", args.tag, result.environment))
}

fn section(result: &DeployResult, since: &str) -> String {
    let mut text = format!(
        "### In {} since {since}\n\nCommit `{}`\n\n| service | image digest |\n|---|---|\n",
        result.environment, result.commit
    );
    for service in &result.services {
        text.push_str(&format!("| {} | `{}` |\n", service.name, service.digest));
    }
    text
}

/// The notes with the part about this environment replaced or added at the end.
fn with_section(notes: &str, environment: &str, section: &str) -> String {
    let (begin, end) =
        (format!("<!-- runs-in:{environment} -->"), format!("<!-- /runs-in:{environment} -->"));
    let block = format!("{begin}\n{section}{end}");
    // GitHub answers with the line ends of whoever edited the notes.
    let notes = notes.replace("\r\n", "\n");
    let before_and_rest = notes.split_once(&begin);
    match before_and_rest.and_then(|(before, rest)| rest.split_once(&end).map(|(_, after)| (before, after))) {
        Some((before, after)) => format!("{before}{block}{after}"),
        None if notes.trim().is_empty() => format!("{block}\n"),
        None => format!("{}\n\n{block}\n", notes.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::with_section;

    #[test]
    fn a_second_deployment_replaces_what_the_first_one_wrote() {
        let first = with_section("Fixes login.\n", "production", "one\n");
        assert_eq!(first, "Fixes login.\n\n<!-- runs-in:production -->\none\n<!-- /runs-in:production -->\n");
        let second = with_section(&first, "production", "two\n");
        assert_eq!(second, first.replace("one", "two"));
        assert_eq!(with_section(&second, "staging", "x\n").matches("<!-- runs-in:").count(), 2);
        assert!(with_section("", "production", "x\n").starts_with("<!-- runs-in:production -->"));
    }
}
