//! `recover`

use std::path::Path;

use ops_cli::{Exit, RecoverArgs};
use serde_json::json;

use super::{close, met_faults, tell_json};
use crate::call;
use crate::confirm::Ask;
use crate::failure::Failure;
use crate::record;
use crate::recover;
use crate::session::{EnvironmentSession, Session};

pub(super) async fn run(args: &RecoverArgs, root: &Path) -> Result<Exit, Failure> {
    let (outcome, calls, session) = if args.stack == "shared" {
        let session = Session::open(root, &args.target).await?;
        let ask = Ask::unless(args.yes, &session);
        let (outcome, calls) = call::counted(recover::shared(&session, ask)).await;
        (outcome, calls, session)
    } else {
        let session = EnvironmentSession::open(root, &args.stack, &args.target).await?;
        let ask = Ask::unless(args.yes, &session);
        let (outcome, calls) = call::counted(recover::environment(&session, ask)).await;
        (outcome, calls, session.session)
    };
    session.report.end_group();
    let met = match &outcome {
        Ok(recovered) => met_faults(&session, recovered.verdict.exit()),
        Err(_) => Ok(()),
    };
    if let Ok(recovered) = &outcome {
        ops_cli::say!();
        ops_cli::say!("{recovered}");
        if args.json && met.is_ok() {
            tell_json(recovered);
        }
    }
    let result = outcome.as_ref().map(|recovered| record::Outcome::Recovery(recovered.clone()));
    record::leave(&session, &args.stack, ("recover", json!({"faults": args.target.faults})), result, calls);
    close(session.target).await;
    let exit = outcome?.verdict.exit();
    met.map(|()| exit)
}
