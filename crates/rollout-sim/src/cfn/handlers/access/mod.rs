//! What the role that CloudFormation assumes must be allowed: the actions that make, change or delete a resource, on all
//! the resources that AWS asks for (service authorization reference of each service).
//!
//! Handlers also read, and tag what they change; the action that changes something stands for them. A tag on what is being
//! made is an action of its own where the service has condition keys for it.

mod actions;
mod arns;
mod roles;
mod tags;

use std::collections::BTreeMap;

use serde_json::Value;

use super::convert::text;
use super::{Context, Failure, cache, database, dynamic};
use crate::{World, iam};

/// What is done to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Create,
    Update,
    Delete,
}

/// A resource that a handler works on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) kind: &'a str,
    /// Properties before an update.
    pub(super) old: Option<&'a Value>,
    pub(super) properties: &'a Value,
    /// `None` while it is being created.
    pub(super) physical_id: Option<&'a str>,
}

/// An action on one resource.
struct Need {
    /// Without the service.
    action: &'static str,
    /// ARN.
    resource: String,
    /// Condition keys.
    context: BTreeMap<String, String>,
}

impl Need {
    fn new(action: &'static str, resource: impl Into<String>) -> Self {
        Self { action, resource: resource.into(), context: BTreeMap::new() }
    }

    fn with(mut self, key: &str, value: Option<&str>) -> Self {
        self.context.extend(value.map(|value| (key.to_owned(), value.to_owned())));
        self
    }

    /// With the subnets of a service, which making and changing it names (`ecs:subnet`; service authorization reference of
    /// ECS).
    fn placed(self, verb: Verb, subject: Subject<'_>) -> Self {
        if subject.kind != "AWS::ECS::Service" || verb == Verb::Delete {
            return self;
        }
        let subnets = subject.properties.pointer("/NetworkConfiguration/AwsvpcConfiguration/Subnets");
        let subnets = subnets.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let subnets = subnets.collect::<Vec<_>>().join(",");
        self.with("ecs:subnet", Some(subnets.as_str()).filter(|subnets| !subnets.is_empty()))
    }

    /// With the tags of a resource that exists; `None` is one that is only being made.
    fn tagged(mut self, tags: Option<BTreeMap<String, String>>) -> Self {
        let tags = tags.into_iter().flatten();
        self.context.extend(tags.map(|(key, value)| (format!("aws:ResourceTag/{key}"), value)));
        self
    }
}

/// Checks that the stack's role may do it; without a role the caller's own rights were checked.
///
/// # Errors
/// `AccessDenied` in AWS's words.
pub(super) fn check(
    world: &mut World,
    context: &Context,
    verb: Verb,
    subject: Subject<'_>,
) -> Result<(), Failure> {
    let Some(role) = &context.role else { return Ok(()) };
    let Some((service, create, update, delete)) = actions::actions(subject.kind) else { return Ok(()) };
    let action = match verb {
        Verb::Create => create,
        Verb::Update => update,
        Verb::Delete => delete,
    };
    let principal = iam::Principal::role(role);
    for need in needs(world, context, verb, action, subject) {
        let action = format!("{service}:{}", need.action);
        iam::access(world, &principal, &action, &need.resource, &need.context)
            .map_err(|error| Failure::api(&display(service), &error, context))?;
    }
    if verb == Verb::Delete {
        return Ok(());
    }
    // Values of dynamic references are read as the role too (CFN:dynamic-references).
    for id in dynamic::secrets(subject.properties) {
        let arn =
            if id.starts_with("arn:") { id } else { world.arn("secretsmanager", &format!("secret:{id}-*")) };
        iam::access(world, &principal, "secretsmanager:GetSecretValue", &arn, &BTreeMap::new())
            .map_err(|error| Failure::api("SecretsManager", &error, context))?;
    }
    // RDS makes the secret of a password that it manages as whoever asks for it.
    for (action, resource) in database::needs(world, subject) {
        iam::access(world, &principal, action, &resource, &BTreeMap::new())
            .map_err(|error| Failure::api("Rds", &error, context))?;
    }
    Ok(())
}

fn display(service: &str) -> String {
    let mut letters = service.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn needs(
    world: &World,
    context: &Context,
    verb: Verb,
    action: &'static str,
    subject: Subject<'_>,
) -> Vec<Need> {
    match subject.kind {
        "AWS::IAM::Role" | "AWS::IAM::Policy" => return roles::needs(world, context, verb, subject),
        kind if tags::is_part(kind) => {
            let gone = Some(&context.tags).filter(|_| verb == Verb::Delete);
            return tags::of_others(world, action, subject, gone);
        }
        _ => {}
    }
    let own = arns::resource(world, context, subject.kind, subject.properties, subject.physical_id);
    // What is only being made has no tags yet.
    let tags = subject.physical_id.map(|id| tags::of(world, id).unwrap_or_else(|| context.tags.clone()));
    let mut needs = vec![Need::new(action, own.clone()).tagged(tags).placed(verb, subject)];
    if verb == Verb::Create {
        needs.extend(tags::of_others(world, action, subject, None));
        needs.extend(tags::on_creation(context, action, subject, own));
    }
    if verb != Verb::Delete {
        match subject.kind {
            "AWS::RDS::DBInstance" => needs.extend(database_groups(world, action, subject)),
            "AWS::ElastiCache::ReplicationGroup" | "AWS::ElastiCache::UserGroup" => {
                needs.extend(cache::members(world, subject).map(|arn| Need::new(action, arn)));
            }
            "AWS::WAFv2::WebACL" => needs.extend(managed_rules(world, action, subject)),
            _ => {}
        }
    }
    needs
}

/// The groups that a database is in: `rds:CreateDBInstance` and `rds:ModifyDBInstance` need all of them, and an instance
/// without an option group of its own is in the default one of its engine (`RDS:USER_WorkingWithOptionGroups`).
fn database_groups(world: &World, action: &'static str, subject: Subject<'_>) -> Vec<Need> {
    let properties = subject.properties;
    let (engine, version) = (text(properties, "Engine"), text(properties, "EngineVersion"));
    let mut parts = version.split('.');
    let major = match (engine, parts.next().unwrap_or_default(), parts.next()) {
        ("mysql" | "mariadb", major, Some(minor)) => format!("{major}-{minor}"),
        (_, major, _) => major.to_owned(),
    };
    let option_group = match text(properties, "OptionGroupName") {
        "" => format!("default:{engine}-{major}"),
        name => name.to_owned(),
    };
    let groups = [
        ("og", option_group.as_str()),
        ("pg", text(properties, "DBParameterGroupName")),
        ("subgrp", text(properties, "DBSubnetGroupName")),
    ];
    let named = groups.into_iter().filter(|(_, name)| !name.is_empty());
    named.map(|(kind, name)| Need::new(action, world.arn("rds", &format!("{kind}:{name}")))).collect()
}

/// The managed rule groups of a web ACL, which making and changing it needs too (service authorization reference of WAF).
fn managed_rules(world: &World, action: &'static str, subject: Subject<'_>) -> Vec<Need> {
    let rules = subject.properties.get("Rules").and_then(Value::as_array).into_iter().flatten();
    let names = rules.filter_map(|rule| rule.pointer("/Statement/ManagedRuleGroupStatement/Name")?.as_str());
    names
        .map(|name| Need::new(action, world.arn("wafv2", &format!("regional/managedruleset/{name}/*"))))
        .collect()
}
