//! Roles, policies and identity providers as they are, for drift detection.
//!
//! Only what the API can change is read: there are no calls here that change the tags, the description or the
//! session duration of a role, or the document of a managed policy.

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::convert::text;
use crate::{World, iam};

/// A policy document as the API answers it: percent-encoded JSON.
fn document(encoded: &str) -> Value {
    let text = percent_decode_str(encoded).decode_utf8_lossy();
    serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()))
}

fn named(role: &str) -> iam::RoleInput {
    iam::RoleInput { role_name: role.to_owned() }
}

fn inline_policy(world: &World, role: &str, policy: &str) -> Option<Value> {
    let input = iam::RolePolicyInput { role_name: role.to_owned(), policy_name: policy.to_owned() };
    Some(document(&iam::get_role_policy(world, &input).ok()?.policy_document))
}

fn attached(world: &World, role: &str) -> Vec<String> {
    let found = iam::list_attached_role_policies(world, &named(role)).map(|found| found.attached_policies);
    found.unwrap_or_default().into_iter().map(|policy| policy.policy_arn).collect()
}

/// Names of the roles in a resource's properties.
fn roles(properties: &Value) -> impl Iterator<Item = &str> {
    properties.get("Roles").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// Whether a resource of its own of some stack, an `AWS::IAM::Policy` or `AWS::IAM::ManagedPolicy`, put this policy
/// on the role: the role's own properties do not speak of it. AWS does not say how it compares such a role.
fn has_its_own_resource(world: &World, kind: &str, role: &str, policy: &str) -> bool {
    let resources = world.cfn.stacks.iter().flat_map(|stack| stack.resources.values());
    resources.filter(|resource| resource.kind == kind && resource.exists()).any(|resource| {
        resource.physical_id.as_deref() == Some(policy)
            && roles(&resource.properties).any(|name| name == role)
    })
}

pub(super) fn role(world: &World, name: &str) -> Option<Value> {
    let role = iam::get_role(world, &named(name)).ok()?.role;
    let policies: Vec<Value> = iam::list_role_policies(world, &named(name))
        .ok()?
        .policy_names
        .into_iter()
        .filter(|policy| !has_its_own_resource(world, "AWS::IAM::Policy", name, policy))
        .filter_map(|policy| {
            Some(json!({"PolicyDocument": inline_policy(world, name, &policy)?, "PolicyName": policy}))
        })
        .collect();
    let managed: Vec<String> = attached(world, name)
        .into_iter()
        .filter(|arn| !has_its_own_resource(world, "AWS::IAM::ManagedPolicy", name, arn))
        .collect();
    Some(json!({
        "AssumeRolePolicyDocument": document(&role.assume_role_policy_document),
        "ManagedPolicyArns": managed,
        "Policies": policies,
    }))
}

/// An inline policy on one or more roles. Where the roles disagree, the one that the template does not mean is shown.
pub(super) fn policy(world: &World, expected: &Value) -> Option<Value> {
    let name = text(expected, "PolicyName");
    let found: Vec<(&str, Value)> =
        roles(expected).filter_map(|role| Some((role, inline_policy(world, role, name)?))).collect();
    let other = found.iter().find(|(_, document)| Some(document) != expected.get("PolicyDocument"));
    let (_, document) = other.or(found.first())?;
    let names: Vec<&str> = found.iter().map(|(role, _)| *role).collect();
    Some(json!({"PolicyDocument": document, "PolicyName": name, "Roles": names}))
}

pub(super) fn managed_policy(world: &World, arn: &str, expected: &Value) -> Option<Value> {
    iam::get_policy(world, &iam::PolicyInput { policy_arn: arn.to_owned() }).ok()?;
    let on: Vec<&str> =
        roles(expected).filter(|role| attached(world, role).iter().any(|one| one == arn)).collect();
    Some(json!({"Roles": on}))
}

pub(super) fn provider(world: &World, arn: &str) -> Option<Value> {
    let input = iam::ProviderInput { open_id_connect_provider_arn: arn.to_owned() };
    let found = iam::get_open_id_connect_provider(world, &input).ok()?;
    Some(json!({"ClientIdList": found.client_id_list, "ThumbprintList": found.thumbprint_list}))
}
