//! `status`

use std::path::Path;

use ops_cli::{EnvironmentArgs, Exit};

use super::{close, print, print_json};
use crate::failure::Failure;
use crate::session::EnvironmentSession;
use crate::status;

pub(super) async fn run(args: &EnvironmentArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let status = status::read(&session).await?;
    if args.json {
        print_json(&status)?;
    } else {
        print(&status.to_string())?;
    }
    close(session.session.target).await;
    Ok(Exit::Done)
}
