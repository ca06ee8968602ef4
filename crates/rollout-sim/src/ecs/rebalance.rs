//! Availability Zone rebalancing: a steady service whose tasks are spread unevenly starts one where there are few, then
//! stops one where there are many, outside deployments (ECS:service-rebalancing). How many at a time and how soon is
//! not documented: one, as soon as the service is steady.

use super::api::*;
use super::service::{ServiceState, note};
use super::{ServiceKey, TaskKey, launch, scheduler, zone_name};
use crate::World;

/// Tasks per zone that the primary deployment may use.
fn spread(service: &ServiceState) -> Vec<u32> {
    let network = service.primary().and_then(|primary| service.revisions[primary.revision].network.as_ref());
    let zones = launch::subnets(network).len();
    (0..zones).map(|zone| service.zones.get(zone).copied().unwrap_or(0)).collect()
}

/// A steady service is looked at: moves the next task, or says that the tasks are balanced.
pub(super) fn look(world: &mut World, key: ServiceKey) {
    let service = world.ecs.service(key);
    let (_, maximum) = service.bounds();
    if service.settings.rebalancing != AvailabilityZoneRebalancing::Enabled || maximum <= service.desired {
        return;
    }
    let (spread, moves) = (spread(service), service.moves_tasks);
    let (few, many) = (spread.iter().min(), spread.iter().max());
    let uneven = few.zip(many).is_some_and(|(few, many)| many - few > 1);
    match (uneven, moves) {
        (false, false) => {}
        (false, true) => {
            world.ecs.services[key.index()].moves_tasks = false;
            let zones = told(world, &spread);
            note(world, key, format_args!("is AZ balanced with {zones}."));
        }
        (true, _) => {
            if !moves {
                world.ecs.services[key.index()].moves_tasks = true;
                let zones = told(world, &spread);
                note(
                    world,
                    key,
                    format_args!("is not AZ balanced with {zones}. AZ Rebalancing in progress."),
                );
            }
            start(world, key, &spread);
        }
    }
}

/// Starts a task where there are fewest, which another is stopped for once it is healthy.
fn start(world: &mut World, key: ServiceKey, spread: &[u32]) {
    let service = world.ecs.service(key);
    let Some(primary) = service.primary() else { return };
    let (deployment, definition, name) = (primary.key, primary.definition, service.name.clone());
    let network = service.revisions[primary.revision].network.clone();
    let place = launch::place(world, definition, &name, network.as_ref(), spread).ok();
    // Another zone than the emptiest would move the task from one crowded zone to the next.
    let fewest = spread.iter().min();
    let Some(place) = place.filter(|place| spread.get(place.index) == fewest) else {
        scheduler::retry_placement(world, key);
        return;
    };
    let zone = place.zone.clone();
    let faults = launch::faults(world, definition, &name, None);
    if let Some(id) = scheduler::start_task(world, key, deployment, place, faults) {
        world.ecs.services[key.index()].steady = false;
        note(world, key, format_args!("has started 1 tasks in {zone} to AZ Rebalance: (task {id})."));
    }
}

/// The task to stop: the youngest healthy one where there are most.
pub(super) fn crowded(world: &World, service: &ServiceState) -> Option<TaskKey> {
    let healthy = service.primary()?.roster.healthy.iter().rev();
    let zone = |task: &TaskKey| world.ecs.task(*task).map_or(0, |task| task.zone_place);
    healthy.max_by_key(|task| (service.zones.get(zone(task)).copied().unwrap_or(0), **task)).copied()
}

/// The event of a task that stops because another has taken its place.
pub(super) fn note_stop(world: &mut World, key: ServiceKey, id: &str, zone: &str) {
    let message = format_args!("has stopped 1 running tasks in {zone} due to AZ rebalancing: (task {id}).");
    note(world, key, message);
}

/// `2 tasks in us-west-2a, and 0 tasks in us-west-2b`.
fn told(world: &World, spread: &[u32]) -> String {
    let zones = spread.iter().enumerate();
    let zones: Vec<String> =
        zones.map(|(place, count)| format!("{count} tasks in {}", zone_name(&world.region, place))).collect();
    match zones.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{}, and {last}", others.join(", ")),
        _ => zones.concat(),
    }
}
