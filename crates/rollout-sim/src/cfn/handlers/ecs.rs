//! `AWS::ECS::*`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::convert::{camel, differs, keep, request, select, text, without};
use super::durations::durations;
use super::identity::generated;
use super::{Context, Failure, Outcome, Poll, Wait};
use crate::ecs::{self, MonitorStatus, ServiceDeploymentStatus as Status};
use crate::{ApiError, World, iam};

/// The handler's own limits in seconds: 2160 minutes to create and update, 30 to delete (lint:AWS::ECS::Service, handlers).
const HANDLER_TIMEOUT_SECS: f64 = 2160.0 * 60.0;
const HANDLER_DELETE_TIMEOUT_SECS: f64 = 30.0 * 60.0;

/// Properties that `UpdateService` takes as they are.
const UPDATABLE: [&str; 11] = [
    "AvailabilityZoneRebalancing",
    "DeploymentConfiguration",
    "DesiredCount",
    "EnableECSManagedTags",
    "EnableExecuteCommand",
    "HealthCheckGracePeriodSeconds",
    "NetworkConfiguration",
    "PlatformVersion",
    "PropagateTags",
    "LoadBalancers",
    "ServiceRegistries",
];

fn failure<'a>(context: &'a Context) -> impl Fn(ApiError) -> Failure + 'a {
    |error| Failure::api("Ecs", &error, context)
}

/// How long a service is waited for: with a bake time as long as the handler may run at all, without for much less
/// (lint:AWS::ECS::Service, `BakeTimeInMinutes`: setting it raises the time-out to 36 hours).
fn stabilise(world: &World, properties: &Value) -> Wait {
    let bakes = properties.pointer("/DeploymentConfiguration/BakeTimeInMinutes").is_some();
    let params = &world.params;
    let timeout_secs = if bakes { HANDLER_TIMEOUT_SECS } else { params.cfn_ecs_timeout_secs };
    Wait::Stabilise { poll_secs: params.cfn_poll_secs, timeout_secs }
}

fn secs(world: &World, kind: &str) -> Wait {
    Wait::Secs(durations(kind).create * world.params.cfn_duration_factor)
}

pub(super) fn create_cluster(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    const KIND: &str = "AWS::ECS::Cluster";
    let mut members = select(
        properties,
        &[("ClusterSettings", "Settings"), ("CapacityProviders", "CapacityProviders"), ("Tags", "Tags")],
    );
    refuse(properties, &["Configuration", "ServiceConnectDefaults"])?;
    let name = match text(properties, "ClusterName") {
        "" => generated(world, context, 255),
        name => name.to_owned(),
    };
    members.insert("ClusterName".to_owned(), name.clone().into());
    let existing = ecs::DescribeClustersInput { clusters: vec![name.clone()], include: Vec::new() };
    let existing = ecs::describe_clusters(world, &existing).map_err(failure(context))?;
    if existing.clusters.iter().any(|cluster| cluster.status == "ACTIVE") {
        return Err(Failure::new(
            "AlreadyExists",
            format!("Resource of type '{KIND}' with identifier '{name}' already exists."),
        ));
    }
    let made = ecs::create_cluster(world, request(camel(members))?).map_err(failure(context))?.cluster;
    Ok(Outcome {
        physical_id: made.cluster_name,
        attributes: BTreeMap::from([("Arn".to_owned(), made.cluster_arn.into())]),
        wait: secs(world, KIND),
        ..Outcome::default()
    })
}

/// Properties of this type that the service here does not model: refused, where they say anything.
fn refuse(properties: &Value, names: &[&str]) -> Result<(), Failure> {
    match names.iter().find(|name| properties.get(**name).is_some()) {
        Some(name) => Err(Failure::new("InvalidRequest", format!("not modelled: property {name}"))),
        None => Ok(()),
    }
}

pub(super) fn register(world: &mut World, context: &Context, properties: &Value) -> Result<Outcome, Failure> {
    if let Some(role) = &context.role {
        let principal = iam::Principal::role(role);
        for property in ["TaskRoleArn", "ExecutionRoleArn"] {
            let passed = text(properties, property);
            if !passed.is_empty() {
                iam::check_pass_role(world, &principal, passed, "ecs-tasks.amazonaws.com")
                    .map_err(failure(context))?;
            }
        }
    }
    let mut members = without(properties, &["Family"]);
    let family = match text(properties, "Family") {
        "" => generated(world, context, 255),
        family => family.to_owned(),
    };
    members.insert("Family".to_owned(), family.into());
    let made = ecs::register_task_definition(world, request(camel(members))?).map_err(failure(context))?;
    let arn = made.task_definition.task_definition_arn;
    Ok(Outcome {
        attributes: BTreeMap::from([("TaskDefinitionArn".to_owned(), arn.clone().into())]),
        physical_id: arn,
        wait: secs(world, "AWS::ECS::TaskDefinition"),
        ..Outcome::default()
    })
}

pub(super) fn deregister(world: &mut World, context: &Context, arn: &str) -> Result<Wait, Failure> {
    let input = ecs::DeregisterTaskDefinitionInput { task_definition: arn.to_owned() };
    ecs::deregister_task_definition(world, &input).map_err(failure(context))?;
    Ok(Wait::Secs(durations("AWS::ECS::TaskDefinition").delete))
}

pub(super) fn create_service(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let mut members = without(properties, &["ForceNewDeployment"]);
    let name = match text(properties, "ServiceName") {
        "" => generated(world, context, 255),
        name => name.to_owned(),
    };
    members.insert("ServiceName".to_owned(), name.clone().into());
    // CloudFormation's default for a replica service.
    members.entry("DesiredCount").or_insert_with(|| json!(1));
    let made = ecs::create_service(world, request(camel(members))?).map_err(|error| {
        if error.message.contains("idempotent") {
            let message =
                format!("Resource of type 'AWS::ECS::Service' with identifier '{name}' already exists.");
            return Failure::new("AlreadyExists", message);
        }
        Failure::api("Ecs", &error, context)
    })?;
    let arn = made.service.service_arn;
    Ok(Outcome {
        attributes: BTreeMap::from([
            ("Name".to_owned(), name.into()),
            ("ServiceArn".to_owned(), arn.clone().into()),
        ]),
        physical_id: arn,
        wait: stabilise(world, properties),
        ..Outcome::default()
    })
}

/// Sends everything that the template says, changed or not: what somebody set by hand is put back by any update of the
/// service (aws-cdk#3919, containers-roadmap#493, for the desired count). A member that the template leaves out keeps
/// its value, except load balancers and registries.
pub(super) fn update_service(
    world: &mut World,
    context: &Context,
    arn: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    let mut members = keep(new, &UPDATABLE);
    for list in ["LoadBalancers", "ServiceRegistries"] {
        if differs(old, new, list) {
            members.entry(list).or_insert_with(|| json!([]));
        }
    }
    members.extend(keep(new, &["TaskDefinition", "Cluster"]));
    members.insert("Service".to_owned(), arn.into());
    let forced = new.pointer("/ForceNewDeployment/EnableForceNewDeployment") == Some(&Value::Bool(true));
    if forced && differs(old, new, "ForceNewDeployment") {
        members.insert("ForceNewDeployment".to_owned(), Value::Bool(true));
    }
    ecs::update_service(world, request(camel(members))?).map_err(failure(context))?;
    retag(world, context, arn, old, new)?;
    Ok(Outcome { physical_id: arn.to_owned(), wait: stabilise(world, new), ..Outcome::default() })
}

/// Changes the tags of a resource.
pub(super) fn retag(
    world: &mut World,
    context: &Context,
    arn: &str,
    old: &Value,
    new: &Value,
) -> Result<(), Failure> {
    if !differs(old, new, "Tags") {
        return Ok(());
    }
    let keys = |properties: &Value| -> Vec<String> {
        let tags = properties.get("Tags").and_then(Value::as_array).into_iter().flatten();
        tags.map(|tag| text(tag, "Key").to_owned()).collect()
    };
    let kept = keys(new);
    let gone: Vec<String> = keys(old).into_iter().filter(|key| !kept.contains(key)).collect();
    if !gone.is_empty() {
        let input = ecs::UntagResourceInput { resource_arn: arn.to_owned(), tag_keys: gone };
        ecs::untag_resource(world, &input).map_err(failure(context))?;
    }
    if !kept.is_empty() {
        let mut members: Map<String, Value> = camel(keep(new, &["Tags"]));
        members.insert("resourceArn".to_owned(), arn.into());
        ecs::tag_resource(world, request(members)?).map_err(failure(context))?;
    }
    Ok(())
}

pub(super) fn delete_service(
    world: &mut World,
    context: &Context,
    arn: &str,
    properties: &Value,
) -> Result<Wait, Failure> {
    let input = ecs::DeleteServiceInput {
        cluster: properties.get("Cluster").and_then(Value::as_str).map(str::to_owned),
        service: arn.to_owned(),
        force: Some(true),
    };
    ecs::delete_service(world, &input).map_err(failure(context))?;
    Ok(Wait::Stabilise { poll_secs: world.params.cfn_poll_secs, timeout_secs: HANDLER_DELETE_TIMEOUT_SECS })
}

/// Whether a service that was deleted has drained.
pub(super) fn service_is_gone(world: &World, arn: &str) -> Poll {
    match service(world, arn) {
        Some(service) if service.status == ecs::ServiceStatus::Draining => Poll::Pending,
        _ => Poll::Done,
    }
}

fn cluster_of(arn: &str) -> Option<String> {
    arn.rsplit('/').nth(1).map(str::to_owned)
}

fn service<'a>(world: &'a World, arn: &str) -> Option<ecs::ObservedService<'a>> {
    // What happened before is of no matter to a look at how it is.
    ecs::observe_service(world, &cluster_of(arn)?, arn, world.now()).ok()
}

/// Judges a service by its latest service deployment: done when it succeeded, or when a rollback ended where
/// the properties want to be; failed as soon as it rolls back to somewhere else or is stopped.
pub(super) fn poll_service(world: &World, arn: &str, properties: &Value) -> Poll {
    let input = ecs::ListServiceDeploymentsInput {
        cluster: cluster_of(arn),
        service: arn.to_owned(),
        max_results: Some(1),
        ..ecs::ListServiceDeploymentsInput::default()
    };
    let latest = match ecs::list_service_deployments(world, &input) {
        Ok(output) => output.service_deployments.into_iter().next(),
        Err(error) => return Poll::Failed(Failure::new("NotFound", error.message)),
    };
    let Some(latest) = latest else { return Poll::Done };
    if matches!(latest.status, Status::Pending | Status::InProgress) {
        return Poll::Pending;
    }
    let Some(service) = service(world, arn) else { return Poll::Failed(gone(arn)) };
    if service.status == ecs::ServiceStatus::Inactive {
        return Poll::Failed(gone(arn));
    }
    let wanted = text(properties, "TaskDefinition");
    let primary =
        service.deployments.iter().find(|deployment| deployment.status == ecs::DeploymentStatus::Primary);
    let on_target = primary.is_some_and(|primary| primary.task_definition == wanted);
    let steady = service.running_count >= service.desired_count;
    match latest.status {
        Status::Successful | Status::RollbackSuccessful if on_target && steady => Poll::Done,
        Status::Successful
        | Status::RollbackSuccessful
        | Status::RollbackRequested
        | Status::RollbackInProgress
            if on_target =>
        {
            Poll::Pending
        }
        Status::RollbackRequested | Status::RollbackInProgress
            if world.params.cfn_waits_for_rollback >= 0.5 =>
        {
            Poll::Pending
        }
        Status::Successful => Poll::Failed(Failure::new(
            "GeneralServiceException",
            "Error occurred during operation 'ECS Deployment was superseded by another one'.",
        )),
        _ => Poll::Failed(reason(world, &latest.service_deployment_arn)),
    }
}

fn gone(arn: &str) -> Failure {
    super::bag::not_found("AWS::ECS::Service", arn)
}

/// AWS's words for the circuit breaker (re:Post, "ecs-troubleshoot-deployment-failures"); those for other
/// causes are not documented and say what the service deployment says.
fn reason(world: &World, deployment_arn: &str) -> Failure {
    let input =
        ecs::DescribeServiceDeploymentsInput { service_deployment_arns: vec![deployment_arn.to_owned()] };
    let deployment = ecs::describe_service_deployments(world, &input)
        .ok()
        .and_then(|output| output.service_deployments.into_iter().next())
        .unwrap_or_default();
    let operation = if deployment.deployment_circuit_breaker.status == MonitorStatus::Triggered {
        "ECS Deployment Circuit Breaker was triggered".to_owned()
    } else if deployment.alarms.status == MonitorStatus::Triggered {
        "ECS Deployment Alarm was triggered".to_owned()
    } else {
        deployment.status_reason.unwrap_or_else(|| "ECS Deployment was stopped".to_owned())
    };
    Failure::new("GeneralServiceException", format!("Error occurred during operation '{operation}'."))
}

/// Only tags of a cluster change here.
pub(super) fn update_cluster(
    world: &mut World,
    context: &Context,
    name: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    if let Some(property) =
        ["ClusterSettings", "CapacityProviders"].iter().find(|name| differs(old, new, name))
    {
        return Err(Failure::new("InvalidRequest", format!("not modelled: changing property {property}")));
    }
    let arn = world.arn("ecs", &format!("cluster/{name}"));
    retag(world, context, &arn, old, new)?;
    let wait = Wait::Secs(durations("AWS::ECS::Cluster").update);
    Ok(Outcome { physical_id: name.to_owned(), wait, ..Outcome::default() })
}

/// Tags are all that can change of a task definition: everything else is a new revision.
pub(super) fn update_task_definition(
    world: &mut World,
    context: &Context,
    arn: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    retag(world, context, arn, old, new)?;
    let wait = Wait::Secs(durations("AWS::ECS::TaskDefinition").update);
    Ok(Outcome { physical_id: arn.to_owned(), wait, ..Outcome::default() })
}

pub(super) fn delete_cluster(world: &mut World, context: &Context, name: &str) -> Result<Wait, Failure> {
    ecs::delete_cluster(world, &ecs::DeleteClusterInput { cluster: name.to_owned() })
        .map_err(failure(context))?;
    Ok(Wait::Secs(durations("AWS::ECS::Cluster").delete))
}
