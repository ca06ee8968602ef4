//! Application load balancers.

use super::api::*;
use super::{Balancer, check_name, check_room, invalid, page};
use crate::{ApiError, World};

/// Attributes of an application load balancer and their defaults (bc:elbv2/LoadBalancerAttribute).
const ATTRIBUTES: &[(&str, &str)] = &[
    ("access_logs.s3.bucket", ""),
    ("access_logs.s3.enabled", "false"),
    ("access_logs.s3.prefix", ""),
    ("client_keep_alive.seconds", "3600"),
    ("connection_logs.s3.bucket", ""),
    ("connection_logs.s3.enabled", "false"),
    ("connection_logs.s3.prefix", ""),
    ("deletion_protection.enabled", "false"),
    ("idle_timeout.timeout_seconds", "60"),
    ("ipv6.deny_all_igw_traffic", "false"),
    ("load_balancing.cross_zone.enabled", "true"),
    ("routing.http.desync_mitigation_mode", "defensive"),
    ("routing.http.drop_invalid_header_fields.enabled", "false"),
    ("routing.http.preserve_host_header.enabled", "false"),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", "false"),
    ("routing.http.xff_client_port.enabled", "false"),
    ("routing.http.xff_header_processing.mode", "append"),
    ("routing.http2.enabled", "true"),
    ("waf.fail_open.enabled", "false"),
    ("zonal_shift.config.enabled", "false"),
];

pub(super) fn not_found(arn: &str) -> ApiError {
    ApiError::new("LoadBalancerNotFound", format!("Load balancers '[{arn}]' not found"))
}

pub(super) fn find<'a>(world: &'a World, arn: &str) -> Result<&'a Balancer, ApiError> {
    let found = world.elb.load_balancers.iter().find(|balancer| balancer.shape.load_balancer_arn == arn);
    found.ok_or_else(|| not_found(arn))
}

fn find_mut<'a>(world: &'a mut World, arn: &str) -> Result<&'a mut Balancer, ApiError> {
    let found = world.elb.load_balancers.iter_mut().find(|balancer| balancer.shape.load_balancer_arn == arn);
    found.ok_or_else(|| not_found(arn))
}

/// Zones of subnets: the first subnet of a list is in zone `a`, the second in `b`, as everywhere here.
fn zones(region: &str, subnets: &[String]) -> Result<Vec<AvailabilityZone>, ApiError> {
    if subnets.len() < 2 {
        return Err(invalid("At least two subnets in two different Availability Zones must be specified"));
    }
    let zone = |(index, subnet): (usize, &String)| AvailabilityZone {
        zone_name: crate::ecs::zone_name(region, index),
        subnet_id: subnet.clone(),
    };
    Ok(subnets.iter().enumerate().map(zone).collect())
}

/// `CreateLoadBalancer`; active at once: how long AWS takes is up to the caller that waits for it.
///
/// # Errors
/// `DuplicateLoadBalancerName`; `ValidationError`; what is not modelled (types other than `application`).
pub fn create_load_balancer(
    world: &mut World,
    input: CreateLoadBalancerInput,
) -> Result<CreateLoadBalancerOutput, ApiError> {
    check_name("load balancer", &input.name)?;
    let kind = input.kind.unwrap_or_else(|| "application".to_owned());
    if kind != "application" {
        return Err(ApiError::not_modelled(format_args!("load balancer type {kind}")));
    }
    if world.elb.load_balancers.iter().any(|balancer| balancer.shape.load_balancer_name == input.name) {
        let message = format!(
            "A load balancer with the same name '{}' exists, but with different settings",
            input.name
        );
        return Err(ApiError::new("DuplicateLoadBalancerName", message));
    }
    let availability_zones = zones(&world.region, &input.subnets)?;
    let limit = world.quotas.load_balancers;
    check_room(world.elb.load_balancers.len(), limit, "TooManyLoadBalancers", "load balancers")?;
    let suffix = world.rng.hex(16);
    let number = world.rng.next_u64() % 9_000_000_000 + 1_000_000_000;
    let scheme = input.scheme.unwrap_or_else(|| "internet-facing".to_owned());
    let prefix = if scheme == "internal" { "internal-" } else { "" };
    let shape = LoadBalancer {
        load_balancer_arn: world
            .arn("elasticloadbalancing", &format!("loadbalancer/app/{}/{suffix}", input.name)),
        dns_name: format!("{prefix}{}-{number}.{}.elb.amazonaws.com", input.name, world.region),
        canonical_hosted_zone_id: "Z1H1FL5HABSF5".to_owned(),
        created_time: world.now().as_epoch_secs(),
        load_balancer_name: input.name,
        scheme,
        vpc_id: format!("vpc-{}", world.rng.hex(17)),
        state: LoadBalancerState { code: "active".to_owned(), reason: None },
        kind,
        availability_zones,
        security_groups: input.security_groups,
        ip_address_type: input.ip_address_type.unwrap_or_else(|| "ipv4".to_owned()),
    };
    if !input.tags.is_empty() {
        world.elb.tags.insert(shape.load_balancer_arn.clone(), input.tags);
    }
    let attributes = ATTRIBUTES.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
    world.elb.load_balancers.push(Balancer { shape: shape.clone(), attributes });
    Ok(CreateLoadBalancerOutput { load_balancers: vec![shape] })
}

/// `DeleteLoadBalancer`, with its listeners; deleting one that does not exist succeeds.
///
/// # Errors
/// `OperationNotPermitted` under deletion protection.
pub fn delete_load_balancer(
    world: &mut World,
    input: &DeleteLoadBalancerInput,
) -> Result<DeleteLoadBalancerOutput, ApiError> {
    let arn = &input.load_balancer_arn;
    let Ok(balancer) = find(world, arn) else { return Ok(DeleteLoadBalancerOutput {}) };
    if balancer.attributes.get("deletion_protection.enabled").is_some_and(|value| value == "true") {
        let message =
            format!("Load balancer '{arn}' cannot be deleted because deletion protection is enabled");
        return Err(ApiError::new("OperationNotPermitted", message));
    }
    world.elb.load_balancers.retain(|balancer| &balancer.shape.load_balancer_arn != arn);
    world.elb.listeners.retain(|listener| &listener.shape.load_balancer_arn != arn);
    world.elb.tags.remove(arn);
    super::rule::routes_changed(world);
    Ok(DeleteLoadBalancerOutput {})
}

/// Subnets in which load balancers have public addresses.
pub(crate) fn public_subnets(world: &World) -> impl Iterator<Item = &str> {
    let public = world.elb.load_balancers.iter().filter(|balancer| balancer.shape.scheme != "internal");
    public.flat_map(|balancer| &balancer.shape.availability_zones).map(|zone| zone.subnet_id.as_str())
}

/// `DescribeLoadBalancers`.
///
/// # Errors
/// `LoadBalancerNotFound`; `ValidationError`.
pub fn describe_load_balancers(
    world: &World,
    input: &DescribeLoadBalancersInput,
) -> Result<DescribeLoadBalancersOutput, ApiError> {
    for arn in &input.load_balancer_arns {
        find(world, arn)?;
    }
    for name in &input.names {
        if !world.elb.load_balancers.iter().any(|balancer| &balancer.shape.load_balancer_name == name) {
            return Err(not_found(name));
        }
    }
    let wanted = world.elb.load_balancers.iter().map(|balancer| &balancer.shape).filter(|shape| {
        (input.load_balancer_arns.is_empty() || input.load_balancer_arns.contains(&shape.load_balancer_arn))
            && (input.names.is_empty() || input.names.contains(&shape.load_balancer_name))
    });
    let (load_balancers, next_marker) = page(wanted, input.marker.as_deref(), input.page_size)?;
    Ok(DescribeLoadBalancersOutput {
        load_balancers: load_balancers.into_iter().cloned().collect(),
        next_marker,
    })
}

fn attributes(balancer: &Balancer) -> Vec<LoadBalancerAttribute> {
    let pair =
        |(key, value): (&String, &String)| LoadBalancerAttribute { key: key.clone(), value: value.clone() };
    balancer.attributes.iter().map(pair).collect()
}

/// `ModifyLoadBalancerAttributes`.
///
/// # Errors
/// `LoadBalancerNotFound`; `ValidationError` for unknown attributes.
pub fn modify_load_balancer_attributes(
    world: &mut World,
    input: ModifyLoadBalancerAttributesInput,
) -> Result<ModifyLoadBalancerAttributesOutput, ApiError> {
    let balancer = find_mut(world, &input.load_balancer_arn)?;
    if let Some(unknown) = input.attributes.iter().find(|new| !balancer.attributes.contains_key(&new.key)) {
        return Err(invalid(format!("Load balancer attribute key '{}' is not recognized", unknown.key)));
    }
    balancer.attributes.extend(input.attributes.into_iter().map(|new| (new.key, new.value)));
    Ok(ModifyLoadBalancerAttributesOutput { attributes: attributes(balancer) })
}

/// `DescribeLoadBalancerAttributes`.
///
/// # Errors
/// `LoadBalancerNotFound`.
pub fn describe_load_balancer_attributes(
    world: &World,
    input: &DescribeLoadBalancerAttributesInput,
) -> Result<DescribeLoadBalancerAttributesOutput, ApiError> {
    Ok(DescribeLoadBalancerAttributesOutput {
        attributes: attributes(find(world, &input.load_balancer_arn)?),
    })
}

/// `SetSecurityGroups`.
///
/// # Errors
/// `LoadBalancerNotFound`.
pub fn set_security_groups(
    world: &mut World,
    input: SetSecurityGroupsInput,
) -> Result<SetSecurityGroupsOutput, ApiError> {
    let balancer = find_mut(world, &input.load_balancer_arn)?;
    balancer.shape.security_groups.clone_from(&input.security_groups);
    Ok(SetSecurityGroupsOutput { security_group_ids: input.security_groups })
}

/// `SetSubnets`.
///
/// # Errors
/// `LoadBalancerNotFound`; `ValidationError` for fewer than two.
pub fn set_subnets(world: &mut World, input: &SetSubnetsInput) -> Result<SetSubnetsOutput, ApiError> {
    let availability_zones = zones(&world.region, &input.subnets)?;
    let balancer = find_mut(world, &input.load_balancer_arn)?;
    balancer.shape.availability_zones.clone_from(&availability_zones);
    Ok(SetSubnetsOutput { availability_zones })
}
