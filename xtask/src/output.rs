//! Data goes to stdout; a reader that stops early (`| head`) is no error.

use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

use crate::failure::Failure;

/// Writes `text` to stdout.
pub(crate) fn data(text: &str) -> Result<ExitCode, Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::unexpected("failed to write to stdout").because(error))
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}
