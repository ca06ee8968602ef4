//! What an observer in this process sees: what the describe operations show, without making their answers. Whoever
//! simulates thousands of rollouts looks every few seconds; most of an answer it has seen, or does not need.

use super::api::{
    DeploymentStatus, DesiredStatus, HealthStatus, RolloutState, ServiceStatus, StopCode, TaskStatus,
};
use super::describe;
use super::describe_tasks::{address, health, is_visible, task_arn};
use super::task::TaskState;
use crate::{ApiError, SimTime, World};

/// A service as `DescribeServices` shows it.
#[derive(Debug, Clone)]
pub struct ObservedService<'a> {
    /// `serviceName`
    pub name: &'a str,
    /// `status`
    pub status: ServiceStatus,
    /// `taskDefinition`
    pub task_definition: &'a str,
    /// `desiredCount`
    pub desired_count: u32,
    /// `runningCount`
    pub running_count: u32,
    /// `deployments[]`
    pub deployments: Vec<ObservedDeployment<'a>>,
    /// Target groups of `loadBalancers[]`.
    pub target_groups: Vec<&'a str>,
    /// `alarmNames` of the deployment configuration.
    pub alarms: &'a [String],
    /// `events[]` since the moment asked for: id, time and message.
    pub events: Vec<(String, SimTime, &'a str)>,
}

/// An entry of `deployments[]` of a service.
#[derive(Debug, Clone, Copy)]
pub struct ObservedDeployment<'a> {
    /// `id`
    pub id: &'a str,
    /// `status`
    pub status: DeploymentStatus,
    /// `taskDefinition`
    pub task_definition: &'a str,
    /// `rolloutState`
    pub rollout_state: RolloutState,
    /// `rolloutStateReason`
    pub rollout_state_reason: &'a str,
    /// `createdAt`
    pub created_at: SimTime,
    /// `desiredCount`
    pub desired_count: u32,
    /// `runningCount`
    pub running_count: u32,
    /// `pendingCount`
    pub pending_count: u32,
    /// `failedTasks`
    pub failed_tasks: u32,
}

/// A service, with its events since a moment; by name or ARN.
///
/// # Errors
/// `ClusterNotFoundException`; `ServiceNotFoundException`.
pub fn observe_service<'a>(
    world: &'a World,
    cluster: &str,
    service: &str,
    since: SimTime,
) -> Result<ObservedService<'a>, ApiError> {
    let ecs = &world.ecs;
    let found = ecs.find_service(ecs.cluster_key(Some(cluster))?, service);
    let key = found.ok_or_else(|| ApiError::new("ServiceNotFoundException", "Service not found."))?;
    let state = ecs.service(key);
    let revision = state.primary().map(|primary| &state.revisions[primary.revision]);
    let arn_of = |key| ecs.definition(key).shape.task_definition_arn.as_str();
    let counted = describe::counted(world, key);
    let listed = counted.iter().enumerate().filter(describe::is_listed);
    let deployments = listed.map(|(place, (one, counts))| ObservedDeployment {
        id: &one.id,
        status: if place == 0 { DeploymentStatus::Primary } else { DeploymentStatus::Active },
        task_definition: arn_of(one.definition),
        rollout_state: one.rollout,
        rollout_state_reason: &one.reason,
        created_at: one.created_at,
        desired_count: describe::requested(state, one),
        running_count: counts.running,
        pending_count: counts.pending,
        failed_tasks: one.failed_tasks,
    });
    let balancers = revision.into_iter().flat_map(|revision| &revision.load_balancers);
    let event_id = describe::event_ids(&state.arn);
    let notes = state.events().take_while(|note| note.at >= since);
    Ok(ObservedService {
        name: &state.name,
        status: state.status,
        task_definition: revision.map_or("", |revision| arn_of(revision.definition)),
        desired_count: state.desired,
        running_count: counted.iter().map(|(_, counts)| counts.running).sum(),
        deployments: deployments.collect(),
        target_groups: balancers.filter_map(|balancer| balancer.target_group_arn.as_deref()).collect(),
        alarms: state.config.alarms.as_ref().map_or(&[], |alarms| &alarms.alarm_names),
        events: notes.map(|note| (event_id(note.number), note.at, note.message.as_str())).collect(),
    })
}

/// A task as `DescribeTasks` shows it.
#[derive(Debug, Clone)]
pub struct ObservedTask<'a> {
    /// `taskArn`
    pub arn: String,
    /// `taskDefinitionArn`
    pub task_definition: &'a str,
    /// `group`
    pub group: &'a str,
    /// `startedBy`
    pub started_by: Option<&'a str>,
    /// `lastStatus`
    pub last_status: TaskStatus,
    /// `desiredStatus`
    pub desired_status: DesiredStatus,
    /// `healthStatus`
    pub health_status: HealthStatus,
    /// `createdAt`
    pub created_at: SimTime,
    /// `startedAt`
    pub started_at: Option<SimTime>,
    /// `stoppingAt`
    pub stopping_at: Option<SimTime>,
    /// `stoppedAt`
    pub stopped_at: Option<SimTime>,
    /// `stopCode` and `stoppedReason`
    pub stop: Option<(StopCode, &'a str)>,
    /// `containers[]`
    pub containers: Vec<ObservedContainer<'a>>,
    /// `privateIPv4Address` of its network interface.
    pub address: String,
}

/// A container of a task.
#[derive(Debug, Clone, Copy)]
pub struct ObservedContainer<'a> {
    /// `name`
    pub name: &'a str,
    /// `exitCode`
    pub exit_code: Option<i32>,
    /// `reason`
    pub reason: Option<&'a str>,
    /// `healthStatus`
    pub health_status: HealthStatus,
}

/// Tasks of a cluster, or of one of its services, that `ListTasks` lists: those meant to run, then those meant to stop.
///
/// # Errors
/// `ClusterNotFoundException`; `ServiceNotFoundException`.
pub fn observe_tasks<'a>(
    world: &'a World,
    cluster: &str,
    service: Option<&str>,
) -> Result<Vec<ObservedTask<'a>>, ApiError> {
    let cluster = world.ecs.cluster_key(Some(cluster))?;
    let missing = || ApiError::new("ServiceNotFoundException", "Service not found.");
    let service = match service {
        Some(name) => Some(world.ecs.find_service(cluster, name).ok_or_else(missing)?),
        None => None,
    };
    let own = |task: &&TaskState| {
        task.cluster == cluster
            && is_visible(world, task)
            && service.is_none_or(|service| task.owner.is_some_and(|(owner, _)| owner == service))
    };
    let listed = |leaving| {
        let tasks = world.ecs.tasks.values().filter(own);
        tasks.filter(move |task| task.is_leaving() == leaving).map(|task| observed(world, task))
    };
    Ok(listed(false).chain(listed(true)).collect())
}

fn observed<'a>(world: &'a World, task: &'a TaskState) -> ObservedTask<'a> {
    let definition = world.ecs.definition(task.definition);
    let containers = definition.shape.container_definitions.iter().zip(&task.containers);
    ObservedTask {
        arn: task_arn(world, task),
        task_definition: &definition.shape.task_definition_arn,
        group: &task.group,
        started_by: task.started_by.as_deref(),
        last_status: task.status,
        desired_status: if task.is_leaving() { DesiredStatus::Stopped } else { DesiredStatus::Running },
        health_status: health(definition, task),
        created_at: task.created_at,
        started_at: task.started_at,
        stopping_at: task.stopping_at,
        stopped_at: task.stopped_at,
        stop: task.stop.as_ref().map(|(code, reason)| (*code, reason.as_str())),
        containers: containers
            .map(|(container, state)| ObservedContainer {
                name: &container.name,
                exit_code: state.exit_code,
                reason: state.reason.as_deref(),
                health_status: state.health,
            })
            .collect(),
        address: address(task),
    }
}
