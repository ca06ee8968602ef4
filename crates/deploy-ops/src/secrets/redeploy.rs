//! Restarting services so that they read a secret again: ECS hands a task its secrets when it starts, and never after.
//!
//! The same task definition is rolled out once more by ECS itself. CloudFormation has nothing to do: the template and
//! what runs stay the same.

use std::collections::BTreeMap;
use std::time::Duration;

use rollout_verdict::{Deadline, ExpectedService, Rollout, Via};

use crate::call::{CallError, Called};
use crate::failure::Failure;
use crate::observe::{self, SeenService};
use crate::rollout;
use crate::session::EnvironmentSession;
use crate::stack::{self, Standing};

/// Between two looks.
const POLL: Duration = Duration::from_secs(10);

/// How a restart ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restart {
    /// The services do not run yet: they will read the secret when they start.
    NothingRuns,
    /// Every task was replaced.
    Done(Vec<String>),
    /// These services went back to their old tasks, or were taken over by another deployment.
    Failed(Vec<String>),
    /// These are not through at the deadline.
    Late(Vec<String>),
}

/// Restarts services and waits until every one of them has replaced its tasks, or one has failed.
pub async fn redeploy(session: &EnvironmentSession, services: &[String]) -> Result<Restart, Failure> {
    let (aws, cluster) = (&session.target.aws, session.names().cluster());
    let stack_name = session.environment.stack_name.as_str();
    match stack::describe(aws, stack_name).await?.map(|view| view.standing()) {
        None | Some(Standing::Absent) => return Ok(Restart::NothingRuns),
        Some(Standing::Busy) => {
            return Err(Failure::Guard {
                reason: format!("stack {stack_name} is being updated"),
                hint: "wait until that has ended, then try again".to_owned(),
            });
        }
        Some(_) => {}
    }
    let began = session.target.clock.now();
    let running: Vec<SeenService> = observe::services(aws, &cluster, services, began)
        .await?
        .into_iter()
        .filter(|service| service.desired_count > 0)
        .collect();
    if running.is_empty() {
        return Ok(Restart::NothingRuns);
    }
    let names: Vec<String> = running.iter().map(|service| service.view.name.as_str().to_owned()).collect();
    session.report.step(&format!("Redeploy {}", names.join(", ")));
    let mut wanted = BTreeMap::new();
    for name in &names {
        wanted.insert(name.clone(), restart(session, &cluster, name).await?);
    }
    let limit_secs = deadline_secs(session, &names);
    loop {
        session.target.clock.sleep(POLL).await;
        let late = session.target.clock.now().secs_since(began) >= f64::from(limit_secs);
        let seen = match observe::services(aws, &cluster, &names, began).await {
            Ok(seen) => seen,
            Err(error) if error.is_transient() && !late => continue,
            Err(error) => return Err(error.into()),
        };
        let mut open = Vec::new();
        let mut failed = Vec::new();
        for (name, deployment) in &wanted {
            match state(&seen, name, deployment) {
                State::Done => {}
                State::Open => open.push(name.clone()),
                State::Failed => failed.push(name.clone()),
            }
        }
        if open.is_empty() || late {
            return Ok(match (failed.is_empty(), open.is_empty()) {
                (false, _) => Restart::Failed(failed),
                (true, false) => Restart::Late(open),
                (true, true) => Restart::Done(names),
            });
        }
        if session.interrupt.requested() {
            return Err(Failure::Interrupted {
                hint: format!(
                    "ECS goes on with {}; {}",
                    open.join(", "),
                    session.command(&format!("status {}", session.environment.name))
                ),
            });
        }
    }
}

/// Starts the deployment and answers its id.
async fn restart(session: &EnvironmentSession, cluster: &str, name: &str) -> Result<String, CallError> {
    let call =
        session.target.aws.ecs.update_service().cluster(cluster).service(name).force_new_deployment(true);
    let answer = call.send().await.called("ecs:UpdateService")?;
    let service = answer.service.unwrap_or_else(|| aws_sdk_ecs::types::Service::builder().build());
    let primary = service.deployments().iter().find(|deployment| deployment.status() == Some("PRIMARY"));
    Ok(primary.and_then(|deployment| deployment.id()).unwrap_or_default().to_owned())
}

enum State {
    Done,
    Open,
    Failed,
}

fn state(seen: &[SeenService], name: &str, wanted: &str) -> State {
    let service = seen.iter().find(|service| service.view.name.as_str() == name);
    let mut deployments = service.iter().flat_map(|service| &service.view.deployments);
    let deployment = deployments.find(|deployment| deployment.id.as_str() == wanted);
    match deployment.map(|it| (it.status.as_str(), it.rollout_state.as_deref())) {
        Some(("PRIMARY", Some("COMPLETED"))) => State::Done,
        Some(("PRIMARY", state)) if state != Some("FAILED") => State::Open,
        _ => State::Failed,
    }
}

/// What the settings of the services allow, as for a deployment.
fn deadline_secs(session: &EnvironmentSession, names: &[String]) -> u32 {
    let services =
        session.config.platform.services.keys().filter(|name| names.iter().any(|it| it == name.as_str()));
    let services = services.map(|name| ExpectedService {
        name: name.as_str().into(),
        rolls: true,
        old_task_definition: None,
        new_task_definition: None,
        service_logical_id: None,
        task_definition_logical_id: None,
        known_deployments: Vec::new(),
        alarms_firing_before: Vec::new(),
        settings: rollout::settings(&session.config, &session.environment, name),
    });
    let rollout = Rollout {
        started_at: session.target.clock.now(),
        via: Via::Ecs,
        services: services.collect(),
        additional: Vec::new(),
    };
    Deadline::of(&rollout).secs
}
