//! `github`: what the workflows ask between their steps. Everything else they run is what people run.
//!
//! Answers go to stdout as `name=value` lines, and in GitHub Actions to the outputs of the step as well.

mod api;
mod newest;
mod ready;
mod role;
mod tool;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::output;
use crate::project::Project;

/// `github`
#[derive(Debug, clap::Subcommand)]
pub(crate) enum GithubCommand {
    /// Whether a commit is the newest of the branch that is deployed
    Newest(newest::Args),
    /// Whether the shared stack exists, asked without credentials
    Ready,
    /// The role that a job assumes, its region and how long its session lasts
    Role(role::Args),
    /// Build this tool where it is not there yet, and have the later steps of the job use it as it is
    Tool,
}

pub(crate) fn run(project: &Project, command: &GithubCommand) -> Result<ExitCode, Failure> {
    match command {
        GithubCommand::Newest(args) => newest::run(project, args),
        GithubCommand::Ready => ready::run(project),
        GithubCommand::Role(args) => role::run(project, args),
        GithubCommand::Tool => tool::run(project),
    }
}

/// Gives the answers. Names and values are of one line each.
fn answer(answers: &[(&str, String)]) -> Result<ExitCode, Failure> {
    let mut text = String::new();
    for (name, value) in answers {
        if value.contains(['\n', '\r']) {
            return Err(Failure::unexpected(format!("{name} is of more than one line: {value:?}")));
        }
        text.push_str(&format!("{name}={value}\n"));
    }
    append("GITHUB_OUTPUT", &text)?;
    output::data(&text)
}

/// Appends to the file that an environment variable of GitHub Actions names; elsewhere there is none.
/// <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#environment-files>
pub(crate) fn append(variable: &str, text: &str) -> Result<bool, Failure> {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(false);
    };
    let written = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map(|()| true).map_err(|error| {
        Failure::unexpected(format!("failed to write to {variable} ({})", path.display())).because(error)
    })
}
