//! Lanes: what state each task was in, and what was counted above them.

use std::collections::BTreeMap;

use rollout_sim::{ApiError, SimTime, World};
use rollout_verdict::{TargetView, TaskView};
use serde::{Deserialize, Serialize};

use crate::observe::{light, moment, targets, tasks};
use crate::stage::Stage;

/// State of a task, as far as a picture tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneState {
    /// PROVISIONING, PENDING, ACTIVATING.
    Starting,
    /// RUNNING, and its checks have not passed yet.
    Unproven,
    /// RUNNING, and every check passes.
    Healthy,
    /// RUNNING, and a check fails.
    Unhealthy,
    /// Deregistered: gets no new requests.
    Draining,
    /// STOPPING, DEPROVISIONING.
    Stopping,
}

/// A stretch of time in one state, in seconds from the start of the rollout.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// State.
    pub state: LaneState,
    /// From.
    pub from_secs: f64,
    /// Until.
    pub until_secs: f64,
}

/// One task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Lane {
    /// Service.
    pub service: String,
    /// First characters of the task's id.
    pub task: String,
    /// `FAMILY:REVISION`
    pub revision: String,
    /// Whether it is of the revision that was rolled out.
    pub new_revision: bool,
    /// States, one after the other.
    pub spans: Vec<Span>,
    /// How it ended: exit code or reason, where it failed.
    pub end: Option<String>,
}

/// Counts of one service over time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Track {
    /// Service.
    pub service: String,
    /// Desired count.
    pub desired: u32,
    /// Failures at which the breaker trips; 0 without one.
    pub threshold: u32,
    /// Seconds, healthy tasks and breaker count whenever one of them changed.
    pub points: Vec<(f64, u32, u32)>,
    /// Seconds of the last look: the last point lasts until then.
    pub until_secs: f64,
}

/// Records lanes and tracks.
#[derive(Debug)]
pub(crate) struct Recorder<'a> {
    stage: &'a Stage,
    start: SimTime,
    old: BTreeMap<String, String>,
    lanes: BTreeMap<(usize, String), Lane>,
    tracks: Vec<Track>,
}

impl<'a> Recorder<'a> {
    /// Before the rollout starts: what is there now is the old revision.
    pub(crate) fn new(stage: &'a Stage, world: &World) -> Result<Self, ApiError> {
        let tracks = stage.services.iter().map(|service| Track {
            service: service.name.clone(),
            desired: service.desired_count,
            threshold: stage.breaker_threshold(),
            points: Vec::new(),
            until_secs: 0.0,
        });
        let seen = light(world, stage, moment(world.now()))?;
        let old = seen.into_iter().map(|seen| (seen.view.name.to_string(), seen.task_definition));
        let mut recorder = Self {
            stage,
            start: world.now(),
            old: old.collect(),
            lanes: BTreeMap::new(),
            tracks: tracks.collect(),
        };
        recorder.look(world)?;
        Ok(recorder)
    }

    pub(crate) fn look(&mut self, world: &World) -> Result<(), ApiError> {
        let secs = world.now().since(self.start).as_secs_f64();
        for (index, seen) in light(world, self.stage, moment(world.now()))?.into_iter().enumerate() {
            let name = seen.view.name.to_string();
            let old = self.old.get(&name).cloned().unwrap_or_default();
            let mut healthy = 0;
            let mut checked: Vec<TargetView> = Vec::new();
            for target_group in &seen.target_groups {
                checked.extend(targets(world, target_group)?);
            }
            for task in tasks(world, &self.stage.cluster, &name)? {
                let state = state(&task, &checked, seen.target_groups.is_empty());
                healthy += u32::from(state == Some(LaneState::Healthy));
                self.extend(index, &name, &old, &task, state, secs);
            }
            let ours =
                seen.view.deployments.iter().find(|deployment| deployment.task_definition.as_str() != old);
            let count = ours.map_or(0, |ours| ours.failed_tasks);
            let Some(track) = self.tracks.iter_mut().find(|track| track.service == name) else { continue };
            track.until_secs = secs;
            if track.points.last().is_none_or(|&(_, was, counted)| (was, counted) != (healthy, count)) {
                track.points.push((secs, healthy, count));
            }
        }
        Ok(())
    }

    fn extend(
        &mut self,
        index: usize,
        service: &str,
        old: &str,
        task: &TaskView,
        state: Option<LaneState>,
        secs: f64,
    ) {
        // Tasks that were gone before the rollout are none of its business.
        if state.is_none() && !self.lanes.contains_key(&(index, key(task))) {
            return;
        }
        let lane = self.lanes.entry((index, key(task))).or_insert_with(|| Lane {
            service: service.to_owned(),
            task: task.arn.id().chars().take(8).collect(),
            revision: task.task_definition.short().to_owned(),
            new_revision: task.task_definition.as_str() != old,
            spans: Vec::new(),
            end: None,
        });
        if let Some(last) = lane.spans.last_mut()
            && lane.end.is_none()
        {
            last.until_secs = secs;
        }
        match state {
            Some(state) if lane.spans.last().is_none_or(|last| last.state != state) => {
                lane.spans.push(Span { state, from_secs: secs, until_secs: secs });
            }
            None if lane.end.is_none() => lane.end = Some(end(task)),
            _ => {}
        }
    }

    pub(crate) fn finish(self) -> (Vec<Lane>, Vec<Track>) {
        (self.lanes.into_values().collect(), self.tracks)
    }
}

/// Lanes come in the order in which the tasks were started.
fn key(task: &TaskView) -> String {
    format!("{:016} {}", task.created_at.as_millis(), task.arn.id())
}

fn end(task: &TaskView) -> String {
    let code = task.containers.iter().find_map(|container| container.exit_code);
    match (task.stop_code.as_deref(), code) {
        (Some("EssentialContainerExited"), Some(code)) => format!("exit code {code}"),
        // Where it failed is in the lane's own row.
        _ => task
            .stopped_reason
            .as_deref()
            .unwrap_or_default()
            .split(" in (")
            .next()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// State of a task; `None` once it has stopped.
fn state(task: &TaskView, targets: &[TargetView], internal: bool) -> Option<LaneState> {
    let target = targets.iter().find(|target| Some(&target.id) == task.address.as_ref());
    Some(match task.last_status.as_str() {
        "STOPPED" => return None,
        "PROVISIONING" | "PENDING" | "ACTIVATING" => LaneState::Starting,
        "DEACTIVATING" => LaneState::Draining,
        "STOPPING" | "DEPROVISIONING" => LaneState::Stopping,
        _ => match (task.health_status.as_deref(), target.map(|target| target.state.as_str())) {
            (_, Some("draining")) => LaneState::Draining,
            (Some("UNHEALTHY"), _) | (_, Some("unhealthy")) => LaneState::Unhealthy,
            (_, Some("healthy")) => LaneState::Healthy,
            (Some("HEALTHY"), None) if internal => LaneState::Healthy,
            _ => LaneState::Unproven,
        },
    })
}
