//! `diagnose`

use std::path::Path;

use ops_cli::{EnvironmentArgs, Exit};

use super::{close, print, print_json};
use crate::diagnose;
use crate::failure::Failure;
use crate::session::EnvironmentSession;

pub(super) async fn run(args: &EnvironmentArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let diagnosis = diagnose::diagnose(&session).await;
    close(session.session.target).await;
    let (diagnosis, exit) = diagnosis?;
    if args.json {
        print_json(&diagnosis)?;
    } else {
        print(&diagnosis.to_string())?;
    }
    Ok(exit)
}
