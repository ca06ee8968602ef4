//! The decision: which failures are certain, and what the whole means.

use std::collections::BTreeMap;

use super::bind::{Bound, Revision};
use super::certainty::certainty;
use super::failures::{group, of_service, of_stack};
use super::probation;
use super::{Assessment, Certainty, Finding, Rollback, ServiceProgress, StackOutcome, State};
use crate::stack::{Phase, StackProgress, failed_resources};
use crate::{Cause, CauseKind, Moment, Observations, Rollout, ServiceObservations, TaskView, Via};

/// Says what the observations of a rollout mean.
///
/// Pure: equal arguments give equal answers. A failure that is certain stays certain however much is observed
/// later; [`State::Succeeded`] never follows [`State::Failed`].
#[must_use]
pub fn assess(rollout: &Rollout, observations: &Observations) -> Assessment {
    let nothing = ServiceObservations::default();
    let stack = StackProgress::of(observations);
    let bound: Vec<Bound<'_>> = rollout
        .services
        .iter()
        .map(|expected| {
            let seen = observations.services.get(&expected.name).unwrap_or(&nothing);
            Bound::new(expected, seen, observations, rollout.started_at)
        })
        .collect();

    let mut failures: Vec<_> = bound.iter().flat_map(|bound| of_service(bound, &stack)).collect();
    failures.extend(of_stack(&rollout.services, observations, &stack));
    let elapsed_secs = observations.latest_at.secs_since(rollout.started_at);
    let mut findings: Vec<Finding> = group(failures)
        .into_iter()
        .map(|group| {
            let service = bound.iter().find(|bound| Some(&bound.expected.name) == group.service.as_ref());
            let certainty = certainty(&group, service, observations, rollout.started_at);
            Finding { certainty, ..group.finding }
        })
        .collect();
    findings.sort_by_key(rank);

    let deadline = rollout.deadline();
    let services: Vec<_> = bound.iter().map(progress).collect();
    let in_time = elapsed_secs < f64::from(deadline.secs);
    let on_probation = |bound: &Bound<'_>| probation::of(bound, &findings, observations);
    let probation = if in_time && is_complete(rollout, &stack, &bound) {
        bound.iter().filter(|bound| bound.expected.rolls).filter_map(on_probation).collect()
    } else {
        Vec::new()
    };
    let mut assessment = Assessment {
        state: State::Progressing,
        elapsed_secs,
        first_failure_at: findings.iter().filter(|f| f.new_revision).map(|finding| finding.first_at).min(),
        stack: outcome(&stack),
        rollback: rollback(rollout, observations, &stack, &bound, &findings),
        findings,
        services,
        probation,
        deadline,
        finished: false,
    };
    assessment.state = state(rollout, observations, &stack, &bound, &assessment);
    if assessment.state != State::Progressing {
        assessment.probation.clear();
    }
    assessment.finished = finished(rollout, &stack, &bound, &assessment);
    assessment
}

/// Certain findings of the new revision first; those that explain before those that only report; then the
/// earliest.
fn rank(finding: &Finding) -> (bool, bool, Moment, CauseKind, Option<crate::ServiceName>) {
    let explains = !matches!(finding.cause.kind, CauseKind::BreakerTripped | CauseKind::StackResource);
    (
        finding.certainty.is_none(),
        !explains,
        finding.first_at,
        finding.cause.kind,
        finding.cause.service.clone(),
    )
}

/// Whether what drives the change has ended well.
fn drive_is_done(rollout: &Rollout, stack: &StackProgress<'_>) -> bool {
    match rollout.via {
        Via::Stack => stack.phase == Some(Phase::Complete),
        Via::Ecs => true,
    }
}

/// Whether every service runs its new revision alone, as far as AWS is concerned.
fn is_complete(rollout: &Rollout, stack: &StackProgress<'_>, bound: &[Bound<'_>]) -> bool {
    let mut rolling = bound.iter().filter(|bound| bound.expected.rolls);
    drive_is_done(rollout, stack) && rolling.all(|bound| bound.is_done() && bound.serves())
}

fn state(
    rollout: &Rollout,
    observations: &Observations,
    stack: &StackProgress<'_>,
    bound: &[Bound<'_>],
    assessment: &Assessment,
) -> State {
    if let Some((bound, foreign)) =
        bound.iter().find_map(|bound| bound.foreign.map(|foreign| (bound, foreign)))
        && assessment.findings.iter().all(|finding| finding.certainty.is_none())
    {
        return State::Superseded {
            service: bound.expected.name.clone(),
            task_definition: foreign.task_definition.to_string(),
        };
    }
    if let Some((finding, certainty)) =
        assessment.findings.iter().find_map(|finding| Some((finding, finding.certainty?)))
    {
        return State::Failed { cause: explained(finding, &assessment.findings), certainty };
    }
    if drive_is_done(rollout, stack) {
        let mut rolling = bound.iter().filter(|bound| bound.expected.rolls);
        if let Some(back) = rolling.find(|bound| bound.is_rolled_back()) {
            let cause = Cause {
                kind: CauseKind::RolledBack,
                service: Some(back.expected.name.clone()),
                detail: match rollout.via {
                    Via::Stack => "the stack reports success, but the service went back to its old revision",
                    Via::Ecs => "the service went back to its old revision",
                }
                .to_owned(),
                evidence: Vec::new(),
            };
            return State::Failed { cause, certainty: Certainty::Reported };
        }
        if is_complete(rollout, stack, bound) && assessment.probation.is_empty() {
            return State::Succeeded;
        }
    }
    let until = observations.cancel_requested_at.unwrap_or(observations.latest_at);
    if until.secs_since(rollout.started_at) >= f64::from(assessment.deadline.secs) {
        return State::DeadlinePassed { cause: late(bound, assessment) };
    }
    if observations.cancel_requested_at.is_some() {
        return State::Cancelled { by_caller: true };
    }
    if let Some(reason) =
        stack.went_back.and_then(|event| event.reason.as_deref()).filter(|text| is_own(text))
    {
        let (kind, detail) = (CauseKind::StackFailed, reason.to_owned());
        let cause = Cause { kind, service: None, detail, evidence: Vec::new() };
        return State::Failed { cause, certainty: Certainty::Reported };
    }
    if stack.went_back.is_some() || stack.phase.is_some_and(|phase| phase > Phase::Complete) {
        return State::Cancelled { by_caller: false };
    }
    State::Progressing
}

/// Whether a stack's reason to go back is CloudFormation's own (an output, an export, a hook) and not that somebody asked for
/// it: `User Initiated`, `Rollback requested by user`.
fn is_own(reason: &str) -> bool {
    let lower = reason.to_lowercase();
    !lower.trim().is_empty() && !lower.contains("user initiated") && !lower.contains("by user")
}

/// What only reports a failure (the breaker, the stack's resource) is explained by what its service's tasks died of,
/// even where that alone would not have been certain.
fn explained(reported: &Finding, findings: &[Finding]) -> Cause {
    let kind = reported.cause.kind;
    if !matches!(kind, CauseKind::BreakerTripped) {
        return reported.cause.clone();
    }
    let explanation = findings.iter().filter(|finding| {
        finding.new_revision
            && finding.cause.service == reported.cause.service
            && !matches!(finding.cause.kind, CauseKind::BreakerTripped | CauseKind::StackResource)
    });
    let Some(explanation) = explanation.max_by_key(|finding| finding.count) else {
        return reported.cause.clone();
    };
    let mut cause = explanation.cause.clone();
    cause.evidence.push(format!("circuit breaker: {}", reported.cause.detail));
    cause
}

/// The cause to name when the deadline has passed: the most frequent failure, or what is still missing.
fn late(bound: &[Bound<'_>], assessment: &Assessment) -> Cause {
    let frequent = assessment.findings.iter().filter(|finding| finding.new_revision);
    if let Some(finding) = frequent.max_by_key(|finding| finding.count) {
        return finding.cause.clone();
    }
    let waiting =
        bound.iter().zip(&assessment.services).find(|(bound, service)| bound.expected.rolls && !service.done);
    let Some((bound, service)) = waiting else {
        return Cause {
            kind: CauseKind::Deadline,
            service: None,
            detail: format!("the stack operation is not done after {:.0} s", assessment.elapsed_secs),
            evidence: Vec::new(),
        };
    };
    let mut evidence: Vec<String> = bound
        .tasks(Revision::New)
        .map(|task| format!("task {} is {}", task.arn.id(), task.last_status))
        .collect();
    evidence.extend(bound.seen.targets.values().flat_map(BTreeMap::values).map(|target| {
        let view = &target.latest.view;
        format!("target {} is {} ({})", view.id, view.state, view.reason.as_deref().unwrap_or("no reason"))
    }));
    Cause {
        kind: CauseKind::Deadline,
        service: Some(service.name.clone()),
        detail: format!(
            "{} of {} new tasks healthy after {:.0} s",
            service.new_healthy, service.desired, assessment.elapsed_secs
        ),
        evidence,
    }
}

fn outcome(stack: &StackProgress<'_>) -> Option<StackOutcome> {
    match stack.phase? {
        Phase::Complete => Some(StackOutcome::Complete),
        Phase::RolledBack => Some(StackOutcome::RolledBack),
        Phase::RollbackFailed => Some(StackOutcome::RollbackFailed),
        Phase::Failed => Some(StackOutcome::Failed),
        Phase::Forward | Phase::ForwardCleanup | Phase::Back | Phase::BackCleanup => None,
    }
}

fn rollback(
    rollout: &Rollout,
    observations: &Observations,
    stack: &StackProgress<'_>,
    bound: &[Bound<'_>],
    findings: &[Finding],
) -> Rollback {
    let trouble =
        || findings.iter().find(|finding| !finding.new_revision).map(|finding| finding.cause.clone());
    match stack.phase {
        Some(Phase::RollbackFailed) => {
            let failed = failed_resources(observations)
                .filter(|event| !stack.is_forward(event))
                .min_by_key(|event| event.at)
                .or(stack.rollback_failed);
            let detail = failed.map_or_else(String::new, |event| {
                format!("{}: {}", event.logical_id, event.reason.as_deref().unwrap_or(&event.status))
            });
            let cause = trouble().unwrap_or(Cause {
                kind: CauseKind::StackResource,
                service: None,
                detail,
                evidence: Vec::new(),
            });
            Rollback::Failed { cause }
        }
        Some(Phase::RolledBack) => Rollback::Complete,
        Some(Phase::Back | Phase::BackCleanup) => Rollback::InProgress { trouble: trouble() },
        _ => {
            let mut back = bound.iter().filter(|bound| bound.is_rolled_back()).peekable();
            if back.peek().is_none() {
                Rollback::None
            } else if rollout.via == Via::Ecs && back.all(is_settled) {
                Rollback::Complete
            } else {
                Rollback::InProgress { trouble: trouble() }
            }
        }
    }
}

/// Whether a service does nothing by itself any more.
fn is_settled(bound: &Bound<'_>) -> bool {
    let alone = bound.seen.current.as_ref().is_some_and(|current| current.view.len() == 1);
    let state = bound.primary.and_then(|primary| primary.rollout_state.as_deref());
    (alone && state == Some("COMPLETED")) || (state == Some("FAILED") && !bound.is_rolled_back())
}

fn finished(
    rollout: &Rollout,
    stack: &StackProgress<'_>,
    bound: &[Bound<'_>],
    assessment: &Assessment,
) -> bool {
    match assessment.state {
        State::Progressing => false,
        State::Succeeded | State::Superseded { .. } => true,
        _ => match rollout.via {
            Via::Stack => stack.ended(),
            Via::Ecs => bound.iter().filter(|bound| bound.expected.rolls).all(is_settled),
        },
    }
}

fn breaker_threshold(bound: &Bound<'_>) -> u32 {
    let seen = bound.service_deployment().and_then(|deployment| deployment.breaker.as_ref());
    let settings = &bound.expected.settings;
    seen.map(|breaker| breaker.threshold)
        .filter(|&threshold| threshold > 0)
        .or_else(|| settings.breaker.map(|breaker| breaker.threshold.failures(settings.desired_count)))
        .unwrap_or(0)
}

/// Tasks of the new revision that run and pass every check that is configured.
fn healthy(bound: &Bound<'_>) -> u32 {
    let settings = &bound.expected.settings;
    let passes = |task: &TaskView| {
        let container =
            settings.container_check.is_none() || task.health_status.as_deref() == Some("HEALTHY");
        let target = settings.target_check.is_none()
            || bound.targets(task).any(|target| target.latest.view.state == "healthy");
        container && target
    };
    let tasks = bound.tasks(Revision::New).filter(|task| task.last_status == "RUNNING" && passes(task));
    u32::try_from(tasks.count()).unwrap_or(u32::MAX)
}

fn progress(bound: &Bound<'_>) -> ServiceProgress {
    let current = bound.seen.current.iter().flat_map(|current| &current.view);
    let current: Vec<_> =
        current.filter_map(|id| bound.seen.deployments.get(id)).map(|sighting| &sighting.view).collect();
    let (new, old): (Vec<_>, Vec<_>) =
        current.into_iter().partition(|view| bound.revision(&view.task_definition) == Revision::New);
    let service_deployment = bound.service_deployment();
    let breaker = service_deployment.and_then(|deployment| deployment.breaker.as_ref());
    let stoppable = service_deployment.filter(|it| matches!(it.status.as_str(), "PENDING" | "IN_PROGRESS"));
    let old_running = old.iter().map(|view| view.running_count).sum();
    let new_tasks: u32 = new.iter().map(|view| view.running_count + view.pending_count).sum();
    ServiceProgress {
        name: bound.expected.name.clone(),
        new_running: new.iter().map(|view| view.running_count).sum(),
        new_pending: new.iter().map(|view| view.pending_count).sum(),
        new_healthy: healthy(bound),
        old_running,
        desired: bound.expected.settings.desired_count,
        breaker_count: breaker
            .map(|breaker| breaker.failure_count)
            .or_else(|| bound.ours.map(|ours| ours.failed_tasks))
            .unwrap_or(0),
        breaker_threshold: breaker_threshold(bound),
        done: bound.is_done(),
        rolled_back: bound.is_rolled_back(),
        whole: new_tasks == 0 && old_running >= bound.expected.settings.desired_count,
        stoppable: stoppable.map(|deployment| deployment.arn.clone()),
    }
}
