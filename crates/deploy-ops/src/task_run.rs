//! A one-off task by hand: which image it runs, whether it may run, and what came of it.

use aws_sdk_ecs::types::{ContainerDefinition, KeyValuePair, TaskDefinition};
use env_config::{Task, TaskName};
use ops_cli::{Cause, Exit, Verdict};
use serde::Serialize;

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::failure::Failure;
use crate::inputs;
use crate::names::ImageDigest;
use crate::resolve::{self, Wanted};
use crate::session::EnvironmentSession;
use crate::stack::{self, StackView, Standing};
use crate::tasks::{self, FinishedTask, TaskError, TaskOutcome, TaskRequest};
use crate::unfinished;

/// What the user wants of a one-off task.
#[derive(Debug, Clone)]
pub struct Options {
    /// Name of the task in the configuration.
    pub task: String,
    /// Release whose image runs; nothing is the one in service.
    pub wanted: Option<Wanted>,
    /// Whether an environment may be seeded that deployments never seed.
    pub allow_seed: bool,
}

/// How a one-off task ended: what `--json` prints.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskResult {
    /// How it ended: `succeeded` or `task_failed`.
    pub verdict: Verdict,
    /// The exit code of the command.
    pub exit_code: u8,
    /// Environment name.
    pub environment: String,
    /// Task name.
    pub task: String,
    /// Release whose image ran.
    pub release: String,
    /// Digest of the image.
    pub digest: String,
    /// ARN of the task definition.
    pub task_definition: String,
    /// ARN of the task.
    pub task_arn: String,
    /// Exit code of the task's program; nothing where it never ended by itself.
    pub program_exit_code: Option<i32>,
    /// Time on the command's clock, in seconds.
    pub elapsed_secs: f64,
    /// Why it did not succeed.
    pub cause: Option<Cause>,
    /// What to do about it.
    pub advice: Option<String>,
}

/// Name of the task that fills an empty database.
const SEED: &str = "seed";

/// Runs a one-off task and follows it to its end.
pub async fn run(session: &EnvironmentSession, options: &Options) -> Result<TaskResult, Failure> {
    match Box::pin(run_it(session, options)).await {
        // Its own task, if it had started one by then, has given way.
        Err(failure @ Failure::Task(TaskError::AnotherRuns { .. })) => Err(failure),
        result => unfinished::of_environment(session, result).await,
    }
}

async fn run_it(session: &EnvironmentSession, options: &Options) -> Result<TaskResult, Failure> {
    let (name, task) = find(session, &options.task)?;
    refuse_seeding(session, options)?;
    let aws = &session.target.aws;
    let stack_name = session.environment.stack_name.as_str();
    let view = stack::describe(aws, stack_name).await?.filter(StackView::was_complete);
    let view =
        view.ok_or_else(|| Failure::nothing_deployed(session, stack_name, &session.environment.name))?;
    if view.standing() == Standing::Busy {
        session.report.warn(format!(
            "{stack_name} is in {}: whoever changes it may run {name} too",
            view.status.as_str()
        ));
    }
    let image = image(session, &view, task, options.wanted.as_ref()).await?;
    session.report.step(&format!("Task {name} on {}", session.environment.name));
    session.report.line(format!("image of {}: {}", image.release, image.digest.short()));
    let mut request = task_request(session, &view, name, task.timeout_secs)?;
    request.task_definition = with_image(aws, &request, &image).await?;
    session.report.line(format!("task definition {}", short(&request.task_definition)));
    let finished =
        tasks::run_alone(aws, &*session.target.clock, &session.report, &session.interrupt, &request).await?;
    if finished.outcome == TaskOutcome::Interrupted {
        session.report.end_group();
        return Err(Failure::Interrupted {
            hint: format!(
                "the task was stopped; what it had done until then stays done ({})",
                session.command(&format!("task run {name} --env {}", session.environment.name))
            ),
        });
    }
    Ok(result(session, name, &image, &request, finished))
}

pub(crate) fn find<'a>(
    session: &'a EnvironmentSession,
    wanted: &str,
) -> Result<(&'a TaskName, &'a Task), Failure> {
    let tasks = &session.config.platform.tasks;
    tasks.iter().find(|(name, _)| name.as_str() == wanted).ok_or_else(|| Failure::UnknownTask {
        found: wanted.to_owned(),
        known: tasks.keys().map(ToString::to_string).collect(),
    })
}

/// Deployments never seed this environment: it holds the data of real users.
fn refuse_seeding(session: &EnvironmentSession, options: &Options) -> Result<(), Failure> {
    let environment = &session.environment;
    if options.task != SEED || environment.seed_on_deploy || options.allow_seed {
        return Ok(());
    }
    Err(Failure::Guard {
        reason: format!("{} is never seeded (seed_on_deploy = false)", environment.name),
        hint: "if this is its first administrator, say so with --allow-seed".to_owned(),
    })
}

/// The image that a task runs.
struct Image {
    release: String,
    digest: ImageDigest,
}

/// The image of a release; by default the one that the service it belongs to runs. The task definition of the
/// stack may name a newer one: that of a release whose rollout failed after its migration.
async fn image(
    session: &EnvironmentSession,
    view: &StackView,
    task: &Task,
    wanted: Option<&Wanted>,
) -> Result<Image, Failure> {
    let service = task.service.as_str();
    if let Some(wanted) = wanted {
        let mut repositories = inputs::repositories(&session.config);
        repositories.retain(|name, _| name == service);
        let target = &session.target;
        let release =
            resolve::resolve(&target.aws, &session.root, wanted, target.tags, &repositories).await?;
        let label = release.label().to_owned();
        let digest = release.digests.into_values().next();
        return digest
            .map(|digest| Image { release: label, digest })
            .ok_or_else(|| no_image(session, service));
    }
    let parameter = |name: &str| view.parameters.get(name).cloned();
    let digest = parameter(&stack_model::service_digest_parameter(&task.service));
    let digest = digest.and_then(|digest| digest.parse().ok());
    let release = parameter("Release");
    match (release, digest) {
        (Some(release), Some(digest)) => Ok(Image { release, digest }),
        // The services were never rolled: what the stack's own task definition names is all there is.
        _ => Err(no_image(session, service)),
    }
}

fn no_image(session: &EnvironmentSession, service: &str) -> Failure {
    Failure::Guard {
        reason: format!("{service} runs no release in {}", session.environment.name),
        hint: "name the release whose image should run: --release TAG or --commit SHA".to_owned(),
    }
}

/// The task definition that runs the image: the stack's own where it names it, otherwise a new revision of the same
/// family that differs in the image and the release only. CloudFormation does not know that revision and leaves it
/// alone; the stack's own stays what deployments run.
async fn with_image(aws: &Aws, request: &TaskRequest, image: &Image) -> Result<String, Failure> {
    let call = aws.ecs.describe_task_definition().task_definition(&request.task_definition);
    let answer = call.send().await.called("ecs:DescribeTaskDefinition")?;
    let incomplete =
        |missing| stack::StackError::Incomplete { operation: "ecs:DescribeTaskDefinition", missing };
    let definition = answer.task_definition.ok_or_else(|| incomplete("taskDefinition"))?;
    let mut containers = definition.container_definitions.clone().unwrap_or_default();
    let container = containers.iter_mut().find(|it| it.name.as_deref() == Some(&request.container));
    let container = container.ok_or_else(|| incomplete("the task's container"))?;
    let current = container.image.clone().unwrap_or_default();
    let (repository, digest) = current.split_once('@').unwrap_or((&current, ""));
    if digest == image.digest.as_str() {
        return Ok(request.task_definition.clone());
    }
    container.image = Some(format!("{repository}@{}", image.digest));
    set_release(container, &image.release);
    Ok(register(aws, &definition, containers).await?)
}

fn set_release(container: &mut ContainerDefinition, release: &str) {
    let environment = container.environment.get_or_insert_default();
    environment.retain(|pair| pair.name() != Some("RELEASE"));
    environment.push(KeyValuePair::builder().name("RELEASE").value(release).build());
}

/// Tags are left out: setting them needs a permission of its own, and `aws:` tags of the stack cannot be set.
async fn register(
    aws: &Aws,
    like: &TaskDefinition,
    containers: Vec<ContainerDefinition>,
) -> Result<String, CallError> {
    let answer = aws
        .ecs
        .register_task_definition()
        .set_family(like.family.clone())
        .set_task_role_arn(like.task_role_arn.clone())
        .set_execution_role_arn(like.execution_role_arn.clone())
        .set_network_mode(like.network_mode.clone())
        .set_container_definitions(Some(containers))
        .set_volumes(like.volumes.clone().filter(|volumes| !volumes.is_empty()))
        .set_requires_compatibilities(like.requires_compatibilities.clone())
        .set_cpu(like.cpu.clone())
        .set_memory(like.memory.clone())
        .set_runtime_platform(like.runtime_platform.clone())
        .set_ephemeral_storage(like.ephemeral_storage.clone())
        .send()
        .await
        .called("ecs:RegisterTaskDefinition")?;
    let registered = answer.task_definition.and_then(|definition| definition.task_definition_arn);
    Ok(registered.unwrap_or_default())
}

/// `FAMILY:REVISION`
fn short(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

fn result(
    session: &EnvironmentSession,
    name: &TaskName,
    image: &Image,
    request: &TaskRequest,
    finished: FinishedTask,
) -> TaskResult {
    let trouble = task_trouble(&finished.outcome);
    let verdict = if trouble.is_none() { Verdict::Succeeded } else { Verdict::TaskFailed };
    // A program that ended by itself has said why in its log; one that never ran is explained by what kept it.
    let explained = matches!(finished.outcome, TaskOutcome::NoExitCode { .. });
    let explanation = finished.cause.as_ref().filter(|_| explained);
    let cause = trouble.map(|detail| Cause {
        kind: explanation.map_or_else(|| kind(&finished.outcome), |cause| cause.kind.code()).to_owned(),
        service: None,
        detail: match explanation {
            Some(cause) => format!("{name}: {cause}"),
            None => format!("{name}: {detail}"),
        },
    });
    TaskResult {
        verdict,
        exit_code: verdict.exit().code(),
        environment: session.environment.name.to_string(),
        task: name.to_string(),
        release: image.release.clone(),
        digest: image.digest.to_string(),
        task_definition: request.task_definition.clone(),
        task_arn: finished.arn,
        program_exit_code: match finished.outcome {
            TaskOutcome::Succeeded => Some(0),
            TaskOutcome::Failed { exit_code, .. } => Some(exit_code),
            TaskOutcome::NoExitCode { .. } | TaskOutcome::TimedOut | TaskOutcome::Interrupted => None,
        },
        elapsed_secs: session.report.elapsed_secs(),
        cause,
        advice: finished.cause.map(|cause| cause.next_step().to_owned()),
    }
}

const fn kind(outcome: &TaskOutcome) -> &'static str {
    match outcome {
        TaskOutcome::TimedOut => "timed_out",
        TaskOutcome::NoExitCode { .. } => "no_exit_code",
        _ => "task_failed",
    }
}

impl TaskResult {
    /// The exit code of the command.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        self.verdict.exit()
    }

    /// The end, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let end = if self.cause.is_none() { "done" } else { "failed" };
        let mut lines = vec![format!("{}: {} {end}", self.environment, self.task)];
        let mut add = |what: &str, text: &str| lines.push(format!("  {what:<8} {text}"));
        if let Some(cause) = &self.cause {
            add("cause", &cause.detail);
        }
        add("release", &self.release);
        add("task", short(&self.task_arn));
        add("time", &crate::report::duration(self.elapsed_secs));
        if let Some(advice) = &self.advice {
            add("advice", advice);
        }
        lines
    }
}

/// The request to run a one-off task of the environment, from the outputs of its stack.
pub fn task_request(
    session: &EnvironmentSession,
    view: &StackView,
    name: &TaskName,
    timeout_secs: u32,
) -> Result<TaskRequest, Failure> {
    let id = name.pascal_case();
    Ok(TaskRequest {
        name: name.to_string(),
        cluster: view.output("ClusterName")?.to_owned(),
        task_definition: view.output(&format!("{id}TaskDefinitionArn"))?.to_owned(),
        subnets: view.output("TaskSubnetIds")?.split(',').map(str::to_owned).collect(),
        security_group: view.output("TaskSecurityGroupId")?.to_owned(),
        log_group: view.output(&format!("{id}LogGroupName"))?.to_owned(),
        container: name.to_string(),
        timeout_secs,
        stop: session.command(&format!("task stop {name} --env {}", session.environment.name)),
    })
}

/// What is wrong with how a task ended; `None` where nothing is.
#[must_use]
pub fn task_trouble(outcome: &TaskOutcome) -> Option<String> {
    match outcome {
        TaskOutcome::Succeeded => None,
        TaskOutcome::Failed { exit_code, reason } => Some(format!("exit code {exit_code} ({reason})")),
        TaskOutcome::NoExitCode { reason } => Some(format!("it ended without an exit code ({reason})")),
        TaskOutcome::TimedOut => Some("it did not end in time and was stopped".to_owned()),
        TaskOutcome::Interrupted => Some("it was interrupted and stopped".to_owned()),
    }
}
