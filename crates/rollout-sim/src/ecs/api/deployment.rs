//! Service deployments and service revisions.

use serde::{Deserialize, Serialize};

use super::*;
use crate::scalar;

/// Request of `ListServiceDeployments`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListServiceDeploymentsInput {
    /// Name or ARN of the service.
    pub service: String,
    /// Name or ARN of the cluster; default `default`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// An optional filter you can use to narrow the results.
    pub status: Vec<ServiceDeploymentStatus>,
    /// When it was created, in seconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<CreatedAt>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
    /// Largest number of results of one page.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub max_results: Option<u32>,
}

/// Answer of `ListServiceDeployments`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ListServiceDeploymentsOutput {
    /// An overview of the service deployment, including the following properties: The ARN of the service deployment.
    pub service_deployments: Vec<ServiceDeploymentBrief>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_token: Option<String>,
}

/// A span of creation times.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct CreatedAt {
    /// Upper end, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub before: Option<f64>,
    /// Lower end, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub after: Option<f64>,
}

/// The service deployment properties that are retured when you call `ListServiceDeployments`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceDeploymentBrief {
    /// The ARN of the service deployment.
    pub service_deployment_arn: String,
    /// The ARN of the service for this service deployment.
    pub service_arn: String,
    /// The ARN of the cluster that hosts the service.
    pub cluster_arn: String,
    /// When it started, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub started_at: Option<f64>,
    /// When it was created, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub created_at: f64,
    /// When it finished, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<f64>,
    /// The ARN of the service revision being deplyed.
    pub target_service_revision_arn: String,
    /// The status of the service deployment
    pub status: ServiceDeploymentStatus,
    /// Information about why the service deployment is in the current status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
}

/// Request of `DescribeServiceDeployments`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeServiceDeploymentsInput {
    /// The ARN of the service deployment.
    pub service_deployment_arns: Vec<String>,
}

/// Answer of `DescribeServiceDeployments`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeServiceDeploymentsOutput {
    /// The list of service deployments described.
    pub service_deployments: Vec<ServiceDeployment>,
    /// What was asked for and not found.
    pub failures: Vec<Failure>,
}

/// Information about the service deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceDeployment {
    /// The ARN of the service deployment.
    pub service_deployment_arn: String,
    /// The ARN of the service for this service deployment.
    pub service_arn: String,
    /// The ARN of the cluster that hosts the service.
    pub cluster_arn: String,
    /// When it was created, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub created_at: f64,
    /// When it started, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub started_at: Option<f64>,
    /// When it finished, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<f64>,
    /// When it stopped, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<f64>,
    /// When it last changed, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub updated_at: f64,
    /// The currently deployed workload configuration.
    pub source_service_revisions: Vec<ServiceRevisionSummary>,
    /// The workload configuration being deployed.
    pub target_service_revision: ServiceRevisionSummary,
    /// The service deployment state.
    pub status: ServiceDeploymentStatus,
    /// Information about why the service deployment is in the current status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status_reason: Option<String>,
    /// The current lifecycle stage of the deployment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lifecycle_stage: Option<String>,
    /// Optional deployment parameters that control how many tasks run during a deployment and the ordering of stopping and starting tasks.
    pub deployment_configuration: DeploymentConfiguration,
    /// The rollback options the service deployment uses when the deployment fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// The circuit breaker.
    pub deployment_circuit_breaker: ServiceDeploymentCircuitBreaker,
    /// The CloudWatch alarms that determine when a service deployment fails.
    pub alarms: ServiceDeploymentAlarms,
}

/// The information about the number of requested, pending, and running tasks for a service revision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceRevisionSummary {
    /// The ARN of the service revision.
    pub arn: String,
    /// The number of requested tasks for the service revision.
    #[serde(deserialize_with = "scalar::lenient")]
    pub requested_task_count: u32,
    /// The number of running tasks for the service revision.
    #[serde(deserialize_with = "scalar::lenient")]
    pub running_task_count: u32,
    /// The number of pending tasks for the service revision.
    #[serde(deserialize_with = "scalar::lenient")]
    pub pending_task_count: u32,
}

/// Information about the service deployment rollback.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Rollback {
    /// The reason the rollback happened.
    pub reason: String,
    /// When it started, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub started_at: f64,
    /// The ARN of the service revision deployed as part of the rollback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_revision_arn: Option<String>,
}

/// Information about the circuit breaker used to determine when a service deployment has failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceDeploymentCircuitBreaker {
    /// The circuit breaker status.
    pub status: MonitorStatus,
    /// The number of times the circuit breaker detected a service deploymeny failure.
    #[serde(deserialize_with = "scalar::lenient")]
    pub failure_count: u32,
    /// The threshhold which determines that the service deployment failed.
    #[serde(deserialize_with = "scalar::lenient")]
    pub threshold: u32,
}

/// The CloudWatch alarms used to determine a service deployment failed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceDeploymentAlarms {
    /// The status of the alarms check.
    pub status: MonitorStatus,
    /// The name of the CloudWatch alarms that determine when a service deployment failed.
    pub alarm_names: Vec<String>,
    /// One or more CloudWatch alarm names that have been triggered during the service deployment.
    pub triggered_alarm_names: Vec<String>,
}

/// Request of `DescribeServiceRevisions`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeServiceRevisionsInput {
    /// The ARN of the service revision.
    pub service_revision_arns: Vec<String>,
}

/// Answer of `DescribeServiceRevisions`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DescribeServiceRevisionsOutput {
    /// The list of service revisions described.
    pub service_revisions: Vec<ServiceRevision>,
    /// What was asked for and not found.
    pub failures: Vec<Failure>,
}

/// Information about the service revision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceRevision {
    /// The ARN of the service revision.
    pub service_revision_arn: String,
    /// The ARN of the service for the service revision.
    pub service_arn: String,
    /// The ARN of the cluster that hosts the service.
    pub cluster_arn: String,
    /// Family, `family:revision` or ARN.
    pub task_definition: String,
    /// The launch type the service revision uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub launch_type: Option<LaunchType>,
    /// For the Fargate launch type, the platform version the service revision uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_version: Option<String>,
    /// The platform family the service revision uses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_family: Option<String>,
    /// Target groups in which the tasks are registered.
    pub load_balancers: Vec<LoadBalancer>,
    /// Cloud Map services in which the tasks are registered.
    pub service_registries: Vec<ServiceRegistry>,
    /// The network configuration for a task or service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_configuration: Option<NetworkConfiguration>,
    /// The container images the service revision uses.
    pub container_images: Vec<ContainerImage>,
    /// Indicates whether Runtime Monitoring is turned on.
    #[serde(deserialize_with = "scalar::lenient")]
    pub guard_duty_enabled: bool,
    /// When it was created, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub created_at: f64,
}

/// The details about the container image a service revision uses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ContainerImage {
    /// The name of the container.
    pub container_name: String,
    /// The container image digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// Image reference: `repository:tag` or `repository@digest`.
    pub image: String,
}

/// Request of `StopServiceDeployment`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StopServiceDeploymentInput {
    /// The ARN of the service deployment that you want to stop.
    pub service_deployment_arn: String,
    /// How you want Amazon ECS to stop the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_type: Option<String>,
}

/// Answer of `StopServiceDeployment`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct StopServiceDeploymentOutput {
    /// The ARN of the stopped service deployment.
    pub service_deployment_arn: String,
}
