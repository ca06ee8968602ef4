//! What waits for what in production: releases, rollbacks and tasks that nobody has approved yet hold nothing up.

use serde_json::json;

use super::model::File;
use super::release_events::Change;
use super::schedule::{GitHub, State};

/// The repository, set up as docs/workflows.md says.
fn github() -> GitHub {
    GitHub::new(&["production-approval"])
}

/// A release is published, and its own run has ended; the run that may deploy it.
fn published(github: &mut GitHub, tag: &str) -> usize {
    github.release(Change::Publish, tag, false);
    let run = github.last("release.yml").unwrap();
    github.finish(run, "published");
    github.last("prod-deploy.yml").unwrap()
}

fn approved(github: &mut GitHub, run: usize) {
    github.approve(run, "approve");
    github.finish(run, "approve");
}

#[test]
fn a_release_that_nobody_approves_holds_no_other_up() {
    let mut github = github();
    let first = published(&mut github, "v1.0.0");
    let second = published(&mut github, "v1.0.1");
    assert_ne!(first, second);
    approved(&mut github, second);
    assert_eq!(github.state(second, "deploy"), State::Running);
    assert_eq!(github.state(first, "approve"), State::Waiting, "it was not pushed out either");
    github.finish(second, "deploy");
    github.reject(first, "approve");
    assert_eq!(github.state(first, "deploy"), State::Ended("skipped"));
    assert_eq!(github.state(second, "annotate"), State::Running);
}

#[test]
fn nothing_touches_production_before_it_is_approved() {
    let mut github = github();
    let run = published(&mut github, "v1.0.0");
    assert_eq!(github.state(run, "approve"), State::Waiting);
    assert_eq!(github.state(run, "deploy"), State::Later);
    assert_eq!(github.state(run, "annotate"), State::Later);
}

#[test]
fn approved_releases_are_deployed_one_after_the_other_and_none_is_dropped() {
    let mut github = github();
    let runs = ["v1.0.0", "v1.0.1", "v1.0.2"].map(|tag| published(&mut github, tag));
    for run in runs {
        approved(&mut github, run);
    }
    let states = |github: &GitHub| runs.map(|run| github.state(run, "deploy"));
    assert_eq!(states(&github), [State::Running, State::Pending, State::Pending]);
    github.finish(runs[0], "deploy");
    assert_eq!(states(&github), [State::Ended("success"), State::Running, State::Pending]);
}

#[test]
fn a_rollback_with_the_wrong_tag_does_not_hold_the_right_one_up() {
    let mut github = github();
    let wrong = github.dispatch("prod-rollback.yml", &json!({ "tag": "v0.9.0" }));
    let right = github.dispatch("prod-rollback.yml", &json!({ "tag": "v1.0.0" }));
    assert_eq!(github.state(wrong, "approve"), State::Waiting);
    approved(&mut github, right);
    assert_eq!(github.state(right, "rollback"), State::Running);
}

#[test]
fn a_rollback_does_not_wait_for_a_deployment() {
    let mut github = github();
    let deployment = published(&mut github, "v1.0.0");
    approved(&mut github, deployment);
    let rollback = github.dispatch("prod-rollback.yml", &json!({ "tag": "v0.9.0" }));
    approved(&mut github, rollback);
    assert_eq!(github.state(deployment, "deploy"), State::Running);
    assert_eq!(github.state(rollback, "rollback"), State::Running);
}

#[test]
fn a_pre_release_pushes_nothing_out() {
    let mut github = github();
    let runs = ["v1.0.0", "v1.0.1"].map(|tag| published(&mut github, tag));
    runs.iter().for_each(|run| approved(&mut github, *run));
    assert_eq!(github.state(runs[1], "deploy"), State::Pending);
    let before = (github.count("release.yml"), github.count("prod-deploy.yml"));
    for change in [
        Change::SaveDraft,
        Change::PublishPreRelease,
        Change::PublishDraftAsPreRelease,
        Change::EditNotes,
        Change::Demote,
        Change::Delete,
    ] {
        github.release(change, "v1.1.0-rc.1", false);
    }
    github.release(Change::Publish, "v1.1.0", true);
    assert_eq!((github.count("release.yml"), github.count("prod-deploy.yml")), before);
    assert_eq!(github.state(runs[1], "deploy"), State::Pending);
}

#[test]
fn a_promoted_pre_release_is_deployed_once() {
    let mut github = github();
    github.release(Change::PublishPreRelease, "v1.0.0", false);
    assert_eq!(github.count("release.yml"), 0);
    github.release(Change::Promote, "v1.0.0", false);
    assert_eq!(github.count("release.yml"), 1);
    let run = github.last("release.yml").unwrap();
    github.finish(run, "published");
    assert_eq!(github.count("prod-deploy.yml"), 1);
}

#[test]
fn a_task_in_production_waits_for_approval_and_one_in_staging_does_not() {
    let mut github = github();
    let waits = github.dispatch("run-task.yml", &json!({ "environment": "production", "task": "migrate" }));
    let runs = github.dispatch("run-task.yml", &json!({ "environment": "staging", "task": "seed" }));
    assert_eq!(github.state(waits, "approve"), State::Waiting);
    assert_eq!(github.state(waits, "production"), State::Later);
    assert_eq!(github.state(runs, "staging"), State::Running);
    let other = github.dispatch("run-task.yml", &json!({ "environment": "production", "task": "migrate" }));
    approved(&mut github, other);
    assert_eq!(github.state(other, "production"), State::Running);
}

/// What `schedule` makes of the other arrangement: the group around the approval.
#[test]
fn a_group_around_an_approval_holds_up_what_comes_after_it() {
    let text = "name: Old\non: {release: {types: [published]}}\nconcurrency: {group: production}\njobs:\n  deploy: {environment: \
                production}\n";
    let mut github = GitHub::with(vec![File::parse("old.yml", text)], &["production"]);
    github.release(Change::Publish, "v1.0.0", false);
    github.release(Change::Publish, "v1.0.1", false);
    let (first, second) = (0, github.last("old.yml").unwrap());
    assert_eq!(github.state(first, "deploy"), State::Waiting);
    assert_eq!(github.state(second, "deploy"), State::Later, "it cannot even be approved");
    github.release(Change::PublishPreRelease, "v1.1.0-rc.1", false);
    assert_eq!(github.state(second, "deploy"), State::Ended("cancelled"), "it was pushed out");
}
