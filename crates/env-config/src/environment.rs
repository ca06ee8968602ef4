//! `infra/environments/<name>.toml`: what differs between environments.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    cidr::Cidr,
    names::{
        Domain, DomainLabel, EmailAddress, EnvironmentName, SecretName, SecretsPrefix, ServiceName,
        StackName, ZoneId,
    },
    sizes::FargateSize,
};

/// One environment: a stack with its own network, database, cache and services.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// Name; the file is called the same.
    pub name: EnvironmentName,
    /// CloudFormation stack.
    pub stack_name: StackName,
    /// Public domain name: the platform's hosted zone, or one label below it.
    pub domain: Domain,
    /// The label below the hosted zone; left out when the domain is the zone itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subdomain: Option<DomainLabel>,
    /// Id of a hosted zone that serves `domain` alone, where the platform's zone hands it on. The environment's record goes
    /// there; the zone is never made or deleted. Left out: the record goes into the platform's zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_zone_id: Option<ZoneId>,
    /// Path in front of the names of this environment's secrets.
    pub secrets_prefix: SecretsPrefix,
    /// Run the task `seed` in every deployment. Bootstrap seeds once in any case.
    #[serde(default)]
    pub seed_on_deploy: bool,
    /// Addresses.
    pub network: Network,
    /// The database.
    pub database: Database,
    /// The cache.
    pub cache: Cache,
    /// Size and number of tasks.
    pub ecs: Ecs,
    /// The web application firewall.
    pub waf: Waf,
    /// What is guarded against deletion.
    pub protection: Protection,
    /// Log groups.
    pub logs: Logs,
    /// Where alarms go.
    pub alarms: Alarms,
}

impl Environment {
    /// Number and size of the tasks of a service.
    pub fn service_scale(&self, name: &ServiceName) -> ServiceScale {
        let common = &self.ecs;
        let own = common.services.get(name);
        ServiceScale {
            desired_count: own.and_then(|own| own.desired_count).unwrap_or(common.desired_count),
            size: FargateSize {
                cpu: own.and_then(|own| own.cpu).unwrap_or(common.cpu),
                memory_mib: own.and_then(|own| own.memory_mib).unwrap_or(common.memory_mib),
            },
        }
    }

    /// Name of a secret in Secrets Manager: `{secrets_prefix}/{name}`.
    pub fn secret_path(&self, name: &SecretName) -> String {
        format!("{}/{name}", self.secrets_prefix)
    }

    /// `https://{domain}`.
    pub fn url(&self) -> String {
        format!("https://{}", self.domain)
    }
}

/// The VPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Addresses of the VPC; no two environments share any.
    pub cidr: Cidr,
    /// Availability zones in use, each with a public and a private subnet.
    #[schemars(range(min = 2, max = 3))]
    pub availability_zones: u8,
    /// NAT gateways: one for all zones, or one for each.
    #[schemars(range(min = 1, max = 3))]
    pub nat_gateways: u8,
}

/// The RDS instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// Instance class (`db.t4g.micro`).
    pub instance_class: crate::instance_class::InstanceClass,
    /// Keep a standby in a second availability zone.
    pub multi_az: bool,
    /// Days that automatic backups are kept; 0 would turn them off and is refused.
    #[schemars(range(min = 1, max = 35))]
    pub backup_retention_days: u32,
    /// Refuse to delete the instance.
    pub deletion_protection: bool,
    /// Storage at creation, in GiB (gp3: at least 20).
    #[serde(default = "twenty")]
    #[schemars(range(min = 20, max = 65_536))]
    pub allocated_storage_gib: u32,
    /// Limit up to which RDS enlarges the storage, in GiB.
    #[serde(default = "hundred")]
    #[schemars(range(min = 20, max = 65_536))]
    pub max_allocated_storage_gib: u32,
}

fn twenty() -> u32 {
    20
}

fn hundred() -> u32 {
    100
}

/// The ElastiCache replication group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// Node type (`cache.t4g.micro`).
    pub node_type: crate::instance_class::CacheNodeType,
    /// Nodes; with two or more the primary fails over by itself.
    #[schemars(range(min = 1, max = 6))]
    pub nodes: u8,
    /// Days that daily snapshots are kept; 0: none.
    #[serde(default)]
    #[schemars(range(min = 0, max = 35))]
    pub snapshot_retention_days: u32,
    /// Let clients in that give no password. Only for the time in which services that do not give one are replaced.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_anonymous: bool,
}

/// Number and size of tasks, for all services and for single ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ecs {
    /// Tasks of each service.
    #[schemars(range(min = 0, max = 1000))]
    pub desired_count: u32,
    /// CPU units of each task.
    #[schemars(extend("enum" = [256, 512, 1024, 2048, 4096, 8192, 16384]))]
    pub cpu: u32,
    /// Memory of each task in MiB.
    #[schemars(range(min = 512, max = 122_880))]
    pub memory_mib: u32,
    /// Services that differ.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub services: IndexMap<ServiceName, EcsService>,
}

/// Number and size of the tasks of one service, as far as they differ.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EcsService {
    /// Tasks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    pub desired_count: Option<u32>,
    /// CPU units of a task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = [256, 512, 1024, 2048, 4096, 8192, 16384]))]
    pub cpu: Option<u32>,
    /// Memory of a task in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 512, max = 122_880))]
    pub memory_mib: Option<u32>,
}

/// Number and size of the tasks of one service, decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServiceScale {
    /// Tasks.
    pub desired_count: u32,
    /// Size of each.
    pub size: FargateSize,
}

/// The web application firewall in front of the load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Waf {
    /// Whether there is one.
    pub enabled: bool,
    /// Requests from one address in five minutes above which it is blocked.
    #[serde(default = "default_rate_limit")]
    #[schemars(range(min = 10, max = 2_000_000_000))]
    pub rate_limit_per_five_minutes: u32,
}

fn default_rate_limit() -> u32 {
    2_000
}

/// What is guarded against deletion besides the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Protection {
    /// Termination protection of the stack.
    pub stack: bool,
    /// Deletion protection of the load balancer.
    pub load_balancer: bool,
    /// Keep a last snapshot of the database and retain the logs when the stack is deleted.
    pub retain_data: bool,
}

/// Log groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// Days that log events are kept: one of the values that CloudWatch Logs knows.
    #[schemars(extend("enum" = crate::sizes::LOG_RETENTION_DAYS))]
    pub retention_days: u32,
}

/// Where alarms go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarms {
    /// Address subscribed to the alarm topic; AWS sends it a confirmation once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
}
