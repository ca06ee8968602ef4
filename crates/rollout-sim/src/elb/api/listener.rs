//! Listeners and their actions.

use serde::{Deserialize, Serialize};

use super::*;
use crate::scalar;

/// Request of `CreateListener`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateListenerInput {
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
    /// Protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Port.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// HTTPS and TLS listeners The security policy that defines which protocols and ciphers are supported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssl_policy: Option<String>,
    /// The certificates.
    pub certificates: Vec<Certificate>,
    /// What is done with a request that no rule takes.
    pub default_actions: Vec<Action>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// Answer of `CreateListener`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateListenerOutput {
    /// The listeners.
    pub listeners: Vec<Listener>,
}

/// Request of `ModifyListener`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyListenerInput {
    /// ARN of the listener.
    pub listener_arn: String,
    /// Port.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// HTTPS and TLS listeners The security policy that defines which protocols and ciphers are supported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssl_policy: Option<String>,
    /// The certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificates: Option<Vec<Certificate>>,
    /// What is done with a request that no rule takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_actions: Option<Vec<Action>>,
}

/// Answer of `ModifyListener`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyListenerOutput {
    /// The listeners.
    pub listeners: Vec<Listener>,
}

/// Request of `DeleteListener`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteListenerInput {
    /// ARN of the listener.
    pub listener_arn: String,
}

/// Answer of `DeleteListener`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteListenerOutput {}

/// Request of `DescribeListeners`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeListenersInput {
    /// ARN of the load balancer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub load_balancer_arn: Option<String>,
    /// ARNs of listeners.
    pub listener_arns: Vec<String>,
    /// Where the page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Largest number of results of one page.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

/// Answer of `DescribeListeners`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeListenersOutput {
    /// The listeners.
    pub listeners: Vec<Listener>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// Information about a listener.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Listener {
    /// ARN of the listener.
    pub listener_arn: String,
    /// ARN of the load balancer.
    pub load_balancer_arn: String,
    /// Port.
    #[serde(deserialize_with = "scalar::lenient")]
    pub port: u16,
    /// Protocol.
    pub protocol: String,
    /// The certificates.
    pub certificates: Vec<Certificate>,
    /// HTTPS or TLS listener The security policy that defines which protocols and ciphers are supported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssl_policy: Option<String>,
    /// What is done with a request that no rule takes.
    pub default_actions: Vec<Action>,
}

/// Information about an SSL server certificate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Certificate {
    /// The Amazon Resource Name (ARN) of the certificate.
    pub certificate_arn: String,
    /// Indicates whether the certificate is the default certificate.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub is_default: Option<bool>,
}

/// Information about an action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Action {
    /// Kind of it, in the words of AWS.
    #[serde(rename = "Type")]
    pub kind: String,
    /// ARN of the target group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group_arn: Option<String>,
    /// The order for the action.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub order: Option<u32>,
    /// Application Load Balancer Information for creating a redirect action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_config: Option<RedirectActionConfig>,
    /// Application Load Balancer Information for creating an action that returns a custom HTTP response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_response_config: Option<FixedResponseActionConfig>,
    /// Information for creating an action that distributes requests among multiple target groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forward_config: Option<ForwardActionConfig>,
}

/// Information about a redirect action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct RedirectActionConfig {
    /// Protocol.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Port.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub port: Option<String>,
    /// The hostname.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The absolute path, starting with the leading "/". This component is not percent-encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The query parameters, URL-encoded when necessary, but not percent-encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The HTTP redirect code.
    pub status_code: String,
}

/// Information about an action that returns a custom HTTP response.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct FixedResponseActionConfig {
    /// The message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_body: Option<String>,
    /// The HTTP response code (2XX, 4XX, or 5XX).
    #[serde(deserialize_with = "scalar::lenient")]
    pub status_code: String,
    /// The content type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// Information about a forward action.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ForwardActionConfig {
    /// The target groups.
    pub target_groups: Vec<TargetGroupTuple>,
    /// The target group stickiness for the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_group_stickiness_config: Option<TargetGroupStickinessConfig>,
}

/// Information about how traffic will be distributed between multiple target groups in a forward rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TargetGroupTuple {
    /// ARN of the target group.
    pub target_group_arn: String,
    /// The weight.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
}

/// Information about the target group stickiness for a rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct TargetGroupStickinessConfig {
    /// Indicates whether target group stickiness is enabled.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// Application Load Balancers The time period, in seconds, during which requests from a client should be routed to the same target group.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u32>,
}
