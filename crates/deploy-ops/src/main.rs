//! The binary that `cargo xtask` hands every command to that needs AWS.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use deploy_ops::commands;
use deploy_ops::failure::Failure;
use ops_cli::{Exit, OpsCommand};

/// Deployments, as `cargo xtask` offers them
#[derive(Parser)]
#[command(name = "deploy-ops", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: OpsCommand,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            ops_cli::say!("error: failed to start: {error}");
            return Exit::Unexpected.into();
        }
    };
    let json = cli.command.json();
    // The commands are large futures: on the heap they do not depend on the size of the main thread's stack.
    match runtime.block_on(Box::pin(commands::run(cli.command, &root()))) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            print_failure(&failure);
            if json {
                commands::print_error_object(&failure);
            }
            failure.exit().into()
        }
    }
}

/// Top of the repository: the nearest directory above that has `infra/platform.toml`, or where we are.
fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().find(|directory| directory.join("infra/platform.toml").is_file());
    found.map_or_else(|| here.clone(), PathBuf::from)
}

/// The chain of causes once, then what to do.
fn print_failure(failure: &Failure) {
    if let Failure::Config(error) = failure {
        ops_cli::say!("{}", error.report(ops_cli::colour_on_stderr()).trim_end());
        return;
    }
    ops_cli::say!("error: {}", failure.chain());
    if let Some(hint) = failure.hint() {
        ops_cli::say!("hint: {hint}");
    }
}
