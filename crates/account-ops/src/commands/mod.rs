//! One file per command: from its arguments to what it prints and its exit code.

mod bootstrap;
mod database;
mod dns;
pub mod doctor;

use std::path::Path;

use deploy_ops::failure::Failure;
use ops_cli::{AccountCommand, Exit};

/// Runs a command. `root` is the top of the repository.
///
/// # Errors
/// What ends the command other than its own outcome.
pub async fn run(command: AccountCommand, root: &Path) -> Result<Exit, Failure> {
    match command {
        AccountCommand::Database(command) => database::run(&command, root).await,
        AccountCommand::Dns(command) => dns::run(&command, root).await,
        AccountCommand::Bootstrap(args) => bootstrap::run(&args, root).await,
    }
}
