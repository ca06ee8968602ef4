//! The configuration of this repository.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use env_config::{Config, EnvironmentName, PathPattern, ServiceName};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[test]
fn loads() {
    let config = Config::load(&root()).unwrap();
    let environments: Vec<&str> = config.environments.keys().map(EnvironmentName::as_str).collect();
    assert_eq!(environments, ["production", "staging"]);
    let services: Vec<&str> = config.platform.services.keys().map(ServiceName::as_str).collect();
    assert_eq!(services, ["api", "frontend", "mcp"]);
}

#[test]
fn schemas_are_those_of_the_types() {
    for (name, text) in env_config::schemas() {
        let path = root().join("infra/schema").join(name);
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(written == text, "infra/schema/{name} is out of date; `cargo xtask schema` writes it");
    }
}

/// The table of R2.1.
#[test]
fn environments_have_the_required_values() {
    let config = Config::load(&root()).unwrap();
    let row = |name: &str| {
        let environment = config.environment(name).unwrap();
        let database = &environment.database;
        let counts: Vec<u32> = config
            .platform
            .services
            .keys()
            .map(|service| environment.service_scale(service).desired_count)
            .collect();
        format!(
            "{} {} multi_az={} backup={} counts={counts:?} waf={} rate={} protection={}",
            environment.domain,
            database.instance_class,
            database.multi_az,
            database.backup_retention_days,
            environment.waf.enabled,
            environment.waf.rate_limit_per_five_minutes,
            database.deletion_protection,
        )
    };
    assert_eq!(
        row("staging"),
        "staging.specboard.io db.t4g.micro multi_az=false backup=1 counts=[1, 1, 1] waf=false rate=2000 protection=false"
    );
    assert_eq!(
        row("production"),
        "specboard.io db.t4g.small multi_az=true backup=7 counts=[2, 2, 2] waf=true rate=2000 protection=true"
    );
}

/// The table of the platform: who answers a path, by priority.
#[test]
fn routes_are_the_required_ones() {
    let config = Config::load(&root()).unwrap();
    let routes: Vec<String> = config
        .platform
        .routes()
        .into_iter()
        .map(|(name, route)| {
            let paths: Vec<&str> = route.paths.iter().map(PathPattern::as_str).collect();
            format!("{name} {}", paths.join(" "))
        })
        .collect();
    assert_eq!(
        routes,
        ["frontend /oauth/consent", "api /api/* /oauth/* /.well-known/*", "mcp /mcp /mcp/*", "frontend /*"]
    );
    let checks: Vec<String> = config
        .platform
        .services
        .values()
        .map(|service| {
            format!("{} {}", service.port, config.platform.target_health_check(service).unwrap().path)
        })
        .collect();
    assert_eq!(checks, ["3001 /api/health", "3000 /health", "3002 /mcp/health"]);
    assert_eq!(config.platform.deployment.deregistration_delay_secs, 30);
}

/// A failing rollout is over well before ten minutes (R1.3): the sum of what each setting lets pass, with a minute for each
/// start of a task and half a minute for ECS to act.
#[test]
fn the_slowest_failure_trips_the_breaker_within_ten_minutes() {
    let config = Config::load(&root()).unwrap();
    let platform = &config.platform;
    let deployment = &platform.deployment;
    for service in platform.services.values() {
        let check = platform.target_health_check(service).unwrap();
        let container = service.container_health_check.as_ref().unwrap();
        // What AWS takes beyond the settings: "Times measured in public" of docs/fact-sheet.md.
        let (start, reaction, drained, deprovisioned, scheduler, trip) = (27, 45, 30, 25, 5, 45);
        // The last of the checks may hang; those before it ran at the interval all the same.
        let by_balancer = check.unhealthy_threshold * check.interval_secs + check.timeout_secs;
        let by_container = container.start_period_secs
            + container.retries * container.interval_secs
            + container.timeout_secs;
        let grace = platform.grace_period_secs(service);
        let detect = scheduler + start + (grace.max(by_balancer) + reaction).max(by_container);
        let replace = scheduler
            + deployment.deregistration_delay_secs
            + drained
            + service.stop_timeout_secs
            + deprovisioned;
        let failures = deployment.circuit_breaker.threshold_count;
        let secs = failures * detect + (failures - 1) * replace + trip;
        assert!(secs < 600, "{secs}");
    }
}

/// The services that docs/configuration.md adds as examples.
#[test]
fn the_examples_of_the_guide_can_be_added() {
    let guide = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let examples: String =
        guide.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let read = |name: &str| std::fs::read_to_string(root().join("infra").join(name)).unwrap();
    let platform = format!("{}\n{examples}", read("platform.toml"));
    let staging = ("staging.toml".to_owned(), read("environments/staging.toml"));
    let config = Config::from_texts(&platform, &[staging]).unwrap();
    let added: Vec<&str> = config.platform.services.keys().skip(3).map(ServiceName::as_str).collect();
    assert_eq!(added, ["search", "mail-worker"]);
}
