//! Target groups: settings of health checks and attributes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::api::{self, *};
use super::targets::Target;
use super::{TargetGroupKey, TargetKey, check_name, check_room, health, invalid, no_group, page};
use crate::{ApiError, World};

/// A target group with its targets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TargetGroup {
    /// Settings; the list of load balancers says which listeners route here.
    pub(super) shape: api::TargetGroup,
    pub(super) attributes: BTreeMap<String, String>,
    /// Ranges of HTTP codes that pass a health check.
    pub(super) passing_codes: Vec<(u16, u16)>,
    pub(super) deregistration_delay: Duration,
    /// How long new targets get fewer requests than others; zero is never.
    pub(super) slow_start: Duration,
    pub(super) targets: BTreeMap<TargetKey, Target>,
}

impl TargetGroup {
    pub(super) fn in_use(&self) -> bool {
        !self.shape.load_balancer_arns.is_empty()
    }

    pub(super) fn passes(&self, status: u16) -> bool {
        self.passing_codes.iter().any(|&(low, high)| (low..=high).contains(&status))
    }
}

/// Attributes of a target group and their defaults (bc:elbv2/TargetGroupAttribute, ALB:edit-target-group-attributes).
const ATTRIBUTES: &[(&str, &str)] = &[
    ("deregistration_delay.timeout_seconds", "300"),
    ("load_balancing.algorithm.anomaly_mitigation", "off"),
    ("load_balancing.algorithm.type", "round_robin"),
    ("load_balancing.cross_zone.enabled", "use_load_balancer_configuration"),
    ("slow_start.duration_seconds", "0"),
    ("stickiness.app_cookie.cookie_name", ""),
    ("stickiness.app_cookie.duration_seconds", "86400"),
    ("stickiness.enabled", "false"),
    ("stickiness.lb_cookie.duration_seconds", "86400"),
    ("stickiness.type", "lb_cookie"),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", "1"),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", "off"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", "1"),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage", "off"),
];

/// Default of `HealthCheckTimeoutSeconds` for HTTP: the guide says 5, the API reference 6
/// (docs/fact-sheet.md); the guide is followed.
const DEFAULT_TIMEOUT_SECS: u32 = 5;

/// `CreateTargetGroup`.
///
/// # Errors
/// `ValidationError`; `DuplicateTargetGroupName`; what is not modelled (target types other than `ip`,
/// protocols other than HTTP).
pub fn create_target_group(
    world: &mut World,
    input: CreateTargetGroupInput,
) -> Result<CreateTargetGroupOutput, ApiError> {
    check_name("target group", &input.name)?;
    let kind = input.target_type.unwrap_or_else(|| "instance".to_owned());
    if kind != "ip" {
        return Err(ApiError::not_modelled(format_args!("target type {kind}")));
    }
    let protocol = input.protocol.ok_or_else(|| invalid("A protocol must be specified"))?;
    if !["HTTP", "HTTPS"].contains(&protocol.as_str()) {
        return Err(ApiError::not_modelled(format_args!("target group protocol {protocol}")));
    }
    let port = input.port.ok_or_else(|| invalid("A port must be specified"))?;
    if port == 0 {
        return Err(invalid("Port must be between 1 and 65535"));
    }
    let limit = world.quotas.target_groups;
    check_room(world.elb.target_groups.len(), limit, "TooManyTargetGroups", "target groups")?;
    if world.elb.target_groups.values().any(|group| group.shape.target_group_name == input.name) {
        let message =
            format!("A target group with the same name '{}' exists, but with different settings", input.name);
        return Err(ApiError::new("DuplicateTargetGroupName", message));
    }
    let mut shape = api::TargetGroup {
        target_group_arn: String::new(),
        target_group_name: input.name,
        protocol,
        port,
        vpc_id: input.vpc_id,
        health_check_protocol: "HTTP".to_owned(),
        health_check_port: "traffic-port".to_owned(),
        health_check_enabled: true,
        health_check_interval_seconds: 30,
        health_check_timeout_seconds: DEFAULT_TIMEOUT_SECS,
        healthy_threshold_count: 5,
        unhealthy_threshold_count: 2,
        health_check_path: "/".to_owned(),
        matcher: Matcher { http_code: Some("200".to_owned()), grpc_code: None },
        load_balancer_arns: Vec::new(),
        target_type: kind,
        protocol_version: input.protocol_version.unwrap_or_else(|| "HTTP1".to_owned()),
        ip_address_type: input.ip_address_type.unwrap_or_else(|| "ipv4".to_owned()),
    };
    let settings = ModifyTargetGroupInput {
        target_group_arn: String::new(),
        health_check_protocol: input.health_check_protocol,
        health_check_port: input.health_check_port,
        health_check_enabled: input.health_check_enabled,
        health_check_path: input.health_check_path,
        health_check_interval_seconds: input.health_check_interval_seconds,
        health_check_timeout_seconds: input.health_check_timeout_seconds,
        healthy_threshold_count: input.healthy_threshold_count,
        unhealthy_threshold_count: input.unhealthy_threshold_count,
        matcher: input.matcher,
    };
    apply(&mut shape, settings)?;
    let passing_codes = codes(&shape.matcher)?;
    let suffix = world.rng.hex(16);
    shape.target_group_arn =
        world.arn("elasticloadbalancing", &format!("targetgroup/{}/{suffix}", shape.target_group_name));
    let key = TargetGroupKey(world.elb.key());
    world.elb.group_keys.insert(shape.target_group_arn.clone(), key);
    if !input.tags.is_empty() {
        world.elb.tags.insert(shape.target_group_arn.clone(), input.tags);
    }
    let output = CreateTargetGroupOutput { target_groups: vec![shape.clone()] };
    let group = TargetGroup {
        shape,
        attributes: ATTRIBUTES.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
        passing_codes,
        deregistration_delay: Duration::from_secs(300),
        slow_start: Duration::ZERO,
        targets: BTreeMap::new(),
    };
    world.elb.target_groups.insert(key, group);
    Ok(output)
}

/// Applies health-check settings after checking them against their ranges (ALB:target-group-health-checks).
fn apply(shape: &mut api::TargetGroup, settings: ModifyTargetGroupInput) -> Result<(), ApiError> {
    if let Some(protocol) = settings.health_check_protocol {
        if !["HTTP", "HTTPS"].contains(&protocol.as_str()) {
            return Err(invalid(format!("Health check protocol '{protocol}' is not supported")));
        }
        shape.health_check_protocol = protocol;
    }
    if let Some(port) = settings.health_check_port {
        if port != "traffic-port" && port.parse::<u16>().is_err() {
            return Err(invalid(format!("Health check port '{port}' must be 'traffic-port' or a port")));
        }
        shape.health_check_port = port;
    }
    if settings.health_check_enabled == Some(false) {
        return Err(invalid("Health check enabled must be true for target groups with target type 'ip'"));
    }
    if let Some(path) = settings.health_check_path {
        if !path.starts_with('/') || path.len() > 1024 {
            return Err(invalid(format!(
                "Health check path '{path}' must begin with a '/' character and be at most 1024 characters long"
            )));
        }
        shape.health_check_path = path;
    }
    let ranges = [
        (
            "interval",
            settings.health_check_interval_seconds,
            5..=300,
            &mut shape.health_check_interval_seconds,
        ),
        ("timeout", settings.health_check_timeout_seconds, 2..=120, &mut shape.health_check_timeout_seconds),
        (
            "healthy threshold count",
            settings.healthy_threshold_count,
            2..=10,
            &mut shape.healthy_threshold_count,
        ),
        (
            "unhealthy threshold count",
            settings.unhealthy_threshold_count,
            2..=10,
            &mut shape.unhealthy_threshold_count,
        ),
    ];
    for (name, value, range, place) in ranges {
        let Some(value) = value else { continue };
        if !range.contains(&value) {
            let (low, high) = (range.start(), range.end());
            return Err(invalid(format!("Health check {name} '{value}' must be between {low} and {high}")));
        }
        *place = value;
    }
    if shape.health_check_timeout_seconds >= shape.health_check_interval_seconds {
        return Err(invalid(format!(
            "Health check timeout '{}' must be smaller than the interval '{}'",
            shape.health_check_timeout_seconds, shape.health_check_interval_seconds
        )));
    }
    if let Some(matcher) = settings.matcher {
        if matcher.grpc_code.is_some() {
            return Err(ApiError::not_modelled("Matcher.GrpcCode"));
        }
        shape.matcher = matcher;
    }
    Ok(())
}

/// Ranges of a matcher such as `200,202,300-399`.
fn codes(matcher: &Matcher) -> Result<Vec<(u16, u16)>, ApiError> {
    let text = matcher.http_code.as_deref().unwrap_or("200");
    let bad =
        || invalid(format!("Health check matcher HTTP code '{text}' must be within '200-499' inclusive"));
    text.split(',')
        .map(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let (low, high) =
                (low.trim().parse().map_err(|_| bad())?, high.trim().parse().map_err(|_| bad())?);
            if (200..=499).contains(&low) && (low..=499).contains(&high) {
                Ok((low, high))
            } else {
                Err(bad())
            }
        })
        .collect()
}

/// `ModifyTargetGroup`: takes effect with the next health check of every target.
///
/// # Errors
/// `TargetGroupNotFound`; `ValidationError`.
pub fn modify_target_group(
    world: &mut World,
    input: ModifyTargetGroupInput,
) -> Result<ModifyTargetGroupOutput, ApiError> {
    let key = world.elb.group_key(&input.target_group_arn).ok_or_else(no_group)?;
    let group = world.elb.target_groups.get_mut(&key).ok_or_else(no_group)?;
    let mut shape = group.shape.clone();
    apply(&mut shape, input)?;
    group.passing_codes = codes(&shape.matcher)?;
    group.shape = shape.clone();
    health::recheck(world, key);
    Ok(ModifyTargetGroupOutput { target_groups: vec![shape] })
}

/// `DeleteTargetGroup`; deleting one that does not exist succeeds.
///
/// # Errors
/// `ResourceInUse` while a listener or a rule routes to it.
pub fn delete_target_group(
    world: &mut World,
    input: &DeleteTargetGroupInput,
) -> Result<DeleteTargetGroupOutput, ApiError> {
    let Some(key) = world.elb.group_key(&input.target_group_arn) else {
        return Ok(DeleteTargetGroupOutput {});
    };
    if world.elb.group_in_use(key) {
        let message =
            format!("Target group '{}' is currently in use by a listener or a rule", input.target_group_arn);
        return Err(ApiError::new("ResourceInUse", message));
    }
    if let Some(group) = world.elb.target_groups.remove(&key) {
        for target in group.targets.values() {
            target.timer.into_iter().for_each(|timer| world.cancel(timer));
        }
    }
    world.elb.group_keys.remove(&input.target_group_arn);
    world.elb.tags.remove(&input.target_group_arn);
    Ok(DeleteTargetGroupOutput {})
}

/// `DescribeTargetGroups`.
///
/// # Errors
/// `TargetGroupNotFound`; `LoadBalancerNotFound`; `ValidationError`.
pub fn describe_target_groups(
    world: &World,
    input: &DescribeTargetGroupsInput,
) -> Result<DescribeTargetGroupsOutput, ApiError> {
    let elb = &world.elb;
    let arns: BTreeSet<&str> =
        elb.target_groups.values().map(|group| group.shape.target_group_arn.as_str()).collect();
    let names: BTreeSet<&str> =
        elb.target_groups.values().map(|group| group.shape.target_group_name.as_str()).collect();
    if input.target_group_arns.iter().any(|arn| !arns.contains(arn.as_str()))
        || input.names.iter().any(|name| !names.contains(name.as_str()))
    {
        return Err(no_group());
    }
    if let Some(arn) = &input.load_balancer_arn
        && !elb.load_balancers.iter().any(|balancer| &balancer.shape.load_balancer_arn == arn)
    {
        return Err(super::load_balancer::not_found(arn));
    }
    let wanted = elb.target_groups.values().map(|group| &group.shape).filter(|shape| {
        (input.target_group_arns.is_empty() || input.target_group_arns.contains(&shape.target_group_arn))
            && (input.names.is_empty() || input.names.contains(&shape.target_group_name))
            && input.load_balancer_arn.as_ref().is_none_or(|arn| shape.load_balancer_arns.contains(arn))
    });
    let (target_groups, next_marker) = page(wanted, input.marker.as_deref(), input.page_size)?;
    Ok(DescribeTargetGroupsOutput {
        target_groups: target_groups.into_iter().cloned().collect(),
        next_marker,
    })
}

/// `ModifyTargetGroupAttributes`.
///
/// # Errors
/// `TargetGroupNotFound`; `ValidationError` for unknown attributes and values out of range;
/// `InvalidConfigurationRequest` for slow start with another algorithm than round robin.
pub fn modify_target_group_attributes(
    world: &mut World,
    input: ModifyTargetGroupAttributesInput,
) -> Result<ModifyTargetGroupAttributesOutput, ApiError> {
    let key = world.elb.group_key(&input.target_group_arn).ok_or_else(no_group)?;
    let group = world.elb.target_groups.get_mut(&key).ok_or_else(no_group)?;
    for attribute in &input.attributes {
        if !group.attributes.contains_key(&attribute.key) {
            return Err(invalid(format!("Target group attribute key '{}' is not recognized", attribute.key)));
        }
        let number = attribute.value.parse::<u64>();
        let fits = match attribute.key.as_str() {
            "deregistration_delay.timeout_seconds" => number.is_ok_and(|secs| secs <= 3600),
            "slow_start.duration_seconds" => number.is_ok_and(|secs| secs == 0 || (30..=900).contains(&secs)),
            _ => true,
        };
        if !fits {
            let (key, value) = (&attribute.key, &attribute.value);
            return Err(invalid(format!("'{key}' value '{value}' is out of range")));
        }
    }
    let mut after = group.attributes.clone();
    after.extend(input.attributes.into_iter().map(|attribute| (attribute.key, attribute.value)));
    let secs = |key: &str| after.get(key).and_then(|value| value.parse().ok()).map(Duration::from_secs);
    let slow_start = secs("slow_start.duration_seconds").unwrap_or_default();
    let algorithm = after.get("load_balancing.algorithm.type").map_or("", String::as_str);
    // Only requests in turn can be fewer for a while (ALB:edit-target-group-attributes).
    if !slow_start.is_zero() && algorithm != "round_robin" {
        return Err(ApiError::new(
            "InvalidConfigurationRequest",
            format!("Slow start cannot be enabled with the load balancing algorithm '{algorithm}'"),
        ));
    }
    group.deregistration_delay =
        secs("deregistration_delay.timeout_seconds").unwrap_or(group.deregistration_delay);
    group.slow_start = slow_start;
    group.attributes = after;
    Ok(ModifyTargetGroupAttributesOutput { attributes: attributes(group) })
}

/// `DescribeTargetGroupAttributes`.
///
/// # Errors
/// `TargetGroupNotFound`.
pub fn describe_target_group_attributes(
    world: &World,
    input: &DescribeTargetGroupAttributesInput,
) -> Result<DescribeTargetGroupAttributesOutput, ApiError> {
    let key = world.elb.group_key(&input.target_group_arn).ok_or_else(no_group)?;
    let group = world.elb.target_groups.get(&key).ok_or_else(no_group)?;
    Ok(DescribeTargetGroupAttributesOutput { attributes: attributes(group) })
}

fn attributes(group: &TargetGroup) -> Vec<TargetGroupAttribute> {
    let pair =
        |(key, value): (&String, &String)| TargetGroupAttribute { key: key.clone(), value: value.clone() };
    group.attributes.iter().map(pair).collect()
}
