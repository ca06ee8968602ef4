//! One file per command: from its arguments to what it prints and its exit code.

pub mod bootstrap;
mod deploy;
mod diagnose;
pub mod doctor;
mod health;
mod history;
mod iam;
mod images;
mod local;
mod outputs;
mod recover;
mod release;
mod replay;
mod rollback;
mod secrets;
mod stack;
mod status;
mod task;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use ops_cli::{Exit, OpsCommand, medium};
use serde::Serialize;

use crate::failure::Failure;
use crate::session::{EnvironmentSession, Session};
use crate::summary::{self, Command};
use crate::target::Target;

/// Runs a command. `root` is the top of the repository.
pub async fn run(command: OpsCommand, root: &Path) -> Result<Exit, Failure> {
    match command {
        OpsCommand::Deploy(args) => deploy::run(&args, root).await,
        OpsCommand::Rollback(args) => rollback::run(&args, root).await,
        OpsCommand::Recover(args) => recover::run(&args, root).await,
        OpsCommand::Status(args) => status::run(&args, root).await,
        OpsCommand::Diagnose(args) => diagnose::run(&args, root).await,
        OpsCommand::History(args) => history::run(&args, root).await,
        OpsCommand::Health(args) => health::run(&args, root).await,
        OpsCommand::Outputs(args) => outputs::run(&args, root).await,
        OpsCommand::Task(command) => task::run(&command, root).await,
        OpsCommand::Replay(args) => replay::run(&args),
        OpsCommand::Release(args) => release::run(&args, root).await,
        OpsCommand::Images(command) => images::run(&command, root).await,
        OpsCommand::Secrets(command) => secrets::run(&command, root).await,
        OpsCommand::Doctor(args) => doctor::of_machine(&args, root).await,
        OpsCommand::Stack(command) => stack::run(&command, root).await,
        OpsCommand::Iam(command) => iam::run(&command, root).await,
        OpsCommand::Local(command) => local::run(&command, root).await,
    }
}

/// Whether the object of `--json` is on stdout: a command that fails after that must not print a second one.
static OBJECT_PRINTED: AtomicBool = AtomicBool::new(false);

/// A command that ended well has to have met the faults that were to break it.
fn met_faults(session: &Session, exit: Exit) -> Result<(), Failure> {
    if exit == Exit::Done { session.target.met_faults() } else { Ok(()) }
}

/// The JSON object on stdout.
pub fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::Output(error.into()))?;
    OBJECT_PRINTED.store(true, Ordering::Relaxed);
    medium::print_json(&text).map_err(Failure::Output)
}

/// [`print_json`] of how an operation ended. Where it cannot be printed (a full disk, a closed pipe) stderr says that, and
/// the operation has ended as it has: the exit code is that of the outcome.
pub fn tell_json(value: &impl Serialize) {
    told(print_json(value));
}

/// [`print()`] of how an operation ended, as [`tell_json`].
pub fn tell(text: &str) {
    told(print(text));
}

fn told(printed: Result<(), Failure>) {
    if let Err(failure) = printed {
        ops_cli::say!("warning: {}; the exit code tells how the command ended", failure.chain());
    }
}

/// Lets go of the account. An error in that is said, and is not how the command ended.
pub async fn close(target: Target) {
    if let Err(error) = target.close().await {
        ops_cli::say!("warning: {}", Failure::from(error).chain());
    }
}

/// A deployment or rollback to `release` that ended before it had a result: its summary and, with `--json`, its object.
fn tell_failure(
    session: &EnvironmentSession,
    command: Command,
    release: &str,
    failure: &Failure,
    json: bool,
) {
    session.report.end_group();
    let Some(result) = summary::of_failure(session, release, failure) else { return };
    summary::write_step_summary(session, command, &result, None);
    if json {
        tell_json(&result);
    }
}

/// The object of a command with `--json` that failed, where it has not printed one of its own.
pub fn print_error_object(failure: &Failure) {
    if !OBJECT_PRINTED.load(Ordering::Relaxed) {
        tell_json(&failure.result());
    }
}

/// Data on stdout, with text of others in it.
pub fn print(text: &str) -> Result<(), Failure> {
    medium::print(text).map_err(Failure::Output)
}
