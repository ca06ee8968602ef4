//! Growing the platform is a matter of TOML.
#![allow(clippy::unwrap_used)]

mod support;

use env_config::{Probe, ReleaseSource, ServiceName};
use support::Files;

#[test]
fn a_third_environment_is_one_more_file() {
    let text = include_str!("fixture/environments/test.toml")
        .replace("\"test\"", "\"demo\"")
        .replace("Example-test", "Example-demo")
        .replace("test.example.com", "demo.example.com")
        .replace("test/example", "demo/example")
        .replace("10.10.", "10.30.");
    let config = Files::new().environment("demo", &text).load().unwrap();
    assert_eq!(config.environments.len(), 3);
    let demo = config.environment("demo").unwrap();
    assert_eq!(config.names(demo).cluster(), "example-demo");
}

#[test]
fn an_internal_service_has_no_routes_and_is_discoverable() {
    let files = Files::new().append(
        r#"
[services.mail-worker]
port = 8003
user = "1000"
build = { dockerfile = "worker/Dockerfile" }
container_health_check = { command = ["CMD", "worker", "--check"] }
"#,
    );
    let config = files.load().unwrap();
    let name: ServiceName = "mail-worker".parse().unwrap();
    let worker = &config.platform.services[&name];
    assert!(!worker.is_public());
    assert_eq!(config.platform.target_health_check(worker), None);
    assert_eq!(config.platform.repository(&name, worker), "example/mail-worker");
    let discoverable: Vec<&str> =
        config.platform.discoverable_services().iter().map(|name| name.as_str()).collect();
    assert_eq!(discoverable, ["api", "mail-worker"]);
    assert_eq!(name.pascal_case(), "MailWorker");
    // Size and number of tasks need no entry either.
    assert_eq!(config.environment("test").unwrap().service_scale(&name).size.cpu, 256);
}

#[test]
fn a_single_service_can_differ_in_size() {
    let files =
        Files::new().test("[waf]", "[ecs.services.web]\ndesired_count = 3\nmemory_mib = 1024\n\n[waf]");
    let config = files.load().unwrap();
    let scale = |name: &str| config.environment("test").unwrap().service_scale(&name.parse().unwrap());
    assert_eq!(
        (scale("web").desired_count, scale("web").size.cpu, scale("web").size.memory_mib),
        (3, 256, 1024)
    );
    assert_eq!((scale("api").desired_count, scale("api").size.memory_mib), (1, 512));
}

#[test]
fn no_physical_name_exceeds_the_limits_of_aws() {
    let files = Files::new().platform("\"example\"", "\"abcdefghijklmnopqrst\"");
    let mut config = files.load().unwrap();
    let mut environment = config.environments.shift_remove("test").unwrap();
    environment.name = "abcdefghijk".parse().unwrap();
    let names = config.names(&environment);
    assert!(names.load_balancer().len() <= 32);
    assert!(names.cache().len() <= 40);
    assert!(names.database().len() <= 63);
    assert!(names.execution_role("abcdefghijklmnop").len() <= 64);
    assert!(config.shared_names().cloudformation_role(&environment.name).len() <= 64);
}

#[test]
fn subjects_of_github_come_in_both_forms_when_the_ids_are_known() {
    let mut config = Files::new().load().unwrap();
    let github = &mut config.platform.github;
    assert_eq!(github.environment_subjects("live"), ["repo:example/platform:environment:live"]);
    (github.owner_id, github.repository_id) = (Some(1), Some(2));
    assert_eq!(github.branch_subjects()[1], "repo:example@1/platform@2:ref:refs/heads/main");
}

/// What is asked of each public service: path, status, and where the answer names the release.
fn asked(files: &Files) -> Vec<String> {
    let probes = files.load().unwrap().platform.probes();
    let line = |probe: &Probe| {
        let Probe { service, path, status, release } = probe;
        let release = match release {
            Some(ReleaseSource::Header(name)) => format!("header {name}"),
            Some(ReleaseSource::Body(Some(pointer))) => format!("body at {pointer}"),
            Some(ReleaseSource::Body(None)) => "body".to_owned(),
            None => "nothing".to_owned(),
        };
        format!("{service} {path} {} {release}", status.unwrap_or_default())
    };
    probes.iter().map(line).collect()
}

#[test]
fn a_version_endpoint_is_asked_besides_the_health_check() {
    let header = ["api /api/health 200 header x-release", "web /health 200 header x-release"];
    assert_eq!(asked(&Files::new()), header);
    let with = |endpoint: &str| {
        asked(&Files::new().platform("port = 8001", &format!("port = 8001\nversion_endpoint = {endpoint}")))
    };
    assert_eq!(
        with(r#"{ path = "/api/version", json_pointer = "/version" }"#),
        ["api /api/health 200 nothing", "api /api/version 200 body at /version", header[1]]
    );
    // The health check may say it as well.
    assert_eq!(
        with(r#"{ path = "/api/health", json_pointer = "/version" }"#),
        ["api /api/health 200 body at /version", header[1]]
    );
    let text = Files::new()
        .platform("path = \"/api/health\"", "path = \"/livez\"")
        .platform("port = 8001", "port = 8001\nversion_endpoint = { path = \"/api/version\" }");
    // The routes lead the health check to the other service: only the endpoint is asked.
    assert_eq!(asked(&text), ["api /api/version 200 body", header[1]]);
}
