//! Health of tasks in service registries. Cloud Map itself is not modelled: of its calls, the effect of
//! `UpdateInstanceCustomHealthStatus` on a task stands for all of it (ECS:deployment-circuit-breaker counts tasks
//! replaced for failing Cloud Map checks).

use super::{checks, invalid, short_name};
use crate::{ApiError, World};

/// Sets the custom health status of the instance that a task, by id or ARN, is in the registries of its service.
///
/// # Errors
/// `InvalidParameterException` where there is no such task, or its service has no registries.
pub fn set_custom_health(world: &mut World, task: &str, healthy: bool) -> Result<(), ApiError> {
    let key = world.ecs.task_ids.get(short_name(task)).copied();
    let registered = key.and_then(|key| {
        let (service, deployment) = world.ecs.task(key)?.owner?;
        let service = world.ecs.service(service);
        let revision = service.deployment(deployment)?.revision;
        (!service.revisions[revision].registries.is_empty()).then_some(key)
    });
    let Some(key) = registered else {
        return Err(invalid(format!("{task} is not an instance of a service registry.")));
    };
    if let Some(task) = world.ecs.task_mut(key) {
        task.fails_in_registry = !healthy;
    }
    checks::consider(world, key);
    Ok(())
}
