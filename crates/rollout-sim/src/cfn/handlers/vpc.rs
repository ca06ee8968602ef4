//! What refers to each other is in one VPC.
//!
//! Only networks that this account made are known: a subnet, a security group or a VPC that a template names and nobody
//! made says nothing.

use std::collections::BTreeSet;

use serde_json::Value;

use super::convert::text;
use super::{Context, Failure, database};
use crate::{ApiError, World};

const SUBNET: &str = "AWS::EC2::Subnet";
const SECURITY_GROUP: &str = "AWS::EC2::SecurityGroup";
const SUBNET_GROUP: &str = "AWS::RDS::DBSubnetGroup";
const SERVICE: &str = "AWS::ECS::Service";
const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
const RULE: &str = "AWS::ElasticLoadBalancingV2::ListenerRule";
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

/// Refuses to make or change what refers to another VPC than its own.
///
/// # Errors
/// In the words of the service.
pub(super) fn check(
    world: &World,
    context: &Context,
    kind: &str,
    old: Option<&Value>,
    properties: &Value,
) -> Result<(), Failure> {
    let refused = |service: &str, code: &str, message: String| {
        Err(Failure::api(service, &ApiError::new(code, message), context))
    };
    match kind {
        SUBNET_GROUP => {
            let vpcs = vpcs_of(world, ids(properties, "/SubnetIds"));
            if vpcs.len() > 1 {
                // bc:rds/InvalidSubnet; the words: UNCONFIRMED.
                let message = "The subnets are not all in a common VPC.".to_owned();
                return refused("Rds", "InvalidSubnet", message);
            }
            let before = vpcs_of(world, old.into_iter().flat_map(|old| ids(old, "/SubnetIds")));
            // Observed: hashicorp/terraform-provider-aws#27459, #16419.
            if !before.is_empty() && !vpcs.is_empty() && before != vpcs {
                let message = "The new Subnets are not in the same Vpc as the existing subnet group";
                return refused("Rds", "InvalidParameterValue", message.to_owned());
            }
        }
        database::KIND => {
            let group = text(properties, "DBSubnetGroupName").to_ascii_lowercase();
            let subnets = bag(world, SUBNET_GROUP, &group).into_iter().flat_map(|it| ids(it, "/SubnetIds"));
            let vpcs = vpcs_of(world, subnets);
            if let Some((_, other)) = stranger(world, &vpcs, ids(properties, "/VPCSecurityGroups")) {
                // Observed: hashicorp/terraform-provider-aws#3060.
                let own = vpcs.into_iter().next().unwrap_or_default();
                let message = format!(
                    "The DB instance and EC2 security group are in different VPCs. The DB instance is in {own} and the \
                     EC2 security group is in {other}"
                );
                return refused("Rds", "InvalidParameterCombination", message);
            }
        }
        BALANCER => {
            let vpcs = vpcs_of(world, ids(properties, "/Subnets"));
            if let Some((group, _)) = stranger(world, &vpcs, ids(properties, "/SecurityGroups")) {
                // Observed of the classic load balancer: hashicorp/terraform#30261; that this one says the same: INF.
                let own = vpcs.into_iter().next().unwrap_or_default();
                let message = format!("Security group \"{group}\" does not belong to VPC \"{own}\"");
                return refused("ElasticLoadBalancingV2", "InvalidConfigurationRequest", message);
            }
        }
        SERVICE => {
            let subnets = "/NetworkConfiguration/AwsvpcConfiguration/Subnets";
            let groups = "/NetworkConfiguration/AwsvpcConfiguration/SecurityGroups";
            let vpcs = vpcs_of(world, ids(properties, subnets));
            let groups = ids(properties, groups);
            if let Some((group, _)) = stranger(world, &vpcs, groups) {
                // Observed: aws/aws-dotnet-deploy#735; of an update: INF.
                let call = if old.is_some() { "UpdateService" } else { "CreateService" };
                let message = format!(
                    "Invalid request provided: {call} error: Security group {group} does not appear to belong to the same \
                     VPC as the input subnets."
                );
                return Err(Failure::new("InvalidRequest", message));
            }
        }
        LISTENER | RULE => {
            let (balancer, actions) = match kind {
                LISTENER => (text(properties, "LoadBalancerArn"), "/DefaultActions"),
                _ => {
                    let listener = recorded(world, LISTENER, text(properties, "ListenerArn"));
                    (listener.map_or("", |listener| text(listener, "LoadBalancerArn")), "/Actions")
                }
            };
            let subnets = recorded(world, BALANCER, balancer).into_iter().flat_map(|it| ids(it, "/Subnets"));
            let vpcs = vpcs_of(world, subnets);
            let elsewhere = |group: &&str| {
                let vpc = recorded(world, TARGET_GROUP, group).map_or("", |group| text(group, "VpcId"));
                bag(world, "AWS::EC2::VPC", vpc).is_some() && !vpcs.is_empty() && !vpcs.contains(vpc)
            };
            if let Some(group) = target_groups(properties, actions).into_iter().find(elsewhere) {
                // Observed: kubernetes-sigs/aws-load-balancer-controller#1045.
                let message =
                    format!("Target group '{group}' is in a different VPC than load balancer '{balancer}'");
                return refused("ElasticLoadBalancingV2", "InvalidConfigurationRequest", message);
            }
        }
        _ => {}
    }
    Ok(())
}

fn ids<'a>(properties: &'a Value, pointer: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let ids = properties.pointer(pointer).and_then(Value::as_array);
    ids.into_iter().flatten().filter_map(Value::as_str)
}

fn bag<'a>(world: &'a World, kind: &str, id: &str) -> Option<&'a Value> {
    Some(&world.cfn.bags.get(kind)?.get(id)?.properties)
}

/// What a stack has on record of a resource, by its physical id.
fn recorded<'a>(world: &'a World, kind: &str, id: &str) -> Option<&'a Value> {
    let mut resources = world.cfn.stacks.iter().flat_map(|stack| stack.resources.values());
    let found = resources.find(|it| it.kind == kind && it.physical_id.as_deref() == Some(id));
    found.map(|resource| &resource.properties)
}

/// The VPCs of the subnets that this account made.
fn vpcs_of<'a>(world: &'a World, subnets: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    subnets.filter_map(|subnet| bag(world, SUBNET, subnet)?.get("VpcId")?.as_str()).collect()
}

/// The first security group that is in none of these VPCs, and its own.
fn stranger<'a>(
    world: &'a World,
    vpcs: &BTreeSet<&str>,
    mut groups: impl Iterator<Item = &'a str>,
) -> Option<(&'a str, &'a str)> {
    if vpcs.is_empty() {
        return None;
    }
    groups.find_map(|group| {
        let vpc = bag(world, SECURITY_GROUP, group)?.get("VpcId")?.as_str()?;
        (!vpcs.contains(vpc)).then_some((group, vpc))
    })
}

fn target_groups<'a>(properties: &'a Value, actions: &str) -> Vec<&'a str> {
    let actions = properties.pointer(actions).and_then(Value::as_array).into_iter().flatten();
    let mut groups = Vec::new();
    for action in actions {
        groups.extend(action.get("TargetGroupArn").and_then(Value::as_str));
        let weighted = action.pointer("/ForwardConfig/TargetGroups").and_then(Value::as_array);
        let weighted = weighted.into_iter().flatten();
        groups.extend(weighted.filter_map(|group| group.get("TargetGroupArn")?.as_str()));
    }
    groups
}
