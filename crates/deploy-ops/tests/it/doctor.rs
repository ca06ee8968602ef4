//! `doctor`

use serde_json::Value;

use super::scene::{Run, Scene};

fn finding(run: &Run, check: &str) -> Value {
    let answer: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:#?}"));
    let findings = answer["findings"].as_array().unwrap();
    findings.iter().find(|it| it["check"] == check).unwrap_or_else(|| panic!("no {check}: {run:#?}")).clone()
}

/// Programs that answer as on a machine where everything is there.
pub(crate) fn healthy(scene: &Scene) {
    scene.stand_in("rustc", "echo 'rustc 1.99.0 (0123456 2027-01-01)'");
    scene.stand_in("python3", "echo 3.13.1");
    scene.stand_in(
        "docker",
        "[ \"$1\" = buildx ] && echo 'github.com/docker/buildx v0.30.0 abc' || echo 29.0.1",
    );
    scene.stand_in("gh", "exit 0");
    scene.git(&["remote", "add", "origin", "https://user:hunter2@github.com/specboard/doc-platform.git"]);
}

/// Names that resolve nowhere (RFC 2606), so that no test asks the network.
pub(crate) fn unreachable(scene: &Scene) {
    for file in ["platform.toml", "environments/staging.toml", "environments/production.toml"] {
        let file = format!("infra/{file}");
        scene.write(&file, &scene.read(&file).replace("specboard.io", "specboard.invalid"));
    }
}

#[test]
fn a_machine_with_everything_is_healthy() {
    let scene = Scene::staging();
    healthy(&scene);
    let run = scene.run(&["doctor", "staging", "--local"]).expect(0);
    assert!(!run.text().contains("hunter2"), "{run:#?}");
    let bad = |line: &&str| line.starts_with("warn") || line.starts_with("FAIL");
    assert_eq!(run.stdout.lines().filter(bad).count(), 0, "{}", run.stdout);
    assert_eq!(run.stdout.lines().filter(|line| line.contains("https://staging.specboard.io/")).count(), 3);
}

#[test]
fn each_lack_has_its_fix() {
    let scene = Scene::empty();
    scene.stand_in("rustc", "echo 'rustc 1.80.0 (0123456 2024-07-01)'");
    scene.stand_in("python3", "echo 'No module named venv' >&2; exit 1");
    scene.stand_in("docker", "echo 'Cannot connect to the Docker daemon' >&2; exit 1");
    scene.stand_in("gh", "echo 'You are not logged into any GitHub hosts.' >&2; exit 1");
    scene.write("new.txt", "not committed");
    scene.git(&["switch", "--quiet", "--create", "topic"]);
    let run = scene.run(&["doctor", "staging", "--local", "--json"]).expect(10);
    let expected = [
        ("rust", "fail", "1.80.0 is older than 1.95", "rustup update"),
        ("python", "warn", "No module named venv", "cargo xtask ci"),
        ("docker", "warn", "Cannot connect", "images build|push"),
        ("buildx", "warn", "Cannot connect", "install-buildx"),
        ("gh", "warn", "not logged in", "gh auth login"),
        ("git", "warn", "files that differ from the commit: 1", "commit or stash"),
        ("branch", "warn", "topic", "git switch main"),
        ("remote", "warn", "no remote origin", "specboard/doc-platform"),
        ("stack", "warn", "DocPlatform-staging does not exist", "cargo xtask deploy staging --local"),
    ];
    for (check, state, detail, fix) in expected {
        let found = finding(&run, check);
        assert_eq!(found["state"], state, "{found}");
        assert!(found["detail"].as_str().unwrap().contains(detail), "{found}");
        assert!(found["fix"].as_str().unwrap().contains(fix), "{found}");
    }
}

#[test]
fn a_state_that_does_not_open_is_a_failure() {
    let scene = Scene::staging();
    healthy(&scene);
    scene.write(".local-aws/local-aws.marker", "A state directory of the local AWS.\n");
    scene.write(".local-aws/account.state", "{}\n");
    let run = scene.run(&["doctor", "--local", "--json"]).expect(10);
    let found = finding(&run, "local account");
    assert_eq!(found["state"], "fail", "{found}");
    assert!(found["detail"].as_str().unwrap().contains("account.state"), "{found}");
}

#[test]
fn without_credentials_the_way_out_is_named() {
    let scene = Scene::empty();
    healthy(&scene);
    let run = scene.run(&["doctor", "--json"]).expect(10);
    let found = finding(&run, "credentials");
    assert_eq!(found["state"], "fail");
    assert!(found["fix"].as_str().unwrap().contains("aws sso login"), "{found}");
}

/// By name, with what belongs there, and before anything is called.
#[test]
fn what_a_reader_has_to_replace_comes_first() {
    let scene = Scene::empty();
    healthy(&scene);
    let file = "infra/environments/staging.toml";
    scene.write(file, &scene.read(file).replace("alerts@specboard.io", "alerts@example.com"));
    std::fs::remove_file(scene.root().join("api/Dockerfile")).unwrap();
    let run = scene.run(&["doctor", "--json"]).expect(10);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    let findings = answer["findings"].as_array().unwrap();
    let examples: Vec<String> = findings
        .iter()
        .take_while(|it| it["check"] == "configuration")
        .map(|it| format!("{} / {}", it["detail"].as_str().unwrap(), it["fix"].as_str().unwrap()))
        .collect();
    for (example, (detail, fix)) in examples.iter().zip([
        ("platform.toml: account_id = 123456789012", "aws sts get-caller-identity"),
        ("platform.toml: github.owner_id = 100200300", "gh api repos/specboard/doc-platform --jq .owner.id"),
        ("platform.toml: github.repository_id = 900800700", "--jq .id"),
        ("environments/staging.toml: alarms.email = alerts@example.com", "somebody reads"),
    ]) {
        assert!(example.contains(detail) && example.contains(fix), "{example}");
    }
    assert_eq!(examples.len(), 4, "{examples:#?}");
    let source = finding(&run, "source");
    assert!(
        source["detail"].as_str().unwrap().contains("services.api.build.dockerfile = api/Dockerfile"),
        "{source}"
    );
}

#[test]
fn credentials_of_another_environment_are_noticed() {
    let scene = Scene::staging();
    healthy(&scene);
    unreachable(&scene);
    let served = scene.serve();
    let run = |role: &str| {
        let variables = served.as_role(role);
        let variables: Vec<(&str, &str)> =
            variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
        scene.run_with(&["doctor", "staging", "--json"], "", &variables)
    };
    let good = run("doc-platform-staging-deploy").expect(0);
    assert_eq!(finding(&good, "role")["state"], "ok");
    assert_eq!(finding(&good, "stack")["state"], "ok");
    // That an environment cannot be reached is no failure of the machine.
    assert_eq!(finding(&good, "dns")["state"], "warn");
    let bad = run("doc-platform-production-deploy").expect(10);
    assert!(finding(&bad, "role")["fix"].as_str().unwrap().contains("doc-platform-staging-deploy"));
}
