//! Tasks.

use serde::{Deserialize, Serialize};

use super::*;
use crate::scalar;

/// Request of `RunTask`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RunTaskInput {
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The number of instantiations of the specified task to place on your cluster.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Specifies whether to use Amazon ECS managed tags for the task.
    #[serde(
        rename = "enableECSManagedTags",
        deserialize_with = "scalar::lenient_opt",
        skip_serializing_if = "Option::is_none"
    )]
    pub enable_ecs_managed_tags: Option<bool>,
    /// Determines whether to use the execute command functionality for the containers in this task.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// `service:NAME` for tasks of a service, `family:FAMILY` otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The infrastructure to run your standalone task on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// The network configuration for the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// A list of container overrides in JSON format that specify the name of a container in the specified task definition and the overrides it should receive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overrides: Option<TaskOverride>,
    /// The platform version the task uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// Specifies whether to propagate the tags from the task definition to the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<String>,
    /// This parameter is only used by Amazon ECS. It is not intended for use by customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// An optional tag specified when a task is started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    /// An identifier that you provide to ensure the idempotency of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
}

/// Answer of `RunTask`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct RunTaskOutput {
    /// A full description of the tasks that were run.
    pub tasks: Vec<Task>,
    /// What was asked for and not found.
    pub failures: Vec<Failure>,
}

/// The overrides that are associated with a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TaskOverride {
    /// One or more container overrides that are sent to a task.
    pub container_overrides: Vec<ContainerOverride>,
    /// The CPU override for the task.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// The memory override for the task.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// The Amazon Resource Name (ARN) of the task execution role override for the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub execution_role_arn: Option<String>,
    /// The Amazon Resource Name (ARN) of the role that containers in this task can assume.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<String>,
}

/// The overrides that are sent to a container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ContainerOverride {
    /// The name of the container that receives the override.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The command to send to the container that overrides the default command from the Docker image or the task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    /// Environment variables.
    pub environment: Vec<KeyValuePair>,
    /// The number of `cpu` units reserved for the container, instead of the default value from the task definition.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub cpu: Option<u32>,
    /// The hard limit (in MiB) of memory to present to the container, instead of the default value from the task definition.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub memory: Option<u32>,
    /// The soft limit (in MiB) of memory to reserve for the container, instead of the default value from the task definition.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub memory_reservation: Option<u32>,
}

/// Request of `StopTask`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StopTaskInput {
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Thefull Amazon Resource Name (ARN) of the task.
    pub task: String,
    /// An optional message specified when a task is stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Answer of `StopTask`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StopTaskOutput {
    /// The task that was stopped.
    pub task: Task,
}

/// Request of `DescribeTasks`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeTasksInput {
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// A list of up to 100 task IDs or full ARN entries.
    pub tasks: Vec<String>,
    /// Further parts of the answer, such as `TAGS`.
    pub include: Vec<String>,
}

/// Answer of `DescribeTasks`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeTasksOutput {
    /// The list of tasks.
    pub tasks: Vec<Task>,
    /// What was asked for and not found.
    pub failures: Vec<Failure>,
}

/// Request of `ListTasks`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListTasksInput {
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The name of the task definition family to use when filtering the `ListTasks` results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Largest number of results of one page.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u32>,
    /// The `startedBy` value to filter the task results with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
    /// The name of the service to use when filtering the `ListTasks` results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    /// The task desired status to use when filtering the `ListTasks` results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub desired_status: Option<DesiredStatus>,
    /// The launch type to use when filtering the `ListTasks` results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
}

/// Answer of `ListTasks`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListTasksOutput {
    /// The list of task ARN entries for the `ListTasks` request.
    pub task_arns: Vec<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// Details on a task in a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Task {
    /// Network interfaces.
    pub attachments: Vec<Attachment>,
    /// The Availability Zone for the task.
    pub availability_zone: String,
    /// The ARN of the cluster that hosts the task.
    pub cluster_arn: String,
    /// The connectivity status of a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connectivity: Option<String>,
    /// The Unix timestamp for the time when the task last went into `CONNECTED` status.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub connectivity_at: Option<f64>,
    /// The containers that's associated with the task.
    pub containers: Vec<Container>,
    /// The number of CPU units used by the task as expressed in a task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// When it was created, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub created_at: f64,
    /// The desired status of the task.
    pub desired_status: DesiredStatus,
    /// Determines whether execute command functionality is turned on for this task.
    #[serde(deserialize_with = "scalar::lenient")]
    pub enable_execute_command: bool,
    /// The Unix timestamp for the time when the task execution stopped.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub execution_stopped_at: Option<f64>,
    /// `service:NAME` for tasks of a service, `family:FAMILY` otherwise.
    pub group: String,
    /// The health status for the task.
    pub health_status: HealthStatus,
    /// The last known status for the task.
    pub last_status: TaskStatus,
    /// The infrastructure where your task runs on.
    pub launch_type: LaunchType,
    /// The amount of memory (in MiB) that the task uses as expressed in a task definition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
    /// One or more container overrides.
    pub overrides: TaskOverride,
    /// The platform version where your task runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// The operating system that your tasks are running on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_family: Option<String>,
    /// The Unix timestamp for the time when the container image pull began.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub pull_started_at: Option<f64>,
    /// The Unix timestamp for the time when the container image pull completed.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub pull_stopped_at: Option<f64>,
    /// When it started, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub started_at: Option<f64>,
    /// The tag specified when a task is started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_by: Option<String>,
    /// The stop code indicating why a task was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_code: Option<StopCode>,
    /// When it stopped, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<f64>,
    /// The reason that the task was stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped_reason: Option<String>,
    /// When its stop began (its desired status became STOPPED), in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub stopping_at: Option<f64>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The Amazon Resource Name (ARN) of the task.
    pub task_arn: String,
    /// The ARN of the task definition that creates the task.
    pub task_definition_arn: String,
    /// The version counter for the task.
    #[serde(deserialize_with = "scalar::lenient")]
    pub version: u64,
}

/// A Docker container that's part of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Container {
    /// The Amazon Resource Name (ARN) of the container.
    pub container_arn: String,
    /// The ARN of the task.
    pub task_arn: String,
    /// The name of the container.
    pub name: String,
    /// Image reference: `repository:tag` or `repository@digest`.
    pub image: String,
    /// The container image manifest digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// The ID of the Docker container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtime_id: Option<String>,
    /// The last known status of the container.
    pub last_status: TaskStatus,
    /// The exit code returned from the container.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// A short (1024 max characters) human-readable string to provide additional details about a running or stopped container.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The network interfaces associated with the container.
    pub network_interfaces: Vec<NetworkInterface>,
    /// The health status of the container.
    pub health_status: HealthStatus,
    /// The number of CPU units set for the container.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub cpu: Option<String>,
    /// The hard limit (in MiB) of memory set for the container.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub memory: Option<String>,
}

/// An object representing the elastic network interface for tasks that use the `awsvpc` network mode.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NetworkInterface {
    /// The attachment ID for the network interface.
    pub attachment_id: String,
    /// The private IPv4 address for the network interface.
    pub private_ipv4_address: String,
}

/// An object representing a container instance or task attachment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Attachment {
    /// The unique identifier for the attachment.
    pub id: String,
    /// The type of the attachment, such as `ElasticNetworkInterface`, `Service Connect`, and `AmazonElasticBlockStorage`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status of the attachment.
    pub status: String,
    /// Details of the attachment.
    pub details: Vec<KeyValuePair>,
}
