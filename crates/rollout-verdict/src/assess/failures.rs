//! Failures, one by one, and grouped.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use super::bind::{Bound, Revision};
use crate::classify::{
    Reading, is_client_error, start_failure, stopped_task, target_failure, unhealthy_event,
};
use crate::stack::{StackProgress, failed_resources};
use crate::{
    Cause, CauseKind, ExpectedService, Moment, Observations, ServiceName, TargetHistory, TaskArn, TaskView,
};

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
    for revision in [Revision::New, Revision::Old] {
        for task in bound.tasks(revision) {
            failures.extend(of_task(bound, task, revision));
        }
    }
    let named: BTreeSet<&str> =
        failures.iter().filter_map(|failure| failure.task.as_ref().map(TaskArn::id)).collect();
    let mut more = Vec::new();
    for event in bound.seen.events.values() {
        let side = bound.is_forward(event.at, stack);
        let failure = |reading: Reading, task: Option<TaskArn>, revision| Failure {
            reading,
            service: Some(bound.expected.name.clone()),
            task,
            at: event.at,
            revision: Some(revision),
            evidence: vec![event.message.clone()],
        };
        if let Some((id, reason)) = unhealthy_event(&event.message) {
            let task = bound.seen.tasks.values().map(|task| &task.view).find(|task| task.arn.id() == id);
            if let Some(task) = task.filter(|_| !named.contains(id)) {
                let revision = bound.revision(&task.task_definition);
                more.push(failure(target_failure(None, Some(reason)), Some(task.arn.clone()), revision));
            }
        } else if event.message.contains("unable to place a task")
            || event.message.contains("failed to launch a task")
        {
            let revision = if side { Revision::New } else { Revision::Old };
            more.extend(start_failure(&event.message).map(|reading| failure(reading, None, revision)));
        }
    }
    failures.extend(more);
    failures.extend(alarms(bound));
    failures.extend(reported(bound));
    failures
}

/// At most one failure per task: what it died of, or what its checks say while it lives.
fn of_task(bound: &Bound<'_>, task: &TaskView, revision: Revision) -> Option<Failure> {
    let target = task.address.as_ref().and_then(|address| {
        bound.seen.targets.iter().filter(|((_, id), _)| id == address).find_map(|(_, target)| {
            failing_target(bound, task, target).map(|(reading, at)| (reading, at, target.healthy_at))
        })
    });
    let stopped =
        if task.last_status == "STOPPED" || task.stop_code.is_some() { stopped_task(task) } else { None };
    let stopped_at = task.stopping_at.or(task.stopped_at).unwrap_or(task.created_at);
    let (reading, at) = match (stopped, target) {
        // ECS says that the load balancer's checks failed; the target says how.
        (Some(stopped), Some((target, at, _))) if stopped.kind == CauseKind::TargetHealth => {
            (target, at.min(stopped_at))
        }
        (Some(stopped), _) => (stopped, stopped_at),
        (None, Some((target, at, _))) => (target, at),
        (None, None) if task.health_status.as_deref() == Some("UNHEALTHY") => {
            let reading = Reading {
                kind: CauseKind::ContainerHealth,
                detail: "the container health check reports UNHEALTHY".to_owned(),
                signature: String::new(),
            };
            let started = task.started_at.unwrap_or(task.created_at);
            (reading, started.plus_secs(f64::from(bound.expected.settings.grace_secs)))
        }
        (None, None) => return None,
    };
    let mut evidence = vec![describe(task)];
    let lines = task.log_tail.len().saturating_sub(EVIDENCE_LINES);
    evidence.extend(task.log_tail[lines..].iter().map(|line| format!("log: {line}")));
    Some(Failure {
        reading,
        service: Some(bound.expected.name.clone()),
        task: Some(task.arn.clone()),
        at,
        revision: Some(revision),
        evidence,
    })
}

/// A target that fails its checks although the grace period is over, or that answers with a client error, which
/// no start-up time changes.
fn failing_target(bound: &Bound<'_>, task: &TaskView, target: &TargetHistory) -> Option<(Reading, Moment)> {
    let (first, last) = target.unhealthy?;
    let view = &target.failing.as_ref()?.view;
    let reading = target_failure(view.reason.as_deref(), view.description.as_deref());
    if is_client_error(&reading.signature) {
        return Some((reading, first));
    }
    let grace_ends = task.started_at?.plus_secs(f64::from(bound.expected.settings.grace_secs));
    (last >= grace_ends).then_some((reading, first.max(grace_ends)))
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
        return Some(alarm(bound, name, "ECS failed the deployment for it", ours.created_at));
    }
    let tripped = deployment.and_then(|deployment| deployment.breaker.as_ref()).filter(|breaker| {
        breaker.status == "TRIGGERED" || (breaker.threshold > 0 && breaker.failure_count >= breaker.threshold)
    });
    let failed = ours.rollout_state.as_deref() == Some("FAILED")
        || deployment.is_some_and(|deployment| deployment.status.starts_with("ROLLBACK_"));
    if tripped.is_none() && !failed {
        return None;
    }
    let detail = match tripped {
        Some(breaker) => format!("{} of {} failures counted", breaker.failure_count, breaker.threshold),
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
        at: ours.created_at,
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
