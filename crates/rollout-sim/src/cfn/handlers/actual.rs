//! Resources as they are, in the form of their templates: what drift detection compares.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::convert::{request, text};
use super::{actual_iam, bag};
use crate::{ApiError, World, cloudwatch, ecr, ecs, elb, logs, secrets};

/// A resource as it is.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cfn) enum Actual {
    /// There is nothing any more.
    Gone,
    /// It is there; its properties are not read. AWS calls that `NOT_CHECKED` too.
    Unread,
    /// The properties that can be compared.
    Properties(Value),
}

const SERVICE: &[&str] = &[
    "AvailabilityZoneRebalancing",
    "DeploymentConfiguration",
    "DesiredCount",
    "EnableECSManagedTags",
    "EnableExecuteCommand",
    "HealthCheckGracePeriodSeconds",
    "LoadBalancers",
    "NetworkConfiguration",
    "TaskDefinition",
];
const TARGET_GROUP: &[&str] = &[
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "Matcher",
    "UnhealthyThresholdCount",
];
const ALARM: &[&str] = &[
    "ActionsEnabled",
    "AlarmActions",
    "AlarmDescription",
    "ComparisonOperator",
    "DatapointsToAlarm",
    "Dimensions",
    "EvaluationPeriods",
    "MetricName",
    "Namespace",
    "OKActions",
    "Period",
    "Statistic",
    "Threshold",
    "TreatMissingData",
];

/// Reads a resource. `expected` says which attributes of a list matter.
pub(in crate::cfn) fn read(world: &World, kind: &str, id: &str, expected: &Value) -> Actual {
    if bag::is_bag(kind) {
        let bag = world.cfn.bags.get(kind).and_then(|bags| bags.get(id));
        return bag.map_or(Actual::Gone, |bag| Actual::Properties(bag.properties.clone()));
    }
    let found = match kind {
        "AWS::ECS::Service" => service(world, id),
        "AWS::ECS::Cluster" => cluster(world, id),
        "AWS::ECS::TaskDefinition" => task_definition(world, id),
        "AWS::ElasticLoadBalancingV2::TargetGroup" => target_group(world, id, expected),
        "AWS::ElasticLoadBalancingV2::LoadBalancer" => load_balancer(world, id, expected),
        "AWS::ElasticLoadBalancingV2::Listener" => listener(world, id),
        "AWS::ElasticLoadBalancingV2::ListenerRule" => rule(world, id),
        "AWS::CloudWatch::Alarm" => alarm(world, id),
        "AWS::Logs::LogGroup" => log_group(world, id),
        "AWS::ECR::Repository" => repository(world, id),
        "AWS::SecretsManager::Secret" => secret(world, id),
        "AWS::IAM::Role" => actual_iam::role(world, id),
        "AWS::IAM::Policy" => actual_iam::policy(world, expected),
        "AWS::IAM::ManagedPolicy" => actual_iam::managed_policy(world, id, expected),
        "AWS::IAM::OIDCProvider" => actual_iam::provider(world, id),
        _ => return Actual::Unread,
    };
    found.map_or(Actual::Gone, Actual::Properties)
}

/// The first thing of a list that a call answered, where it answered one.
fn first<T>(answer: Result<Vec<T>, ApiError>) -> Option<T> {
    answer.ok()?.into_iter().next()
}

/// The members of an answer that are properties, under the properties' names.
fn members(answer: &impl Serialize, names: &[&str]) -> Value {
    let Value::Object(all) = pascal(serde_json::to_value(answer).unwrap_or_default()) else {
        return json!({});
    };
    all.into_iter().filter(|(name, _)| names.contains(&name.as_str())).collect()
}

/// Names of members begin with a capital letter in templates.
fn pascal(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(name, value)| {
                let mut letters = name.chars();
                let first = letters.next().map(|letter| letter.to_ascii_uppercase());
                (first.into_iter().chain(letters).collect::<String>(), pascal(value))
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(pascal).collect(),
        other => other,
    }
}

/// Keys and values of attributes, those that the template sets and in its order.
fn attributes(expected: &Value, list: &str, actual: &impl Serialize) -> Option<(String, Value)> {
    let wanted = expected.get(list)?.as_array()?;
    let actual = serde_json::to_value(actual).unwrap_or_default();
    let actual = actual.as_array()?;
    let found =
        wanted.iter().filter_map(|pair| actual.iter().find(|one| text(one, "Key") == text(pair, "Key")));
    Some((list.to_owned(), found.cloned().collect()))
}

/// The property `Tags` of a resource with these tags; those of AWS itself (`aws:`) are no part of a template.
fn tags(tags: &impl Serialize) -> Option<(String, Value)> {
    let Value::Array(tags) = pascal(serde_json::to_value(tags).ok()?) else { return None };
    let own = tags.into_iter().filter(|tag| !text(tag, "Key").starts_with("aws:"));
    Some(("Tags".to_owned(), own.collect()))
}

fn ecs_tags(world: &World, arn: &str) -> Option<(String, Value)> {
    let input = ecs::ListTagsForResourceInput { resource_arn: arn.to_owned() };
    tags(&ecs::list_tags_for_resource(world, &input).ok()?.tags)
}

fn elb_tags(world: &World, arn: &str) -> Option<(String, Value)> {
    let input = elb::DescribeTagsInput { resource_arns: vec![arn.to_owned()] };
    tags(&first(elb::describe_tags(world, &input).map(|found| found.tag_descriptions))?.tags)
}

fn with(mut properties: Value, extra: Option<(String, Value)>) -> Value {
    if let (Value::Object(map), Some((name, value))) = (&mut properties, extra) {
        map.insert(name, value);
    }
    properties
}

/// The request with one list or text member.
fn ask<T: serde::de::DeserializeOwned>(member: &str, value: Value) -> Option<T> {
    request(Map::from_iter([(member.to_owned(), value)])).ok()
}

fn service(world: &World, arn: &str) -> Option<Value> {
    let input = ecs::DescribeServicesInput {
        cluster: arn.rsplit('/').nth(1).map(str::to_owned),
        services: vec![arn.to_owned()],
        include: Vec::new(),
    };
    let service = first(ecs::describe_services(world, &input).map(|found| found.services))?;
    let active = service.status == ecs::ServiceStatus::Active;
    active.then(|| with(members(&service, SERVICE), ecs_tags(world, arn)))
}

fn cluster(world: &World, name: &str) -> Option<Value> {
    let input = ecs::DescribeClustersInput { clusters: vec![name.to_owned()], include: Vec::new() };
    let cluster = first(ecs::describe_clusters(world, &input).map(|found| found.clusters))?;
    Some(with(members(&cluster, &["ClusterName"]), ecs_tags(world, &cluster.cluster_arn)))
}

/// Nothing of a registered task definition can change but its tags.
fn task_definition(world: &World, arn: &str) -> Option<Value> {
    let input: ecs::DescribeTaskDefinitionInput = ask("taskDefinition", arn.into())?;
    let found = ecs::describe_task_definition(world, &input).ok()?.task_definition;
    let active = found.status == ecs::TaskDefinitionStatus::Active;
    active.then(|| with(members(&found, &["Family"]), ecs_tags(world, arn)))
}

fn target_group(world: &World, arn: &str, expected: &Value) -> Option<Value> {
    let input = ask("TargetGroupArns", json!([arn]))?;
    let group = first(elb::describe_target_groups(world, &input).map(|found| found.target_groups))?;
    let input = ask("TargetGroupArn", arn.into())?;
    let set = elb::describe_target_group_attributes(world, &input).ok()?.attributes;
    let properties = with(members(&group, TARGET_GROUP), elb_tags(world, arn));
    Some(with(properties, attributes(expected, "TargetGroupAttributes", &set)))
}

fn load_balancer(world: &World, arn: &str, expected: &Value) -> Option<Value> {
    let input = ask("LoadBalancerArns", json!([arn]))?;
    let balancer = first(elb::describe_load_balancers(world, &input).map(|found| found.load_balancers))?;
    let input = ask("LoadBalancerArn", arn.into())?;
    let set = elb::describe_load_balancer_attributes(world, &input).ok()?.attributes;
    let properties = with(members(&balancer, &["Scheme", "SecurityGroups"]), elb_tags(world, arn));
    Some(with(properties, attributes(expected, "LoadBalancerAttributes", &set)))
}

fn listener(world: &World, arn: &str) -> Option<Value> {
    let input = ask("ListenerArns", json!([arn]))?;
    let listener = first(elb::describe_listeners(world, &input).map(|found| found.listeners))?;
    Some(members(&listener, &["DefaultActions", "Port", "Protocol", "SslPolicy"]))
}

fn rule(world: &World, arn: &str) -> Option<Value> {
    let input = ask("RuleArns", json!([arn]))?;
    let rule = first(elb::describe_rules(world, &input).map(|found| found.rules))?;
    Some(members(&rule, &["Actions", "Conditions", "Priority"]))
}

fn alarm(world: &World, name: &str) -> Option<Value> {
    let input = ask("AlarmNames", json!([name]))?;
    let alarm = first(cloudwatch::describe_alarms(world, &input).map(|found| found.metric_alarms))?;
    Some(members(&alarm, ALARM))
}

fn log_group(world: &World, name: &str) -> Option<Value> {
    let input = ask("logGroupNamePrefix", name.into())?;
    let groups = logs::describe_log_groups(world, &input).ok()?.log_groups;
    let group = groups.into_iter().find(|group| group.log_group_name == name)?;
    Some(members(&group, &["RetentionInDays"]))
}

fn repository(world: &World, name: &str) -> Option<Value> {
    let input = ask("repositoryNames", json!([name]))?;
    let repository = first(ecr::describe_repositories(world, &input).map(|found| found.repositories))?;
    Some(members(&repository, &["ImageTagMutability"]))
}

/// The value is never compared.
fn secret(world: &World, arn: &str) -> Option<Value> {
    let found = secrets::describe_secret(world, &secrets::SecretInput { secret_id: arn.to_owned() }).ok()?;
    Some(members(&found, &["Description"]))
}
