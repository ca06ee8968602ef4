//! Describing tasks.

use super::api::*;
use super::definition::Definition;
use super::task::TaskState;
use super::{TaskKey, describe, dotted, invalid, page, short_name};
use crate::{ApiError, SimTime, World};

pub(super) fn task_arn(world: &World, task: &TaskState) -> String {
    let cluster = &world.ecs.cluster(task.cluster).name;
    format!("arn:aws:ecs:{}:{}:task/{cluster}/{}", world.region, world.account, task.id)
}

pub(super) fn describe(world: &World, task: &TaskState, with_tags: bool) -> Task {
    let epoch = |at: Option<SimTime>| at.map(SimTime::as_epoch_secs);
    let definition = world.ecs.definition(task.definition);
    let arn = task_arn(world, task);
    let attachment = format!("{}-eni", &task.id[..8]);
    let address = address(task);
    let attached = !matches!(task.status, TaskStatus::Provisioning);
    let pair = |name: &str, value: &str| KeyValuePair { name: name.to_owned(), value: value.to_owned() };
    let status = match task.status {
        TaskStatus::Provisioning => "PRECREATED",
        TaskStatus::Stopped => "DELETED",
        _ => "ATTACHED",
    };
    let containers =
        definition.shape.container_definitions.iter().zip(&task.containers).map(|(container, state)| {
            Container {
                container_arn: arn.replacen(":task/", ":container/", 1) + "/" + &container.name,
                task_arn: arn.clone(),
                name: container.name.clone(),
                image: container.image.clone(),
                image_digest: state.image_digest.clone(),
                runtime_id: task.started_at.map(|_| format!("{}-{}", task.id, container.name)),
                last_status: container_status(task, state.exit_code.is_some()),
                exit_code: state.exit_code,
                reason: state.reason.clone(),
                network_interfaces: if attached {
                    vec![NetworkInterface {
                        attachment_id: attachment.clone(),
                        private_ipv4_address: address.clone(),
                    }]
                } else {
                    Vec::new()
                },
                health_status: state.health,
                cpu: Some(container.cpu.unwrap_or(0).to_string()),
                memory: container.memory.map(|memory| memory.to_string()),
            }
        });
    Task {
        attachments: vec![Attachment {
            id: attachment.clone(),
            kind: "ElasticNetworkInterface".to_owned(),
            status: status.to_owned(),
            details: vec![pair("subnetId", &task.subnet), pair("privateIPv4Address", &address)],
        }],
        availability_zone: task.zone.clone(),
        cluster_arn: world.ecs.cluster(task.cluster).arn.clone(),
        connectivity: task.started_at.map(|_| "CONNECTED".to_owned()),
        connectivity_at: epoch(task.pull_started_at),
        containers: containers.collect(),
        cpu: task.overrides.cpu.clone().or_else(|| definition.shape.cpu.clone()),
        created_at: task.created_at.as_epoch_secs(),
        desired_status: if task.is_leaving() { DesiredStatus::Stopped } else { DesiredStatus::Running },
        enable_execute_command: false,
        execution_stopped_at: epoch(task.execution_stopped_at),
        group: task.group.clone(),
        health_status: health(definition, task),
        last_status: task.status,
        launch_type: LaunchType::Fargate,
        memory: task.overrides.memory.clone().or_else(|| definition.shape.memory.clone()),
        overrides: task.overrides.clone(),
        platform_version: Some(describe::platform_version("LATEST").to_owned()),
        platform_family: Some("Linux".to_owned()),
        pull_started_at: epoch(task.pull_started_at),
        pull_stopped_at: epoch(task.pull_stopped_at),
        started_at: epoch(task.started_at),
        started_by: task.started_by.clone(),
        stop_code: task.stop.as_ref().map(|(code, _)| *code),
        stopped_at: epoch(task.stopped_at),
        stopped_reason: task.stop.as_ref().map(|(_, reason)| reason.clone()),
        stopping_at: epoch(task.stopping_at),
        tags: if with_tags { world.ecs.tags.get(&arn).cloned().unwrap_or_default() } else { Vec::new() },
        task_definition_arn: definition.shape.task_definition_arn.clone(),
        task_arn: arn,
        version: u64::from(task.step) + 1,
    }
}

/// Private address of its network interface.
pub(super) fn address(task: &TaskState) -> String {
    dotted(task.ip)
}

/// Health of a task: that of its essential containers that are checked.
pub(super) fn health(definition: &Definition, task: &TaskState) -> HealthStatus {
    let checked = || {
        let containers = definition.containers.iter().zip(&task.containers);
        containers.filter(|(plan, _)| plan.essential && plan.check.is_some()).map(|(_, state)| state.health)
    };
    match () {
        () if checked().next().is_none() => HealthStatus::Unknown,
        () if checked().any(|health| health == HealthStatus::Unhealthy) => HealthStatus::Unhealthy,
        () if checked().all(|health| health == HealthStatus::Healthy) => HealthStatus::Healthy,
        () => HealthStatus::Unknown,
    }
}

fn container_status(task: &TaskState, exited: bool) -> TaskStatus {
    match task.status {
        _ if exited => TaskStatus::Stopped,
        TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating => TaskStatus::Pending,
        TaskStatus::Running | TaskStatus::Deactivating | TaskStatus::Stopping => TaskStatus::Running,
        TaskStatus::Deprovisioning | TaskStatus::Stopped => TaskStatus::Stopped,
    }
}

/// The task of this id or ARN in the cluster.
pub(super) fn find(world: &World, cluster: Option<&str>, task: &str) -> Result<Option<TaskKey>, ApiError> {
    let cluster = world.ecs.cluster_key(cluster)?;
    let key = world.ecs.task_ids.get(short_name(task)).copied();
    Ok(key.filter(|&key| world.ecs.task(key).is_some_and(|task| task.cluster == cluster)))
}

/// Whether reads know the task already: one that `RunTask` just started may be missing (bc:ecs/RunTask).
pub(super) fn is_visible(world: &World, task: &TaskState) -> bool {
    task.owner.is_some()
        || world.now().since(task.created_at).as_secs_f64() >= world.params.run_task_visible_secs
}

/// `DescribeTasks`: at most 100; stopped ones for at least an hour.
///
/// # Errors
/// `ClusterNotFoundException`; `InvalidParameterException`.
pub fn describe_tasks(world: &World, input: &DescribeTasksInput) -> Result<DescribeTasksOutput, ApiError> {
    if !(1..=100).contains(&input.tasks.len()) {
        return Err(invalid("Tasks must have between 1 and 100 elements."));
    }
    let with_tags = input.include.iter().any(|part| part == "TAGS");
    let mut output = DescribeTasksOutput::default();
    for id in &input.tasks {
        let found = find(world, input.cluster.as_deref(), id)?
            .and_then(|key| world.ecs.task(key))
            .filter(|task| is_visible(world, task));
        match found {
            Some(task) => output.tasks.push(describe(world, task, with_tags)),
            None => {
                let cluster = short_name(input.cluster.as_deref().unwrap_or("default"));
                output.failures.push(Failure {
                    arn: Some(world.arn("ecs", &format!("task/{cluster}/{}", short_name(id)))),
                    reason: Some("MISSING".to_owned()),
                    detail: None,
                });
            }
        }
    }
    Ok(output)
}

/// `ListTasks`: those meant to run, or with `desiredStatus` STOPPED those meant to stop; 100 a page.
///
/// # Errors
/// `ClusterNotFoundException`; `ServiceNotFoundException`; `InvalidParameterException` for a bad token.
pub fn list_tasks(world: &World, input: &ListTasksInput) -> Result<ListTasksOutput, ApiError> {
    let cluster = world.ecs.cluster_key(input.cluster.as_deref())?;
    let service = match &input.service_name {
        Some(name) => Some(
            world
                .ecs
                .find_service(cluster, name)
                .ok_or_else(|| ApiError::new("ServiceNotFoundException", "Service not found."))?,
        ),
        None => None,
    };
    let leaving = input.desired_status == Some(DesiredStatus::Stopped);
    let other_launch = input.launch_type.is_some_and(|kind| kind != LaunchType::Fargate);
    let tasks = world.ecs.tasks.values().filter(|task| {
        let family = &world.ecs.definition(task.definition).shape.family;
        task.cluster == cluster
            && is_visible(world, task)
            && !other_launch
            && task.is_leaving() == leaving
            && service.is_none_or(|service| task.owner.is_some_and(|(owner, _)| owner == service))
            && input.family.as_ref().is_none_or(|wanted| wanted == family)
            && input.started_by.as_ref().is_none_or(|wanted| task.started_by.as_ref() == Some(wanted))
    });
    let arns = tasks.map(|task| task_arn(world, task));
    let (task_arns, next_token) = page(arns, input.next_token.as_deref(), input.max_results, 100)?;
    Ok(ListTasksOutput { task_arns, next_token })
}
