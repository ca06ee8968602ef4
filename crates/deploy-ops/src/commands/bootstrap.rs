//! `bootstrap`, up to the look at the quotas of the account, which is handed in.

use std::path::Path;

use ops_cli::{BootstrapArgs, Exit};

use super::deploy::wanted;
use super::{close, met_faults, tell_json};
use crate::bootstrap::{self, Bootstrap, BootstrapResult, Item, State};
use crate::confirm::confirm;
use crate::doctor::{self, Finding};
use crate::failure::Failure;
use crate::session::EnvironmentSession;

/// Runs it. `quotas` compares the account's quotas with what the environments need.
///
/// # Errors
/// [`Failure`]: what ends the command other than its own outcome.
pub async fn run(
    args: &BootstrapArgs,
    root: &Path,
    quotas: impl AsyncFn(&EnvironmentSession) -> Vec<Finding>,
) -> Result<Exit, Failure> {
    let options = Bootstrap { wanted: wanted(&args.revision)?, allow_replace: Vec::new() };
    let mut session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let quotas = quotas(&session).await;
    let outcome = go(&mut session, args, &options, quotas).await;
    let met = match &outcome {
        Ok(result) if !args.plan => met_faults(&session, result.exit),
        _ => Ok(()),
    };
    close(session.session.target).await;
    let result = outcome?;
    if args.json && met.is_ok() {
        tell_json(&result);
    }
    met.map(|()| result.exit)
}

async fn go(
    session: &mut EnvironmentSession,
    args: &BootstrapArgs,
    options: &Bootstrap,
    quotas: Vec<Finding>,
) -> Result<BootstrapResult, Failure> {
    if args.admin_exists {
        bootstrap::record_admin(session).await?;
        session.report.line("recorded: the first administrator exists");
    }
    let before = bootstrap::inspect(session, options).await?;
    let name = session.environment.name.to_string();
    ops_cli::say!("{name}: {} of {} steps are done", done(&before), before.len());
    print_list(&before);
    quotas.iter().filter(|it| it.state != doctor::State::Ok).for_each(|it| ops_cli::say!("{it}"));
    let open = before.iter().any(|item| matches!(item.state, State::Open(_)));
    // What does not fit fails in the middle of a creation or a rollout.
    let short = open && quotas.iter().any(|it| it.state == doctor::State::Fail);
    if args.plan || !open || short {
        let waits = short || before.iter().any(|item| matches!(item.state, State::Person(_)));
        let exit = match (args.plan, waits) {
            (true, _) if open || waits => Exit::Differences,
            (false, true) => Exit::NeedsHuman,
            _ => Exit::Done,
        };
        let again = session.command(&format!("bootstrap {name}"));
        let next = (open || waits).then_some(again);
        let people = bootstrap::people(session);
        let result = BootstrapResult {
            environment: name,
            exit,
            exit_code: exit.code(),
            checklist: before,
            people,
            quotas,
            cause: short.then(|| "a quota of the account is too small".to_owned()),
            next,
            local_only: session.report.local_only(),
        };
        print_end(session, &result);
        return Ok(result);
    }
    confirm(
        session,
        &format!("Go on with {name} in account {}?", session.target.identity.account),
        args.yes,
    )?;
    let mut result = bootstrap::run(session, options).await?;
    result.quotas = quotas;
    session.report.end_group();
    ops_cli::say!("\n{name}: {} of {} steps are done", done(&result.checklist), result.checklist.len());
    print_list(&result.checklist);
    print_end(session, &result);
    Ok(result)
}

fn done(checklist: &[Item]) -> usize {
    checklist.iter().filter(|item| matches!(item.state, State::Done(_))).count()
}

fn print_list(checklist: &[Item]) {
    for Item { step, state } in checklist {
        let title = step.title();
        match state {
            State::Done(detail) => ops_cli::say!("  [x] {title:<28} {detail}"),
            State::Open(detail) => {
                ops_cli::say!("  [ ] {title:<28} {detail}");
                ops_cli::say!("      why: {}", step.why());
            }
            State::Person(detail) => {
                ops_cli::say!("  [!] {title:<28} {detail}");
                ops_cli::say!("      why: {}", step.why());
            }
            State::Attention(detail) => ops_cli::say!("  [?] {title:<28} {detail}"),
            State::Later => ops_cli::say!("  [ ] {title:<28} later"),
        }
    }
}

fn print_end(session: &EnvironmentSession, result: &BootstrapResult) {
    if result.exit_code == 0 {
        ops_cli::say!("what only people can do, and nobody can see from here:");
        result.people.iter().for_each(|line| ops_cli::say!("  - {line}"));
    }
    if let Some(cause) = &result.cause {
        ops_cli::say!("  cause    {cause}");
    }
    ops_cli::say!("  url      {}", session.environment.url());
    if let Some(next) = &result.next {
        ops_cli::say!("  next     {next}");
    }
}
