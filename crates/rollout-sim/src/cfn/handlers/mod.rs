//! Resource handlers: what CloudFormation does to make, change and delete a resource of each type.
//!
//! Types that another module models are made through that module's API; the others are bags of properties.

mod access;
mod actual;
mod actual_iam;
mod bag;
mod cache;
mod convert;
mod database;
mod durations;
mod dynamic;
mod ecs;
mod elb;
mod failure;
mod iam;
mod identity;
mod names;
pub(super) mod nested;
mod stores;
mod vpc;

use std::collections::BTreeMap;

use serde_json::Value;

use self::access::{Subject, Verb};
use super::gateways;
use super::template::Policy;
use crate::World;

pub(super) use actual::{Actual, read};
pub(super) use failure::Failure;
pub(super) use names::{check_custom_name, conflict};

/// The stack a handler works for.
#[derive(Debug, Clone)]
pub(super) struct Context {
    /// Index of the stack.
    pub stack: usize,
    pub stack_name: String,
    pub logical_id: String,
    /// ARN of the role that CloudFormation assumes; `None` is the caller.
    pub role: Option<String>,
    /// Whether the stack goes back: some handlers send less then.
    pub rollback: bool,
    /// Token that failures of the handler carry.
    pub request_token: String,
    /// Tags of the stack, which every resource has that can be tagged, and every part of one through it.
    pub tags: BTreeMap<String, String>,
}

/// What a handler made.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub physical_id: String,
    /// What `Ref` gives where that is not the physical id.
    pub reference: Option<String>,
    /// What `Fn::GetAtt` gives; after an update only what changed, with null for what is gone.
    pub attributes: BTreeMap<String, Value>,
    pub wait: Wait,
}

/// How long an operation takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wait {
    /// A fixed time, in seconds.
    Secs(f64),
    /// Until the resource has stabilised.
    Stabilise { poll_secs: f64, timeout_secs: f64 },
}

impl Default for Wait {
    fn default() -> Self {
        Self::Secs(1.0)
    }
}

/// What a look at a resource that stabilises shows.
#[derive(Debug)]
pub(super) enum Poll {
    Pending,
    Done,
    Failed(Failure),
}

/// Creates a resource.
///
/// # Errors
/// Why the service refused.
pub(super) fn create(
    world: &mut World,
    context: &Context,
    kind: &str,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let subject = Subject { kind, old: None, properties, physical_id: None };
    access::check(world, context, Verb::Create, subject)?;
    gateways::check_creation(world, context.stack, &context.logical_id, kind, properties)?;
    vpc::check(world, context, kind, None, properties)?;
    if kind == database::KIND {
        return database::create(world, context, properties);
    }
    cache::check(world, context, kind, properties)?;
    if bag::is_bag(kind) {
        // It keeps a dynamic reference as it is: nothing asks it for the value.
        return bag::create(world, context, kind, properties);
    }
    let properties = &dynamic::resolve(world, properties)?;
    match kind {
        nested::KIND => nested::create(world, context, properties),
        "AWS::CloudWatch::Alarm" => stores::create_alarm(world, context, properties),
        "AWS::ECR::Repository" => stores::create_repository(world, context, properties),
        "AWS::ECS::Cluster" => ecs::create_cluster(world, context, properties),
        "AWS::ECS::Service" => ecs::create_service(world, context, properties),
        "AWS::ECS::TaskDefinition" => ecs::register(world, context, properties),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => elb::create_load_balancer(world, context, properties),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => elb::create_target_group(world, context, properties),
        "AWS::ElasticLoadBalancingV2::Listener" => elb::create_listener(world, context, properties),
        "AWS::ElasticLoadBalancingV2::ListenerRule" => elb::create_rule(world, context, properties),
        "AWS::IAM::ManagedPolicy" => iam::create_managed_policy(world, context, properties),
        "AWS::IAM::OIDCProvider" => iam::create_provider(world, context, properties),
        "AWS::IAM::Policy" => iam::create_policy(world, context, properties),
        "AWS::IAM::Role" => iam::create_role(world, context, properties),
        "AWS::Logs::LogGroup" => stores::create_log_group(world, context, properties),
        "AWS::SecretsManager::Secret" => stores::create_secret(world, context, properties),
        _ => Err(Failure::new("InvalidRequest", format!("not modelled: resource type {kind}"))),
    }
}

/// Updates a resource in place.
///
/// # Errors
/// Why the service refused.
pub(super) fn update(
    world: &mut World,
    context: &Context,
    kind: &str,
    id: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    let subject = Subject { kind, old: Some(old), properties: new, physical_id: Some(id) };
    access::check(world, context, Verb::Update, subject)?;
    vpc::check(world, context, kind, Some(old), new)?;
    if kind == database::KIND {
        return database::update(world, context, id, new);
    }
    cache::check(world, context, kind, new)?;
    if bag::is_bag(kind) {
        return bag::update(world, context, kind, id, new);
    }
    let new = &dynamic::resolve(world, new)?;
    match kind {
        nested::KIND => nested::update(world, context, id, new),
        "AWS::CloudWatch::Alarm" => stores::update_alarm(world, context, id, new),
        "AWS::ECR::Repository" => stores::update_repository(world, context, id, old, new),
        "AWS::ECS::Cluster" => ecs::update_cluster(world, context, id, old, new),
        "AWS::ECS::Service" => ecs::update_service(world, context, id, old, new),
        "AWS::ECS::TaskDefinition" => ecs::update_task_definition(world, context, id, old, new),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => {
            elb::update_load_balancer(world, context, id, old, new)
        }
        "AWS::ElasticLoadBalancingV2::TargetGroup" => elb::update_target_group(world, context, id, old, new),
        "AWS::ElasticLoadBalancingV2::Listener" => elb::update_listener(world, context, id, old, new),
        "AWS::ElasticLoadBalancingV2::ListenerRule" => elb::update_rule(world, context, id, old, new),
        "AWS::IAM::ManagedPolicy" => iam::update_managed_policy(world, context, id, old, new),
        "AWS::IAM::OIDCProvider" => iam::update_provider(world, context, id, new),
        "AWS::IAM::Policy" => iam::update_policy(world, context, id, old, new),
        "AWS::IAM::Role" => iam::update_role(world, context, id, old, new),
        "AWS::Logs::LogGroup" => stores::update_log_group(world, context, id, old, new),
        "AWS::SecretsManager::Secret" => stores::update_secret(world, context, id, old, new),
        _ => Err(Failure::new("InvalidRequest", format!("not modelled: resource type {kind}"))),
    }
}

/// Deletes a resource; one that is gone already is fine.
///
/// # Errors
/// Why the service refused.
pub(super) fn delete(
    world: &mut World,
    context: &Context,
    kind: &str,
    id: &str,
    properties: &Value,
    policy: Policy,
) -> Result<Wait, Failure> {
    let subject = Subject { kind, old: None, properties, physical_id: Some(id) };
    access::check(world, context, Verb::Delete, subject)?;
    gateways::check_detaching(world, context.stack, &context.logical_id, kind, properties)?;
    match kind {
        nested::KIND => nested::delete(world, context, id),
        "AWS::CloudWatch::Alarm" => stores::delete_alarm(world, context, id),
        "AWS::ECR::Repository" => stores::delete_repository(world, context, id, properties),
        "AWS::ECS::Cluster" => ecs::delete_cluster(world, context, id),
        "AWS::ECS::Service" => ecs::delete_service(world, context, id, properties),
        "AWS::ECS::TaskDefinition" => ecs::deregister(world, context, id),
        "AWS::ElasticLoadBalancingV2::LoadBalancer"
        | "AWS::ElasticLoadBalancingV2::TargetGroup"
        | "AWS::ElasticLoadBalancingV2::Listener"
        | "AWS::ElasticLoadBalancingV2::ListenerRule" => elb::delete(world, context, kind, id),
        "AWS::IAM::ManagedPolicy" => iam::delete_managed_policy(world, context, id, properties),
        "AWS::IAM::OIDCProvider" => Ok(iam::delete_provider(world, id)),
        "AWS::IAM::Policy" => Ok(iam::delete_policy(world, properties)),
        "AWS::IAM::Role" => iam::delete_role(world, context, id, properties),
        "AWS::Logs::LogGroup" => stores::delete_log_group(world, context, id),
        "AWS::SecretsManager::Secret" => stores::delete_secret(world, context, id),
        database::KIND => database::delete(world, id, policy),
        cache::USER => cache::delete_user(world, context, id, policy),
        _ => bag::delete(world, kind, id, policy),
    }
}

/// Looks whether a resource has stabilised after its creation or update.
pub(super) fn poll(world: &World, kind: &str, id: &str, properties: &Value) -> Poll {
    match kind {
        "AWS::ECS::Service" => ecs::poll_service(world, id, properties),
        nested::KIND => nested::poll(world, id),
        _ => Poll::Done,
    }
}

/// Looks whether a resource is gone.
pub(super) fn poll_deleted(world: &World, kind: &str, id: &str) -> Poll {
    match kind {
        "AWS::ECS::Service" => ecs::service_is_gone(world, id),
        nested::KIND => nested::poll_deleted(world, id),
        _ => Poll::Done,
    }
}

/// Stops what was started for a resource, where it can be stopped.
pub(super) fn interrupt(world: &mut World, kind: &str, id: &str) {
    if kind == nested::KIND {
        nested::interrupt(world, id);
    }
}

/// Attributes that are known only once a resource is complete.
pub(super) fn late_attributes(world: &World, kind: &str, id: &str) -> Option<BTreeMap<String, Value>> {
    (kind == nested::KIND).then(|| nested::attributes(world, id))
}
