//! Amazon Route 53.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{DnsName, HostedZoneId, Text, TextList};
use crate::value::Value;

/// `AWS::Route53::HostedZone`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HostedZone<S> {
    pub hosted_zone_config: HostedZoneConfig,
    pub name: Value<S, Text>,
}
resource!(
    HostedZone = "AWS::Route53::HostedZone",
    ref id: HostedZoneId,
    "NameServers" name_servers: TextList,
);

/// The zone's comment.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HostedZoneConfig {
    pub comment: String,
}

/// `AWS::Route53::RecordSet` that is an alias.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordSet<S> {
    pub alias_target: AliasTarget<S>,
    pub hosted_zone_id: Value<S, HostedZoneId>,
    pub name: String,
    #[serde(rename = "Type")]
    pub kind: &'static str,
}
resource!(RecordSet = "AWS::Route53::RecordSet");

/// The AWS resource that an alias stands for.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AliasTarget<S> {
    #[serde(rename = "DNSName")]
    pub dns_name: Value<S, DnsName>,
    pub evaluate_target_health: bool,
    /// The zone of the resource, not of the record.
    pub hosted_zone_id: Value<S, HostedZoneId>,
}
