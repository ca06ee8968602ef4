//! Services and their deployments.

use serde::{Deserialize, Serialize};

use super::*;
use crate::scalar;

/// Request of `CreateService`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CreateServiceInput {
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// The name of your service.
    pub service_name: String,
    /// Family, `family:revision` or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// `ENABLED` or `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone_rebalancing: Option<AvailabilityZoneRebalancing>,
    /// Target groups in which the tasks are registered.
    pub load_balancers: Vec<LoadBalancer>,
    /// Cloud Map services in which the tasks are registered.
    pub service_registries: Vec<ServiceRegistry>,
    /// The number of instantiations of the specified task definition to place and keep running in your service.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub desired_count: Option<u32>,
    /// An identifier that you provide to ensure the idempotency of the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// The infrastructure that you run your service on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// The platform version that your tasks in the service are running on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// The name or full Amazon Resource Name (ARN) of the IAM role that allows Amazon ECS to make calls to your load balancer on your behalf.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Optional deployment parameters that control how many tasks run during the deployment and the ordering of stopping and starting tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_configuration: Option<DeploymentConfiguration>,
    /// The network configuration for the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// The period of time, in seconds, that the Amazon ECS service scheduler ignores unhealthy Elastic Load Balancing, VPC Lattice, and container health checks after a task has first started.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_grace_period_seconds: Option<u32>,
    /// The scheduling strategy to use for the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_strategy: Option<SchedulingStrategy>,
    /// The deployment controller to use for the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_controller: Option<DeploymentController>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Specifies whether to turn on Amazon ECS managed tags for the tasks within the service.
    #[serde(
        rename = "enableECSManagedTags",
        deserialize_with = "scalar::lenient_opt",
        skip_serializing_if = "Option::is_none"
    )]
    pub enable_ecs_managed_tags: Option<bool>,
    /// Specifies whether to propagate the tags from the task definition to the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<String>,
    /// Determines whether the execute command functionality is turned on for the service.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
}

/// Answer of `CreateService`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CreateServiceOutput {
    /// Name or ARN of the service.
    pub service: Service,
}

/// Request of `UpdateService`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UpdateServiceInput {
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Name or ARN of the service.
    pub service: String,
    /// The number of instantiations of the task to place and keep running in your service.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub desired_count: Option<u32>,
    /// Family, `family:revision` or ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_definition: Option<String>,
    /// Optional deployment parameters that control how many tasks run during the deployment and the ordering of stopping and starting tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_configuration: Option<DeploymentConfiguration>,
    /// `ENABLED` or `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone_rebalancing: Option<AvailabilityZoneRebalancing>,
    /// An object representing the network configuration for the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// The platform version that your tasks in the service run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// Determines whether to force a new deployment of the service.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub force_new_deployment: Option<bool>,
    /// The period of time, in seconds, that the Amazon ECS service scheduler ignores unhealthy Elastic Load Balancing, VPC Lattice, and container health checks after a task has first started.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_grace_period_seconds: Option<u32>,
    /// The deployment controller to use for the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_controller: Option<DeploymentController>,
    /// If `true`, this enables execute command functionality on all task containers.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub enable_execute_command: Option<bool>,
    /// Determines whether to turn on Amazon ECS managed tags for the tasks in the service.
    #[serde(
        rename = "enableECSManagedTags",
        deserialize_with = "scalar::lenient_opt",
        skip_serializing_if = "Option::is_none"
    )]
    pub enable_ecs_managed_tags: Option<bool>,
    /// Target groups in which the tasks are registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancers: Option<Vec<LoadBalancer>>,
    /// Determines whether to propagate the tags from the task definition or the service to the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<String>,
    /// Cloud Map services in which the tasks are registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_registries: Option<Vec<ServiceRegistry>>,
}

/// Answer of `UpdateService`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct UpdateServiceOutput {
    /// Name or ARN of the service.
    pub service: Service,
}

/// Request of `DeleteService`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeleteServiceInput {
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Name or ARN of the service.
    pub service: String,
    /// If `true`, allows you to delete a service even if it wasn't scaled down to zero tasks.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub force: Option<bool>,
}

/// Answer of `DeleteService`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeleteServiceOutput {
    /// Name or ARN of the service.
    pub service: Service,
}

/// Request of `DescribeServices`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeServicesInput {
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// A list of services to describe.
    pub services: Vec<String>,
    /// Further parts of the answer, such as `TAGS`.
    pub include: Vec<String>,
}

/// Answer of `DescribeServices`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeServicesOutput {
    /// The list of services described.
    pub services: Vec<Service>,
    /// What was asked for and not found.
    pub failures: Vec<Failure>,
}

/// Request of `ListServices`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListServicesInput {
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Largest number of results of one page.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u32>,
    /// The launch type to use when filtering the `ListServices` results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// The scheduling strategy to use when filtering the `ListServices` results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheduling_strategy: Option<SchedulingStrategy>,
}

/// Answer of `ListServices`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListServicesOutput {
    /// The list of full ARN entries for each service that's associated with the specified cluster.
    pub service_arns: Vec<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// Details on a service within a cluster.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Service {
    /// The ARN that identifies the service.
    pub service_arn: String,
    /// The name of your service.
    pub service_name: String,
    /// The Amazon Resource Name (ARN) of the cluster that hosts the service.
    pub cluster_arn: String,
    /// Target groups in which the tasks are registered.
    pub load_balancers: Vec<LoadBalancer>,
    /// Cloud Map services in which the tasks are registered.
    pub service_registries: Vec<ServiceRegistry>,
    /// The status of the service.
    pub status: ServiceStatus,
    /// The desired number of instantiations of the task definition to keep running on the service.
    #[serde(deserialize_with = "scalar::lenient")]
    pub desired_count: u32,
    /// The number of tasks in the cluster that are in the `RUNNING` state.
    #[serde(deserialize_with = "scalar::lenient")]
    pub running_count: u32,
    /// The number of tasks in the cluster that are in the `PENDING` state.
    #[serde(deserialize_with = "scalar::lenient")]
    pub pending_count: u32,
    /// The launch type the service is using.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// The platform version to run your service on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// The operating system that your tasks in the service run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_family: Option<String>,
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    /// Optional deployment parameters that control how many tasks run during the deployment and the ordering of stopping and starting tasks.
    pub deployment_configuration: DeploymentConfiguration,
    /// The current state of deployments for the service.
    pub deployments: Vec<Deployment>,
    /// The ARN of the IAM role that's associated with the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// The event stream for your service.
    pub events: Vec<ServiceEvent>,
    /// When it was created, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub created_at: f64,
    /// The ARN of the current service deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_service_deployment: Option<String>,
    /// The list of the service revisions.
    pub current_service_revisions: Vec<ServiceCurrentRevisionSummary>,
    /// The VPC subnet and security group configuration for tasks that receive their own elastic network interface by using the `awsvpc` networking mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// The period of time, in seconds, that the Amazon ECS service scheduler ignores unhealthy Elastic Load Balancing, VPC Lattice, and container health checks after a task has first started.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_grace_period_seconds: Option<u32>,
    /// The scheduling strategy to use for the service.
    pub scheduling_strategy: SchedulingStrategy,
    /// The deployment controller type the service is using.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_controller: Option<DeploymentController>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Determines whether to use Amazon ECS managed tags for the tasks in the service.
    #[serde(rename = "enableECSManagedTags", deserialize_with = "scalar::lenient")]
    pub enable_ecs_managed_tags: bool,
    /// Determines whether to propagate the tags from the task definition or the service to the task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propagate_tags: Option<String>,
    /// Determines whether the execute command functionality is turned on for the service.
    #[serde(deserialize_with = "scalar::lenient")]
    pub enable_execute_command: bool,
    /// `ENABLED` or `DISABLED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone_rebalancing: Option<AvailabilityZoneRebalancing>,
}

/// The details of an Amazon ECS service deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Deployment {
    /// The ID of the deployment.
    pub id: String,
    /// The status of the deployment.
    pub status: DeploymentStatus,
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    /// The most recent desired count of tasks that was specified for the service to deploy or maintain.
    #[serde(deserialize_with = "scalar::lenient")]
    pub desired_count: u32,
    /// The number of tasks in the deployment that are in the `PENDING` status.
    #[serde(deserialize_with = "scalar::lenient")]
    pub pending_count: u32,
    /// The number of tasks in the deployment that are in the `RUNNING` status.
    #[serde(deserialize_with = "scalar::lenient")]
    pub running_count: u32,
    /// The number of consecutively failed tasks in the deployment.
    #[serde(deserialize_with = "scalar::lenient")]
    pub failed_tasks: u32,
    /// When it was created, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub created_at: f64,
    /// When it last changed, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub updated_at: f64,
    /// The launch type the tasks in the service are using.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// The platform version that your tasks in the service run on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// The operating system that your tasks in the service, or tasks are running on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_family: Option<String>,
    /// The VPC subnet and security group configuration for tasks that receive their own elastic network interface by using the `awsvpc` networking mode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// How far its rollout is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout_state: Option<RolloutState>,
    /// A description of the rollout state of a deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout_state_reason: Option<String>,
}

/// The details for an event that's associated with a service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceEvent {
    /// The ID string for the event.
    pub id: String,
    /// When it was created, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub created_at: f64,
    /// The event message.
    pub message: String,
}

/// The summary of the current service revision configuration
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceCurrentRevisionSummary {
    /// The ARN of the current service revision.
    pub arn: String,
    /// The number of requested tasks in the current service revision
    #[serde(deserialize_with = "scalar::lenient")]
    pub requested_task_count: u32,
    /// The number of running tasks of the current service revision
    #[serde(deserialize_with = "scalar::lenient")]
    pub running_task_count: u32,
    /// The number of pending tasks in the current service revision
    #[serde(deserialize_with = "scalar::lenient")]
    pub pending_task_count: u32,
}
