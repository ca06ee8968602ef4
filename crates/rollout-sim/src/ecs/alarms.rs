//! Deployment alarms (ECS:deployment-alarm-failure).

use super::api::*;
use super::outcome::{self, Cause};
use super::{DeploymentKey, Event, ServiceKey, schedule};
use crate::World;

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
    let firing = firing(world, key);
    if firing.is_empty() {
        let period = world.params.alarm_poll_secs;
        schedule(world, period, Event::PollAlarms { service: key, deployment });
    } else {
        outcome::fail(world, key, deployment, &Cause::Alarms(firing));
    }
}

fn fires(world: &World, name: &str) -> bool {
    crate::cloudwatch::alarm_state(world, name) == Some(crate::cloudwatch::AlarmState::Alarm)
}
