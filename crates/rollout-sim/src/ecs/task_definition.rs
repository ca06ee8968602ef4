//! Operations on task definitions.

use super::api::*;
use super::definition::{ContainerPlan, Definition};
use super::{DefinitionKey, client, page, validate};
use crate::{ApiError, World};

/// `RegisterTaskDefinition`.
///
/// # Errors
/// `ClientException` for what Fargate does not accept; what is not modelled.
pub fn register_task_definition(
    world: &mut World,
    input: RegisterTaskDefinitionInput,
) -> Result<RegisterTaskDefinitionOutput, ApiError> {
    validate::task_definition(&input)?;
    let now = world.now();
    let revisions = world.ecs.families.get(&input.family).map_or(0, Vec::len);
    let revision = u32::try_from(revisions + 1).map_err(|_| client("Too many revisions."))?;
    let compatibilities = ["EC2", "FARGATE"].map(str::to_owned).to_vec();
    let shape = TaskDefinition {
        task_definition_arn: world.arn("ecs", &format!("task-definition/{}:{revision}", input.family)),
        container_definitions: input.container_definitions,
        family: input.family,
        task_role_arn: input.task_role_arn,
        execution_role_arn: input.execution_role_arn,
        network_mode: input.network_mode,
        revision,
        volumes: input.volumes,
        status: TaskDefinitionStatus::Active,
        compatibilities,
        runtime_platform: input.runtime_platform,
        requires_compatibilities: input.requires_compatibilities,
        cpu: input.cpu,
        memory: input.memory,
        pid_mode: input.pid_mode,
        registered_at: now.as_epoch_secs(),
        deregistered_at: None,
        ephemeral_storage: input.ephemeral_storage,
        enable_fault_injection: input.enable_fault_injection,
    };
    let key = DefinitionKey(
        u32::try_from(world.ecs.definitions.len()).map_err(|_| client("Too many task definitions."))?,
    );
    world.ecs.families.entry(shape.family.clone()).or_default().push(key);
    world.ecs.tags.insert(shape.task_definition_arn.clone(), input.tags.clone());
    let containers = shape.container_definitions.iter().map(ContainerPlan::of).collect();
    let definition = Definition { shape: shape.clone(), registered_at: now, was_hit: false, containers };
    world.ecs.definitions.push(definition.into());
    Ok(RegisterTaskDefinitionOutput { task_definition: shape, tags: input.tags })
}

fn find(world: &World, name: &str) -> Result<DefinitionKey, ApiError> {
    world.ecs.find_definition(name).ok_or_else(|| client("Unable to describe task definition."))
}

/// `DescribeTaskDefinition`.
///
/// # Errors
/// `ClientException` for an unknown one.
pub fn describe_task_definition(
    world: &World,
    input: &DescribeTaskDefinitionInput,
) -> Result<DescribeTaskDefinitionOutput, ApiError> {
    let shape = world.ecs.definition(find(world, &input.task_definition)?).shape.clone();
    let with_tags = input.include.iter().any(|part| part == "TAGS");
    let tags = if with_tags { world.ecs.tags.get(&shape.task_definition_arn).cloned() } else { None };
    Ok(DescribeTaskDefinitionOutput { task_definition: shape, tags: tags.unwrap_or_default() })
}

/// `DeregisterTaskDefinition`: services that run it go on, and start further tasks of it.
///
/// # Errors
/// `ClientException` for an unknown one.
pub fn deregister_task_definition(
    world: &mut World,
    input: &DeregisterTaskDefinitionInput,
) -> Result<DeregisterTaskDefinitionOutput, ApiError> {
    let key = find(world, &input.task_definition)?;
    let now = world.now().as_epoch_secs();
    let shape = &mut world.ecs.definitions[key.index()].shape;
    shape.status = TaskDefinitionStatus::Inactive;
    shape.deregistered_at.get_or_insert(now);
    Ok(DeregisterTaskDefinitionOutput { task_definition: shape.clone() })
}

/// `ListTaskDefinitions`: ARNs by family and revision.
///
/// # Errors
/// `InvalidParameterException` for a bad token.
pub fn list_task_definitions(
    world: &World,
    input: &ListTaskDefinitionsInput,
) -> Result<ListTaskDefinitionsOutput, ApiError> {
    let status = input.status.unwrap_or_default();
    let families = world.ecs.families.iter();
    let families = families
        .filter(|(family, _)| input.family_prefix.as_ref().is_none_or(|prefix| family.starts_with(prefix)));
    let mut arns: Vec<String> = families
        .flat_map(|(_, keys)| keys)
        .map(|&key| &world.ecs.definition(key).shape)
        .filter(|shape| shape.status == status)
        .map(|shape| shape.task_definition_arn.clone())
        .collect();
    if input.sort.as_deref() == Some("DESC") {
        arns.reverse();
    }
    let (task_definition_arns, next_token) = page(arns, input.next_token.as_deref(), input.max_results, 100)?;
    Ok(ListTaskDefinitionsOutput { task_definition_arns, next_token })
}
