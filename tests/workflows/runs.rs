//! The workflows at work: staging follows main, production takes a release, and goes back.

use deploy_ops::resolve::Wanted;
use serde_json::{Value, json};

use super::harness::{Event, Machine, Report, What};
use crate::e2e::scene::{Scene, block_on, options};

fn payload(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// CI of a commit of main has ended well.
fn ci_is_green(commit: &str, head: &str) -> Event {
    let mut payload = payload(include_str!("events/workflow_run.json"));
    payload["workflow_run"]["head_sha"] = json!(commit);
    Event { name: "workflow_run", reference: "refs/heads/main".to_owned(), sha: head.to_owned(), payload }
}

/// The run about a release that was published has ended.
fn release_is_published(tag: &str, commit: &str) -> Event {
    let mut payload = payload(include_str!("events/release_run.json"));
    payload["workflow_run"]["head_branch"] = json!(tag);
    payload["workflow_run"]["head_sha"] = json!(commit);
    Event { name: "workflow_run", reference: "refs/heads/main".to_owned(), sha: commit.to_owned(), payload }
}

fn somebody_rolls_back_to(tag: &str, head: &str) -> Event {
    let mut payload = payload(include_str!("events/workflow_dispatch.json"));
    payload["inputs"]["tag"] = json!(tag);
    Event {
        name: "workflow_dispatch",
        reference: "refs/heads/main".to_owned(),
        sha: head.to_owned(),
        payload,
    }
}

fn tag(machine: &Machine, tag: &str) {
    machine.scene.git(&[
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.com",
        "tag",
        "-a",
        tag,
        "-m",
        tag,
    ]);
    machine.push();
}

/// A commit of main, known to origin.
fn commit(machine: &Machine, message: &str) -> String {
    machine.scene.git(&["checkout", "--quiet", "main"]);
    let commit = machine.scene.commit(message);
    machine.push();
    commit
}

fn succeeded(report: &Report) {
    for (job, result) in &report.results {
        assert_eq!(result, "success", "{job}: {:#?}", report.steps);
    }
    for (step, what) in &report.steps {
        if let What::Ran { command, exit, stderr, .. } = what {
            assert_eq!(*exit, 0, "{step}: {command}: {stderr}");
        }
    }
}

/// What a step printed on stderr.
fn progress<'a>(report: &'a Report, step: &str) -> &'a str {
    match report.step(step) {
        What::Ran { stderr, .. } => stderr,
        other => panic!("{step}: {other:?}"),
    }
}

/// Titles of the groups in a log.
fn groups(log: &str) -> Vec<&str> {
    log.lines().filter_map(|line| line.strip_prefix("::group::")).collect()
}

#[test]
fn staging_follows_main_from_an_empty_account_on() {
    let machine = Machine::new(Scene::empty());
    let head = machine.scene.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let report = machine.run("cd.yml", &ci_is_green(&head, &head));
    succeeded(&report);
    let jobs: Vec<&str> = report.results.keys().map(String::as_str).collect();
    assert_eq!(jobs, ["build", "build / build", "deploy", "deploy / deploy", "newest"]);
    let groups = groups(progress(&report, "Deploy the commit"));
    let at = |word: &str| {
        let found = groups.iter().position(|title| title.to_lowercase().contains(word));
        found.unwrap_or_else(|| panic!("no {word} in {groups:?}"))
    };
    let order = ["infrastructure", "migrate", "seed", "services", "health"].map(at);
    assert!(order.is_sorted(), "stack, migrate, seed, services, health: {groups:?}");
    match report.step("deploy / deploy: Sign in to AWS") {
        What::StandIn(action) => assert_eq!(action, "aws-actions/configure-aws-credentials"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(report.step("Verify the images of the release"), What::Skipped));
}

#[test]
fn a_commit_that_was_overtaken_is_left_alone() {
    let machine = Machine::new(Scene::staging());
    let older = commit(&machine, "second");
    let newer = commit(&machine, "third");
    let report = machine.run("cd.yml", &ci_is_green(&older, &newer));
    assert_eq!(report.results["newest"], "success", "{:#?}", report.steps);
    assert_eq!(report.results["build"], "skipped");
    assert_eq!(report.results["deploy"], "skipped");
    match report.step("Ask for main's newest commit") {
        What::Ran { stdout, .. } => assert_eq!(*stdout, format!("newest=false\nhead={newer}\n")),
        other => panic!("{other:?}"),
    }
}

/// Commit and release that an environment runs, as `status` says.
fn running(machine: &Machine, environment: &str) -> String {
    let session = block_on(async {
        let session = machine.scene.session(environment, &[]).await;
        let status = deploy_ops::status::read(&session).await.unwrap();
        session.session.target.close().await.unwrap();
        status
    });
    serde_json::to_value(session).unwrap()["release"].as_str().unwrap().to_owned()
}

#[test]
fn a_published_release_goes_to_production_and_its_notes_say_so() {
    let machine = Machine::new(Scene::staging());
    let head = machine.scene.git(&["rev-parse", "HEAD"]).trim().to_owned();
    tag(&machine, "v0.1.0");
    let report = machine.run("prod-deploy.yml", &release_is_published("v0.1.0", &head));
    succeeded(&report);
    assert!(!groups(progress(&report, "Deploy the release")).iter().any(|title| title.contains("seed")));
    assert_eq!(running(&machine, "production"), "v0.1.0");
    let jobs: Vec<&str> = report.results.keys().map(String::as_str).collect();
    assert_eq!(jobs, ["annotate", "approve", "deploy", "deploy / deploy"]);
    let notes = machine.notes();
    assert!(notes.starts_with("First release.\n"), "{notes}");
    assert!(notes.contains("### production\n") && notes.contains(&head), "{notes}");
    assert_eq!(notes.matches("sha256:").count(), 3, "{notes}");
}

#[test]
fn a_release_without_images_stops_before_anything_is_touched() {
    let machine = Machine::new(Scene::staging());
    let unbuilt = commit(&machine, "not built");
    tag(&machine, "v0.1.0");
    let report = machine.run("prod-deploy.yml", &release_is_published("v0.1.0", &unbuilt));
    assert_eq!(report.results["deploy / deploy"], "failure");
    assert_eq!(report.results["annotate"], "skipped");
    assert_eq!(machine.notes(), "First release.\n");
}

/// Production runs v0.1.0, staging a commit after it.
fn with_a_newer_commit() -> (Machine, String) {
    let machine = Machine::new(Scene::staging());
    let first = machine.scene.git(&["rev-parse", "HEAD"]).trim().to_owned();
    tag(&machine, "v0.1.0");
    succeeded(&machine.run("prod-deploy.yml", &release_is_published("v0.1.0", &first)));
    let second = commit(&machine, "second");
    succeeded(&machine.run("cd.yml", &ci_is_green(&second, &second)));
    machine.scene.git(&["checkout", "--quiet", "main"]);
    (machine, second)
}

#[test]
fn production_goes_back_to_an_earlier_release() {
    let (machine, second) = with_a_newer_commit();
    tag(&machine, "v0.2.0");
    succeeded(&machine.run("prod-deploy.yml", &release_is_published("v0.2.0", &second)));
    assert_eq!(running(&machine, "production"), "v0.2.0");
    let report = machine.run("prod-rollback.yml", &somebody_rolls_back_to("v0.1.0", &second));
    succeeded(&report);
    assert_eq!(running(&machine, "production"), "v0.1.0");
    assert!(!groups(progress(&report, "Roll back")).iter().any(|title| title.contains("migrate")));
}

#[test]
fn production_goes_back_while_a_deployment_is_half_way() {
    let (machine, second) = with_a_newer_commit();
    block_on(machine.scene.half_way("production", &options(Wanted::Head), &[]));
    let report = machine.run("prod-rollback.yml", &somebody_rolls_back_to("v0.1.0", &second));
    succeeded(&report);
    let said = progress(&report, "Roll back");
    assert!(said.contains("cancelling the update that is in progress"), "{said}");
    assert_eq!(running(&machine, "production"), "v0.1.0");
}
