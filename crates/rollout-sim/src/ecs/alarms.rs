//! Deployment alarms (ECS:deployment-alarm-failure).

use super::api::*;
use super::outcome::{self, Cause};
use super::{DeploymentKey, Event, ServiceKey, schedule};
use crate::World;
use crate::fault::{FaultKind, REFUSALS};

/// A deployment begins with alarms configured. Where one of them already fires, alarms are ignored for the
/// whole deployment.
pub(super) fn watch(world: &mut World, key: ServiceKey, deployment: DeploymentKey) {
    let in_force = firing(world, key).is_empty();
    let service = &mut world.ecs.services[key.index()];
    let Some(state) = service.deployment_mut(deployment) else { return };
    state.watches_alarms = in_force;
    let place = state.rollout_place;
    if in_force {
        let period = world.params.alarm_poll_secs;
        schedule(world, period, Event::PollAlarms { service: key, deployment });
    } else if let Some(record) = service.rollouts.get_mut(place) {
        record.alarms = MonitorStatus::Disabled;
    }
}

/// Configured alarms that are in ALARM. INSUFFICIENT_DATA and missing alarms do not count; how AWS treats
/// them is not documented.
fn firing(world: &World, key: ServiceKey) -> Vec<String> {
    let alarms = world.ecs.service(key).config.alarms.as_ref().filter(|alarms| alarms.enable);
    let names = alarms.map_or(&[][..], |alarms| &alarms.alarm_names);
    names.iter().filter(|name| fires(world, name)).cloned().collect()
}

/// Polls the alarms of a deployment while it is in progress, bake time included.
pub(super) fn poll(world: &mut World, key: ServiceKey, deployment: DeploymentKey) {
    let state = world.ecs.service(key).primary();
    if !state.is_some_and(|state| state.key == deployment && state.watches_alarms) {
        return;
    }
    let throttled = is_throttled(world, key);
    let firing = if throttled { Vec::new() } else { firing(world, key) };
    if firing.is_empty() {
        let period = world.params.alarm_poll_secs;
        schedule(world, period, Event::PollAlarms { service: key, deployment });
    } else {
        outcome::fail(world, key, deployment, &Cause::Alarms(firing));
    }
}

/// Whether this poll is refused: it counts on the account's quota of `DescribeAlarms` like everybody's calls. It is
/// not made again before the next is due, so that an alarm that ends in between is never seen.
fn is_throttled(world: &mut World, key: ServiceKey) -> bool {
    let now = world.now();
    let throttled = world.faults.iter().any(|active| {
        active.fault.kind == FaultKind::Throttled && active.concerns(now, |service| service == "cloudwatch")
    });
    let Some(state) = world.ecs.services[key.index()].deployments.first_mut() else { return false };
    state.missed_polls = if throttled && state.missed_polls < REFUSALS { state.missed_polls + 1 } else { 0 };
    state.missed_polls > 0
}

fn fires(world: &World, name: &str) -> bool {
    crate::cloudwatch::alarm_state(world, name) == Some(crate::cloudwatch::AlarmState::Alarm)
}
