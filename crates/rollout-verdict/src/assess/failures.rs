//! Failures, one by one, and grouped.

use std::collections::BTreeMap;

use super::Finding;
use super::bind::{Bound, Revision};
use crate::classify::{
    Reading, is_client_error, start_failure, stopped_task, target_failure, unhealthy_event,
};
use crate::stack::{StackProgress, failed_resources};
use crate::{Cause, CauseKind, ExpectedService, Moment, Observations, ServiceName, TaskArn, TaskView};

/// Events of a service that say why no task comes (ECS:service-event-messages-list).
const TELLING: [&str; 3] = [
    "unable to place a task",
    "failed to launch a task",
    "unable to stop or start tasks during a deployment",
];

/// Log lines of a dead task that are kept as evidence.
const EVIDENCE_LINES: usize = 5;

/// One failure.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub reading: Reading,
    pub service: Option<ServiceName>,
    pub task: Option<TaskArn>,
    pub at: Moment,
    pub revision: Option<Revision>,
    pub evidence: Vec<String>,
}

/// Failures with equal service, side, kind and signature.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub finding: Finding,
    pub service: Option<ServiceName>,
}

/// Every failure of a service's tasks, targets, alarms and events.
pub(super) fn of_service(bound: &Bound<'_>, stack: &StackProgress<'_>) -> Vec<Failure> {
    let mut failures = Vec::new();
    let unhealthy = unhealthy_events(bound);
    for revision in [Revision::New, Revision::Old] {
        for task in bound.tasks(revision) {
            failures.extend(of_task(bound, task, revision, &unhealthy));
        }
    }
    for event in bound.seen.events.values() {
        let message = &event.message;
        if TELLING.iter().any(|words| message.contains(words)) {
            let side = if bound.is_forward(event.at, stack) { Revision::New } else { Revision::Old };
            failures.extend(start_failure(message).map(|reading| Failure {
                reading,
                service: Some(bound.expected.name.clone()),
                task: None,
                at: event.at,
                revision: Some(side),
                evidence: vec![message.clone()],
            }));
        }
    }
    failures.extend(alarms(bound));
    failures.extend(reported(bound));
    failures.extend(gone(bound));
    failures
}

/// Looks that have to find a service absent that was there: one answer may come from a part of ECS that lags.
const LOOKS_WITHOUT: usize = 2;

/// The service was there, and ECS has it no more: nothing will ever become stable.
fn gone(bound: &Bound<'_>) -> Option<Failure> {
    let seen = bound.seen;
    // One that is only being created is absent until then.
    let since = match bound.expected.old_task_definition {
        Some(_) => Moment::default(),
        None => seen.primaries.values().map(|(first, _)| *first).min()?,
    };
    let at = *seen.absent_at.range(since..).nth(LOOKS_WITHOUT - 1)?;
    Some(Failure {
        reading: Reading {
            kind: CauseKind::ServiceGone,
            detail: "ECS answers that it does not exist, or is being deleted".to_owned(),
            signature: String::new(),
        },
        service: Some(bound.expected.name.clone()),
        task: None,
        at,
        revision: Some(Revision::New),
        evidence: Vec::new(),
    })
}

/// What events of the service say against its tasks, reason and moment, by the id of the task.
type UnhealthyEvents<'a> = BTreeMap<&'a str, Vec<(&'a str, Moment)>>;

fn unhealthy_events<'a>(bound: &Bound<'a>) -> UnhealthyEvents<'a> {
    let mut events = UnhealthyEvents::new();
    for event in bound.seen.events.values() {
        if let Some((task, reason)) = unhealthy_event(&event.message) {
            events.entry(task).or_default().push((reason, event.at));
        }
    }
    events
}

/// What a task died of, and what its checks said before: at most one failure of each kind and signature, so that
/// counting failures counts tasks.
fn of_task(
    bound: &Bound<'_>,
    task: &TaskView,
    revision: Revision,
    unhealthy: &UnhealthyEvents<'_>,
) -> Vec<Failure> {
    let mut readings = failing_checks(bound, task, unhealthy);
    // The reason for which a task could not start is final when its stop begins; an exit code comes later.
    let ended = task.last_status == "STOPPED"
        || task.stop_code.as_deref() == Some("TaskFailedToStart")
        || task.containers.iter().any(|container| container.exit_code.is_some());
    if let Some(stopped) = ended.then(|| stopped_task(task)).flatten() {
        // ECS says that checks failed; where the target said how, that says more.
        if !readings.iter().any(|(reading, _)| reading.kind == stopped.kind) {
            readings.push((stopped, task.stopping_at.or(task.stopped_at).unwrap_or(task.created_at)));
        }
    }
    if readings.is_empty() {
        return Vec::new();
    }
    let mut evidence = vec![describe(task)];
    let skipped = task.log_tail.len().saturating_sub(EVIDENCE_LINES);
    evidence.extend(task.log_tail[skipped..].iter().map(|line| format!("log: {line}")));
    readings
        .into_iter()
        .map(|(reading, at)| Failure {
            reading,
            service: Some(bound.expected.name.clone()),
            task: Some(task.arn.clone()),
            at,
            revision: Some(revision),
            evidence: evidence.clone(),
        })
        .collect()
}

/// What the checks of a task said against it: its targets, its container health checks and the service's events.
/// What they said in the grace period does not count, as ECS does not count it; except that a client error
/// does, which no start-up time changes.
fn failing_checks(
    bound: &Bound<'_>,
    task: &TaskView,
    unhealthy: &UnhealthyEvents<'_>,
) -> Vec<(Reading, Moment)> {
    let grace_ends = task.started_at.map(|at| at.plus_secs(f64::from(bound.expected.settings.grace_secs)));
    let after_grace =
        |(first, last): (Moment, Moment)| grace_ends.filter(|&ends| last >= ends).map(|ends| first.max(ends));
    let mut readings: BTreeMap<String, (Reading, Moment)> = BTreeMap::new();
    let mut add = |reading: Reading, at: Moment| {
        let entry = readings.entry(reading.signature.clone()).or_insert_with(|| (reading, at));
        entry.1 = at.min(entry.1);
    };
    for ((reason, description), &seen) in bound.targets(task).flat_map(|target| &target.failing) {
        let reading = target_failure(reason.as_deref(), description.as_deref());
        let at = if is_client_error(&reading.signature) { Some(seen.0) } else { after_grace(seen) };
        if let Some(at) = at {
            add(reading, at);
        }
    }
    for &(reason, at) in unhealthy.get(task.arn.id()).into_iter().flatten() {
        add(target_failure(None, Some(reason)), at);
    }
    let mut readings: Vec<_> = readings.into_values().collect();
    if let Some(at) = bound.seen.unhealthy_tasks.get(&task.arn).copied().and_then(after_grace) {
        let detail = "the container health check reports UNHEALTHY".to_owned();
        let reading = Reading { kind: CauseKind::ContainerHealth, detail, signature: String::new() };
        readings.push((reading, at));
    }
    readings
}

fn describe(task: &TaskView) -> String {
    let id = task.arn.id();
    let definition = task.task_definition.short();
    let mut text = format!("task {id} ({definition})");
    for part in [task.stop_code.as_deref(), task.stopped_reason.as_deref()].into_iter().flatten() {
        text.push_str(": ");
        text.push_str(part);
    }
    for container in &task.containers {
        if let Some(code) = container.exit_code {
            text.push_str(&format!("; container {} exited with {code}", container.name));
        }
        if let Some(reason) = &container.reason {
            text.push_str(&format!("; container {}: {reason}", container.name));
        }
    }
    text
}

/// Alarms that fire and did not before the start.
fn alarms(bound: &Bound<'_>) -> Vec<Failure> {
    let Some(ours) = bound.ours else { return Vec::new() };
    let firing = bound.seen.alarms.values().filter_map(|alarm| alarm.firing.as_ref());
    firing
        .filter(|firing| {
            firing.at >= ours.created_at && !bound.expected.alarms_firing_before.contains(&firing.view.name)
        })
        .map(|firing| {
            let reason = firing.view.reason.as_deref().unwrap_or("in ALARM");
            alarm(bound, &firing.view.name, reason, firing.at)
        })
        .collect()
}

fn alarm(bound: &Bound<'_>, name: &str, reason: &str, at: Moment) -> Failure {
    Failure {
        reading: Reading {
            kind: CauseKind::Alarm,
            detail: format!("{name}: {reason}"),
            signature: name.to_owned(),
        },
        service: Some(bound.expected.name.clone()),
        task: None,
        at,
        revision: Some(Revision::New),
        evidence: Vec::new(),
    }
}

/// What ECS itself says of our deployment.
fn reported(bound: &Bound<'_>) -> Option<Failure> {
    let ours = bound.ours?;
    let deployment = bound.service_deployment();
    if let Some(name) = deployment.and_then(|deployment| deployment.triggered_alarms.first()) {
        return Some(alarm(
            bound,
            name,
            "ECS failed the deployment for it",
            bound.seen.service_deployments_at(),
        ));
    }
    let count = deployment.map_or(0, |view| bound.seen.highest_count.get(&view.arn).copied().unwrap_or(0));
    let tripped = deployment.and_then(|deployment| deployment.breaker.as_ref()).filter(|breaker| {
        breaker.status == "TRIGGERED" || (breaker.threshold > 0 && count >= breaker.threshold)
    });
    let failed_at = bound.seen.failed_at.get(&ours.id).copied();
    let failed = failed_at.is_some() || deployment.is_some_and(|view| view.status.starts_with("ROLLBACK_"));
    if tripped.is_none() && !failed {
        return None;
    }
    let detail = match tripped {
        Some(breaker) => format!("{count} of {} failures counted", breaker.threshold),
        None => deployment
            .and_then(|deployment| {
                deployment.status_reason.clone().or_else(|| deployment.rollback_reason.clone())
            })
            .or_else(|| ours.rollout_state_reason.clone())
            .unwrap_or_default(),
    };
    Some(Failure {
        reading: Reading { kind: CauseKind::BreakerTripped, detail, signature: String::new() },
        service: Some(bound.expected.name.clone()),
        task: None,
        at: failed_at.unwrap_or(bound.seen.service_deployments_at()),
        revision: Some(Revision::New),
        evidence: ours.rollout_state_reason.iter().cloned().collect(),
    })
}

/// Resources of the stack that failed on the way forward.
pub(super) fn of_stack(
    services: &[ExpectedService],
    observations: &Observations,
    stack: &StackProgress<'_>,
) -> Vec<Failure> {
    failed_resources(observations)
        .filter(|event| stack.is_forward(event))
        .map(|event| {
            let reason = event.reason.clone().unwrap_or_default();
            let service = services
                .iter()
                .find(|service| service.service_logical_id.as_deref() == Some(event.logical_id.as_str()))
                .map(|service| service.name.clone());
            let kind = if service.is_some() && reason.contains("Circuit Breaker") {
                CauseKind::BreakerTripped
            } else if ["not authorized", "AccessDenied"].iter().any(|text| reason.contains(text)) {
                CauseKind::AccessDenied
            } else {
                CauseKind::StackResource
            };
            let detail = format!("{} ({}): {reason}", event.logical_id, event.resource_type);
            Failure {
                reading: Reading { kind, detail, signature: event.logical_id.clone() },
                service,
                task: None,
                at: event.at,
                revision: None,
                evidence: Vec::new(),
            }
        })
        .collect()
}

/// Groups equal failures; the earliest gives the words.
pub(super) fn group(failures: Vec<Failure>) -> Vec<Group> {
    let mut groups: BTreeMap<_, Vec<Failure>> = BTreeMap::new();
    for failure in failures {
        let new = failure.revision != Some(Revision::Old);
        let key = (failure.service.clone(), new, failure.reading.kind, failure.reading.signature.clone());
        groups.entry(key).or_default().push(failure);
    }
    groups
        .into_iter()
        .filter_map(|((service, new_revision, kind, _), mut failures)| {
            failures.sort_by(|one, other| (one.at, &one.task).cmp(&(other.at, &other.task)));
            let last_at = failures.last()?.at;
            let tasks: Vec<TaskArn> = failures.iter().filter_map(|failure| failure.task.clone()).collect();
            let count = u32::try_from(failures.len()).unwrap_or(u32::MAX);
            let first = failures.into_iter().next()?;
            let cause = Cause {
                kind,
                service: service.clone(),
                detail: first.reading.detail,
                evidence: first.evidence,
            };
            let finding =
                Finding { cause, count, tasks, first_at: first.at, last_at, new_revision, certainty: None };
            Some(Group { finding, service })
        })
        .collect()
}
