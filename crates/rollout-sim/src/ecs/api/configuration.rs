//! How a service is deployed and reached.

use serde::{Deserialize, Serialize};

use super::*;
use crate::scalar;

/// Optional deployment parameters that control how many tasks run during a deployment and the ordering of stopping and starting tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeploymentConfiguration {
    /// The circuit breaker.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_circuit_breaker: Option<DeploymentCircuitBreaker>,
    /// If a service is using the rolling update (`ECS`) deployment type, the `maximumPercent` parameter represents an upper limit on the number of your service's tasks that are allowed in the `RUNNING` or `PENDING` state.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub maximum_percent: Option<u32>,
    /// If a service is using the rolling update (`ECS`) deployment type, the `minimumHealthyPercent` represents a lower limit on the number of your service's tasks that must remain in the `RUNNING` state during a deployment.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub minimum_healthy_percent: Option<u32>,
    /// Information about the CloudWatch alarms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<DeploymentAlarms>,
    /// Only `ROLLING` is modelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strategy: Option<String>,
    /// The time period when both blue and green service revisions are running simultaneously after the production traffic has shifted.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub bake_time_in_minutes: Option<u32>,
}

/// DeploymentCircuitBreaker
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeploymentCircuitBreaker {
    /// Determines whether to use the deployment circuit breaker logic for the service.
    #[serde(deserialize_with = "scalar::lenient")]
    pub enable: bool,
    /// Determines whether to configure Amazon ECS to roll back the service if a service deployment fails.
    #[serde(deserialize_with = "scalar::lenient")]
    pub rollback: bool,
    /// Whether a task that becomes healthy sets the failure count back to 0; default true.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub reset_on_healthy_task: Option<bool>,
    /// How many failures trip the breaker; default `BOUNDED_PERCENT` 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold_configuration: Option<ThresholdConfiguration>,
}

/// How many failures trip the circuit breaker (ECS:deployment-circuit-breaker).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ThresholdConfiguration {
    /// How `value` is read. The API requires it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ThresholdType>,
    /// Percentage of the desired count, or number of failures. The API requires it.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub value: Option<u32>,
}

/// One of the methods which provide a way for you to quickly identify when a deployment has failed, and then to optionally roll back the failure to the last working deployment.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeploymentAlarms {
    /// One or more CloudWatch alarm names.
    pub alarm_names: Vec<String>,
    /// Determines whether to use the CloudWatch alarm option in the service deployment process.
    #[serde(deserialize_with = "scalar::lenient")]
    pub enable: bool,
    /// Determines whether to configure Amazon ECS to roll back the service if a service deployment fails.
    #[serde(deserialize_with = "scalar::lenient")]
    pub rollback: bool,
}

/// The deployment controller to use for the service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct DeploymentController {
    /// The deployment controller type to use.
    #[serde(rename = "type")]
    pub kind: String,
}

/// The load balancer configuration to use with a service or task set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoadBalancer {
    /// The full Amazon Resource Name (ARN) of the Elastic Load Balancing target group or groups associated with a service or task set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group_arn: Option<String>,
    /// The name of the load balancer to associate with the Amazon ECS service or task set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_name: Option<String>,
    /// The name of the container (as it appears in a container definition) to associate with the load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// The port on the container to associate with the load balancer.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub container_port: Option<u16>,
}

/// A Cloud Map service in which the tasks are registered.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ServiceRegistry {
    /// The Amazon Resource Name (ARN) of the service registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry_arn: Option<String>,
    /// The port value used if your service discovery service specified an SRV record.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The container name value to be used for your service discovery service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container_name: Option<String>,
    /// The port value to be used for your service discovery service.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub container_port: Option<u16>,
}

/// The network configuration for a task or service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct NetworkConfiguration {
    /// The VPC subnets and security groups that are associated with a task.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub awsvpc_configuration: Option<AwsVpcConfiguration>,
}

/// An object representing the networking details for a task or service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct AwsVpcConfiguration {
    /// The IDs of the subnets associated with the task or service.
    pub subnets: Vec<String>,
    /// The IDs of the security groups associated with the task or service.
    pub security_groups: Vec<String>,
    /// Whether the task's elastic network interface receives a public IP address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assign_public_ip: Option<String>,
}
