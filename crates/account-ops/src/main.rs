//! The binary that `cargo xtask` hands the rare commands to.

use std::process::ExitCode;

use account_ops::commands;
use clap::Parser;
use deploy_ops::program;
use ops_cli::AccountCommand;

/// Rare operations, as `cargo xtask` offers them
#[derive(Parser)]
#[command(name = "account-ops", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: AccountCommand,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let json = cli.command.json();
    program::run(json, async { commands::run(cli.command, &program::root()).await })
}
