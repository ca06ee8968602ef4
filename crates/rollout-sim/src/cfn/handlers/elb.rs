//! `AWS::ElasticLoadBalancingV2::*`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::convert::{differs, keep, request, select, text, without};
use super::durations::durations;
use super::identity::generated;
use super::{Context, Failure, Outcome, Wait};
use crate::{ApiError, World, elb};

const LOAD_BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const HEALTH_CHECK: [&str; 9] = [
    "HealthCheckProtocol",
    "HealthCheckPort",
    "HealthCheckEnabled",
    "HealthCheckPath",
    "HealthCheckIntervalSeconds",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
];

fn failure<'a>(context: &'a Context) -> impl Fn(ApiError) -> Failure + 'a {
    |error| Failure::api("ElasticLoadBalancingV2", &error, context)
}

fn wait(world: &World, kind: &str) -> Wait {
    Wait::Secs(durations(kind).create * world.params.cfn_duration_factor)
}

fn arn_outcome(arn: String, attribute: &str, wait: Wait) -> Outcome {
    Outcome {
        attributes: BTreeMap::from([(attribute.to_owned(), arn.clone().into())]),
        physical_id: arn,
        wait,
        ..Outcome::default()
    }
}

/// What follows the first slash of an ARN's resource: `app/name/id`.
fn full_name(arn: &str, prefix: &str) -> String {
    let tail = arn.split_once(prefix).map_or("", |(_, tail)| tail);
    if prefix == ":targetgroup/" { format!("targetgroup/{tail}") } else { tail.to_owned() }
}

fn named(world: &mut World, context: &Context, properties: &Value) -> Map<String, Value> {
    let name = match text(properties, "Name") {
        "" => generated(world, context, 32),
        name => name.to_owned(),
    };
    Map::from_iter([("Name".to_owned(), Value::from(name))])
}

fn attributes(properties: &Value, list: &str, arn_member: &str, arn: &str) -> Map<String, Value> {
    let given = properties.get(list).cloned().unwrap_or_else(|| json!([]));
    Map::from_iter([(arn_member.to_owned(), Value::from(arn)), ("Attributes".to_owned(), given)])
}

pub(super) fn create_load_balancer(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let mut members = named(world, context, properties);
    members
        .extend(keep(properties, &["Subnets", "SecurityGroups", "Scheme", "Tags", "Type", "IpAddressType"]));
    let made = elb::create_load_balancer(world, request(members)?).map_err(failure(context))?;
    let Some(made) = made.load_balancers.into_iter().next() else { return Err(nothing()) };
    let arn = made.load_balancer_arn;
    set_attributes(world, context, &arn, properties)?;
    let mut outcome = arn_outcome(arn.clone(), "LoadBalancerArn", wait(world, LOAD_BALANCER));
    outcome.attributes.extend([
        ("DNSName".to_owned(), made.dns_name.into()),
        ("CanonicalHostedZoneID".to_owned(), made.canonical_hosted_zone_id.into()),
        ("LoadBalancerName".to_owned(), made.load_balancer_name.into()),
        ("LoadBalancerFullName".to_owned(), full_name(&arn, ":loadbalancer/").into()),
    ]);
    Ok(outcome)
}

fn nothing() -> Failure {
    Failure::new("InternalFailure", "The service answered without the resource")
}

fn set_attributes(
    world: &mut World,
    context: &Context,
    arn: &str,
    properties: &Value,
) -> Result<(), Failure> {
    let members = attributes(properties, "LoadBalancerAttributes", "LoadBalancerArn", arn);
    elb::modify_load_balancer_attributes(world, request(members)?).map_err(failure(context))?;
    Ok(())
}

pub(super) fn update_load_balancer(
    world: &mut World,
    context: &Context,
    arn: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    if differs(old, new, "LoadBalancerAttributes") {
        set_attributes(world, context, arn, new)?;
    }
    if differs(old, new, "SecurityGroups") {
        let mut members = keep(new, &["SecurityGroups"]);
        members.insert("LoadBalancerArn".to_owned(), arn.into());
        elb::set_security_groups(world, request(members)?).map_err(failure(context))?;
    }
    if differs(old, new, "Subnets") {
        let mut members = keep(new, &["Subnets"]);
        members.insert("LoadBalancerArn".to_owned(), arn.into());
        elb::set_subnets(world, &request(members)?).map_err(failure(context))?;
    }
    retag(world, context, arn, old, new)?;
    updated(world, LOAD_BALANCER, arn)
}

fn updated(world: &World, kind: &str, arn: &str) -> Result<Outcome, Failure> {
    let wait = Wait::Secs(durations(kind).update * world.params.cfn_duration_factor);
    Ok(Outcome { physical_id: arn.to_owned(), wait, ..Outcome::default() })
}

pub(super) fn create_target_group(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    if properties.get("Targets").is_some() {
        return Err(Failure::new("InvalidRequest", "not modelled: property Targets"));
    }
    let mut members = named(world, context, properties);
    members.extend(without(properties, &["Name", "TargetGroupAttributes"]));
    let made = elb::create_target_group(world, request(members)?).map_err(failure(context))?;
    let Some(made) = made.target_groups.into_iter().next() else { return Err(nothing()) };
    let arn = made.target_group_arn;
    let members = attributes(properties, "TargetGroupAttributes", "TargetGroupArn", &arn);
    elb::modify_target_group_attributes(world, request(members)?).map_err(failure(context))?;
    let mut outcome = arn_outcome(arn.clone(), "TargetGroupArn", wait(world, TARGET_GROUP));
    outcome.attributes.extend([
        ("TargetGroupName".to_owned(), made.target_group_name.into()),
        ("TargetGroupFullName".to_owned(), full_name(&arn, ":targetgroup/").into()),
        ("LoadBalancerArns".to_owned(), json!([])),
    ]);
    Ok(outcome)
}

pub(super) fn update_target_group(
    world: &mut World,
    context: &Context,
    arn: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    let changed: Vec<&str> = HEALTH_CHECK.into_iter().filter(|name| differs(old, new, name)).collect();
    if !changed.is_empty() {
        let mut members = keep(new, &changed);
        members.insert("TargetGroupArn".to_owned(), arn.into());
        elb::modify_target_group(world, request(members)?).map_err(failure(context))?;
    }
    if differs(old, new, "TargetGroupAttributes") {
        let members = attributes(new, "TargetGroupAttributes", "TargetGroupArn", arn);
        elb::modify_target_group_attributes(world, request(members)?).map_err(failure(context))?;
    }
    retag(world, context, arn, old, new)?;
    updated(world, TARGET_GROUP, arn)
}

pub(super) fn create_listener(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let members = without(properties, &[]);
    let made = elb::create_listener(world, request(members)?).map_err(failure(context))?;
    let Some(made) = made.listeners.into_iter().next() else { return Err(nothing()) };
    Ok(arn_outcome(made.listener_arn, "ListenerArn", wait(world, "")))
}

pub(super) fn update_listener(
    world: &mut World,
    context: &Context,
    arn: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    let mut members = keep(new, &["Port", "Protocol", "SslPolicy", "Certificates", "DefaultActions"]);
    members.insert("ListenerArn".to_owned(), arn.into());
    elb::modify_listener(world, request(members)?).map_err(failure(context))?;
    retag(world, context, arn, old, new)?;
    updated(world, "", arn)
}

pub(super) fn create_rule(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let members = without(properties, &[]);
    let made = elb::create_rule(world, request(members)?).map_err(failure(context))?;
    let Some(made) = made.rules.into_iter().next() else { return Err(nothing()) };
    let mut outcome = arn_outcome(made.rule_arn, "RuleArn", wait(world, ""));
    outcome.attributes.insert("IsDefault".to_owned(), false.into());
    Ok(outcome)
}

pub(super) fn update_rule(
    world: &mut World,
    context: &Context,
    arn: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    if differs(old, new, "Conditions") || differs(old, new, "Actions") {
        let mut members = keep(new, &["Conditions", "Actions"]);
        members.insert("RuleArn".to_owned(), arn.into());
        elb::modify_rule(world, request(members)?).map_err(failure(context))?;
    }
    if differs(old, new, "Priority") {
        let mut pair = select(new, &[("Priority", "Priority")]);
        pair.insert("RuleArn".to_owned(), arn.into());
        let members = Map::from_iter([("RulePriorities".to_owned(), json!([pair]))]);
        elb::set_rule_priorities(world, &request(members)?).map_err(failure(context))?;
    }
    updated(world, "", arn)
}

fn retag(world: &mut World, context: &Context, arn: &str, old: &Value, new: &Value) -> Result<(), Failure> {
    if !differs(old, new, "Tags") {
        return Ok(());
    }
    let tags =
        |properties: &Value| properties.get("Tags").and_then(Value::as_array).cloned().unwrap_or_default();
    let kept: Vec<Value> = tags(new);
    let gone: Vec<Value> = tags(old)
        .iter()
        .filter(|tag| !kept.iter().any(|other| other.get("Key") == tag.get("Key")))
        .filter_map(|tag| tag.get("Key").cloned())
        .collect();
    if !gone.is_empty() {
        let members = Map::from_iter([
            ("ResourceArns".to_owned(), json!([arn])),
            ("TagKeys".to_owned(), Value::Array(gone)),
        ]);
        elb::remove_tags(world, &request(members)?).map_err(failure(context))?;
    }
    if !kept.is_empty() {
        let members = Map::from_iter([
            ("ResourceArns".to_owned(), json!([arn])),
            ("Tags".to_owned(), Value::Array(kept)),
        ]);
        elb::add_tags(world, request(members)?).map_err(failure(context))?;
    }
    Ok(())
}

/// Deletes a load balancer, target group, listener or rule; one that is gone is fine.
pub(super) fn delete(world: &mut World, context: &Context, kind: &str, arn: &str) -> Result<Wait, Failure> {
    let arn = arn.to_owned();
    let result = match kind {
        LOAD_BALANCER => {
            elb::delete_load_balancer(world, &elb::DeleteLoadBalancerInput { load_balancer_arn: arn })
                .map(drop)
        }
        TARGET_GROUP => {
            elb::delete_target_group(world, &elb::DeleteTargetGroupInput { target_group_arn: arn }).map(drop)
        }
        "AWS::ElasticLoadBalancingV2::Listener" => {
            elb::delete_listener(world, &elb::DeleteListenerInput { listener_arn: arn }).map(drop)
        }
        _ => elb::delete_rule(world, &elb::DeleteRuleInput { rule_arn: arn }).map(drop),
    };
    match result {
        Err(error) if error.code.ends_with("NotFound") => {}
        other => other.map_err(failure(context))?,
    }
    Ok(Wait::Secs(durations(kind).delete))
}
