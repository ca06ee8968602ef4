//! Amazon RDS.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use std::collections::BTreeMap;

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{
    DbInstanceId, DbParameterGroupName, DbSubnetGroupName, DnsName, Port, SecurityGroupId, SubnetId, Text,
};
use crate::value::Value;

/// `AWS::RDS::DBSubnetGroup`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DbSubnetGroup<S> {
    #[serde(rename = "DBSubnetGroupDescription")]
    pub description: String,
    #[serde(rename = "DBSubnetGroupName")]
    pub name: String,
    pub subnet_ids: Vec<Value<S, SubnetId>>,
}
resource!(DbSubnetGroup = "AWS::RDS::DBSubnetGroup", ref name: DbSubnetGroupName);

/// `AWS::RDS::DBParameterGroup`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DbParameterGroup<S> {
    pub description: Value<S, Text>,
    pub family: String,
    pub parameters: BTreeMap<&'static str, String>,
}
resource!(DbParameterGroup = "AWS::RDS::DBParameterGroup", ref name: DbParameterGroupName);

/// `AWS::RDS::DBInstance`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DbInstance<S> {
    /// GiB.
    pub allocated_storage: String,
    pub auto_minor_version_upgrade: bool,
    /// Days.
    pub backup_retention_period: u32,
    #[serde(rename = "CACertificateIdentifier")]
    pub ca_certificate_identifier: &'static str,
    pub copy_tags_to_snapshot: bool,
    #[serde(rename = "DBInstanceClass")]
    pub db_instance_class: String,
    #[serde(rename = "DBInstanceIdentifier")]
    pub db_instance_identifier: String,
    #[serde(rename = "DBName")]
    pub db_name: String,
    #[serde(rename = "DBParameterGroupName")]
    pub db_parameter_group_name: Value<S, DbParameterGroupName>,
    #[serde(rename = "DBSubnetGroupName")]
    pub db_subnet_group_name: Value<S, DbSubnetGroupName>,
    pub database_insights_mode: &'static str,
    /// Whether the automated backups go with the instance at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delete_automated_backups: Option<bool>,
    pub deletion_protection: bool,
    pub enable_cloudwatch_logs_exports: Vec<&'static str>,
    pub enable_performance_insights: bool,
    pub engine: &'static str,
    pub engine_version: String,
    pub master_user_password: Value<S, Text>,
    pub master_username: Value<S, Text>,
    /// GiB: storage grows on its own up to here.
    pub max_allocated_storage: u32,
    #[serde(rename = "MultiAZ")]
    pub multi_az: bool,
    pub port: String,
    pub preferred_backup_window: String,
    pub preferred_maintenance_window: String,
    pub publicly_accessible: bool,
    pub storage_encrypted: bool,
    pub storage_type: &'static str,
    #[serde(rename = "VPCSecurityGroups")]
    pub vpc_security_groups: Vec<Value<S, SecurityGroupId>>,
}
resource!(
    DbInstance = "AWS::RDS::DBInstance",
    ref id: DbInstanceId,
    "Endpoint.Address" address: DnsName,
    "Endpoint.Port" port: Port,
);
