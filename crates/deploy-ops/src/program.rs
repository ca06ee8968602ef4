//! What the binaries have in common: the runtime, the top of the repository, and how a failure is told.

use std::path::PathBuf;
use std::process::ExitCode;

use ops_cli::Exit;

use crate::commands;
use crate::failure::Failure;

/// Runs a command to its end. With `json` a failure that has not printed an object of its own prints one.
pub fn run<F>(json: bool, command: F) -> ExitCode
where
    F: Future<Output = Result<Exit, Failure>>,
{
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            ops_cli::say!("error: failed to start: {error}");
            return Exit::Unexpected.into();
        }
    };
    // The commands are large futures: on the heap they do not depend on the size of the main thread's stack.
    match runtime.block_on(Box::pin(command)) {
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
#[must_use]
pub fn root() -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let found = here.ancestors().find(|directory| directory.join("infra/platform.toml").is_file());
    found.map_or_else(|| here.clone(), PathBuf::from)
}

/// The chain of causes once, then what to do.
fn print_failure(failure: &Failure) {
    if let Failure::Config(error) = failure {
        ops_cli::medium::say_coloured(error.report(ops_cli::colour_on_stderr()).trim_end());
        return;
    }
    ops_cli::say!("error: {}", failure.chain());
    if let Some(hint) = failure.hint() {
        ops_cli::say!("hint: {hint}");
    }
}
