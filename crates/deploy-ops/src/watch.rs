//! Watches a stack operation and the services it rolls, until a verdict; cancels what cannot succeed and
//! follows the rollback to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rollout_verdict::{
    Assessment, Cadence, Moment, Observations, Record, Rollout, ServiceProgress, Snapshot, State, assess,
};

use crate::aws::Aws;
use crate::call::{CallError, CallErrorKind, Called};
use crate::clock::Clock;
use crate::interrupt::Interrupt;
use crate::logs;
use crate::observe::{self, SeenService};
use crate::report::{Report, duration};

/// The stack operation to watch.
#[derive(Debug, Clone)]
pub struct Operation {
    /// ARN of the stack.
    pub stack_id: String,
    /// `ClientRequestToken` of the operation.
    pub token: String,
    /// Cluster of the services.
    pub cluster: String,
    /// Log group by service name.
    pub log_groups: BTreeMap<String, String>,
}

/// What the watcher may do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// Cancel the update and follow the rollback.
    Cancel,
    /// Say so and leave at the deadline.
    LeaveRunning,
}

/// Why watching ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing more will happen by itself.
    Finished,
    /// The deadline passed, and the update was to be left running.
    LeftRunning,
    /// The user interrupted; the operation goes on.
    Interrupted,
    /// It neither ended nor went back within every bound.
    OutOfTime,
}

/// What was watched, and how it ended.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Why watching ended.
    pub ended: Ended,
    /// The last assessment.
    pub assessment: Assessment,
    /// The first assessment that was a failure, with the moment: what came later is only its consequence.
    pub failure: Option<(State, Moment)>,
    /// Everything observed, for the record.
    pub record: Record,
}

/// Longest time without an answer before giving up: the operation goes on without being watched.
const OUTAGE_LIMIT_SECS: f64 = 900.0;

struct Watcher<'a> {
    aws: &'a Aws,
    clock: &'a dyn Clock,
    report: &'a Report,
    operation: &'a Operation,
    cadence: Cadence,
    rollout: Rollout,
    observations: Observations,
    snapshots: Vec<Snapshot>,
    stack_status: String,
    cancel_requested_at: Option<Moment>,
    looked_closely: BTreeMap<String, (Moment, rollout_verdict::ServiceView)>,
    logs_read: BTreeSet<String>,
    printed: BTreeMap<String, String>,
}

/// Watches the operation to its end.
pub async fn watch(
    aws: &Aws,
    clock: &dyn Clock,
    report: &Report,
    interrupt: &Interrupt,
    operation: &Operation,
    rollout: Rollout,
    on_failure: OnFailure,
) -> Result<Watched, CallError> {
    let mut watcher = Watcher {
        aws,
        clock,
        report,
        operation,
        cadence: Cadence::default(),
        rollout,
        observations: Observations::default(),
        snapshots: Vec::new(),
        stack_status: String::new(),
        cancel_requested_at: None,
        looked_closely: BTreeMap::new(),
        logs_read: BTreeSet::new(),
        printed: BTreeMap::new(),
    };
    watcher.run(interrupt, on_failure).await
}

impl Watcher<'_> {
    async fn run(&mut self, interrupt: &Interrupt, on_failure: OnFailure) -> Result<Watched, CallError> {
        let mut failure: Option<(State, Moment)> = None;
        let mut last_answer = self.clock.now();
        let mut pause = f64::from(self.cadence.poll_secs);
        loop {
            match self.poll().await {
                Ok(snapshot) => {
                    last_answer = snapshot.at;
                    pause = f64::from(self.cadence.poll_secs);
                    self.observations.absorb(snapshot.clone());
                    self.snapshots.push(snapshot);
                }
                Err(error) if error.is_transient() => {
                    pause = self.cadence.pause_after_silence(pause);
                    self.report.line(format!("no answer ({error}): looking again in {}", duration(pause)));
                    if self.clock.now().secs_since(last_answer) > OUTAGE_LIMIT_SECS {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
            let now = self.clock.now();
            let assessment = assess(&self.rollout, &self.observations);
            self.print_progress(&assessment);
            let failed = matches!(assessment.state, State::Failed { .. } | State::DeadlinePassed { .. });
            if failed && failure.is_none() {
                failure = Some((assessment.state.clone(), now));
                self.print_failure(&assessment);
            }
            if assessment.finished {
                return Ok(self.finish(Ended::Finished, assessment, failure));
            }
            if failed && self.cancel_requested_at.is_none() {
                if on_failure == OnFailure::LeaveRunning
                    && matches!(assessment.state, State::DeadlinePassed { .. })
                {
                    return Ok(self.finish(Ended::LeftRunning, assessment, failure));
                }
                self.cancel().await?;
            }
            if interrupt.requested() {
                return Ok(self.finish(Ended::Interrupted, assessment, failure));
            }
            if now.secs_since(self.rollout.started_at) > assessment.deadline.limit_secs() {
                return Ok(self.finish(Ended::OutOfTime, assessment, failure));
            }
            self.clock.sleep(Duration::from_secs_f64(pause)).await;
        }
    }

    fn finish(&mut self, ended: Ended, assessment: Assessment, failure: Option<(State, Moment)>) -> Watched {
        let record = Record { rollout: self.rollout.clone(), snapshots: std::mem::take(&mut self.snapshots) };
        Watched { ended, assessment, failure, record }
    }

    async fn poll(&mut self) -> Result<Snapshot, CallError> {
        let at = self.clock.now();
        let since = self.rollout.started_at;
        let known = &self.observations.stack_events;
        let seen = |id: &str| known.contains_key(&id.into());
        let events = observe::stack_events(self.aws, &self.operation.stack_id, since, seen).await?;
        // Events of an operation that somebody started after ours belong to it.
        let ours = |token: &Option<String>| token.as_ref().is_none_or(|token| *token == self.operation.token);
        let events: Vec<_> = events.into_iter().filter(|event| ours(&event.token)).collect();
        for event in &events {
            if event.of_stack {
                self.stack_status.clone_from(&event.view.status);
            }
        }
        self.print_events(&events);
        let stack_events = events.into_iter().map(|event| event.view).collect();
        let names: Vec<String> =
            self.rollout.services.iter().map(|service| service.name.to_string()).collect();
        let mut services = Vec::new();
        if !names.is_empty() {
            for mut service in observe::services(self.aws, &self.operation.cluster, &names, since).await? {
                self.look_closely(at, since, &mut service).await?;
                services.push(service.view);
            }
        }
        Ok(Snapshot { at, cancel_requested_at: self.cancel_requested_at, stack_events, services })
    }

    async fn look_closely(
        &mut self,
        at: Moment,
        since: Moment,
        service: &mut SeenService,
    ) -> Result<(), CallError> {
        let name = service.view.name.to_string();
        let before = self.looked_closely.get(&name);
        let age = before.map(|(when, _)| at.secs_since(*when));
        if !self.cadence.details_due(before.map(|(_, view)| view), &service.view, age) {
            return Ok(());
        }
        observe::details(self.aws, &self.operation.cluster, service, since).await?;
        self.looked_closely.insert(name.clone(), (at, service.view.clone()));
        let Some(log_group) = self.operation.log_groups.get(&name) else { return Ok(()) };
        for task in &mut service.view.tasks {
            let exited = task.containers.iter().any(|container| container.exit_code.is_some());
            let is_new = task.created_at >= since && task.last_status == "STOPPED";
            if is_new && exited && self.logs_read.insert(task.arn.to_string()) {
                task.log_tail = logs::tail(self.aws, log_group, &name, task.arn.id()).await?;
            }
        }
        Ok(())
    }

    /// Only an update can be cancelled, and only while it goes forward; otherwise CloudFormation is already
    /// on its way back, or at the end.
    async fn cancel(&mut self) -> Result<(), CallError> {
        self.cancel_requested_at = Some(self.clock.now());
        if self.stack_status != "UPDATE_IN_PROGRESS" {
            return Ok(());
        }
        self.report.line("cancelling the update");
        let call = self.aws.cloudformation.cancel_update_stack().stack_name(&self.operation.stack_id);
        match call.send().await.called("cloudformation:CancelUpdateStack") {
            Ok(_) => Ok(()),
            // It went back or ended in the meantime: the next poll says which.
            Err(error) if error.kind == CallErrorKind::Service => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Failures of resources, and what the stack itself does; every resource that works would be noise.
    fn print_events(&self, events: &[observe::StackEvent]) {
        for event in events {
            let view = &event.view;
            let failed = view.status.ends_with("_FAILED");
            if failed || event.of_stack {
                let reason = view.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let what = if event.of_stack { "stack" } else { view.logical_id.as_str() };
                self.report.line(format!("{what} {}{reason}", words(&view.status)));
            }
        }
    }

    /// One line per service, whenever it changed.
    fn print_progress(&mut self, assessment: &Assessment) {
        for service in
            assessment.services.iter().filter(|service| service.new_running + service.new_pending > 0)
        {
            let line = progress_line(service);
            if self.printed.get(service.name.as_str()) != Some(&line) {
                self.report.line(&line);
                self.printed.insert(service.name.to_string(), line);
            }
        }
    }

    fn print_failure(&self, assessment: &Assessment) {
        match &assessment.state {
            State::Failed { cause, .. } | State::DeadlinePassed { cause } => {
                self.report.warn(cause.to_string());
                cause.evidence.iter().for_each(|line| self.report.line(format!("  {line}")));
            }
            _ => {}
        }
    }
}

/// `api: 1/2 new healthy, 2 old running, breaker 1/3`
#[must_use]
pub fn progress_line(service: &ServiceProgress) -> String {
    let mut line = format!("{}: {}/{} new tasks healthy", service.name, service.new_healthy, service.desired);
    let starting = service.new_pending + service.new_running.saturating_sub(service.new_healthy);
    if starting > 0 {
        line += &format!(", {starting} starting");
    }
    if service.old_running > 0 {
        line += &format!(", {} old running", service.old_running);
    }
    if service.breaker_count > 0 {
        line += &format!(", circuit breaker {}/{}", service.breaker_count, service.breaker_threshold);
    }
    if service.done {
        line += ", done";
    }
    line
}

/// `UPDATE_IN_PROGRESS` for people: `update in progress`.
fn words(status: &str) -> String {
    status.to_lowercase().replace('_', " ")
}
