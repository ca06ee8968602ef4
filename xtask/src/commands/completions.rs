//! `completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::CommandFactory as _;

use crate::Cli;
use crate::failure::Failure;

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Shell to complete for
    shell: clap_complete::Shell,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cargo-xtask", &mut script);
    crate::output::data(&String::from_utf8_lossy(&script))
}
