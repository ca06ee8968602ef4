//! What the conclusion rests on, for people and for JSON.

use std::fmt;

use ops_cli::Cause;
use rollout_verdict::{DeploymentView, Moment, ServiceView, TaskView};

use super::judge::Judgement;
use super::{BreakerState, Diagnosis, Facts, Section, ServiceState, StackState};
use crate::clock::rfc3339;
use crate::history::short_release;
use crate::observe::SeenService;
use crate::report::duration;
use crate::stack_operations::StackOperation;

/// Events, tasks and lines of one kind that are shown.
const SHOWN: usize = 6;

pub(super) fn describe(facts: &Facts<'_>, judgement: Judgement) -> Diagnosis {
    let mut evidence: Vec<Section> = facts.operation.iter().map(events).collect();
    evidence.extend(facts.seen.iter().map(|service| of_service(service, facts)));
    let tasks = facts.tasks.iter().map(ToString::to_string).collect();
    evidence.push(Section { heading: "one-off tasks".to_owned(), lines: tasks });
    let errors = facts.errors.iter().map(ToString::to_string).collect();
    evidence.push(Section { heading: "server errors".to_owned(), lines: errors });
    let missing = facts.missing.iter().map(ToString::to_string).collect();
    evidence.push(Section { heading: "cannot be seen".to_owned(), lines: missing });
    evidence.retain(|section| !section.lines.is_empty());
    Diagnosis {
        environment: facts.session.environment.name.to_string(),
        exit_code: judgement.exit.code(),
        summary: judgement.summary,
        cause: judgement.cause.map(|cause| Cause {
            kind: cause.kind.code().to_owned(),
            service: cause.service.as_ref().map(ToString::to_string),
            detail: cause.to_string(),
        }),
        advice: judgement.advice,
        next: judgement.next,
        stack: Some(stack_state(facts)),
        release_before: facts.release_before.clone(),
        release: facts.view.parameters.get("Release").cloned(),
        services: facts.session.service_names().into_iter().map(|name| service_state(name, facts)).collect(),
        evidence,
    }
}

fn stack_state(facts: &Facts<'_>) -> StackState {
    let operation = facts.operation.as_ref();
    let origin = operation.and_then(StackOperation::origin);
    StackState {
        name: facts.view.name.clone(),
        status: facts.view.status.as_str().to_owned(),
        reason: facts.view.reason.clone(),
        operation: operation.and_then(|operation| operation.token.clone()),
        started_by: origin.map(|origin| format!("{} from {}", origin.who, origin.place)),
        began: operation.map(|operation| rfc3339(operation.began)),
        running: operation.is_some_and(|operation| operation.ended.is_none()),
        lasted: operation
            .map(|operation| duration(operation.ended.unwrap_or(facts.now).secs_since(operation.began))),
    }
}

fn service_state(name: String, facts: &Facts<'_>) -> ServiceState {
    let seen = facts.seen.iter().find(|seen| seen.view.name.as_str() == name);
    let answers = || facts.answers.iter().filter(|answer| answer.probe.service.as_str() == name);
    let primary = seen.and_then(|it| it.view.deployments.iter().find(|one| one.status == "PRIMARY"));
    ServiceState {
        desired: seen.map(|seen| seen.desired_count),
        running: seen.map_or(0, |seen| seen.running_count),
        rollout_state: primary.and_then(|primary| primary.rollout_state.clone()),
        breaker: seen.and_then(|seen| breaker(&seen.view)),
        answers: answers().find_map(|answer| answer.release.clone()),
        trouble: answers().find_map(|answer| answer.trouble.as_ref()).map(ToString::to_string),
        name,
    }
}

/// The breaker that counted most since the operation began: a rollback is a service deployment of its own.
fn breaker(view: &ServiceView) -> Option<BreakerState> {
    let breakers = view.service_deployments.iter().filter_map(|deployment| deployment.breaker.as_ref());
    let most = breakers.max_by_key(|breaker| (breaker.status == "TRIGGERED", breaker.failure_count))?;
    Some(BreakerState { status: most.status.clone(), count: most.failure_count, threshold: most.threshold })
}

/// Failures, and what the stack itself did.
fn events(operation: &StackOperation) -> Section {
    let told = operation
        .events
        .iter()
        .filter(|event| event.view.is_of_stack() || event.view.status.ends_with("_FAILED"));
    let lines = told.map(|event| {
        let view = &event.view;
        let what = if event.view.is_of_stack() { "stack" } else { view.logical_id.as_str() };
        let reason = view.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{:>7}  {what} {}{reason}", after(view.at, operation.began), view.status)
    });
    Section { heading: "stack events of the last operation".to_owned(), lines: lines.collect() }
}

fn after(at: Moment, began: Moment) -> String {
    format!("+{}", duration(at.secs_since(began)))
}

fn of_service(service: &SeenService, facts: &Facts<'_>) -> Section {
    let view = &service.view;
    let began = facts.operation.as_ref().map_or(facts.now, |operation| operation.began);
    let mut lines = Vec::new();
    for deployment in &view.deployments {
        lines.push(format!(
            "deployment {} {}: {} {}, {} running, {} starting, {} failed{}",
            deployment.id,
            deployment.status.to_lowercase(),
            deployment.task_definition.short(),
            deployment.rollout_state.as_deref().unwrap_or("unknown").to_lowercase().replace('_', " "),
            deployment.running_count,
            deployment.pending_count,
            deployment.failed_tasks,
            // "completed" says it all.
            reason(deployment.rollout_state_reason.as_deref().filter(|_| !done(deployment))),
        ));
    }
    for deployment in &view.service_deployments {
        let breaker = deployment.breaker.as_ref().map(|breaker| {
            let status = breaker.status.to_lowercase().replace('_', " ");
            format!(", circuit breaker {} of {} ({status})", breaker.failure_count, breaker.threshold)
        });
        lines.push(format!(
            "service deployment {}: {}{}{}",
            after(deployment.created_at, began),
            deployment.status.to_lowercase().replace('_', " "),
            breaker.unwrap_or_default(),
            reason(deployment.rollback_reason.as_deref().or(deployment.status_reason.as_deref())),
        ));
        lines.extend(deployment.triggered_alarms.iter().map(|name| format!("  it fired: {name}")));
    }
    lines.extend(dead_tasks(view, began));
    for target in view.targets.iter().filter(|target| target.state != "healthy").take(SHOWN) {
        let why = target.description.as_deref().or(target.reason.as_deref());
        lines.push(format!("target {}:{} {}{}", target.id, target.port, target.state, reason(why)));
    }
    for alarm in view.alarms.iter().filter(|alarm| alarm.state != "OK") {
        lines.push(format!("alarm {} {}{}", alarm.name, alarm.state, reason(alarm.reason.as_deref())));
    }
    let heading = format!("{}: {} of {} tasks run", view.name, service.running_count, service.desired_count);
    Section { heading, lines }
}

fn done(deployment: &DeploymentView) -> bool {
    deployment.rollout_state.as_deref() == Some("COMPLETED")
}

/// Tasks that stopped since the operation began and were not simply replaced, the latest first.
fn dead_tasks(view: &ServiceView, began: Moment) -> Vec<String> {
    let mut dead: Vec<&TaskView> = view
        .tasks
        .iter()
        .filter(|task| {
            task.stop_code.is_some() && task.stop_code.as_deref() != Some("ServiceSchedulerInitiated")
        })
        .chain(view.tasks.iter().filter(|task| {
            let why = task.stopped_reason.as_deref().unwrap_or_default();
            task.stop_code.as_deref() == Some("ServiceSchedulerInitiated") && why.contains("health checks")
        }))
        .collect();
    dead.sort_by_key(|task| std::cmp::Reverse(task.created_at));
    let more = dead.len().saturating_sub(SHOWN);
    let mut lines = Vec::new();
    for task in dead.into_iter().take(SHOWN) {
        let stopped = task.stopped_at.or(task.stopping_at).unwrap_or(task.created_at);
        let exits = task.containers.iter().filter_map(|container| {
            let code = container.exit_code.map(|code| format!("exit code {code}"));
            code.or_else(|| container.reason.clone())
        });
        let exits: Vec<String> = exits.collect();
        let exits = if exits.is_empty() { String::new() } else { format!(" ({})", exits.join("; ")) };
        lines.push(format!(
            "stopped task {} {} of {}: {}{exits}",
            task.arn.id(),
            after(stopped, began),
            task.task_definition.short(),
            task.stopped_reason.as_deref().unwrap_or("no reason given"),
        ));
        let skipped = task.log_tail.len().saturating_sub(SHOWN);
        lines.extend(task.log_tail[skipped..].iter().map(|line| format!("  log: {line}")));
    }
    if more > 0 {
        lines.push(format!("and {more} more stopped tasks"));
    }
    lines
}

fn reason(text: Option<&str>) -> String {
    text.filter(|text| !text.is_empty()).map(|text| format!(": {text}")).unwrap_or_default()
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.environment, self.summary)?;
        let mut line = |what: &str, text: &str| write!(f, "\n  {what:<8} {text}");
        if let Some(advice) = &self.advice {
            line("advice", advice)?;
        }
        let breakers: Vec<String> = self.services.iter().filter_map(breaker_words).collect();
        if !breakers.is_empty() {
            line("breaker", &breakers.join("; "))?;
        }
        if let Some(stack) = &self.stack {
            line("stack", &format!("{} is {}{}", stack.name, stack.status, reason(stack.reason.as_deref())))?;
            if let (Some(began), Some(lasted)) = (&stack.began, &stack.lasted) {
                let by = stack.started_by.as_ref().map(|by| format!(", by {by}")).unwrap_or_default();
                let lasted =
                    if stack.running { format!("runs for {lasted}") } else { format!("took {lasted}") };
                line("change", &format!("began {began}, {lasted}{by}"))?;
            }
        }
        if let Some(release) = &self.release {
            let before = self.release_before.as_ref().filter(|before| *before != release);
            let before = before.map(|before| format!(", before it {}", short_release(before)));
            line("release", &format!("{}{}", short_release(release), before.unwrap_or_default()))?;
        }
        for service in &self.services {
            line(&service.name, &service_words(service))?;
        }
        if let Some(next) = &self.next {
            line("next", next)?;
        }
        for section in &self.evidence {
            write!(f, "\n\n{}", section.heading)?;
            section.lines.iter().try_for_each(|line| write!(f, "\n  {line}"))?;
        }
        Ok(())
    }
}

/// Whether the circuit breaker counted, and whether it tripped; nothing where it had nothing to count.
fn breaker_words(service: &ServiceState) -> Option<String> {
    let breaker =
        service.breaker.as_ref().filter(|breaker| breaker.count > 0 || breaker.status == "TRIGGERED")?;
    let end = if breaker.status == "TRIGGERED" { "tripped" } else { "did not trip" };
    Some(format!("{} counted {} of {} failures and {end}", service.name, breaker.count, breaker.threshold))
}

fn service_words(service: &ServiceState) -> String {
    let Some(desired) = service.desired else { return "does not exist".to_owned() };
    let state = service.rollout_state.as_deref().unwrap_or("unknown").to_lowercase().replace('_', " ");
    let answer = match (&service.trouble, &service.answers) {
        (Some(trouble), _) => format!(", {trouble}"),
        (None, Some(release)) => format!(", answers as {}", short_release(release)),
        (None, None) => String::new(),
    };
    format!("{}/{desired} tasks run, deployment {state}{answer}", service.running)
}
