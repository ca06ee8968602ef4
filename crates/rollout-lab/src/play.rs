//! Plays a rollout: starts the update, watches it, acts as the tool acts, and follows it to its end.

use std::time::Duration;

use rollout_sim::cfn::{self, api::CancelUpdateStackInput, api::UpdateStackInput};
use rollout_sim::fault::ActiveFault;
use rollout_sim::params::Params;
use rollout_sim::{SimTime, World};
use rollout_verdict::{
    Assessment, Cadence, Cause, Observations, Record, Rollback, Rollout, Snapshot, StackOutcome, State,
    assess,
};
use serde::{Deserialize, Serialize};

use crate::expected::rollout;
use crate::figures::{Ending, Figures};
use crate::observe::{Eye, moment};
use crate::probe::Probe;
use crate::stage::Stage;
use crate::{LabError, Lane, Track, Watcher};

/// Longest that a rollout is followed: CloudFormation gives up on a service after three hours (aws-facts section 5),
/// and a rollback may take as long again.
const LONGEST: Duration = Duration::from_secs(7 * 3600);
/// How long a service may take to be whole again after the stack operation has ended.
const AFTERMATH: Duration = Duration::from_secs(1800);

/// Something that happened, for people to read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// Seconds from the start of the rollout.
    pub secs: f64,
    /// Who says so: `stack`, `tool` or a service.
    pub source: String,
    /// What.
    pub text: String,
}

/// A simulated rollout.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The figures.
    pub figures: Figures,
    /// What happened, oldest first.
    pub timeline: Vec<TimelineEntry>,
    /// Tasks over time; empty unless asked for.
    pub lanes: Vec<Lane>,
    /// Counts over time; empty unless asked for.
    pub tracks: Vec<Track>,
    /// Everything that the polls saw, to be judged again.
    pub record: Record,
    /// The last assessment.
    pub assessment: Assessment,
}

struct Watch {
    /// The first assessment that was not progressing, with its moment.
    verdict: Option<(State, SimTime, u32)>,
    cancelled_at: Option<SimTime>,
    ended_at: Option<SimTime>,
    observations: Observations,
    snapshots: Vec<Snapshot>,
    assessment: Assessment,
}

impl Stage {
    /// Plays the rollout from this stage, with other numbers than the typical ones where `params` says so.
    ///
    /// # Errors
    /// [`LabError::Api`] where the simulated AWS refuses a step.
    pub fn play(
        &self,
        watcher: Watcher,
        params: Option<Params>,
        with_lanes: bool,
    ) -> Result<Outcome, LabError> {
        let mut world = self.world.clone();
        if let Some(params) = params {
            world.params = params;
        }
        let start = world.now();
        let rollout = rollout(self, &world)?;
        world
            .faults
            .extend(self.case.faults.iter().map(|fault| ActiveFault { fault: fault.clone(), since: start }));
        let mut probe =
            Probe::new(self, &world, with_lanes).map_err(LabError::api("look at the services"))?;
        let input = UpdateStackInput {
            stack_name: self.stack_name.clone(),
            template_body: Some(self.template.clone()),
            parameters: self.parameters.clone(),
            capabilities: vec!["CAPABILITY_NAMED_IAM".to_owned()],
            client_request_token: Some("simulated".to_owned()),
            ..UpdateStackInput::default()
        };
        cfn::update_stack(&mut world, input).map_err(LabError::api("update the stack"))?;
        let watch = self
            .watch(&mut world, &mut probe, &rollout, watcher)
            .map_err(LabError::api("watch the rollout"))?;
        let whole_at = aftermath(&mut world, &mut probe, watch.ended_at)
            .map_err(LabError::api("watch what comes after the rollout"))?;
        Ok(self.outcome(start, rollout, watch, watcher, probe, whole_at))
    }

    fn watch(
        &self,
        world: &mut World,
        probe: &mut Probe<'_>,
        rollout: &Rollout,
        watcher: Watcher,
    ) -> Result<Watch, rollout_sim::ApiError> {
        let start = world.now();
        let pause = Duration::from_secs(u64::from(Cadence::default().poll_secs));
        let mut eye = Eye::new(self, moment(start));
        let mut watch = Watch {
            verdict: None,
            cancelled_at: None,
            ended_at: None,
            observations: Observations::default(),
            snapshots: Vec::new(),
            assessment: assess(rollout, &Observations::default()),
        };
        while world.now().since(start) < LONGEST {
            let snapshot = eye.look(world, watch.cancelled_at.map(moment))?;
            watch.observations.absorb(snapshot.clone());
            watch.snapshots.push(snapshot);
            watch.assessment = assess(rollout, &watch.observations);
            let failed =
                matches!(watch.assessment.state, State::Failed { .. } | State::DeadlinePassed { .. });
            // Nobody knows more than that the stack operation has ended.
            let knows = watcher == Watcher::Tool || watch.assessment.stack.is_some();
            if failed && knows && watch.verdict.is_none() {
                watch.verdict = Some((watch.assessment.state.clone(), world.now(), eye.calls));
            }
            let ended = match watcher {
                Watcher::Tool => watch.assessment.finished,
                Watcher::Nobody => watch.assessment.stack.is_some(),
            };
            if ended {
                watch.ended_at = Some(world.now());
                break;
            }
            if failed && watcher == Watcher::Tool && watch.cancelled_at.is_none() {
                watch.cancelled_at = Some(world.now());
                if matches!(watch.assessment.rollback, Rollback::None)
                    || !watch
                        .observations
                        .stack_events
                        .values()
                        .any(|event| event.status.contains("ROLLBACK"))
                {
                    let input =
                        CancelUpdateStackInput { stack_name: self.stack_name.clone(), ..Default::default() };
                    // Refused where the stack went back by itself in the meantime: the next poll says so.
                    let _ = cfn::cancel_update_stack(world, &input);
                }
            }
            probe.advance(world, world.now() + pause)?;
        }
        Ok(watch)
    }

    fn outcome(
        &self,
        start: SimTime,
        rollout: Rollout,
        watch: Watch,
        watcher: Watcher,
        probe: Probe<'_>,
        whole_at: Option<SimTime>,
    ) -> Outcome {
        let secs = |at: SimTime| at.since(start).as_secs_f64();
        let cause = cause(&watch);
        let assessment = &watch.assessment;
        let first_failure = assessment.first_failure_at.map(|at| at.secs_since(moment(start)));
        let verdict_secs = watch.verdict.as_ref().map(|(_, at, _)| secs(*at));
        let calls_per_minute = watch.verdict.as_ref().map_or(0.0, |(_, at, calls)| {
            let minutes = (secs(*at) / 60.0).max(1.0);
            f64::from(*calls) / minutes
        });
        let figures = Figures {
            ending: ending(&watch),
            cause: cause.as_ref().map(|cause| cause.kind.code().to_owned()),
            detail: cause.map(|cause| cause.to_string()),
            first_failure_secs: first_failure,
            breaker_trip_secs: breaker_trip(&watch.observations, start),
            verdict_secs,
            deadline_secs: assessment.deadline.secs,
            whole_secs: whole_at.map(secs),
            lowest: probe.lowest(),
            failed_request_secs: probe.failed_request_secs(),
            calls_per_minute,
        };
        let timeline = timeline(&watch, watcher, start);
        let (lanes, tracks) = probe.into_recorder().map(crate::lanes::Recorder::finish).unwrap_or_default();
        let record = Record { rollout, snapshots: watch.snapshots };
        Outcome { figures, timeline, lanes, tracks, record, assessment: watch.assessment }
    }
}

/// Lets time pass until every service has all its tasks again, or until it is clear that this does not happen.
/// Says when it was so: the operation over and every service whole.
fn aftermath(
    world: &mut World,
    probe: &mut Probe<'_>,
    ended_at: Option<SimTime>,
) -> Result<Option<SimTime>, rollout_sim::ApiError> {
    let Some(ended_at) = ended_at else { return Ok(None) };
    let until = world.now() + AFTERMATH;
    while probe.whole_since().is_none() && world.now() < until {
        let next =
            world.next_event_at().unwrap_or(until).max(world.now() + Duration::from_secs(1)).min(until);
        probe.advance(world, next)?;
    }
    Ok(probe.whole_since().map(|since| since.max(ended_at)))
}

fn ending(watch: &Watch) -> Ending {
    match (&watch.assessment.state, watch.assessment.stack) {
        (State::Succeeded, _) => Ending::Succeeded,
        (_, Some(StackOutcome::RolledBack)) => Ending::RolledBack,
        (_, Some(_)) => Ending::NeedsHuman,
        (_, None) => Ending::StillRunning,
    }
}

fn cause(watch: &Watch) -> Option<Cause> {
    let first = watch.verdict.as_ref().map(|(state, _, _)| state);
    match first.unwrap_or(&watch.assessment.state) {
        State::Failed { cause, .. } | State::DeadlinePassed { cause } => Some(cause.clone()),
        _ => None,
    }
}

/// When ECS failed a deployment of the rollout.
fn breaker_trip(observations: &Observations, start: SimTime) -> Option<f64> {
    let events = observations.services.values().flat_map(|service| service.events.values());
    let failed = events.filter(|event| event.message.contains("deployment failed"));
    failed.map(|event| event.at).min().map(|at| at.secs_since(moment(start)))
}

/// Events of the stack and of the services, and what the tool said and did.
fn timeline(watch: &Watch, watcher: Watcher, start: SimTime) -> Vec<TimelineEntry> {
    let mut entries = Vec::new();
    let entry =
        |secs: f64, source: &str, text: String| TimelineEntry { secs, source: source.to_owned(), text };
    for event in watch.observations.stack_events.values() {
        let failed = event.status.ends_with("_FAILED");
        if failed || event.resource_type == "AWS::CloudFormation::Stack" {
            let reason = event.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            let what = format!("{} {}{reason}", event.logical_id, event.status);
            entries.push(entry(event.at.secs_since(moment(start)), "stack", what));
        }
    }
    for (name, service) in &watch.observations.services {
        let prefix = format!("(service {name}) ");
        for event in service.events.values() {
            let text = event.message.strip_prefix(&prefix).unwrap_or(&event.message);
            let text = text.strip_prefix(&format!("(service {name}, ")).map_or(text, |rest| rest);
            entries.push(entry(event.at.secs_since(moment(start)), name.as_str(), text.to_owned()));
        }
    }
    let secs = |at: SimTime| at.since(start).as_secs_f64();
    if let Some((state, at, _)) = &watch.verdict {
        let text = match state {
            State::Failed { cause, .. } => format!("failed: {cause}"),
            State::DeadlinePassed { cause } => format!("deadline passed: {cause}"),
            _ => String::new(),
        };
        let source = if watcher == Watcher::Tool { "tool" } else { "pipeline" };
        entries.push(entry(secs(*at), source, text));
    }
    if let Some(at) = watch.cancelled_at {
        entries.push(entry(secs(at), "tool", "cancels the update".to_owned()));
    }
    entries.sort_by(|one, other| one.secs.total_cmp(&other.secs));
    entries
}
