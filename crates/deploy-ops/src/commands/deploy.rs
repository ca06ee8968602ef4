//! `deploy`

use std::path::Path;
use std::time::Instant;

use ops_cli::{DeployArgs, Exit, RevisionArgs};
use serde_json::json;

use super::{close, met_faults, print_json, tell_failure, tell_json};
use crate::call;
use crate::deploy::{self, Options};
use crate::failure::Failure;
use crate::first_morning;
use crate::record;
use crate::resolve::Wanted;
use crate::session::EnvironmentSession;
use crate::step_output;
use crate::summary::{self, Command};

pub(super) async fn run(args: &DeployArgs, root: &Path) -> Result<Exit, Failure> {
    let wall = Instant::now();
    let options = Options {
        wanted: wanted(&args.revision)?,
        plan_only: args.plan,
        bootstrap: args.bootstrap,
        allow_replace: args.allow_replace.clone(),
        leave_running: args.no_cancel,
        overrides: args.overrides.clone(),
        yes: args.yes,
    };
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    if args.if_exists && !first_morning::exists(&session, session.environment.stack_name.as_str()).await? {
        first_morning::say(&session, &args.environment, "nothing is deployed");
        close(session.session.target).await;
        if args.json {
            print_json(&serde_json::Value::Null)?;
        }
        return Ok(Exit::Done);
    }
    let (outcome, calls) = call::counted(deploy::deploy(&session, &options)).await;
    let mut met = Ok(());
    let exit = match &outcome {
        Ok(outcome) if args.plan => plan(args, outcome)?,
        Ok(outcome) => {
            summary::print(&session, Command::Deployment, outcome, wall.elapsed());
            step_output::hand_on(&session.report, &outcome.result);
            let exit = outcome.result.verdict.exit();
            met = met_faults(&session, exit);
            if args.json && met.is_ok() {
                tell_json(&outcome.result);
            }
            exit
        }
        Err(failure) => {
            let release = label(&options.wanted);
            tell_failure(&session, Command::Deployment, &release, failure, args.json);
            failure.exit()
        }
    };
    if !options.plan_only {
        let result = outcome.as_ref().map(|outcome| record::Outcome::Release(outcome.result.clone()));
        record::leave(&session, &args.environment, ("deploy", recorded_options(args)), result, calls);
    }
    close(session.session.target).await;
    outcome?;
    met.map(|()| exit)
}

/// What would change, for people on stderr already, for programs on stdout; the exit code says whether anything would.
fn plan(args: &DeployArgs, outcome: &deploy::Outcome) -> Result<Exit, Failure> {
    if args.json {
        print_json(&outcome.forecast)?;
    }
    match outcome.forecast {
        Some(_) => Ok(Exit::Differences),
        None => {
            ops_cli::say!("nothing to change");
            Ok(Exit::Done)
        }
    }
}

/// The options that matter for what happened.
fn recorded_options(args: &DeployArgs) -> serde_json::Value {
    json!({
        "release": args.revision.release,
        "commit": args.revision.commit,
        "bootstrap": args.bootstrap,
        "allow_replace": args.allow_replace,
        "no_cancel": args.no_cancel,
        "faults": args.target.faults,
    })
}

/// What was asked for, in the words of the command line.
fn label(wanted: &Wanted) -> String {
    match wanted {
        Wanted::Tag(tag) => tag.to_string(),
        Wanted::Commit(commit) => commit.clone(),
        Wanted::Head => "HEAD".to_owned(),
    }
}

/// What was asked for, by tag, by commit, or the commit that is checked out.
pub(super) fn wanted(args: &RevisionArgs) -> Result<Wanted, Failure> {
    Ok(match (&args.release, &args.commit) {
        (Some(tag), _) => Wanted::Tag(tag.parse()?),
        (None, Some(commit)) => Wanted::Commit(commit.clone()),
        (None, None) => Wanted::Head,
    })
}
