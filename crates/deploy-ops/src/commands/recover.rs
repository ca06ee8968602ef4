//! `recover`

use std::path::Path;

use ops_cli::{Exit, RecoverArgs};

use super::print_json;
use crate::confirm::Ask;
use crate::failure::Failure;
use crate::recover;
use crate::session::{EnvironmentSession, Session};

pub(super) async fn run(args: &RecoverArgs, root: &Path) -> Result<Exit, Failure> {
    let (outcome, target) = if args.stack == "shared" {
        let session = Session::open(root, &args.target).await?;
        (recover::shared(&session, Ask::unless(args.yes, &session)).await, session.target)
    } else {
        let session = EnvironmentSession::open(root, &args.stack, &args.target).await?;
        (recover::environment(&session, Ask::unless(args.yes, &session)).await, session.session.target)
    };
    if let Ok(recovered) = &outcome {
        eprintln!();
        eprintln!("{recovered}");
        if args.json {
            print_json(recovered)?;
        }
    }
    target.close().await?;
    Ok(outcome?.verdict.exit())
}
