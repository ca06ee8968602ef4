//! Target groups and the health of targets.

use serde::{Deserialize, Serialize};

use super::*;
use crate::scalar;

/// Request of `CreateTargetGroup`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateTargetGroupInput {
    /// Name.
    pub name: String,
    /// Protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// HTTP/HTTPS protocol The protocol version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol_version: Option<String>,
    /// Port.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The identifier of the virtual private cloud (VPC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// The protocol the load balancer uses when performing health checks on targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_protocol: Option<String>,
    /// The port the load balancer uses when performing health checks on targets.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_port: Option<String>,
    /// Indicates whether health checks are enabled.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_enabled: Option<bool>,
    /// HTTP/HTTPS health checks The destination for health checks on the targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_path: Option<String>,
    /// The approximate amount of time, in seconds, between health checks of an individual target.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_interval_seconds: Option<u32>,
    /// Seconds without an answer after which a health check has failed.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_timeout_seconds: Option<u32>,
    /// The number of consecutive health check successes required before considering a target healthy.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub healthy_threshold_count: Option<u32>,
    /// The number of consecutive health check failures required before considering a target unhealthy.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub unhealthy_threshold_count: Option<u32>,
    /// HTTP codes of a successful health check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<Matcher>,
    /// The type of target that you must specify when registering targets with this target group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_type: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The IP address type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
}

/// Answer of `CreateTargetGroup`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateTargetGroupOutput {
    /// The target groups.
    pub target_groups: Vec<TargetGroup>,
}

/// Request of `ModifyTargetGroup`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyTargetGroupInput {
    /// ARN of the target group.
    pub target_group_arn: String,
    /// The protocol the load balancer uses when performing health checks on targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_protocol: Option<String>,
    /// The port the load balancer uses when performing health checks on targets.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_port: Option<String>,
    /// Indicates whether health checks are enabled.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_enabled: Option<bool>,
    /// HTTP/HTTPS health checks The destination for health checks on the targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check_path: Option<String>,
    /// The approximate amount of time, in seconds, between health checks of an individual target.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_interval_seconds: Option<u32>,
    /// Seconds without an answer after which a health check has failed.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub health_check_timeout_seconds: Option<u32>,
    /// The number of consecutive health checks successes required before considering an unhealthy target healthy.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub healthy_threshold_count: Option<u32>,
    /// The number of consecutive health check failures required before considering the target unhealthy.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub unhealthy_threshold_count: Option<u32>,
    /// HTTP codes of a successful health check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matcher: Option<Matcher>,
}

/// Answer of `ModifyTargetGroup`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyTargetGroupOutput {
    /// The target groups.
    pub target_groups: Vec<TargetGroup>,
}

/// Request of `DeleteTargetGroup`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteTargetGroupInput {
    /// ARN of the target group.
    pub target_group_arn: String,
}

/// Answer of `DeleteTargetGroup`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteTargetGroupOutput {}

/// Request of `DescribeTargetGroups`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeTargetGroupsInput {
    /// ARN of the load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_arn: Option<String>,
    /// ARNs of target groups.
    pub target_group_arns: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// Where the page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Largest number of results of one page.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

/// Answer of `DescribeTargetGroups`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeTargetGroupsOutput {
    /// The target groups.
    pub target_groups: Vec<TargetGroup>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// Information about a target group.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TargetGroup {
    /// ARN of the target group.
    pub target_group_arn: String,
    /// The name of the target group.
    pub target_group_name: String,
    /// Protocol.
    pub protocol: String,
    /// Port.
    #[serde(deserialize_with = "scalar::lenient")]
    pub port: u16,
    /// The ID of the VPC for the targets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vpc_id: Option<String>,
    /// The protocol to use to connect with the target.
    pub health_check_protocol: String,
    /// The port to use to connect with the target.
    #[serde(deserialize_with = "scalar::lenient")]
    pub health_check_port: String,
    /// Indicates whether health checks are enabled.
    #[serde(deserialize_with = "scalar::lenient")]
    pub health_check_enabled: bool,
    /// The approximate amount of time, in seconds, between health checks of an individual target.
    #[serde(deserialize_with = "scalar::lenient")]
    pub health_check_interval_seconds: u32,
    /// Seconds without an answer after which a health check has failed.
    #[serde(deserialize_with = "scalar::lenient")]
    pub health_check_timeout_seconds: u32,
    /// The number of consecutive health checks successes required before considering an unhealthy target healthy.
    #[serde(deserialize_with = "scalar::lenient")]
    pub healthy_threshold_count: u32,
    /// The number of consecutive health check failures required before considering the target unhealthy.
    #[serde(deserialize_with = "scalar::lenient")]
    pub unhealthy_threshold_count: u32,
    /// The destination for health checks on the targets.
    pub health_check_path: String,
    /// HTTP codes of a successful health check.
    pub matcher: Matcher,
    /// ARNs of load balancers.
    pub load_balancer_arns: Vec<String>,
    /// The type of target that you must specify when registering targets with this target group.
    pub target_type: String,
    /// HTTP/HTTPS protocol The protocol version.
    pub protocol_version: String,
    /// The IP address type.
    pub ip_address_type: String,
}

/// The codes to use when checking for a successful response from a target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Matcher {
    /// For Application Load Balancers, you can specify values between 200 and 499, with the default value being 200.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub http_code: Option<String>,
    /// You can specify values between 0 and 99.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub grpc_code: Option<String>,
}

/// Information about a target group attribute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TargetGroupAttribute {
    /// Key.
    pub key: String,
    /// Value.
    #[serde(deserialize_with = "scalar::lenient")]
    pub value: String,
}

/// Request of `ModifyTargetGroupAttributes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyTargetGroupAttributesInput {
    /// ARN of the target group.
    pub target_group_arn: String,
    /// Attributes.
    pub attributes: Vec<TargetGroupAttribute>,
}

/// Answer of `ModifyTargetGroupAttributes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyTargetGroupAttributesOutput {
    /// Attributes.
    pub attributes: Vec<TargetGroupAttribute>,
}

/// Request of `DescribeTargetGroupAttributes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeTargetGroupAttributesInput {
    /// ARN of the target group.
    pub target_group_arn: String,
}

/// Answer of `DescribeTargetGroupAttributes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeTargetGroupAttributesOutput {
    /// Attributes.
    pub attributes: Vec<TargetGroupAttribute>,
}

/// Request of `DescribeTargetHealth`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeTargetHealthInput {
    /// ARN of the target group.
    pub target_group_arn: String,
    /// The targets.
    pub targets: Vec<TargetDescription>,
}

/// Answer of `DescribeTargetHealth`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeTargetHealthOutput {
    /// The health of the targets.
    pub target_health_descriptions: Vec<TargetHealthDescription>,
}

/// Information about a target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TargetDescription {
    /// The ID of the target.
    pub id: String,
    /// Port.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// An Availability Zone or `all`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability_zone: Option<String>,
}

/// Information about the health of a target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TargetHealthDescription {
    /// The description of the target.
    pub target: TargetDescription,
    /// The port to use to connect with the target.
    #[serde(deserialize_with = "scalar::lenient")]
    pub health_check_port: String,
    /// The health information for the target.
    pub target_health: TargetHealth,
}

/// Information about the current health of a target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TargetHealth {
    /// The state of the target.
    pub state: TargetState,
    /// The reason code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A description of the target health that provides additional details.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}
