//! Task definitions.

use serde::{Deserialize, Serialize};

use super::*;
use crate::scalar;

/// Request of `RegisterTaskDefinition`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RegisterTaskDefinitionInput {
    /// You must specify a `family` for a task definition.
    pub family: String,
    /// The short name or full Amazon Resource Name (ARN) of the IAM role that containers in this task can assume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<String>,
    /// The Amazon Resource Name (ARN) of the task execution role that grants the Amazon ECS container agent permission to make Amazon Web Services API calls on your behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<String>,
    /// The Docker networking mode to use for the containers in the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    /// A list of container definitions in JSON format that describe the different containers that make up your task.
    pub container_definitions: Vec<ContainerDefinition>,
    /// A list of volume definitions in JSON format that containers in your task might use.
    pub volumes: Vec<Volume>,
    /// The task launch type that Amazon ECS validates the task definition against.
    pub requires_compatibilities: Vec<String>,
    /// The number of CPU units used by the task.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// The amount of memory (in MiB) used by the task.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The process namespace to use for the containers in the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid_mode: Option<String>,
    /// The amount of ephemeral storage to allocate for the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// The operating system that your tasks definitions run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_platform: Option<RuntimePlatform>,
    /// Enables fault injection when you register your task definition and allows for fault injection requests to be accepted from the task's containers.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub enable_fault_injection: Option<bool>,
}

/// Answer of `RegisterTaskDefinition`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RegisterTaskDefinitionOutput {
    /// Family, `family:revision` or ARN.
    pub task_definition: TaskDefinition,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// Request of `DescribeTaskDefinition`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeTaskDefinitionInput {
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    /// Further parts of the answer, such as `TAGS`.
    pub include: Vec<String>,
}

/// Answer of `DescribeTaskDefinition`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeTaskDefinitionOutput {
    /// Family, `family:revision` or ARN.
    pub task_definition: TaskDefinition,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// Request of `DeregisterTaskDefinition`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeregisterTaskDefinitionInput {
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
}

/// Answer of `DeregisterTaskDefinition`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeregisterTaskDefinitionOutput {
    /// Family, `family:revision` or ARN.
    pub task_definition: TaskDefinition,
}

/// Request of `ListTaskDefinitions`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListTaskDefinitionsInput {
    /// The full family name to filter the `ListTaskDefinitions` results with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family_prefix: Option<String>,
    /// `ACTIVE` (the default) or `INACTIVE`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<TaskDefinitionStatus>,
    /// The order to sort the results in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Largest number of results of one page.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u32>,
}

/// Answer of `ListTaskDefinitions`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListTaskDefinitionsOutput {
    /// The list of task definition Amazon Resource Name (ARN) entries for the `ListTaskDefinitions` request.
    pub task_definition_arns: Vec<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// The details of a task definition which describes the container and volume definitions of an Amazon Elastic Container Service task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TaskDefinition {
    /// The full Amazon Resource Name (ARN) of the task definition.
    pub task_definition_arn: String,
    /// A list of container definitions in JSON format that describe the different containers that make up your task.
    pub container_definitions: Vec<ContainerDefinition>,
    /// The name of a family that this task definition is registered to.
    pub family: String,
    /// The short name or full Amazon Resource Name (ARN) of the Identity and Access Management role that grants containers in the task permission to call Amazon Web Services APIs on your behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<String>,
    /// The Amazon Resource Name (ARN) of the task execution role that grants the Amazon ECS container agent permission to make Amazon Web Services API calls on your behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<String>,
    /// The Docker networking mode to use for the containers in the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    /// The revision of the task in a particular family.
    #[serde(deserialize_with = "scalar::lenient")]
    pub revision: u32,
    /// The list of data volume definitions for the task.
    pub volumes: Vec<Volume>,
    /// The status of the task definition.
    pub status: TaskDefinitionStatus,
    /// Amazon ECS validates the task definition parameters with those supported by the launch type.
    pub compatibilities: Vec<String>,
    /// The operating system that your task definitions are running on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_platform: Option<RuntimePlatform>,
    /// The task launch types the task definition was validated against.
    pub requires_compatibilities: Vec<String>,
    /// The number of `cpu` units used by the task.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// The amount (in MiB) of memory used by the task.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// The process namespace to use for the containers in the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pid_mode: Option<String>,
    /// When it was registered, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub registered_at: f64,
    /// When it was deregistered, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub deregistered_at: Option<f64>,
    /// The ephemeral storage settings to use for tasks run with the task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// Enables fault injection and allows for fault injection requests to be accepted from the task's containers.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub enable_fault_injection: Option<bool>,
}
