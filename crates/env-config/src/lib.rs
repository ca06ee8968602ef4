//! Typed platform and environment configuration, read from TOML.
//!
//! [`Config::load`] reads `infra/platform.toml` and every file under `infra/environments`. What it returns has been checked:
//! names are valid, references resolve, sizes exist and no two environments get in each other's way.

mod check;
mod cidr;
mod document;
mod engines;
mod environment;
mod error;
mod examples;
mod files;
mod instance_class;
mod load;
mod names;
mod platform;
mod public;
mod resource_names;
mod scenario;
mod schema_check;
mod schemas;
mod secret;
mod service;
mod sizes;
mod text;

pub use cidr::{Cidr, InvalidCidr, Subnet};
pub use engines::{CacheEngine, CacheEngineVersion, DatabaseEngine, PostgresVersion};
pub use environment::{
    Alarms, Cache, Database, Ecs, EcsService, Environment, Logs, Network, Protection, ServiceScale, Waf,
};
pub use error::{ConfigError, Problem};
pub use examples::{Example, examples};
pub use files::read_text;
pub use instance_class::{CacheNodeType, InstanceClass, UnknownClass};
pub use load::Config;
pub use names::{
    AccountId, CacheUserName, CertificateArn, ContainerUser, DatabaseName, Domain, DomainLabel, EmailAddress,
    EnvVarName, EnvironmentName, GitHubName, HeaderName, HttpPath, JsonPointer, Namespace, PathPattern,
    PlatformName, Region, RepositoryName, SecretKeyName, SecretName, SecretsPrefix, ServiceName, StackName,
    TaskName, WafRuleName, ZoneId,
};
pub use platform::{
    CircuitBreaker, Deployment, GitHub, HealthCheckDefaults, HttpMethod, Platform, Registry,
    TargetErrorAlarm, TargetHealthCheck, WafExemption, WafTuning,
};
pub use public::{
    Probe, ReleaseSource, Unnamed, VERSION_BODY_LIMIT, VersionEndpoint, path_matches, release_in,
};
pub use resource_names::{EnvironmentNames, SharedNames};
pub use scenario::{Changes, Scenario, ScenarioImage, ScenarioImages, ScenarioSide, Watcher, merge};
pub use schemas::schemas;
pub use secret::{Alphabet, BadShape, Secret, SecretKey, SecretSource};
pub use service::{
    ContainerHealthCheck, CpuArchitecture, EnvValue, EnvValueFrom, ImageBuild, Route, SecretRef, Service,
    ServiceHealthCheck, Task, UnknownSource, ValueSource,
};
pub use sizes::{FARGATE_SIZES, FargateMemory, FargateSize, LOG_RETENTION_DAYS};
pub use text::InvalidText;
