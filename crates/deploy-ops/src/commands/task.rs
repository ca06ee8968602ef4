//! `task run`

use std::path::Path;

use ops_cli::{Exit, TaskCommand, TaskRunArgs, TaskStopArgs};

use super::{close, met_faults, tell_json};
use crate::failure::Failure;
use crate::resolve::Wanted;
use crate::session::EnvironmentSession;
use crate::task_run::{self, Options};
use crate::task_stop;

pub(super) async fn run(command: &TaskCommand, root: &Path) -> Result<Exit, Failure> {
    match command {
        TaskCommand::Run(args) => run_task(args, root).await,
        TaskCommand::Stop(args) => stop_task(args, root).await,
    }
}

async fn stop_task(args: &TaskStopArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let outcome = task_stop::stop(&session, &args.task).await;
    if let Ok(stopped) = &outcome {
        stopped.lines().iter().for_each(|line| ops_cli::say!("{line}"));
        if args.json {
            tell_json(stopped);
        }
    }
    close(session.session.target).await;
    let ended = outcome?.still_stopping.is_empty();
    Ok(if ended { Exit::Done } else { Exit::NeedsHuman })
}

async fn run_task(args: &TaskRunArgs, root: &Path) -> Result<Exit, Failure> {
    let wanted = match (&args.release, &args.commit) {
        (Some(tag), _) => Some(Wanted::Tag(tag.parse()?)),
        (None, Some(commit)) => Some(Wanted::Commit(commit.clone())),
        (None, None) => None,
    };
    let options = Options { task: args.task.clone(), wanted, allow_seed: args.allow_seed };
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let outcome = task_run::run(&session, &options).await;
    session.report.end_group();
    let mut met = Ok(());
    if let Ok(result) = &outcome {
        ops_cli::say!();
        result.lines().iter().for_each(|line| ops_cli::say!("{line}"));
        met = met_faults(&session, result.exit());
        if args.json && met.is_ok() {
            tell_json(result);
        }
    }
    close(session.session.target).await;
    let exit = outcome?.exit();
    met.map(|()| exit)
}
