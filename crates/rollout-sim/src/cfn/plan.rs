//! What an update does to a resource, and which resources it can touch at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::handlers::nested;
use super::schema::{self, Replaces};
use super::state::{Action, Definition, Resource};
use super::template::{Expr, Policy, ResourceDefinition};

/// The difference between a resource as it is and as it shall be.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// Changed top-level properties, each with what its change does.
    pub properties: Vec<(String, Replaces)>,
    pub metadata: bool,
    pub deletion_policy: bool,
    pub update_replace_policy: bool,
    /// A nested stack, whose template may have changed behind the same address.
    pub nested: bool,
}

impl Difference {
    /// What is to be done.
    pub(super) fn action(&self) -> Action {
        if self
            .properties
            .iter()
            .any(|(_, replaces)| matches!(replaces, Replaces::Always | Replaces::MaybeYes))
        {
            Action::Replace
        } else if self.nested || !self.properties.is_empty() {
            Action::Update
        } else if self.metadata || self.deletion_policy || self.update_replace_policy {
            Action::Record
        } else {
            Action::None
        }
    }
}

/// Compares a resource with its definition, evaluated.
pub(super) fn difference(
    resource: &Resource,
    definition: &ResourceDefinition,
    properties: &Value,
    metadata: Option<&Value>,
) -> Difference {
    let mut found = Difference {
        metadata: resource.metadata.as_ref() != metadata,
        deletion_policy: resource.deletion_policy != deletion_policy(definition),
        update_replace_policy: resource.update_replace_policy != update_replace_policy(definition),
        nested: definition.kind == nested::KIND,
        ..Difference::default()
    };
    if resource.properties == *properties {
        return found;
    }
    let (Value::Object(before), Value::Object(after)) = (&resource.properties, properties) else {
        return found;
    };
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        if before.get(name) == after.get(name) {
            continue;
        }
        let replaces = match schema::find(&definition.kind) {
            Some(schema) => schema::replaces(schema, name, &resource.properties, properties),
            None => Replaces::Never,
        };
        found.properties.push((name.clone(), replaces));
    }
    found
}

/// A database instance that belongs to no cluster is kept as a snapshot unless its template says otherwise.
pub(super) fn deletion_policy(definition: &ResourceDefinition) -> Policy {
    definition.deletion_policy.unwrap_or(if definition.kind == "AWS::RDS::DBInstance" {
        Policy::Snapshot
    } else {
        Policy::Delete
    })
}

/// What happens to the old one of a resource that is replaced.
pub(super) fn update_replace_policy(definition: &ResourceDefinition) -> Policy {
    definition.update_replace_policy.unwrap_or_default()
}

/// Whether the condition of a resource holds.
pub(super) fn is_wanted(definition: &ResourceDefinition, conditions: &BTreeMap<String, bool>) -> bool {
    definition.condition.as_ref().is_none_or(|condition| conditions.get(condition).copied().unwrap_or(false))
}

/// Resources that an update from `before` to `after` can change: those whose definition differs, nested stacks, those
/// that use a parameter, condition or import with another value, and everything that depends on them. The others
/// need not even be evaluated.
pub(super) fn affected(before: &Definition, after: &Definition) -> BTreeSet<String> {
    let template = &after.template;
    let same = template.is_same(&before.template);
    let tags_changed = before.tags != after.tags;
    let mappings_changed = !same && before.template.mappings != template.mappings;
    let parameters = changed(&before.parameters, &after.parameters);
    let conditions = changed(&before.conditions, &after.conditions);
    let varies = !parameters.is_empty() || !conditions.is_empty();
    let mut affected = BTreeSet::new();
    for name in &template.order {
        let Some(definition) = template.resources.get(name) else { continue };
        let uses = &definition.uses;
        let differs = tags_changed
            || definition.kind == nested::KIND
            || mappings_changed
            || uses.imports
            || uses.refs.iter().any(|reference| parameters.contains(reference.as_str()))
            || uses.refs.contains("AWS::NotificationARNs")
            || uses
                .conditions
                .iter()
                .chain(&definition.condition)
                .any(|used| conditions.contains(used.as_str()))
            || definition
                .metadata
                .as_ref()
                .is_some_and(|metadata| varies && !matches!(metadata, Expr::Literal(_)))
            || definition.depends_on.iter().any(|dependency| affected.contains(dependency))
            || (!same && before.template.resources.get(name) != Some(definition));
        if differs {
            affected.insert(name.clone());
        }
    }
    affected
}

fn changed<'a, V: PartialEq>(
    before: &'a BTreeMap<String, V>,
    after: &'a BTreeMap<String, V>,
) -> BTreeSet<&'a str> {
    let names = before.keys().chain(after.keys());
    names.filter(|name| before.get(*name) != after.get(*name)).map(String::as_str).collect()
}
