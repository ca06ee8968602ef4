//! Data goes to stdout.

use std::process::ExitCode;

use crate::failure::Failure;

/// Writes `text` to stdout.
pub(crate) fn data(text: &str) -> Result<ExitCode, Failure> {
    ops_cli::medium::print_data(text)
        .map_err(|error| Failure::unexpected("failed to write to stdout").because(error))?;
    Ok(ExitCode::SUCCESS)
}
