//! `test`: the tests, which need nothing but Rust.

use std::process::ExitCode;

use crate::failure::Failure;
use crate::process::{cargo, must_succeed};
use crate::project::Project;

/// Arguments of `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Passed on to `cargo test`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    let command = ["test"].into_iter().chain(args.rest.iter().map(String::as_str));
    must_succeed(&cargo(project, command), "cargo test")?;
    Ok(ExitCode::SUCCESS)
}
