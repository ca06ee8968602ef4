//! Which deployment is ours: by task definition and deployment id, never by "running equals desired".

use std::collections::BTreeMap;

use crate::stack::StackProgress;
use crate::{
    DeploymentId, DeploymentView, ExpectedService, Moment, Observations, ServiceDeploymentView,
    ServiceObservations, TargetHistory, TaskDefinitionArn, TaskView,
};

/// A deployment and its service deployment are created by one call; their times differ by less than this.
const SAME_MOMENT_MILLIS: u64 = 5_000;

/// Clocks of AWS's services differ a little.
const CLOCK_SKEW_SECS: f64 = 2.0;

/// Whose a revision is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Revision {
    New,
    Old,
    Foreign,
}

/// A service's observations, tied to what was expected of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bound<'a> {
    pub expected: &'a ExpectedService,
    pub seen: &'a ServiceObservations,
    /// The new task definition, once it is known for sure.
    new: Option<&'a TaskDefinitionArn>,
    /// Our deployment.
    pub ours: Option<&'a DeploymentView>,
    /// A deployment, created since the start, of a revision that is neither the old nor ours.
    pub foreign: Option<&'a DeploymentView>,
    /// A deployment, created since the start, of the old revision.
    pub restoring: Option<&'a DeploymentView>,
    /// The primary deployment, as last seen.
    pub primary: Option<&'a DeploymentView>,
    /// Start of the rollout: tasks of the new revision are not older.
    since: Moment,
}

impl<'a> Bound<'a> {
    pub(super) fn new(
        expected: &'a ExpectedService,
        seen: &'a ServiceObservations,
        observations: &'a Observations,
        since: Moment,
    ) -> Self {
        let new = expected.new_task_definition.as_ref().or_else(|| created(expected, observations));
        let mut bound =
            Self { expected, seen, new, ours: None, foreign: None, restoring: None, primary: None, since };
        for sighting in seen.deployments.values() {
            let view = &sighting.view;
            if expected.known_deployments.contains(&view.id) {
                continue;
            }
            let slot = match bound.revision(&view.task_definition) {
                Revision::New => &mut bound.ours,
                Revision::Old => &mut bound.restoring,
                Revision::Foreign => &mut bound.foreign,
            };
            if slot.is_none_or(|other| other.created_at <= view.created_at) {
                *slot = Some(view);
            }
        }
        bound.primary = seen.current.iter().flat_map(|current| &current.view).find_map(|id| {
            seen.deployments.get(id).map(|sighting| &sighting.view).filter(|view| view.status == "PRIMARY")
        });
        bound
    }

    /// Whose revision a task definition is. While the new one is not known, whatever is not the old one is
    /// taken for it, in a service that rolls.
    pub(super) fn revision(&self, arn: &TaskDefinitionArn) -> Revision {
        if self.new == Some(arn) {
            Revision::New
        } else if self.expected.old_task_definition.as_ref() == Some(arn) {
            Revision::Old
        } else if self.expected.rolls && self.new.is_none() {
            Revision::New
        } else {
            Revision::Foreign
        }
    }

    /// Tasks of one side. One that was there before is none of the new side's: ECS shows the dead of an
    /// earlier deployment for an hour, and while the new revision is not known yet theirs could be taken for
    /// it.
    pub(super) fn tasks(&self, revision: Revision) -> impl Iterator<Item = &'a TaskView> + use<'a, '_> {
        let views = self.seen.tasks.values().map(|sighting| &sighting.view);
        views.filter(move |task| {
            let is_older = task.created_at.plus_secs(CLOCK_SKEW_SECS) < self.since;
            self.revision(&task.task_definition) == revision && !(revision == Revision::New && is_older)
        })
    }

    /// First time that a task of the new revision passed its checks, as far as they are configured.
    pub(super) fn first_healthy_at(&self) -> Option<Moment> {
        let healthy_at = |task: &TaskView| {
            let container = self.seen.healthy_tasks.get(&task.arn).copied();
            match self.expected.settings.target_check {
                Some(_) => self.targets(task).filter_map(|target| target.healthy_at).min(),
                None => container,
            }
        };
        self.tasks(Revision::New).filter_map(healthy_at).min()
    }

    /// The targets of a task.
    pub(super) fn targets(&self, task: &TaskView) -> impl Iterator<Item = &'a TargetHistory> + use<'a> {
        let own = task.address.as_ref().and_then(|address| self.seen.targets.get(address));
        own.into_iter().flat_map(BTreeMap::values)
    }

    /// Our service deployment: by the task definition of its revision where that was looked up, otherwise the
    /// one that was created with our deployment.
    pub(super) fn service_deployment(&self) -> Option<&'a ServiceDeploymentView> {
        let ours = self.ours?;
        let apart =
            |view: &ServiceDeploymentView| view.created_at.as_millis().abs_diff(ours.created_at.as_millis());
        let views = self.seen.service_deployments.values().map(|sighting| &sighting.view);
        views
            .filter(|view| match &view.task_definition {
                Some(arn) => self.revision(arn) == Revision::New,
                None => apart(view) <= SAME_MOMENT_MILLIS,
            })
            .min_by_key(|view| apart(view))
    }

    /// Whether the new revision is in service, alone.
    pub(super) fn is_done(&self) -> bool {
        self.primary.is_some_and(|primary| {
            primary.rollout_state.as_deref() == Some("COMPLETED")
                && self.revision(&primary.task_definition) == Revision::New
        })
    }

    /// Whether all tasks of the primary deployment run.
    pub(super) fn serves(&self) -> bool {
        self.primary.is_some_and(|primary| primary.running_count >= primary.desired_count)
    }

    /// Whether the old revision was the primary one again, after ours was.
    pub(super) fn is_rolled_back(&self) -> bool {
        let primaries = |revision| {
            let of_revision = move |id: &DeploymentId| {
                let deployment = self.seen.deployments.get(id);
                deployment.is_some_and(|sighting| self.revision(&sighting.view.task_definition) == revision)
            };
            self.seen.primaries.iter().filter(move |(id, _)| of_revision(id)).map(|(_, seen)| *seen)
        };
        let ours_from = primaries(Revision::New).map(|(first, _)| first).min();
        ours_from.is_some_and(|from| primaries(Revision::Old).any(|(_, last)| last > from))
    }

    /// Whether a moment lies in the time in which the new revision was being rolled out.
    pub(super) fn is_forward(&self, at: Moment, stack: &StackProgress<'_>) -> bool {
        self.ours.is_some_and(|ours| at >= ours.created_at)
            && self.restoring.is_none_or(|back| at < back.created_at)
            && stack.went_back.is_none_or(|back| at <= back.at)
    }
}

/// The task definition that the stack created for this service.
fn created<'a>(expected: &ExpectedService, observations: &'a Observations) -> Option<&'a TaskDefinitionArn> {
    let logical_id = expected.task_definition_logical_id.as_deref()?;
    observations
        .task_definitions
        .get(logical_id)?
        .iter()
        .find(|(_, arn)| Some(arn) != expected.old_task_definition.as_ref())
        .map(|(_, arn)| arn)
}
