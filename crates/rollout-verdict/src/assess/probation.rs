//! What ECS calls complete has to prove itself where more may be on its way: the next crash after one, and the alarm
//! about errors that began late in the bake time.

use serde::{Deserialize, Serialize};

use super::Finding;
use super::bind::{Bound, Revision};
use crate::{CauseKind, Moment, Observations, ServiceName};

/// A replacement has to live this many times as long as the longest-lived of the dead.
const FACTOR: f64 = 1.25;
/// Seconds on top: program starts do not all take equally long.
const MARGIN_SECS: f64 = 20.0;

/// What a service that is done otherwise has to prove still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probation {
    /// The service.
    pub service: ServiceName,
    /// What is waited for.
    pub proof: Proof,
    /// When it is proven, as far as can be said now; it is seen at the next look after that.
    pub until: Moment,
}

/// What proves that a service lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// Its deployment alarms stay quiet until errors of the new tasks would have raised them.
    QuietAlarms,
    /// The replacement of a task that died outlives it.
    Outlives,
}

/// What the service has to prove still; `None` where nothing.
pub(super) fn of(bound: &Bound<'_>, findings: &[Finding], observations: &Observations) -> Option<Probation> {
    let probation = |proof| move |until| Probation { service: bound.expected.name.clone(), proof, until };
    outlives(bound, findings, observations)
        .map(probation(Proof::Outlives))
        .or_else(|| alarms(bound).map(probation(Proof::QuietAlarms)))
}

/// When the deployment alarms will have been raised by errors that began with the first new task that got requests;
/// `None` where there are none, or they were looked at later than that.
fn alarms(bound: &Bound<'_>) -> Option<Moment> {
    let settings = &bound.expected.settings;
    let from = bound.first_healthy_at().or(bound.ours.map(|ours| ours.created_at))?;
    let due = from.plus_secs(f64::from(settings.alarm_secs));
    let spoken = settings.alarm_secs == 0 || bound.seen.alarms.values().all(|alarm| alarm.latest.at >= due);
    (!spoken).then_some(due)
}

/// When every task of the new revision that runs will have outlived those that died; `None` where none died, or they
/// have. Judged by what was seen of the tasks themselves, which is less often than their number.
fn outlives(bound: &Bound<'_>, findings: &[Finding], observations: &Observations) -> Option<Moment> {
    let died = |finding: &&Finding| {
        finding.new_revision
            && finding.cause.service.as_ref() == Some(&bound.expected.name)
            && matches!(finding.cause.kind, CauseKind::Crash | CauseKind::OutOfMemory)
    };
    let dead: Vec<_> = findings.iter().filter(died).flat_map(|finding| &finding.tasks).collect();
    if dead.is_empty() {
        return None;
    }
    let tasks = || bound.seen.tasks.values();
    let lives = tasks().filter(|task| dead.contains(&&task.view.arn)).filter_map(|task| {
        let ended = task.view.stopping_at.or(task.view.stopped_at).unwrap_or(task.at);
        Some(ended.secs_since(task.view.started_at?))
    });
    let age = lives.fold(0.0, f64::max) * FACTOR + MARGIN_SECS;
    let running = tasks().filter(|task| {
        bound.revision(&task.view.task_definition) == Revision::New
            && task.view.last_status == "RUNNING"
            && !dead.contains(&&task.view.arn)
    });
    let (mut proven, mut others) = (0, Vec::new());
    for task in running {
        // Seen alive at that age, not merely not seen dead.
        let seen_at = task.at.min(observations.latest_at);
        match task.view.started_at {
            Some(from) if seen_at.secs_since(from) >= age => proven += 1,
            from => others.push(from.unwrap_or(observations.latest_at).plus_secs(age)),
        }
    }
    // A task that was not seen yet starts now at the earliest.
    let latest = others.into_iter().max().unwrap_or_else(|| observations.latest_at.plus_secs(age));
    (proven < bound.expected.settings.desired_count).then_some(latest)
}
