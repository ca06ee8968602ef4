//! Elastic Load Balancing v2: application load balancers.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{
    CertificateArn, DnsName, HostedZoneId, ListenerArn, LoadBalancerArn, LoadBalancerFullName,
    SecurityGroupId, SubnetId, TargetGroupArn, TargetGroupFullName, Text, VpcId,
};
use crate::value::Value;

/// `AWS::ElasticLoadBalancingV2::LoadBalancer`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoadBalancer<S> {
    pub load_balancer_attributes: Vec<Attribute<S>>,
    pub name: String,
    pub scheme: &'static str,
    pub security_groups: Vec<Value<S, SecurityGroupId>>,
    pub subnets: Vec<Value<S, SubnetId>>,
}
resource!(
    LoadBalancer = "AWS::ElasticLoadBalancingV2::LoadBalancer",
    ref arn: LoadBalancerArn,
    "DNSName" dns_name: DnsName,
    "CanonicalHostedZoneID" canonical_hosted_zone_id: HostedZoneId,
    "LoadBalancerFullName" full_name: LoadBalancerFullName,
);

/// A load balancer or target group attribute.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Attribute<S> {
    pub key: &'static str,
    pub value: Value<S, Text>,
}

/// `AWS::ElasticLoadBalancingV2::Listener`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Listener<S> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<Certificate<S>>,
    pub default_actions: Vec<Action<S>>,
    pub load_balancer_arn: Value<S, LoadBalancerArn>,
    pub port: u16,
    pub protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ssl_policy: Option<&'static str>,
}
resource!(
    Listener = "AWS::ElasticLoadBalancingV2::Listener",
    ref arn: ListenerArn,
);

/// The certificate of an HTTPS listener.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Certificate<S> {
    pub certificate_arn: Value<S, CertificateArn>,
}

/// What a listener or a rule does with a request.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "Type", rename_all = "kebab-case", rename_all_fields = "PascalCase")]
pub enum Action<S> {
    Forward { target_group_arn: Value<S, TargetGroupArn> },
    Redirect { redirect_config: Redirect },
    FixedResponse { fixed_response_config: FixedResponse },
}

/// Redirection; what is not given stays as it was in the request.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Redirect {
    pub port: &'static str,
    pub protocol: &'static str,
    pub status_code: &'static str,
}

/// An answer by the load balancer itself.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct FixedResponse {
    pub content_type: &'static str,
    pub message_body: &'static str,
    pub status_code: &'static str,
}

/// `AWS::ElasticLoadBalancingV2::ListenerRule`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ListenerRule<S> {
    pub actions: Vec<Action<S>>,
    pub conditions: Vec<PathCondition>,
    pub listener_arn: Value<S, ListenerArn>,
    /// 1 to 50,000; the lowest is evaluated first.
    pub priority: u32,
}
resource!(ListenerRule = "AWS::ElasticLoadBalancingV2::ListenerRule");

/// The condition `path-pattern`.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "Field", rename = "path-pattern", rename_all = "PascalCase")]
pub struct PathCondition {
    pub path_pattern_config: PathPatterns,
}

/// Patterns of which one must match; a rule has at most five values over all its conditions.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PathPatterns {
    pub values: Vec<String>,
}

/// `AWS::ElasticLoadBalancingV2::TargetGroup` of IP targets over HTTP.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TargetGroup<S> {
    pub health_check_interval_seconds: u32,
    pub health_check_path: String,
    pub health_check_timeout_seconds: u32,
    pub healthy_threshold_count: u32,
    pub matcher: Matcher,
    pub port: u16,
    pub protocol: &'static str,
    pub target_group_attributes: Vec<Attribute<S>>,
    pub target_type: &'static str,
    pub unhealthy_threshold_count: u32,
    pub vpc_id: Value<S, VpcId>,
}
resource!(
    TargetGroup = "AWS::ElasticLoadBalancingV2::TargetGroup",
    ref arn: TargetGroupArn,
    "TargetGroupFullName" full_name: TargetGroupFullName,
);

/// Status codes that pass a health check.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Matcher {
    pub http_code: String,
}
