//! Shape: what the schema says. Every mistake is named with its place, the offending text and what is allowed.

mod support;

use insta::assert_snapshot;
use support::Files;

#[test]
fn unknown_key_at_the_top() {
    assert_snapshot!(Files::new().platform("region =", "regoin =").messages(), @"platform.toml:4:1: unknown key `regoin` at the top (did you mean `region`? allowed: account_id, cache, certificate_arn, database, deployment, github, hosted_zone, hosted_zone_id, name, namespace, region, registry, release_header, secrets, services, shared_stack_name, source, tasks, waf)");
}

#[test]
fn unknown_key_in_a_service() {
    assert_snapshot!(Files::new().platform("port = 8001", "prot = 8001").messages(), @"platform.toml:67:1: unknown key `prot` in `services.api` (did you mean `port`? allowed: architecture, build, cache, calls, container_health_check, database, environment, health_check, port, read_only_root_filesystem, repository, routes, secrets, stop_timeout_secs, user, version_endpoint)");
}

#[test]
fn unknown_table() {
    assert_snapshot!(Files::new().test("[logs]", "[logging]").messages(), @r"
    environments/test.toml:35:2: unknown key `logging` at the top (allowed: alarms, cache, database, domain, ecs, hosted_zone_id, logs, name, network, protection, secrets_prefix, seed_on_deploy, stack_name, subdomain, waf)
    environments/test.toml:1:1: missing key `logs` at the top (`logs`: Log groups.)
    ");
}

#[test]
fn missing_key_in_a_table() {
    assert_snapshot!(Files::new().test(r#"cidr = "10.10.0.0/16"
"#, "").messages(), @"environments/test.toml:7:1: missing key `cidr` in `network` (`cidr`: Addresses of the VPC; no two environments share any.)");
}

#[test]
fn wrong_types() {
    assert_snapshot!(Files::new().test("multi_az = false", r#"multi_az = "no""#).test("nodes = 1", r#"nodes = "one""#).test("cpu = 256", "cpu = 0.25").platform(r#"calls = ["api"]"#, r#"calls = "api""#).messages(), @r"
    platform.toml:91:9: `services.web.calls` is a string, expected an array (expected Services that this one calls inside the VPC. They are registered in service discovery and let it in.)
    environments/test.toml:14:12: `database.multi_az` is a string, expected true or false (expected Keep a standby in a second availability zone.)
    environments/test.toml:20:9: `cache.nodes` is a string, expected an integer (expected Nodes; with two or more the primary fails over by itself.)
    environments/test.toml:24:7: `ecs.cpu` is a fraction, expected an integer (expected CPU units of each task.)
    ");
}

#[test]
fn numbers_out_of_range() {
    assert_snapshot!(Files::new().test("backup_retention_days = 1", "backup_retention_days = 0").test("availability_zones = 2", "availability_zones = 4").platform("port = 8001", "port = 70000").platform("period_secs = 60", "period_secs = 90").platform("deregistration_delay_secs = 30", "deregistration_delay_secs = 4000").messages(), @r"
    platform.toml:32:29: `deployment.deregistration_delay_secs`: 4000 is not allowed (allowed: 0 to 3600)
    platform.toml:47:15: `deployment.target_5xx_alarm.period_secs`: 90 is not allowed (allowed: multiples of 60)
    platform.toml:67:8: `services.api.port`: 70000 is not allowed (allowed: 1 to 65535)
    environments/test.toml:9:22: `network.availability_zones`: 4 is not allowed (allowed: 2 to 3)
    environments/test.toml:15:25: `database.backup_retention_days`: 0 is not allowed (allowed: 1 to 35)
    ");
}

#[test]
fn values_outside_a_list() {
    assert_snapshot!(Files::new().test("[logs]\nretention_days = 14", "[logs]\nretention_days = 10").test("cache.t4g.micro", "cache.t4g.large").platform(r#""17""#, r#""15""#).platform("valkey-8.0", "memcached").platform(r#""alphanumeric""#, r#""alphanumerical""#).test("cpu = 256", "cpu = 300").messages(), @r"
    platform.toml:18:11: `database.version`: `15` is not allowed (did you mean `16`? allowed: 16, 17, 18)
    platform.toml:24:10: `cache.engine`: `memcached` is not allowed (allowed: valkey-7.2, valkey-8.0, valkey-8.1, redis-7.0, redis-7.1)
    platform.toml:59:47: `secrets.database.keys.password.alphabet`: `alphanumerical` is not allowed (did you mean `alphanumeric`? allowed: hex, alphanumeric, printable)
    environments/test.toml:19:13: `cache.node_type`: `cache.t4g.large` is not allowed (did you mean `cache.m6g.large`? allowed: cache.FAMILY.SIZE with t4g, t3 in micro, small, medium; m6g, m7g, r6g, r7g, c7gn in large, xlarge, 2xlarge, 4xlarge, 8xlarge, 12xlarge, 16xlarge; m5, r5 in large, xlarge, 2xlarge, 4xlarge, 12xlarge, 24xlarge; r6gd in xlarge, 2xlarge, 4xlarge, 8xlarge, 12xlarge, 16xlarge)
    environments/test.toml:24:7: `ecs.cpu`: 300 is not allowed (allowed: 256, 512, 1024, 2048, 4096, 8192, 16384)
    environments/test.toml:36:18: `logs.retention_days`: 10 is not allowed (allowed: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)
    ");
}

#[test]
fn names_of_the_wrong_shape() {
    assert_snapshot!(Files::new().platform(r#""example""#, r#""Example Platform""#).platform(r#""111122223333""#, r#""1111""#).platform(r#""eu-central-1""#, r#""europe""#).platform(r#""Example-shared""#, r#""Example_shared""#).test(r#""test""#, r#""a-very-long-name""#).messages(), @r"
    platform.toml:1:8: `name`: `Example Platform` is not valid (expected lower-case letters, digits and single hyphens, starting with a letter, at most 20 characters)
    platform.toml:2:21: `shared_stack_name`: `Example_shared` is not valid (expected letters, digits and hyphens, starting with a letter, at most 128 characters)
    platform.toml:3:14: `account_id`: `1111` is not valid (expected an AWS account id of 12 digits, in quotes)
    platform.toml:4:10: `region`: `europe` is not valid (expected an AWS region, such as us-west-2)
    environments/test.toml:1:8: `name`: `a-very-long-name` is not valid (expected 2 to 11 lower-case letters and digits, starting with a letter)
    ");
}

#[test]
fn names_in_keys() {
    assert_snapshot!(Files::new().platform("[services.api]", "[services.API]").platform("MODE =", "mode =").messages(), @r"
    platform.toml:66:11: `API` is not a valid name (expected lower-case letters, digits and single hyphens, starting with a letter)
    platform.toml:82:1: `mode` is not a valid name (expected upper-case letters, digits and underscores, not starting with a digit)
    platform.toml:74:12: missing key `port` in `services.api` (`port`: Port that the container listens on; the container learns it as `PORT`.)
    platform.toml:74:12: missing key `build` in `services.api` (`build`: How the image is built.)
    platform.toml:74:12: missing key `user` in `services.api` (`user`: User id that the container runs as.)
    ");
}

#[test]
fn a_service_name_that_is_too_long() {
    assert_snapshot!(Files::new().platform("[services.web]", "[services.a-much-too-long-name]").platform("[[services.web.routes]]", "[[services.a-much-too-long-name.routes]]").platform("[services.web.environment]", "[services.a-much-too-long-name.environment]").messages(), @"platform.toml:88:11: `a-much-too-long-name` is not valid here: expected lower-case letters, digits and single hyphens, starting with a letter, at most 16 characters ()");
}

#[test]
fn domains() {
    assert_snapshot!(Files::new().platform(r#""example.com""#, r#""Example.com""#).test(r#""test.example.com""#, r#""https://test.example.com/""#).test(r#"subdomain = "test""#, r#"subdomain = "a.b""#).messages(), @r"
    platform.toml:5:15: `hosted_zone`: `Example.com` is not valid (expected a domain name in lower case, such as app.example.com)
    environments/test.toml:3:10: `domain`: `https://test.example.com/` is not valid (expected a domain name in lower case, such as app.example.com)
    environments/test.toml:4:13: `subdomain`: `a.b` is not valid (expected one label of a domain name: lower-case letters, digits and hyphens, at most 63 characters)
    ");
}

#[test]
fn ids_of_what_exists_already() {
    let zone = r#"hosted_zone = "example.com""#;
    let told = Files::new()
        .platform(
            zone,
            "hosted_zone = \"example.com\"\nhosted_zone_id = \"/hostedzone/Z1\"\ncertificate_arn = \"example\"",
        )
        .test(r#"subdomain = "test""#, "subdomain = \"test\"\nhosted_zone_id = \"z1\"")
        .messages();
    assert_snapshot!(told, @r"
    platform.toml:6:18: `hosted_zone_id`: `/hostedzone/Z1` is not valid (expected the id of a Route 53 hosted zone: Z and up to 31 capital letters and digits, without /hostedzone/)
    platform.toml:7:19: `certificate_arn`: `example` is not valid (expected the ARN of a certificate in AWS Certificate Manager: arn:aws:acm:REGION:ACCOUNT:certificate/ID)
    environments/test.toml:5:18: `hosted_zone_id`: `z1` is not valid (expected the id of a Route 53 hosted zone: Z and up to 31 capital letters and digits, without /hostedzone/)
    ");
}

#[test]
fn address_blocks() {
    assert_snapshot!(Files::new().test("10.10.0.0/16", "10.10.0.0").messages(), @"environments/test.toml:8:8: `network.cidr`: `10.10.0.0` is not valid (expected an IPv4 block of /16 to /24, such as 10.10.0.0/16)");
}

#[test]
fn address_blocks_that_do_not_start_where_they_say() {
    assert_snapshot!(Files::new().test("10.10.0.0/16", "10.10.3.0/16").messages(), @"environments/test.toml:8:8: `10.10.3.0/16` is not the start of its block: expected 10.10.0.0/16 ()");
}

#[test]
fn address_blocks_of_a_length_that_does_not_fit() {
    assert_snapshot!(Files::new().test("10.10.0.0/16", "10.0.0.0/8").messages(), @"environments/test.toml:8:8: `network.cidr`: `10.0.0.0/8` is not valid (expected an IPv4 block of /16 to /24, such as 10.10.0.0/16)");
}

#[test]
fn address_blocks_with_octets_above_255() {
    assert_snapshot!(Files::new().test("10.10.0.0/16", "10.300.0.0/16").messages(), @"environments/test.toml:8:8: `10.300.0.0/16` is not an IPv4 block: expected an address and a length, such as 10.10.0.0/16 ()");
}

#[test]
fn health_check_paths_start_with_a_slash() {
    assert_snapshot!(Files::new().platform(r#""/api/health""#, r#""api/health""#).messages(), @"platform.toml:72:25: `services.api.health_check.path`: `api/health` is not valid (expected a path that starts with / and has no query)");
}

#[test]
fn version_endpoints() {
    let with = |endpoint: &str| {
        let file = format!("port = 8001\nversion_endpoint = {endpoint}");
        Files::new().platform("port = 8001", &file).messages()
    };
    assert_snapshot!(with(r#""/api/version""#), @"platform.toml:68:20: `services.api.version_endpoint` is a string, expected a table (expected Endpoint at which a service names the release that it runs, in place of the response header.)");
    assert_snapshot!(with(r#"{ pth = "/api/version", json_pointer = "version" }"#), @r"
    platform.toml:68:22: unknown key `pth` in `services.api.version_endpoint` (did you mean `path`? allowed: json_pointer, path)
    platform.toml:68:59: `services.api.version_endpoint.json_pointer`: `version` is not valid (expected a JSON pointer (RFC 6901) to the release in the body, such as /version or /build/version)
    ");
    assert_snapshot!(with(r#"{ path = "api/version", json_pointer = 3 }"#), @r"
    platform.toml:68:29: `services.api.version_endpoint.path`: `api/version` is not valid (expected a path that starts with / and has no query)
    platform.toml:68:59: `services.api.version_endpoint.json_pointer` is an integer, expected a string (expected a JSON pointer (RFC 6901) to the release in the body, such as /version or /build/version)
    ");
    assert_snapshot!(with(r#"{ json_pointer = "/version" }"#), @"platform.toml:68:20: missing key `path` in `services.api.version_endpoint` (`path`: Path that answers 200 with the release in its body. The routes have to lead it to the service.)");
}

#[test]
fn route_paths_start_with_a_slash() {
    assert_snapshot!(Files::new().platform(r#"["/api/*"]"#, r#"["api/*"]"#).messages(), @"platform.toml:76:10: `services.api.routes[0].paths[0]`: `api/*` is not valid (expected a path pattern that starts with /, at most 128 characters; * and ? are wildcards)");
}

#[test]
fn a_route_has_five_paths_at_most() {
    assert_snapshot!(Files::new().platform(r#"["/api/*"]"#, r#"["/a", "/b", "/c", "/d", "/e", "/f"]"#).messages(), @"platform.toml:76:9: `services.api.routes[0].paths` has 6 entries (allowed: 1 to 5 entries)");
}

#[test]
fn secret_prefixes() {
    assert_snapshot!(Files::new().test(r#""test/example""#, r#""/test/example/""#).messages(), @"environments/test.toml:5:18: `secrets_prefix`: `/test/example/` is not valid (expected lower-case path segments joined by single slashes, such as staging/example, without slash at either end)");
}

#[test]
fn containers_do_not_run_as_root() {
    assert_snapshot!(Files::new().platform(r#"user = "1000""#, r#"user = "0""#).messages(), @"platform.toml:68:8: `services.api.user`: `0` is not valid (expected a numeric user id other than 0, such as 1000 or 1000:1000)");
}

#[test]
fn sources_of_values() {
    assert_snapshot!(Files::new().platform(r#""database.host""#, r#""database.hots""#).messages(), @"platform.toml:79:20: `services.api.environment.DB_HOST.from`: `database.hots` is not allowed here (did you mean `database.host`? allowed: environment.name, environment.domain, environment.url, region, database.host, database.port, database.name, database.username, cache.host, cache.port, cache.url, cache.username, services.NAME.url)");
}

#[test]
fn mail_addresses() {
    assert_snapshot!(Files::new().test("[alarms]", r#"[alarms]
email = "nobody""#).messages(), @"environments/test.toml:39:9: `alarms.email`: `nobody` is not valid (expected a mail address)");
}

#[test]
fn exemptions_give_a_reason() {
    assert_snapshot!(Files::new().platform(r#""Users save documents that look like attacks.""#, r#""because""#).messages(), @"platform.toml:51:10: `waf.exemptions[0].reason`: `because` is not valid (expected at least 20 characters)");
}

#[test]
fn versions_are_texts() {
    assert_snapshot!(Files::new().platform(r#"version = "17""#, "version = 17").messages(), @r#"platform.toml:18:11: `database.version` is an integer, expected a string (allowed: "16", "17", "18")"#);
}
