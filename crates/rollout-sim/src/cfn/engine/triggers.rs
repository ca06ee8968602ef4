//! Rollback triggers: alarms that CloudFormation watches during an operation and for a while after it.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-rollback-triggers.html>

use std::time::Duration;

use super::{phase, revert};
use crate::cfn::state::{Event, Phase};
use crate::cloudwatch::AlarmState;
use crate::{Event as WorldEvent, World, cloudwatch};

/// How long the operation is watched after its resources are in place. Without triggers it just waits.
pub(super) fn monitoring(world: &World, index: usize) -> Duration {
    let definition = world.cfn.stacks[index].definition.as_ref();
    let minutes = definition.map_or(0, |definition| definition.rollback.monitoring_minutes);
    Duration::from_secs(u64::from(minutes) * 60)
}

/// Begins to watch the triggers of the operation, if it has any.
pub(super) fn watch(world: &mut World, index: usize) {
    let stack = &world.cfn.stacks[index];
    let armed =
        stack.definition.as_ref().is_some_and(|definition| !definition.rollback.alarm_arns.is_empty());
    if let (true, Some(operation)) = (armed, &stack.operation) {
        let event = Event::Triggers { stack: index, operation: operation.id.clone() };
        world.schedule_in(Duration::from_secs_f64(world.params.cfn_poll_secs), WorldEvent::Cfn(event));
    }
}

/// Looks at every trigger: one in alarm, or one that does not exist, rolls the operation back.
pub(super) fn look(world: &mut World, index: usize) {
    if !matches!(phase(world, index), Some(Phase::Apply | Phase::Monitor)) {
        return;
    }
    let arns =
        world.cfn.stacks[index].definition.as_ref().map(|definition| definition.rollback.alarm_arns.clone());
    for arn in arns.unwrap_or_default() {
        let name = arn.split(":alarm:").nth(1).unwrap_or_default();
        let reason = match cloudwatch::alarm_state(world, name) {
            None => format!("Rollback trigger {arn} does not exist"),
            Some(AlarmState::Alarm) => format!("Rollback trigger {arn} is in ALARM state"),
            Some(AlarmState::Ok | AlarmState::InsufficientData) => continue,
        };
        revert::fail(world, index, &reason);
        return;
    }
    watch(world, index);
}
