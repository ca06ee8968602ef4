//! Slow start: a new target gets its share of requests little by little (ALB:edit-target-group-attributes).

use super::api::TargetState;
use super::target_group::TargetGroup;
use super::targets::Target;
use super::{TargetGroupKey, TargetKey};
use crate::World;

/// Part of a full share that a target has at the moment it becomes healthy. Undocumented: the share grows linearly,
/// from where is not said; without any request it would not warm up.
const FIRST_SHARE: f64 = 0.05;

/// A target became healthy, or is not any more. It warms up only beside a healthy one that does not: the first
/// targets of a group take the full load.
pub(super) fn state_changed(world: &mut World, group: TargetGroupKey, target: TargetKey) {
    let now = world.now();
    let Some(entry) = world.elb.target_groups.get_mut(&group) else { return };
    let duration = entry.slow_start;
    let warm = |other: &Target| {
        other.state == TargetState::Healthy && other.warms_since.is_none_or(|since| now >= since + duration)
    };
    let beside_warm = entry.targets.iter().any(|(&key, other)| key != target && warm(other));
    let Some(place) = entry.targets.get_mut(&target) else { return };
    let begins = place.state == TargetState::Healthy && !duration.is_zero() && beside_warm;
    place.warms_since = begins.then_some(now);
}

/// Part of a full share of requests that a target gets, above 0 and at most 1.
pub(super) fn weight(world: &World, group: &TargetGroup, target: &Target) -> f64 {
    let Some(since) = target.warms_since.filter(|_| !group.slow_start.is_zero()) else { return 1.0 };
    let done = world.now().since(since).as_secs_f64() / group.slow_start.as_secs_f64();
    FIRST_SHARE + (1.0 - FIRST_SHARE) * done.min(1.0)
}

/// The target that gets the `turn`th request: in turn where all have the same share, by share otherwise.
pub(super) fn choose(
    world: &World,
    group: &TargetGroup,
    targets: &[TargetKey],
    turn: u64,
) -> Option<TargetKey> {
    let weights: Vec<f64> =
        targets.iter().filter_map(|key| Some(weight(world, group, group.targets.get(key)?))).collect();
    if weights.iter().all(|weight| *weight >= 1.0) {
        let count = u64::try_from(targets.len()).ok().filter(|count| *count > 0)?;
        return targets.get(usize::try_from(turn % count).ok()?).copied();
    }
    // Multiples of the golden ratio fall evenly between 0 and 1, however many there are.
    #[allow(clippy::cast_precision_loss, reason = "a count of requests")]
    let mut place = (turn as f64 * 0.618_033_988_749_894_9).fract() * weights.iter().sum::<f64>();
    for (key, weight) in targets.iter().zip(&weights) {
        if place < *weight {
            return Some(*key);
        }
        place -= weight;
    }
    targets.last().copied()
}
