//! The tags by which policies tell the resources of one owner from those of another: `aws:ResourceTag/KEY`.
//!
//! Source: service authorization reference of EC2, Elastic Load Balancing and Cloud Map. An action needs every resource
//! that it names; one that is only being made has no tags yet, the others have theirs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::convert::text;
use super::{Context, Need, Subject};
use crate::World;

/// Resource types that are a part of other resources, with the property that names each of these and the word for it in
/// ARNs.
const PARTS: &[(&str, &[(&str, &str)])] = &[
    ("AWS::EC2::Route", &[("RouteTableId", "route-table")]),
    ("AWS::EC2::SecurityGroupEgress", &[("GroupId", "security-group")]),
    ("AWS::EC2::SecurityGroupIngress", &[("GroupId", "security-group")]),
    ("AWS::EC2::SubnetRouteTableAssociation", &[("RouteTableId", "route-table"), ("SubnetId", "subnet")]),
    ("AWS::EC2::VPCGatewayAttachment", &[("InternetGatewayId", "internet-gateway"), ("VpcId", "vpc")]),
];

/// Resources that are made in others, with the properties that name these.
const PLACED: &[(&str, &[(&str, &str)])] = &[
    ("AWS::EC2::NatGateway", &[("AllocationId", "elastic-ip"), ("SubnetId", "subnet")]),
    ("AWS::EC2::RouteTable", &[("VpcId", "vpc")]),
    ("AWS::EC2::SecurityGroup", &[("VpcId", "vpc")]),
    ("AWS::EC2::Subnet", &[("VpcId", "vpc")]),
    (
        "AWS::EC2::VPCEndpoint",
        &[
            ("VpcId", "vpc"),
            ("RouteTableIds", "route-table"),
            ("SecurityGroupIds", "security-group"),
            ("SubnetIds", "subnet"),
        ],
    ),
];

fn others(kind: &str) -> &'static [(&'static str, &'static str)] {
    PARTS.iter().chain(PLACED).find(|(one, _)| *one == kind).map_or(&[], |(_, others)| others)
}

/// Whether a type has no resource of its own that a policy could name.
pub(super) fn is_part(kind: &str) -> bool {
    PARTS.iter().any(|(part, _)| *part == kind)
}

/// The action on each of the resources that its properties name. `gone` are the tags of one that no stack has any more, such
/// as a route table that was replaced or deleted a moment before its routes: nothing new is made on it, and what is
/// left of it goes.
pub(super) fn of_others(
    world: &World,
    action: &'static str,
    subject: Subject<'_>,
    gone: Option<&BTreeMap<String, String>>,
) -> Vec<Need> {
    let named = others(subject.kind).iter().flat_map(|(property, word)| {
        let ids = match subject.properties.get(*property) {
            Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(id)) => vec![id.as_str()],
            _ => Vec::new(),
        };
        ids.into_iter().map(move |id| (id, *word))
    });
    let mut needs: Vec<Need> = named
        .map(|(id, word)| {
            let tags = of(world, id).or_else(|| gone.cloned());
            Need::new(action, world.arn("ec2", &format!("{word}/{id}"))).tagged(tags)
        })
        .collect();
    if subject.kind == "AWS::ServiceDiscovery::Service" {
        let id = match text(subject.properties, "NamespaceId") {
            "" => subject.properties.pointer("/DnsConfig/NamespaceId").and_then(Value::as_str).unwrap_or("*"),
            id => id,
        };
        let arn = world.arn("servicediscovery", &format!("namespace/{id}"));
        needs.push(Need::new(action, arn).tagged(of(world, id)));
    }
    needs
}

/// Tagging what an action makes, where the service asks for it separately.
pub(super) fn on_creation(
    context: &Context,
    action: &'static str,
    subject: Subject<'_>,
    own: String,
) -> Option<Need> {
    if context.tags.is_empty() {
        return None;
    }
    match subject.kind.split("::").nth(1)? {
        "EC2" => Some(Need::new("CreateTags", own).with("ec2:CreateAction", Some(action))),
        "ElasticLoadBalancingV2" => {
            // Listeners and rules are made on what they belong to, and tagged themselves.
            let new = match subject.kind {
                "AWS::ElasticLoadBalancingV2::Listener" => {
                    format!("{}/*", own.replacen(":loadbalancer/", ":listener/", 1))
                }
                "AWS::ElasticLoadBalancingV2::ListenerRule" => {
                    format!("{}/*", own.replacen(":listener/", ":listener-rule/", 1))
                }
                _ => own,
            };
            Some(Need::new("AddTags", new).with("elasticloadbalancing:CreateAction", Some(action)))
        }
        "ServiceDiscovery" => Some(Need::new("TagResource", own)),
        _ => None,
    }
}

/// Tags of the resource with this id or attribute of any stack; `None` where no stack has it.
pub(super) fn of(world: &World, id: &str) -> Option<BTreeMap<String, String>> {
    let resources = world.cfn.stacks.iter().flat_map(|stack| stack.resources.values());
    let mut owners = resources.filter(|resource| resource.exists()).filter(|resource| {
        resource.physical_id.as_deref() == Some(id)
            || ["AllocationId", "GroupId"]
                .iter()
                .any(|name| resource.attributes.get(*name).and_then(Value::as_str) == Some(id))
    });
    let tags = owners.next()?.properties.get("Tags").and_then(Value::as_array).into_iter().flatten();
    Some(tags.map(|tag| (text(tag, "Key").to_owned(), text(tag, "Value").to_owned())).collect())
}
