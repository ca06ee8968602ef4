//! Wire shapes of the IAM API (query protocol; botocore `iam/2010-05-08`). Timestamps are seconds since the
//! epoch. Policy documents go in as JSON text and come out percent-encoded, as on AWS. Members that are
//! not modelled are absent.

use serde::{Deserialize, Serialize};

use crate::scalar::lenient_opt;
use crate::wire::{inputs, outputs};

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

inputs! { "PascalCase"
    /// Input of `CreateRole`.
    pub struct CreateRoleInput {
        /// `/` by default.
        pub path: Option<String>,
        /// Name, unique without regard to case.
        pub role_name: String,
        /// Trust policy, JSON text.
        pub assume_role_policy_document: String,
        /// Free text.
        pub description: Option<String>,
        /// 3600 (default) to 43200.
        #[serde(deserialize_with = "lenient_opt")]
        pub max_session_duration: Option<u32>,
        /// ARN of the policy that says what the role may do at most.
        pub permissions_boundary: Option<String>,
        /// Tags.
        pub tags: Vec<Tag>,
    }
    /// Input of `PutRolePermissionsBoundary`.
    pub struct PutRolePermissionsBoundaryInput {
        /// Role.
        pub role_name: String,
        /// ARN of a managed policy.
        pub permissions_boundary: String,
    }
    /// Input of operations on one role: `GetRole`, `DeleteRole`, `ListRolePolicies`,
    /// `ListAttachedRolePolicies`, `DeleteRolePermissionsBoundary`. Everything fits one page.
    pub struct RoleInput {
        /// Role.
        pub role_name: String,
    }
    /// Input of `ListRoles`.
    pub struct ListRolesInput {
        /// Roles under this path.
        pub path_prefix: Option<String>,
        /// Page.
        pub marker: Option<String>,
        /// 1 to 1000, default 100.
        #[serde(deserialize_with = "lenient_opt")]
        pub max_items: Option<usize>,
    }
    /// Input of `UpdateAssumeRolePolicy`.
    pub struct UpdateAssumeRolePolicyInput {
        /// Role.
        pub role_name: String,
        /// Trust policy, JSON text.
        pub policy_document: String,
    }
    /// Input of `PutRolePolicy`.
    pub struct PutRolePolicyInput {
        /// Role.
        pub role_name: String,
        /// Name within the role.
        pub policy_name: String,
        /// Policy, JSON text.
        pub policy_document: String,
    }
    /// Input of `GetRolePolicy` and `DeleteRolePolicy`.
    pub struct RolePolicyInput {
        /// Role.
        pub role_name: String,
        /// Name within the role.
        pub policy_name: String,
    }
    /// Input of `AttachRolePolicy` and `DetachRolePolicy`.
    pub struct AttachedPolicyInput {
        /// Role.
        pub role_name: String,
        /// Managed policy.
        pub policy_arn: String,
    }
    /// Input of `CreatePolicy`.
    pub struct CreatePolicyInput {
        /// Name.
        pub policy_name: String,
        /// `/` by default.
        pub path: Option<String>,
        /// Policy, JSON text.
        pub policy_document: String,
        /// Free text; not kept.
        pub description: Option<String>,
    }
    /// Input of `GetPolicy` and `DeletePolicy`.
    pub struct PolicyInput {
        /// Managed policy.
        pub policy_arn: String,
    }
    /// Input of `CreateOpenIDConnectProvider`.
    pub struct CreateProviderInput {
        /// `https://` and the host.
        pub url: String,
        /// Audiences.
        #[serde(rename = "ClientIDList")]
        pub client_id_list: Vec<String>,
        /// Certificate thumbprints; AWS needs none for well-known providers.
        pub thumbprint_list: Vec<String>,
        /// Tags; not kept.
        pub tags: Vec<Tag>,
    }
    /// Input of `GetOpenIDConnectProvider` and `DeleteOpenIDConnectProvider`.
    pub struct ProviderInput {
        /// ARN.
        #[serde(rename = "OpenIDConnectProviderArn")]
        pub open_id_connect_provider_arn: String,
    }
}

outputs! { "PascalCase"
    /// Output of operations that return nothing.
    pub struct EmptyOutput {}
    /// A role.
    pub struct RoleDescription {
        /// Path.
        pub path: String,
        /// Name.
        pub role_name: String,
        /// `AROA…`
        pub role_id: String,
        /// ARN.
        pub arn: String,
        /// When it was created.
        pub create_date: f64,
        /// Trust policy, percent-encoded.
        pub assume_role_policy_document: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
        /// Seconds.
        pub max_session_duration: u32,
        /// What the role may do at most.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub permissions_boundary: Option<AttachedPermissionsBoundary>,
        /// Tags.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub tags: Vec<Tag>,
    }
    /// A boundary as a role shows it.
    pub struct AttachedPermissionsBoundary {
        /// Always `Policy`.
        pub permissions_boundary_type: String,
        /// ARN of the managed policy.
        pub permissions_boundary_arn: String,
    }
    /// Output of `CreateRole` and `GetRole`.
    pub struct RoleOutput {
        /// The role.
        pub role: RoleDescription,
    }
    /// Output of `ListRoles`.
    pub struct ListRolesOutput {
        /// By name.
        pub roles: Vec<RoleDescription>,
        /// More pages follow.
        pub is_truncated: bool,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub marker: Option<String>,
    }
    /// Output of `GetRolePolicy`.
    pub struct GetRolePolicyOutput {
        /// Role.
        pub role_name: String,
        /// Name within the role.
        pub policy_name: String,
        /// Policy, percent-encoded.
        pub policy_document: String,
    }
    /// Output of `ListRolePolicies`.
    pub struct ListRolePoliciesOutput {
        /// Names.
        pub policy_names: Vec<String>,
        /// Never: everything fits one page.
        pub is_truncated: bool,
    }
    /// A policy that is attached to a role.
    pub struct AttachedPolicy {
        /// Name.
        pub policy_name: String,
        /// ARN.
        pub policy_arn: String,
    }
    /// Output of `ListAttachedRolePolicies`.
    pub struct ListAttachedRolePoliciesOutput {
        /// In the order in which they were attached.
        pub attached_policies: Vec<AttachedPolicy>,
        /// Never: everything fits one page.
        pub is_truncated: bool,
    }
    /// A managed policy.
    pub struct PolicyDescription {
        /// Name.
        pub policy_name: String,
        /// ARN.
        pub arn: String,
        /// Versions are not kept: `v1`.
        pub default_version_id: String,
        /// Roles it is attached to.
        pub attachment_count: usize,
        /// Roles it is the boundary of.
        pub permissions_boundary_usage_count: usize,
    }
    /// Output of `CreatePolicy` and `GetPolicy`.
    pub struct PolicyOutput {
        /// The policy.
        pub policy: PolicyDescription,
    }
    /// Output of `CreateOpenIDConnectProvider`.
    pub struct CreateProviderOutput {
        /// ARN.
        #[serde(rename = "OpenIDConnectProviderArn")]
        pub open_id_connect_provider_arn: String,
    }
    /// Output of `GetOpenIDConnectProvider`.
    pub struct GetProviderOutput {
        /// Host, without `https://`.
        pub url: String,
        /// Audiences.
        #[serde(rename = "ClientIDList")]
        pub client_id_list: Vec<String>,
        /// Thumbprints.
        pub thumbprint_list: Vec<String>,
        /// When it was created.
        pub create_date: f64,
    }
    /// An entry of `ListOpenIDConnectProviders`.
    pub struct ProviderEntry {
        /// ARN.
        pub arn: String,
    }
    /// Output of `ListOpenIDConnectProviders`.
    pub struct ListProvidersOutput {
        /// By ARN.
        #[serde(rename = "OpenIDConnectProviderList")]
        pub open_id_connect_provider_list: Vec<ProviderEntry>,
    }
}
