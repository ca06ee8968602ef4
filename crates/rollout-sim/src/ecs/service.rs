//! Services: what a service keeps, and its create, update and delete operations.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::api::*;
use super::cluster::check_name;
use super::deployment::DeploymentState;
use super::revision::RevisionState;
use super::rollouts::Rollout;
use super::{
    ClusterKey, DefinitionKey, DeploymentKey, ServiceKey, State, TaskKey, deployment, describe, scheduler,
};
use super::{invalid, short_name, validate};
use crate::{ApiError, SimTime, Timer, World};

/// How many events a service keeps (bc:ecs/Service.events).
const MAX_EVENTS: usize = 100;

/// A service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct ServiceState {
    pub(super) name: String,
    pub(super) arn: String,
    pub(super) cluster: ClusterKey,
    pub(super) status: ServiceStatus,
    pub(super) created_at: SimTime,
    pub(super) desired: u32,
    pub(super) grace_secs: u32,
    pub(super) config: DeploymentConfiguration,
    pub(super) settings: Settings,
    /// The first is PRIMARY.
    pub(super) deployments: Vec<DeploymentState>,
    pub(super) next_deployment: u32,
    /// Service deployments, oldest first.
    pub(super) rollouts: Vec<Rollout>,
    pub(super) revisions: Vec<RevisionState>,
    /// Tasks that are not leaving, per zone.
    pub(super) zones: Vec<u32>,
    /// Tasks that are not STOPPED.
    pub(super) tasks: BTreeSet<TaskKey>,
    events: VecDeque<Note>,
    noted: u64,
    /// Whether the steady state was announced since it last was left.
    pub(super) steady: bool,
    /// Whether tasks are being moved between zones.
    pub(super) moves_tasks: bool,
    pub(super) next_pass: Option<Timer>,
}

/// What starts no deployment when it changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) role: Option<String>,
    pub(super) propagate_tags: Option<String>,
    pub(super) managed_tags: bool,
    pub(super) execute_command: bool,
    pub(super) rebalancing: AvailabilityZoneRebalancing,
    pub(super) controller: Option<DeploymentController>,
}

/// An event of a service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) number: u64,
    pub(super) at: SimTime,
    pub(super) message: String,
}

impl ServiceState {
    /// Events, newest first.
    pub(super) fn events(&self) -> impl Iterator<Item = &Note> {
        self.events.iter().rev()
    }

    /// The deployment that is being rolled out, or was last.
    pub(super) fn primary(&self) -> Option<&DeploymentState> {
        self.deployments.first()
    }

    pub(super) fn deployment(&self, key: DeploymentKey) -> Option<&DeploymentState> {
        self.deployments.iter().find(|deployment| deployment.key == key)
    }

    pub(super) fn deployment_mut(&mut self, key: DeploymentKey) -> Option<&mut DeploymentState> {
        self.deployments.iter_mut().find(|deployment| deployment.key == key)
    }

    /// Fewest healthy and most tasks in percent of the desired count: ceil and floor
    /// (ECS:deployment-type-ecs).
    pub(super) fn bounds(&self) -> (u32, u32) {
        let percent =
            |value: Option<u32>, default: u32| u64::from(value.unwrap_or(default)) * u64::from(self.desired);
        let minimum = percent(self.config.minimum_healthy_percent, 100).div_ceil(100);
        let maximum = percent(self.config.maximum_percent, 200) / 100;
        (u32::try_from(minimum).unwrap_or(u32::MAX), u32::try_from(maximum).unwrap_or(u32::MAX))
    }
}

/// After this time an event whose cause lasts is sent again (ECS:service-event-messages).
const REPEAT_AFTER: Duration = Duration::from_secs(6 * 3600);

/// Adds an event to a service, with the prefix that nearly all have.
pub(super) fn note(world: &mut World, key: ServiceKey, message: fmt::Arguments<'_>) {
    let name = world.ecs.service(key).name.clone();
    add_note(world, key, format!("(service {name}) {message}"));
}

/// Adds an event that is left out while it only repeats another one: until tasks have been started since, or for six hours
/// (ECS:service-event-messages).
pub(super) fn note_once(world: &mut World, key: ServiceKey, message: fmt::Arguments<'_>) {
    let service = world.ecs.service(key);
    let (prefix, now) = (format!("(service {}) ", service.name), world.now());
    let message = format!("{prefix}{message}");
    let started = format!("{prefix}has started ");
    let same = service.events.iter().rev().take_while(|note| !note.message.starts_with(&started));
    let repeats = same.into_iter().any(|note| note.message == message && now.since(note.at) < REPEAT_AFTER);
    if !repeats {
        add_note(world, key, message);
    }
}

/// Adds an event about the tasks of one deployment: it names the service and the deployment's task set in one
/// parenthesis.
pub(super) fn note_of_task_set(
    world: &mut World,
    key: ServiceKey,
    deployment: &str,
    message: fmt::Arguments<'_>,
) {
    let name = world.ecs.service(key).name.clone();
    add_note(world, key, format!("(service {name}, taskSet {deployment}) {message}"));
}

fn add_note(world: &mut World, key: ServiceKey, message: String) {
    let at = world.now();
    let service = &mut world.ecs.services[key.index()];
    service.noted += 1;
    service.events.push_back(Note { number: service.noted, at, message });
    if service.events.len() > MAX_EVENTS {
        service.events.pop_front();
    }
}

impl State {
    pub(super) fn service(&self, key: ServiceKey) -> &ServiceState {
        &self.services[key.index()]
    }

    /// The newest service of this name or ARN in the cluster, whatever its status.
    pub(super) fn find_service(&self, cluster: ClusterKey, name: &str) -> Option<ServiceKey> {
        let name = short_name(name);
        let place = self.services.iter().rposition(|one| one.cluster == cluster && one.name == name)?;
        u32::try_from(place).ok().map(ServiceKey)
    }

    fn active_service(&self, cluster: Option<&str>, name: &str) -> Result<ServiceKey, ApiError> {
        let cluster = self.cluster_key(cluster)?;
        let key = self
            .find_service(cluster, name)
            .ok_or_else(|| ApiError::new("ServiceNotFoundException", "Service not found."))?;
        if self.service(key).status != ServiceStatus::Active {
            return Err(ApiError::new("ServiceNotActiveException", "Service was not ACTIVE."));
        }
        Ok(key)
    }
}

/// `CreateService`: its first deployment begins.
///
/// # Errors
/// `ClusterNotFoundException`; `ClientException` for the task definition; `InvalidParameterException`; what
/// is not modelled.
pub fn create_service(world: &mut World, input: CreateServiceInput) -> Result<CreateServiceOutput, ApiError> {
    let cluster = world.ecs.cluster_key(input.cluster.as_deref())?;
    check_name("Service", &input.service_name)?;
    if let Some(existing) = world.ecs.find_service(cluster, &input.service_name) {
        match world.ecs.service(existing).status {
            ServiceStatus::Active => return Err(invalid("Creation of service was not idempotent.")),
            ServiceStatus::Draining => {
                return Err(invalid("Unable to Start a service that is still Draining."));
            }
            ServiceStatus::Inactive => {}
        }
    }
    match input.launch_type.unwrap_or_default() {
        LaunchType::Fargate => {}
        other => return Err(ApiError::not_modelled(format_args!("launch type {other}"))),
    }
    if input.scheduling_strategy == Some(SchedulingStrategy::Daemon) {
        return Err(ApiError::not_modelled("the DAEMON scheduling strategy"));
    }
    let alarms = input.deployment_configuration.as_ref().and_then(|config| config.alarms.as_ref());
    check_controller(input.deployment_controller.as_ref(), alarms.is_some_and(|alarms| alarms.enable))?;
    let name = input.task_definition.as_deref().ok_or_else(|| invalid("TaskDefinition cannot be null."))?;
    let definition = world.ecs.usable_definition(name)?;
    let config = with_defaults(input.deployment_configuration.unwrap_or_default());
    validate::deployment_configuration(&config)?;
    // ENABLED by default; a service that could not have it goes without (ECS:service-rebalancing).
    let room = config.maximum_percent != Some(100);
    let default =
        if room { AvailabilityZoneRebalancing::Enabled } else { AvailabilityZoneRebalancing::Disabled };
    let rebalancing = input.availability_zone_rebalancing.unwrap_or(default);
    validate::rebalancing(rebalancing, &config)?;
    let shape = &world.ecs.definition(definition).shape;
    validate::wiring(world, shape, input.network_configuration.as_ref(), &input.load_balancers)?;
    let has_checks = world.ecs.definition(definition).has_checks();
    validate::grace(input.health_check_grace_period_seconds, &input.load_balancers, has_checks)?;

    let resource = format!("service/{}/{}", world.ecs.cluster(cluster).name, input.service_name);
    let arn = world.arn("ecs", &resource);
    world.ecs.tags.insert(arn.clone(), input.tags);
    let place = u32::try_from(world.ecs.services.len()).map_err(|_| invalid("Too many services."))?;
    let key = ServiceKey(place);
    world.ecs.services.push(ServiceState {
        name: input.service_name,
        arn,
        cluster,
        status: ServiceStatus::Active,
        created_at: world.now(),
        desired: input.desired_count.unwrap_or(1),
        grace_secs: input.health_check_grace_period_seconds.unwrap_or(0),
        config,
        settings: Settings {
            role: input.role,
            propagate_tags: input.propagate_tags,
            managed_tags: input.enable_ecs_managed_tags.unwrap_or(false),
            execute_command: input.enable_execute_command.unwrap_or(false),
            rebalancing,
            controller: input.deployment_controller,
        },
        deployments: Vec::new(),
        next_deployment: 0,
        rollouts: Vec::new(),
        revisions: Vec::new(),
        zones: Vec::new(),
        tasks: BTreeSet::new(),
        events: VecDeque::new(),
        noted: 0,
        steady: false,
        moves_tasks: false,
        next_pass: None,
    });
    let revision = RevisionState {
        arn: String::new(),
        created_at: world.now(),
        definition,
        platform_version: input.platform_version.unwrap_or_else(|| "LATEST".to_owned()),
        network: input.network_configuration,
        load_balancers: input.load_balancers,
        registries: input.service_registries,
    };
    deployment::start(world, key, revision);
    Ok(CreateServiceOutput { service: describe::service(world, key, true) })
}

fn check_controller(controller: Option<&DeploymentController>, alarms: bool) -> Result<(), ApiError> {
    match controller {
        // ECS:deployment-alarm-failure; the wording is not documented.
        Some(controller) if controller.kind != "ECS" && alarms => Err(invalid(format!(
            "Deployment alarms are supported by the ECS deployment controller only, not by {}.",
            controller.kind
        ))),
        Some(controller) if controller.kind != "ECS" => {
            Err(ApiError::not_modelled(format_args!("deployment controller {}", controller.kind)))
        }
        _ => Ok(()),
    }
}

fn with_defaults(config: DeploymentConfiguration) -> DeploymentConfiguration {
    DeploymentConfiguration {
        deployment_circuit_breaker: Some(config.deployment_circuit_breaker.unwrap_or_default()),
        maximum_percent: config.maximum_percent.or(Some(200)),
        minimum_healthy_percent: config.minimum_healthy_percent.or(Some(100)),
        strategy: config.strategy.or_else(|| Some("ROLLING".to_owned())),
        ..config
    }
}

/// `UpdateService`. A deployment begins where the task definition, the network, the platform version, the
/// load balancers or the registries change, or it is forced; the desired count, the deployment
/// configuration and the grace period take effect without one (bc:ecs/UpdateServiceRequest).
///
/// # Errors
/// `ClusterNotFoundException`; `ServiceNotFoundException`; `ServiceNotActiveException`; `ClientException` for
/// the task definition; `InvalidParameterException`.
pub fn update_service(world: &mut World, input: UpdateServiceInput) -> Result<UpdateServiceOutput, ApiError> {
    let key = world.ecs.active_service(input.cluster.as_deref(), &input.service)?;
    let alarms = input.deployment_configuration.as_ref().and_then(|config| config.alarms.as_ref());
    check_controller(input.deployment_controller.as_ref(), alarms.is_some_and(|alarms| alarms.enable))?;
    let service = world.ecs.service(key);
    let Some(primary) = service.primary() else {
        return Err(ApiError::new("ServerException", "The service has no deployment.").with_status(500));
    };
    let current = service.revisions[primary.revision].clone();
    let definition: DefinitionKey = match input.task_definition.as_deref() {
        Some(name) => world.ecs.usable_definition(name)?,
        None => current.definition,
    };
    let config = input.deployment_configuration.map(|new| with_defaults(merge(&service.config, new)));
    if let Some(config) = &config {
        validate::deployment_configuration(config)?;
    }
    let rebalancing = input.availability_zone_rebalancing.unwrap_or(service.settings.rebalancing);
    validate::rebalancing(rebalancing, config.as_ref().unwrap_or(&service.config))?;
    let next = RevisionState {
        arn: String::new(),
        created_at: world.now(),
        definition,
        platform_version: input.platform_version.unwrap_or_else(|| current.platform_version.clone()),
        network: input.network_configuration.or_else(|| current.network.clone()),
        load_balancers: input.load_balancers.unwrap_or_else(|| current.load_balancers.clone()),
        registries: input.service_registries.unwrap_or_else(|| current.registries.clone()),
    };
    let deploys = input.force_new_deployment.unwrap_or(false) || !next.runs_like(&current);
    if deploys {
        let shape = &world.ecs.definition(definition).shape;
        validate::wiring(world, shape, next.network.as_ref(), &next.load_balancers)?;
    }
    let has_checks = world.ecs.definition(definition).has_checks();
    validate::grace(input.health_check_grace_period_seconds, &next.load_balancers, has_checks)?;

    let service = &mut world.ecs.services[key.index()];
    service.desired = input.desired_count.unwrap_or(service.desired);
    service.grace_secs = input.health_check_grace_period_seconds.unwrap_or(service.grace_secs);
    service.config = config.unwrap_or_else(|| service.config.clone());
    let settings = &mut service.settings;
    settings.managed_tags = input.enable_ecs_managed_tags.unwrap_or(settings.managed_tags);
    settings.execute_command = input.enable_execute_command.unwrap_or(settings.execute_command);
    settings.rebalancing = rebalancing;
    settings.propagate_tags = input.propagate_tags.or_else(|| settings.propagate_tags.take());
    if deploys {
        deployment::start(world, key, next);
    } else {
        scheduler::request(world, key);
    }
    Ok(UpdateServiceOutput { service: describe::service(world, key, true) })
}

/// Members that an update leaves out keep their values.
fn merge(old: &DeploymentConfiguration, new: DeploymentConfiguration) -> DeploymentConfiguration {
    DeploymentConfiguration {
        deployment_circuit_breaker: new
            .deployment_circuit_breaker
            .or_else(|| old.deployment_circuit_breaker.clone()),
        maximum_percent: new.maximum_percent.or(old.maximum_percent),
        minimum_healthy_percent: new.minimum_healthy_percent.or(old.minimum_healthy_percent),
        alarms: new.alarms.or_else(|| old.alarms.clone()),
        strategy: new.strategy.or_else(|| old.strategy.clone()),
        bake_time_in_minutes: new.bake_time_in_minutes.or(old.bake_time_in_minutes),
    }
}

/// `DeleteService`: its tasks stop, and it is DRAINING until they are gone.
///
/// # Errors
/// `ClusterNotFoundException`; `ServiceNotFoundException`; `InvalidParameterException` for one that is not
/// scaled to 0 without `force`.
pub fn delete_service(
    world: &mut World,
    input: &DeleteServiceInput,
) -> Result<DeleteServiceOutput, ApiError> {
    let key = world.ecs.active_service(input.cluster.as_deref(), &input.service)?;
    let service = &mut world.ecs.services[key.index()];
    if service.desired > 0 && !input.force.unwrap_or(false) {
        return Err(invalid("The service cannot be stopped while it is scaled above 0."));
    }
    service.desired = 0;
    service.status = ServiceStatus::Draining;
    scheduler::request(world, key);
    Ok(DeleteServiceOutput { service: describe::service(world, key, true) })
}

/// Security groups of a task of a service; none where it has none of its own, or its deployment is forgotten.
pub(crate) fn security_groups(world: &World, task: TaskKey) -> &[String] {
    let owner = world.ecs.task(task).and_then(|task| task.owner);
    let network = owner.and_then(|(service, deployment)| {
        let service = world.ecs.service(service);
        let revision = service.deployment(deployment)?.revision;
        service.revisions.get(revision)?.network.as_ref()?.awsvpc_configuration.as_ref()
    });
    network.map_or(&[], |network| &network.security_groups)
}
