//! Plays a rollout: breaks something, starts the update, watches it, and follows it to its end.

use std::time::Duration;

use rollout_sim::cfn::{self, api::ExecuteChangeSetInput};
use rollout_sim::fault::{API_OUTAGE, ActiveFault, Fault, FaultKind};
use rollout_sim::params::Params;
use rollout_sim::{ApiError, SimTime, World};
use rollout_verdict::{Assessment, Cause, Observations, Record, Rollout, StackOutcome, State, assess};

use crate::back::{Back, put_back};
use crate::expected::rollout;
use crate::figures::{Ending, Figures};
use crate::observe::moment;
use crate::pipeline::{self, TaskTrouble};
use crate::probe::Probe;
use crate::stage::{CHANGE_SET, Stage};
use crate::timeline::{TimelineEntry, timeline, voice};
use crate::watch::{Watch, watch};
use crate::{LabError, Lane, Track, Watcher, case, guard};

/// How long a service may take to be whole again after the stack operation has ended.
const AFTERMATH: Duration = Duration::from_secs(1800);

/// How a rollout is played.
#[derive(Debug, Clone)]
pub struct Play<'a> {
    /// Who watches.
    pub watcher: Watcher,
    /// What is broken, from the start of the rollout on; a migration's faults from before it.
    pub faults: &'a [Fault],
    /// Other numbers than the typical ones.
    pub params: Option<Params>,
    /// Milliseconds within the minute at which the rollout starts; `None` is whenever the stage is ready. Load
    /// balancers report their metrics by the minute, so alarms depend on it.
    pub starts_at_millis: Option<u64>,
    /// Whether the tool's guards look at the change first.
    pub guards: bool,
    /// Whether to keep the timeline, lanes and the record: not for thousands of plays.
    pub detailed: bool,
}

impl<'a> Play<'a> {
    /// A play with the typical numbers, in detail.
    #[must_use]
    pub const fn new(watcher: Watcher, faults: &'a [Fault]) -> Self {
        Self { watcher, faults, params: None, starts_at_millis: None, guards: false, detailed: true }
    }
}

/// A simulated rollout.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The figures.
    pub figures: Figures,
    /// What happened, oldest first; empty unless played in detail, as the rest.
    pub timeline: Vec<TimelineEntry>,
    /// Tasks over time.
    pub lanes: Vec<Lane>,
    /// Counts over time.
    pub tracks: Vec<Track>,
    /// Everything that the polls saw, to be judged again.
    pub record: Record,
    /// What they saw of the update that put the old release back, where the stack was complete and the services did not
    /// live.
    pub back: Option<Record>,
    /// The last assessment.
    pub assessment: Assessment,
    /// Faults that had nothing to break.
    pub missed: Vec<Fault>,
}

impl Stage {
    /// Plays the rollout from this stage.
    ///
    /// # Errors
    /// [`LabError::Api`] where the simulated AWS refuses a step.
    pub fn play(&self, play: &Play<'_>) -> Result<Outcome, LabError> {
        let mut world = self.world.clone();
        world.params = self.case.params(play.params.clone().unwrap_or_default())?;
        if let Some(millis) = play.starts_at_millis {
            let wait = (millis % 60_000 + 60_000 - world.now().as_millis() % 60_000) % 60_000;
            world.advance_by(Duration::from_millis(wait));
        }
        let start = world.now();
        let rollout = rollout(self, &world, &self.rolling)?;
        if let Some((cause, reason)) = self.refusal(play) {
            return Ok(refused(rollout, play, cause, &reason));
        }
        // What breaks a migration breaks the task definition that is there; what breaks services breaks those to come.
        let since =
            |fault: &Fault| if case::is_of_migration(fault.kind) { SimTime::from_millis(0) } else { start };
        let active = play.faults.iter().map(|fault| ActiveFault::new(fault.clone(), since(fault)));
        world.faults.extend(active);
        let mut probe =
            Probe::new(self, &world, play.detailed).map_err(LabError::api("look at the services"))?;
        // Elsewhere the migration is only time before the rollout.
        if play.faults.iter().any(|fault| case::is_of_migration(fault.kind)) {
            let trouble = pipeline::migrate(self, &mut world, &mut probe);
            if let Some(trouble) = trouble.map_err(LabError::api("run the migration"))? {
                return Ok(task_failed(&world, start, rollout, play, probe, &trouble));
            }
        }
        execute(self, &mut world, CHANGE_SET)?;
        let outage = play.faults.iter().any(|fault| fault.kind == FaultKind::ApiOutage);
        let silent_until = if outage { world.now() + API_OUTAGE } else { start };
        let watch = watch(self, &mut world, &mut probe, &rollout, play, silent_until)
            .map_err(LabError::api("watch the rollout"))?;
        let back = match play.watcher {
            Watcher::Tool => put_back(self, &mut world, &mut probe, &watch, play, silent_until)?,
            Watcher::Nobody => None,
        };
        let mut health = None;
        if play.watcher == Watcher::Tool && watch.assessment.state == State::Succeeded {
            let asked_at = world.now();
            let trouble = pipeline::health(self, &mut world, &mut probe);
            let trouble = trouble.map_err(LabError::api("ask the services"))?;
            health = trouble.map(|detail| (asked_at, world.now(), detail));
        }
        let ended_at = back.as_ref().map_or(watch.ended_at, |back| back.watch.ended_at);
        let whole_at = aftermath(&mut world, &mut probe, ended_at)
            .map_err(LabError::api("watch what comes after the rollout"))?;
        let mut outcome = outcome(start, rollout, watch, back, play, probe, whole_at);
        // Faults of the API are the watcher's here, not the simulated account's.
        let missed = world.faults.iter().filter(|active| !active.hit && !case::is_of_api(active.fault.kind));
        outcome.missed = missed.map(|active| active.fault.clone()).collect();
        if let Some((asked_at, known_at, detail)) = health {
            unhealthy(&mut outcome, asked_at.since(start), known_at.since(start), detail);
        }
        Ok(outcome)
    }

    /// Kind of the cause and its words, where nothing is touched at all.
    fn refusal(&self, play: &Play<'_>) -> Option<(&'static str, String)> {
        if play.faults.iter().any(|fault| fault.kind == FaultKind::AccessDenied) {
            return Some(("access_denied", "every call is denied, the first one already".to_owned()));
        }
        let reason = guard::refusal(&self.case).filter(|_| play.guards)?;
        Some(("guard", reason))
    }
}

/// Starts an update.
pub(crate) fn execute(stage: &Stage, world: &mut World, change_set: &str) -> Result<(), LabError> {
    let input = ExecuteChangeSetInput {
        change_set_name: change_set.to_owned(),
        stack_name: Some(stage.stack_name.clone()),
        client_request_token: Some("simulated".to_owned()),
        ..ExecuteChangeSetInput::default()
    };
    cfn::execute_change_set(world, input).map(drop).map_err(LabError::api("execute the change set"))
}

/// Nothing was touched.
fn refused(rollout: Rollout, play: &Play<'_>, cause: &str, reason: &str) -> Outcome {
    let assessment = assess(&rollout, &Observations::default());
    let figures = Figures {
        ending: Ending::Refused,
        cause: Some(cause.to_owned()),
        detail: Some(reason.to_owned()),
        first_failure_secs: Some(0.0),
        breaker_trip_secs: None,
        verdict_secs: Some(0.0),
        rollback_secs: None,
        deadline_secs: assessment.deadline.secs,
        whole_secs: Some(0.0),
        followed_secs: 0.0,
        lowest: None,
        failed_request_secs: 0.0,
        calls_per_minute: 0.0,
    };
    let entry = TimelineEntry::new(0.0, voice(play.watcher), format!("refused: {reason}"));
    let record = Record { rollout, snapshots: Vec::new() };
    Outcome {
        figures,
        timeline: vec![entry],
        lanes: Vec::new(),
        tracks: Vec::new(),
        record,
        back: None,
        assessment,
        missed: Vec::new(),
    }
}

/// The services were not touched.
fn task_failed(
    world: &World,
    start: SimTime,
    rollout: Rollout,
    play: &Play<'_>,
    probe: Probe<'_>,
    trouble: &TaskTrouble,
) -> Outcome {
    let secs = world.now().since(start).as_secs_f64();
    let seen_secs = trouble.seen_at.since(start).as_secs_f64();
    let assessment = assess(&rollout, &Observations::default());
    let figures = Figures {
        ending: Ending::TaskFailed,
        cause: Some("task_failed".to_owned()),
        detail: Some(trouble.detail.clone()),
        first_failure_secs: Some(seen_secs),
        breaker_trip_secs: None,
        verdict_secs: Some(secs),
        rollback_secs: None,
        deadline_secs: assessment.deadline.secs,
        whole_secs: probe.whole_since().map(|since| since.since(start).as_secs_f64().max(secs)),
        followed_secs: probe.until().since(start).as_secs_f64(),
        lowest: probe.lowest(),
        failed_request_secs: probe.failed_request_secs(),
        calls_per_minute: 0.0,
    };
    let timeline = vec![
        TimelineEntry::new(0.0, voice(play.watcher), "runs the migration"),
        TimelineEntry::new(
            secs,
            voice(play.watcher),
            format!("failed: {}; services untouched", trouble.detail),
        ),
    ];
    let (lanes, tracks) = probe.into_recorder().map(crate::lanes::Recorder::finish).unwrap_or_default();
    let record = Record { rollout, snapshots: Vec::new() };
    Outcome { figures, timeline, lanes, tracks, record, back: None, assessment, missed: Vec::new() }
}

/// Rolled out, and the health check failed.
fn unhealthy(outcome: &mut Outcome, asked: Duration, known: Duration, detail: String) {
    let known_secs = known.as_secs_f64();
    let entry = TimelineEntry::new(known_secs, "tool", format!("unhealthy: {detail}"));
    outcome.timeline.push(entry);
    let figures = &mut outcome.figures;
    figures.ending = Ending::Unhealthy;
    figures.cause = Some("unhealthy".to_owned());
    figures.detail = Some(detail);
    figures.first_failure_secs = Some(asked.as_secs_f64());
    figures.verdict_secs = Some(known_secs);
}

fn outcome(
    start: SimTime,
    rollout: Rollout,
    watch: Watch,
    back: Option<Back>,
    play: &Play<'_>,
    probe: Probe<'_>,
    whole_at: Option<SimTime>,
) -> Outcome {
    let secs = |at: SimTime| at.since(start).as_secs_f64();
    let cause = cause(&watch);
    let verdict_secs = watch.verdict.as_ref().map(|(_, at, _)| secs(*at));
    let calls_per_minute = watch.verdict.as_ref().map_or(0.0, |(_, at, calls)| {
        let minutes = (secs(*at) / 60.0).max(1.0);
        f64::from(*calls) / minutes
    });
    let figures = Figures {
        ending: back.as_ref().map_or_else(|| ending(&watch, play.watcher), Back::ending),
        cause: cause.as_ref().map(|cause| cause.kind.code().to_owned()),
        detail: cause.map(|cause| cause.to_string()),
        first_failure_secs: watch.assessment.first_failure_at.map(|at| at.secs_since(moment(start))),
        breaker_trip_secs: breaker_trip(&watch.observations, start),
        verdict_secs,
        rollback_secs: match &back {
            Some(back) => Some(secs(back.started_at)),
            None => rollback_start(&watch.observations, start),
        },
        deadline_secs: watch.assessment.deadline.secs,
        whole_secs: whole_at.map(secs),
        followed_secs: secs(probe.until()),
        lowest: probe.lowest(),
        failed_request_secs: probe.failed_request_secs(),
        calls_per_minute,
    };
    let timeline =
        if play.detailed { timeline(&watch, back.as_ref(), play.watcher, start) } else { Vec::new() };
    let (lanes, tracks) = probe.into_recorder().map(crate::lanes::Recorder::finish).unwrap_or_default();
    let record = Record { rollout, snapshots: watch.snapshots };
    let back = back.map(|back| Record { rollout: back.rollout, snapshots: back.watch.snapshots });
    let (assessment, missed) = (watch.assessment, Vec::new());
    Outcome { figures, timeline, lanes, tracks, record, back, assessment, missed }
}

/// Lets time pass until every service has all its tasks again, or until it is clear that this does not happen.
/// Says when it was so: the operation over and every service whole.
fn aftermath(
    world: &mut World,
    probe: &mut Probe<'_>,
    ended_at: Option<SimTime>,
) -> Result<Option<SimTime>, ApiError> {
    let Some(ended_at) = ended_at else { return Ok(None) };
    let until = world.now() + AFTERMATH;
    while probe.whole_since().is_none() && world.now() < until {
        let next =
            world.next_event_at().unwrap_or(until).max(world.now() + Duration::from_secs(1)).min(until);
        probe.advance(world, next)?;
    }
    Ok(probe.whole_since().map(|since| since.max(ended_at)))
}

fn ending(watch: &Watch, watcher: Watcher) -> Ending {
    match (&watch.assessment.state, watch.assessment.stack, watcher) {
        (State::Succeeded, _, _) => Ending::Succeeded,
        // Whoever only waits for the stack takes its word.
        (_, Some(StackOutcome::Complete), Watcher::Nobody) => Ending::Succeeded,
        (_, Some(StackOutcome::RolledBack), _) => Ending::RolledBack,
        (_, Some(_), _) => Ending::NeedsHuman,
        // The tool has left, and said so.
        (_, None, Watcher::Tool) => Ending::NeedsHuman,
        (_, None, Watcher::Nobody) => Ending::StillRunning,
    }
}

fn cause(watch: &Watch) -> Option<Cause> {
    let first = watch.verdict.as_ref().map(|(state, _, _)| state);
    match first.unwrap_or(&watch.assessment.state) {
        State::Failed { cause, .. } | State::DeadlinePassed { cause } => Some(cause.clone()),
        _ => None,
    }
}

/// When ECS failed a deployment of the rollout by itself; one that the tool stops fails too, in nearly the same words.
fn breaker_trip(observations: &Observations, start: SimTime) -> Option<f64> {
    let events = observations.services.values().flat_map(|service| service.events.values());
    let failed = events.filter(|event| {
        event.message.contains("deployment failed") && !event.message.contains("stopped by user")
    });
    failed.map(|event| event.at).min().map(|at| at.secs_since(moment(start)))
}

/// When CloudFormation began to put everything back.
fn rollback_start(observations: &Observations, start: SimTime) -> Option<f64> {
    let back = observations
        .stack_events
        .values()
        .filter(|event| event.is_of_stack() && event.status == "UPDATE_ROLLBACK_IN_PROGRESS");
    back.map(|event| event.at).min().map(|at| at.secs_since(moment(start)))
}
