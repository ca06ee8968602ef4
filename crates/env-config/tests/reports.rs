//! Reports as people see them: one of each kind in full.

#![allow(clippy::unwrap_used)]

mod support;

use env_config::Config;
use insta::assert_snapshot;
use support::Files;

#[test]
fn a_misspelt_key_suggests_the_right_one() {
    assert_snapshot!(Files::new().test("desired_count", "desired_cont").refused(), @r"
    error: unknown key `desired_cont` in `ecs`
        ╭─[infra/environments/test.toml:23:1]
     22 │ [ecs]
     23 │ desired_cont = 1
        · ──────┬─────
        ·       ╰── not known here
     24 │ cpu = 256
        ╰────
      help: did you mean `desired_count`? allowed: cpu, desired_count, memory_mib, services
    ");
}

#[test]
fn a_size_that_fargate_lacks_lists_those_it_has() {
    assert_snapshot!(Files::new().test("memory_mib = 512", "memory_mib = 4096").refused(), @r"
    error: `ecs.memory_mib`: Fargate has no task with 256 CPU units and 4096 MiB
        ╭─[infra/environments/test.toml:25:14]
     24 │ cpu = 256
     25 │ memory_mib = 4096
        ·              ──┬─
        ·                ╰── not allowed
     26 │
        ╰────
      help: allowed for 256 CPU units: 512, 1024 or 2048 MiB
    ");
}

#[test]
fn an_unknown_instance_class_lists_those_of_postgres() {
    assert_snapshot!(Files::new().test("db.t4g.micro", "db.t4g.mikro").refused(), @r#"
    error: `database.instance_class`: `db.t4g.mikro` is not allowed
        ╭─[infra/environments/test.toml:13:18]
     12 │ [database]
     13 │ instance_class = "db.t4g.mikro"
        ·                  ───────┬──────
        ·                         ╰── not allowed
     14 │ multi_az = false
        ╰────
      help: did you mean `db.t4g.micro`? allowed: db.FAMILY.SIZE with t4g, t3 in micro, small, medium, large, xlarge,
            2xlarge; m5, m5d, r5, r5b, r5d in large, xlarge, 2xlarge, 4xlarge, 8xlarge, 12xlarge, 16xlarge, 24xlarge; m6g,
            m6gd, m7g, r6g, r6gd, r7g, x2g in large, xlarge, 2xlarge, 4xlarge, 8xlarge, 12xlarge, 16xlarge; m6i, m6id,
            m6idn, m6in, r6i, r6id, r6idn, r6in in large, xlarge, 2xlarge, 4xlarge, 8xlarge, 12xlarge, 16xlarge, 24xlarge,
            32xlarge; m7i, m8g, m8gd, r7i, r8g, r8gd in large, xlarge, 2xlarge, 4xlarge, 8xlarge, 12xlarge, 16xlarge,
            24xlarge, 48xlarge; x2iedn in xlarge, 2xlarge, 4xlarge, 8xlarge, 16xlarge, 24xlarge, 32xlarge
    "#);
}

#[test]
fn all_problems_of_all_files_are_reported_at_once() {
    assert_snapshot!(Files::new().platform("port = 8002", "port = 8001").platform(r#""/health""#, r#""health""#).test("nat_gateways = 1", "nat_gateways = 3").test("cpu = 256", "cpu = 300").refused(), @r#"
    error: `services.web.health_check.path`: `health` is not valid
        ╭─[infra/platform.toml:93:25]
     92 │ build = { dockerfile = "web/Dockerfile" }
     93 │ health_check = { path = "health" }
        ·                         ────┬───
        ·                             ╰── not valid
     94 │
        ╰────
      help: expected a path that starts with / and has no query

    error: `ecs.cpu`: 300 is not allowed
        ╭─[infra/environments/test.toml:24:7]
     23 │ desired_count = 1
     24 │ cpu = 300
        ·       ─┬─
        ·        ╰── not allowed
     25 │ memory_mib = 512
        ╰────
      help: allowed: 256, 512, 1024, 2048, 4096, 8192, 16384

    error: 3 NAT gateways do not spread over 2 zones
        ╭─[infra/environments/test.toml:10:16]
      9 │ availability_zones = 2
     10 │ nat_gateways = 3
        ·                ┬
        ·                ╰── not allowed
     11 │
        ╰────
      help: allowed: 1, or 2 (one for each zone)

    the configuration has 3 problems
    "#);
}

#[test]
fn a_syntax_error_points_at_its_place() {
    assert_snapshot!(Files::new().test("nodes = 1", "nodes = = 1").refused(), @r#"
    error: TOML syntax: extra `=`, expected nothing
        ╭─[infra/environments/test.toml:20:9]
     19 │ node_type = "cache.t4g.micro"
     20 │ nodes = = 1
        ·         ┬
        ·         ╰── here
     21 │
        ╰────
    "#);
}

#[test]
fn overlapping_networks_name_both_files() {
    assert_snapshot!(Files::new().test("10.10.0.0/16", "10.20.128.0/17").refused(), @r#"
    error: `10.20.128.0/17` overlaps the network of `live`
       ╭─[infra/environments/test.toml:8:8]
     7 │ [network]
     8 │ cidr = "10.20.128.0/17"
       ·        ────────┬───────
       ·                ╰── overlaps
     9 │ availability_zones = 2
       ╰────
      help: infra/environments/live.toml:7 has 10.20.0.0/16; each environment needs addresses of its own, such as
            10.30.0.0/16
    "#);
}

#[test]
fn in_one_line_each_problem_has_its_place() {
    let files = Files::new().test("cpu = 256", "cpu = 300").test("nodes = 1", "nodes = = 1");
    assert_snapshot!(files.load().unwrap_err().line(), @"infra/environments/test.toml:20:9: TOML syntax: extra `=`, expected nothing");
    let files = Files::new().test("cpu = 256", "cpu = 300").platform("port = 8002", "port = 80020");
    assert_snapshot!(files.load().unwrap_err().line(), @"infra/platform.toml:89:8: `services.web.port`: 80020 is not allowed; infra/environments/test.toml:24:7: `ecs.cpu`: 300 is not allowed");
}

#[test]
fn a_missing_file_is_named_with_what_would_be_right() {
    let root = tempfile::tempdir().unwrap();
    let report = Config::load(root.path()).unwrap_err().report(false);
    let report = report.replace(&root.path().display().to_string(), "ROOT");
    assert_snapshot!(report, @r"
    error: cannot read ROOT/infra/platform.toml
      ╰─▶ No such file or directory (os error 2)
      help: expected infra/platform.toml below the top of the repository, as UTF-8 text; docs/configuration.md describes
            it
    ");
}

#[test]
fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("infra")).unwrap();
    let pipe = root.path().join("infra/platform.toml");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let line =
        Config::load(root.path()).unwrap_err().line().replace(&root.path().display().to_string(), "ROOT");
    assert_snapshot!(line, @"cannot read ROOT/infra/platform.toml: it is not a regular file");
}

#[test]
fn a_file_without_end_is_not_read() {
    let root = tempfile::tempdir().unwrap();
    let environments = root.path().join("infra/environments");
    std::fs::create_dir_all(&environments).unwrap();
    std::fs::write(root.path().join("infra/platform.toml"), Files::new().platform).unwrap();
    let text = format!("{}# {}", Files::new().environments[0].1, "x".repeat(50_000_000));
    std::fs::write(environments.join("live.toml"), text).unwrap();
    let line =
        Config::load(root.path()).unwrap_err().line().replace(&root.path().display().to_string(), "ROOT");
    assert_snapshot!(line, @"cannot read ROOT/infra/environments/live.toml: it is longer than the 1048576 bytes that such a file may have");
}

#[test]
fn a_missing_directory_of_environments_is_named() {
    let root = tempfile::tempdir().unwrap();
    std::fs::create_dir(root.path().join("infra")).unwrap();
    std::fs::write(root.path().join("infra/platform.toml"), Files::new().platform).unwrap();
    let report = Config::load(root.path()).unwrap_err().report(false);
    let report = report.replace(&root.path().display().to_string(), "ROOT");
    assert_snapshot!(report, @r"
    error: cannot read ROOT/infra/environments
      ╰─▶ No such file or directory (os error 2)
      help: each environment has a file there, such as infra/environments/staging.toml
    ");
}

#[test]
fn an_unknown_environment_lists_the_known_ones() {
    let config = Files::new().load().unwrap();
    assert_snapshot!(config.environment("tset").unwrap_err().report(false), @r"
    error: there is no environment `tset`
      help: did you mean `test`? known environments: live, test; a file under infra/environments adds another
    ");
}
