//! The binary that `cargo xtask` hands the rare commands to.

use std::process::ExitCode;

use account_ops::commands;
use clap::{Parser, Subcommand};
use deploy_ops::program;
use ops_cli::{AccountCommand, DoctorArgs};

/// Rare operations, as `cargo xtask` offers them
#[derive(Parser)]
#[command(name = "account-ops", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[command(flatten)]
    Account(AccountCommand),
    /// Check this machine and the account
    Doctor(DoctorArgs),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Command::Account(command) => {
            program::run(command.json(), async { commands::run(command, &program::root()).await })
        }
        Command::Doctor(args) => {
            program::run(args.json, async { commands::doctor::run(&args, &program::root()).await })
        }
    }
}
