//! Tasks that belong to no service.

use super::api::*;
use super::task::{self, NewTask};
use super::{describe_tasks, invalid, launch, stop};
use crate::{ApiError, World};

/// `RunTask`: up to ten tasks. Without capacity the answer has failures instead of tasks.
///
/// # Errors
/// `ClusterNotFoundException`; `ClientException` for the task definition; `InvalidParameterException`; what
/// is not modelled.
pub fn run_task(world: &mut World, input: RunTaskInput) -> Result<RunTaskOutput, ApiError> {
    let cluster = world.ecs.cluster_key(input.cluster.as_deref())?;
    let definition = world.ecs.usable_definition(&input.task_definition)?;
    if input.launch_type.is_some_and(|kind| kind != LaunchType::Fargate) {
        return Err(ApiError::not_modelled("launch types other than FARGATE"));
    }
    let subnets =
        input.network_configuration.as_ref().and_then(|network| network.awsvpc_configuration.as_ref());
    if subnets.is_none_or(|network| network.subnets.is_empty()) {
        return Err(invalid(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified.",
        ));
    }
    let count = input.count.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(invalid("Count must be between 1 and 10."));
    }
    let overrides = input.overrides.unwrap_or_default();
    let shape = &world.ecs.definition(definition).shape;
    let known = |name: &str| shape.container_definitions.iter().any(|container| container.name == name);
    if let Some(unknown) =
        overrides.container_overrides.iter().find(|one| !known(one.name.as_deref().unwrap_or("")))
    {
        let name = unknown.name.as_deref().unwrap_or("");
        return Err(invalid(format!(
            "Override for container named {name} is not a container in the TaskDefinition."
        )));
    }
    let family = shape.family.clone();
    let command = joined_command(world, definition, &overrides);
    let faults = launch::faults(world, definition, &family, Some(&command));
    let mut output = RunTaskOutput::default();
    for place in 0..count {
        let taken: Vec<u32> = (0..place).map(|_| 1).collect();
        let network = input.network_configuration.as_ref();
        let place = match launch::place(world, definition, &family, network, &taken) {
            Ok(place) => place,
            Err(reason) => {
                let reason = Some(reason.to_owned());
                output.failures.push(Failure { arn: None, reason, detail: None });
                break;
            }
        };
        let new = NewTask {
            cluster,
            definition,
            owner: None,
            group: input.group.clone().unwrap_or_else(|| format!("family:{family}")),
            started_by: input.started_by.clone(),
            overrides: overrides.clone(),
            place,
            faults,
            old_release: None,
        };
        let key = task::create(world, new);
        if let Some(task) = world.ecs.task(key) {
            let arn = describe_tasks::task_arn(world, task);
            if !input.tags.is_empty() {
                world.ecs.tags.insert(arn, input.tags.clone());
            }
        }
        output.tasks.extend(world.ecs.task(key).map(|task| describe_tasks::describe(world, task, true)));
    }
    Ok(output)
}

fn joined_command(world: &World, definition: super::DefinitionKey, overrides: &TaskOverride) -> String {
    let overridden = overrides.container_overrides.iter().find_map(|one| one.command.as_ref());
    overridden.map_or_else(
        || {
            world
                .ecs
                .definition(definition)
                .containers
                .first()
                .map(|plan| plan.command.clone())
                .unwrap_or_default()
        },
        |command| command.join(" "),
    )
}

/// `StopTask`: SIGTERM, and SIGKILL after the stop time-out. A service replaces the task.
///
/// # Errors
/// `ClusterNotFoundException`; `InvalidParameterException` for an unknown task.
pub fn stop_task(world: &mut World, input: StopTaskInput) -> Result<StopTaskOutput, ApiError> {
    let key = describe_tasks::find(world, input.cluster.as_deref(), &input.task)?;
    let key = key.ok_or_else(|| invalid("The referenced task was not found."))?;
    let reason = input.reason.unwrap_or_else(|| "Task stopped by user".to_owned());
    stop::order(world, key, StopCode::UserInitiated, reason);
    stop::replace(world, key);
    let task = world.ecs.task(key).ok_or_else(|| invalid("The referenced task was not found."))?;
    Ok(StopTaskOutput { task: describe_tasks::describe(world, task, true) })
}
