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
    assert_eq!(triggers(&file), ["workflow_run"]);
    assert_eq!(
        file.content["on"]["workflow_run"],
        json!({ "workflows": ["Release"], "types": ["completed"] })
    );
    assert_eq!(workflow("release.yml").content["name"], "Release", "workflow_run names it");
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
        let needs = json!({ "newest": { "outputs": { "newest": newest, "ready": "true" } } });
        Contexts { success: true, ..Contexts::default() }.with("needs", needs)
    };
    let condition = file.jobs()["build"].get("if");
    assert!(contexts("true").condition(condition).unwrap());
    assert!(!contexts("false").condition(condition).unwrap());
    assert!(!contexts("").condition(condition).unwrap(), "no answer is no yes");
    assert!(file.jobs()["deploy"].get("if").is_none(), "a skipped build skips the deployment");
}

/// What the first job of prod-deploy.yml makes of the end of a run.
fn production_starts(change: impl Fn(&mut Value)) -> bool {
    let mut event: Value = serde_json::from_str(include_str!("events/release_run.json")).unwrap();
    change(&mut event["workflow_run"]);
    let github = json!({ "event": event, "repository": "specboard/doc-platform" });
    let contexts = Contexts { success: true, ..Contexts::default() }.with("github", github);
    contexts.condition(workflow("prod-deploy.yml").jobs()["approve"].get("if")).unwrap()
}

/// Any branch of this repository or of a fork may have a workflow of the name that starts production's.
#[test]
fn only_a_release_of_this_repository_starts_production() {
    assert!(production_starts(|_| {}));
    for event in ["push", "pull_request", "workflow_dispatch", "schedule"] {
        assert!(!production_starts(|run| run["event"] = json!(event)), "{event}");
    }
    assert!(!production_starts(|run| run["conclusion"] = json!("failure")));
    assert!(!production_starts(|run| run["head_repository"]["full_name"] = json!("somebody/doc-platform")));
}

/// The environments that production's role is behind may be used from main alone. A run about a tag takes its workflow from
/// the tag: whoever may make tags could leave the approval out.
#[test]
fn no_run_about_a_tag_has_an_environment() {
    for (name, file) in model::workflows() {
        if triggers(&file).iter().any(|trigger| ["release", "push", "create"].contains(trigger)) {
            for (id, job) in file.jobs() {
                assert!(job["environment"].is_null() && !signs_in(job), "{name}: {id}");
                assert!(job["permissions"]["id-token"].is_null(), "{name}: {id}");
            }
        }
    }
}

/// The job that a job needs first, for jobs that act on production: it asks, does nothing else, and holds no group.
#[test]
fn whatever_acts_on_production_was_approved() {
    let mut seen = Vec::new();
    for (name, file) in model::workflows() {
        for (id, job) in file.jobs() {
            let acts = job["environment"] == "production" || job["with"]["environment"] == "production";
            if !acts {
                continue;
            }
            seen.push(format!("{name}: {id}"));
            assert_eq!(needs(&file, id), ["approve"], "{name}: {id}");
            assert!(job["if"].is_null(), "{name}: {id}: it would run without an approval");
            let approve = &file.jobs()["approve"];
            assert_eq!(approve["environment"], "production-approval", "{name}");
            assert!(approve["concurrency"].is_null() && file.content["concurrency"].is_null(), "{name}");
            assert!(!signs_in(approve) && !approve["continue-on-error"].is_boolean(), "{name}");
        }
    }
    assert_eq!(seen, ["prod-deploy.yml: deploy", "prod-rollback.yml: rollback", "run-task.yml: production"]);
}

#[test]
fn nothing_seeds_production() {
    let file = workflow("run-task.yml");
    let starts = |environment: &str, task: &str| {
        let contexts = Contexts { success: true, ..Contexts::default() }
            .with("inputs", json!({ "environment": environment, "task": task }));
        ["staging", "approve"].iter().any(|job| contexts.condition(file.jobs()[*job].get("if")).unwrap())
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

/// Every concurrency group: of which workflow or job, whether it signs in, and what it says.
fn groups(file: &model::File) -> Vec<(String, bool, Value)> {
    let whole = (file.name.clone(), file.jobs().values().any(signs_in), file.content["concurrency"].clone());
    let jobs = file.jobs().iter();
    let jobs =
        jobs.map(|(id, job)| (format!("{}: {id}", file.name), signs_in(job), job["concurrency"].clone()));
    std::iter::once(whole).chain(jobs).filter(|(_, _, group)| !group.is_null()).collect()
}

/// Whether members of this group replace one that runs, for an event.
fn cancels(group: &Value, event: &str) -> bool {
    let contexts =
        Contexts { success: true, ..Contexts::default() }.with("github", json!({ "event_name": event }));
    match &group["cancel-in-progress"] {
        Value::Bool(value) => *value,
        Value::String(text) => contexts.interpolate(text).unwrap() == Value::Bool(true),
        other => panic!("cancel-in-progress: {other}"),
    }
}

#[test]
fn what_deploys_is_never_cancelled_and_a_rollback_never_waits_for_it() {
    let mut names = Vec::new();
    for (name, file) in model::workflows() {
        let groups = groups(&file);
        if triggers(&file) == ["workflow_call"] {
            assert!(groups.is_empty(), "{name}: the caller's group counts");
            continue;
        }
        for (id, job) in file.jobs() {
            let has_group =
                [&file.content["concurrency"], &job["concurrency"]].iter().any(|it| !it.is_null());
            assert!(has_group || !signs_in(job), "{name}: {id}: two would run at the same time");
        }
        for (place, signs_in, group) in groups {
            for event in triggers(&file) {
                assert!(!(signs_in && event != "pull_request" && cancels(&group, event)), "{place}: {event}");
            }
            // Groups have no case.
            names.push(group["group"].as_str().unwrap_or_else(|| panic!("{place}: no group")).to_lowercase());
        }
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count, "two share a group: {names:?}");
    let ci = &workflow("ci.yml").content["concurrency"];
    assert!(!cancels(ci, "push"), "every commit of main gets a verdict");
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
