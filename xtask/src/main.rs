//! `cargo xtask`: the project's commands, the same for people and for CI.
//!
//! This binary stays small and quick to compile: what needs AWS is handed to the `deploy-ops` binary,
//! exit code and all, and `simulate` to `rollout-lab`, so that `synth` and `check` never wait for the AWS SDK or the
//! simulator to build.

mod commands;
mod failure;
mod output;
mod process;
mod project;
mod templates;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ops_cli::{OpsCommand, SimulateArgs};

use crate::commands::{check, ci, completions, diff, graph, schema, synth, test, tidy, waf};
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
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn run(command: Command) -> Result<ExitCode, Failure> {
    let project = Project::locate()?;
    match command {
        Command::Ops(_) => process::hand_to(process::DEPLOY_OPS, &project, std::env::args_os().skip(1)),
        Command::Simulate(_) => process::hand_to(process::ROLLOUT_LAB, &project, std::env::args_os().skip(1)),
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
    }
}
