//! Meaning: what goes together. Every mistake is named with its place, the offending text and what is allowed.

mod support;

use insta::assert_snapshot;
use support::Files;

#[test]
fn ports() {
    assert_snapshot!(Files::new().platform("port = 8002", "port = 8001").messages(), @"platform.toml:89:8: port 8001 of `web` is also that of `api` (each service has a port of its own; taken: 8001, 8001)");
}

#[test]
fn priorities() {
    assert_snapshot!(Files::new().platform("priority = 200", "priority = 100").messages(), @"platform.toml:96:12: priority 100 of a route of `web` is also that of a route of `api` (allowed: any number from 1 to 50000 that no other route has; the lowest is tried first)");
}

#[test]
fn paths() {
    assert_snapshot!(Files::new().platform(r#"paths = ["/*"]"#, r#"paths = ["/*", "/api/*"]"#).messages(), @"platform.toml:97:16: `/api/*` is already a path of `api` (each path goes to one service)");
}

#[test]
fn routes_that_are_never_reached() {
    assert_snapshot!(Files::new().platform("priority = 200", "priority = 50").messages(), @"platform.toml:76:10: `/api/*` is never reached: `/*` of `web` takes its requests (give its route a priority below 50)");
}

#[test]
fn health_checks_of_public_services() {
    assert_snapshot!(Files::new().platform(r#"health_check = { path = "/health" }
"#, "").messages(), @"platform.toml:88:11: `web` has routes, but no health check (add [services.web.health_check] with `path`, the path that answers 200 when the service can work)");
}

#[test]
fn health_checks_of_internal_services() {
    assert_snapshot!(Files::new().platform(r#"[[services.web.routes]]
priority = 200
paths = ["/*"]
"#, "").messages(), @r"
    platform.toml:93:1: `web` has a health check of the load balancer, but no routes (an internal service is judged by [services.web.container_health_check])
    platform.toml:88:11: `web` is internal and has no container health check (add [services.web.container_health_check]: nothing else tells whether a new release works)
    ");
}

/// `api` names its release at an endpoint.
fn version_endpoint(path: &str) -> Files {
    Files::new().platform("port = 8001", &format!("port = 8001\nversion_endpoint = {{ path = \"{path}\" }}"))
}

#[test]
fn version_endpoints_that_lead_to_another_service() {
    assert_snapshot!(version_endpoint("/version").messages(), @"platform.toml:68:29: requests for `/version` go to `web`, not to `api` (allowed: a path that the routes of `api` lead to it (/api/*))");
}

#[test]
fn version_endpoints_behind_an_earlier_route_of_another_service() {
    let files = version_endpoint("/api/version").platform("priority = 200", "priority = 50");
    let files = files.platform(r#"paths = ["/*"]"#, r#"paths = ["/api/v*", "/w"]"#);
    assert_snapshot!(files.messages(), @"platform.toml:68:29: requests for `/api/version` go to `web`, not to `api` (allowed: a path that the routes of `api` lead to it (/api/*))");
}

#[test]
fn version_endpoints_that_lead_nowhere() {
    assert_snapshot!(version_endpoint("/version").platform(r#"paths = ["/*"]"#, r#"paths = ["/w"]"#).messages(), @"platform.toml:68:29: no route leads `/version` to `api` (allowed: a path that the routes of `api` lead to it (/api/*))");
}

#[test]
fn version_endpoints_of_internal_services() {
    assert_snapshot!(Files::new().append(r#"
[services.worker]
port = 8003
user = "1000"
build = { dockerfile = "worker/Dockerfile" }
container_health_check = { command = ["CMD", "worker"] }
version_endpoint = { path = "/version" }
"#).messages(), @"platform.toml:113:1: `worker` has a version endpoint, but no routes (leave it out: nobody can ask an internal service from outside)");
}

#[test]
fn headers_that_no_service_sends() {
    let files = version_endpoint("/api/version")
        .platform("namespace =", "release_header = \"x-version\"\nnamespace =")
        .platform("port = 8002", "port = 8002\nversion_endpoint = { path = \"/version\" }");
    assert_snapshot!(files.messages(), @"platform.toml:6:1: no service names its release in a header: each public one has a `version_endpoint` (keep one of them: leave `release_header` out, or the version endpoint of a service that sends the header)");
}

#[test]
fn timeouts_of_health_checks() {
    assert_snapshot!(Files::new().platform("timeout_secs = 5", "timeout_secs = 10").messages(), @"platform.toml:40:16: a timeout of 10 s does not fit an interval of 10 s (allowed: less than interval_secs, 2 to 9)");
}

#[test]
fn timeouts_of_one_health_check() {
    assert_snapshot!(Files::new().platform(r#"{ path = "/health" }"#, r#"{ path = "/health", interval_secs = 5 }"#).messages(), @"platform.toml:93:16: `web`: a timeout of 5 s does not fit an interval of 5 s (allowed: a timeout_secs less than interval_secs)");
}

#[test]
fn commands_of_container_health_checks() {
    assert_snapshot!(Files::new().platform("[services.web.environment]", r#"[services.web.container_health_check]
command = ["curl", "http://localhost"]

[services.web.environment]"#).messages(), @"platform.toml:100:12: `curl` does not say how to run the check (allowed as first entry: CMD (program and arguments follow) or CMD-SHELL (one line for the shell follows))");
}

#[test]
fn calls() {
    assert_snapshot!(Files::new().platform(r#"calls = ["api"]"#, r#"calls = ["api", "worker", "web"]"#).messages(), @r"
    platform.toml:91:17: `web` calls `worker`, which is no service (allowed: api)
    platform.toml:91:27: `web` calls itself (leave it out)
    ");
}

#[test]
fn sources_need_a_connection() {
    assert_snapshot!(Files::new().platform(r#"database = true
cache = true
"#, "").platform(r#"calls = ["api"]
"#, "").messages(), @r#"
    platform.toml:77:11: `database.host` is not reachable from here (set `database = true` in the service, so that it is let in)
    platform.toml:78:13: `cache.url` is not reachable from here (set `cache = true` in the service, so that it is let in)
    platform.toml:79:14: `cache.username` is not reachable from here (set `cache = true` in the service, so that it is let in)
    platform.toml:97:11: `services.api.url` is not reachable from here (add "api" to `calls` of the service, so that it is let in)
    "#);
}

#[test]
fn reserved_variables() {
    assert_snapshot!(Files::new().platform("MODE =", "PORT =").messages(), @"platform.toml:82:1: `PORT` is reserved (PORT, RELEASE, COMMIT are set for every container)");
}

#[test]
fn secrets_in_plain_text() {
    assert_snapshot!(Files::new().platform(r#"MODE = "fast""#, r#"SESSION_SECRET = "abc""#).messages(), @r#"platform.toml:82:1: `SESSION_SECRET` looks like a secret, and this file is public to everyone with the repository (put it under [services.api.secrets] as { secret = "…", key = "…" })"#);
}

#[test]
fn variables_given_twice() {
    assert_snapshot!(Files::new().platform(r#"MODE = "fast""#, r#"DB_PASSWORD = { from = "database.name" }"#).messages(), @"platform.toml:85:1: `DB_PASSWORD` is both in `environment` and in `secrets` (keep one of them)");
}

#[test]
fn unknown_secrets_and_keys() {
    assert_snapshot!(Files::new().platform(r#"DB_PASSWORD = { secret = "database", key = "password" }"#, r#"DB_PASSWORD = { secret = "database", key = "pasword" }
TOKEN = { secret = "tokens", key = "a" }"#).messages(), @r"
    platform.toml:85:15: secret `database` has no key `pasword` (allowed: password)
    platform.toml:86:9: there is no secret `tokens` (allowed: database, cache; others are added under [secrets])
    ");
}

#[test]
fn generated_values_have_a_length() {
    assert_snapshot!(Files::new().platform(", length = 40", "").messages(), @r#"
    platform.toml:59:1: `password` is generated, but has no length (add `length`, the number of characters (8 to 4096))
    platform.toml:21:12: `password` of secret `database` may not suit RDS (allowed: alphabet hex or alphanumeric (RDS refuses / @ " and spaces), 8 characters or more)
    "#);
}

#[test]
fn lengths_are_given_once() {
    assert_snapshot!(Files::new().platform("length = 40", "length = 40, min_length = 8").messages(), @"platform.toml:59:1: `password` has both `length` and `min_length` (keep `length` for an exact number of characters, `min_length` for a least number)");
}

#[test]
fn passwords_that_elasticache_refuses() {
    assert_snapshot!(Files::new().platform("length = 64", "length = 129").messages(), @"platform.toml:26:12: `password` of secret `cache` may not suit ElastiCache (allowed: alphabet hex or alphanumeric, 16 to 128 characters)");
}

#[test]
fn the_cache_has_a_user_of_its_own_and_two_secrets() {
    let files = Files::new().platform(
        r#"user = "app""#,
        r#"user = "default"
second_password = { secret = "cache", key = "password" }"#,
    );
    assert_snapshot!(files.messages(), @r#"
    platform.toml:25:8: `default` is the user of clients that do not say who they are (it is switched off; name the services' user otherwise, such as "app")
    platform.toml:26:19: both passwords are in secret `cache` (the second one needs a secret of its own, so that the first can go)
    "#);
}

#[test]
fn who_uses_the_cache_gets_its_password() {
    let files = Files::new().platform(
        r#"CACHE_PASSWORD = { secret = "cache", key = "password" }
"#,
        "",
    );
    assert_snapshot!(files.messages(), @r#"platform.toml:70:1: `api` uses the cache, but gets no password for it (add CACHE_PASSWORD = { secret = "cache", key = "password" } to [services.api.secrets])"#);
}

#[test]
fn passwords_that_rds_refuses() {
    assert_snapshot!(Files::new().platform(r#""alphanumeric""#, r#""printable""#).messages(), @r#"platform.toml:21:12: `password` of secret `database` may not suit RDS (allowed: alphabet hex or alphanumeric (RDS refuses / @ " and spaces), 8 characters or more)"#);
}

#[test]
fn repositories() {
    assert_snapshot!(Files::new().platform("port = 8002", r#"port = 8002
repository = "example/api""#).messages(), @"platform.toml:90:14: repository `example/api` of `web` is also that of `api` (tags are immutable: two images of one commit do not fit into one repository)");
}

#[test]
fn tasks_of_unknown_services() {
    assert_snapshot!(Files::new().platform(r#"service = "api""#, r#"service = "apu""#).messages(), @"platform.toml:103:11: `migrate` runs on the image of `apu`, which is no service (allowed: api, web)");
}

#[test]
fn sizes_of_tasks() {
    assert_snapshot!(Files::new().platform("memory_mib = 512", "memory_mib = 1536").messages(), @"platform.toml:105:34: `tasks.migrate.size.memory_mib`: Fargate has no task with 256 CPU units and 1536 MiB (allowed for 256 CPU units: 512, 1024 or 2048 MiB)");
}

#[test]
fn tasks_named_like_services() {
    assert_snapshot!(Files::new().platform("[tasks.migrate]", "[tasks.api]").messages(), @"platform.toml:102:8: `api` is both a task and a service (task definitions and log groups are named after both; rename one)");
}

#[test]
fn names_that_collide_in_the_template() {
    assert_snapshot!(Files::new().append(r#"
[services.a-1]
port = 1
user = "1"
build = { dockerfile = "x" }
container_health_check = { command = ["CMD", "x"] }

[services.a1]
port = 2
user = "1"
build = { dockerfile = "x" }
container_health_check = { command = ["CMD", "x"] }
"#).messages(), @"platform.toml:114:11: `a1` and `a-1` both become `A1` in the template (allowed: names that differ in more than hyphens)");
}

#[test]
fn bake_time_shorter_than_the_alarm() {
    assert_snapshot!(Files::new().platform("bake_time_minutes = 3", "bake_time_minutes = 1").messages(), @"platform.toml:31:21: the alarm takes 120 s, longer than the bake time of 1 min (allowed: at least period_secs × evaluation_periods of deployment.target_5xx_alarm, or the alarm cannot fail a deployment)");
}

#[test]
fn wildcards_in_exemptions() {
    assert_snapshot!(Files::new().platform(r#"["/api/documents/*"]"#, r#"["/api/*/save", "/*"]"#).messages(), @r"
    platform.toml:54:10: `/api/*/save` is no path of an exemption (allowed: an exact path, or everything below one with /* at the end)
    platform.toml:54:25: `/*` is no path of an exemption (allowed: an exact path, or everything below one with /* at the end)
    ");
}

#[test]
fn file_names() {
    assert_snapshot!(Files::new().test(r#"name = "test""#, r#"name = "stage""#).messages(), @"environments/test.toml:1:8: `stage` is not the name of its file (call the environment `test`, or the file stage.toml)");
}

/// GitHub writes a colon in a value of a token's subject as `%3A`, which no trust policy here expects (ghd:oidc).
#[test]
fn names_of_environments_have_no_colon() {
    let told = Files::new().test(r#"name = "test""#, r#"name = "te:st""#).messages();
    assert!(told.contains("environments/test.toml:1:8") && told.contains("lower-case letters"), "{told}");
}

#[test]
fn domains_outside_the_zone() {
    assert_snapshot!(Files::new().test(r#""test.example.com""#, r#""test.example.org""#).messages(), @"environments/test.toml:3:10: `test.example.org` is not what `subdomain` and the hosted zone `example.com` make (expected `test.example.com`; the wildcard certificate covers `example.com` and one label in front of it)");
}

/// A load balancer takes certificates of its own region and account only.
#[test]
fn certificates_of_another_place() {
    let with = |arn: &str| {
        Files::new().platform(
            r#"hosted_zone = "example.com""#,
            &format!("hosted_zone = \"example.com\"\ncertificate_arn = \"{arn}\""),
        )
    };
    let (here, away) = ("arn:aws:acm:eu-central-1:111122223333:certificate/1-a", "us-east-1:111122223333");
    assert!(with(here).load().is_ok());
    let told = with(&format!("arn:aws:acm:{away}:certificate/1-a")).messages();
    assert_snapshot!(told, @"platform.toml:6:19: the certificate is in us-east-1 of account 111122223333 (expected one in eu-central-1 of account 111122223333: a load balancer takes no other)");
}

#[test]
fn a_second_zone_of_the_platforms_name() {
    let told = Files::new()
        .test(r#"domain = "test.example.com""#, r#"domain = "example.com""#)
        .test(r#"subdomain = "test""#, r#"hosted_zone_id = "Z2""#)
        .messages();
    assert!(told.contains("environments/test.toml:4:18: `example.com` is the platform's hosted zone itself, and `Z2` is another"), "{told}");
}

#[test]
fn domains_without_their_subdomain() {
    assert_snapshot!(Files::new().test(r#"subdomain = "test"
"#, "").messages(), @"environments/test.toml:3:10: `test.example.com` is not what `subdomain` and the hosted zone `example.com` make (expected `example.com`; the wildcard certificate covers `example.com` and one label in front of it)");
}

#[test]
fn gateways_per_zone() {
    assert_snapshot!(Files::new().test(r#"availability_zones = 2
nat_gateways = 1"#, r#"availability_zones = 3
nat_gateways = 2"#).messages(), @"environments/test.toml:10:16: 2 NAT gateways do not spread over 3 zones (allowed: 1, or 3 (one for each zone))");
}

#[test]
fn storage_limits() {
    assert_snapshot!(Files::new().test("multi_az = false", r#"multi_az = false
allocated_storage_gib = 200"#).messages(), @"environments/test.toml:15:25: storage of 200 GiB is above its limit of 100 GiB (allowed: max_allocated_storage_gib from allocated_storage_gib to 65536)");
}

#[test]
fn sizes_of_single_services() {
    assert_snapshot!(Files::new().test("[waf]", r#"[ecs.services.web]
cpu = 1024

[waf]"#).messages(), @"environments/test.toml:28:7: `ecs.services.web.cpu`: Fargate has no task with 1024 CPU units and 512 MiB (allowed for 1024 CPU units: 2048 to 8192 in steps of 1024 MiB)");
}

#[test]
fn services_that_do_not_exist() {
    assert_snapshot!(Files::new().test("[waf]", r#"[ecs.services.worker]
desired_count = 2

[waf]"#).messages(), @"environments/test.toml:27:15: there is no service `worker` (allowed: api, web)");
}

#[test]
fn seeding_without_a_seed_task() {
    assert_snapshot!(Files::new().test("secrets_prefix", r#"seed_on_deploy = true
secrets_prefix"#).messages(), @"environments/test.toml:5:18: there is no task `seed` to run (add [tasks.seed] to infra/platform.toml, or set it to false)");
}

#[test]
fn rollouts_without_room() {
    assert_snapshot!(Files::new().platform("maximum_percent = 200", "maximum_percent = 150").messages(), @r"
    environments/live.toml:22:17: no rollout can proceed: of 1 tasks 1 must stay, and 1 may run at once (raise deployment.maximum_percent in infra/platform.toml (200 always works))
    environments/test.toml:23:17: no rollout can proceed: of 1 tasks 1 must stay, and 1 may run at once (raise deployment.maximum_percent in infra/platform.toml (200 always works))
    ");
}

#[test]
fn shared_names_between_environments() {
    assert_snapshot!(Files::new().test("Example-test", "Example-live").test(r#""test.example.com"
subdomain = "test""#, r#""example.com""#).messages(), @r#"
    environments/test.toml:2:14: `stack_name` "Example-live" is not this environment's alone (infra/environments/live.toml:2 has it too; each environment needs its own)
    environments/test.toml:3:10: `domain` "example.com" is not this environment's alone (infra/environments/live.toml:3 has it too; each environment needs its own)
    "#);
}

/// What CloudFormation names by itself starts with the stack's name in lower case, and roles go by that.
#[test]
fn stack_names_whose_resources_look_alike() {
    let help = "infra/environments/live.toml:2 has `Example-live`, and names of one's resources would look like the other's; each \
                environment needs its own";
    for name in ["Example-live-2", "EXAMPLE-LIVE"] {
        let expected = format!(
            "environments/test.toml:2:14: `stack_name` \"{name}\" is not this environment's alone ({help})"
        );
        assert_eq!(Files::new().test("Example-test", name).messages().trim(), expected);
    }
}

#[test]
fn nested_secret_prefixes() {
    assert_snapshot!(Files::new().test(r#""test/example""#, r#""live""#).messages(), @r#"environments/test.toml:5:18: `secrets_prefix` "live" is not this environment's alone (infra/environments/live.toml:4 has `live/example`; each environment needs its own)"#);
}

#[test]
fn the_stack_name_of_the_shared_stack() {
    assert_snapshot!(Files::new().test("Example-test", "Example-shared").messages(), @r#"environments/test.toml:2:14: `stack_name` "Example-shared" is not this environment's alone (infra/platform.toml has it as shared_stack_name; each environment needs its own)"#);
}

#[test]
fn overlapping_networks() {
    assert_snapshot!(Files::new().test("10.10.0.0/16", "10.20.128.0/17").messages(), @"environments/test.toml:8:8: `10.20.128.0/17` overlaps the network of `live` (infra/environments/live.toml:7 has 10.20.0.0/16; each environment needs addresses of its own, such as 10.30.0.0/16)");
}
