//! `cargo xtask simulate`: xtask hands the command to this binary, so that no other command waits for the simulator to
//! be compiled.

mod failure;
mod simulate;
mod sources;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;
use ops_cli::{Exit, SimulateArgs};

/// A play makes and drops tens of thousands of small strings.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What-if questions, as `cargo xtask` offers them
#[derive(Parser)]
#[command(name = "rollout-lab", bin_name = "cargo xtask", version, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Predict how a rollout fails, in the simulator: timeline, figures, picture
    Simulate(SimulateArgs),
}

fn main() -> ExitCode {
    let Command::Simulate(args) = Cli::parse().command;
    match simulate::run(&args, &root()) {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            ops_cli::medium::say_coloured(failure.render().trim_end());
            // With `--json` stdout is one object, however it ends; where stdout is closed nobody reads it.
            if args.json
                && let Ok(text) = serde_json::to_string_pretty(&failure.result())
            {
                let _ = ops_cli::medium::print_json(&text);
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
