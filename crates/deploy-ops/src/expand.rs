//! The template of the expand update: the new infrastructure around the service layer that is live.
//!
//! It grows the environment without touching what runs: service-layer resources stay exactly as they are
//! in the live template (nothing restarts), live infrastructure that the new template no longer has stays
//! too (nothing in use goes away: the roll update removes it, after the services have moved on), and
//! everything else is the new template's.

use std::collections::BTreeSet;

use crate::template::{Section, Template, conditions_used, references};

/// The template of the expand update, with what its parameters have to be.
#[derive(Debug, Clone, PartialEq)]
pub struct Expanded {
    /// What to send.
    pub template: Template,
    /// Parameters that keep the value they have: the live service layer is built from them.
    pub kept_parameters: BTreeSet<String>,
}

/// The two templates do not fit together.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// The new infrastructure refers to a resource of the service layer that is not live yet.
    #[error(
        "infrastructure resource {resource} refers to {missing}, which belongs to the service layer or does not exist"
    )]
    Dangling {
        /// The resource that refers.
        resource: String,
        /// What it refers to.
        missing: String,
    },
    /// A resource moved between the layers under one logical id.
    #[error(
        "{resource} is part of the service layer in one template and not in the other: give it a new logical id"
    )]
    ChangedLayer {
        /// Its logical id.
        resource: String,
    },
}

/// Joins the new template's infrastructure with the live service layer; without a live template, the
/// service layer and the outputs that need it are left out.
pub fn expand(new: &Template, live: Option<&Template>) -> Result<Expanded, ExpandError> {
    let mut template = new.clone();
    template.retain(Section::Resources, |id, _| !new.is_service_layer(id));
    let mut kept_parameters = BTreeSet::new();
    if let Some(live) = live {
        for (id, _) in live.entries(Section::Resources) {
            let in_new = new.get(Section::Resources, id).is_some();
            if in_new && live.is_service_layer(id) != new.is_service_layer(id) {
                return Err(ExpandError::ChangedLayer { resource: id.clone() });
            }
        }
        let carried: Vec<_> = live
            .entries(Section::Resources)
            .filter(|(id, _)| live.is_service_layer(id) || new.get(Section::Resources, id).is_none())
            .collect();
        let mut needed = BTreeSet::new();
        let mut conditions = BTreeSet::new();
        for (id, resource) in carried {
            let references = references(resource);
            if live.is_service_layer(id) {
                kept_parameters.extend(references.iter().cloned());
            }
            needed.extend(references);
            conditions.extend(conditions_used(resource));
            template.set(Section::Resources, id, resource.clone());
        }
        carry_missing(&mut template, live, &needed, conditions);
        let is_live_parameter = |name: &String| live.get(Section::Parameters, name).is_some();
        kept_parameters.retain(is_live_parameter);
    }
    carry_outputs(&mut template, live);
    check(&template)?;
    Ok(Expanded { template, kept_parameters })
}

/// Parameters, conditions and mappings that only the carried resources use.
fn carry_missing(
    template: &mut Template,
    live: &Template,
    needed: &BTreeSet<String>,
    mut conditions: BTreeSet<String>,
) {
    let mut needed = needed.clone();
    // A condition may use other conditions, each at most once: the number of conditions bounds the rounds.
    for _ in 0..live.entries(Section::Conditions).count() {
        let more: BTreeSet<_> = conditions
            .iter()
            .filter_map(|name| live.get(Section::Conditions, name))
            .flat_map(conditions_used)
            .collect();
        conditions.extend(more);
    }
    for name in &conditions {
        if let Some(condition) = live.get(Section::Conditions, name) {
            needed.extend(references(condition));
            if template.get(Section::Conditions, name).is_none() {
                template.set(Section::Conditions, name, condition.clone());
            }
        }
    }
    for name in &needed {
        if let (None, Some(parameter)) =
            (template.get(Section::Parameters, name), live.get(Section::Parameters, name))
        {
            template.set(Section::Parameters, name, parameter.clone());
        }
    }
    let missing: Vec<_> = live
        .entries(Section::Mappings)
        .filter(|(name, _)| template.get(Section::Mappings, name).is_none())
        .map(|(name, mapping)| (name.clone(), mapping.clone()))
        .collect();
    for (name, mapping) in missing {
        template.set(Section::Mappings, &name, mapping);
    }
}

/// The new outputs, or the live ones where the new cannot be had yet.
fn carry_outputs(template: &mut Template, live: Option<&Template>) {
    let known = known_names(template);
    let mut live_instead = Vec::new();
    template.retain(Section::Outputs, |name, output| {
        if references(output).is_subset(&known) {
            return true;
        }
        let old = live.and_then(|live| live.get(Section::Outputs, name));
        live_instead.extend(
            old.filter(|old| references(old).is_subset(&known)).map(|old| (name.to_owned(), old.clone())),
        );
        false
    });
    for (name, output) in live_instead {
        template.set(Section::Outputs, &name, output);
    }
}

fn known_names(template: &Template) -> BTreeSet<String> {
    let parameters = template.entries(Section::Parameters);
    parameters.chain(template.entries(Section::Resources)).map(|(name, _)| name.clone()).collect()
}

fn check(template: &Template) -> Result<(), ExpandError> {
    let known = known_names(template);
    for (resource, body) in template.entries(Section::Resources) {
        if let Some(missing) = references(body).difference(&known).next() {
            return Err(ExpandError::Dangling { resource: resource.clone(), missing: missing.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
