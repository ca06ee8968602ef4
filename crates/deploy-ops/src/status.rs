//! What an environment runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ops_cli::ServiceResult;
use rollout_verdict::Moment;
use serde::Serialize;

use crate::call::CallError;
use crate::clock::rfc3339;
use crate::failure::Failure;
use crate::names::ImageDigest;
use crate::observe::{self, SeenService};
use crate::session::EnvironmentSession;
use crate::stack;
use crate::tasks::{self, RunningTask};

/// What every service runs, in configuration order. `digests` are those of the wanted release.
pub async fn service_results(
    session: &EnvironmentSession,
    digests: &BTreeMap<String, ImageDigest>,
) -> Result<Vec<ServiceResult>, CallError> {
    let aws = &session.target.aws;
    let cluster = session.names().cluster();
    let names = session.service_names();
    let seen = observe::services(aws, &cluster, &names, Moment::default()).await?;
    let mut results = Vec::new();
    for name in names {
        let service = seen.iter().find(|service| service.view.name.as_str() == name);
        let running = match service {
            Some(_) => running_digests(session, &cluster, &name).await?,
            None => Vec::new(),
        };
        results.push(ServiceResult {
            digest: digests.get(&name).map(ToString::to_string).unwrap_or_default(),
            task_definition: service.map(|service| service.task_definition.clone()).unwrap_or_default(),
            running_digests: running,
            name,
        });
    }
    Ok(results)
}

async fn running_digests(
    session: &EnvironmentSession,
    cluster: &str,
    service: &str,
) -> Result<Vec<String>, CallError> {
    let tasks = observe::tasks(&session.target.aws, cluster, service).await?;
    let running = tasks.iter().filter(|task| task.last_status() == Some("RUNNING"));
    let containers =
        running.flat_map(aws_sdk_ecs::types::Task::containers).filter(|it| it.name() == Some(service));
    let digests: BTreeSet<String> =
        containers.filter_map(|it| it.image_digest().map(str::to_owned)).collect();
    Ok(digests.into_iter().collect())
}

/// An environment at a moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// Name.
    pub environment: String,
    /// Its stack, and the status of it; `None` where there is none.
    pub stack: Option<StackLine>,
    /// Release that the services were last brought to.
    pub release: Option<String>,
    /// Its commit.
    pub commit: Option<String>,
    /// Where it is.
    pub url: String,
    /// One entry per service, in configuration order.
    pub services: Vec<ServiceStatus>,
    /// One-off tasks that run.
    pub tasks: Vec<RunningTask>,
}

/// A stack in a [`Status`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StackLine {
    /// Name.
    pub name: String,
    /// Status, such as `UPDATE_COMPLETE`.
    pub status: String,
}

/// A service in a [`Status`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ServiceStatus {
    /// Name.
    pub name: String,
    /// Tasks it should run; `None` where the service does not exist.
    pub desired: Option<u32>,
    /// Tasks that run.
    pub running: u32,
    /// Task definition, `FAMILY:REVISION`.
    pub task_definition: String,
    /// The last deployment: its rollout state.
    pub rollout_state: Option<String>,
    /// When the last deployment began, RFC 3339 in UTC.
    pub deployed_at: Option<String>,
}

/// Reads the status of an environment.
pub async fn read(session: &EnvironmentSession) -> Result<Status, Failure> {
    let aws = &session.target.aws;
    let view = stack::describe(aws, session.environment.stack_name.as_str()).await?;
    let names = session.service_names();
    let seen = observe::services(aws, &session.names().cluster(), &names, Moment::default()).await?;
    let parameter = |name: &str| view.as_ref().and_then(|view| view.parameters.get(name).cloned());
    Ok(Status {
        environment: session.environment.name.to_string(),
        release: parameter("Release"),
        commit: parameter("Commit"),
        url: session.environment.url(),
        services: names.iter().map(|name| service_status(name, &seen)).collect(),
        tasks: tasks::running_in(session).await?,
        stack: view.map(|view| StackLine { name: view.name, status: view.status.as_str().to_owned() }),
    })
}

fn service_status(name: &str, seen: &[SeenService]) -> ServiceStatus {
    let service = seen.iter().find(|service| service.view.name.as_str() == name);
    let primary =
        service.and_then(|it| it.view.deployments.iter().find(|deployment| deployment.status == "PRIMARY"));
    ServiceStatus {
        name: name.to_owned(),
        desired: service.map(|service| service.desired_count),
        running: service.map_or(0, |service| service.running_count),
        task_definition: primary.map(|it| it.task_definition.short().to_owned()).unwrap_or_default(),
        rollout_state: primary.and_then(|deployment| deployment.rollout_state.clone()),
        deployed_at: primary.map(|deployment| rfc3339(deployment.created_at)),
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} at {}", self.environment, self.url)?;
        match &self.stack {
            Some(stack) => writeln!(f, "  stack    {} ({})", stack.name, stack.status)?,
            None => return write!(f, "  nothing is deployed"),
        }
        if let (Some(release), Some(commit)) = (&self.release, &self.commit) {
            writeln!(f, "  release  {release}")?;
            writeln!(f, "  commit   {commit}")?;
        }
        for service in &self.services {
            write!(f, "  {:<16}", service.name)?;
            match service.desired {
                None => writeln!(f, " does not exist")?,
                Some(desired) => writeln!(
                    f,
                    " {}/{desired} running  {}  {} since {}",
                    service.running,
                    service.task_definition,
                    service.rollout_state.as_deref().unwrap_or("unknown").to_lowercase(),
                    service.deployed_at.as_deref().unwrap_or("?"),
                )?,
            }
        }
        for task in &self.tasks {
            writeln!(f, "  task     {task}")?;
        }
        Ok(())
    }
}
