//! The tasks of a deployment, filed by what the scheduler may do with them: kept up to date as tasks change,
//! so that a look at a service costs what it decides and not what it has.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::TaskKey;
use super::task::Condition;
use crate::World;

/// Tasks of a deployment whose stop has not begun.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Roster {
    /// Not yet RUNNING.
    pub(super) pending: BTreeSet<TaskKey>,
    /// RUNNING, not yet healthy.
    pub(super) unproven: BTreeSet<TaskKey>,
    pub(super) healthy: BTreeSet<TaskKey>,
    pub(super) unhealthy: BTreeSet<TaskKey>,
    /// Tasks that are not STOPPED, those that are stopping included.
    pub(super) present: u32,
}

impl Roster {
    /// Tasks that count for the wanted number.
    pub(super) fn good(&self) -> u32 {
        number(self.pending.len() + self.unproven.len() + self.healthy.len())
    }

    /// Whether a task of it is RUNNING.
    pub(super) fn runs(&self) -> bool {
        !(self.unproven.is_empty() && self.healthy.is_empty() && self.unhealthy.is_empty())
    }
}

pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Files a task of a service anew after it changed.
pub(super) fn file(world: &mut World, key: TaskKey) {
    let ecs = &mut world.ecs;
    let Some(task) = ecs.tasks.get(&key) else { return };
    let Some((service, owner)) = task.owner else { return };
    let service = &mut ecs.services[service.index()];
    let Some(deployment) = service.deployments.iter_mut().find(|one| one.key == owner) else { return };
    let roster = &mut deployment.roster;
    let known = roster.pending.remove(&key)
        || roster.unproven.remove(&key)
        || roster.healthy.remove(&key)
        || roster.unhealthy.remove(&key);
    if known && task.is_leaving() {
        service.zones[task.zone_place] = service.zones[task.zone_place].saturating_sub(1);
    }
    if task.is_stopped() {
        roster.present = roster.present.saturating_sub(1);
    }
    if task.is_leaving() {
        return;
    }
    match (&task.condition, task.is_running()) {
        (Condition::Unhealthy(_), _) => roster.unhealthy.insert(key),
        (_, false) => roster.pending.insert(key),
        (Condition::Healthy, true) => roster.healthy.insert(key),
        (Condition::Unproven, true) => roster.unproven.insert(key),
    };
    if !known {
        roster.present += 1;
        if service.zones.len() <= task.zone_place {
            service.zones.resize(task.zone_place + 1, 0);
        }
        service.zones[task.zone_place] += 1;
    }
}
