//! What runs when, and after what.

use serde_json::{Value, json};

use super::expression::Contexts;
use super::hygiene::signs_in;
use super::model::{self, list, triggers, workflow};

fn needs(file: &model::File, job: &str) -> Vec<String> {
    list(&file.jobs()[job]["needs"]).into_iter().map(str::to_owned).collect()
}

/// Names of the commands of a job's steps, in order.
fn commands(job: &Value) -> Vec<String> {
    let steps = job["steps"].as_array().unwrap().iter();
    let commands = steps.filter_map(|step| step["run"].as_str());
    commands
        .map(|command| {
            command.trim_start_matches("cargo xtask ").split(['"', '-']).next().unwrap().trim().to_owned()
        })
        .collect()
}

#[test]
fn staging_is_built_and_deployed_after_the_question() {
    let file = workflow("cd.yml");
    assert_eq!(triggers(&file), ["workflow_run"]);
    assert_eq!(
        file.content["on"]["workflow_run"],
        json!({ "workflows": ["CI"], "types": ["completed"], "branches": ["main"] })
    );
    assert_eq!(workflow("ci.yml").content["name"], "CI", "workflow_run names it");
    assert_eq!(needs(&file, "newest"), Vec::<String>::new());
    assert_eq!(needs(&file, "build"), ["newest"]);
    assert_eq!(needs(&file, "deploy"), ["build"]);
    assert_eq!(file.jobs().len(), 3);
    assert_eq!(file.jobs()["deploy"]["with"]["environment"], "staging");
}

#[test]
fn production_takes_releases_and_says_so_afterwards() {
    let file = workflow("prod-deploy.yml");
    assert_eq!(triggers(&file), ["release"]);
    assert_eq!(needs(&file, "annotate"), ["deploy"]);
    assert_eq!(file.jobs()["deploy"]["uses"], "./.github/workflows/_deploy-stack.yml");
    assert_eq!(file.jobs()["deploy"]["with"]["environment"], "production");
}

#[test]
fn images_are_verified_before_anything_is_deployed() {
    let deploy = workflow("_deploy-stack.yml");
    assert_eq!(commands(&deploy.jobs()["deploy"]), ["github role", "images verify", "deploy", "deploy"]);
    let build = workflow("_build-images.yml");
    assert_eq!(
        commands(&build.jobs()["build"]),
        ["images build", "github role", "images push", "images verify"]
    );
    let rollback = workflow("prod-rollback.yml");
    assert_eq!(commands(&rollback.jobs()["rollback"]), ["github role", "rollback"], "no stack, no migration");
}

/// What the first job of cd.yml makes of an event.
fn staging_starts(change: impl Fn(&mut Value)) -> bool {
    let mut event: Value = serde_json::from_str(include_str!("events/workflow_run.json")).unwrap();
    change(&mut event["workflow_run"]);
    let github = json!({ "event": event, "repository": "specboard/doc-platform" });
    let contexts = Contexts { success: true, ..Contexts::default() }.with("github", github);
    contexts.condition(workflow("cd.yml").jobs()["newest"].get("if")).unwrap()
}

#[test]
fn only_a_push_to_main_with_green_ci_starts_staging() {
    assert!(staging_starts(|_| {}));
    assert!(!staging_starts(|run| run["conclusion"] = json!("failure")));
    assert!(!staging_starts(|run| run["conclusion"] = json!("cancelled")));
    assert!(!staging_starts(|run| run["event"] = json!("pull_request")));
    assert!(!staging_starts(|run| run["head_branch"] = json!("feature")));
    assert!(!staging_starts(|run| run["head_repository"]["full_name"] = json!("somebody/doc-platform")));
}

#[test]
fn an_older_commit_is_neither_built_nor_deployed() {
    let file = workflow("cd.yml");
    let contexts = |newest: &str| {
        let needs = json!({ "newest": { "outputs": { "newest": newest } } });
        Contexts { success: true, ..Contexts::default() }.with("needs", needs)
    };
    let condition = file.jobs()["build"].get("if");
    assert!(contexts("true").condition(condition).unwrap());
    assert!(!contexts("false").condition(condition).unwrap());
    assert!(!contexts("").condition(condition).unwrap(), "no answer is no yes");
    assert!(file.jobs()["deploy"].get("if").is_none(), "a skipped build skips the deployment");
}

/// How many runs of prod-deploy.yml these activities of one release start, and how many of them deploy.
///
/// <https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows#release>
fn runs_of_production(activities: &[&str], prerelease: bool) -> (usize, usize) {
    let file = workflow("prod-deploy.yml");
    let types = list(&file.content["on"]["release"]["types"]);
    let github = json!({ "event": { "release": { "prerelease": prerelease } } });
    let contexts = Contexts { success: true, ..Contexts::default() }.with("github", github);
    let runs = activities.iter().filter(|activity| types.contains(activity)).count();
    let deploys = contexts.condition(file.jobs()["deploy"].get("if")).unwrap();
    (runs, if deploys { runs } else { 0 })
}

#[test]
fn a_release_is_deployed_once() {
    assert_eq!(runs_of_production(&["created", "published", "released"], false), (1, 1));
    assert_eq!(runs_of_production(&["edited"], false), (0, 0));
}

#[test]
fn a_prerelease_is_deployed_once_it_is_a_release() {
    assert_eq!(runs_of_production(&["edited", "released"], false), (1, 1));
}

/// A run that does nothing takes the place of one that waits in the group all the same.
#[test]
fn a_prerelease_starts_no_run() {
    assert_eq!(runs_of_production(&["created", "published", "prereleased"], true), (0, 0));
}

#[test]
fn nothing_seeds_production() {
    let file = workflow("run-task.yml");
    let starts = |environment: &str, task: &str| {
        let contexts = Contexts { success: true, ..Contexts::default() }
            .with("inputs", json!({ "environment": environment, "task": task }));
        contexts.condition(file.jobs()["task"].get("if")).unwrap()
    };
    assert!(starts("staging", "seed") && starts("staging", "migrate") && starts("production", "migrate"));
    assert!(!starts("production", "seed"));
    for (name, file) in model::workflows() {
        assert!(!file.text.contains("--allow-seed"), "{name}");
        assert!(!file.text.contains("task run seed"), "{name}");
    }
    let config = crate::templates::config();
    assert!(!config.environment("production").unwrap().seed_on_deploy);
}

/// Whether runs of this workflow replace each other, for an event.
fn cancels(file: &model::File, event: &str) -> bool {
    let contexts =
        Contexts { success: true, ..Contexts::default() }.with("github", json!({ "event_name": event }));
    match &file.content["concurrency"]["cancel-in-progress"] {
        Value::Bool(value) => *value,
        Value::String(text) => contexts.interpolate(text).unwrap() == Value::Bool(true),
        other => panic!("{}: cancel-in-progress: {other}", file.name),
    }
}

#[test]
fn what_deploys_is_never_cancelled_and_a_rollback_never_waits_for_it() {
    let mut groups = Vec::new();
    for (name, file) in model::workflows() {
        if triggers(&file) == ["workflow_call"] {
            assert!(file.content["concurrency"].is_null(), "{name}: the caller's group counts");
            continue;
        }
        let signs_in = file.jobs().values().any(signs_in);
        for event in triggers(&file) {
            assert!(!(signs_in && event != "pull_request" && cancels(&file, event)), "{name}: {event}");
        }
        groups.push(
            file.content["concurrency"]["group"]
                .as_str()
                .unwrap_or_else(|| panic!("{name}: no group"))
                // Groups have no case.
                .to_lowercase(),
        );
    }
    let count = groups.len();
    groups.sort();
    groups.dedup();
    assert_eq!(groups.len(), count, "two workflows share a group: {groups:?}");
    assert!(!cancels(&workflow("ci.yml"), "push"), "every commit of main gets a verdict");
}

#[test]
fn pull_requests_get_no_role_and_no_environment() {
    for (name, file) in model::workflows() {
        if !triggers(&file).iter().any(|trigger| trigger.starts_with("pull_request")) {
            continue;
        }
        assert!(!triggers(&file).contains(&"pull_request_target"), "{name}");
        for (id, job) in file.jobs() {
            let github = json!({ "event_name": "pull_request" });
            let contexts = Contexts { success: true, ..Contexts::default() }.with("github", github);
            if contexts.condition(job.get("if")).unwrap() {
                assert!(!signs_in(job) && job["environment"].is_null(), "{name}: {id}");
            }
        }
    }
}
