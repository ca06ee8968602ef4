//! Watches a rollout as the tool does, poll by poll, and acts as it acts; or only waits for the stack.

use std::time::Duration;

use rollout_sim::cfn::{self, api::CancelUpdateStackInput};
use rollout_sim::ecs::{self, StopServiceDeploymentInput};
use rollout_sim::{ApiError, SimTime, World};
use rollout_verdict::{Assessment, Cadence, Observations, Rollout, Snapshot, StackOutcome, State, assess};

use crate::Watcher;
use crate::observe::{Eye, moment};
use crate::play::Play;
use crate::probe::Probe;
use crate::stage::Stage;

/// Longest that a rollout is followed without the tool: CloudFormation gives up on a service after three hours, and a
/// rollback may take as long again. With a bake time it gives up after 36 hours (docs/fact-sheet.md), which nobody waits
/// for: what takes longer than this is shown as longer.
const LONGEST_SECS: f64 = 7.0 * 3600.0;
/// Seconds between two looks of a pipeline that waits for the stack: the delay of the waiter StackUpdateComplete
/// (botocore).
const WAITER_SECS: f64 = 30.0;

/// What was watched.
pub(crate) struct Watch {
    /// The first assessment that was a failure and known to the watcher, with its moment and the API calls until then.
    pub(crate) verdict: Option<(State, SimTime, u32)>,
    pub(crate) cancelled_at: Option<SimTime>,
    pub(crate) ended_at: Option<SimTime>,
    pub(crate) observations: Observations,
    pub(crate) snapshots: Vec<Snapshot>,
    pub(crate) assessment: Assessment,
}

impl Watch {
    /// Absorbs what a poll saw; it is kept only where somebody wants the record.
    fn absorb(&mut self, snapshot: Snapshot, detailed: bool) {
        if detailed {
            self.snapshots.push(snapshot.clone());
        }
        self.observations.absorb(snapshot);
    }
}

/// Follows the rollout to its end, or until nobody would watch any longer. No call is answered before `silent_until`.
pub(crate) fn watch(
    stage: &Stage,
    world: &mut World,
    probe: &mut Probe<'_>,
    rollout: &Rollout,
    play: &Play<'_>,
    silent_until: SimTime,
) -> Result<Watch, ApiError> {
    let start = world.now();
    let cadence = Cadence::default();
    let poll_secs = match play.watcher {
        Watcher::Tool => f64::from(cadence.poll_secs),
        Watcher::Nobody => WAITER_SECS,
    };
    let mut pause = poll_secs;
    let mut eye = Eye::new(stage, moment(start));
    let mut watch = Watch {
        verdict: None,
        cancelled_at: None,
        ended_at: None,
        observations: Observations::default(),
        snapshots: Vec::new(),
        assessment: assess(rollout, &Observations::default()),
    };
    loop {
        if world.now() < silent_until {
            pause = cadence.pause_after_silence(pause);
        } else {
            pause = poll_secs;
            let snapshot = eye.look(world, watch.cancelled_at.map(moment))?;
            watch.absorb(snapshot, play.detailed);
            // Whoever only waits for the stack judges at its end.
            if play.watcher == Watcher::Tool || eye.stack_ended() {
                watch.assessment = assess(rollout, &watch.observations);
            }
        }
        let failed = matches!(watch.assessment.state, State::Failed { .. } | State::DeadlinePassed { .. });
        // Nobody knows more than that the stack operation has ended, and how.
        let ended_badly = watch.assessment.stack.is_some_and(|outcome| outcome != StackOutcome::Complete);
        let knows = play.watcher == Watcher::Tool || ended_badly;
        if failed && knows && watch.verdict.is_none() {
            watch.verdict = Some((watch.assessment.state.clone(), world.now(), eye.calls));
        }
        let ended = match play.watcher {
            Watcher::Tool => watch.assessment.finished,
            Watcher::Nobody => watch.assessment.stack.is_some(),
        };
        if ended {
            watch.ended_at = Some(world.now());
            return Ok(watch);
        }
        if failed && play.watcher == Watcher::Tool && watch.cancelled_at.is_none() {
            watch.cancelled_at = Some(world.now());
            cancel(stage, world, &mut eye, &watch.assessment);
        }
        let limit = match play.watcher {
            Watcher::Tool => watch.assessment.deadline.limit_secs(),
            Watcher::Nobody => LONGEST_SECS,
        };
        if world.now().since(start).as_secs_f64() > limit {
            watch.assessment = assess(rollout, &watch.observations);
            return Ok(watch);
        }
        probe.advance(world, world.now() + Duration::from_secs_f64(pause))?;
    }
}

/// Stops the service deployments, which ECS then rolls back to the tasks that still run, and cancels the update; both
/// only while the stack goes forward, otherwise CloudFormation is on its way back already, or at the end.
fn cancel(stage: &Stage, world: &mut World, eye: &mut Eye<'_>, assessment: &Assessment) {
    if !matches!(eye.stack_status.as_str(), "" | "UPDATE_IN_PROGRESS" | "CREATE_IN_PROGRESS") {
        return;
    }
    for arn in assessment.services.iter().filter_map(|service| service.stoppable.as_ref()) {
        let input = StopServiceDeploymentInput {
            service_deployment_arn: arn.as_str().to_owned(),
            stop_type: Some("ROLLBACK".to_owned()),
        };
        eye.calls += 1;
        // Refused where it ended in the meantime.
        let _ = ecs::stop_service_deployment(world, input);
    }
    if eye.stack_status == "UPDATE_IN_PROGRESS" {
        let input = CancelUpdateStackInput { stack_name: stage.stack_name.clone(), ..Default::default() };
        eye.calls += 1;
        // Refused where the stack went back by itself in the meantime: the next poll says so.
        let _ = cfn::cancel_update_stack(world, &input);
    }
}
