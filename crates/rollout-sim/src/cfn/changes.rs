//! What a change set shows: actions, replacements and where each change comes from.

use std::collections::BTreeSet;

use serde_json::Value;

use super::api::{
    AttributeChangeType, Change, ChangeAction, ChangeSource, EvaluationType, PolicyAction, Replacement,
    RequiresRecreation, ResourceAttribute, ResourceChange, ResourceChangeDetail, ResourceTargetDefinition,
};
use super::handlers::nested;
use super::inputs::{self, Subject};
use super::plan::{self, Difference};
use super::schema::Replaces;
use super::scope::{self, outputs};
use super::state::{Action, Definition, OutputValue, Resource};
use super::template::{Expr, Policy, ResourceDefinition, Uses, is_unknown};
use crate::World;

/// Predicted changes, and whether there is anything to do at all (outputs and stack options count).
pub(super) struct Prediction {
    pub changes: Vec<Change>,
    pub something: bool,
}

/// Predicts what `definition` will change.
///
/// # Errors
/// CloudFormation's message.
pub(super) fn predict(
    world: &World,
    subject: &Subject<'_>,
    definition: &Definition,
    current_outputs: &[OutputValue],
) -> Result<Prediction, String> {
    let mut unknown = BTreeSet::new();
    let mut changes = Vec::new();
    for name in &definition.template.order {
        let Some(wanted) = definition.template.resources.get(name) else { continue };
        if !plan::is_wanted(wanted, &definition.conditions) {
            continue;
        }
        let scope = inputs::scope(world, subject, definition, &unknown);
        let properties = scope::properties(wanted, &definition.tags, &scope)?;
        let metadata = wanted.metadata.as_ref().map(|metadata| metadata.eval(&scope)).transpose()?;
        let Some(existing) = subject.resources.get(name).filter(|resource| resource.exists()) else {
            changes.push(added(name, wanted, &properties));
            unknown.insert(name.clone());
            continue;
        };
        if existing.kind != wanted.kind {
            return Err(format!(
                "Update of resource type is not permitted. The new template modifies resource type of the following resources: [{name}]"
            ));
        }
        let difference = plan::difference(existing, wanted, &properties, metadata.as_ref());
        if difference.action() == Action::None {
            continue;
        }
        if difference.action() == Action::Replace {
            unknown.insert(name.clone());
        }
        let before = subject.previous.and_then(|previous| previous.template.resources.get(name));
        let sources = Sources { subject, definition, before, wanted, unknown: &unknown };
        changes.push(modified(name, existing, &difference, &properties, &sources));
    }
    for (name, resource) in subject.resources.iter().filter(|(_, resource)| resource.exists()) {
        let wanted = definition.template.resources.get(name);
        if !wanted.is_some_and(|wanted| plan::is_wanted(wanted, &definition.conditions)) {
            changes.push(removed(name, resource));
        }
    }
    changes.sort_by(|a, b| logical_id(a).cmp(&logical_id(b)));
    let something = !changes.is_empty() || {
        let scope = inputs::scope(world, subject, definition, &unknown);
        outputs(&scope)? != current_outputs || options_changed(subject.previous, definition)
    };
    Ok(Prediction { changes, something })
}

fn logical_id(change: &Change) -> Option<&str> {
    change.resource_change.as_ref()?.logical_resource_id.as_deref()
}

/// Options of the stack that an update can change by themselves.
fn options_changed(before: Option<&Definition>, after: &Definition) -> bool {
    before.is_some_and(|before| {
        before.tags != after.tags || before.notification_arns != after.notification_arns
    })
}

fn change(resource_change: ResourceChange) -> Change {
    Change { r#type: Some("Resource".to_owned()), resource_change: Some(resource_change) }
}

fn context(properties: &Value, metadata: Option<&Value>) -> String {
    let mut context = serde_json::json!({ "Properties": properties });
    if let (Some(map), Some(metadata)) = (context.as_object_mut(), metadata) {
        map.insert("Metadata".to_owned(), metadata.clone());
    }
    context.to_string()
}

fn added(name: &str, wanted: &ResourceDefinition, properties: &Value) -> Change {
    change(ResourceChange {
        action: Some(ChangeAction::Add),
        logical_resource_id: Some(name.to_owned()),
        resource_type: Some(wanted.kind.clone()),
        after_context: Some(context(properties, None)),
        ..ResourceChange::default()
    })
}

fn removed(name: &str, resource: &Resource) -> Change {
    let policy = match resource.deletion_policy {
        Policy::Delete => PolicyAction::Delete,
        Policy::Retain | Policy::RetainExceptOnCreate => PolicyAction::Retain,
        Policy::Snapshot => PolicyAction::Snapshot,
    };
    change(ResourceChange {
        action: Some(ChangeAction::Remove),
        policy_action: Some(policy),
        logical_resource_id: Some(name.to_owned()),
        physical_resource_id: resource.physical_id.clone(),
        resource_type: Some(resource.kind.clone()),
        before_context: Some(context(&resource.properties, resource.metadata.as_ref())),
        ..ResourceChange::default()
    })
}

/// Where the changes of one resource come from.
struct Sources<'a> {
    subject: &'a Subject<'a>,
    definition: &'a Definition,
    /// The resource in the previous template.
    before: Option<&'a ResourceDefinition>,
    wanted: &'a ResourceDefinition,
    unknown: &'a BTreeSet<String>,
}

fn modified(
    name: &str,
    existing: &Resource,
    difference: &Difference,
    properties: &Value,
    sources: &Sources<'_>,
) -> Change {
    let mut details = Vec::new();
    let mut scope = BTreeSet::new();
    let mut replacement = Replacement::False;
    for (property, replaces) in &difference.properties {
        let (attribute, name) = if property == "Tags" {
            (ResourceAttribute::Tags, None)
        } else {
            (ResourceAttribute::Properties, Some(property.clone()))
        };
        scope.insert(attribute);
        let recreation = match replaces {
            Replaces::Never => RequiresRecreation::Never,
            Replaces::MaybeNo | Replaces::MaybeYes => RequiresRecreation::Conditionally,
            Replaces::IfItChanges | Replaces::Always => RequiresRecreation::Always,
        };
        replacement = match (replaces, replacement) {
            (Replaces::Always, _) | (_, Replacement::True) => Replacement::True,
            (Replaces::Never, kept) => kept,
            _ => Replacement::Conditional,
        };
        let (before, after) = (existing.properties.get(property), properties.get(property));
        let target = ResourceTargetDefinition {
            attribute: Some(attribute),
            name,
            requires_recreation: Some(recreation),
            path: Some(
                format!("/{}/{property}", if property == "Tags" { "" } else { "Properties" })
                    .replace("//", "/"),
            ),
            before_value: before.map(plain),
            after_value: after.map(plain),
            attribute_change_type: Some(match (before, after) {
                (None, _) => AttributeChangeType::Add,
                (_, None) => AttributeChangeType::Remove,
                _ => AttributeChangeType::Modify,
            }),
            ..ResourceTargetDefinition::default()
        };
        let dynamic = after.is_some_and(is_unknown);
        for (source, entity) in causes(property, sources) {
            details.push(ResourceChangeDetail {
                target: Some(target.clone()),
                evaluation: Some(if dynamic { EvaluationType::Dynamic } else { EvaluationType::Static }),
                change_source: Some(source),
                causing_entity: entity,
            });
        }
    }
    if difference.nested && difference.properties.is_empty() {
        // Its template may have changed (bc:cloudformation/ResourceChangeDetail.ChangeSource).
        scope.insert(ResourceAttribute::Properties);
        details.push(ResourceChangeDetail {
            target: Some(ResourceTargetDefinition {
                attribute: Some(ResourceAttribute::Properties),
                requires_recreation: Some(RequiresRecreation::Never),
                ..ResourceTargetDefinition::default()
            }),
            evaluation: Some(EvaluationType::Dynamic),
            change_source: Some(ChangeSource::Automatic),
            causing_entity: None,
        });
    }
    for (changed, attribute) in [
        (difference.metadata, ResourceAttribute::Metadata),
        (difference.deletion_policy, ResourceAttribute::DeletionPolicy),
        (difference.update_replace_policy, ResourceAttribute::UpdateReplacePolicy),
    ] {
        if changed {
            scope.insert(attribute);
            details.push(ResourceChangeDetail {
                target: Some(ResourceTargetDefinition {
                    attribute: Some(attribute),
                    requires_recreation: Some(RequiresRecreation::Never),
                    ..ResourceTargetDefinition::default()
                }),
                evaluation: Some(EvaluationType::Static),
                change_source: Some(ChangeSource::DirectModification),
                causing_entity: None,
            });
        }
    }
    let policy_action = (replacement != Replacement::False).then_some(match existing.update_replace_policy {
        Policy::Delete => PolicyAction::ReplaceAndDelete,
        Policy::Retain | Policy::RetainExceptOnCreate => PolicyAction::ReplaceAndRetain,
        Policy::Snapshot => PolicyAction::ReplaceAndSnapshot,
    });
    change(ResourceChange {
        action: Some(ChangeAction::Modify),
        policy_action,
        logical_resource_id: Some(name.to_owned()),
        physical_resource_id: existing.physical_id.clone(),
        resource_type: Some(existing.kind.clone()),
        replacement: Some(replacement),
        scope: scope.into_iter().collect(),
        details,
        before_context: Some(context(&existing.properties, existing.metadata.as_ref())),
        after_context: Some(context(properties, None)),
        ..ResourceChange::default()
    })
}

/// Text of a value as change sets show it: text plain, everything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Parameters with another value and resources that will be new, as far as the property refers to them; else
/// the template itself was modified.
fn causes(property: &str, sources: &Sources<'_>) -> Vec<(ChangeSource, Option<String>)> {
    let after = property_of(sources.wanted, property);
    let mut uses = Uses::default();
    if let Some(expression) = &after {
        expression.collect(&mut uses);
    }
    let mut causes = Vec::new();
    let previous = sources.subject.previous.map(|previous| &previous.parameters);
    for name in &uses.refs {
        if sources.definition.parameters.contains_key(name) {
            let before = previous.and_then(|parameters| parameters.get(name));
            if before != sources.definition.parameters.get(name) {
                causes.push((ChangeSource::ParameterReference, Some(name.clone())));
            }
        } else if sources.unknown.contains(name) {
            causes.push((ChangeSource::ResourceReference, Some(name.clone())));
        }
    }
    for (name, attribute) in &uses.attributes {
        let resource = sources.subject.resources.get(name);
        let nested = resource.is_some_and(|resource| resource.kind == nested::KIND);
        if nested || sources.unknown.contains(name) {
            causes.push((ChangeSource::ResourceAttribute, Some(format!("{name}.{attribute}"))));
        }
    }
    let rewritten =
        sources.before.is_none_or(|before| property_of(before, property).as_ref() != after.as_ref());
    if rewritten || causes.is_empty() {
        causes.push((ChangeSource::DirectModification, None));
    }
    causes
}

/// The expression of one property; a literal is taken apart.
fn property_of<'a>(definition: &'a ResourceDefinition, property: &str) -> Option<std::borrow::Cow<'a, Expr>> {
    use std::borrow::Cow;
    match &definition.properties {
        Expr::Object(entries) => {
            entries.iter().find(|(name, _)| name == property).map(|(_, expression)| Cow::Borrowed(expression))
        }
        Expr::Literal(value) => value.get(property).map(|value| Cow::Owned(Expr::Literal(value.clone()))),
        _ => None,
    }
}
