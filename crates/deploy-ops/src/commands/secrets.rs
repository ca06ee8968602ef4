//! `secrets init|set|check|redeploy`

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use ops_cli::{
    EnvironmentArgs, Exit, LocalOnly, LocalOnlyKind, SecretsCommand, SecretsInitArgs, SecretsRedeployArgs,
    SecretsSetArgs,
};
use serde::Serialize;

use super::{close, print, print_json, tell};
use crate::failure::Failure;
use crate::secrets::enter::{self, Input, Wanted};
use crate::secrets::redeploy::{self, Restart};
use crate::secrets::{self, SecretCheck, SecretsError, Standing};
use crate::session::EnvironmentSession;

pub(super) async fn run(command: &SecretsCommand, root: &Path) -> Result<Exit, Failure> {
    let (environment, target) = match command {
        SecretsCommand::Init(SecretsInitArgs { environment, target })
        | SecretsCommand::Set(SecretsSetArgs { environment, target, .. })
        | SecretsCommand::Check(EnvironmentArgs { environment, target, .. })
        | SecretsCommand::Redeploy(SecretsRedeployArgs { environment, target, .. }) => (environment, target),
    };
    let session = EnvironmentSession::open(root, environment, target).await?;
    let outcome = match command {
        SecretsCommand::Init(_) => init(&session).await,
        SecretsCommand::Set(args) => set(&session, args).await,
        SecretsCommand::Check(args) => check(&session, args.json).await,
        SecretsCommand::Redeploy(args) => match Wanted::find(&session, &args.secret, None) {
            Ok(wanted) => redeploy(&session, &readers(&session, &wanted)).await,
            Err(error) => Err(error.into()),
        },
    };
    close(session.session.target).await;
    outcome
}

/// What `check --json` prints.
#[derive(Serialize)]
struct Checks<'a> {
    environment: &'a str,
    ready: bool,
    secrets: &'a [SecretCheck],
    /// What is different on AWS, with `--local`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    local_only: Vec<LocalOnly>,
}

async fn check(session: &EnvironmentSession, json: bool) -> Result<Exit, Failure> {
    let checks = secrets::check(session).await?;
    let placeholders = session.target.is_self_contained();
    let ready = checks.iter().all(|check| check.is_ready(placeholders));
    let counted: Vec<&str> = checks
        .iter()
        .filter(|check| placeholders && check.is_ready(true) && !check.is_ready(false))
        .map(|check| check.path.as_str())
        .collect();
    if !counted.is_empty() {
        let detail = format!("placeholders count as values: {}", counted.join(", "));
        session.report.mark_local_only(LocalOnlyKind::Secrets, detail);
    }
    if json {
        print_json(&Checks {
            environment: session.environment.name.as_str(),
            ready,
            secrets: &checks,
            local_only: session.report.local_only(),
        })?;
    } else {
        for check in &checks {
            print(&line(check))?;
        }
    }
    if ready {
        return Ok(Exit::Done);
    }
    let absent = checks.iter().any(|check| check.standing == Standing::Absent);
    let empty = checks.iter().any(|check| check.standing == Standing::Empty);
    let environment = session.environment.name.as_str();
    let first = checks.iter().find(|check| !check.is_ready(placeholders)).map(|check| check.name.as_str());
    let next = match (absent, empty) {
        (true, _) => format!("deploy {environment}"),
        (false, true) => format!("secrets init {environment}"),
        (false, false) => format!("secrets set {environment} {}", first.unwrap_or_default()),
    };
    ops_cli::say!("next: {}", session.command(&next));
    Ok(Exit::Differences)
}

fn line(check: &SecretCheck) -> String {
    let source = if check.generated { "generated" } else { "entered" };
    format!("{:<20} {source:<10} {}", check.name, check.words())
}

async fn init(session: &EnvironmentSession) -> Result<Exit, Failure> {
    let terminal = std::io::stdin().is_terminal();
    let environment = session.environment.name.as_str();
    let placeholders = session.target.is_self_contained();
    let mut open = Vec::new();
    for (name, secret) in &session.config.platform.secrets {
        let checked = secrets::check_one(session, name, secret).await.map_err(SecretsError::Call)?;
        checked.record(session, secret).await.map_err(SecretsError::Call)?;
        let check = checked.check;
        let input = match (check.standing, check.generated, terminal) {
            (Standing::Empty, true, _) => Some(Input::Generate),
            (Standing::Empty, false, true) => Some(Input::Prompt),
            _ => None,
        };
        let Some(input) = input else {
            tell(&line(&check));
            if !check.is_ready(placeholders) {
                open.push(check);
            }
            continue;
        };
        let wanted = Wanted::find(session, name.as_str(), None)?;
        enter::set(session, &wanted, &input, false).await?;
        tell(&format!(
            "{name:<20} {}",
            if input == Input::Generate { "generated now" } else { "entered now" }
        ));
    }
    for check in &open {
        let command = match check.standing {
            Standing::Absent => format!("deploy {environment}"),
            _ => format!("secrets set {environment} {}", check.name),
        };
        ops_cli::say!("next: {}", session.command(&command));
    }
    Ok(if open.is_empty() { Exit::Done } else { Exit::Differences })
}

async fn set(session: &EnvironmentSession, args: &SecretsSetArgs) -> Result<Exit, Failure> {
    let wanted = Wanted::find(session, &args.secret, args.key.as_deref())?;
    let input = match &args.from_file {
        Some(path) => Input::File(std::env::current_dir().unwrap_or_default().join(path)),
        None if args.generate => Input::Generate,
        None => enter::default_input(),
    };
    let services = enter::set(session, &wanted, &input, args.database_changed).await?;
    let keys: Vec<&str> = wanted.keys.iter().map(|(name, _)| name.as_str()).collect();
    tell(&format!("{} has a new value ({})", session.environment.secret_path(wanted.name), keys.join(", ")));
    if services.is_empty() {
        ops_cli::say!("no service reads it; one-off tasks read it when they start");
        return Ok(Exit::Done);
    }
    if args.redeploy || offer(&services) {
        return redeploy(session, &services).await;
    }
    ops_cli::say!(
        "{} read it when their tasks start: until they are redeployed, they go on with the old value",
        services.join(", ")
    );
    let command = format!("secrets redeploy {} {}", session.environment.name, wanted.name);
    ops_cli::say!("next: {}", session.command(&command));
    Ok(Exit::Done)
}

/// Asks on a terminal; elsewhere the answer is no.
fn offer(services: &[String]) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    let question = format!("redeploy {} now, so that they read it? [y/N] ", services.join(", "));
    if std::io::stderr().write_all(question.as_bytes()).is_err() {
        return false;
    }
    let mut answer = String::new();
    tokio::task::block_in_place(|| std::io::stdin().lock().read_line(&mut answer)).is_ok()
        && matches!(answer.trim(), "y" | "Y" | "yes")
}

fn readers(session: &EnvironmentSession, wanted: &Wanted<'_>) -> Vec<String> {
    let services = session.config.platform.services.iter();
    services
        .filter(|(_, service)| service.secrets.values().any(|read| read.secret == *wanted.name))
        .map(|(name, _)| name.to_string())
        .collect()
}

async fn redeploy(session: &EnvironmentSession, services: &[String]) -> Result<Exit, Failure> {
    let outcome = redeploy::redeploy(session, services).await?;
    session.report.end_group();
    let environment = session.environment.name.as_str();
    if matches!(outcome, Restart::NothingRuns | Restart::Done(_)) {
        session.target.met_faults()?;
    }
    match outcome {
        Restart::NothingRuns => {
            ops_cli::say!("nothing runs that reads it: it is read when the services start");
            Ok(Exit::Done)
        }
        Restart::Done(names) => {
            tell(&format!("redeployed {}: every task reads the new value", names.join(", ")));
            Ok(Exit::Done)
        }
        Restart::Failed(names) => {
            ops_cli::say!(
                "error: {} did not come up with it; ECS went back to the old tasks, which go on with the old value",
                names.join(", ")
            );
            ops_cli::say!("next: {}", session.command(&format!("secrets check {environment}")));
            Ok(Exit::RolledBack)
        }
        Restart::Late(names) => {
            ops_cli::say!(
                "error: {} have not replaced their tasks in the time their settings allow",
                names.join(", ")
            );
            ops_cli::say!("next: {}", session.command(&format!("status {environment}")));
            Ok(Exit::NeedsHuman)
        }
    }
}
