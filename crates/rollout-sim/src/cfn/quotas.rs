//! Early validation of service quotas (CFN:validate-stack-deployments): whether what a change set adds would exceed one.
//!
//! AWS publishes which calls the check makes, and neither which quotas it looks at nor its words. Of the calls,
//! `iam:GetAccountSummary` tells roles and customer managed policies with their quotas, and `ec2:DescribeSecurityGroups` with
//! `servicequotas:GetServiceQuota` security groups. What `cloudwatch:GetMetricData` and `lambda:GetAccountSettings` are read for
//! is not looked at.

use std::collections::BTreeMap;

use serde_json::Value;

use super::api::{Change, ChangeAction};
use super::early_validation::may;
use super::state::ValidationProblem;
use crate::iam::{self, Principal};
use crate::{ApiError, World};

const ROLE: &str = "AWS::IAM::Role";
const POLICY: &str = "AWS::IAM::ManagedPolicy";
const GROUP: &str = "AWS::EC2::SecurityGroup";
const VPC: &str = "AWS::EC2::VPC";
const ADDRESS: &str = "AWS::EC2::EIP";
const GATEWAY: &str = "AWS::EC2::InternetGateway";
const NAT: &str = "AWS::EC2::NatGateway";
const INGRESS: &str = "AWS::EC2::SecurityGroupIngress";
const EGRESS: &str = "AWS::EC2::SecurityGroupEgress";
const DATABASE: &str = "AWS::RDS::DBInstance";

/// A quota, and how much of it is in use.
struct Quota {
    /// As Service Quotas calls it.
    name: &'static str,
    limit: usize,
    used: usize,
    /// What tells the two.
    reads: &'static [&'static str],
}

fn quota(world: &World, kind: &str) -> Option<Quota> {
    let summary = &["iam:GetAccountSummary"];
    let (name, limit, used, reads): (_, _, _, &[&str]) = match kind {
        ROLE => ("Roles per account", world.quotas.roles, iam::role_count(world), summary),
        POLICY => (
            "Customer managed policies per account",
            world.quotas.policies,
            iam::policy_count(world),
            summary,
        ),
        GROUP => (
            "VPC security groups per Region",
            world.quotas.security_groups,
            security_groups(world),
            &["ec2:DescribeSecurityGroups", "servicequotas:GetServiceQuota"],
        ),
        _ => return None,
    };
    Some(Quota { name, limit, used, reads })
}

/// All that `ec2:DescribeSecurityGroups` lists: every VPC comes with one.
fn security_groups(world: &World) -> usize {
    [GROUP, VPC].iter().filter_map(|kind| world.cfn.bags.get(*kind)).map(BTreeMap::len).sum()
}

/// The resources that `changes` adds beyond a quota, in the order of their names: their creation will fail.
///
/// What the change set deletes is still there when it adds, and counts. What the `caller` may not read is left out, as with
/// buckets (UNCONFIRMED); the rights are looked at where there is something to warn of.
pub(super) fn warnings(world: &mut World, caller: &Principal, changes: &[Change]) -> Vec<ValidationProblem> {
    let mut warnings = Vec::new();
    for kind in [ROLE, POLICY, GROUP] {
        let Some(quota) = quota(world, kind) else { continue };
        let with_vpcs = if kind == GROUP { added(changes, VPC).count() } else { 0 };
        let left = quota.limit.saturating_sub(quota.used + with_vpcs);
        let beyond: Vec<&str> = added(changes, kind).skip(left).collect();
        if beyond.is_empty() || !quota.reads.iter().all(|read| may(world, caller, read, "*").is_some()) {
            continue;
        }
        // AWS's wording is not public.
        let message = format!(
            "Creating this resource would exceed the service quota '{}': the quota is {}, and {} are in use.",
            quota.name, quota.limit, quota.used
        );
        warnings.extend(beyond.into_iter().map(|name| ValidationProblem {
            logical_id: name.to_owned(),
            kind: kind.to_owned(),
            path: format!("/Resources/{name}"),
            message: message.clone(),
        }));
    }
    warnings
}

/// Logical ids of the resources of a type that `changes` adds.
fn added<'a>(changes: &'a [Change], kind: &'a str) -> impl Iterator<Item = &'a str> {
    let changes = changes.iter().filter_map(|change| change.resource_change.as_ref());
    let added = changes.filter(move |change| {
        change.action == Some(ChangeAction::Add) && change.resource_type.as_deref() == Some(kind)
    });
    added.filter_map(|change| change.logical_resource_id.as_deref())
}

/// Whether another resource of a type that lives in bags has room; roles and policies are refused by IAM itself, load
/// balancers by theirs. Answers the service that refuses.
///
/// # Errors
/// The error of that service: codes are EC2's (EC2 API Reference, errors-overview) and RDS's (bc:rds/CreateDBInstance); the
/// wordings are UNCONFIRMED.
pub(super) fn check_room(
    world: &World,
    kind: &str,
    properties: &Value,
) -> Result<(), (&'static str, ApiError)> {
    let quotas = &world.quotas;
    let count = |kind: &str| world.cfn.bags.get(kind).map_or(0, BTreeMap::len);
    let reached = |what: &str| format!("The maximum number of {what} has been reached.");
    let (used, limit, code, message) = match kind {
        GROUP => {
            let given = ["SecurityGroupIngress", "SecurityGroupEgress"].map(|list| entries(properties, list));
            check_rules(world, given.into_iter().max().unwrap_or(0))?;
            let message = reached("security groups");
            (security_groups(world), quotas.security_groups, "SecurityGroupLimitExceeded", message)
        }
        VPC => (count(kind), quotas.vpcs, "VpcLimitExceeded", reached("VPCs")),
        ADDRESS => (count(kind), quotas.addresses, "AddressLimitExceeded", reached("addresses")),
        GATEWAY => {
            let message = reached("internet gateways");
            (count(kind), quotas.internet_gateways, "InternetGatewayLimitExceeded", message)
        }
        NAT => {
            let limit = quotas.nat_gateways_per_zone;
            let message = format!("Performing this operation would exceed the limit of {limit} NAT gateways");
            (nat_gateways_beside(world, properties), limit, "NatGatewayLimitExceeded", message)
        }
        INGRESS | EGRESS => return check_rules(world, rules_of(world, kind, properties) + 1),
        DATABASE => {
            let message = "Instance quota exceeded";
            (count(kind), quotas.db_instances, "InstanceQuotaExceeded", message.to_owned())
        }
        _ => return Ok(()),
    };
    if used < limit {
        return Ok(());
    }
    let service = if kind == DATABASE { "Rds" } else { "Ec2" };
    Err((service, ApiError::new(code, message)))
}

fn check_rules(world: &World, rules: usize) -> Result<(), (&'static str, ApiError)> {
    if rules <= world.quotas.security_group_rules {
        return Ok(());
    }
    let message = "The maximum number of rules per security group has been reached.";
    Err(("Ec2", ApiError::new("RulesPerSecurityGroupLimitExceeded", message)))
}

fn entries(properties: &Value, list: &str) -> usize {
    properties.get(list).and_then(Value::as_array).map_or(0, Vec::len)
}

/// The rules in the direction of `kind` that the security group of a new one has: those written in it and those added.
fn rules_of(world: &World, kind: &str, rule: &Value) -> usize {
    let id = rule.get("GroupId").and_then(Value::as_str).unwrap_or_default();
    let inside = if kind == INGRESS { "SecurityGroupIngress" } else { "SecurityGroupEgress" };
    let bags = |kind: &str| world.cfn.bags.get(kind).into_iter().flatten();
    let group = bags(GROUP).find(|(group, _)| group.as_str() == id);
    let written = group.map_or(0, |(_, bag)| entries(&bag.properties, inside));
    written
        + bags(kind)
            .filter(|(_, bag)| bag.properties.get("GroupId").and_then(Value::as_str) == Some(id))
            .count()
}

/// NAT gateways in the zone of a new one.
fn nat_gateways_beside(world: &World, new: &Value) -> usize {
    let zone = |nat: &Value| {
        let subnet = nat.get("SubnetId")?.as_str()?;
        let subnet = world.cfn.bags.get("AWS::EC2::Subnet")?.get(subnet)?;
        subnet.properties.get("AvailabilityZone").cloned()
    };
    let own = zone(new);
    let nats = world.cfn.bags.get(NAT).into_iter().flatten();
    nats.filter(|(_, nat)| zone(&nat.properties) == own).count()
}
