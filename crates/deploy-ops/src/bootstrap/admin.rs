//! The first administrator: made by the seed task, once in the life of an environment.
//!
//! ECS remembers a task for an hour. That it succeeded is therefore recorded as a tag of the cluster, which lives and dies
//! with the environment. Where nobody could record it in time, the log still shows that a seed task ran, and nothing is
//! seeded a second time without a person.

use aws_sdk_ecs::types::{ClusterField, DesiredStatus, Tag, Task};
use env_config::{Task as TaskConfig, TaskName};

use crate::call::Called;
use crate::clock::rfc3339;
use crate::failure::Failure;
use crate::pages::Pages;
use crate::session::EnvironmentSession;
use crate::stack;
use crate::task_run::{task_request, task_trouble};
use crate::tasks;
use ops_cli::Verdict;

use super::{Progress, Step};

/// Name of the task in the configuration.
const SEED: &str = "seed";
/// Tag of the cluster: when the administrator was made, RFC 3339 in UTC.
const TAG: &str = "SeededAt";

/// What is known of the administrator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Admin {
    /// No seed task has succeeded, and none runs.
    Missing,
    /// A seed task runs.
    Running,
    /// A seed task succeeded within the last hour, and nobody recorded it.
    Seeded,
    /// It was recorded at this moment.
    Recorded(String),
    /// A seed task ran, and nobody knows how it ended: its log stream.
    Unknown(String),
}

/// The seed task, where the platform has one.
pub(super) fn task(session: &EnvironmentSession) -> Option<(&TaskName, &TaskConfig)> {
    session.config.platform.tasks.iter().find(|(name, _)| name.as_str() == SEED)
}

/// What AWS shows of the administrator.
pub(super) async fn look(session: &EnvironmentSession) -> Result<Admin, Failure> {
    let Some((name, _)) = task(session) else { return Ok(Admin::Missing) };
    if let Some(since) = recorded(session).await? {
        return Ok(Admin::Recorded(since));
    }
    let known = known_tasks(session, name).await?;
    if known.iter().any(|task| task.last_status() != Some("STOPPED")) {
        return Ok(Admin::Running);
    }
    let exit_code = |task: &Task| {
        let container = task.containers().iter().find(|container| container.name() == Some(SEED));
        container.and_then(aws_sdk_ecs::types::Container::exit_code)
    };
    if known.iter().any(|task| exit_code(task) == Some(0)) {
        return Ok(Admin::Seeded);
    }
    // A task that failed left a stream too: only one that ECS has forgotten leaves a doubt.
    let forgotten = log_streams(session, name).await?.into_iter().find(|stream| {
        let id = stream.rsplit('/').next().unwrap_or_default();
        !known.iter().any(|task| task.task_arn().is_some_and(|arn| arn.ends_with(id)))
    });
    Ok(forgotten.map_or(Admin::Missing, Admin::Unknown))
}

async fn recorded(session: &EnvironmentSession) -> Result<Option<String>, Failure> {
    let call = session.target.aws.ecs.describe_clusters().clusters(session.names().cluster());
    let answer = call.include(ClusterField::Tags).send().await.called("ecs:DescribeClusters")?;
    let active = answer.clusters().iter().find(|cluster| cluster.status() == Some("ACTIVE"));
    let tags = active.map(aws_sdk_ecs::types::Cluster::tags).unwrap_or_default();
    Ok(tags.iter().find(|tag| tag.key() == Some(TAG)).and_then(|tag| tag.value().map(str::to_owned)))
}

/// Seed tasks that ECS knows: running, and stopped within the last hour.
async fn known_tasks(session: &EnvironmentSession, name: &TaskName) -> Result<Vec<Task>, Failure> {
    let (ecs, cluster) = (&session.target.aws.ecs, session.names().cluster());
    let mut arns = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let call = ecs.list_tasks().cluster(&cluster).family(session.names().task_family(name));
        match Pages::of("ecs:ListTasks", call.desired_status(status).into_paginator().send()).all().await {
            Ok(pages) => arns.extend(pages.into_iter().flat_map(|page| page.task_arns.unwrap_or_default())),
            Err(error) if error.is("ClusterNotFoundException") => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        }
    }
    let mut tasks = Vec::new();
    // DescribeTasks takes at most a hundred.
    for some in arns.chunks(100) {
        let call = ecs.describe_tasks().cluster(&cluster).set_tasks(Some(some.to_vec()));
        tasks.extend(call.send().await.called("ecs:DescribeTasks")?.tasks.unwrap_or_default());
    }
    Ok(tasks)
}

/// Log streams of all seed tasks: `seed/seed/TASK`.
async fn log_streams(session: &EnvironmentSession, name: &TaskName) -> Result<Vec<String>, Failure> {
    let group = session.names().task_log_group(name);
    let call = session.target.aws.logs.describe_log_streams().log_group_name(group);
    match Pages::of("logs:DescribeLogStreams", call.into_paginator().send()).all().await {
        Ok(pages) => {
            let streams = pages.into_iter().flat_map(|page| page.log_streams.unwrap_or_default());
            Ok(streams.filter_map(|stream| stream.log_stream_name).collect())
        }
        Err(error) if error.is("ResourceNotFoundException") => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Records that the administrator exists.
pub async fn record(session: &EnvironmentSession) -> Result<(), Failure> {
    let call = session.target.aws.ecs.describe_clusters().clusters(session.names().cluster());
    let answer = call.send().await.called("ecs:DescribeClusters")?;
    let arn = answer.clusters().first().and_then(|cluster| cluster.cluster_arn().map(str::to_owned));
    let Some(arn) = arn else {
        let stack = session.environment.stack_name.as_str();
        return Err(Failure::nothing_deployed(session, stack, &session.environment.name));
    };
    let tag = Tag::builder().key(TAG).value(rfc3339(session.target.clock.now())).build();
    let call = session.target.aws.ecs.tag_resource().resource_arn(arn).tags(tag);
    call.send().await.called("ecs:TagResource")?;
    Ok(())
}

/// Makes the administrator in an environment that runs already, or records that it was made.
pub(super) async fn make(session: &EnvironmentSession) -> Result<Progress, Failure> {
    let stack = session.environment.stack_name.as_str();
    let (view, (name, config)) = match (stack::describe(&session.target.aws, stack).await?, task(session)) {
        (Some(view), Some(task)) => (view, task),
        _ => return Err(Failure::nothing_deployed(session, stack, &session.environment.name)),
    };
    if look(session).await? != Admin::Seeded {
        let request = task_request(session, &view, name, config.timeout_secs)?;
        let target = &session.target;
        let finished =
            tasks::run(&target.aws, &*target.clock, &session.report, &session.interrupt, &request).await?;
        if let Some(cause) = task_trouble(&finished.outcome) {
            return Ok(Progress::Failed { step: Step::Admin, verdict: Verdict::TaskFailed, cause });
        }
    }
    record(session).await?;
    Ok(Progress::Took(Step::Admin))
}
