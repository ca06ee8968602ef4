//! The conclusion: one sentence, its cause, an exit code and the next command.

use ops_cli::Exit;
use rollout_verdict::{Cause, CauseKind, Rollback, State};

use super::Facts;
use crate::again;
use crate::history::short_release;
use crate::names::CommitSha;
use crate::observe::SeenService;
use crate::stack::Standing;
use crate::stack_operations::Ended;

/// What is concluded.
pub(super) struct Judgement {
    pub exit: Exit,
    pub summary: String,
    pub cause: Option<Cause>,
    pub advice: Option<String>,
    pub next: Option<String>,
}

impl Judgement {
    fn new(exit: Exit, summary: impl Into<String>) -> Self {
        Self { exit, summary: summary.into(), cause: None, advice: None, next: None }
    }

    fn because(mut self, cause: Option<Cause>) -> Self {
        if let Some(cause) = &cause {
            self.summary = format!("{}: {cause}", self.summary);
            self.advice = Some(cause.next_step().to_owned());
        }
        self.cause = cause;
        self
    }

    fn then(mut self, next: String) -> Self {
        self.next = Some(next);
        self
    }
}

pub(super) fn judge(facts: &Facts<'_>) -> Judgement {
    let environment = &facts.session.environment.name;
    let command = |text: &str| facts.session.command(&format!("{text} {environment}"));
    match facts.view.standing() {
        Standing::Busy => busy(facts),
        Standing::RollbackStuck => {
            Judgement::new(Exit::NeedsHuman, "stuck: the deployment failed and could not be taken back")
                .because(stuck_cause(facts))
                .then(command("recover"))
        }
        Standing::CreateFailed => {
            let cause = failure(facts);
            let told = cause.as_ref().map(ToString::to_string);
            let (session, view) = (facts.session, &facts.view);
            let goes_on = again::creation(session, environment.as_str(), view);
            let next = again::after(session, environment.as_str(), &view.name, told.as_deref(), goes_on);
            Judgement::new(Exit::NeedsHuman, "its creation stopped half-way, and what was made is kept")
                .because(cause)
                .then(next)
        }
        Standing::CreateRolledBack => {
            Judgement::new(Exit::NeedsHuman, "the environment could not be created")
                .because(failure(facts))
                .then(command("recover"))
        }
        Standing::Deleting => {
            let next = if facts.view.status.as_str() == "DELETE_FAILED" { "recover" } else { "diagnose" };
            let summary = format!("the environment is being deleted ({})", facts.view.status.as_str());
            Judgement::new(Exit::NeedsHuman, summary).then(command(next))
        }
        Standing::Ready | Standing::Absent => at_rest(facts),
    }
}

/// An operation runs.
fn busy(facts: &Facts<'_>) -> Judgement {
    let environment = &facts.session.environment.name;
    let wait = facts.session.command(&format!("diagnose {environment}"));
    let going_back = facts.view.status.as_str().contains("ROLLBACK");
    if going_back {
        let trouble = match &facts.assessment.rollback {
            Rollback::InProgress { trouble: Some(trouble) } => format!(" (trouble on the way: {trouble})"),
            _ => String::new(),
        };
        let judgement =
            Judgement::new(Exit::StillRunning, format!("the deployment failed and is going back{trouble}"));
        return judgement.because(failure(facts)).then(wait);
    }
    match &facts.assessment.state {
        State::Failed { cause, .. } => {
            Judgement::new(Exit::NeedsHuman, "the deployment under way cannot succeed")
                .because(Some(cause.clone()))
                .then(back(facts).unwrap_or(wait))
        }
        State::DeadlinePassed { cause } => {
            Judgement::new(Exit::NeedsHuman, "the deployment under way should have ended")
                .because(Some(cause.clone()))
                .then(back(facts).unwrap_or(wait))
        }
        _ => {
            let what = if facts.assessment.services.iter().any(|service| service.desired > 0 && !service.done)
                && facts.seen.iter().any(|seen| seen.view.deployments.len() > 1)
            {
                "a deployment is under way, and nothing speaks against it"
            } else {
                "an update of the stack is under way, and nothing speaks against it"
            };
            Judgement::new(Exit::StillRunning, what).then(wait)
        }
    }
}

/// Nothing runs: what counts is how the services are now, then how the last operation ended.
fn at_rest(facts: &Facts<'_>) -> Judgement {
    let environment = &facts.session.environment.name;
    let deploy = facts.session.command(&format!("deploy {environment}"));
    let missing: Vec<String> = missing_services(facts);
    let last = facts.operation.as_ref().map(super::StackOperation::outcome);
    if !missing.is_empty() {
        let summary =
            format!("the infrastructure is there, and these services are not: {}", missing.join(", "));
        let cause = if last == Some(Ended::RolledBack) { failure(facts) } else { None };
        return Judgement::new(Exit::NeedsHuman, summary).because(cause).then(deploy);
    }
    if let Some(unwell) = unwell(facts) {
        let judgement = Judgement::new(Exit::Unhealthy, unwell).because(of_new_tasks(facts));
        return judgement.then(back(facts).unwrap_or(deploy));
    }
    if let State::Superseded { service, task_definition } = &facts.assessment.state {
        let definition = task_definition.rsplit('/').next().unwrap_or(task_definition);
        let summary = format!("{service} was changed past CloudFormation: it runs {definition}");
        return Judgement::new(Exit::Differences, summary).then(deploy);
    }
    if last == Some(Ended::RolledBack) {
        return Judgement::new(
            Exit::RolledBack,
            "the last deployment failed, and everything is back as it was",
        )
        .because(failure(facts))
        .then(deploy);
    }
    if let Some(task) = facts.tasks.iter().max_by_key(|task| task.overdue) {
        let stop = format!("task stop {} --env {environment}", task.name);
        return if task.overdue {
            Judgement::new(Exit::NeedsHuman, format!("{task}: its own run is gone"))
                .then(facts.session.command(&stop))
        } else {
            let wait = facts.session.command(&format!("diagnose {environment}"));
            Judgement::new(Exit::StillRunning, task.to_string()).then(wait)
        };
    }
    let release = facts.view.parameters.get("Release").map_or("no release", |release| short_release(release));
    Judgement::new(Exit::Done, format!("nothing is wrong: {release} is in service"))
}

/// Services of the configuration that do not exist.
fn missing_services(facts: &Facts<'_>) -> Vec<String> {
    let exists = |name: &String| facts.seen.iter().any(|seen| seen.view.name.as_str() == name);
    facts.session.service_names().into_iter().filter(|name| !exists(name)).collect()
}

/// What is wrong with the services as they are now.
fn unwell(facts: &Facts<'_>) -> Option<String> {
    for service in &facts.seen {
        let name = &service.view.name;
        if service.running_count < service.desired_count {
            return Some(format!("{name} runs {} of {} tasks", service.running_count, service.desired_count));
        }
        if let Some(alarm) = service.view.alarms.iter().find(|alarm| alarm.state == "ALARM") {
            return Some(format!("the alarm {} of {name} fires", alarm.name));
        }
    }
    let unanswered = facts.answers.iter().find_map(|answer| Some((answer, answer.trouble.as_ref()?)));
    if let Some((answer, trouble)) = unanswered {
        let service = &answer.probe.service;
        return Some(format!("{service} does not answer as it should: {}: {trouble}", answer.probe.path));
    }
    if let Some(errors) = facts.errors.iter().find(|errors| errors.too_many) {
        return Some(errors.to_string());
    }
    facts.missing.first().map(|missing| format!("nobody would see whether it is well: {missing}"))
}

/// The command that goes back to the release before.
fn back(facts: &Facts<'_>) -> Option<String> {
    let release = facts.release_before.as_deref()?;
    let environment = &facts.session.environment.name;
    // Only releases can be rolled back to by name; any commit can be deployed.
    Some(facts.session.command(&match release.parse::<CommitSha>() {
        Ok(commit) => format!("deploy {environment} --commit {commit}"),
        Err(_) => format!("rollback {release} --env {environment}"),
    }))
}

/// Why the last operation failed: what the rules found certain, else what was found most often, else what ECS or
/// CloudFormation itself reports.
fn failure(facts: &Facts<'_>) -> Option<Cause> {
    if let State::Failed { cause, .. } = &facts.assessment.state
        && !matches!(cause.kind, CauseKind::StackResource | CauseKind::BreakerTripped)
    {
        return Some(cause.clone());
    }
    of_new_tasks(facts).or_else(|| facts.seen.iter().find_map(reported)).or_else(|| {
        match &facts.assessment.state {
            State::Failed { cause, .. } => Some(cause.clone()),
            _ => None,
        }
    })
}

/// What the tasks of the new revision died of, most often.
fn of_new_tasks(facts: &Facts<'_>) -> Option<Cause> {
    let findings = facts.assessment.findings.iter().filter(|finding| {
        finding.new_revision
            && !matches!(finding.cause.kind, CauseKind::StackResource | CauseKind::BreakerTripped)
    });
    findings.max_by_key(|finding| finding.count).map(|finding| finding.cause.clone())
}

/// What ECS says of a service deployment since the operation began, after the tasks of it are forgotten.
fn reported(service: &SeenService) -> Option<Cause> {
    let cause = |kind, detail: String| Cause {
        kind,
        service: Some(service.view.name.clone()),
        detail,
        evidence: Vec::new(),
    };
    service.view.service_deployments.iter().find_map(|deployment| {
        if let Some(alarm) = deployment.triggered_alarms.first() {
            return Some(cause(CauseKind::Alarm, alarm.clone()));
        }
        let breaker = deployment.breaker.as_ref().filter(|breaker| breaker.status == "TRIGGERED")?;
        let detail = format!("{} of {} failures counted", breaker.failure_count, breaker.threshold);
        Some(cause(CauseKind::BreakerTripped, detail))
    })
}

/// Why the rollback failed, then why the deployment did.
fn stuck_cause(facts: &Facts<'_>) -> Option<Cause> {
    match &facts.assessment.rollback {
        Rollback::Failed { cause } => Some(cause.clone()),
        _ => failure(facts),
    }
}
