//! Describing services.

use super::api::*;
use super::deployment::DeploymentState;
use super::service::ServiceState;
use super::{DeploymentKey, ServiceKey, invalid, page, short_name};
use crate::{ApiError, Rng, World};

/// What LATEST stands for on Linux.
pub(super) fn platform_version(requested: &str) -> &str {
    if requested == "LATEST" { "1.4.0" } else { requested }
}

/// Tasks of a deployment by state.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub(super) running: u32,
    pub(super) pending: u32,
    /// Everything that is not STOPPED.
    pub(super) present: u32,
}

pub(super) fn counts(world: &World, key: ServiceKey, deployment: DeploymentKey) -> Counts {
    let mut counts = Counts::default();
    for task in world.ecs.service(key).tasks.iter().filter_map(|&task| world.ecs.task(task)) {
        if task.owner == Some((key, deployment)) {
            counts.running += u32::from(task.is_running());
            counts.pending += u32::from(task.is_pending());
            counts.present += 1;
        }
    }
    counts
}

/// How many tasks a deployment is meant to have.
pub(super) fn requested(service: &ServiceState, deployment: &DeploymentState) -> u32 {
    let primary = service.primary().is_some_and(|primary| primary.key == deployment.key);
    match () {
        () if primary => service.desired,
        () if deployment.retired => 0,
        () => deployment.desired,
    }
}

/// The deployments of a service, each with its tasks.
pub(super) fn counted(world: &World, key: ServiceKey) -> Vec<(&DeploymentState, Counts)> {
    world.ecs.service(key).deployments.iter().map(|one| (one, counts(world, key, one.key))).collect()
}

/// Whether `deployments[]` has the deployment at this place: one without tasks is in the list only as PRIMARY, or while it
/// failed and another comes back.
pub(super) fn is_listed((place, (one, counts)): &(usize, &(&DeploymentState, Counts))) -> bool {
    *place == 0 || counts.present > 0 || one.rollout == RolloutState::Failed
}

pub(super) fn service(world: &World, key: ServiceKey, with_tags: bool) -> Service {
    let ecs = &world.ecs;
    let state = ecs.service(key);
    let counted = counted(world, key);
    let listed = || counted.iter().enumerate().filter(is_listed);
    let revision = state.primary().map(|primary| &state.revisions[primary.revision]);
    let platform = revision.map(|revision| revision.platform_version.clone());
    let network = revision.and_then(|revision| revision.network.clone());
    let deployment = |(place, (one, counts)): (usize, &(&DeploymentState, Counts))| Deployment {
        id: one.id.clone(),
        status: if place == 0 { DeploymentStatus::Primary } else { DeploymentStatus::Active },
        task_definition: ecs.definition(one.definition).shape.task_definition_arn.clone(),
        desired_count: requested(state, one),
        pending_count: counts.pending,
        running_count: counts.running,
        failed_tasks: one.failed_tasks,
        created_at: one.created_at.as_epoch_secs(),
        updated_at: one.updated_at.as_epoch_secs(),
        launch_type: Some(LaunchType::Fargate),
        platform_version: Some(platform_version(&state.revisions[one.revision].platform_version).to_owned()),
        platform_family: Some("Linux".to_owned()),
        network_configuration: state.revisions[one.revision].network.clone(),
        rollout_state: Some(one.rollout),
        rollout_state_reason: Some(one.reason.clone()),
    };
    let current = state.rollouts.iter().rev().find(|record| !record.is_over());
    let event_id = event_ids(&state.arn);
    Service {
        service_arn: state.arn.clone(),
        service_name: state.name.clone(),
        cluster_arn: ecs.cluster(state.cluster).arn.clone(),
        load_balancers: revision.map(|revision| revision.load_balancers.clone()).unwrap_or_default(),
        service_registries: revision.map(|revision| revision.registries.clone()).unwrap_or_default(),
        status: state.status,
        desired_count: state.desired,
        running_count: counted.iter().map(|(_, counts)| counts.running).sum(),
        pending_count: counted.iter().map(|(_, counts)| counts.pending).sum(),
        launch_type: Some(LaunchType::Fargate),
        platform_version: platform,
        platform_family: Some("Linux".to_owned()),
        task_definition: revision
            .map(|revision| ecs.definition(revision.definition).shape.task_definition_arn.clone())
            .unwrap_or_default(),
        deployment_configuration: state.config.clone(),
        deployments: listed().map(deployment).collect(),
        role_arn: Some(state.settings.role.clone().unwrap_or_else(|| service_role(world))),
        events: state
            .events()
            .map(|note| ServiceEvent {
                id: event_id(note.number),
                created_at: note.at.as_epoch_secs(),
                message: note.message.clone(),
            })
            .collect(),
        created_at: state.created_at.as_epoch_secs(),
        current_service_deployment: current.map(|record| record.arn.clone()),
        current_service_revisions: listed()
            .map(|(_, (one, counts))| ServiceCurrentRevisionSummary {
                arn: state.revisions[one.revision].arn.clone(),
                requested_task_count: requested(state, one),
                running_task_count: counts.running,
                pending_task_count: counts.pending,
            })
            .collect(),
        network_configuration: network,
        health_check_grace_period_seconds: Some(state.grace_secs),
        scheduling_strategy: SchedulingStrategy::Replica,
        deployment_controller: state.settings.controller.clone(),
        tags: if with_tags { ecs.tags.get(&state.arn).cloned().unwrap_or_default() } else { Vec::new() },
        enable_ecs_managed_tags: state.settings.managed_tags,
        propagate_tags: state.settings.propagate_tags.clone(),
        enable_execute_command: state.settings.execute_command,
        availability_zone_rebalancing: Some(state.settings.rebalancing),
    }
}

fn service_role(world: &World) -> String {
    format!("arn:aws:iam::{}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS", world.account)
}

/// Identifiers of a service's events, by number: made from their place, so that they cost nothing until they are asked
/// for, and little then: every DescribeServices asks for up to a hundred.
pub(super) fn event_ids(arn: &str) -> impl Fn(u64) -> String + use<> {
    // FNV-1a tells services apart, the generator spreads the number.
    let service = arn.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    move |number| event_id(service, number)
}

fn event_id(service: u64, number: u64) -> String {
    let mut rng = Rng::new(service ^ number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let (high, low) = (rng.next_u64(), rng.next_u64());
    let mut id = String::with_capacity(36);
    for (place, byte) in high.to_be_bytes().into_iter().chain(low.to_be_bytes()).enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            id.push('-');
        }
        crate::wire::push_hex(&mut id, byte);
    }
    id
}

/// `DescribeServices`: at most ten.
///
/// # Errors
/// `ClusterNotFoundException`; `InvalidParameterException`.
pub fn describe_services(
    world: &World,
    input: &DescribeServicesInput,
) -> Result<DescribeServicesOutput, ApiError> {
    let cluster = world.ecs.cluster_key(input.cluster.as_deref())?;
    if !(1..=10).contains(&input.services.len()) {
        return Err(invalid("Services must have between 1 and 10 elements."));
    }
    let with_tags = input.include.iter().any(|part| part == "TAGS");
    let mut output = DescribeServicesOutput::default();
    for name in &input.services {
        match world.ecs.find_service(cluster, name) {
            Some(key) => output.services.push(service(world, key, with_tags)),
            None => output.failures.push(Failure {
                arn: Some(missing_arn(world, input.cluster.as_deref(), name)),
                reason: Some("MISSING".to_owned()),
                detail: None,
            }),
        }
    }
    Ok(output)
}

fn missing_arn(world: &World, cluster: Option<&str>, name: &str) -> String {
    if name.starts_with("arn:") {
        return name.to_owned();
    }
    world.arn("ecs", &format!("service/{}/{name}", short_name(cluster.unwrap_or("default"))))
}

/// `ListServices`: ten a page by default.
///
/// # Errors
/// `ClusterNotFoundException`; `InvalidParameterException` for a bad token.
pub fn list_services(world: &World, input: &ListServicesInput) -> Result<ListServicesOutput, ApiError> {
    let cluster = world.ecs.cluster_key(input.cluster.as_deref())?;
    let none = input.scheduling_strategy == Some(SchedulingStrategy::Daemon)
        || input.launch_type.is_some_and(|kind| kind != LaunchType::Fargate);
    let services = world
        .ecs
        .services
        .iter()
        .filter(|one| one.cluster == cluster && one.status != ServiceStatus::Inactive && !none);
    let arns = services.map(|one| one.arn.clone());
    let size = Some(input.max_results.unwrap_or(10));
    let (service_arns, next_token) = page(arns, input.next_token.as_deref(), size, 100)?;
    Ok(ListServicesOutput { service_arns, next_token })
}
