//! What the pipeline does around the rollout, where a fault concerns it: the migration before, the health check after.

use std::collections::BTreeMap;
use std::time::Duration;

use env_config::{ReleaseSource, Unnamed, release_in};
use rollout_sim::cfn::{self, api::DescribeStacksInput};
use rollout_sim::ecs::{
    self, AwsVpcConfiguration, DescribeTasksInput, NetworkConfiguration, RunTaskInput, StopTaskInput,
    TaskStatus,
};
use rollout_sim::{ApiError, SimTime, World, elb};
use rollout_verdict::Cadence;

use crate::probe::Probe;
use crate::stage::Stage;

/// A one-off task that did not do its work.
#[derive(Debug, Clone)]
pub(crate) struct TaskTrouble {
    pub(crate) detail: String,
    /// When its first sign was there to see: the end of the task, or its time-out.
    pub(crate) seen_at: SimTime,
}

/// Runs the migration, as the pipeline does before it touches the services; `None` where it worked.
pub(crate) fn migrate(
    stage: &Stage,
    world: &mut World,
    probe: &mut Probe<'_>,
) -> Result<Option<TaskTrouble>, ApiError> {
    let Some(timeout_secs) = stage.migration_timeout_secs() else { return Ok(None) };
    let input = DescribeStacksInput { stack_name: Some(stage.stack_name.clone()), ..Default::default() };
    let stack = cfn::describe_stacks(world, &input)?.stacks.into_iter().next();
    let outputs: BTreeMap<String, String> = stack
        .into_iter()
        .flat_map(|stack| stack.outputs)
        .filter_map(|output| Some((output.output_key?, output.output_value?)))
        .collect();
    let output = |name: &str| outputs.get(name).cloned().unwrap_or_default();
    let network = AwsVpcConfiguration {
        subnets: output("TaskSubnetIds").split(',').map(str::to_owned).collect(),
        security_groups: vec![output("TaskSecurityGroupId")],
        ..Default::default()
    };
    let input = RunTaskInput {
        cluster: Some(stage.cluster.clone()),
        task_definition: output("MigrateTaskDefinitionArn"),
        network_configuration: Some(NetworkConfiguration { awsvpc_configuration: Some(network) }),
        ..Default::default()
    };
    let started = world.now();
    let answer = ecs::run_task(world, input)?;
    let Some(arn) = answer.tasks.first().map(|task| task.task_arn.clone()) else {
        let reason = answer.failures.into_iter().find_map(|failure| failure.reason).unwrap_or_default();
        let detail = format!("migrate: it was not placed ({reason})");
        return Ok(Some(TaskTrouble { detail, seen_at: world.now() }));
    };
    let pause = Duration::from_secs(u64::from(Cadence::default().task_poll_secs));
    let limit = Duration::from_secs(u64::from(timeout_secs));
    let mut timed_out_at = None;
    loop {
        let input = DescribeTasksInput {
            cluster: Some(stage.cluster.clone()),
            tasks: vec![arn.clone()],
            ..Default::default()
        };
        let Some(task) = ecs::describe_tasks(world, &input)?.tasks.into_iter().next() else {
            // A new task is not visible at once (bc:ecs/RunTask).
            if world.now().since(started) <= limit {
                probe.advance(world, world.now() + pause)?;
                continue;
            }
            let detail = "migrate: ECS no longer knows the task".to_owned();
            return Ok(Some(TaskTrouble { detail, seen_at: world.now() }));
        };
        if task.last_status == TaskStatus::Stopped {
            let (detail, seen_at) = match (timed_out_at, exit_code_of(&task)) {
                (None, Some(0)) => return Ok(None),
                (None, Some(code)) => (format!("migrate: exit code {code}"), world.now()),
                (None, None) => ("migrate: it ended without an exit code".to_owned(), world.now()),
                (Some(at), _) => {
                    (format!("migrate: it did not end within {timeout_secs} s and was stopped"), at)
                }
            };
            return Ok(Some(TaskTrouble { detail, seen_at }));
        }
        // Twice the limit is beyond any stop time-out: the loop has a bound whatever the task does.
        if world.now().since(started) > limit * 2 {
            let detail = "migrate: it could not be stopped".to_owned();
            return Ok(Some(TaskTrouble { detail, seen_at: timed_out_at.unwrap_or(world.now()) }));
        }
        if timed_out_at.is_none() && world.now().since(started) > limit {
            timed_out_at = Some(world.now());
            let input = StopTaskInput {
                cluster: Some(stage.cluster.clone()),
                task: task.task_arn,
                reason: Some("timed out".to_owned()),
            };
            ecs::stop_task(world, input)?;
        }
        probe.advance(world, world.now() + pause)?;
    }
}

fn exit_code_of(task: &ecs::Task) -> Option<i32> {
    task.containers.iter().find_map(|container| container.exit_code)
}

/// Asks the public services who they are, as the tool does after a rollout; what is wrong in the end, or `None`.
pub(crate) fn health(
    stage: &Stage,
    world: &mut World,
    probe: &mut Probe<'_>,
) -> Result<Option<String>, ApiError> {
    let cadence = Cadence::default();
    let started = world.now();
    let mut attempts = 0;
    loop {
        let trouble = ask(stage, world);
        attempts += 1;
        let pause = cadence.health_pause(attempts, world.now().since(started).as_secs_f64());
        let Some(pause) = pause.filter(|_| trouble.is_some()) else { return Ok(trouble) };
        probe.advance(world, world.now() + Duration::from_secs_f64(pause))?;
    }
}

fn ask(stage: &Stage, world: &mut World) -> Option<String> {
    for asked in &stage.probes {
        let (service, path) = (&asked.service, &asked.path);
        let answer = elb::http_request(world, &stage.domain, path, "GET", &BTreeMap::new());
        let Some(answer) = answer else {
            return Some(format!("{service}: {} does not resolve", stage.domain));
        };
        if !asked.accepts(answer.status) {
            return Some(format!("{service}: {path} is answered with {}", answer.status));
        }
        let named = match &asked.release {
            None => continue,
            Some(ReleaseSource::Header(name)) => {
                let found = answer.headers.get(&name.to_ascii_lowercase()).cloned();
                found.ok_or_else(|| Unnamed::NoHeader(name.clone()))
            }
            Some(ReleaseSource::Body(pointer)) => release_in(answer.body.as_bytes(), pointer.as_ref()),
        };
        match named {
            Ok(found) if found == stage.release => {}
            Ok(_) => return Some(format!("{service}: the old release answers {path}")),
            Err(unnamed) => return Some(format!("{service}: {path}: {unnamed}")),
        }
    }
    None
}
