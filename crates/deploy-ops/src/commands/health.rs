//! `health`

use std::path::Path;

use ops_cli::{Exit, HealthArgs};
use serde::Serialize;

use super::{close, print, print_json};
use crate::failure::Failure;
use crate::health::{Answer, Checker};
use crate::history::short_release;
use crate::report::{Report, Style};
use crate::session::EnvironmentSession;
use crate::stack;
use crate::witnesses;

/// What `--json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Health {
    environment: String,
    url: String,
    /// Release that has to answer.
    release: String,
    healthy: bool,
    exit_code: u8,
    answers: Vec<Line>,
    /// What speaks against it although the routes answer: alarms that fire or are gone, errors on other paths.
    against: Vec<String>,
}

/// One request to a public route.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Line {
    service: String,
    path: String,
    /// Release that answered; nothing where the answer names none, or another of the service's does.
    release: Option<String>,
    /// Who is to blame: `dns`, `tls`, `connection`, `firewall`, `load_balancer`, `application`, `wrong_release`,
    /// `no_release`.
    trouble: Option<String>,
    /// The same in words.
    detail: Option<String>,
}

impl From<Answer> for Line {
    fn from(answer: Answer) -> Self {
        Self {
            service: answer.probe.service.to_string(),
            path: answer.probe.path,
            release: answer.release,
            trouble: answer.trouble.as_ref().map(|trouble| trouble.kind().to_owned()),
            detail: answer.trouble.as_ref().map(ToString::to_string),
        }
    }
}

pub(super) async fn run(args: &HealthArgs, root: &Path) -> Result<Exit, Failure> {
    let session = EnvironmentSession::open(root, &args.environment, &args.target).await?;
    let health = ask(&session, args.release.as_deref()).await;
    close(session.session.target).await;
    let health = health?;
    if args.json {
        print_json(&health)?;
    } else {
        print(&table(&health))?;
    }
    Ok(if health.healthy { Exit::Done } else { Exit::Unhealthy })
}

async fn ask(session: &EnvironmentSession, wanted: Option<&str>) -> Result<Health, Failure> {
    let stack_name = session.environment.stack_name.as_str();
    let release = match wanted {
        Some(release) => release.to_owned(),
        None => {
            let view = stack::describe(&session.target.aws, stack_name).await?;
            view.and_then(|mut view| view.parameters.remove("Release"))
                .ok_or_else(|| Failure::nothing_deployed(session, stack_name, &session.environment.name))?
        }
    };
    let domain = session.environment.domain.as_str();
    let checker = Checker::new(session.target.front, domain)?;
    let probes = session.config.platform.probes();
    let clock = &session.target.clock;
    // The answers are the result: they are printed once, on stdout.
    let silent = Report::new(Style::Plain, false, clock.clone(), Box::new(std::io::sink()));
    let answers = checker.check(&**clock, &silent, &probes, Some(&release)).await;
    let against = against(session).await?;
    let healthy = answers.iter().all(|answer| answer.trouble.is_none()) && against.is_empty();
    Ok(Health {
        environment: session.environment.name.to_string(),
        url: session.environment.url(),
        release,
        healthy,
        exit_code: if healthy { Exit::Done } else { Exit::Unhealthy }.code(),
        answers: answers.into_iter().map(Line::from).collect(),
        against,
    })
}

/// What the routes do not show: a deployment alarm that fires, errors of users, and what would show them and is gone.
async fn against(session: &EnvironmentSession) -> Result<Vec<String>, Failure> {
    let aws = &session.target.aws;
    let template = stack::live_template(aws, session.environment.stack_name.as_str()).await?;
    let mut against: Vec<String> =
        witnesses::missing(session, &template).await.iter().map(ToString::to_string).collect();
    for service in session.services_before().await? {
        let firing = service.view.alarms.iter().filter(|alarm| alarm.state == "ALARM");
        against.extend(firing.map(|alarm| format!("{}: alarm {} fires", service.view.name, alarm.name)));
    }
    match witnesses::errors(session).await {
        Ok(errors) => {
            let (bad, few): (Vec<_>, Vec<_>) = errors.into_iter().partition(|errors| errors.too_many);
            few.iter().for_each(|errors| session.report.warn(errors.to_string()));
            against.extend(bad.iter().map(ToString::to_string));
        }
        Err(error) => session.report.warn(format!("whether users get server errors is not known: {error}")),
    }
    Ok(against)
}

fn table(health: &Health) -> String {
    let end = if health.healthy { "healthy" } else { "does not answer as it should" };
    let mut text = format!("{}: {end}, release {}", health.environment, short_release(&health.release));
    for line in &health.answers {
        let answer = match &line.detail {
            Some(detail) => detail.clone(),
            None => "healthy".to_owned(),
        };
        text += &format!("\n  {:<16} {}{}: {answer}", line.service, health.url, line.path);
    }
    health.against.iter().for_each(|line| text += &format!("\n  {line}"));
    text
}
