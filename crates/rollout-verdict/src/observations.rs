//! Everything that was ever seen of a rollout.
//!
//! Absorbing snapshots is a union: the order does not matter, a repeat changes nothing, and nothing that was
//! seen is forgotten. That is what keeps a certain failure certain.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    AlarmView, DeploymentId, DeploymentView, Moment, ServiceDeploymentArn, ServiceDeploymentView,
    ServiceEventView, ServiceName, Snapshot, StackEventId, StackEventView, TargetView, TaskArn,
    TaskDefinitionArn, TaskView,
};

/// Something as it was last seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting<T> {
    /// When it was last seen.
    pub at: Moment,
    /// What was seen then.
    pub view: T,
}

/// Union of snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Observations {
    /// When the latest snapshot was taken.
    pub latest_at: Moment,
    /// When the caller asked for the operation to be cancelled.
    pub cancel_requested_at: Option<Moment>,
    /// When stack events were last read.
    pub stack_at: Option<Moment>,
    /// Events of the stack.
    pub stack_events: BTreeMap<StackEventId, StackEventView>,
    /// Task definitions that events of the stack name, oldest first, by logical id.
    pub task_definitions: BTreeMap<String, BTreeSet<(Moment, TaskDefinitionArn)>>,
    /// What was seen of each service.
    pub services: BTreeMap<ServiceName, ServiceObservations>,
}

/// Union of what was seen of one service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceObservations {
    /// When `deployments[]` was last read, with the ids it had then.
    pub current: Option<Sighting<Vec<DeploymentId>>>,
    /// Every time that ECS was asked for it and had none.
    pub absent_at: BTreeSet<Moment>,
    /// First and last time a deployment was seen to be the primary one.
    pub primaries: BTreeMap<DeploymentId, (Moment, Moment)>,
    /// Every entry of `deployments[]` ever seen.
    pub deployments: BTreeMap<DeploymentId, Sighting<DeploymentView>>,
    /// Every service deployment ever seen.
    pub service_deployments: BTreeMap<ServiceDeploymentArn, Sighting<ServiceDeploymentView>>,
    /// Events of the service.
    pub events: BTreeMap<String, ServiceEventView>,
    /// Every task ever seen, with its longest log tail.
    pub tasks: BTreeMap<TaskArn, Sighting<TaskView>>,
    /// Every target ever seen, by address and target group: a task asks for its own.
    pub targets: BTreeMap<String, BTreeMap<String, TargetHistory>>,
    /// Alarms.
    pub alarms: BTreeMap<String, AlarmHistory>,
    /// Highest breaker count ever seen, by service deployment.
    pub highest_count: BTreeMap<ServiceDeploymentArn, u32>,
    /// First and last time the container health checks of a task failed.
    pub unhealthy_tasks: BTreeMap<TaskArn, (Moment, Moment)>,
    /// First time they passed.
    pub healthy_tasks: BTreeMap<TaskArn, Moment>,
    /// First time a deployment created since the start was seen to have failed.
    pub failed_at: BTreeMap<DeploymentId, Moment>,
}

/// What was seen of one target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TargetHistory {
    /// As it was last seen.
    pub latest: Sighting<TargetView>,
    /// Reason and description of every way in which it was `unhealthy`, with the first and last time.
    pub failing: BTreeMap<(Option<String>, Option<String>), (Moment, Moment)>,
    /// First time it was `healthy`.
    pub healthy_at: Option<Moment>,
}

/// What was seen of one alarm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmHistory {
    /// As it was last seen.
    pub latest: Sighting<AlarmView>,
    /// The first time it was in `ALARM`.
    pub firing: Option<Sighting<AlarmView>>,
}

impl Observations {
    /// Adds what one poll saw.
    pub fn absorb(&mut self, snapshot: Snapshot) {
        let Snapshot { at, cancel_requested_at, stack_events, services, absent } = snapshot;
        self.latest_at = self.latest_at.max(at);
        self.cancel_requested_at = earliest(self.cancel_requested_at, cancel_requested_at);
        if !stack_events.is_empty() {
            self.stack_at = self.stack_at.max(Some(at));
        }
        for event in stack_events {
            if let (true, Some(arn)) = (names_task_definition(&event), &event.physical_id) {
                let named = self.task_definitions.entry(event.logical_id.clone()).or_default();
                named.insert((event.at, arn.as_str().into()));
            }
            self.stack_events.entry(event.id.clone()).or_insert(event);
        }
        for name in absent {
            self.services.entry(name).or_default().absent_at.insert(at);
        }
        for service in services {
            let seen = self.services.entry(service.name).or_default();
            if !service.deployments.is_empty() {
                let mut ids: Vec<_> = service.deployments.iter().map(|view| view.id.clone()).collect();
                ids.sort();
                keep_latest(&mut seen.current, Sighting { at, view: ids });
            }
            for view in service.deployments {
                if view.status == "PRIMARY" {
                    widen(seen.primaries.entry(view.id.clone()).or_insert((at, at)), at);
                }
                if view.rollout_state.as_deref() == Some("FAILED") {
                    let first = seen.failed_at.entry(view.id.clone()).or_insert(at);
                    *first = at.min(*first);
                }
                let entry = seen.deployments.entry(view.id.clone()).or_default();
                *entry = std::mem::take(entry).max(Sighting { at, view });
            }
            for view in service.service_deployments {
                let count = view.breaker.as_ref().map_or(0, |breaker| breaker.failure_count);
                let highest = seen.highest_count.entry(view.arn.clone()).or_default();
                *highest = (*highest).max(count);
                let entry = seen.service_deployments.entry(view.arn.clone()).or_default();
                *entry = std::mem::take(entry).max(Sighting { at, view });
            }
            for event in service.events {
                // Most of them come with every poll.
                if !seen.events.contains_key(&event.id) {
                    seen.events.insert(event.id.clone(), event);
                }
            }
            for view in service.tasks {
                seen.absorb_task(at, view);
            }
            for view in service.targets {
                let own = seen.targets.entry(view.id.clone()).or_default();
                own.entry(view.target_group.clone()).or_default().absorb(at, view);
            }
            for view in service.alarms {
                seen.alarms.entry(view.name.clone()).or_default().absorb(at, view);
            }
        }
    }
}

impl ServiceObservations {
    /// When service deployments were last read.
    pub(crate) fn service_deployments_at(&self) -> Moment {
        self.service_deployments.values().map(|sighting| sighting.at).max().unwrap_or_default()
    }

    fn absorb_task(&mut self, at: Moment, view: TaskView) {
        let arn = view.arn.clone();
        match view.health_status.as_deref() {
            Some("UNHEALTHY") => widen(self.unhealthy_tasks.entry(arn.clone()).or_insert((at, at)), at),
            Some("HEALTHY") => {
                let first = self.healthy_tasks.entry(arn.clone()).or_insert(at);
                *first = at.min(*first);
            }
            _ => {}
        }
        let new = Sighting { at, view };
        let Some(old) = self.tasks.remove(&arn) else {
            self.tasks.insert(arn, new);
            return;
        };
        // A stopped task stays stopped, whatever an older or lagging answer says.
        let rank = |task: &Sighting<TaskView>| task.view.last_status == "STOPPED";
        let (mut kept, other) = match (rank(&old), rank(&new)) {
            (true, false) => (old, new),
            (false, true) => (new, old),
            _ if old < new => (new, old),
            _ => (old, new),
        };
        let tail = &other.view.log_tail;
        if (tail.len(), tail) > (kept.view.log_tail.len(), &kept.view.log_tail) {
            kept.view.log_tail = other.view.log_tail;
        }
        kept.view.address = kept.view.address.or(other.view.address);
        kept.view.started_at = kept.view.started_at.or(other.view.started_at);
        self.tasks.insert(arn, kept);
    }
}

impl TargetHistory {
    fn absorb(&mut self, at: Moment, view: TargetView) {
        match view.state.as_str() {
            "unhealthy" => {
                let way = (view.reason.clone(), view.description.clone());
                widen(self.failing.entry(way).or_insert((at, at)), at);
            }
            "healthy" => self.healthy_at = earliest(self.healthy_at, Some(at)),
            _ => {}
        }
        self.latest = std::mem::take(&mut self.latest).max(Sighting { at, view });
    }
}

impl AlarmHistory {
    fn absorb(&mut self, at: Moment, view: AlarmView) {
        if view.state == "ALARM" {
            let new = Sighting { at, view: view.clone() };
            self.firing = Some(self.firing.take().map_or_else(|| new.clone(), |old| old.min(new.clone())));
        }
        self.latest = std::mem::take(&mut self.latest).max(Sighting { at, view });
    }
}

fn widen((first, last): &mut (Moment, Moment), at: Moment) {
    *first = at.min(*first);
    *last = at.max(*last);
}

fn keep_latest<T: Ord>(slot: &mut Option<Sighting<T>>, new: Sighting<T>) {
    *slot = slot.take().max(Some(new));
}

fn earliest(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// While a resource is being created its physical id may be empty or a name.
///
/// Only what comes after its creation names the new one for sure: a replacement begins with an event that still
/// carries the id of the old one, which need not be what the service runs. Services that refer to a task definition are
/// updated as soon as it is configured.
fn names_task_definition(event: &StackEventView) -> bool {
    event.resource_type == "AWS::ECS::TaskDefinition"
        && (event.configured || matches!(event.status.as_str(), "CREATE_COMPLETE" | "UPDATE_COMPLETE"))
        && event.physical_id.as_deref().is_some_and(|id| id.starts_with("arn:"))
}
