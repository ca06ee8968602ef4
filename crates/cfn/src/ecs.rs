//! Amazon ECS on Fargate.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{
    AlarmName, ClusterArn, ClusterName, DiscoveryServiceArn, EcsServiceArn, EcsServiceName, ImageUri,
    LogGroupName, RoleArn, SecretValueFrom, SecurityGroupId, SubnetId, TargetGroupArn, TaskDefinitionArn,
    Text,
};
use crate::value::Value;

/// `AWS::ECS::Cluster`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Cluster<S> {
    pub cluster_name: Value<S, Text>,
    pub cluster_settings: Vec<ClusterSetting>,
}
resource!(
    Cluster = "AWS::ECS::Cluster",
    ref name: ClusterName,
    "Arn" arn: ClusterArn,
);

/// A cluster setting; `containerInsights` is the only name there is.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ClusterSetting {
    pub name: &'static str,
    /// `enabled`, `disabled` or `enhanced`.
    pub value: String,
}

/// `AWS::ECS::TaskDefinition` for Fargate. `Ref` is the ARN with its revision.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskDefinition<S> {
    pub container_definitions: Vec<ContainerDefinition<S>>,
    /// CPU units.
    pub cpu: String,
    pub execution_role_arn: Value<S, RoleArn>,
    pub family: String,
    /// MiB.
    pub memory: String,
    pub network_mode: &'static str,
    pub requires_compatibilities: Vec<&'static str>,
    pub runtime_platform: RuntimePlatform,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_role_arn: Option<Value<S, RoleArn>>,
}
resource!(TaskDefinition = "AWS::ECS::TaskDefinition", ref arn: TaskDefinitionArn);

/// What a task runs on.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuntimePlatform {
    /// `ARM64` or `X86_64`.
    pub cpu_architecture: &'static str,
    pub operating_system_family: &'static str,
}

/// A container of a task.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ContainerDefinition<S> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Vec<String>>,
    pub environment: Vec<KeyValuePair<S>>,
    pub essential: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    pub image: Value<S, ImageUri>,
    pub linux_parameters: LinuxParameters,
    pub log_configuration: LogConfiguration<S>,
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub port_mappings: Vec<PortMapping>,
    pub readonly_root_filesystem: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret<S>>,
    /// Seconds between SIGTERM and SIGKILL; 2 to 120 on Fargate.
    pub stop_timeout: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
}

/// An environment variable.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct KeyValuePair<S> {
    pub name: String,
    pub value: Value<S, Text>,
}

/// The container's own health check; times in seconds.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HealthCheck {
    pub command: Vec<String>,
    pub interval: u32,
    pub retries: u32,
    pub start_period: u32,
    pub timeout: u32,
}

/// Linux settings of a container.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LinuxParameters {
    /// Run an init process that forwards signals and reaps processes.
    pub init_process_enabled: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tmpfs: Vec<Tmpfs>,
}

/// A file system in memory, which counts as the task's memory (on Fargate since January 2026).
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tmpfs {
    pub container_path: String,
    /// MiB.
    pub size: u32,
}

/// Where a container's output goes.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogConfiguration<S> {
    pub log_driver: &'static str,
    pub options: AwslogsOptions<S>,
}

/// Options of the `awslogs` driver.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct AwslogsOptions<S> {
    pub awslogs_group: Value<S, LogGroupName>,
    pub awslogs_region: Value<S, Text>,
    pub awslogs_stream_prefix: String,
}

/// A port that the container listens on.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PortMapping {
    pub container_port: u16,
    pub protocol: &'static str,
}

/// An environment variable that ECS fills from a secret when the task starts.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Secret<S> {
    pub name: String,
    pub value_from: Value<S, SecretValueFrom>,
}

/// `AWS::ECS::Service` with rolling deployments.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Service<S> {
    pub availability_zone_rebalancing: &'static str,
    pub cluster: Value<S, ClusterName>,
    pub deployment_configuration: DeploymentConfiguration<S>,
    pub desired_count: u32,
    pub enable_execute_command: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_grace_period_seconds: Option<u32>,
    pub launch_type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub load_balancers: Vec<LoadBalancer<S>>,
    pub network_configuration: NetworkConfiguration<S>,
    pub propagate_tags: &'static str,
    pub service_name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_registries: Vec<ServiceRegistry<S>>,
    pub task_definition: Value<S, TaskDefinitionArn>,
}
resource!(
    Service = "AWS::ECS::Service",
    ref arn: EcsServiceArn,
    "Name" name: EcsServiceName,
);

/// How a service replaces its tasks.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeploymentConfiguration<S> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<DeploymentAlarms<S>>,
    pub bake_time_in_minutes: u32,
    pub deployment_circuit_breaker: DeploymentCircuitBreaker,
    pub maximum_percent: u32,
    pub minimum_healthy_percent: u32,
}

/// Alarms that fail a deployment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeploymentAlarms<S> {
    pub alarm_names: Vec<Value<S, AlarmName>>,
    pub enable: bool,
    pub rollback: bool,
}

/// When failed tasks fail a deployment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeploymentCircuitBreaker {
    pub enable: bool,
    pub reset_on_healthy_task: bool,
    pub rollback: bool,
    pub threshold_configuration: ThresholdConfiguration,
}

/// How many failed tasks are too many.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ThresholdConfiguration {
    /// `COUNT`, `BOUNDED_PERCENT` or `UNBOUNDED_PERCENT`.
    #[serde(rename = "Type")]
    pub kind: &'static str,
    pub value: u32,
}

/// A service's target group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoadBalancer<S> {
    pub container_name: String,
    pub container_port: u16,
    pub target_group_arn: Value<S, TargetGroupArn>,
}

/// A service's network.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct NetworkConfiguration<S> {
    pub awsvpc_configuration: AwsVpcConfiguration<S>,
}

/// Subnets and security groups of tasks.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AwsVpcConfiguration<S> {
    pub assign_public_ip: &'static str,
    pub security_groups: Vec<Value<S, SecurityGroupId>>,
    pub subnets: Vec<Value<S, SubnetId>>,
}

/// Where a service registers its tasks for discovery.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ServiceRegistry<S> {
    pub registry_arn: Value<S, DiscoveryServiceArn>,
}
