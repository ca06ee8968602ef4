//! Operations that change a stack.

use serde::{Deserialize, Serialize};

use super::*;

/// Request of `CreateStack`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateStackInput {
    pub stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_body: Option<String>,
    #[serde(rename = "TemplateURL", skip_serializing_if = "Option::is_none")]
    pub template_url: Option<String>,
    pub parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub disable_rollback: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_configuration: Option<RollbackConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_u32")]
    pub timeout_in_minutes: Option<u32>,
    #[serde(rename = "NotificationARNs")]
    pub notification_arns: Vec<String>,
    pub capabilities: Vec<String>,
    pub resource_types: Vec<String>,
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_policy_body: Option<String>,
    #[serde(rename = "StackPolicyURL", skip_serializing_if = "Option::is_none")]
    pub stack_policy_url: Option<String>,
    pub tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub enable_termination_protection: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub retain_except_on_create: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_config: Option<DeploymentConfig>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub disable_validation: Option<bool>,
}

/// Answer of `CreateStack`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateStackOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

/// `Parameter` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct Parameter {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub use_previous_value: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_value: Option<String>,
}

/// `RollbackConfiguration` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct RollbackConfiguration {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rollback_triggers: Vec<RollbackTrigger>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_u32")]
    pub monitoring_time_in_minutes: Option<u32>,
}

/// `Tag` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    pub key: String,
    pub value: String,
}

/// `DeploymentConfig` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeploymentConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub disable_rollback: Option<bool>,
}

/// `RollbackTrigger` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct RollbackTrigger {
    pub arn: String,
    pub r#type: String,
}

/// Request of `UpdateStack`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateStackInput {
    pub stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_body: Option<String>,
    #[serde(rename = "TemplateURL", skip_serializing_if = "Option::is_none")]
    pub template_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub use_previous_template: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_policy_during_update_body: Option<String>,
    #[serde(rename = "StackPolicyDuringUpdateURL", skip_serializing_if = "Option::is_none")]
    pub stack_policy_during_update_url: Option<String>,
    pub parameters: Vec<Parameter>,
    pub capabilities: Vec<String>,
    pub resource_types: Vec<String>,
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_configuration: Option<RollbackConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_policy_body: Option<String>,
    #[serde(rename = "StackPolicyURL", skip_serializing_if = "Option::is_none")]
    pub stack_policy_url: Option<String>,
    #[serde(rename = "NotificationARNs")]
    pub notification_arns: Vec<String>,
    pub tags: Vec<Tag>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub disable_rollback: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub retain_except_on_create: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_config: Option<DeploymentConfig>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub disable_validation: Option<bool>,
}

/// Answer of `UpdateStack`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct UpdateStackOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

/// Request of `DeleteStack`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteStackInput {
    pub stack_name: String,
    pub retain_resources: Vec<String>,
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletion_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_config: Option<DeploymentConfig>,
}

/// Answer of `DeleteStack`: empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteStackOutput {}

/// Request of `CancelUpdateStack`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct CancelUpdateStackInput {
    pub stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_token: Option<String>,
}

/// Answer of `CancelUpdateStack`: empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelUpdateStackOutput {}

/// Request of `ContinueUpdateRollback`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ContinueUpdateRollbackInput {
    pub stack_name: String,
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    pub resources_to_skip: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub force_rollback: Option<bool>,
}

/// Answer of `ContinueUpdateRollback`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ContinueUpdateRollbackOutput {}

/// Request of `RollbackStack`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct RollbackStackInput {
    pub stack_name: String,
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub retain_except_on_create: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_config: Option<DeploymentConfig>,
}

/// Answer of `RollbackStack`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct RollbackStackOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_id: Option<String>,
}

/// Request of `SetStackPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct SetStackPolicyInput {
    pub stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_policy_body: Option<String>,
    #[serde(rename = "StackPolicyURL", skip_serializing_if = "Option::is_none")]
    pub stack_policy_url: Option<String>,
}

/// Answer of `SetStackPolicy`: empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetStackPolicyOutput {}

/// Request of `GetStackPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetStackPolicyInput {
    pub stack_name: String,
}

/// Answer of `GetStackPolicy`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct GetStackPolicyOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_policy_body: Option<String>,
}

/// Request of `UpdateTerminationProtection`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct UpdateTerminationProtectionInput {
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub enable_termination_protection: Option<bool>,
    pub stack_name: String,
}

/// Answer of `UpdateTerminationProtection`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct UpdateTerminationProtectionOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
}
