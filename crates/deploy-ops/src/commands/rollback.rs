//! `rollback`

use std::path::Path;
use std::time::Instant;

use ops_cli::{Exit, RollbackArgs, Via};
use serde_json::json;

use super::{close, met_faults, tell_failure, tell_json};
use crate::call;
use crate::confirm::Ask;
use crate::failure::Failure;
use crate::record;
use crate::rollback::{self, Options, Way};
use crate::session::EnvironmentSession;
use crate::summary::{self, Command};

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
    let (outcome, calls) = call::counted(rollback::rollback(&session, &options)).await;
    let mut met = Ok(());
    match &outcome {
        Ok(outcome) => {
            summary::print(&session, Command::Rollback, outcome, wall.elapsed());
            met = met_faults(&session, outcome.result.verdict.exit());
            if args.json && met.is_ok() {
                tell_json(&outcome.result);
            }
        }
        Err(failure) => tell_failure(&session, Command::Rollback, &args.tag, failure, args.json),
    }
    let result = outcome.as_ref().map(|outcome| record::Outcome::Release(outcome.result.clone()));
    record::leave(&session, &args.environment, ("rollback", recorded_options(args)), result, calls);
    close(session.session.target).await;
    let exit = outcome?.result.verdict.exit();
    met.map(|()| exit)
}

/// The options that matter for what happened.
fn recorded_options(args: &RollbackArgs) -> serde_json::Value {
    let via = args.via.map(|via| match via {
        Via::Stack => "stack",
        Via::Ecs => "ecs",
    });
    json!({"release": args.tag, "via": via, "faults": args.target.faults})
}
