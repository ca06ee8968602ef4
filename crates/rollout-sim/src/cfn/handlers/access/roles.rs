//! What making and changing a role takes. Each action can be bound to the boundary that the role has, or gets
//! (`iam:PermissionsBoundary`; service authorization reference of IAM).

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::convert::{differs, text};
use super::{Context, Need, Subject, Verb, arns};
use crate::{World, iam};

const BOUNDARY: &str = "iam:PermissionsBoundary";

pub(super) fn needs(world: &World, context: &Context, verb: Verb, subject: Subject<'_>) -> Vec<Need> {
    if subject.kind == "AWS::IAM::Policy" {
        return policy(world, verb, subject);
    }
    let own = arns::resource(world, context, subject.kind, subject.properties, subject.physical_id);
    let nothing = Value::Null;
    let (before, after) = match verb {
        Verb::Create => (&nothing, subject.properties),
        Verb::Update => (subject.old.unwrap_or(&nothing), subject.properties),
        Verb::Delete => (subject.properties, &nothing),
    };
    let has = subject.physical_id.and_then(|name| iam::role_boundary(world, name));
    let gets = Some(text(after, "PermissionsBoundary")).filter(|arn| !arn.is_empty());
    let need = |action| Need::new(action, own.clone());
    let mut needs = Vec::new();
    match verb {
        Verb::Create => needs.push(need("CreateRole").with(BOUNDARY, gets)),
        Verb::Update => {
            if differs(before, after, "AssumeRolePolicyDocument") {
                needs.push(need("UpdateAssumeRolePolicy"));
            }
            if differs(before, after, "PermissionsBoundary") {
                needs.push(match gets {
                    Some(_) => need("PutRolePermissionsBoundary").with(BOUNDARY, gets),
                    None => need("DeleteRolePermissionsBoundary").with(BOUNDARY, has),
                });
            }
            if differs(before, after, "Description") {
                needs.push(need("UpdateRole"));
            }
            if differs(before, after, "Tags") {
                needs.push(need("TagRole"));
            }
        }
        Verb::Delete => {}
    }
    // The boundary is put on first.
    let bound = if verb == Verb::Delete { has } else { gets };
    let mut more = |action, changes: bool| {
        if changes {
            needs.push(need(action).with(BOUNDARY, bound));
        }
    };
    let (old, new) = (inline(before), inline(after));
    more("PutRolePolicy", new.iter().any(|policy| !old.contains(policy)));
    more("DeleteRolePolicy", old.iter().any(|(name, _)| !new.iter().any(|(other, _)| other == name)));
    let (old, new) = (attached(before), attached(after));
    for arn in new.difference(&old) {
        needs.push(need("AttachRolePolicy").with(BOUNDARY, bound).with("iam:PolicyARN", Some(arn)));
    }
    for arn in old.difference(&new) {
        needs.push(need("DetachRolePolicy").with(BOUNDARY, bound).with("iam:PolicyARN", Some(arn)));
    }
    if verb == Verb::Delete {
        needs.push(need("DeleteRole"));
    }
    needs
}

fn inline(properties: &Value) -> Vec<(&str, &Value)> {
    let policies = properties.get("Policies").and_then(Value::as_array).into_iter().flatten();
    policies.map(|policy| (text(policy, "PolicyName"), policy)).collect()
}

fn attached(properties: &Value) -> BTreeSet<&str> {
    let arns = properties.get("ManagedPolicyArns").and_then(Value::as_array).into_iter().flatten();
    arns.filter_map(Value::as_str).collect()
}

/// An inline policy that is a resource of its own, on each of its roles.
fn policy(world: &World, verb: Verb, subject: Subject<'_>) -> Vec<Need> {
    let action = if verb == Verb::Delete { "DeleteRolePolicy" } else { "PutRolePolicy" };
    let roles = subject.properties.get("Roles").and_then(Value::as_array).into_iter().flatten();
    let roles = roles.filter_map(Value::as_str);
    roles
        .map(|role| {
            let arn = format!("arn:aws:iam::{}:role/{role}", world.account);
            Need::new(action, arn).with(BOUNDARY, iam::role_boundary(world, role))
        })
        .collect()
}
