//! Targets: registration, draining and their described health.

use serde::{Deserialize, Serialize};

use super::api::*;
use super::{TargetGroupKey, TargetKey, health, no_group};
use crate::{ApiError, SimTime, Timer, World, ecs};

/// A registered target.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) task: ecs::TaskKey,
    pub(super) ip: [u8; 4],
    pub(super) port: u16,
    pub(super) zone: String,
    pub(super) state: TargetState,
    /// Health checks passed in a row.
    pub(super) passes: u32,
    /// Health checks failed in a row.
    pub(super) failures: u32,
    /// Why the last one failed.
    pub(super) failure: Option<CheckFailure>,
    /// Next check, or end of draining.
    pub(super) timer: Option<Timer>,
    /// When the latest check began: later ones keep its rhythm.
    pub(super) checked_at: Option<SimTime>,
    /// Since when it gets fewer requests than others: slow start.
    pub(super) warms_since: Option<SimTime>,
}

/// Why a health check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum CheckFailure {
    /// An answer with a status that the matcher does not have.
    Code(u16),
    /// No answer in time.
    Timeout,
    /// Nothing listens.
    Refused,
}

impl CheckFailure {
    const fn reason(self) -> &'static str {
        match self {
            Self::Code(_) => "Target.ResponseCodeMismatch",
            Self::Timeout => "Target.Timeout",
            Self::Refused => "Target.FailedHealthChecks",
        }
    }

    fn description(self) -> String {
        match self {
            Self::Code(code) => format!("Health checks failed with these codes: [{code}]"),
            Self::Timeout => "Request timed out".to_owned(),
            Self::Refused => "Health checks failed".to_owned(),
        }
    }
}

/// A task's place in a target group.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) group: TargetGroupKey,
    pub(crate) target: TargetKey,
}

/// `RegisterTargets` as the ECS service scheduler does it; `None` where the group was deleted.
pub(crate) fn register(
    world: &mut World,
    group: TargetGroupKey,
    task: ecs::TaskKey,
    (ip, port): ([u8; 4], u16),
    zone: &str,
) -> Option<Registration> {
    let target = TargetKey(world.elb.key());
    let in_use = world.elb.group_in_use(group);
    let state = if in_use { TargetState::Initial } else { TargetState::Unused };
    let entry = Target {
        task,
        ip,
        port,
        zone: zone.to_owned(),
        state,
        passes: 0,
        failures: 0,
        failure: None,
        timer: None,
        checked_at: None,
        warms_since: None,
    };
    world.elb.target_groups.get_mut(&group)?.targets.insert(target, entry);
    if in_use {
        health::first_check(world, group, target);
    }
    Some(Registration { group, target })
}

/// `DeregisterTargets`: the target drains for the whole deregistration delay, even without connections
/// (ALB:edit-target-group-attributes). Answers whether it drains; one that got no traffic is gone at once.
pub(crate) fn deregister(world: &mut World, Registration { group, target }: Registration) -> bool {
    let Some(entry) = world.elb.target_groups.get_mut(&group) else { return false };
    let delay = entry.deregistration_delay;
    let drains = entry.in_use() && !delay.is_zero();
    let Some(place) = entry.targets.get_mut(&target) else { return false };
    let checks = place.timer.take();
    if drains {
        place.state = TargetState::Draining;
        let timer = world.schedule_in(delay, crate::Event::Elb(super::Event::Drained { group, target }));
        with_target(world, group, target, |place| place.timer = Some(timer));
    } else {
        entry.targets.remove(&target);
    }
    if let Some(timer) = checks {
        world.cancel(timer);
    }
    drains
}

pub(super) fn with_target(
    world: &mut World,
    group: TargetGroupKey,
    target: TargetKey,
    change: impl FnOnce(&mut Target),
) {
    if let Some(place) =
        world.elb.target_groups.get_mut(&group).and_then(|group| group.targets.get_mut(&target))
    {
        change(place);
    }
}

pub(super) fn drained(world: &mut World, group: TargetGroupKey, target: TargetKey) {
    let gone = world.elb.target_groups.get_mut(&group).and_then(|group| group.targets.remove(&target));
    if let Some(gone) = gone {
        ecs::target_drained(world, gone.task);
    }
}

/// State of a target.
pub(crate) fn target_state(world: &World, Registration { group, target }: Registration) -> TargetState {
    let group = world.elb.target_groups.get(&group);
    group.and_then(|group| group.targets.get(&target)).map_or(TargetState::Unused, |target| target.state)
}

/// Why the target failed its latest health checks, in the words of its description.
pub(crate) fn unhealthy_reason(world: &World, Registration { group, target }: Registration) -> String {
    let group = world.elb.target_groups.get(&group);
    let failure = group.and_then(|group| group.targets.get(&target)).and_then(|target| target.failure);
    failure.map(CheckFailure::description).unwrap_or_default()
}

/// Port of a target.
pub(crate) fn target_port(world: &World, Registration { group, target }: Registration) -> u16 {
    let group = world.elb.target_groups.get(&group);
    group.and_then(|group| group.targets.get(&target)).map_or(0, |target| target.port)
}

/// Path that the health checks of a group ask for.
pub(crate) fn check_path(world: &World, group: TargetGroupKey) -> Option<&str> {
    world.elb.target_groups.get(&group).map(|group| group.shape.health_check_path.as_str())
}

/// `DescribeTargetHealth`.
///
/// # Errors
/// `TargetGroupNotFound`.
pub fn describe_target_health(
    world: &World,
    input: &DescribeTargetHealthInput,
) -> Result<DescribeTargetHealthOutput, ApiError> {
    let key = world.elb.group_key(&input.target_group_arn).ok_or_else(no_group)?;
    let group = world.elb.target_groups.get(&key).ok_or_else(no_group)?;
    let check_port = |port: u16| match group.shape.health_check_port.as_str() {
        "traffic-port" => port.to_string(),
        fixed => fixed.to_owned(),
    };
    let description = |target: &Target| TargetHealthDescription {
        target: TargetDescription {
            id: ecs::dotted(target.ip),
            port: Some(target.port),
            availability_zone: Some(target.zone.clone()),
        },
        health_check_port: check_port(target.port),
        target_health: health_of(target),
    };
    if input.targets.is_empty() {
        let target_health_descriptions = group.targets.values().map(description).collect();
        return Ok(DescribeTargetHealthOutput { target_health_descriptions });
    }
    let asked = |wanted: &TargetDescription| {
        let port = wanted.port.unwrap_or(group.shape.port);
        let found =
            group.targets.values().find(|target| ecs::dotted(target.ip) == wanted.id && target.port == port);
        found.map_or_else(
            || TargetHealthDescription {
                target: wanted.clone(),
                health_check_port: check_port(port),
                target_health: TargetHealth {
                    state: TargetState::Unused,
                    reason: Some("Target.NotRegistered".to_owned()),
                    description: Some("Target is not registered to the target group".to_owned()),
                },
            },
            description,
        )
    };
    Ok(DescribeTargetHealthOutput { target_health_descriptions: input.targets.iter().map(asked).collect() })
}

fn health_of(target: &Target) -> TargetHealth {
    let (reason, description) = match target.state {
        TargetState::Healthy => (None, None),
        TargetState::Initial if target.checked_at.is_none() => {
            (Some("Elb.RegistrationInProgress"), Some("Target registration is in progress".to_owned()))
        }
        TargetState::Initial => {
            (Some("Elb.InitialHealthChecking"), Some("Initial health checks in progress".to_owned()))
        }
        TargetState::Unhealthy => {
            let failure = target.failure.unwrap_or(CheckFailure::Refused);
            (Some(failure.reason()), Some(failure.description()))
        }
        TargetState::Unused => (
            Some("Target.NotInUse"),
            Some("Target group is not configured to receive traffic from the load balancer".to_owned()),
        ),
        TargetState::Draining => {
            (Some("Target.DeregistrationInProgress"), Some("Target deregistration is in progress".to_owned()))
        }
    };
    TargetHealth { state: target.state, reason: reason.map(str::to_owned), description }
}
