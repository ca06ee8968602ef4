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

/// Everything that runs by itself in a new repository ends well and says what a person does next.
#[test]
fn the_first_morning_is_green_and_says_what_comes_next() {
    let machine = Machine::first_morning(Scene::empty());
    let head = machine.scene.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let report = machine.run("cd.yml", &ci_is_green(&head, &head));
    assert_eq!(report.results["newest"], "success", "{:#?}", report.steps);
    assert_eq!((&*report.results["build"], &*report.results["deploy"]), ("skipped", "skipped"));
    let said = progress(&report, "Ask whether there is an account to deploy to");
    assert!(said.contains("no stack DocPlatform-shared yet"), "{said}");
    assert!(said.contains("account_id in infra/platform.toml"), "{said}");
    assert!(said.trim().ends_with("cargo xtask bootstrap staging"), "{said}");
    let report = machine.run("infra.yml", &every_morning(&head));
    assert_eq!((&*report.results["drift"], &*report.results["plan"]), ("success", "skipped"));
    assert!(matches!(report.step("What a deployment would change"), What::Skipped));
    let said = progress(&report, "Ask whether there is an account to compare with");
    assert!(said.trim().ends_with("cargo xtask bootstrap staging"), "{said}");

    // Somebody has made the shared stack: images can be pushed, but there is no environment yet.
    machine.shared_stack_is_made();
    let report = machine.run("cd.yml", &ci_is_green(&head, &head));
    succeeded(&report);
    let next = "staging does not exist yet: nothing is deployed. Next: cargo xtask bootstrap staging --local";
    let said = progress(&report, "Deploy the commit");
    assert!(said.contains(next), "{said}");
    let report = machine.run("infra.yml", &every_morning(&head));
    assert_eq!(report.results["drift"], "success", "{:#?}", report.steps);
    let said = progress(&report, "What a deployment would change");
    assert!(said.contains("staging does not exist yet: nothing is compared or changed"), "{said}");
}

/// The schedule of infra.yml.
fn every_morning(head: &str) -> Event {
    let payload = json!({ "schedule": "17 6 * * *" });
    Event { name: "schedule", reference: "refs/heads/main".to_owned(), sha: head.to_owned(), payload }
}

#[test]
fn staging_follows_main_once_it_is_made() {
    let machine = Machine::new(Scene::staging());
    machine.scene.edit("environments/staging.toml", "retention_days = 14", "retention_days = 30");
    let head = commit(&machine, "second");
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
