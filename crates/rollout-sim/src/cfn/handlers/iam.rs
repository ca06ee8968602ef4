//! `AWS::IAM::*`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::convert::{differs, keep, request, select, text};
use super::durations::durations;
use super::identity::generated;
use super::{Context, Failure, Outcome, Wait};
use crate::{ApiError, World, iam};

fn failure<'a>(context: &'a Context) -> impl Fn(ApiError) -> Failure + 'a {
    |error| Failure::api("Iam", &error, context)
}

fn wait(world: &World, kind: &str) -> Wait {
    Wait::Secs(durations(kind).create * world.params.cfn_duration_factor)
}

fn updated(world: &World, kind: &str, id: &str) -> Outcome {
    let wait = Wait::Secs(durations(kind).update * world.params.cfn_duration_factor);
    Outcome { physical_id: id.to_owned(), wait, ..Outcome::default() }
}

/// A policy document as JSON text.
fn document(value: Option<&Value>) -> Value {
    match value {
        Some(Value::String(text)) => text.clone().into(),
        Some(other) => other.to_string().into(),
        None => "".into(),
    }
}

pub(super) fn create_role(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    const KIND: &str = "AWS::IAM::Role";
    let name = match text(properties, "RoleName") {
        "" => generated(world, context, 64),
        name => name.to_owned(),
    };
    let mut members = select(
        properties,
        &[
            ("MaxSessionDuration", "MaxSessionDuration"),
            ("Description", "Description"),
            ("Path", "Path"),
            ("PermissionsBoundary", "PermissionsBoundary"),
            ("Tags", "Tags"),
        ],
    );
    members.insert("RoleName".to_owned(), name.clone().into());
    members
        .insert("AssumeRolePolicyDocument".to_owned(), document(properties.get("AssumeRolePolicyDocument")));
    let made = iam::create_role(world, request(members)?).map_err(failure(context))?.role;
    let filled = fill(world, context, &name, &Value::Null, properties);
    if let Err(failure) = filled {
        // The handler takes back what it made: the stack has no physical id to delete it by.
        empty(world, context, &name, properties);
        return Err(failure);
    }
    Ok(Outcome {
        physical_id: name,
        attributes: BTreeMap::from([
            ("Arn".to_owned(), made.arn.into()),
            ("RoleId".to_owned(), made.role_id.into()),
        ]),
        wait: wait(world, KIND),
        ..Outcome::default()
    })
}

fn attached(properties: &Value) -> Vec<String> {
    let arns = properties.get("ManagedPolicyArns").and_then(Value::as_array).into_iter().flatten();
    arns.filter_map(|arn| arn.as_str().map(str::to_owned)).collect()
}

fn inline(properties: &Value) -> BTreeMap<String, Value> {
    let policies = properties.get("Policies").and_then(Value::as_array).into_iter().flatten();
    policies
        .map(|policy| (text(policy, "PolicyName").to_owned(), document(policy.get("PolicyDocument"))))
        .collect()
}

/// Makes the role's policies what `new` says.
fn fill(world: &mut World, context: &Context, role: &str, old: &Value, new: &Value) -> Result<(), Failure> {
    let (before, after) = (attached(old), attached(new));
    for arn in before.iter().filter(|arn| !after.contains(arn)) {
        let input = iam::AttachedPolicyInput { role_name: role.to_owned(), policy_arn: arn.clone() };
        iam::detach_role_policy(world, &input).map_err(failure(context))?;
    }
    for arn in after.iter().filter(|arn| !before.contains(arn)) {
        let input = iam::AttachedPolicyInput { role_name: role.to_owned(), policy_arn: arn.clone() };
        iam::attach_role_policy(world, input).map_err(failure(context))?;
    }
    let (before, after) = (inline(old), inline(new));
    for name in before.keys().filter(|name| !after.contains_key(*name)) {
        let input = iam::RolePolicyInput { role_name: role.to_owned(), policy_name: name.clone() };
        iam::delete_role_policy(world, &input).map_err(failure(context))?;
    }
    for (name, document) in after.iter().filter(|(name, document)| before.get(*name) != Some(document)) {
        put(world, context, role, name, document)?;
    }
    Ok(())
}

fn put(
    world: &mut World,
    context: &Context,
    role: &str,
    name: &str,
    document: &Value,
) -> Result<(), Failure> {
    let members = Map::from_iter([
        ("RoleName".to_owned(), Value::from(role)),
        ("PolicyName".to_owned(), Value::from(name)),
        ("PolicyDocument".to_owned(), document.clone()),
    ]);
    iam::put_role_policy(world, request(members)?).map(drop).map_err(failure(context))
}

pub(super) fn update_role(
    world: &mut World,
    context: &Context,
    name: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    if differs(old, new, "AssumeRolePolicyDocument") {
        let members = Map::from_iter([
            ("RoleName".to_owned(), Value::from(name)),
            ("PolicyDocument".to_owned(), document(new.get("AssumeRolePolicyDocument"))),
        ]);
        iam::update_assume_role_policy(world, request(members)?).map_err(failure(context))?;
    }
    if differs(old, new, "MaxSessionDuration") {
        return Err(Failure::new("InvalidRequest", "not modelled: changing MaxSessionDuration of a role"));
    }
    if differs(old, new, "PermissionsBoundary") {
        bound(world, name, new).map_err(failure(context))?;
    }
    if differs(old, new, "Tags") {
        let tags = new.get("Tags").and_then(Value::as_array).into_iter().flatten();
        let tags = tags
            .map(|tag| iam::Tag { key: text(tag, "Key").to_owned(), value: text(tag, "Value").to_owned() });
        iam::set_role_tags(world, name, tags.collect()).map_err(failure(context))?;
    }
    fill(world, context, name, old, new)?;
    Ok(updated(world, "AWS::IAM::Role", name))
}

/// Makes the role's boundary what `properties` says.
fn bound(world: &mut World, name: &str, properties: &Value) -> Result<(), ApiError> {
    let role_name = name.to_owned();
    match text(properties, "PermissionsBoundary") {
        "" => iam::delete_role_permissions_boundary(world, &iam::RoleInput { role_name })?,
        arn => {
            let permissions_boundary = arn.to_owned();
            let input = iam::PutRolePermissionsBoundaryInput { role_name, permissions_boundary };
            iam::put_role_permissions_boundary(world, input)?
        }
    };
    Ok(())
}

/// Takes a role away with its policies.
fn empty(world: &mut World, context: &Context, name: &str, properties: &Value) {
    // What cannot be taken off because it was never put on does not matter.
    let _ = fill(world, context, name, properties, &json!({}));
    let _ = iam::delete_role(world, &iam::RoleInput { role_name: name.to_owned() });
}

pub(super) fn delete_role(
    world: &mut World,
    context: &Context,
    name: &str,
    properties: &Value,
) -> Result<Wait, Failure> {
    if iam::role_exists(world, name) {
        fill(world, context, name, properties, &json!({}))?;
        iam::delete_role(world, &iam::RoleInput { role_name: name.to_owned() }).map_err(failure(context))?;
    }
    Ok(Wait::Secs(durations("AWS::IAM::Role").delete))
}

fn roles(properties: &Value) -> Vec<String> {
    let roles = properties.get("Roles").and_then(Value::as_array).into_iter().flatten();
    roles.filter_map(|role| role.as_str().map(str::to_owned)).collect()
}

pub(super) fn create_policy(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    put_on_roles(world, context, &Value::Null, properties)?;
    Ok(Outcome {
        physical_id: text(properties, "PolicyName").to_owned(),
        wait: wait(world, "AWS::IAM::Policy"),
        ..Outcome::default()
    })
}

fn put_on_roles(world: &mut World, context: &Context, old: &Value, new: &Value) -> Result<(), Failure> {
    if new.get("Users").is_some() || new.get("Groups").is_some() {
        return Err(Failure::new("InvalidRequest", "not modelled: IAM users and groups"));
    }
    let name = text(new, "PolicyName");
    for role in roles(new) {
        put(world, context, &role, name, &document(new.get("PolicyDocument")))?;
    }
    let (kept, before) = (roles(new), text(old, "PolicyName"));
    for role in roles(old).into_iter().filter(|role| !kept.contains(role) || before != name) {
        take_off(world, &role, before);
    }
    Ok(())
}

/// A role that is gone has lost its policies with it.
fn take_off(world: &mut World, role: &str, policy: &str) {
    let input = iam::RolePolicyInput { role_name: role.to_owned(), policy_name: policy.to_owned() };
    let _ = iam::delete_role_policy(world, &input);
}

pub(super) fn update_policy(
    world: &mut World,
    context: &Context,
    id: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    put_on_roles(world, context, old, new)?;
    Ok(updated(world, "AWS::IAM::Policy", id))
}

pub(super) fn delete_policy(world: &mut World, properties: &Value) -> Wait {
    for role in roles(properties) {
        take_off(world, &role, text(properties, "PolicyName"));
    }
    Wait::Secs(durations("AWS::IAM::Policy").delete)
}

pub(super) fn create_managed_policy(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let name = match text(properties, "ManagedPolicyName") {
        "" => generated(world, context, 128),
        name => name.to_owned(),
    };
    let mut members = keep(properties, &["Path", "Description"]);
    members.insert("PolicyName".to_owned(), name.into());
    members.insert("PolicyDocument".to_owned(), document(properties.get("PolicyDocument")));
    let made = iam::create_policy(world, request(members)?).map_err(failure(context))?.policy;
    for role in roles(properties) {
        let input = iam::AttachedPolicyInput { role_name: role, policy_arn: made.arn.clone() };
        iam::attach_role_policy(world, input).map_err(failure(context))?;
    }
    Ok(Outcome {
        attributes: BTreeMap::from([("PolicyArn".to_owned(), made.arn.clone().into())]),
        physical_id: made.arn,
        wait: wait(world, "AWS::IAM::ManagedPolicy"),
        ..Outcome::default()
    })
}

pub(super) fn update_managed_policy(
    world: &mut World,
    context: &Context,
    arn: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    if let Value::String(text) = document(new.get("PolicyDocument")) {
        iam::update_policy(world, arn, text).map_err(failure(context))?;
    }
    let (before, after) = (roles(old), roles(new));
    for role in before.iter().filter(|role| !after.contains(role)) {
        let input = iam::AttachedPolicyInput { role_name: role.clone(), policy_arn: arn.to_owned() };
        iam::detach_role_policy(world, &input).map_err(failure(context))?;
    }
    for role in after.into_iter().filter(|role| !before.contains(role)) {
        let input = iam::AttachedPolicyInput { role_name: role, policy_arn: arn.to_owned() };
        iam::attach_role_policy(world, input).map_err(failure(context))?;
    }
    Ok(updated(world, "AWS::IAM::ManagedPolicy", arn))
}

pub(super) fn delete_managed_policy(
    world: &mut World,
    context: &Context,
    arn: &str,
    properties: &Value,
) -> Result<Wait, Failure> {
    for role in roles(properties).into_iter().filter(|role| iam::role_exists(world, role)).collect::<Vec<_>>()
    {
        let input = iam::AttachedPolicyInput { role_name: role, policy_arn: arn.to_owned() };
        let _ = iam::detach_role_policy(world, &input);
    }
    match iam::delete_policy(world, &iam::PolicyInput { policy_arn: arn.to_owned() }) {
        Err(error) if error.code != "NoSuchEntity" => Err(failure(context)(error)),
        _ => Ok(Wait::Secs(durations("AWS::IAM::ManagedPolicy").delete)),
    }
}

pub(super) fn create_provider(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let members = select(
        properties,
        &[
            ("Url", "Url"),
            ("ClientIdList", "ClientIDList"),
            ("ThumbprintList", "ThumbprintList"),
            ("Tags", "Tags"),
        ],
    );
    let made = iam::create_open_id_connect_provider(world, request(members)?).map_err(failure(context))?;
    let arn = made.open_id_connect_provider_arn;
    Ok(Outcome {
        attributes: BTreeMap::from([("Arn".to_owned(), arn.clone().into())]),
        physical_id: arn,
        wait: wait(world, "AWS::IAM::OIDCProvider"),
        ..Outcome::default()
    })
}

/// Another audience list means another provider under the same ARN.
pub(super) fn update_provider(
    world: &mut World,
    context: &Context,
    arn: &str,
    new: &Value,
) -> Result<Outcome, Failure> {
    let input = iam::ProviderInput { open_id_connect_provider_arn: arn.to_owned() };
    iam::delete_open_id_connect_provider(world, &input).map_err(failure(context))?;
    create_provider(world, context, new)?;
    Ok(updated(world, "AWS::IAM::OIDCProvider", arn))
}

pub(super) fn delete_provider(world: &mut World, arn: &str) -> Wait {
    let _ = iam::delete_open_id_connect_provider(
        world,
        &iam::ProviderInput { open_id_connect_provider_arn: arn.to_owned() },
    );
    Wait::Secs(durations("AWS::IAM::OIDCProvider").delete)
}
