//! `deploy`

use std::path::Path;
use std::time::Instant;

use ops_cli::{DeployArgs, Exit, RevisionArgs};

use super::print_json;
use crate::deploy::{self, Options};
use crate::failure::Failure;
use crate::resolve::Wanted;
use crate::session::EnvironmentSession;
use crate::step_output;
use crate::summary;

pub(super) async fn run(args: &DeployArgs, root: &Path) -> Result<Exit, Failure> {
    let wall = Instant::now();
    let options = Options {
        wanted: wanted(&args.revision)?,
        plan_only: args.plan,
        bootstrap: args.bootstrap,
        allow_replace: args.allow_replace.clone(),
        leave_running: args.no_cancel,
    };
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let outcome = deploy::deploy(&session, &options).await;
    let exit = match &outcome {
        Ok(outcome) => {
            summary::print(&session, &outcome.result, wall.elapsed());
            step_output::hand_on(&outcome.result)?;
            if args.json {
                print_json(&outcome.result)?;
            }
            Ok(outcome.result.verdict.exit())
        }
        Err(_) => Ok(Exit::Unexpected),
    };
    session.session.target.close().await?;
    outcome.and(exit)
}

/// What was asked for, by tag, by commit, or the commit that is checked out.
pub(super) fn wanted(args: &RevisionArgs) -> Result<Wanted, Failure> {
    Ok(match (&args.release, &args.commit) {
        (Some(tag), _) => Wanted::Tag(tag.parse()?),
        (None, Some(commit)) => Wanted::Commit(commit.clone()),
        (None, None) => Wanted::Head,
    })
}
