//! What is wrong with an environment, and what to do about it: one look at the stack, its last operation and the
//! services, judged by the same rules that a deployment is watched with.

use std::collections::BTreeMap;

use ops_cli::{Cause, Exit};
use rollout_verdict::{Assessment, DeadlineTerm, Moment, Observations, Rollout, Snapshot, assess};
use serde::Serialize;

use crate::call::CallError;
use crate::closer::Closer;
use crate::failure::Failure;
use crate::health::{Answer, Checker};
use crate::history::task_definition_variables;
use crate::logs;
use crate::observe::{self, SeenService};
use crate::redact::Redactor;
use crate::rollout;
use crate::session::EnvironmentSession;
use crate::stack::{self, StackView, Standing};
use crate::stack_operations::{self, StackOperation};
use crate::tasks::{self, RunningTask};
use crate::witnesses::{self, Errors, Missing};

mod evidence;
mod judge;

/// What is wrong, and what to do about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Diagnosis {
    /// Environment name.
    pub environment: String,
    /// The exit code of the command.
    pub exit_code: u8,
    /// What is wrong, in one sentence.
    pub summary: String,
    /// Why, where something is.
    pub cause: Option<Cause>,
    /// What to do about the cause.
    pub advice: Option<String>,
    /// The command to run next.
    pub next: Option<String>,
    /// The stack.
    pub stack: Option<StackState>,
    /// Release that the services ran before the last operation, and run again if it goes back.
    pub release_before: Option<String>,
    /// Release that the stack names.
    pub release: Option<String>,
    /// The services, in configuration order.
    pub services: Vec<ServiceState>,
    /// What it is concluded from, a heading and lines each.
    pub evidence: Vec<Section>,
}

/// The stack in a [`Diagnosis`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StackState {
    /// Name.
    pub name: String,
    /// Status, such as `UPDATE_ROLLBACK_FAILED`.
    pub status: String,
    /// CloudFormation's reason for it.
    pub reason: Option<String>,
    /// Token of the last operation.
    pub operation: Option<String>,
    /// Who started it, and from where.
    pub started_by: Option<String>,
    /// When it began, RFC 3339 in UTC.
    pub began: Option<String>,
    /// Whether it runs.
    pub running: bool,
    /// How long it took, or has taken so far.
    pub lasted: Option<String>,
}

/// A service in a [`Diagnosis`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceState {
    /// Name.
    pub name: String,
    /// Tasks it should run; nothing where the service does not exist.
    pub desired: Option<u32>,
    /// Tasks that run.
    pub running: u32,
    /// Rollout state of the current deployment.
    pub rollout_state: Option<String>,
    /// The circuit breaker of the last service deployment since the operation began.
    pub breaker: Option<BreakerState>,
    /// Release that answered on the public route.
    pub answers: Option<String>,
    /// What is wrong with the answer.
    pub trouble: Option<String>,
}

/// Where a circuit breaker stood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BreakerState {
    /// `MONITORING`, `TRIGGERED`, …
    pub status: String,
    /// Failures that it counted.
    pub count: u32,
    /// Failures at which it trips.
    pub threshold: u32,
}

/// A part of the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Section {
    /// What it is about.
    pub heading: String,
    /// One fact each.
    pub lines: Vec<String>,
}

/// Everything that one look sees.
struct Facts<'a> {
    session: &'a EnvironmentSession,
    now: Moment,
    view: StackView,
    operation: Option<StackOperation>,
    seen: Vec<SeenService>,
    assessment: Assessment,
    answers: Vec<Answer>,
    release_before: Option<String>,
    tasks: Vec<RunningTask>,
    /// What would show that a service is unwell, and cannot be seen.
    missing: Vec<Missing>,
    /// Server errors that users get now; nothing where that is not known.
    errors: Vec<Errors>,
}

/// Dead tasks of a service whose log is read.
const LOGS_PER_SERVICE: usize = 2;
/// An update of the infrastructure alone is given this long: a database takes its time.
const INFRASTRUCTURE_SECS: u32 = 2 * 3600;

/// Looks once, and judges.
pub async fn diagnose(session: &EnvironmentSession) -> Result<(Diagnosis, Exit), Failure> {
    let aws = &session.target.aws;
    let stack_name = session.environment.stack_name.as_str();
    let view = stack::describe(aws, stack_name).await?.filter(|view| view.standing() != Standing::Absent);
    let Some(view) = view else {
        return Ok((nothing_deployed(session), Exit::BadInput));
    };
    let operation = stack_operations::read(aws, &view.id, 1).await?.pop();
    let now = session.target.clock.now();
    let since = operation.as_ref().map_or(now, |operation| operation.began);
    let mut seen = services(session, since).await?;
    let rollout = expected(session, &view, operation.as_ref(), &seen).await?;
    read_logs(session, &mut seen, since).await?;
    let release_before = release_before(session, &rollout).await?;
    let mut observations = Observations::default();
    observations.absorb(Snapshot {
        // What has ended is judged as of its end: the time since then says nothing about it.
        at: operation.as_ref().and_then(|operation| operation.ended).unwrap_or(now),
        cancel_requested_at: None,
        stack_events: operation.iter().flat_map(|it| &it.events).map(|event| event.view.clone()).collect(),
        services: seen.iter().map(|service| service.view.clone()).collect(),
        absent: Vec::new(),
    });
    let assessment = assess(&rollout, &observations);
    let answers = answers(session, &view, &seen).await?;
    let tasks = tasks::running_in(session).await?;
    let (missing, errors) = match view.standing() {
        Standing::Ready => (
            witnesses::missing(session, &stack::live_template(aws, &view.id).await?).await,
            witnesses::errors(session).await.unwrap_or_default(),
        ),
        _ => (Vec::new(), Vec::new()),
    };
    let facts = Facts {
        session,
        now,
        view,
        operation,
        seen,
        assessment,
        answers,
        release_before,
        tasks,
        missing,
        errors,
    };
    let judgement = judge::judge(&facts);
    let exit = judgement.exit;
    Ok((evidence::describe(&facts, judgement), exit))
}

fn nothing_deployed(session: &EnvironmentSession) -> Diagnosis {
    Diagnosis {
        environment: session.environment.name.to_string(),
        exit_code: Exit::BadInput.code(),
        summary: "nothing is deployed".to_owned(),
        cause: None,
        advice: None,
        next: Some(session.command(&format!("deploy {}", session.environment.name))),
        stack: None,
        release_before: None,
        release: None,
        services: Vec::new(),
        evidence: Vec::new(),
    }
}

/// The services with everything about them since a moment.
async fn services(session: &EnvironmentSession, since: Moment) -> Result<Vec<SeenService>, CallError> {
    let aws = &session.target.aws;
    let cluster = session.names().cluster();
    let mut seen = observe::services(aws, &cluster, &session.service_names(), since).await?;
    let mut unread = Closer::default().look(aws, &cluster, &mut seen, since).await;
    unread.dedup_by_key(|error| error.operation);
    for error in unread {
        session.report.warn(format!("not known at present: {error}"));
    }
    Ok(seen)
}

/// The last lines of the tasks that died last.
async fn read_logs(
    session: &EnvironmentSession,
    seen: &mut [SeenService],
    since: Moment,
) -> Result<(), CallError> {
    let groups = session.log_groups();
    let redactor = Redactor::new(&session.config.platform);
    for service in seen {
        let name = service.view.name.to_string();
        let Some(group) = groups.get(&name) else { continue };
        let mut dead: Vec<_> = service
            .view
            .tasks
            .iter_mut()
            .filter(|task| {
                task.created_at >= since && task.containers.iter().any(|it| it.exit_code.is_some())
            })
            .collect();
        dead.sort_by_key(|task| std::cmp::Reverse(task.created_at));
        for task in dead.into_iter().take(LOGS_PER_SERVICE) {
            let lines = logs::tail(&session.target.aws, group, &name, task.arn.id()).await?;
            task.log_tail = lines.iter().map(|line| redactor.text(line).into_owned()).collect();
        }
    }
    Ok(())
}

/// What the last operation was to do, as far as what it left behind says.
async fn expected(
    session: &EnvironmentSession,
    view: &StackView,
    operation: Option<&StackOperation>,
    seen: &[SeenService],
) -> Result<Rollout, Failure> {
    let Some(operation) = operation else { return Ok(Rollout::default()) };
    let template = stack::live_template(&session.target.aws, &view.id).await?;
    let revisions = operation.task_definitions();
    let mut rollout =
        rollout::of_services(&session.config, &session.environment, &template, &[], operation.began, |_| {
            false
        });
    for service in &mut rollout.services {
        let changed = service.task_definition_logical_id.as_deref().and_then(|id| revisions.get(id));
        let live = seen.iter().find(|seen| seen.view.name == service.name);
        let deployments = live.map(|live| live.view.deployments.as_slice()).unwrap_or_default();
        let (before, since): (Vec<_>, Vec<_>) =
            deployments.iter().partition(|deployment| deployment.created_at < operation.began);
        service.known_deployments = before.iter().map(|deployment| deployment.id.clone()).collect();
        let old = changed.map(|changed| changed.old.as_deref().map(Into::into));
        service.rolls = changed.is_some_and(|changed| changed.new.is_some()) || !since.is_empty();
        service.old_task_definition = old.unwrap_or_else(|| {
            let first = before.iter().max_by_key(|deployment| deployment.created_at);
            first.map(|deployment| deployment.task_definition.clone())
        });
        if service.old_task_definition.is_none() && !service.rolls {
            service.old_task_definition = live.map(|live| live.task_definition.as_str().into());
        }
    }
    if !rollout.services.iter().any(|service| service.rolls) {
        let term = "an operation that rolls no service".to_owned();
        rollout.additional = vec![DeadlineTerm { term, secs: INFRASTRUCTURE_SECS }];
    }
    Ok(rollout)
}

/// The release that the services ran before, from their old task definitions.
async fn release_before(
    session: &EnvironmentSession,
    rollout: &Rollout,
) -> Result<Option<String>, CallError> {
    let old = rollout.services.iter().filter(|it| it.rolls).find_map(|it| it.old_task_definition.as_ref());
    let Some(old) = old else { return Ok(None) };
    let variables: BTreeMap<_, _> = task_definition_variables(&session.target.aws, old.as_str()).await?;
    Ok(variables.get("RELEASE").cloned())
}

/// Asks every public route once; nothing where there is nothing to ask. While an operation runs either release may
/// answer.
async fn answers(
    session: &EnvironmentSession,
    view: &StackView,
    seen: &[SeenService],
) -> Result<Vec<Answer>, Failure> {
    if seen.is_empty() {
        return Ok(Vec::new());
    }
    let release = view.parameters.get("Release").map(String::as_str);
    let release = release.filter(|_| view.standing() == Standing::Ready);
    let domain = session.environment.domain.as_str();
    let checker = Checker::new(session.target.front, domain)?;
    let mut answers = Vec::new();
    for probe in session.config.platform.probes() {
        if seen.iter().any(|service| service.view.name.as_str() == probe.service.as_str()) {
            answers.push(checker.ask(&probe, release).await);
        }
    }
    Ok(answers)
}
