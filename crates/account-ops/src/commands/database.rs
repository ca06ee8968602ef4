//! `database`

use std::path::Path;

use deploy_ops::commands::{close, print, print_json, tell_json};
use deploy_ops::confirm;
use deploy_ops::failure::Failure;
use deploy_ops::session::EnvironmentSession;
use ops_cli::{
    DatabaseCommand, DatabaseDrillArgs, DatabaseDropKeptArgs, DatabaseRestoreArgs, EnvironmentArgs, Exit,
};

use crate::database::drill::DrillSource;
use crate::database::plan::Source;
use crate::database::{drill, drop_kept, list, restore, snapshot};

pub(super) async fn run(command: &DatabaseCommand, root: &Path) -> Result<Exit, Failure> {
    match command {
        DatabaseCommand::List(args) => run_list(args, root).await,
        DatabaseCommand::Restore(args) => run_restore(args, root).await,
        DatabaseCommand::Drill(args) => run_drill(args, root).await,
        DatabaseCommand::Snapshot(args) => run_snapshot(args, root).await,
        DatabaseCommand::DropKept(args) => run_drop_kept(args, root).await,
    }
}

/// How an operation ended: one JSON object on stdout, or lines for people.
fn show(json: bool, result: &impl serde::Serialize, lines: &[String]) {
    if json {
        tell_json(result);
    } else {
        lines.iter().for_each(|line| ops_cli::say!("{line}"));
    }
}

async fn run_drill(args: &DatabaseDrillArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let source = args.snapshot.clone().map_or(DrillSource::Latest, DrillSource::Snapshot);
    let outcome = match args.remove {
        true => drill::remove_leftover(&session).await,
        false => Box::pin(drill::drill(&session, &source)).await,
    };
    close(session.session.target).await;
    let drilled = outcome?;
    show(args.json, &drilled, &drilled.lines());
    Ok(if drilled.differences.is_empty() { Exit::Done } else { Exit::Differences })
}

async fn run_snapshot(args: &EnvironmentArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let outcome = snapshot::take(&session).await;
    close(session.session.target).await;
    let taken = outcome?;
    show(args.json, &taken, &taken.lines());
    Ok(Exit::Done)
}

async fn run_drop_kept(args: &DatabaseDropKeptArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let outcome = drop_kept::drop_kept(&session, args.confirm.as_deref(), args.yes).await;
    close(session.session.target).await;
    let dropped = outcome?;
    show(args.json, &dropped, &dropped.lines());
    Ok(Exit::Done)
}

async fn run_list(args: &EnvironmentArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let outcome = list::list(&session).await;
    close(session.session.target).await;
    let listing = outcome?;
    if args.json {
        print_json(&listing)?;
    } else {
        print(&listing.lines().join("\n"))?;
    }
    Ok(Exit::Done)
}

async fn run_restore(args: &DatabaseRestoreArgs, root: &Path) -> Result<Exit, Failure> {
    let source = match (&args.to_time, &args.snapshot) {
        (Some(time), _) => Source::time(time)?,
        (None, Some(snapshot)) => Source::Snapshot(snapshot.clone()),
        // The grammar asks for one of them.
        (None, None) => Source::time("")?,
    };
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let outcome = restore_with(&session, args, source).await;
    close(session.session.target).await;
    let restored = outcome?;
    if args.json {
        tell_json(&restored);
    } else if args.plan {
        print(&restored.lines().join("\n"))?;
    } else {
        restored.lines().iter().for_each(|line| ops_cli::say!("{line}"));
    }
    Ok(Exit::Done)
}

async fn restore_with(
    session: &EnvironmentSession,
    args: &DatabaseRestoreArgs,
    source: Source,
) -> Result<restore::Restored, Failure> {
    let planned = restore::prepare(session, source).await?;
    if args.plan || planned.is_done() {
        return Ok(planned.result(false));
    }
    planned.lines().iter().for_each(|line| session.report.line(line));
    confirm::confirm(session, "The services stop until it is done. Restore the database?", args.yes)?;
    restore::carry_out(session, planned).await
}
