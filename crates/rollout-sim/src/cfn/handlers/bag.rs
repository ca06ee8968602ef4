//! Resources that no other module models: a bag of properties with an identity and a duration.

use serde_json::Value;

use super::durations::durations;
use super::{Context, Failure, Outcome, Wait, identity, names, nested};
use crate::cfn::quotas;
use crate::cfn::state::Bag;
use crate::cfn::template::Policy;
use crate::{World, elb, route53, s3, sns};

const CERTIFICATE: &str = "AWS::CertificateManager::Certificate";
const RECORD_SET: &str = "AWS::Route53::RecordSet";

/// Whether no other module models the type.
pub(super) fn is_bag(kind: &str) -> bool {
    let elsewhere = matches!(
        kind,
        nested::KIND
            | "AWS::CloudWatch::Alarm"
            | "AWS::ECR::Repository"
            | "AWS::ECS::Cluster"
            | "AWS::ECS::Service"
            | "AWS::ECS::TaskDefinition"
            | "AWS::ElasticLoadBalancingV2::LoadBalancer"
            | "AWS::ElasticLoadBalancingV2::TargetGroup"
            | "AWS::ElasticLoadBalancingV2::Listener"
            | "AWS::ElasticLoadBalancingV2::ListenerRule"
            | "AWS::IAM::ManagedPolicy"
            | "AWS::IAM::OIDCProvider"
            | "AWS::IAM::Policy"
            | "AWS::IAM::Role"
            | "AWS::Logs::LogGroup"
            | "AWS::SecretsManager::Secret"
    );
    !elsewhere
}

/// The zones in which CloudFormation makes the records that validate a certificate
/// (CFN:aws-properties-certificatemanager-certificate-domainvalidationoption).
fn validation_zones(properties: &Value) -> impl Iterator<Item = &str> {
    let options = properties.get("DomainValidationOptions").and_then(Value::as_array);
    options.into_iter().flatten().filter_map(|option| option.get("HostedZoneId")?.as_str())
}

/// What a record set says about names that load balancers answer for.
fn point_record(world: &mut World, kind: &str, properties: &Value, exists: bool) {
    let target = properties.pointer("/AliasTarget/DNSName").and_then(Value::as_str);
    if let (Some(target), RECORD_SET) = (target, kind) {
        let name = properties.get("Name").and_then(Value::as_str).unwrap_or_default();
        elb::point_host_at(world, name, exists.then_some(target));
    }
}

pub(super) fn create(
    world: &mut World,
    context: &Context,
    kind: &str,
    properties: &Value,
) -> Result<Outcome, Failure> {
    if let Some(message) = names::conflict(world, kind, properties) {
        return Err(Failure::new("AlreadyExists", message));
    }
    quotas::check_room(world, kind, properties)
        .map_err(|(service, error)| Failure::api(service, &error, context))?;
    if kind == RECORD_SET {
        route53::record_made(world, properties).map_err(|error| Failure::api("Route53", &error, context))?;
    }
    if kind == CERTIFICATE {
        for zone in validation_zones(properties) {
            route53::zone_name(world, zone).map_err(|error| Failure::api("Route53", &error, context))?;
        }
    }
    let made = identity::make(world, context, kind, properties)?;
    let bag = Bag { properties: properties.clone(), attributes: made.attributes.clone() };
    world.cfn.bags.entry(kind.to_owned()).or_default().insert(made.physical_id.clone(), bag);
    point_record(world, kind, properties, true);
    elb::network_changed(world, kind);
    sns::made(world, kind, &made.physical_id, properties);
    let wait = Wait::Secs(durations(kind).create * world.params.cfn_duration_factor);
    Ok(Outcome { wait, ..made })
}

pub(super) fn update(
    world: &mut World,
    context: &Context,
    kind: &str,
    physical_id: &str,
    new: &Value,
) -> Result<Outcome, Failure> {
    if kind == RECORD_SET {
        route53::record_changed(world, new).map_err(|error| Failure::api("Route53", &error, context))?;
    }
    let Some(bag) = world.cfn.bags.get_mut(kind).and_then(|bags| bags.get_mut(physical_id)) else {
        return Err(not_found(kind, physical_id));
    };
    bag.properties = new.clone();
    point_record(world, kind, new, true);
    elb::network_changed(world, kind);
    let wait = Wait::Secs(durations(kind).update * world.params.cfn_duration_factor);
    Ok(Outcome { physical_id: physical_id.to_owned(), wait, ..Outcome::default() })
}

/// A resource that is gone already was deleted, as far as CloudFormation is concerned.
pub(super) fn delete(
    world: &mut World,
    kind: &str,
    physical_id: &str,
    policy: Policy,
) -> Result<Wait, Failure> {
    let Some(bags) = world.cfn.bags.get(kind) else { return Ok(Wait::Secs(1.0)) };
    let protected = bags.get(physical_id).and_then(|bag| bag.properties.get("DeletionProtection"));
    if protected == Some(&Value::Bool(true)) {
        let message =
            "Cannot delete protected DB Instance, please disable deletion protection and try again.";
        return Err(Failure::new("InvalidRequest", message));
    }
    if kind == "AWS::S3::Bucket" && s3::holds_objects(world, physical_id) {
        let message = "The bucket you tried to delete is not empty (Service: S3, Status Code: 409)";
        return Err(Failure::new("GeneralServiceException", message));
    }
    let removed = world.cfn.bags.get_mut(kind).and_then(|bags| bags.remove(physical_id));
    sns::removed(world, kind, physical_id);
    if let Some(bag) = removed {
        point_record(world, kind, &bag.properties, false);
        elb::network_changed(world, kind);
        if kind == RECORD_SET {
            route53::record_removed(world, &bag.properties);
        }
    }
    // A final snapshot takes about as long again.
    let snapshot = if policy == Policy::Snapshot { 2.0 } else { 1.0 };
    Ok(Wait::Secs(durations(kind).delete * snapshot * world.params.cfn_duration_factor))
}

/// What a handler says about a resource that is not there.
pub(super) fn not_found(kind: &str, physical_id: &str) -> Failure {
    Failure::new(
        "NotFound",
        format!("Resource of type '{kind}' with identifier '{physical_id}' was not found."),
    )
}
