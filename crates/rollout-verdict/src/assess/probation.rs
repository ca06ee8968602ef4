//! What ECS calls complete has to prove itself where more may be on its way: the next crash after one, and the alarm
//! about errors that began late in the bake time.

use super::Finding;
use super::bind::{Bound, Revision};
use crate::{CauseKind, Observations};

/// A replacement has to live this many times as long as the longest-lived of the dead.
const FACTOR: f64 = 1.25;
/// Seconds on top: program starts do not all take equally long.
const MARGIN_SECS: f64 = 20.0;

/// Whether the deployment alarms were looked at late enough to have been raised by errors that began with the first new
/// task that got requests; true where there are none.
pub(super) fn alarms_have_spoken(bound: &Bound<'_>) -> bool {
    let settings = &bound.expected.settings;
    let Some(from) = bound.first_healthy_at().or(bound.ours.map(|ours| ours.created_at)) else { return true };
    let due = from.plus_secs(f64::from(settings.alarm_secs));
    settings.alarm_secs == 0 || bound.seen.alarms.values().all(|alarm| alarm.latest.at >= due)
}

/// Whether every task of the new revision that runs has outlived those that died; true where none died. Judged by what
/// was seen of the tasks themselves, which is less often than their number.
pub(super) fn is_over(bound: &Bound<'_>, findings: &[Finding], observations: &Observations) -> bool {
    let died = |finding: &&Finding| {
        finding.new_revision
            && finding.cause.service.as_ref() == Some(&bound.expected.name)
            && matches!(finding.cause.kind, CauseKind::Crash | CauseKind::OutOfMemory)
    };
    let dead: Vec<_> = findings.iter().filter(died).flat_map(|finding| &finding.tasks).collect();
    if dead.is_empty() {
        return true;
    }
    let tasks = || bound.seen.tasks.values();
    let lives = tasks().filter(|task| dead.contains(&&task.view.arn)).filter_map(|task| {
        let ended = task.view.stopping_at.or(task.view.stopped_at).unwrap_or(task.at);
        Some(ended.secs_since(task.view.started_at?))
    });
    let longest = lives.fold(0.0, f64::max);
    let running = tasks().filter(|task| {
        bound.revision(&task.view.task_definition) == Revision::New
            && task.view.last_status == "RUNNING"
            && !dead.contains(&&task.view.arn)
    });
    let proven = running.filter(|task| {
        // Seen alive at that age, not merely not seen dead.
        let seen_at = task.at.min(observations.latest_at);
        task.view.started_at.is_some_and(|from| seen_at.secs_since(from) >= longest * FACTOR + MARGIN_SECS)
    });
    let desired = bound.expected.settings.desired_count;
    u32::try_from(proven.count()).unwrap_or(u32::MAX) >= desired
}
