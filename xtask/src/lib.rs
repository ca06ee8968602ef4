//! `cargo xtask`: the project's commands, the same for people and for CI.
//!
//! This crate stays small and quick to compile: what needs AWS is handed to the `deploy-ops` binary,
//! exit code and all, the rare part of it to `account-ops`, and `simulate` to `rollout-lab`, so that `synth` and `check` never wait for the AWS SDK or the
//! simulator to build.
//!
//! It is a library beside its binary so that the workflow tests parse every `cargo xtask` call with the real grammar.

mod arguments;
pub mod attacks;
mod commands;
mod failure;
mod output;
mod process;
mod project;
mod templates;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ops_cli::{AccountCommand, OpsCommand, SimulateArgs};

use crate::commands::{check, ci, completions, diff, github, graph, schema, synth, test, tidy, waf};
use crate::failure::Failure;
use crate::project::Project;

#[derive(Debug, Parser)]
#[command(name = "xtask", bin_name = "cargo xtask", about = "Deploy, roll back and look after the platform")]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[command(flatten)]
    Ops(OpsCommand),
    #[command(flatten)]
    Account(AccountCommand),
    /// Print or write the CloudFormation templates
    Synth(synth::Args),
    /// Predict how a rollout fails, in the simulator: timeline, figures, picture
    Simulate(SimulateArgs),
    /// Compare a template with the one of another revision
    Diff(diff::Args),
    /// Draw what depends on what in a template
    Graph(graph::Args),
    /// Check configuration, schemas and templates
    Check(check::Args),
    /// The firewall: its rules and exemptions, and what it would do to a request
    #[command(subcommand)]
    Waf(waf::Args),
    /// Write the JSON Schemas of the configuration files
    Schema(schema::Args),
    /// Check the house rules: dependencies, file sizes, words that must not occur
    Tidy,
    /// Run the tests
    Test(test::Args),
    /// Everything CI runs
    Ci,
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// What the workflows ask between their steps
    #[command(subcommand)]
    Github(github::GithubCommand),
}

/// Runs the command of the process's arguments; its exit code.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse_from(std::iter::once(OsString::from("xtask")).chain(arguments::of_process()));
    match run(cli.command) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

/// Whether these arguments of `cargo xtask` are a command; nothing is run.
///
/// # Errors
/// What `cargo xtask` would answer. A request for help is one too: it is no command.
pub fn check_arguments<I>(arguments: I) -> Result<(), clap::Error>
where
    I: IntoIterator,
    I::Item: Into<OsString>,
{
    let arguments = arguments.into_iter().map(Into::into);
    Cli::try_parse_from(std::iter::once(OsString::from("xtask")).chain(arguments)).map(drop)
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    let project = Project::locate()?;
    match command {
        // What an account may have takes more of the SDK than a look at this machine should wait for.
        Command::Ops(OpsCommand::Doctor(args)) if args.environment.is_some() => {
            process::hand_to(process::ACCOUNT_OPS, &project, arguments::of_process())
        }
        Command::Ops(_) => process::hand_to(process::DEPLOY_OPS, &project, arguments::of_process()),
        Command::Account(_) => process::hand_to(process::ACCOUNT_OPS, &project, arguments::of_process()),
        Command::Simulate(_) => process::hand_to(process::ROLLOUT_LAB, &project, arguments::of_process()),
        Command::Synth(args) => synth::run(&project, &args),
        Command::Diff(args) => diff::run(&project, &args),
        Command::Graph(args) => graph::run(&project, &args),
        Command::Check(args) => check::run(&project, &args),
        Command::Waf(args) => waf::run(&project, &args),
        Command::Schema(args) => schema::run(&project, &args),
        Command::Tidy => tidy::run(&project),
        Command::Test(args) => test::run(&project, &args),
        Command::Ci => ci::run(&project),
        Command::Completions(args) => completions::run(&args),
        Command::Github(command) => github::run(&project, &command),
    }
}
