//! `history`

use std::path::Path;

use ops_cli::{Exit, HistoryArgs};

use super::{close, print, print_json};
use crate::failure::Failure;
use crate::history;
use crate::session::EnvironmentSession;

pub(super) async fn run(args: &HistoryArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let history = history::read(&session, limit).await;
    close(session.session.target).await;
    let history = history?;
    if args.json {
        print_json(&history)?;
    } else {
        print(&history.to_string())?;
    }
    Ok(Exit::Done)
}
