//! The binary that `cargo xtask` hands the deployment commands to.

use std::process::ExitCode;

use clap::Parser;
use deploy_ops::{commands, program};
use ops_cli::OpsCommand;

/// Deployments, as `cargo xtask` offers them
#[derive(Parser)]
#[command(name = "deploy-ops", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: OpsCommand,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.command.json();
    program::run(json, async { commands::run(cli.command, &program::root()).await })
}
