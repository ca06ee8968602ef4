//! What needs the internet gateway of its VPC *attached*, and what keeps the gateway from being detached.
//!
//! AWS decides by what is attached at the moment of the call, and CloudFormation starts whatever waits for nothing at once:
//! a template that does not order the two works now and fails then (CFN:aws-attribute-dependson, "VPC-gateway attachment";
//! aws-cloudformation-templates#75, aws-cdk#1129). Here it always fails: what is not ordered by the template counts as not
//! attached.

use std::collections::BTreeSet;

use serde_json::Value;

use super::handlers::Failure;
use super::state::Stack;
use crate::{World, elb};

const ATTACHMENT: &str = "AWS::EC2::VPCGatewayAttachment";
const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const NAT: &str = "AWS::EC2::NatGateway";
const ROUTE: &str = "AWS::EC2::Route";

/// Refuses to create what would need a gateway that nothing says is attached by then.
pub(super) fn check_creation(
    world: &World,
    index: usize,
    name: &str,
    kind: &str,
    properties: &Value,
) -> Result<(), Failure> {
    let text = |key: &str| properties.get(key).and_then(Value::as_str);
    let refused = |code: &'static str, message: String| Err(Failure::new(code, message));
    let public = public_subnets(kind, properties).into_iter().find_map(|subnet| vpc_of_subnet(world, subnet));
    match kind {
        BALANCER => match public {
            Some(vpc) if !is_attached(world, index, name, &vpc) => refused(
                "InvalidRequest",
                format!(
                    "VPC {vpc} has no internet gateway (Service: ElasticLoadBalancingV2, Status Code: 400, Error Code: \
                         InvalidSubnet)"
                ),
            ),
            _ => Ok(()),
        },
        NAT => match public {
            Some(vpc) if !is_attached(world, index, name, &vpc) => {
                refused("NotStabilized", format!("Network {vpc} has no Internet gateway attached"))
            }
            _ => Ok(()),
        },
        ROUTE if text("GatewayId").is_some_and(|id| id.starts_with("igw-")) => {
            let (table, gateway) =
                (text("RouteTableId").unwrap_or_default(), text("GatewayId").unwrap_or_default());
            match bag(world, "AWS::EC2::RouteTable", table).and_then(|table| table.get("VpcId")?.as_str()) {
                Some(vpc) if !is_attached(world, index, name, vpc) => refused(
                    "InvalidRequest",
                    format!(
                        "route table {table} and network gateway {gateway} belong to different networks (Service: Ec2, \
                         Status Code: 400, Error Code: InvalidParameterValue)"
                    ),
                ),
                _ => Ok(()),
            }
        }
        // An address of a VPC can be allocated before; that the guide asks for the order all the same is held by the templates.
        _ => Ok(()),
    }
}

/// Refuses to detach the gateway of a VPC in which a network interface has a public address: those of public load balancers and
/// of NAT gateways, of whatever stack (bc:ec2/DetachInternetGateway; terraform#1303, terraform-aws-eks-jx#373, alchemy#1125). An
/// elastic address that nothing uses is mapped to nothing. What the same operation deletes without an order counts as there.
pub(super) fn check_detaching(
    world: &World,
    index: usize,
    name: &str,
    kind: &str,
    properties: &Value,
) -> Result<(), Failure> {
    let Some(vpc) = properties.get("VpcId").and_then(Value::as_str).filter(|_| kind == ATTACHMENT) else {
        return Ok(());
    };
    let stack = &world.cfn.stacks[index];
    let in_vpc = |subnet: &str| {
        vpc_of_subnet(world, subnet).or_else(|| vpc_of_deleted(stack, subnet)).as_deref() == Some(vpc)
    };
    let deletions = stack.operation.iter().flat_map(|operation| &operation.deletions);
    let mut unordered = deletions.filter(|deletion| {
        let resource = &deletion.resource;
        resource.physical_id.is_some()
            && public_subnets(&resource.kind, &resource.properties).into_iter().any(in_vpc)
            && !depends(&|of| recorded(stack, of), &deletion.logical_id, name)
    });
    let nats = world.cfn.bags.get(NAT).into_iter().flatten();
    let mut there = nats
        .flat_map(|(_, nat)| public_subnets(NAT, &nat.properties))
        .chain(elb::public_subnets(world))
        .filter(|subnet| in_vpc(subnet));
    if unordered.next().is_some() || there.next().is_some() {
        return Err(Failure::new(
            "GeneralServiceException",
            format!(
                "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching \
                 the gateway. (Service: Ec2, Status Code: 400, Error Code: DependencyViolation)"
            ),
        ));
    }
    Ok(())
}

/// Subnets in which a resource has a public address.
fn public_subnets<'a>(kind: &str, properties: &'a Value) -> Vec<&'a str> {
    let is = |key: &str, value: &str| properties.get(key).and_then(Value::as_str) == Some(value);
    match kind {
        NAT if !is("ConnectivityType", "private") => {
            properties.get("SubnetId").and_then(Value::as_str).into_iter().collect()
        }
        BALANCER if !is("Scheme", "internal") => {
            let subnets = properties.get("Subnets").and_then(Value::as_array);
            subnets.into_iter().flatten().filter_map(Value::as_str).collect()
        }
        _ => Vec::new(),
    }
}

/// The VPC of a subnet that the operation of the stack has deleted.
fn vpc_of_deleted(stack: &Stack, subnet: &str) -> Option<String> {
    let mut deletions = stack.operation.iter().flat_map(|operation| &operation.deletions);
    let deletion = deletions.find(|deletion| deletion.resource.physical_id.as_deref() == Some(subnet))?;
    deletion.resource.properties.get("VpcId")?.as_str().map(str::to_owned)
}

fn bag<'a>(world: &'a World, kind: &str, id: &str) -> Option<&'a Value> {
    Some(&world.cfn.bags.get(kind)?.get(id)?.properties)
}

/// The VPC of a subnet that this account made; nothing of one that is only named.
fn vpc_of_subnet(world: &World, subnet: &str) -> Option<String> {
    bag(world, "AWS::EC2::Subnet", subnet)?.get("VpcId")?.as_str().map(str::to_owned)
}

/// Whether a gateway is attached to the VPC for certain when `name` of the stack is made: one that the stack itself attaches
/// only if `name` comes after it.
fn is_attached(world: &World, index: usize, name: &str, vpc: &str) -> bool {
    let stack = &world.cfn.stacks[index];
    let attachments = world.cfn.bags.get(ATTACHMENT).into_iter().flatten();
    let mut here =
        attachments.filter(|(_, bag)| bag.properties.get("VpcId").and_then(Value::as_str) == Some(vpc));
    here.any(|(id, _)| {
        let own = stack.resources.iter().find(|(_, resource)| {
            resource.kind == ATTACHMENT && resource.physical_id.as_deref() == Some(id.as_str())
        });
        own.is_none_or(|(attachment, _)| depends(&|of| defined(stack, of), name, attachment))
    })
}

fn defined<'a>(stack: &'a Stack, name: &str) -> Option<&'a BTreeSet<String>> {
    Some(&stack.definition.as_ref()?.template.resources.get(name)?.depends_on)
}

fn recorded<'a>(stack: &'a Stack, name: &str) -> Option<&'a BTreeSet<String>> {
    Some(&stack.resources.get(name)?.depends_on)
}

/// Whether `name` comes after `other`, by its own dependencies or theirs.
fn depends<'a>(of: &dyn Fn(&str) -> Option<&'a BTreeSet<String>>, name: &str, other: &str) -> bool {
    let (mut open, mut seen) = (vec![name.to_owned()], BTreeSet::new());
    while let Some(next) = open.pop() {
        for dependency in of(&next).into_iter().flatten() {
            if dependency == other {
                return true;
            }
            if seen.insert(dependency.clone()) {
                open.push(dependency.clone());
            }
        }
    }
    false
}
