//! Clusters, and tags of everything here.

use serde::{Deserialize, Serialize};

use super::api::*;
use super::{ClusterKey, State, client, invalid, page, short_name};
use crate::{ApiError, World};

/// A cluster.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ClusterState {
    pub(super) name: String,
    pub(super) arn: String,
    active: bool,
    settings: Vec<ClusterSetting>,
    capacity_providers: Vec<String>,
}

impl State {
    /// The active cluster of this name or ARN; `default` without one.
    pub(super) fn cluster_key(&self, name: Option<&str>) -> Result<ClusterKey, ApiError> {
        let name = short_name(name.unwrap_or("default"));
        let found = self.clusters.iter().position(|cluster| cluster.active && cluster.name == name);
        let index = found.and_then(|index| u32::try_from(index).ok());
        index.map(ClusterKey).ok_or_else(|| ApiError::new("ClusterNotFoundException", "Cluster not found."))
    }

    pub(super) fn cluster(&self, key: ClusterKey) -> &ClusterState {
        &self.clusters[key.index()]
    }
}

fn describe(world: &World, key: ClusterKey, with_tags: bool) -> Cluster {
    let ecs = &world.ecs;
    let state = ecs.cluster(key);
    let tasks = || ecs.tasks.values().filter(|task| task.cluster == key);
    let count = |running: bool| {
        let counted = tasks().filter(|task| if running { task.is_running() } else { task.is_pending() });
        u32::try_from(counted.count()).unwrap_or(u32::MAX)
    };
    let services =
        ecs.services.iter().filter(|one| one.cluster == key && one.status == ServiceStatus::Active);
    Cluster {
        cluster_arn: state.arn.clone(),
        cluster_name: state.name.clone(),
        status: if state.active { "ACTIVE" } else { "INACTIVE" }.to_owned(),
        registered_container_instances_count: 0,
        running_tasks_count: count(true),
        pending_tasks_count: count(false),
        active_services_count: u32::try_from(services.count()).unwrap_or(u32::MAX),
        tags: if with_tags { ecs.tags.get(&state.arn).cloned().unwrap_or_default() } else { Vec::new() },
        settings: state.settings.clone(),
        capacity_providers: state.capacity_providers.clone(),
    }
}

/// `CreateCluster`; an existing one of that name is answered as it is.
///
/// # Errors
/// `InvalidParameterException` for a bad name.
pub fn create_cluster(world: &mut World, input: CreateClusterInput) -> Result<CreateClusterOutput, ApiError> {
    let name = input.cluster_name.unwrap_or_else(|| "default".to_owned());
    check_name("Cluster", &name)?;
    if let Ok(key) = world.ecs.cluster_key(Some(&name)) {
        return Ok(CreateClusterOutput { cluster: describe(world, key, true) });
    }
    let arn = world.arn("ecs", &format!("cluster/{name}"));
    world.ecs.tags.insert(arn.clone(), input.tags);
    world.ecs.clusters.push(ClusterState {
        name: name.clone(),
        arn,
        active: true,
        settings: input.settings,
        capacity_providers: input.capacity_providers,
    });
    let key = world.ecs.cluster_key(Some(&name))?;
    Ok(CreateClusterOutput { cluster: describe(world, key, true) })
}

/// Names of clusters, services and families: up to 255 letters, digits, underscores and hyphens.
pub(super) fn check_name(kind: &str, name: &str) -> Result<(), ApiError> {
    let fits = (1..=255).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "{kind} name must contain only letters, numbers, hyphens and underscores and be at most 255 characters long"
    )))
}

/// `DeleteCluster`.
///
/// # Errors
/// `ClusterNotFoundException`; `ClusterContainsServicesException`; `ClusterContainsTasksException`.
pub fn delete_cluster(
    world: &mut World,
    input: &DeleteClusterInput,
) -> Result<DeleteClusterOutput, ApiError> {
    let key = world.ecs.cluster_key(Some(&input.cluster))?;
    if world.ecs.services.iter().any(|one| one.cluster == key && one.status != ServiceStatus::Inactive) {
        let message = "The Cluster cannot be deleted while Services are active.";
        return Err(ApiError::new("ClusterContainsServicesException", message));
    }
    if world.ecs.tasks.values().any(|task| task.cluster == key && !task.is_stopped()) {
        let message = "The Cluster cannot be deleted while Tasks are active.";
        return Err(ApiError::new("ClusterContainsTasksException", message));
    }
    world.ecs.clusters[key.index()].active = false;
    Ok(DeleteClusterOutput { cluster: describe(world, key, false) })
}

/// `DescribeClusters`.
///
/// # Errors
/// None at present.
pub fn describe_clusters(
    world: &World,
    input: &DescribeClustersInput,
) -> Result<DescribeClustersOutput, ApiError> {
    let default = ["default".to_owned()];
    let names = if input.clusters.is_empty() { &default[..] } else { &input.clusters };
    let with_tags = input.include.iter().any(|part| part == "TAGS");
    let mut output = DescribeClustersOutput::default();
    for name in names {
        match world.ecs.cluster_key(Some(name)) {
            Ok(key) => output.clusters.push(describe(world, key, with_tags)),
            Err(_) => output.failures.push(Failure {
                arn: Some(world.arn("ecs", &format!("cluster/{}", short_name(name)))),
                reason: Some("MISSING".to_owned()),
                detail: None,
            }),
        }
    }
    Ok(output)
}

/// `ListClusters`.
///
/// # Errors
/// `InvalidParameterException` for a bad token.
pub fn list_clusters(world: &World, input: &ListClustersInput) -> Result<ListClustersOutput, ApiError> {
    let arns = world.ecs.clusters.iter().filter(|cluster| cluster.active).map(|cluster| cluster.arn.clone());
    let (cluster_arns, next_token) = page(arns, input.next_token.as_deref(), input.max_results, 100)?;
    Ok(ListClustersOutput { cluster_arns, next_token })
}

fn check_arn(world: &World, arn: &str) -> Result<(), ApiError> {
    let ecs = &world.ecs;
    let known = ecs.clusters.iter().any(|one| one.arn == arn)
        || ecs.services.iter().any(|one| one.arn == arn)
        || ecs.definitions.iter().any(|one| one.shape.task_definition_arn == arn)
        || ecs.task_ids.contains_key(short_name(arn));
    if known { Ok(()) } else { Err(invalid("The specified resource ARN does not exist.")) }
}

/// `TagResource`.
///
/// # Errors
/// `InvalidParameterException` for an unknown resource; `ClientException` for more than 50 tags.
pub fn tag_resource(world: &mut World, input: TagResourceInput) -> Result<TagResourceOutput, ApiError> {
    check_arn(world, &input.resource_arn)?;
    let tags = world.ecs.tags.entry(input.resource_arn).or_default();
    let mut merged: Vec<Tag> =
        tags.iter().filter(|old| input.tags.iter().all(|new| new.key != old.key)).cloned().collect();
    merged.extend(input.tags);
    if merged.len() > 50 {
        return Err(client("Too many tags: at most 50 are allowed."));
    }
    *tags = merged;
    Ok(TagResourceOutput {})
}

/// `UntagResource`.
///
/// # Errors
/// `InvalidParameterException` for an unknown resource.
pub fn untag_resource(
    world: &mut World,
    input: &UntagResourceInput,
) -> Result<UntagResourceOutput, ApiError> {
    check_arn(world, &input.resource_arn)?;
    if let Some(tags) = world.ecs.tags.get_mut(&input.resource_arn) {
        tags.retain(|tag| !input.tag_keys.contains(&tag.key));
    }
    Ok(UntagResourceOutput {})
}

/// `ListTagsForResource`.
///
/// # Errors
/// `InvalidParameterException` for an unknown resource.
pub fn list_tags_for_resource(
    world: &World,
    input: &ListTagsForResourceInput,
) -> Result<ListTagsForResourceOutput, ApiError> {
    check_arn(world, &input.resource_arn)?;
    Ok(ListTagsForResourceOutput {
        tags: world.ecs.tags.get(&input.resource_arn).cloned().unwrap_or_default(),
    })
}
