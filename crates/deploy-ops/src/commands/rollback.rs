//! `rollback`

use std::path::Path;
use std::time::Instant;

use ops_cli::{Exit, RollbackArgs, Via};

use super::print_json;
use crate::confirm::Ask;
use crate::failure::Failure;
use crate::rollback::{self, Options, Way};
use crate::session::EnvironmentSession;
use crate::summary;

pub(super) async fn run(args: &RollbackArgs, root: &Path) -> Result<Exit, Failure> {
    let wall = Instant::now();
    let tag = args.tag.parse()?;
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let options = Options {
        tag,
        way: match args.via {
            None => Way::StackFirst,
            Some(Via::Stack) => Way::Stack,
            Some(Via::Ecs) => Way::Ecs,
        },
        ask: Ask::unless(args.yes, &session),
    };
    let outcome = rollback::rollback(&session, &options).await;
    if let Ok(outcome) = &outcome {
        summary::print_rollback(&session, outcome, wall.elapsed());
        if args.json {
            print_json(&outcome.result)?;
        }
    }
    session.session.target.close().await?;
    Ok(outcome?.result.verdict.exit())
}
