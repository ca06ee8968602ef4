//! Change sets.

use serde::{Deserialize, Serialize};

use super::*;

/// Request of `CreateChangeSet`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct CreateChangeSetInput {
    pub stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template_body: Option<String>,
    #[serde(rename = "TemplateURL", skip_serializing_if = "Option::is_none")]
    pub template_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub use_previous_template: Option<bool>,
    pub parameters: Vec<Parameter>,
    pub capabilities: Vec<String>,
    pub resource_types: Vec<String>,
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_configuration: Option<RollbackConfiguration>,
    #[serde(rename = "NotificationARNs")]
    pub notification_arns: Vec<String>,
    pub tags: Vec<Tag>,
    pub change_set_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_set_type: Option<ChangeSetType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resources_to_import: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub include_nested_stacks: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_stack_failure: Option<OnStackFailure>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub import_existing_resources: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_mode: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_config: Option<DeploymentConfig>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub disable_validation: Option<bool>,
}

/// Answer of `CreateChangeSet`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct CreateChangeSetOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
}

/// Request of `DescribeChangeSet`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DescribeChangeSetInput {
    pub change_set_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub include_property_values: Option<bool>,
}

/// Answer of `DescribeChangeSet`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DescribeChangeSetOutput {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_set_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_set_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_status: Option<ExecutionStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ChangeSetStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_drift_status: Option<StackDriftStatus>,
    #[serde(rename = "NotificationARNs", skip_serializing_if = "Vec::is_empty")]
    pub notification_arns: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback_configuration: Option<RollbackConfiguration>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<String>,
    pub tags: Vec<Tag>,
    pub changes: Vec<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub include_nested_stacks: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_stack_failure: Option<OnStackFailure>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub import_existing_resources: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_mode: Option<String>,
}

/// `Change` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Change {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_change: Option<ResourceChange>,
}

/// `ResourceChange` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ResourceChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_action: Option<PolicyAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<ChangeAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logical_resource_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub physical_resource_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<Replacement>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<ResourceAttribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_drift_status: Option<StackResourceDriftStatus>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<ResourceChangeDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_set_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_context: Option<String>,
}

/// `ResourceChangeDetail` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ResourceChangeDetail {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<ResourceTargetDefinition>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evaluation: Option<EvaluationType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_source: Option<ChangeSource>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub causing_entity: Option<String>,
}

/// `ResourceTargetDefinition` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ResourceTargetDefinition {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute: Option<ResourceAttribute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requires_recreation: Option<RequiresRecreation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_value_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_value_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attribute_change_type: Option<AttributeChangeType>,
}

/// Request of `ExecuteChangeSet`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ExecuteChangeSetInput {
    pub change_set_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_request_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub disable_rollback: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub retain_except_on_create: Option<bool>,
}

/// Answer of `ExecuteChangeSet`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ExecuteChangeSetOutput {}

/// Request of `DeleteChangeSet`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeleteChangeSetInput {
    pub change_set_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_name: Option<String>,
}

/// Answer of `DeleteChangeSet`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct DeleteChangeSetOutput {}

/// Request of `ListChangeSets`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase", deny_unknown_fields)]
pub struct ListChangeSetsInput {
    pub stack_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// Answer of `ListChangeSets`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ListChangeSetsOutput {
    pub summaries: Vec<ChangeSetSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// `ChangeSetSummary` of the CloudFormation API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct ChangeSetSummary {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_set_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_set_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_status: Option<ExecutionStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<ChangeSetStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub creation_time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub include_nested_stacks: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "scalar::opt_bool")]
    pub import_existing_resources: Option<bool>,
}
