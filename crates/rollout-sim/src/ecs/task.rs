//! A task.

use serde::{Deserialize, Serialize};

use super::api::*;
use super::launch::Place;
use super::{ClusterKey, DefinitionKey, DeploymentKey, Event, ServiceKey, State, TaskKey, schedule};
use crate::elb::Registration;
use crate::{SimTime, World};

/// A task, until some time after it stopped.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TaskState {
    pub(super) id: String,
    pub(super) cluster: ClusterKey,
    pub(super) definition: DefinitionKey,
    /// Service and deployment it belongs to; `None` for a one-off task.
    pub(super) owner: Option<(ServiceKey, DeploymentKey)>,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) overrides: TaskOverride,
    pub(super) subnet: String,
    pub(super) zone: String,
    /// Place of the zone, and of the subnet, in the network configuration.
    pub(super) zone_place: usize,
    pub(super) ip: [u8; 4],
    pub(super) status: TaskStatus,
    /// Whether the image is there, while [`TaskStatus::Activating`].
    pub(super) pulled: bool,
    /// Number of the state, so that an event of an earlier one does nothing.
    pub(super) step: u32,
    pub(super) created_at: SimTime,
    pub(super) pull_started_at: Option<SimTime>,
    pub(super) pull_stopped_at: Option<SimTime>,
    pub(super) started_at: Option<SimTime>,
    pub(super) stopping_at: Option<SimTime>,
    pub(super) execution_stopped_at: Option<SimTime>,
    pub(super) stopped_at: Option<SimTime>,
    pub(super) stop: Option<(StopCode, String)>,
    pub(super) containers: Vec<ContainerState>,
    pub(super) registrations: Vec<Registration>,
    /// Targets that still drain.
    pub(super) draining: u32,
    pub(super) condition: Condition,
    /// When the scheduler takes it for unhealthy, as long as a target of it is.
    #[serde(default)]
    pub(super) judged_at: Option<SimTime>,
    /// Whether its service registry says that it is unhealthy.
    pub(super) fails_in_registry: bool,
    /// Whether it ever was healthy.
    pub(super) was_healthy: bool,
    pub(super) faults: TaskFaults,
    /// The release it reports instead of its own ([`crate::fault::FaultKind::OldCode`]).
    pub(super) old_release: Option<String>,
}

/// How the scheduler sees a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Condition {
    /// Not yet healthy.
    Unproven,
    /// Every configured check passes.
    Healthy,
    /// To be replaced, for the reason given when it is stopped.
    Unhealthy(String),
}

/// A container of a task.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct ContainerState {
    pub(super) image_digest: Option<String>,
    pub(super) exit_code: Option<i32>,
    pub(super) reason: Option<String>,
    pub(super) health: HealthStatus,
    /// Health checks failed in a row.
    pub(super) check_failures: u32,
}

/// What is broken on purpose in one task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TaskFaults {
    pub(super) image_missing: bool,
    pub(super) wrong_architecture: bool,
    pub(super) secret_missing: bool,
    pub(super) crash_on_start: bool,
    pub(super) crash_after_start: bool,
    pub(super) health_path: bool,
    pub(super) container_health: bool,
    pub(super) slow_start: bool,
    pub(super) errors: bool,
    pub(super) migration_fails: bool,
    pub(super) migration_hangs: bool,
    pub(super) old_code: bool,
}

impl TaskState {
    pub(super) const fn is_stopped(&self) -> bool {
        matches!(self.status, TaskStatus::Stopped)
    }

    pub(super) const fn is_running(&self) -> bool {
        matches!(self.status, TaskStatus::Running)
    }

    pub(super) const fn is_pending(&self) -> bool {
        matches!(self.status, TaskStatus::Provisioning | TaskStatus::Pending | TaskStatus::Activating)
    }

    /// Whether its stop has begun.
    pub(super) const fn is_leaving(&self) -> bool {
        self.stopping_at.is_some()
    }
}

impl State {
    pub(super) fn task(&self, key: TaskKey) -> Option<&TaskState> {
        self.tasks.get(&key)
    }

    pub(super) fn task_mut(&mut self, key: TaskKey) -> Option<&mut TaskState> {
        self.tasks.get_mut(&key)
    }
}

/// What is given of a new task.
pub(super) struct NewTask {
    pub(super) cluster: ClusterKey,
    pub(super) definition: DefinitionKey,
    pub(super) owner: Option<(ServiceKey, DeploymentKey)>,
    pub(super) group: String,
    pub(super) started_by: Option<String>,
    pub(super) overrides: TaskOverride,
    pub(super) place: Place,
    pub(super) faults: TaskFaults,
    pub(super) old_release: Option<String>,
}

/// Starts a task: it is PROVISIONING.
pub(super) fn create(world: &mut World, new: NewTask) -> TaskKey {
    let now = world.now();
    let id = world.rng.hex(32);
    let ecs = &mut world.ecs;
    ecs.next_task += 1;
    let key = TaskKey(ecs.next_task);
    let [_, b, c, d] = ecs.next_task.to_be_bytes();
    if new.owner.is_some() && new.faults != TaskFaults::default() {
        ecs.definition_mut(new.definition).was_hit = true;
    }
    let containers = vec![ContainerState::default(); ecs.definition(new.definition).containers.len()];
    ecs.task_ids.insert(id.clone(), key);
    let task = TaskState {
        id,
        cluster: new.cluster,
        definition: new.definition,
        owner: new.owner,
        group: new.group,
        started_by: new.started_by,
        overrides: new.overrides,
        subnet: new.place.subnet,
        zone: new.place.zone,
        zone_place: new.place.index,
        ip: [10, b, c, d],
        status: TaskStatus::Provisioning,
        pulled: false,
        step: 0,
        created_at: now,
        pull_started_at: None,
        pull_stopped_at: None,
        started_at: None,
        stopping_at: None,
        execution_stopped_at: None,
        stopped_at: None,
        stop: None,
        containers,
        registrations: Vec::new(),
        draining: 0,
        condition: Condition::Unproven,
        judged_at: None,
        fails_in_registry: false,
        was_healthy: false,
        faults: new.faults,
        old_release: new.old_release,
    };
    ecs.tasks.insert(key, task);
    let delay = world.params.provisioning_secs;
    schedule(world, delay, Event::Step { task: key, step: 0 });
    key
}

pub(super) fn forget(world: &mut World, key: TaskKey) {
    if let Some(task) = world.ecs.tasks.remove(&key) {
        world.ecs.task_ids.remove(&task.id);
    }
}
