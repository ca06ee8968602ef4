//! Services, their routes and the one-off tasks.

use std::{fmt, str::FromStr};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    names::{
        ContainerUser, EnvVarName, HttpPath, PathPattern, RepositoryName, SecretKeyName, SecretName,
        ServiceName,
    },
    public::VersionEndpoint,
    sizes::FargateSize,
};

/// A long-running container behind the load balancer, or reachable by other services only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Port that the container listens on; the container learns it as `PORT`.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// ECR repository, shared by all environments. Left out: `{platform}/{service}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
    /// How the image is built.
    pub build: ImageBuild,
    /// Processor of the image and of the Fargate tasks.
    #[serde(default)]
    pub architecture: CpuArchitecture,
    /// User id that the container runs as.
    pub user: ContainerUser,
    /// Mount the root file system read-only; `/tmp` stays writable.
    #[serde(default = "yes")]
    pub read_only_root_filesystem: bool,
    /// Seconds between SIGTERM and SIGKILL (Fargate: 2 to 120).
    #[serde(default = "default_stop_timeout")]
    #[schemars(range(min = 2, max = 120))]
    pub stop_timeout_secs: u32,
    /// Health check of the load balancer. Required when the service has routes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_check: Option<ServiceHealthCheck>,
    /// Endpoint at which the service names the release that it runs, instead of the header `release_header`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_endpoint: Option<VersionEndpoint>,
    /// Health check that runs inside the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container_health_check: Option<ContainerHealthCheck>,
    /// Public routes. Without any the service is internal: it has no target group and is found by service discovery.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<Route>,
    /// Services that this one calls inside the VPC. They are registered in service discovery and let it in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ServiceName>,
    /// Uses the database: is let in by its security group.
    #[serde(default)]
    pub database: bool,
    /// Uses the cache: is let in by its security group.
    #[serde(default)]
    pub cache: bool,
    /// Environment variables.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub environment: IndexMap<EnvVarName, EnvValue>,
    /// Environment variables that ECS fills from secrets when a task starts.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub secrets: IndexMap<EnvVarName, SecretRef>,
}

impl Service {
    /// Whether the load balancer sends requests here. Services without routes are internal.
    pub fn is_public(&self) -> bool {
        !self.routes.is_empty()
    }
}

fn yes() -> bool {
    true
}

fn default_stop_timeout() -> u32 {
    30
}

/// Where the image comes from. Images hold nothing of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageBuild {
    /// Dockerfile, relative to the repository that is built.
    pub dockerfile: String,
    /// Build context, relative to the same.
    #[serde(default = "current_directory")]
    pub context: String,
    /// Target stage; left out: the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

fn current_directory() -> String {
    ".".to_owned()
}

/// Processor architecture, in the words of ECS' `runtimePlatform.cpuArchitecture`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CpuArchitecture {
    /// AWS Graviton (`linux/arm64`).
    #[default]
    #[serde(rename = "ARM64")]
    Arm64,
    /// Intel and AMD (`linux/amd64`).
    #[serde(rename = "X86_64")]
    X86_64,
}

impl CpuArchitecture {
    /// The platform as Docker writes it.
    pub fn docker_platform(self) -> &'static str {
        match self {
            Self::Arm64 => "linux/arm64",
            Self::X86_64 => "linux/amd64",
        }
    }
}

/// Health check of a service by the load balancer. Whatever is left out comes from `deployment.health_check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceHealthCheck {
    /// Path that answers 200 when the service can work.
    pub path: HttpPath,
    /// Status code that counts as healthy.
    #[serde(default = "status_ok")]
    #[schemars(range(min = 200, max = 499))]
    pub status: u16,
    /// Seconds between checks, instead of the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 300))]
    pub interval_secs: Option<u32>,
    /// Seconds until a check without answer counts as failed, instead of the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 120))]
    pub timeout_secs: Option<u32>,
    /// Seconds after the start of a task in which failed checks are ignored, instead of the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1800))]
    pub grace_period_secs: Option<u32>,
}

fn status_ok() -> u16 {
    200
}

/// Health check that ECS runs inside the container (limits: botocore `ecs` `HealthCheck`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerHealthCheck {
    /// `["CMD", program, arguments…]` or `["CMD-SHELL", line]`; exit code 0 is healthy.
    #[schemars(length(min = 2))]
    pub command: Vec<String>,
    /// Seconds between checks.
    #[serde(default = "ten")]
    #[schemars(range(min = 5, max = 300))]
    pub interval_secs: u32,
    /// Seconds until a check counts as failed.
    #[serde(default = "five")]
    #[schemars(range(min = 2, max = 60))]
    pub timeout_secs: u32,
    /// Failed checks in a row that make the container unhealthy.
    #[serde(default = "three")]
    #[schemars(range(min = 1, max = 10))]
    pub retries: u32,
    /// Seconds after the start in which failures do not count.
    #[serde(default = "fifteen")]
    #[schemars(range(min = 0, max = 300))]
    pub start_period_secs: u32,
}

fn ten() -> u32 {
    10
}

fn five() -> u32 {
    5
}

fn three() -> u32 {
    3
}

fn fifteen() -> u32 {
    15
}

/// A listener rule that sends requests to the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// Order in which rules are tried, lowest first; unique on the platform.
    #[schemars(range(min = 1, max = 50000))]
    pub priority: u32,
    /// Patterns, any of which matches. ALB allows five values in the conditions of a rule, wildcards included.
    #[schemars(length(min = 1, max = 5))]
    pub paths: Vec<PathPattern>,
}

/// One key of a secret.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretRef {
    /// Secret, from the platform's `secrets`.
    pub secret: SecretName,
    /// Key in its JSON object.
    pub key: SecretKeyName,
}

/// Value of an environment variable: text, or `{ from = "…" }` for what only the stack or the environment knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum EnvValue {
    /// The text itself.
    Literal(String),
    /// Looked up for each environment.
    From(EnvValueFrom),
}

/// `{ from = "database.host" }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnvValueFrom {
    /// What to look up.
    pub from: ValueSource,
}

/// What an environment variable can be filled from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ValueSource {
    /// `environment.name`: the name of the environment.
    EnvironmentName,
    /// `environment.domain`: the public domain name.
    EnvironmentDomain,
    /// `environment.url`: `https://` and the public domain name, without a slash at the end.
    EnvironmentUrl,
    /// `region`: the AWS region.
    Region,
    /// `database.host`: the address of the database.
    DatabaseHost,
    /// `database.port`: its port.
    DatabasePort,
    /// `database.name`: the name of the database.
    DatabaseName,
    /// `database.username`: the name of its owner.
    DatabaseUsername,
    /// `cache.host`: the primary endpoint of the cache.
    CacheHost,
    /// `cache.port`: its port.
    CachePort,
    /// `cache.url`: `rediss://host:port` (TLS), without user and password.
    CacheUrl,
    /// `cache.username`: the user that services authenticate as.
    CacheUsername,
    /// `services.{name}.url`: `http://{name}.{namespace}:{port}` of a service that this one calls.
    ServiceUrl(ServiceName),
}

const SOURCES: [(&str, ValueSource); 12] = [
    ("environment.name", ValueSource::EnvironmentName),
    ("environment.domain", ValueSource::EnvironmentDomain),
    ("environment.url", ValueSource::EnvironmentUrl),
    ("region", ValueSource::Region),
    ("database.host", ValueSource::DatabaseHost),
    ("database.port", ValueSource::DatabasePort),
    ("database.name", ValueSource::DatabaseName),
    ("database.username", ValueSource::DatabaseUsername),
    ("cache.host", ValueSource::CacheHost),
    ("cache.port", ValueSource::CachePort),
    ("cache.url", ValueSource::CacheUrl),
    ("cache.username", ValueSource::CacheUsername),
];

/// Text that names no [`ValueSource`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a source of values: expected {list}, or services.NAME.url", list = source_list())]
pub struct UnknownSource(String);

fn source_list() -> String {
    SOURCES.map(|(name, _)| name).join(", ")
}

impl FromStr for ValueSource {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((_, source)) = SOURCES.iter().find(|(name, _)| *name == text) {
            return Ok(source.clone());
        }
        text.strip_prefix("services.")
            .and_then(|rest| rest.strip_suffix(".url"))
            .and_then(|name| name.parse().ok())
            .map(Self::ServiceUrl)
            .ok_or_else(|| UnknownSource(text.to_owned()))
    }
}

impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceUrl(name) => write!(f, "services.{name}.url"),
            other => {
                f.write_str(SOURCES.iter().find(|(_, source)| source == other).map_or("", |(name, _)| name))
            }
        }
    }
}

impl Serialize for ValueSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ValueSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for ValueSource {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ValueSource".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                { "type": "string", "enum": SOURCES.map(|(name, _)| name) },
                { "type": "string", "pattern": "^services\\.[a-z][a-z0-9-]*\\.url$" },
            ],
            "description": format!("{}, services.NAME.url", source_list()),
        })
    }
}

/// A container that runs once and is judged by its exit code, on the image of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Task {
    /// Service whose image, user and environment the task uses. Secrets it lists itself.
    pub service: ServiceName,
    /// Program and arguments.
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// Fargate size.
    pub size: FargateSize,
    /// Seconds after which a task that still runs is stopped and counts as failed.
    #[schemars(range(min = 30, max = 86400))]
    pub timeout_secs: u32,
    /// Further environment variables.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub environment: IndexMap<EnvVarName, EnvValue>,
    /// Environment variables from secrets.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub secrets: IndexMap<EnvVarName, SecretRef>,
}
