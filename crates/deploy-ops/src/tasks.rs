//! One-off tasks (migrate, seed): started once, followed with their log, judged by an explicit exit code.

use aws_sdk_ecs::types::{
    AssignPublicIp, AwsVpcConfiguration, DesiredStatus, LaunchType, NetworkConfiguration, Task,
};

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::clock::Clock;
use crate::interrupt::Interrupt;
use crate::observe;
use crate::pages::Pages;
use crate::report::Report;

mod follow;
mod running;

use follow::follow;
pub use running::{RunningTask, running_in};
use running::{limit, started_by};

/// Which task to run, and where: outputs of the environment's stack.
#[derive(Debug, Clone)]
pub struct TaskRequest {
    /// Name in the configuration, such as `migrate`.
    pub name: String,
    /// Cluster.
    pub cluster: String,
    /// ARN of the task definition.
    pub task_definition: String,
    /// Subnets.
    pub subnets: Vec<String>,
    /// Security group.
    pub security_group: String,
    /// Log group, and the container's name in it.
    pub log_group: String,
    /// Container whose exit code counts.
    pub container: String,
    /// Seconds after which the task is stopped.
    pub timeout_secs: u32,
    /// The command that stops it.
    pub stop: String,
}

/// How a task ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskOutcome {
    /// Exit code 0.
    Succeeded,
    /// Another exit code.
    Failed {
        /// The exit code.
        exit_code: i32,
        /// ECS's reason.
        reason: String,
    },
    /// It stopped without an exit code: it never ran, or ECS does not know.
    NoExitCode {
        /// ECS's reason: what kept it from starting.
        reason: String,
    },
    /// It ran into its timeout and was stopped.
    TimedOut,
    /// The user interrupted; it was stopped.
    Interrupted,
}

/// A finished task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FinishedTask {
    /// ARN.
    pub arn: String,
    /// How it ended.
    pub outcome: TaskOutcome,
    /// Why it ended so, where it did not end well and its reasons say more than an exit code.
    pub cause: Option<rollout_verdict::Cause>,
}

impl FinishedTask {
    fn new(arn: String, outcome: TaskOutcome, task: &Task) -> Self {
        let cause = match outcome {
            TaskOutcome::Failed { .. } | TaskOutcome::NoExitCode { .. } => {
                rollout_verdict::stopped_task_cause(&observe::task_view(task))
            }
            TaskOutcome::Succeeded | TaskOutcome::TimedOut | TaskOutcome::Interrupted => None,
        };
        Self { arn, outcome, cause }
    }
}

/// A task could not be run or followed.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// ECS refused to place the task.
    #[error("ECS did not start the {task} task: {reason}")]
    NotPlaced {
        /// Name of the task.
        task: String,
        /// ECS's reason.
        reason: String,
    },
    /// A task of another release is running: two migrations must not run at once.
    #[error("another {task} task is running: {arn}")]
    AnotherRuns {
        /// Name of the task.
        task: String,
        /// The running task.
        arn: String,
        /// The command that stops it.
        stop: String,
    },
    /// A task of another release was followed to its end. Whoever started it may go on: what was planned before is to be
    /// looked at again.
    #[error("another {task} task ran until now: {arn}")]
    AnotherEnded {
        /// Name of the task.
        task: String,
        /// The task.
        arn: String,
    },
    /// The user interrupted while a task was followed that another run started.
    #[error("interrupted; the {task} task {arn} goes on, because another run started it")]
    GoesOn {
        /// Name of the task.
        task: String,
        /// The task.
        arn: String,
        /// The command that stops it.
        stop: String,
    },
    /// ECS no longer knows the task: it keeps stopped tasks for an hour.
    #[error("ECS no longer knows task {arn}")]
    Gone {
        /// The task.
        arn: String,
    },
}

/// Who started a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// This run, which stops it when it is interrupted.
    Ours,
    /// Another run, whose task is not this one's to stop.
    Another,
}

/// Seconds that a stopped task may take to become `STOPPED`: the longest stop timeout of Fargate and some.
pub(crate) const STOP_LIMIT_SECS: f64 = 300.0;

/// Runs the task, or follows it where an earlier run of this tool started the same one and was killed.
pub async fn run(
    aws: &Aws,
    clock: &dyn Clock,
    report: &Report,
    interrupt: &Interrupt,
    request: &TaskRequest,
) -> Result<FinishedTask, TaskError> {
    let known = known_tasks(aws, request).await?;
    let arn = match running(&known) {
        Some((arn, definition)) if definition == request.task_definition => {
            // The same image on the same database: by an earlier run of this tool that was killed, or by somebody who
            // deploys the same. Its end is as good as that of one of our own, and a second must not run.
            report.line(format!("{} is already running: following it", request.name));
            let arn = arn.to_owned();
            return follow(aws, clock, report, interrupt, request, arn, Whose::Another).await;
        }
        Some((arn, _)) => {
            report.line(format!(
                "{}: another one runs already: following it to its end, which comes at its limit",
                request.name
            ));
            let arn = arn.to_owned();
            follow(aws, clock, report, interrupt, request, arn.clone(), Whose::Another).await?;
            return Err(TaskError::AnotherEnded { task: request.name.clone(), arn });
        }
        None => start(aws, request, &known).await?,
    };
    follow(aws, clock, report, interrupt, request, arn, Whose::Ours).await
}

/// Runs the task as one of its own: any other that runs already, of whatever release, refuses it.
pub async fn run_alone(
    aws: &Aws,
    clock: &dyn Clock,
    report: &Report,
    interrupt: &Interrupt,
    request: &TaskRequest,
) -> Result<FinishedTask, TaskError> {
    let known = known_tasks(aws, request).await?;
    if let Some((arn, _)) = running(&known) {
        return Err(another(request, arn.to_owned()));
    }
    let arn = start(aws, request, &known).await?;
    follow(aws, clock, report, interrupt, request, arn, Whose::Ours).await
}

/// The task that another tool started at the same moment and that goes first: the older one does, and of two
/// equally old ones that with the lesser ARN, so that both tools decide alike.
async fn rival(aws: &Aws, request: &TaskRequest, ours: &Task) -> Result<Option<String>, CallError> {
    let age = |task: &Task| (observe::moment(task.created_at()), task.task_arn().map(str::to_owned));
    let rivals = known_tasks(aws, request)
        .await?
        .into_iter()
        .filter(|task| task.last_status() != Some("STOPPED") && task.desired_status() != Some("STOPPED"));
    let first = rivals.min_by_key(age);
    Ok(first.filter(|first| age(first) < age(ours)).and_then(|first| first.task_arn))
}

/// The same, looked for again at the next look where it is not known at present.
async fn known_rival(aws: &Aws, request: &TaskRequest, ours: &Task) -> Result<Option<String>, CallError> {
    match rival(aws, request, ours).await {
        Err(error) if error.is_transient() => Ok(None),
        other => other,
    }
}

/// `arn:…:task-definition/FAMILY:REVISION`
fn family(task_definition: &str) -> &str {
    let name = task_definition.rsplit('/').next().unwrap_or(task_definition);
    name.split(':').next().unwrap_or(name)
}

fn another(request: &TaskRequest, arn: String) -> TaskError {
    TaskError::AnotherRuns { task: request.name.clone(), arn, stop: request.stop.clone() }
}

/// Tasks of the family that ECS still knows, running or stopped within the last hour.
async fn known_tasks(aws: &Aws, request: &TaskRequest) -> Result<Vec<Task>, CallError> {
    let both = [DesiredStatus::Running, DesiredStatus::Stopped];
    of_family(aws, &request.cluster, family(&request.task_definition), &both).await
}

async fn of_family(
    aws: &Aws,
    cluster: &str,
    family: &str,
    statuses: &[DesiredStatus],
) -> Result<Vec<Task>, CallError> {
    let mut arns = Vec::new();
    for status in statuses {
        let call = aws.ecs.list_tasks().cluster(cluster).family(family).desired_status(status.clone());
        let pages = Pages::of("ecs:ListTasks", call.into_paginator().send()).all().await?;
        arns.extend(pages.into_iter().flat_map(|page| page.task_arns.unwrap_or_default()));
    }
    let mut tasks = Vec::new();
    // DescribeTasks takes at most a hundred.
    for some in arns.chunks(100) {
        let call = aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(some.to_vec()));
        tasks.extend(call.send().await.called("ecs:DescribeTasks")?.tasks.unwrap_or_default());
    }
    Ok(tasks)
}

fn running(tasks: &[Task]) -> Option<(&str, &str)> {
    tasks
        .iter()
        .find(|task| task.last_status() != Some("STOPPED"))
        .map(|task| (task.task_arn().unwrap_or_default(), task.task_definition_arn().unwrap_or_default()))
}

/// Two tools that see the same finished tasks make the same token, and ECS starts one task for it; a retry
/// after a failure sees one finished task more and makes another.
fn client_token(request: &TaskRequest, known: &[Task]) -> String {
    let mut names: Vec<&str> = known.iter().filter_map(Task::task_arn).collect();
    names.sort_unstable();
    let mut hash = Fnv::default();
    hash.add(&request.task_definition);
    names.iter().for_each(|name| hash.add(name));
    format!("{}-{:016x}", request.name, hash.0)
}

/// FNV-1a: stable between versions of the tool, which the standard library's hasher is not.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, text: &str) {
        for byte in text.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

async fn start(aws: &Aws, request: &TaskRequest, known: &[Task]) -> Result<String, TaskError> {
    let vpc = AwsVpcConfiguration::builder()
        .set_subnets(Some(request.subnets.clone()))
        .security_groups(&request.security_group)
        .assign_public_ip(AssignPublicIp::Disabled)
        .build();
    let not_placed = |reason: String| TaskError::NotPlaced { task: request.name.clone(), reason };
    let vpc = vpc.map_err(|error| not_placed(error.to_string()))?;
    let answer = aws
        .ecs
        .run_task()
        .cluster(&request.cluster)
        .task_definition(&request.task_definition)
        .launch_type(LaunchType::Fargate)
        .network_configuration(NetworkConfiguration::builder().awsvpc_configuration(vpc).build())
        .started_by(started_by(request))
        .client_token(client_token(request, known))
        .send()
        .await
        .called("ecs:RunTask")?;
    if let Some(arn) = answer.tasks().first().and_then(Task::task_arn) {
        return Ok(arn.to_owned());
    }
    let reasons: Vec<_> = answer.failures().iter().filter_map(|failure| failure.reason()).collect();
    Err(not_placed(reasons.join(", ")))
}

/// Only an exit code says that a container did its work: a task that never started has none.
fn outcome(task: &Task, container: &str) -> TaskOutcome {
    let found = task.containers().iter().find(|it| it.name() == Some(container));
    let reasons = [task.stopped_reason(), found.and_then(|container| container.reason())];
    let reason = reasons.into_iter().flatten().collect::<Vec<_>>().join("; ");
    match found.and_then(aws_sdk_ecs::types::Container::exit_code) {
        Some(0) => TaskOutcome::Succeeded,
        Some(exit_code) => TaskOutcome::Failed { exit_code, reason },
        None => TaskOutcome::NoExitCode { reason },
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Container;

    use super::*;

    fn task(container: Container) -> Task {
        Task::builder().stopped_reason("Essential container in task exited").containers(container).build()
    }

    #[test]
    fn only_an_explicit_zero_is_success() {
        let with = |code| task(Container::builder().name("migrate").set_exit_code(code).build());
        assert_eq!(outcome(&with(Some(0)), "migrate"), TaskOutcome::Succeeded);
        assert!(matches!(outcome(&with(Some(3)), "migrate"), TaskOutcome::Failed { exit_code: 3, .. }));
        assert!(matches!(outcome(&with(None), "migrate"), TaskOutcome::NoExitCode { .. }));
        assert!(matches!(outcome(&with(Some(0)), "sidecar"), TaskOutcome::NoExitCode { .. }));
    }

    #[test]
    fn a_family_is_read_from_the_arn() {
        assert_eq!(
            family("arn:aws:ecs:us-west-2:1:task-definition/app-staging-migrate:7"),
            "app-staging-migrate"
        );
    }
}
