//! `infra/platform.toml`: what is the same in every environment.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    engines::{CacheEngine, DatabaseEngine},
    names::{
        AccountId, CertificateArn, Domain, GitHubName, HeaderName, Namespace, PathPattern, PlatformName,
        Region, RepositoryName, SecretKeyName, SecretName, ServiceName, StackName, TaskName, WafRuleName,
        ZoneId,
    },
    secret::{Secret, SecretKey},
    service::{Route, Service, Task},
};

/// The platform: services, tasks, secrets, engines and the rules of deployment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Platform {
    /// First part of every physical name.
    pub name: PlatformName,
    /// Stack that holds what exists once: repositories, hosted zone, certificate, roles.
    pub shared_stack_name: StackName,
    /// The AWS account that holds every environment. The tool refuses to work on another.
    pub account_id: AccountId,
    /// The AWS region of every environment.
    pub region: Region,
    /// Public hosted zone; the domains of all environments lie in it and its wildcard certificate covers them.
    pub hosted_zone: Domain,
    /// Id of a hosted zone that serves `hosted_zone` already. It is used, never made, changed or deleted. Left out: the
    /// shared stack makes one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosted_zone_id: Option<ZoneId>,
    /// ARN of an issued certificate for `hosted_zone` and one label in front of it, in the platform's account and region. It
    /// is used, never made or deleted. Left out: the shared stack asks for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<CertificateArn>,
    /// Private DNS namespace in which services find one another: `{service}.{namespace}`.
    pub namespace: Namespace,
    /// Response header in which a service names the release that it runs, unless it has a `version_endpoint`. Left out:
    /// `x-release`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_header: Option<HeaderName>,
    /// Checkout of the application that images are built from, relative to the top of this repository. Left out: this
    /// repository itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub source: Option<String>,
    /// The repository that may deploy.
    pub github: GitHub,
    /// Images.
    pub registry: Registry,
    /// The database engine.
    pub database: DatabaseEngine,
    /// The cache engine.
    pub cache: CacheEngine,
    /// How services are rolled out and when a rollout has failed.
    pub deployment: Deployment,
    /// Tuning of the web application firewall.
    #[serde(default)]
    pub waf: WafTuning,
    /// Secrets that every environment has, by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub secrets: IndexMap<SecretName, Secret>,
    /// Services by name.
    pub services: IndexMap<ServiceName, Service>,
    /// One-off tasks by name. `migrate` runs in every deployment, `seed` where the environment says so.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub tasks: IndexMap<TaskName, Task>,
}

impl Platform {
    /// Header in which services without a version endpoint name their release; `x-release` unless configured.
    pub fn release_header(&self) -> &str {
        self.release_header.as_ref().map_or("x-release", HeaderName::as_str)
    }

    /// ECR repository of a service: the configured one or `{platform}/{service}`.
    pub fn repository(&self, name: &ServiceName, service: &Service) -> String {
        service.repository.as_ref().map_or_else(
            || format!("{}/{name}", self.name),
            |repository: &RepositoryName| repository.to_string(),
        )
    }

    /// Health check of the service by the load balancer, with the platform's values where it sets none.
    /// `None` for internal services.
    pub fn target_health_check(&self, service: &Service) -> Option<TargetHealthCheck> {
        let own = service.health_check.as_ref().filter(|_| service.is_public())?;
        let common = &self.deployment.health_check;
        Some(TargetHealthCheck {
            path: own.path.to_string(),
            status: own.status,
            interval_secs: own.interval_secs.unwrap_or(common.interval_secs),
            timeout_secs: own.timeout_secs.unwrap_or(common.timeout_secs),
            healthy_threshold: common.healthy_threshold,
            unhealthy_threshold: common.unhealthy_threshold,
        })
    }

    /// Seconds after the start of a task in which failed health checks are ignored.
    pub fn grace_period_secs(&self, service: &Service) -> u32 {
        service
            .health_check
            .as_ref()
            .and_then(|check| check.grace_period_secs)
            .unwrap_or(self.deployment.health_check.grace_period_secs)
    }

    /// Services that others call and that therefore are in service discovery, together with all internal ones.
    pub fn discoverable_services(&self) -> Vec<&ServiceName> {
        self.services
            .iter()
            .filter(|(name, service)| {
                !service.is_public() || self.services.values().any(|caller| caller.calls.contains(name))
            })
            .map(|(name, _)| name)
            .collect()
    }

    /// The key of a secret, if both exist.
    pub fn secret_key(&self, secret: &SecretName, key: &SecretKeyName) -> Option<&SecretKey> {
        self.secrets.get(secret)?.keys.get(key)
    }

    /// All routes, lowest priority first.
    pub fn routes(&self) -> Vec<(&ServiceName, &Route)> {
        let mut routes: Vec<_> = self
            .services
            .iter()
            .flat_map(|(name, service)| service.routes.iter().map(move |route| (name, route)))
            .collect();
        routes.sort_by_key(|(_, route)| route.priority);
        routes
    }
}

/// A health check with every value decided; what a target group is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetHealthCheck {
    /// Path asked.
    pub path: String,
    /// Status code that counts as healthy.
    pub status: u16,
    /// Seconds between checks.
    pub interval_secs: u32,
    /// Seconds until a check without answer counts as failed.
    pub timeout_secs: u32,
    /// Passed checks in a row that make a target healthy (a new target needs one only).
    pub healthy_threshold: u32,
    /// Failed checks in a row that make it unhealthy.
    pub unhealthy_threshold: u32,
}

/// The GitHub repository whose workflows deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GitHub {
    /// Account or organisation.
    pub owner: GitHubName,
    /// Repository name.
    pub repository: GitHubName,
    /// Numeric id of the owner, for subjects in the immutable form (repositories made after 2026-07-15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_id: Option<u64>,
    /// Numeric id of the repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_id: Option<u64>,
    /// Branch whose builds may push images.
    pub branch: String,
    /// Whether the AWS account has an identity provider for GitHub already. It can have one only, so that the shared stack
    /// then uses it and makes none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub existing_provider: bool,
}

impl GitHub {
    /// Subjects of the tokens that jobs of a GitHub environment get: by name and, when the ids are known, in the
    /// immutable form `repo:OWNER@ID/REPO@ID:environment:NAME`.
    pub fn environment_subjects(&self, environment: &str) -> Vec<String> {
        self.subjects(&format!("environment:{environment}"))
    }

    /// Subjects of the tokens that jobs without an environment get on the build branch.
    pub fn branch_subjects(&self) -> Vec<String> {
        self.subjects(&format!("ref:refs/heads/{}", self.branch))
    }

    fn subjects(&self, context: &str) -> Vec<String> {
        let Self { owner, repository, .. } = self;
        let mut subjects = vec![format!("repo:{owner}/{repository}:{context}")];
        if let (Some(owner_id), Some(repository_id)) = (self.owner_id, self.repository_id) {
            subjects.push(format!("repo:{owner}@{owner_id}/{repository}@{repository_id}:{context}"));
        }
        subjects
    }
}

/// How long images are kept. Images with a release tag are never expired.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Registry {
    /// Newest images kept of those that no release names.
    #[schemars(range(min = 10, max = 10_000))]
    pub keep_images: u32,
    /// Days after which images without any tag go.
    #[schemars(range(min = 1, max = 365))]
    pub untagged_days: u32,
}

/// How services are rolled out and when a rollout has failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deployment {
    /// Least healthy tasks during a rollout, in per cent of the desired count.
    #[schemars(range(min = 0, max = 100))]
    pub minimum_healthy_percent: u32,
    /// Most tasks during a rollout, in per cent of the desired count.
    #[schemars(range(min = 101, max = 400))]
    pub maximum_percent: u32,
    /// Minutes that the alarms are watched after all new tasks are healthy.
    #[schemars(range(min = 0, max = 1440))]
    pub bake_time_minutes: u32,
    /// Seconds that the load balancer keeps a leaving target draining. R1.1 asks for 30; stated so that it is never the
    /// default of 300.
    #[schemars(range(min = 0, max = 3600))]
    pub deregistration_delay_secs: u32,
    /// The deployment circuit breaker, always on and always rolling back.
    pub circuit_breaker: CircuitBreaker,
    /// Health check values that services do not set themselves.
    pub health_check: HealthCheckDefaults,
    /// Alarm that fails a deployment, one for each public service.
    pub target_5xx_alarm: TargetErrorAlarm,
}

/// Settings of the deployment circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CircuitBreaker {
    /// Failed tasks at which the deployment has failed (threshold type `COUNT`).
    #[schemars(range(min = 1, max = 200))]
    pub threshold_count: u32,
    /// Start counting again whenever a task becomes healthy. Off: a release whose tasks die after their first healthy
    /// check is caught too.
    pub reset_on_healthy_task: bool,
}

/// Health check of the load balancer (ranges: ALB guide, target group health checks).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheckDefaults {
    /// Seconds between checks.
    #[schemars(range(min = 5, max = 300))]
    pub interval_secs: u32,
    /// Seconds until a check without answer counts as failed.
    #[schemars(range(min = 2, max = 120))]
    pub timeout_secs: u32,
    /// Passed checks in a row that make a target healthy again.
    #[schemars(range(min = 2, max = 10))]
    pub healthy_threshold: u32,
    /// Failed checks in a row that make a target unhealthy.
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy_threshold: u32,
    /// Seconds after the start of a task in which failed checks are ignored.
    #[schemars(range(min = 0, max = 1800))]
    pub grace_period_secs: u32,
}

/// Alarm on responses 5xx of the targets of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetErrorAlarm {
    /// Responses in one period from which on the period counts as bad.
    #[schemars(range(min = 1, max = 100_000))]
    pub count: u32,
    /// Length of a period in seconds: a multiple of 60.
    #[schemars(range(min = 60, max = 3600), extend("multipleOf" = 60))]
    pub period_secs: u32,
    /// Bad periods in a row that raise the alarm.
    #[schemars(range(min = 1, max = 10))]
    pub evaluation_periods: u32,
}

/// Where rules of the firewall give way to legitimate traffic.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WafTuning {
    /// Exemptions. Everywhere else the rules block as AWS ships them.
    #[serde(default)]
    pub exemptions: Vec<WafExemption>,
}

/// Rules that do not block on some routes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WafExemption {
    /// Why: what legitimate requests look like to the rule.
    #[schemars(length(min = 20))]
    pub reason: String,
    /// Rules of the managed groups. Misspelt names are refused, because AWS ignores them silently.
    #[schemars(length(min = 1))]
    pub rules: Vec<WafRuleName>,
    /// Methods; left out: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<HttpMethod>,
    /// Paths: exact, or everything below with `/*` at the end. No other wildcards.
    #[schemars(length(min = 1))]
    pub paths: Vec<PathPattern>,
}

/// HTTP methods that an exemption can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum HttpMethod {
    /// GET
    Get,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

impl HttpMethod {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}
