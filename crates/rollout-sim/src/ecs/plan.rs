//! What one look of the scheduler at a service decides (ECS:deployment-type-ecs).

use super::api::RolloutState;
use super::roster::{Roster, number};
use super::{DeploymentKey, ServiceKey, TaskKey, rebalance};
use crate::World;

/// A decision.
#[derive(Default)]
pub(super) struct Plan {
    /// Tasks to stop.
    pub(super) stops: Vec<TaskKey>,
    /// How many tasks to start per deployment.
    pub(super) starts: Vec<(DeploymentKey, u32)>,
}

/// Decides, and notes how many tasks each deployment that is being replaced still keeps.
///
/// The primary deployment wants the desired count. The others keep what the healthy tasks of the newer ones
/// do not yet make up for: their tasks stop while at least the minimum stays healthy, and unhealthy ones are
/// replaced on their own revision. Starts are bound by the maximum, for which everything counts that is not
/// yet STOPPED.
pub(super) fn plan(world: &mut World, key: ServiceKey) -> Plan {
    let mut plan = Plan::default();
    let service = world.ecs.service(key);
    let Some((primary, others)) = service.deployments.split_first() else { return plan };
    let desired = service.desired;
    let (minimum, maximum) = service.bounds();
    let rosters = || service.deployments.iter().map(|one| &one.roster);
    let occupied = number(service.tasks.len());
    let staying: u32 = rosters().map(|one| one.good() + number(one.unhealthy.len())).sum();
    let leaving = occupied.saturating_sub(staying);
    let mut room = maximum.saturating_sub(occupied);
    let healthy: u32 = rosters().map(|one| number(one.healthy.len())).sum();
    let mut spare = healthy.saturating_sub(minimum);

    let halted = primary.rollout == RolloutState::Failed;
    let good = primary.roster.good();
    let mut wanted = Vec::with_capacity(service.deployments.len());
    wanted.push(if halted { good.min(desired) } else { desired });
    // A task that is moved to another zone starts before one is stopped, outside deployments.
    let keep = if service.moves_tasks { desired + 1 } else { desired };
    surplus(&mut plan, &primary.roster, keep, &mut spare);
    if service.moves_tasks && number(primary.roster.healthy.len()) > desired {
        plan.stops.extend(rebalance::crowded(world, service));
    }
    // Where the maximum leaves no room, old tasks make it, as far as the minimum allows.
    let mut blocked = wanted[0].saturating_sub(good).saturating_sub(room).saturating_sub(leaving);
    let mut ahead = number(primary.roster.healthy.len());
    for other in others {
        let keep = if other.retired { 0 } else { other.desired.min(desired.saturating_sub(ahead)) };
        let keep_for_now = keep.saturating_sub(blocked);
        let stopped = surplus(&mut plan, &other.roster, keep_for_now, &mut spare);
        blocked = blocked.saturating_sub(stopped);
        let rest = other.roster.good() - stopped;
        wanted.push(if other.retired { rest } else { rest.max(keep_for_now).min(other.desired) });
        ahead += rest;
    }
    for (deployment, &want) in service.deployments.iter().zip(&wanted) {
        let roster = &deployment.roster;
        let missing = want.saturating_sub(roster.good());
        let starts = missing.min(room);
        room -= starts;
        if starts > 0 {
            plan.starts.push((deployment.key, starts));
        }
        let abandoned = deployment.retired || deployment.rollout == RolloutState::Failed;
        if abandoned || number(roster.healthy.len()) >= want {
            plan.stops.extend(&roster.unhealthy);
        } else if missing > starts && leaving == 0 && plan.stops.is_empty() {
            // No room for the replacement: one unhealthy task stops first, one at a time.
            plan.stops.extend(roster.unhealthy.first());
        }
    }
    let service = &mut world.ecs.services[key.index()];
    for (deployment, want) in service.deployments.iter_mut().zip(wanted).skip(1) {
        deployment.desired = want;
    }
    plan
}

/// Stops what a deployment has beyond `keep`: first what is not yet healthy, then healthy tasks while `spare`
/// lasts. Answers how many.
fn surplus(plan: &mut Plan, roster: &Roster, keep: u32, spare: &mut u32) -> u32 {
    let mut excess = roster.good().saturating_sub(keep);
    let before = excess;
    for &task in roster.pending.iter().rev().chain(roster.unproven.iter().rev()).take(excess as usize) {
        plan.stops.push(task);
        excess -= 1;
    }
    for &task in roster.healthy.iter().rev().take(excess.min(*spare) as usize) {
        plan.stops.push(task);
        excess -= 1;
        *spare -= 1;
    }
    before - excess
}
