//! Who may use a cache: what ElastiCache refuses in users, their groups, and the caches that have them
//! (ElastiCache developer guide, Clusters.RBAC; API reference, `CreateUser`, `CreateUserGroup`, `ModifyReplicationGroup`).
//! The codes are those of the API's model; its words are UNCONFIRMED.

use std::collections::BTreeSet;

use serde_json::Value;

use super::access::Subject;
use super::convert::text;
use super::{Context, Failure, Wait, bag, dynamic};
use crate::cfn::template::Policy;
use crate::{ApiError, World};

pub(super) const USER: &str = "AWS::ElastiCache::User";
const GROUP: &str = "AWS::ElastiCache::UserGroup";
const CACHE: &str = "AWS::ElastiCache::ReplicationGroup";

/// Id and name of the user that every account has: without a password, and unchangeable.
const DEFAULT: &str = "default";

/// What ElastiCache refuses; other types pass.
///
/// # Errors
/// The refusal.
pub(super) fn check(world: &World, context: &Context, kind: &str, properties: &Value) -> Result<(), Failure> {
    let refusal = match kind {
        // A password that cannot be read fails as CloudFormation resolves it.
        USER => user(&*dynamic::resolve(world, properties)?),
        GROUP => group(world, properties),
        CACHE => cache(world, properties),
        _ => return Ok(()),
    };
    refusal.map_err(|(code, message)| Failure::api("ElastiCache", &ApiError::new(code, message), context))
}

type Refusal = (&'static str, String);

fn list<'a>(properties: &'a Value, name: &str) -> Vec<&'a str> {
    let items = properties.get(name).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(Value::as_str).collect()
}

fn is_true(properties: &Value, name: &str) -> bool {
    properties.get(name) == Some(&Value::Bool(true))
}

fn user(properties: &Value) -> Result<(), Refusal> {
    let mode = properties.get("AuthenticationMode");
    let kind = mode.map_or("", |mode| text(mode, "Type"));
    let mut passwords = list(properties, "Passwords");
    passwords.extend(mode.into_iter().flat_map(|mode| list(mode, "Passwords")));
    let open = is_true(properties, "NoPasswordRequired") || kind == "no-password-required";
    if text(properties, "AccessString").trim().is_empty() {
        return Err(("InvalidParameterValue", "The parameter AccessString must be provided.".to_owned()));
    }
    if open && !passwords.is_empty() {
        let message = "Passwords cannot be provided for a user that requires none.";
        return Err(("InvalidParameterCombination", message.to_owned()));
    }
    if !open && kind != "iam" && passwords.is_empty() {
        let message = "A user has passwords, authenticates with IAM, or requires no password.";
        return Err(("InvalidParameterCombination", message.to_owned()));
    }
    if passwords.len() > 2 {
        return Err(("InvalidParameterValue", "A user has at most two passwords.".to_owned()));
    }
    if passwords.iter().any(|password| !(16..=128).contains(&password.chars().count())) {
        return Err(("InvalidParameterValue", "Passwords have 16 to 128 characters.".to_owned()));
    }
    Ok(())
}

/// Name of a user, and whether it authenticates; `None` where there is none of the id.
fn found<'a>(world: &'a World, id: &str) -> Option<(&'a str, bool)> {
    if id == DEFAULT {
        return Some((DEFAULT, false));
    }
    let properties = &world.cfn.bags.get(USER)?.get(&id.to_ascii_lowercase())?.properties;
    let mode = properties.pointer("/AuthenticationMode/Type").and_then(Value::as_str);
    let open = is_true(properties, "NoPasswordRequired") || mode == Some("no-password-required");
    Some((text(properties, "UserName"), !open))
}

fn group(world: &World, properties: &Value) -> Result<(), Refusal> {
    let mut names = BTreeSet::new();
    let valkey = text(properties, "Engine") == "valkey";
    for id in list(properties, "UserIds") {
        let Some((name, authenticates)) = found(world, id) else {
            return Err(("UserNotFound", format!("User {id} not found.")));
        };
        if valkey && !authenticates {
            let message =
                format!("User {id} does not authenticate, which a group of engine valkey requires.");
            return Err(("InvalidParameterCombination", message));
        }
        if !names.insert(name) {
            return Err(("DuplicateUserName", format!("Two users of the group have the name {name}.")));
        }
    }
    if !valkey && !names.contains(DEFAULT) {
        let message = "A user group of engine redis needs to contain a user with the user name default.";
        return Err(("DefaultUserRequired", message.to_owned()));
    }
    Ok(())
}

fn cache(world: &World, properties: &Value) -> Result<(), Refusal> {
    let groups = list(properties, "UserGroupIds");
    for id in &groups {
        let known = world.cfn.bags.get(GROUP).and_then(|bags| bags.get(&id.to_ascii_lowercase()));
        let Some(known) = known else {
            return Err(("UserGroupNotFound", format!("User group {id} not found.")));
        };
        if text(properties, "Engine") == "redis" && text(&known.properties, "Engine") == "valkey" {
            let message =
                format!("User group {id} is of engine valkey, which a cache of engine redis cannot have.");
            return Err(("InvalidParameterCombination", message));
        }
    }
    if !groups.is_empty() && !is_true(properties, "TransitEncryptionEnabled") {
        let message = "User group based access control requires encryption-in-transit to be enabled.";
        return Err(("InvalidParameterCombination", message.to_owned()));
    }
    if !groups.is_empty() && properties.get("AuthToken").is_some() {
        let message = "A cache has an AUTH token or user groups.";
        return Err(("InvalidParameterCombination", message.to_owned()));
    }
    Ok(())
}

/// Deletes a user; not the one named `default` of a group (`DefaultUserAssociatedToUserGroup`).
///
/// # Errors
/// The refusal, and what bags refuse.
pub(super) fn delete_user(
    world: &mut World,
    context: &Context,
    id: &str,
    policy: Policy,
) -> Result<Wait, Failure> {
    let is_default = found(world, id).is_some_and(|(name, _)| name == DEFAULT);
    let groups = world.cfn.bags.get(GROUP).into_iter().flatten();
    let mut groups = groups.filter(|(_, group)| list(&group.properties, "UserIds").contains(&id));
    if let (true, Some((group, _))) = (is_default, groups.next()) {
        let message = format!("User {id} is the default user of user group {group}.");
        let error = ApiError::new("DefaultUserAssociatedToUserGroup", message);
        return Err(Failure::api("ElastiCache", &error, context));
    }
    bag::delete(world, USER, id, policy)
}

/// ARNs of the users of a group, and of the groups of a cache: making and changing either needs its right on them too
/// (service authorization reference of ElastiCache).
pub(super) fn members(world: &World, subject: Subject<'_>) -> impl Iterator<Item = String> {
    let (name, resource) = match subject.kind {
        GROUP => ("UserIds", "user"),
        _ => ("UserGroupIds", "usergroup"),
    };
    list(subject.properties, name)
        .into_iter()
        .map(|id| world.arn("elasticache", &format!("{resource}:{id}")))
        .collect::<Vec<_>>()
        .into_iter()
}
