//! Health checks of targets (ALB:target-group-health-checks).

use std::time::Duration;

use super::api::TargetState;
use super::targets::{CheckFailure, Target, with_target};
use super::{Event, TargetGroupKey, TargetKey, reach, slow_start};
use crate::{World, ecs};

/// What a target answers to a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Probe {
    /// Nothing listens.
    Refused,
    /// A status, after so many seconds.
    Answer(u16, f64),
    /// Nothing: what is sent does not arrive.
    Silence,
}

/// Whether nothing arrives within the time-out.
fn is_late(answer: Probe, timeout_secs: f64) -> bool {
    match answer {
        Probe::Refused => false,
        Probe::Answer(_, secs) => secs > timeout_secs,
        Probe::Silence => true,
    }
}

pub(super) fn first_check(world: &mut World, group: TargetGroupKey, target: TargetKey) {
    let delay = Duration::from_secs_f64(world.params.first_check_secs);
    let timer = world.schedule_in(delay, crate::Event::Elb(Event::Check { group, target }));
    with_target(world, group, target, |place| place.timer = Some(timer));
}

/// Settings or routing of a group changed: checks that rested because nothing could change go on in their
/// old rhythm, and targets enter or leave use.
pub(crate) fn recheck(world: &mut World, group: TargetGroupKey) {
    let Some(entry) = world.elb.target_groups.get(&group) else { return };
    let in_use = entry.in_use();
    let keys: Vec<TargetKey> = entry.targets.keys().copied().collect();
    for target in keys {
        let Some(place) = world.elb.target_groups.get_mut(&group).and_then(|g| g.targets.get_mut(&target))
        else {
            continue;
        };
        match (place.state, in_use) {
            (TargetState::Unused, true) => {
                place.state = TargetState::Initial;
                (place.passes, place.failures) = (0, 0);
                first_check(world, group, target);
            }
            (TargetState::Initial | TargetState::Healthy | TargetState::Unhealthy, false) => {
                place.state = TargetState::Unused;
                if let Some(timer) = place.timer.take() {
                    world.cancel(timer);
                }
            }
            (TargetState::Initial | TargetState::Healthy | TargetState::Unhealthy, true)
                if place.timer.is_none() =>
            {
                next_check(world, group, target);
            }
            _ => {}
        }
    }
}

/// Schedules the check after the latest one, a whole number of intervals later and not in the past.
fn next_check(world: &mut World, group: TargetGroupKey, target: TargetKey) {
    let now = world.now();
    let Some(entry) = world.elb.target_groups.get(&group) else { return };
    let interval = u64::from(entry.shape.health_check_interval_seconds);
    let Some(place) = entry.targets.get(&target) else { return };
    let checked_at = place.checked_at.unwrap_or(now);
    let elapsed_millis = u64::try_from(now.since(checked_at).as_millis()).unwrap_or(u64::MAX);
    let intervals = elapsed_millis / (interval * 1000) + 1;
    let due = checked_at + Duration::from_secs(intervals * interval);
    let timer = world.schedule_at(due, crate::Event::Elb(Event::Check { group, target }));
    with_target(world, group, target, |place| place.timer = Some(timer));
}

pub(super) fn check(world: &mut World, group: TargetGroupKey, target: TargetKey) {
    let now = world.now();
    let Some(entry) = world.elb.target_groups.get_mut(&group) else { return };
    let timeout = f64::from(entry.shape.health_check_timeout_seconds);
    let Some(place) = entry.targets.get_mut(&target) else { return };
    place.timer = None;
    place.checked_at = Some(now);
    let (task, traffic_port) = (place.task, place.port);
    let Some(entry) = world.elb.target_groups.get(&group) else { return };
    let port = entry.shape.health_check_port.parse().unwrap_or(traffic_port);
    let answer = match reach::is_open(world, group, task, port) {
        true => ecs::probe(world, task, port, &entry.shape.health_check_path),
        false => Probe::Silence,
    };
    let failure = match answer {
        Probe::Refused => Some(CheckFailure::Refused),
        _ if is_late(answer, timeout) => {
            let wait = Duration::from_secs_f64(timeout);
            let timer = world.schedule_in(wait, crate::Event::Elb(Event::TimedOut { group, target }));
            with_target(world, group, target, |place| place.timer = Some(timer));
            return;
        }
        Probe::Answer(status, _) if entry.passes(status) => None,
        Probe::Answer(status, _) => Some(CheckFailure::Code(status)),
        Probe::Silence => Some(CheckFailure::Timeout),
    };
    conclude(world, group, target, failure);
}

pub(super) fn timed_out(world: &mut World, group: TargetGroupKey, target: TargetKey) {
    with_target(world, group, target, |place| place.timer = None);
    conclude(world, group, target, Some(CheckFailure::Timeout));
}

fn conclude(world: &mut World, group: TargetGroupKey, target: TargetKey, failure: Option<CheckFailure>) {
    let Some(entry) = world.elb.target_groups.get_mut(&group) else { return };
    let (healthy, unhealthy) = (entry.shape.healthy_threshold_count, entry.shape.unhealthy_threshold_count);
    let Some(place) = entry.targets.get_mut(&target) else { return };
    let before = place.state;
    count(place, failure, healthy, unhealthy);
    let (after, task) = (place.state, place.task);
    if after != before {
        slow_start::state_changed(world, group, target);
    }
    // Behind the same settings a program that answers keeps answering the same, so that further checks of
    // a target in the state it deserves tell nothing; `recheck` resumes them.
    let settled = match (after, failure) {
        (TargetState::Healthy, None) => true,
        (TargetState::Unhealthy, Some(failure)) => failure != CheckFailure::Refused,
        _ => false,
    };
    if !settled {
        next_check(world, group, target);
    }
    if after != before {
        ecs::target_changed(world, task);
    }
}

/// A new target is healthy after one success whatever the threshold (ALB:target-group-health-checks); how
/// many failures make it unhealthy is not stated, the unhealthy threshold is used.
fn count(place: &mut Target, failure: Option<CheckFailure>, healthy: u32, unhealthy: u32) {
    if failure.is_none() {
        place.passes += 1;
        place.failures = 0;
        let needed = if place.state == TargetState::Initial { 1 } else { healthy };
        if place.passes >= needed {
            place.state = TargetState::Healthy;
            place.failure = None;
        }
    } else {
        place.failures += 1;
        place.passes = 0;
        place.failure = failure;
        if place.failures >= unhealthy {
            place.state = TargetState::Unhealthy;
        }
    }
}
