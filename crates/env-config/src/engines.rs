//! Database and cache: which engines, in which versions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    names::{CacheUserName, DatabaseName},
    service::SecretRef,
};

/// PostgreSQL on RDS.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseEngine {
    /// Major version; RDS picks and upgrades the minor one.
    pub version: PostgresVersion,
    /// Name of the database.
    pub name: DatabaseName,
    /// Name of its owner.
    pub username: DatabaseName,
    /// The secret that holds the owner's password.
    pub password: SecretRef,
    /// Port.
    #[serde(default = "postgres_port")]
    #[schemars(range(min = 1150, max = 65535))]
    pub port: u16,
}

fn postgres_port() -> u16 {
    5432
}

/// Major versions of PostgreSQL that the platform supports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum PostgresVersion {
    /// PostgreSQL 16.
    #[serde(rename = "16")]
    V16,
    /// PostgreSQL 17.
    #[serde(rename = "17")]
    V17,
    /// PostgreSQL 18.
    #[serde(rename = "18")]
    V18,
}

impl PostgresVersion {
    /// As RDS' `EngineVersion` takes it.
    pub fn engine_version(self) -> &'static str {
        match self {
            Self::V16 => "16",
            Self::V17 => "17",
            Self::V18 => "18",
        }
    }

    /// Family of the parameter group.
    pub fn parameter_group_family(self) -> &'static str {
        match self {
            Self::V16 => "postgres16",
            Self::V17 => "postgres17",
            Self::V18 => "postgres18",
        }
    }
}

/// The cache on ElastiCache. Traffic is always encrypted, and nobody gets in without a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CacheEngine {
    /// Engine and version.
    pub engine: CacheEngineVersion,
    /// Name of the user that services authenticate as.
    pub user: CacheUserName,
    /// The secret that holds the user's password.
    pub password: SecretRef,
    /// A second password of the same user, while one takes the place of the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second_password: Option<SecretRef>,
    /// Port.
    #[serde(default = "cache_port")]
    #[schemars(range(min = 1024, max = 65535))]
    pub port: u16,
}

impl CacheEngine {
    /// The passwords that the cache accepts, the lasting one first.
    pub fn passwords(&self) -> impl Iterator<Item = &SecretRef> {
        std::iter::once(&self.password).chain(&self.second_password)
    }
}

fn cache_port() -> u16 {
    6379
}

/// Engines that speak Redis' protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CacheEngineVersion {
    /// Valkey 7.2.
    #[serde(rename = "valkey-7.2")]
    Valkey7_2,
    /// Valkey 8.0.
    #[serde(rename = "valkey-8.0")]
    Valkey8_0,
    /// Valkey 8.1.
    #[serde(rename = "valkey-8.1")]
    Valkey8_1,
    /// Redis OSS 7.0.
    #[serde(rename = "redis-7.0")]
    Redis7_0,
    /// Redis OSS 7.1.
    #[serde(rename = "redis-7.1")]
    Redis7_1,
}

impl CacheEngineVersion {
    /// As ElastiCache's `Engine` takes it.
    pub fn engine(self) -> &'static str {
        match self {
            Self::Valkey7_2 | Self::Valkey8_0 | Self::Valkey8_1 => "valkey",
            Self::Redis7_0 | Self::Redis7_1 => "redis",
        }
    }

    /// As ElastiCache's `EngineVersion` takes it.
    pub fn engine_version(self) -> &'static str {
        match self {
            Self::Valkey7_2 => "7.2",
            Self::Valkey8_0 => "8.0",
            Self::Valkey8_1 => "8.1",
            Self::Redis7_0 => "7.0",
            Self::Redis7_1 => "7.1",
        }
    }

    /// Family of the parameter group.
    pub fn parameter_group_family(self) -> &'static str {
        match self {
            Self::Valkey7_2 => "valkey7",
            Self::Valkey8_0 | Self::Valkey8_1 => "valkey8",
            Self::Redis7_0 | Self::Redis7_1 => "redis7",
        }
    }
}
