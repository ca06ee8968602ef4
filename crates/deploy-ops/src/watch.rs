//! Watches a stack operation and the services it rolls, until a verdict; cancels what cannot succeed and
//! follows the rollback to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rollout_verdict::{
    Assessment, Cadence, DetailedLook, Moment, Observations, Record, Rollout, Snapshot, StackEventView,
    State, assess,
};

use crate::aws::Aws;
use crate::call::{CallError, CallErrorKind, Called};
use crate::clock::Clock;
use crate::closer::Closer;
use crate::interrupt::Interrupt;
use crate::logs;
use crate::meter::Budget;
use crate::observe::{self, SeenService, StackEvent};
use crate::report::Report;
use crate::stack;

mod tell;

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
    /// Change nothing: CloudFormation and the circuit breaker decide. Leave at the deadline.
    LeaveRunning,
}

/// Why watching ended.
#[derive(Debug, Clone)]
pub enum Ended {
    /// Nothing more will happen by itself.
    Finished,
    /// The deadline passed, and the update was to be left running.
    LeftRunning,
    /// The user interrupted; the operation goes on.
    Interrupted,
    /// It neither ended nor went back within every bound.
    OutOfTime,
    /// AWS does not answer any more, or refuses to: what became of the operation is not known.
    Blind(CallError),
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
    /// When, after the failure, every service was first seen with all its tasks on the old release alone.
    pub whole_at: Option<Moment>,
    /// Everything observed, for the record.
    pub record: Record,
}

impl Watched {
    /// The state that decides: the first failure where there was one, otherwise the last state.
    #[must_use]
    pub fn decisive_state(&self) -> &State {
        self.failure.as_ref().map_or(&self.assessment.state, |(state, _)| state)
    }
}

/// Longest time without an answer once the deadline has passed, as while a rollback is followed.
const SILENCE_LIMIT_SECS: f64 = 900.0;
/// Polls that expired credentials are given: a provider may renew them.
const EXPIRED_LIMIT: u32 = 3;
/// Seconds without a new event after which the stack itself is asked for its status, and between two such questions.
const QUIET_SECS: f64 = 60.0;

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
    /// Moment of the event that says so.
    stack_status_at: Moment,
    /// When the stack's status was last heard of, by a new event or by asking.
    stack_heard_at: Moment,
    cancel_requested_at: Option<Moment>,
    whole_at: Option<Moment>,
    closer: Closer,
    budget: Budget,
    looked_closely: BTreeMap<String, DetailedLook>,
    logs_read: BTreeSet<String>,
    /// Ids of events that are of other operations.
    foreign_events: BTreeSet<String>,
    /// Calls that failed and were told of.
    unread: BTreeSet<&'static str>,
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
) -> Watched {
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
        stack_status_at: Moment::default(),
        stack_heard_at: clock.now(),
        cancel_requested_at: None,
        whole_at: None,
        closer: Closer::default(),
        budget: Budget::default(),
        looked_closely: BTreeMap::new(),
        logs_read: BTreeSet::new(),
        foreign_events: BTreeSet::new(),
        unread: BTreeSet::new(),
        printed: BTreeMap::new(),
    };
    let asking = aws.patience.ask_again();
    let watched = watcher.run(interrupt, on_failure).await;
    drop(asking);
    report.live(&[]);
    watched
}

impl Watcher<'_> {
    async fn run(&mut self, interrupt: &Interrupt, on_failure: OnFailure) -> Watched {
        let mut failure: Option<(State, Moment)> = None;
        let mut last_answer = self.clock.now();
        let mut pause = f64::from(self.cadence.poll_secs);
        let mut expired = 0;
        loop {
            let repeats = self.aws.meter.repeats();
            let answer = self.poll().await;
            let slowed = self.aws.meter.repeats() > repeats;
            match answer {
                Ok(snapshot) => {
                    (last_answer, expired) = (snapshot.at, 0);
                    self.observations.absorb(snapshot.clone());
                    self.snapshots.push(snapshot);
                    let usual = f64::from(self.cadence.poll_secs);
                    pause = if slowed { self.cadence.pause_after_silence(pause) } else { usual };
                }
                Err(error) => {
                    expired += u32::from(error.kind == CallErrorKind::Expired);
                    let may_pass = error.is_transient()
                        || (error.kind == CallErrorKind::Expired && expired < EXPIRED_LIMIT);
                    let assessment = assess(&self.rollout, &self.observations);
                    if interrupt.requested() {
                        return self.finish(Ended::Interrupted, assessment, failure);
                    }
                    if !may_pass || self.silent_too_long(last_answer, failure.is_some()) {
                        return self.finish(Ended::Blind(error), assessment, failure);
                    }
                    pause = self.cadence.pause_after_silence(pause);
                    self.print_silence(&error, pause);
                    // Nothing is decided on what is not known: neither that it failed, nor that its time is over.
                    self.sleep(pause, interrupt).await;
                    continue;
                }
            }
            let now = self.clock.now();
            let assessment = assess(&self.rollout, &self.observations);
            self.print_progress(&assessment);
            let failed = matches!(assessment.state, State::Failed { .. } | State::DeadlinePassed { .. });
            if failed && failure.is_none() {
                failure = Some((assessment.state.clone(), now));
                self.print_failure(&assessment);
            }
            if failure.is_some() {
                self.note_whole(&assessment, now);
            }
            if assessment.finished {
                return self.finish(Ended::Finished, assessment, failure);
            }
            let deadline = f64::from(assessment.deadline.secs);
            let elapsed = now.secs_since(self.rollout.started_at);
            match on_failure {
                OnFailure::Cancel if failed && self.cancel_requested_at.is_none() => {
                    self.cancel(&assessment).await;
                }
                OnFailure::LeaveRunning if elapsed >= deadline && self.goes_forward() => {
                    return self.finish(Ended::LeftRunning, assessment, failure);
                }
                OnFailure::Cancel | OnFailure::LeaveRunning => {}
            }
            if interrupt.requested() {
                return self.finish(Ended::Interrupted, assessment, failure);
            }
            if elapsed > assessment.deadline.limit_secs() {
                return self.finish(Ended::OutOfTime, assessment, failure);
            }
            self.sleep(pause, interrupt).await;
        }
    }

    /// Until the next poll, or until Ctrl-C.
    async fn sleep(&self, secs: f64, interrupt: &Interrupt) {
        tokio::select! {
            biased;
            () = self.clock.sleep(Duration::from_secs_f64(secs)) => {}
            () = interrupt.wait() => {}
        }
    }

    /// Whether nobody can wait for AWS's answer any longer: the deadline has passed, or a rollback that began in time has
    /// not been heard of for long.
    fn silent_too_long(&self, last_answer: Moment, going_back: bool) -> bool {
        let now = self.clock.now();
        if going_back {
            return now.secs_since(last_answer) > SILENCE_LIMIT_SECS;
        }
        now.secs_since(self.rollout.started_at) >= f64::from(self.rollout.deadline().secs)
    }

    fn finish(&mut self, ended: Ended, assessment: Assessment, failure: Option<(State, Moment)>) -> Watched {
        let record = Record { rollout: self.rollout.clone(), snapshots: std::mem::take(&mut self.snapshots) };
        Watched { ended, assessment, failure, whole_at: self.whole_at, record }
    }

    fn goes_forward(&self) -> bool {
        matches!(self.stack_status.as_str(), "" | "UPDATE_IN_PROGRESS" | "CREATE_IN_PROGRESS")
    }

    async fn poll(&mut self) -> Result<Snapshot, CallError> {
        let at = self.clock.now();
        self.budget.note(&self.aws.meter, at);
        let since = self.rollout.started_at;
        let known = &self.observations.stack_events;
        let seen = |id: &str| known.contains_key(&id.into());
        let (stack, token) = (&self.operation.stack_id, &self.operation.token);
        let mut events =
            observe::operation_events(self.aws, stack, token, since, seen, &mut self.foreign_events).await?;
        if !events.is_empty() {
            self.stack_heard_at = at;
        }
        events.extend(self.stack_itself(at).await);
        for event in &events {
            if event.view.is_of_stack() && event.view.at >= self.stack_status_at {
                self.stack_status.clone_from(&event.view.status);
                self.stack_status_at = event.view.at;
            }
        }
        self.print_events(&events);
        let stack_events = events.into_iter().map(|event| event.view).collect();
        let names: Vec<String> =
            self.rollout.services.iter().map(|service| service.name.to_string()).collect();
        let mut services = Vec::new();
        if !names.is_empty() {
            services = observe::services(self.aws, &self.operation.cluster, &names, since).await?;
            self.look_closely(at, since, &mut services).await;
        }
        let there = |name: &String| services.iter().any(|service| service.view.name.as_str() == name);
        let absent = names.iter().filter(|name| !there(name)).map(|name| name.as_str().into()).collect();
        let services = services.into_iter().map(|service| service.view).collect();
        Ok(Snapshot { at, cancel_requested_at: self.cancel_requested_at, stack_events, services, absent })
    }

    /// The end of our operation as the stack itself tells it, where the events have not: they may come late, or be lost.
    ///
    /// Only of an operation whose beginning was seen: before that a stack that is complete is so by the one before.
    async fn stack_itself(&mut self, at: Moment) -> Option<StackEvent> {
        if self.stack_status.is_empty() || at.secs_since(self.stack_heard_at) < QUIET_SECS {
            return None;
        }
        self.stack_heard_at = at;
        // What only confirms does not end the watch: the events are asked for again.
        let view = stack::describe(self.aws, &self.operation.stack_id).await.ok()??;
        let status = view.status.as_str();
        if status.ends_with("_IN_PROGRESS") || status == self.stack_status {
            return None;
        }
        let view = StackEventView {
            id: format!("{}#{status}", view.id).as_str().into(),
            at,
            logical_id: view.name,
            physical_id: Some(view.id),
            resource_type: "AWS::CloudFormation::Stack".to_owned(),
            status: status.to_owned(),
            reason: view.reason,
            configured: false,
        };
        Some(StackEvent { view, token: Some(self.operation.token.clone()) })
    }

    /// Looks at all services together when one of them deserves it and the calls of the minute allow it.
    async fn look_closely(&mut self, at: Moment, since: Moment, services: &mut [SeenService]) {
        let complete = self.stack_status == "UPDATE_COMPLETE";
        let due = services.iter().any(|service| {
            let before = self.looked_closely.get(service.view.name.as_str());
            self.cadence.details_due(before, &service.view, at, complete)
        });
        let cost = self.closer.cost(services, since);
        // While it may come to that, enough is left to stop every deployment and to cancel the update.
        let may_act = self.goes_forward() && self.cancel_requested_at.is_none();
        let to_act =
            if may_act { u64::try_from(services.len()).unwrap_or(u64::MAX).saturating_add(1) } else { 0 };
        let per_minute = u64::from(self.cadence.calls_per_minute).saturating_sub(to_act);
        if !due || !self.budget.allows(&self.aws.meter, at, cost, per_minute) {
            return;
        }
        let unread = self.closer.look(self.aws, &self.operation.cluster, services, since).await;
        // What did not answer is asked again at the next poll; what is refused would be refused again.
        let again = unread.iter().any(CallError::is_transient);
        self.print_unread(&unread);
        for service in services {
            let name = service.view.name.to_string();
            if !again {
                self.looked_closely.insert(name.clone(), DetailedLook::new(at, &service.view));
            }
            let Some(log_group) = self.operation.log_groups.get(&name) else { continue };
            for task in &mut service.view.tasks {
                let exited = task.containers.iter().any(|container| container.exit_code.is_some());
                let is_new = task.created_at >= since && task.last_status == "STOPPED";
                let known = self.logs_read.contains(task.arn.as_str());
                if is_new && exited && !known && self.budget.allows(&self.aws.meter, at, 1, per_minute) {
                    match logs::tail(self.aws, log_group, &name, task.arn.id()).await {
                        Ok(tail) => task.log_tail = tail,
                        Err(error) => self.print_unread(&[error]),
                    }
                    self.logs_read.insert(task.arn.to_string());
                }
            }
        }
    }

    /// Stops our service deployments, then cancels the update. Stopped with a rollback, ECS goes back to the tasks that
    /// still run; cancelled only, CloudFormation would deploy the old revision anew: new tasks, draining, baking.
    ///
    /// Only an update can be cancelled, and only while it goes forward; otherwise CloudFormation is already on its
    /// way back, or at the end.
    async fn cancel(&mut self, assessment: &Assessment) {
        if !self.goes_forward() {
            self.cancel_requested_at = Some(self.clock.now());
            return;
        }
        for service in &assessment.services {
            let Some(arn) = &service.stoppable else { continue };
            self.report.line(format!("stopping the deployment of {}", service.name));
            let call = self.aws.ecs.stop_service_deployment();
            let call = call
                .service_deployment_arn(arn.as_str())
                .stop_type(aws_sdk_ecs::types::StopServiceDeploymentStopType::Rollback);
            match call.send().await.called("ecs:StopServiceDeployment") {
                Ok(_) => {}
                // It ended in the meantime.
                Err(error) if error.is("ConflictException") => {}
                // CloudFormation puts it back all the same, with more time.
                Err(error) => self.report.warn(error.to_string()),
            }
        }
        if self.stack_status == "UPDATE_IN_PROGRESS" {
            self.report.line("cancelling the update");
            let call = self.aws.cloudformation.cancel_update_stack().stack_name(&self.operation.stack_id);
            match call.send().await.called("cloudformation:CancelUpdateStack") {
                Ok(_) => {}
                // It went back or ended in the meantime: the next poll says which.
                Err(error) if error.kind == CallErrorKind::Service => {}
                // Tried again at the next poll.
                Err(error) if error.is_transient() => {
                    self.report.line(format!("could not cancel yet ({error})"));
                    return;
                }
                Err(error) => self.report.warn(format!(
                    "could not cancel ({error}): CloudFormation and the circuit breaker have to end it"
                )),
            }
        }
        self.cancel_requested_at = Some(self.clock.now());
    }

    fn note_whole(&mut self, assessment: &Assessment, now: Moment) {
        let whole = assessment.services.iter().all(|service| service.whole);
        if !whole || assessment.services.is_empty() {
            self.whole_at = None;
        } else if self.whole_at.is_none() {
            self.whole_at = Some(now);
            self.report.line("every service runs the old release alone, with all its tasks");
        }
    }
}
