//! Elastic Container Service on Fargate: task definitions, one-off tasks, and services whose deployments
//! roll, fail, trip and roll back.
//!
//! Three things happen here. A task walks through its life ([`lifecycle`]): it is provisioned, pulls its
//! image, runs, drains and stops. The scheduler of a service ([`scheduler`]) looks at its tasks some time
//! after something changed and starts and stops some. A deployment ([`deployment`]) counts what failed,
//! and completes, fails or goes back.

mod alarms;
pub mod api;
mod breaker;
mod capacity;
mod checks;
mod cluster;
mod credentials;
mod definition;
mod deployment;
mod describe;
mod describe_tasks;
mod discovery;
mod launch;
mod lifecycle;
mod notices;
mod observe;
mod one_off;
mod outcome;
mod plan;
mod program;
mod rebalance;
mod revision;
mod rollouts;
mod roster;
mod scheduler;
mod service;
mod stop;
mod task;
mod task_definition;
mod validate;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ApiError, Shared, World};

pub use api::*;
pub use cluster::{
    create_cluster, delete_cluster, describe_clusters, list_clusters, list_tags_for_resource, tag_resource,
    untag_resource,
};
pub use describe::{describe_services, list_services};
pub use describe_tasks::{describe_tasks, list_tasks};
pub use discovery::set_custom_health;
pub use notices::deployment_state_changes;
pub use observe::{
    ObservedContainer, ObservedDeployment, ObservedService, ObservedTask, observe_service, observe_tasks,
};
pub use one_off::{run_task, stop_task};
pub use revision::describe_service_revisions;
pub use rollouts::{describe_service_deployments, list_service_deployments, stop_service_deployment};
pub use service::{create_service, delete_service, update_service};
pub use task_definition::{
    deregister_task_definition, describe_task_definition, list_task_definitions, register_task_definition,
};

pub(crate) use capacity::used_vcpus;
pub(crate) use checks::target_changed;
pub(crate) use program::{errs, probe, respond, status_of};
pub(crate) use service::security_groups;
pub(crate) use stop::target_drained;

macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => { $(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(u32);

        impl $name {
            #[allow(dead_code, reason = "not every key is an index")]
            const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )+ };
}

keys! {
    /// A task, running or lately stopped.
    TaskKey,
    /// A service: its place in the list of services.
    ServiceKey,
    /// A cluster: its place in the list of clusters.
    ClusterKey,
    /// A task definition: its place in the list of registered ones.
    DefinitionKey,
    /// A deployment of a service.
    DeploymentKey,
}

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    clusters: Vec<cluster::ClusterState>,
    definitions: Vec<Shared<definition::Definition>>,
    /// Revisions of a family: the place is the revision number less one.
    families: BTreeMap<String, Vec<DefinitionKey>>,
    services: Vec<service::ServiceState>,
    tasks: BTreeMap<TaskKey, task::TaskState>,
    task_ids: BTreeMap<String, TaskKey>,
    next_task: u32,
    tags: BTreeMap<String, Vec<Tag>>,
    /// What EventBridge is told, oldest first.
    notices: VecDeque<notices::Notice>,
}

/// What happens by itself.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[allow(private_interfaces)]
pub enum Event {
    /// A task leaves the state it entered as its `step`th.
    Step {
        /// The task.
        task: TaskKey,
        /// Number of the state; an event for an earlier one is void.
        step: u32,
    },
    /// The program in a container exits by itself.
    Exit {
        /// The task.
        task: TaskKey,
        /// Place of the container in the task definition.
        container: usize,
    },
    /// The program in a container of a task goes wrong without exiting.
    GoesWrong {
        /// The task.
        task: TaskKey,
    },
    /// A container's health check runs.
    ContainerCheck {
        /// The task.
        task: TaskKey,
        /// Place of the container in the task definition.
        container: usize,
    },
    /// A task's health is looked at again: it ran long enough to count as healthy, or its grace is over.
    Consider {
        /// The task.
        task: TaskKey,
    },
    /// A stopped task can no longer be described.
    Forget {
        /// The task.
        task: TaskKey,
    },
    /// The scheduler looks at a service.
    Pass {
        /// The service.
        service: ServiceKey,
    },
    /// The circuit breaker fails a deployment.
    Trip {
        /// The service.
        service: ServiceKey,
        /// The deployment.
        deployment: DeploymentKey,
    },
    /// The alarms of a deployment are polled.
    PollAlarms {
        /// The service.
        service: ServiceKey,
        /// The deployment.
        deployment: DeploymentKey,
    },
    /// The bake time of a deployment is over.
    Baked {
        /// The service.
        service: ServiceKey,
        /// The deployment.
        deployment: DeploymentKey,
    },
}

pub(crate) fn handle(world: &mut World, event: Event) {
    match event {
        Event::Step { task, step } => lifecycle::step(world, task, step),
        Event::Exit { task, container } => program::exit(world, task, container),
        Event::GoesWrong { task } => program::goes_wrong(world, task),
        Event::ContainerCheck { task, container } => checks::container_check(world, task, container),
        Event::Consider { task } => checks::consider(world, task),
        Event::Forget { task } => task::forget(world, task),
        Event::Pass { service } => scheduler::pass(world, service),
        Event::Trip { service, deployment } => breaker::trip(world, service, deployment),
        Event::PollAlarms { service, deployment } => alarms::poll(world, service, deployment),
        Event::Baked { service, deployment } => outcome::baked(world, service, deployment),
    }
}

fn schedule(world: &mut World, delay_secs: f64, event: Event) {
    world.schedule_in(Duration::from_secs_f64(delay_secs.max(0.0)), crate::Event::Ecs(event));
}

/// Name of the zone of the `index`th subnet of a list: `us-west-2a` for the first.
#[must_use]
pub fn zone_name(region: &str, index: usize) -> String {
    let letter = u8::try_from(index % 26).map_or('a', |offset| char::from(b'a' + offset));
    format!("{region}{letter}")
}

/// `10.0.1.2`.
pub(crate) fn dotted([a, b, c, d]: [u8; 4]) -> String {
    format!("{a}.{b}.{c}.{d}")
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn client(message: impl Into<String>) -> ApiError {
    ApiError::new("ClientException", message)
}

/// A page of at most `largest` results. A size "can be between 1 and" that (bc:ecs); that AWS refuses another instead of
/// taking the nearest is not documented.
fn page<T>(
    items: impl IntoIterator<Item = T>,
    token: Option<&str>,
    size: Option<u32>,
    largest: u32,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let size = size.unwrap_or(largest);
    if !(1..=largest).contains(&size) {
        return Err(invalid(format!("maxResults must be between 1 and {largest}.")));
    }
    crate::wire::page(items, token, size as usize, || invalid("Invalid token"))
}

/// The last part of an ARN, or the name itself.
fn short_name(name_or_arn: &str) -> &str {
    name_or_arn.rsplit('/').next().unwrap_or(name_or_arn)
}
