//! How much may run on Fargate at once: the account's quota of vCPUs.
//!
//! A task counts from its start until it is STOPPED, whatever it belongs to (ECS:service-quotas; INF for the two ends).

use super::DefinitionKey;
use super::definition::Definition;
use crate::World;

/// Why a task is not placed beyond the quota (ECS:service-event-messages-list).
pub(super) const VCPUS: &str =
    "You\u{2019}ve reached the limit on the number of vCPUs you can run concurrently";

/// The largest task of Fargate, in CPU units (ECS:fargate-tasks-services).
const LARGEST: usize = 16_384;
/// CPU units of a vCPU.
const VCPU: usize = 1024;

fn units(definition: &Definition) -> usize {
    definition.shape.cpu.as_deref().and_then(|cpu| cpu.parse().ok()).unwrap_or(0)
}

fn used_units(world: &World) -> usize {
    let ecs = &world.ecs;
    let running = ecs.tasks.values().filter(|task| !task.is_stopped());
    running.map(|task| units(ecs.definition(task.definition))).sum()
}

/// vCPUs that run.
#[allow(clippy::cast_precision_loss, reason = "an account has far fewer")]
pub(crate) fn used_vcpus(world: &World) -> f64 {
    used_units(world) as f64 / VCPU as f64
}

/// Whether another task of this definition fits the quota.
pub(super) fn has_room(world: &World, definition: DefinitionKey) -> bool {
    let quota = world.quotas.fargate_vcpus.saturating_mul(VCPU);
    // A rollout asks this for every task: most accounts are far from their quota.
    if (world.ecs.tasks.len() + 1).saturating_mul(LARGEST) <= quota {
        return true;
    }
    used_units(world) + units(world.ecs.definition(definition)) <= quota
}
