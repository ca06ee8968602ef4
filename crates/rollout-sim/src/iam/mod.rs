//! Identity and Access Management: roles, their policies, and whether a call is allowed.
//!
//! Every decision follows `IAM:reference_policies_evaluation-logic`: an explicit deny wins, then an allow
//! is needed, from the role's policies and, where it has one, from its boundary too (`IAM:access_policies_boundaries`).
//! Resource-based policies, session policies and organisation policies are not modelled.

mod api;
mod authorize;
mod boundary;
mod condition;
mod managed;
mod policy;
mod providers;
pub mod reference;
mod roles;
mod simulate;
#[cfg(test)]
mod tests;
mod usage;
mod validate;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use api::*;
pub use authorize::{
    Principal, access, authorize, check_pass_role, principal_of_key, supports_resources, trusts_service,
};
pub(crate) use authorize::{
    Session, WebIdentity, max_session_secs, open_session, role_id, trusts_web_identity,
};
pub use boundary::{delete_role_permissions_boundary, put_role_permissions_boundary, role_boundary};
pub use managed::{
    attach_role_policy, create_policy, delete_policy, detach_role_policy, get_policy,
    list_attached_role_policies, update_policy,
};
pub(crate) use providers::provider_of_host;
pub use providers::{
    create_open_id_connect_provider, delete_open_id_connect_provider, get_open_id_connect_provider,
    list_open_id_connect_providers,
};
pub(crate) use roles::set_role_tags;
pub use roles::{
    create_role, delete_role, delete_role_policy, get_role, get_role_policy, list_role_policies, list_roles,
    put_role_policy, role_exists, update_assume_role_policy,
};
pub use simulate::{
    ContextEntry, SimulateCustomPolicyInput, SimulateCustomPolicyOutput, simulate_custom_policy,
};
pub use usage::{DecidedCall, UnusedGrant, Usage, keep_calls, kept_calls, unused_grants, used_actions};
pub use validate::{ValidatePolicyInput, ValidatePolicyOutput, validate_policy};

use crate::{ApiError, SimTime, World};

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    roles: BTreeMap<String, Role>,
    /// Customer managed policies by ARN.
    policies: BTreeMap<String, StoredPolicy>,
    /// OIDC providers by ARN.
    providers: BTreeMap<String, Provider>,
    /// Temporary credentials by access key.
    sessions: BTreeMap<String, Session>,
    /// What each role did.
    usage: BTreeMap<String, usage::RoleUsage>,
    /// The calls of each role, where somebody wants to have them.
    #[serde(skip)]
    kept: Option<BTreeMap<String, std::collections::BTreeSet<DecidedCall>>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Role {
    id: String,
    path: String,
    created_at: SimTime,
    description: Option<String>,
    max_session_secs: u32,
    tags: Vec<Tag>,
    trust: StoredPolicy,
    /// By name.
    inline: BTreeMap<String, StoredPolicy>,
    /// ARNs.
    attached: Vec<String>,
    /// ARN of the managed policy that says what the role may do at most.
    #[serde(default)]
    boundary: Option<String>,
}

/// A document as text, and as read.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredPolicy {
    text: String,
    document: policy::Document,
}

impl StoredPolicy {
    fn identity(text: String) -> Result<Self, ApiError> {
        policy::Document::identity(&text).map(|document| Self { text, document })
    }

    fn trust(text: String) -> Result<Self, ApiError> {
        policy::Document::trust(&text).map(|document| Self { text, document })
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Provider {
    url: String,
    client_ids: Vec<String>,
    thumbprints: Vec<String>,
    created_at: SimTime,
}

/// ARN of a global resource of this account, such as `role/NAME`.
fn global_arn(world: &World, resource: &str) -> String {
    format!("arn:aws:iam::{}:{resource}", world.account)
}

/// The name at the end of a role's ARN, or the name itself.
fn role_name(name_or_arn: &str) -> &str {
    name_or_arn.rsplit_once('/').map_or(name_or_arn, |(_, name)| name)
}

/// What a role is made of, as JSON texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleDocuments {
    /// Inline policies and customer managed ones, by name or ARN.
    pub policies: Vec<(String, String)>,
    /// The permissions boundary.
    pub boundary: Option<String>,
    /// The trust policy.
    pub trust: String,
}

/// The documents of a role (by name or ARN); `None` where there is no such role, or where one of them is AWS's own.
#[must_use]
pub fn role_documents(world: &World, role: &str) -> Option<RoleDocuments> {
    let role = world.iam.roles.get(role_name(role))?;
    let managed = |arn: &String| world.iam.policies.get(arn).map(|policy| policy.text.clone());
    let mut policies: Vec<(String, String)> =
        role.inline.iter().map(|(name, policy)| (name.clone(), policy.text.clone())).collect();
    for arn in &role.attached {
        policies.push((arn.clone(), managed(arn)?));
    }
    let boundary = match &role.boundary {
        Some(arn) => Some(managed(arn)?),
        None => None,
    };
    Some(RoleDocuments { policies, boundary, trust: role.trust.text.clone() })
}

fn no_such_entity(message: impl Into<String>) -> ApiError {
    ApiError::new("NoSuchEntity", message).with_status(404)
}

/// How many roles there are.
pub(crate) fn role_count(world: &World) -> usize {
    world.iam.roles.len()
}

/// How many customer managed policies there are.
pub(crate) fn policy_count(world: &World) -> usize {
    world.iam.policies.len()
}

/// Refuses one more than `quota` of what IAM calls `name`, such as `RolesPerAccount`.
fn check_quota(name: &str, used: usize, quota: usize) -> Result<(), ApiError> {
    if used < quota {
        return Ok(());
    }
    Err(ApiError::new("LimitExceeded", format!("Cannot exceed quota for {name}: {quota}")).with_status(409))
}

fn no_role(name: &str) -> ApiError {
    no_such_entity(format!("The role with name {name} cannot be found."))
}

impl State {
    fn role(&self, name: &str) -> Result<&Role, ApiError> {
        self.roles.get(name).ok_or_else(|| no_role(name))
    }

    fn role_mut(&mut self, name: &str) -> Result<&mut Role, ApiError> {
        self.roles.get_mut(name).ok_or_else(|| no_role(name))
    }
}
