//! Early validation of service quotas (CFN:validate-stack-deployments): whether what a change set adds would exceed one.
//!
//! AWS publishes which calls the check makes, and neither which quotas it looks at nor its words. Of the calls,
//! `iam:GetAccountSummary` tells roles and customer managed policies with their quotas, and `ec2:DescribeSecurityGroups` with
//! `servicequotas:GetServiceQuota` security groups. What `cloudwatch:GetMetricData` and `lambda:GetAccountSettings` are read for
//! is not looked at.

use std::collections::BTreeMap;

use super::api::{Change, ChangeAction};
use super::early_validation::may;
use super::state::ValidationProblem;
use crate::iam::{self, Principal};
use crate::{ApiError, World};

const ROLE: &str = "AWS::IAM::Role";
const POLICY: &str = "AWS::IAM::ManagedPolicy";
const GROUP: &str = "AWS::EC2::SecurityGroup";
const VPC: &str = "AWS::EC2::VPC";

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

/// Whether another resource of a type that lives in bags has room; roles and policies are refused by IAM itself.
///
/// # Errors
/// `SecurityGroupLimitExceeded`; the wording is UNCONFIRMED.
pub(super) fn check_room(world: &World, kind: &str) -> Result<(), ApiError> {
    if kind == GROUP && security_groups(world) >= world.quotas.security_groups {
        let message = "The maximum number of security groups has been reached.";
        return Err(ApiError::new("SecurityGroupLimitExceeded", message));
    }
    Ok(())
}
