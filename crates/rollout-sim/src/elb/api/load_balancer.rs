//! Load balancers and tags.

use serde::{Deserialize, Serialize};

use crate::scalar;

/// Request of `CreateLoadBalancer`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateLoadBalancerInput {
    /// Name.
    pub name: String,
    /// The IDs of the subnets.
    pub subnets: Vec<String>,
    /// Application Load Balancers and Network Load Balancers The IDs of the security groups for the load balancer.
    pub security_groups: Vec<String>,
    /// The nodes of an Internet-facing load balancer have public IP addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Tags.
    pub tags: Vec<Tag>,
    /// Kind of it, in the words of AWS.
    #[serde(rename = "Type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The IP address type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
}

/// Answer of `CreateLoadBalancer`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateLoadBalancerOutput {
    /// The load balancers.
    pub load_balancers: Vec<LoadBalancer>,
}

/// Request of `DeleteLoadBalancer`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteLoadBalancerInput {
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
}

/// Answer of `DeleteLoadBalancer`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteLoadBalancerOutput {}

/// Request of `DescribeLoadBalancers`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeLoadBalancersInput {
    /// ARNs of load balancers.
    pub load_balancer_arns: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// Where the page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Largest number of results of one page.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

/// Answer of `DescribeLoadBalancers`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeLoadBalancersOutput {
    /// The load balancers.
    pub load_balancers: Vec<LoadBalancer>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// Information about a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct LoadBalancer {
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
    /// The public DNS name of the load balancer.
    #[serde(rename = "DNSName")]
    pub dns_name: String,
    /// The ID of the Amazon Route 53 hosted zone associated with the load balancer.
    pub canonical_hosted_zone_id: String,
    /// When it was created, in seconds since the Unix epoch.
    #[serde(deserialize_with = "scalar::lenient")]
    pub created_time: f64,
    /// The name of the load balancer.
    pub load_balancer_name: String,
    /// The nodes of an Internet-facing load balancer have public IP addresses.
    pub scheme: String,
    /// The ID of the VPC for the load balancer.
    pub vpc_id: String,
    /// The state of the load balancer.
    pub state: LoadBalancerState,
    /// Kind of it, in the words of AWS.
    #[serde(rename = "Type")]
    pub kind: String,
    /// The subnets for the load balancer.
    pub availability_zones: Vec<AvailabilityZone>,
    /// The IDs of the security groups for the load balancer.
    pub security_groups: Vec<String>,
    /// The type of IP addresses used for public or private connections by the subnets attached to your load balancer.
    pub ip_address_type: String,
}

/// State of a load balancer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct LoadBalancerState {
    /// The state code.
    pub code: String,
    /// A description of the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Information about an Availability Zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct AvailabilityZone {
    /// The name of the Availability Zone.
    pub zone_name: String,
    /// The ID of the subnet.
    pub subnet_id: String,
}

/// Information about a load balancer attribute.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct LoadBalancerAttribute {
    /// Key.
    pub key: String,
    /// Value.
    #[serde(deserialize_with = "scalar::lenient")]
    pub value: String,
}

/// Request of `ModifyLoadBalancerAttributes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyLoadBalancerAttributesInput {
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
    /// Attributes.
    pub attributes: Vec<LoadBalancerAttribute>,
}

/// Answer of `ModifyLoadBalancerAttributes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyLoadBalancerAttributesOutput {
    /// Attributes.
    pub attributes: Vec<LoadBalancerAttribute>,
}

/// Request of `DescribeLoadBalancerAttributes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeLoadBalancerAttributesInput {
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
}

/// Answer of `DescribeLoadBalancerAttributes`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeLoadBalancerAttributesOutput {
    /// Attributes.
    pub attributes: Vec<LoadBalancerAttribute>,
}

/// Request of `SetSecurityGroups`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct SetSecurityGroupsInput {
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
    /// The IDs of the security groups.
    pub security_groups: Vec<String>,
}

/// Answer of `SetSecurityGroups`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct SetSecurityGroupsOutput {
    /// The IDs of the security groups associated with the load balancer.
    pub security_group_ids: Vec<String>,
}

/// Request of `SetSubnets`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct SetSubnetsInput {
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
    /// The IDs of the public subnets.
    pub subnets: Vec<String>,
}

/// Answer of `SetSubnets`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct SetSubnetsOutput {
    /// Information about the subnets.
    pub availability_zones: Vec<AvailabilityZone>,
}

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// Request of `AddTags`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct AddTagsInput {
    /// ARNs of resources.
    pub resource_arns: Vec<String>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// Answer of `AddTags`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct AddTagsOutput {}

/// Request of `RemoveTags`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct RemoveTagsInput {
    /// ARNs of resources.
    pub resource_arns: Vec<String>,
    /// Keys of the tags.
    pub tag_keys: Vec<String>,
}

/// Answer of `RemoveTags`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct RemoveTagsOutput {}

/// Request of `DescribeTags`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeTagsInput {
    /// ARNs of resources.
    pub resource_arns: Vec<String>,
}

/// Answer of `DescribeTags`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeTagsOutput {
    /// The tags.
    pub tag_descriptions: Vec<TagDescription>,
}

/// The tags associated with a resource.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TagDescription {
    /// ARN of the resource.
    pub resource_arn: String,
    /// Tags.
    pub tags: Vec<Tag>,
}
