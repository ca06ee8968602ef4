//! AWS Cloud Map.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{DiscoveryServiceArn, NamespaceId, Text, VpcId};
use crate::value::Value;

/// `AWS::ServiceDiscovery::PrivateDnsNamespace`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PrivateDnsNamespace<S> {
    pub description: Value<S, Text>,
    pub name: String,
    pub vpc: Value<S, VpcId>,
}
resource!(
    PrivateDnsNamespace = "AWS::ServiceDiscovery::PrivateDnsNamespace",
    ref id: NamespaceId,
);

/// `AWS::ServiceDiscovery::Service`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Service<S> {
    pub description: Value<S, Text>,
    pub dns_config: DnsConfig<S>,
    pub health_check_custom_config: HealthCheckCustomConfig,
    pub name: String,
}
resource!(
    Service = "AWS::ServiceDiscovery::Service",
    "Arn" arn: DiscoveryServiceArn,
);

/// The records of a service.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DnsConfig<S> {
    pub dns_records: Vec<DnsRecord>,
    pub namespace_id: Value<S, NamespaceId>,
    pub routing_policy: &'static str,
}

/// A record per instance.
#[derive(Debug, Clone, Serialize)]
pub struct DnsRecord {
    /// Seconds.
    #[serde(rename = "TTL")]
    pub ttl: u32,
    #[serde(rename = "Type")]
    pub kind: &'static str,
}

/// Health as ECS reports it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HealthCheckCustomConfig {
    /// Always 1; other values are deprecated.
    pub failure_threshold: u32,
}
