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
    let healthy = answers.iter().all(|answer| answer.trouble.is_none());
    Ok(Health {
        environment: session.environment.name.to_string(),
        url: session.environment.url(),
        release,
        healthy,
        exit_code: if healthy { Exit::Done } else { Exit::Unhealthy }.code(),
        answers: answers.into_iter().map(Line::from).collect(),
    })
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
    text
}
