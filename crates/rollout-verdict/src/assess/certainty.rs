//! Which failures are certain: the new release cannot become healthy any more.

use super::bind::{Bound, Revision};
use super::failures::Group;
use super::{Certainty, Finding};
use crate::{CauseKind, Moment, Observations, TaskView};

/// A failing health check that was seen once is called after this time at the latest, when no task of the new
/// revision ever was healthy: well within the six minutes that such a failure may take.
const HEALTH_BUDGET_SECS: f64 = 330.0;
/// Longest time that ECS may take to act on a target that is unhealthy after its grace period.
const REACTION_SECS: f64 = 75.0;
/// A lack of capacity that lasts this long is called: it comes and goes, and the old tasks serve meanwhile.
const CAPACITY_SECS: f64 = 180.0;

/// Whether, and why, a group of equal failures is certain.
pub(super) fn certainty(
    group: &Group,
    service: Option<&Bound<'_>>,
    observations: &Observations,
    started_at: Moment,
) -> Option<Certainty> {
    use CauseKind as K;
    let finding = &group.finding;
    if !finding.new_revision {
        return None;
    }
    match finding.cause.kind {
        K::ImageMissing
        | K::WrongArchitecture
        | K::SecretMissing
        | K::SecretUnfit
        | K::KeyUnusable
        | K::AccessDenied
        | K::LogGroupMissing
        | K::InactiveRevision
        | K::DeploymentSettings => Some(Certainty::Hopeless),
        K::Alarm | K::BreakerTripped | K::StackResource | K::StackFailed | K::RolledBack | K::ServiceGone => {
            Some(Certainty::Reported)
        }
        // Events of the service alone are no second attempt of a task: a text that is not known has to persist.
        K::StartFailed if finding.tasks.is_empty() => persists(finding, service, observations),
        K::Crash
        | K::OutOfMemory
        | K::CannotStart
        | K::StartFailed
        | K::LogDriver
        | K::PullLimit
        | K::NoDisk
        | K::VolumeFailed
        | K::Unreachable => (finding.count >= 2).then_some(Certainty::Repeated),
        K::TargetHealth | K::ContainerHealth => {
            if finding.count >= 2 {
                return Some(Certainty::Repeated);
            }
            health_persists(group, service?, started_at, observations).then_some(Certainty::Persistent)
        }
        K::NoCapacity | K::QuotaReached | K::NoAddress => persists(finding, service, observations),
        K::Deadline => None,
    }
}

/// What others may free again is certain when it has lasted. ECS leaves out an event that repeats another one
/// (ECS:service-event-messages), so one event speaks until a task has come after it.
fn persists(
    finding: &Finding,
    service: Option<&Bound<'_>>,
    observations: &Observations,
) -> Option<Certainty> {
    let came = |service: &Bound<'_>| {
        let mut tasks = service.tasks(Revision::New).chain(service.tasks(Revision::Old));
        tasks.any(|task| task.created_at > finding.last_at)
    };
    let told_by_events = finding.tasks.is_empty() && !service.is_some_and(came);
    let last_at = if told_by_events { observations.latest_at } else { finding.last_at };
    (last_at.secs_since(finding.first_at) >= CAPACITY_SECS).then_some(Certainty::Persistent)
}

/// A health check failed at one task only, so far: either that task lives on although ECS should have replaced
/// it, or the time in which such a failure must be called is over and no task ever was healthy.
fn health_persists(
    group: &Group,
    service: &Bound<'_>,
    started_at: Moment,
    observations: &Observations,
) -> bool {
    let settle = f64::from(service.expected.settings.unhealthy_after_secs()) * 2.0 + REACTION_SECS;
    let last_unhealthy = |task: &TaskView| {
        let targets = service.targets(task).flat_map(|target| target.failing.values().map(|(_, last)| *last));
        targets.chain(service.seen.unhealthy_tasks.get(&task.arn).map(|(_, last)| *last)).max()
    };
    let lives_on = service.tasks(Revision::New).any(|task| {
        let seen = task.started_at.zip(last_unhealthy(task));
        group.finding.tasks.contains(&task.arn)
            && seen.is_some_and(|(from, last)| last.secs_since(from) >= settle)
    });
    let budget_ends = started_at.plus_secs(HEALTH_BUDGET_SECS);
    let never_healthy = service.first_healthy_at().is_none_or(|at| at > budget_ends);
    lives_on || (observations.latest_at >= budget_ends && never_healthy)
}
