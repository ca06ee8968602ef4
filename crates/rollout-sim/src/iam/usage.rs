//! What roles did, and which of their grants nobody needed: the evidence for least privilege.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::authorize::{policies, principal_tags};
use super::condition::Context;
use super::policy::{Effect, Statement, matches_action, matches_resource};
use super::{State, role_name};
use crate::World;

/// What a role did.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct RoleUsage {
    /// By action.
    actions: BTreeMap<String, Usage>,
    exercised: BTreeSet<Grant>,
}

/// How often a role used an action.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Calls that were allowed.
    pub allowed: u64,
    /// Calls that were denied.
    pub denied: u64,
    /// The first resource it was used on, an ARN or `*`.
    pub first_resource: String,
}

/// One action pattern of a statement on one of its resource patterns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Grant {
    policy: String,
    statement: String,
    action: String,
    resource: String,
}

/// A part of a policy that no recorded call needed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnusedGrant {
    /// Policy name, or the ARN of a managed policy.
    pub policy: String,
    /// `Sid`, or the position as `#1`.
    pub statement: String,
    /// The `Action` or `Resource` pattern that was never needed.
    pub pattern: String,
}

fn statement_name(index: usize, statement: &Statement) -> String {
    statement.sid.clone().unwrap_or_else(|| format!("#{}", index + 1))
}

/// A call that was decided, with all that decided it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecidedCall {
    /// Such as `ecs:UpdateService`.
    pub action: String,
    /// ARN, or `*`.
    pub resource: String,
    /// Condition keys of the request in lower case; several values are joined by `,`.
    pub context: BTreeMap<String, String>,
    /// Whether it was allowed.
    pub allowed: bool,
}

/// Keeps every different call of roles from now on. What is kept is no part of the account: it is not written down with it.
pub fn keep_calls(world: &mut World) {
    world.iam.kept.get_or_insert_default();
}

/// The different calls of a role (by name or ARN) since [`keep_calls`].
#[must_use]
pub fn kept_calls(world: &World, role: &str) -> BTreeSet<DecidedCall> {
    world.iam.kept.as_ref().and_then(|kept| kept.get(role_name(role))).cloned().unwrap_or_default()
}

pub(super) fn record(
    state: &mut State,
    role: &str,
    action: &str,
    resource: &str,
    context: &Context,
    allowed: bool,
) {
    if let Some(kept) = &mut state.kept {
        let (action, resource) = (action.to_owned(), resource.to_owned());
        let call = DecidedCall { action, resource, context: context.values().clone(), allowed };
        kept.entry(role.to_owned()).or_default().insert(call);
    }
    let mut grants = Vec::new();
    if let Some(role) = state.roles.get(role).filter(|_| allowed) {
        for (policy, statements) in policies(state, role) {
            for (index, statement) in statements.iter().enumerate() {
                if statement.effect == Effect::Allow && statement.matches(action, resource, context) {
                    let actions = statement.action.iter().filter(|pattern| matches_action(pattern, action));
                    for action in actions {
                        let resources = statement
                            .resource
                            .iter()
                            .filter(|pattern| matches_resource(pattern, resource, context));
                        grants.extend(resources.map(|resource| Grant {
                            policy: policy.to_owned(),
                            statement: statement_name(index, statement),
                            action: action.clone(),
                            resource: resource.clone(),
                        }));
                    }
                }
            }
        }
    }
    let usage = state.usage.entry(role.to_owned()).or_default();
    usage.exercised.extend(grants);
    let entry = usage.actions.entry(action.to_owned()).or_default();
    if entry.first_resource.is_empty() {
        resource.clone_into(&mut entry.first_resource);
    }
    if allowed {
        entry.allowed += 1;
    } else {
        entry.denied += 1;
    }
}

/// What a role (by name or ARN) did through [`super::access`], by action.
#[must_use]
pub fn used_actions(world: &World, role: &str) -> BTreeMap<String, Usage> {
    world.iam.usage.get(role_name(role)).map(|usage| usage.actions.clone()).unwrap_or_default()
}

/// The `Action` and `Resource` patterns in the allowing statements of a role (by name or ARN) that no
/// recorded call needed. `NotAction` and `NotResource` are not looked at.
#[must_use]
pub fn unused_grants(world: &World, role: &str) -> BTreeSet<UnusedGrant> {
    let name = role_name(role);
    let Some(role) = world.iam.roles.get(name) else { return BTreeSet::new() };
    let nothing = BTreeSet::new();
    let exercised = world.iam.usage.get(name).map_or(&nothing, |usage| &usage.exercised);
    let tags: Vec<_> = principal_tags(role).collect();
    let caller = Context::new(tags.iter().map(|(key, value)| (key.as_str(), *value)));
    let mut unused = BTreeSet::new();
    for (policy, statements) in policies(&world.iam, role) {
        // What a policy of several roles allows to those with another tag is none of this one's grants.
        let grants = |it: &Statement| it.effect == Effect::Allow && it.condition.hold_for_caller(&caller);
        for (index, statement) in statements.iter().enumerate().filter(|(_, it)| grants(it)) {
            let name = statement_name(index, statement);
            let mine = |grant: &&Grant| grant.policy == policy && grant.statement == name;
            let needed: BTreeSet<&str> = exercised
                .iter()
                .filter(mine)
                .flat_map(|grant| [grant.action.as_str(), grant.resource.as_str()])
                .collect();
            let patterns = statement.action.iter().chain(&statement.resource);
            unused.extend(patterns.filter(|pattern| !needed.contains(pattern.as_str())).map(|pattern| {
                UnusedGrant { policy: policy.to_owned(), statement: name.clone(), pattern: pattern.clone() }
            }));
        }
    }
    unused
}
