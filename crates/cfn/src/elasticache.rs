//! Amazon ElastiCache.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use std::collections::BTreeMap;

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{
    CacheParameterGroupName, CacheSubnetGroupName, CacheUserGroupId, CacheUserId, DnsName, Port,
    ReplicationGroupId, SecurityGroupId, SubnetId, Text,
};
use crate::value::Value;

/// `AWS::ElastiCache::SubnetGroup`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SubnetGroup<S> {
    pub cache_subnet_group_name: String,
    pub description: String,
    pub subnet_ids: Vec<Value<S, SubnetId>>,
}
resource!(SubnetGroup = "AWS::ElastiCache::SubnetGroup", ref name: CacheSubnetGroupName);

/// `AWS::ElastiCache::ParameterGroup`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ParameterGroup<S> {
    pub cache_parameter_group_family: String,
    pub description: Value<S, Text>,
    pub properties: BTreeMap<&'static str, String>,
}
resource!(
    ParameterGroup = "AWS::ElastiCache::ParameterGroup",
    ref name: CacheParameterGroupName,
);

/// `AWS::ElastiCache::User`: who may say what to the caches of a user group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct User<S> {
    /// `on` or `off`, then patterns of keys and commands, as `ACL SETUSER` takes them.
    pub access_string: String,
    pub engine: &'static str,
    pub no_password_required: bool,
    /// At most two, either of which is accepted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passwords: Vec<Value<S, Text>>,
    pub user_id: String,
    pub user_name: String,
}
resource!(User = "AWS::ElastiCache::User", ref id: CacheUserId);

/// `AWS::ElastiCache::UserGroup`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserGroup<S> {
    pub engine: &'static str,
    pub user_group_id: String,
    pub user_ids: Vec<Value<S, CacheUserId>>,
}
resource!(UserGroup = "AWS::ElastiCache::UserGroup", ref id: CacheUserGroupId);

/// `AWS::ElastiCache::ReplicationGroup` with cluster mode off.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReplicationGroup<S> {
    pub at_rest_encryption_enabled: bool,
    pub auto_minor_version_upgrade: bool,
    pub automatic_failover_enabled: bool,
    pub cache_node_type: String,
    pub cache_parameter_group_name: Value<S, CacheParameterGroupName>,
    pub cache_subnet_group_name: Value<S, CacheSubnetGroupName>,
    pub engine: &'static str,
    pub engine_version: String,
    #[serde(rename = "MultiAZEnabled")]
    pub multi_az_enabled: bool,
    pub num_cache_clusters: u32,
    pub port: u16,
    pub preferred_maintenance_window: String,
    pub replication_group_description: String,
    pub replication_group_id: String,
    pub security_group_ids: Vec<Value<S, SecurityGroupId>>,
    /// Days; 0 keeps no snapshots.
    pub snapshot_retention_limit: u32,
    pub snapshot_window: String,
    pub transit_encryption_enabled: bool,
    pub transit_encryption_mode: &'static str,
    pub user_group_ids: Vec<Value<S, CacheUserGroupId>>,
}
resource!(
    ReplicationGroup = "AWS::ElastiCache::ReplicationGroup",
    ref id: ReplicationGroupId,
    "PrimaryEndPoint.Address" primary_address: DnsName,
    "PrimaryEndPoint.Port" primary_port: Port,
);
