//! `database`

use std::path::Path;

use deploy_ops::commands::{print, print_json};
use deploy_ops::failure::Failure;
use deploy_ops::session::EnvironmentSession;
use ops_cli::{DatabaseCommand, EnvironmentArgs, Exit};

use crate::database::list;

pub(super) async fn run(command: &DatabaseCommand, root: &Path) -> Result<Exit, Failure> {
    match command {
        DatabaseCommand::List(args) => run_list(args, root).await,
    }
}

async fn run_list(args: &EnvironmentArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let outcome = list::list(&session).await;
    session.session.target.close().await?;
    let listing = outcome?;
    if args.json {
        print_json(&listing)?;
    } else {
        print(&listing.lines().join("\n"))?;
    }
    Ok(Exit::Done)
}
