#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::doctor::State;

const STAGING: Wanted<'_> = Wanted { branch: "main", purpose: Purpose::Deploys };
const PRODUCTION: Wanted<'_> = Wanted { branch: "main", purpose: Purpose::DeploysWhatWasApproved };
const APPROVAL: Wanted<'_> = Wanted { branch: "main", purpose: Purpose::Approves };

/// Where production's deployments are approved, as it should be, in the shape of GitHub's documentation.
fn approval() -> Value {
    json!({
        "id": 161_088_068,
        "node_id": "MDExOkVudmlyb25tZW50MTYxMDg4MDY4",
        "name": "production-approval",
        "protection_rules": [
            {
                "id": 3755,
                "node_id": "MDQ6R2F0ZTM3NTU=",
                "prevent_self_review": true,
                "type": "required_reviewers",
                "reviewers": [
                    { "type": "User", "reviewer": { "login": "ana", "id": 1 } },
                    { "type": "Team", "reviewer": { "slug": "operators", "id": 1 } }
                ]
            },
            { "id": 3756, "node_id": "MDQ6R2F0ZTM3NTY=", "type": "branch_policy" }
        ],
        "deployment_branch_policy": { "protected_branches": false, "custom_branch_policies": true },
        "can_admins_bypass": false
    })
}

fn patterns(of: &[(&str, &str)]) -> Vec<Pattern> {
    let of = of.iter().map(|(kind, name)| json!({ "id": 1, "name": name, "type": kind }));
    of.map(|it| serde_json::from_value(it).unwrap()).collect()
}

fn main_alone() -> Vec<Pattern> {
    patterns(&[("branch", "main")])
}

fn judged(settings: Value, patterns: &[Pattern], wanted: Wanted<'_>) -> Vec<Finding> {
    judge(&serde_json::from_value(settings).unwrap(), patterns, wanted)
}

/// The warnings, which all say where the mending is done.
#[track_caller]
fn warnings(settings: Value, patterns: &[Pattern], wanted: Wanted<'_>) -> Vec<(String, String)> {
    let name = settings["name"].as_str().unwrap().to_owned();
    let place = format!("Settings > Environments > {name} > ");
    let found = judged(settings, patterns, wanted).into_iter().map(|finding| {
        assert_eq!((finding.check, finding.state), ("github", State::Warn), "{finding}");
        let detail = finding.detail.strip_prefix(&format!("{name}: ")).unwrap().to_owned();
        (detail, finding.fix.unwrap().strip_prefix(&place).unwrap().to_owned())
    });
    found.collect()
}

/// The only warning contains these.
#[track_caller]
fn assert_only(found: &[(String, String)], detail: &str, fix: &str) {
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].0.contains(detail), "{found:#?}");
    assert!(found[0].1.contains(fix), "{found:#?}");
}

fn with(key: &str, value: Value) -> Value {
    let mut settings = approval();
    settings[key] = value;
    settings
}

#[test]
fn what_protects_an_environment_is_said_in_one_line() {
    let found = judged(approval(), &main_alone(), APPROVAL);
    let expected = "production-approval: only branch main may use it; one reviewer of 2 has to approve, not who started it; \
                    administrators may not bypass that";
    assert_eq!(found, [Finding::ok("github", expected)]);
    let found = judged(environment("production", false), &main_alone(), PRODUCTION);
    let expected = "production: only branch main may use it; administrators may not bypass that";
    assert_eq!(found, [Finding::ok("github", expected)]);
    let found = judged(environment("staging", true), &main_alone(), STAGING);
    assert_eq!(found, [Finding::ok("github", "staging: only branch main may use it")]);
}

/// An environment without reviewers.
fn environment(name: &str, bypass: bool) -> Value {
    json!({
        "name": name,
        "protection_rules": [{ "type": "branch_policy" }],
        "deployment_branch_policy": { "protected_branches": false, "custom_branch_policies": true },
        "can_admins_bypass": bypass
    })
}

#[test]
fn without_a_rule_every_branch_may_deploy() {
    for wanted in [STAGING, PRODUCTION, APPROVAL] {
        let found = warnings(with("deployment_branch_policy", Value::Null), &[], wanted);
        let first = found.first().unwrap();
        assert!(first.0.contains("every branch and tag may use it"), "{found:#?}");
        assert!(first.1.ends_with("only branch main"), "{found:#?}");
    }
}

#[test]
fn protected_branches_are_more_than_main() {
    let policy = json!({ "protected_branches": true, "custom_branch_policies": false });
    let found = warnings(with("deployment_branch_policy", policy), &[], APPROVAL);
    assert_only(&found, "every branch if none has one", "only branch main");
}

/// A release's tag among them: a run about a tag takes its workflow from the tag, and could leave the approval out.
#[test]
fn each_pattern_beyond_and_each_one_missing_is_named() {
    let deploys = || environment("production", false);
    let found =
        warnings(deploys(), &patterns(&[("branch", "main"), ("tag", "v*"), ("branch", "*")]), PRODUCTION);
    assert_only(&found, "asks nobody: tag v*, branch *", "only branch main");
    let found = warnings(deploys(), &patterns(&[]), PRODUCTION);
    assert_only(&found, "may not use it: branch main", "only branch main");
    // A pattern is of branches or of tags, whatever its name.
    let found = warnings(deploys(), &patterns(&[("tag", "main")]), PRODUCTION);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].0.ends_with("asks nobody: tag main"), "{found:#?}");
    assert_eq!(found[1].0, "may not use it: branch main");
}

#[test]
fn a_pattern_that_does_not_say_of_what_is_of_branches() {
    let pattern: Pattern = serde_json::from_value(json!({ "id": 361_472, "name": "main" })).unwrap();
    assert_eq!(pattern, main_alone()[0]);
}

#[test]
fn a_policy_that_selects_both_or_nothing_is_not_understood() {
    for both in [true, false] {
        let policy = json!({ "protected_branches": both, "custom_branch_policies": both });
        let found = warnings(with("deployment_branch_policy", policy), &main_alone(), APPROVAL);
        assert_only(&found, "does not say", "only branch main");
    }
}

#[test]
fn a_guarded_environment_has_reviewers() {
    let nobody = json!([{ "type": "required_reviewers", "prevent_self_review": true, "reviewers": [] }]);
    for rules in [json!([]), json!([{ "type": "wait_timer", "wait_timer": 0 }]), nobody] {
        let found = warnings(with("protection_rules", rules.clone()), &main_alone(), APPROVAL);
        assert_only(&found, "nobody has to approve", "up to 6 people or teams");
        assert!(found[0].1.contains("private repository they need the Enterprise plan"), "{found:#?}");
        let found = judged(with("protection_rules", rules), &main_alone(), STAGING);
        assert_eq!(found[0].state, State::Ok, "{found:#?}");
    }
}

#[test]
fn reviewers_where_the_deployment_runs_hold_up_every_later_one() {
    let found = warnings(approval(), &main_alone(), PRODUCTION);
    assert_only(&found, "asked here a second time", "Required reviewers: none");
}

#[test]
fn a_guarded_environment_is_approved_by_somebody_else() {
    for setting in [json!(false), Value::Null] {
        let mut settings = approval();
        settings["protection_rules"][0]["prevent_self_review"] = setting;
        let found = warnings(settings.clone(), &main_alone(), APPROVAL);
        assert_only(&found, "who starts a deployment may approve it", "prevent self-review");
        let found = judged(settings, &main_alone(), STAGING);
        assert_eq!(found[0].state, State::Ok, "{found:#?}");
    }
}

#[test]
fn administrators_bypass_unless_that_is_turned_off() {
    for (settings, wanted) in [(approval(), APPROVAL), (environment("production", false), PRODUCTION)] {
        let mut open = settings.clone();
        open["can_admins_bypass"] = json!(true);
        let found = warnings(open, &main_alone(), wanted);
        assert_only(&found, "administrators may bypass", "bypass configured protection rules: off");
        let mut silent = settings;
        silent.as_object_mut().unwrap().remove("can_admins_bypass");
        let found = warnings(silent, &main_alone(), wanted);
        assert_only(&found, "does not say whether administrators", "bypass configured protection rules: off");
    }
    let found = judged(environment("staging", true), &main_alone(), STAGING);
    assert_eq!(found[0].state, State::Ok, "{found:#?}");
}

#[test]
fn a_wait_timer_is_shown_and_no_difference() {
    let mut settings = approval();
    let timer = json!({ "id": 3736, "type": "wait_timer", "wait_timer": 43_200 });
    settings["protection_rules"].as_array_mut().unwrap().push(timer);
    let found = judged(settings.clone(), &main_alone(), APPROVAL);
    assert_eq!((found.len(), found[0].state), (1, State::Ok), "{found:#?}");
    assert!(found[0].detail.ends_with("; jobs wait 43200 min"), "{found:#?}");
    settings["can_admins_bypass"] = json!(true);
    let found = judged(settings, &main_alone(), APPROVAL);
    assert_eq!(found[0].state, State::Warn, "{found:#?}");
    assert_eq!(found[1..], [Finding::ok("github", "production-approval: jobs wait 43200 min")]);
    let mut none = approval();
    let timer = json!({ "id": 3736, "type": "wait_timer", "wait_timer": 0 });
    none["protection_rules"].as_array_mut().unwrap().push(timer);
    assert_eq!(judged(none, &main_alone(), APPROVAL), judged(approval(), &main_alone(), APPROVAL));
}

#[test]
fn everything_that_differs_is_warned_of() {
    let bare = json!({
        "name": "production-approval",
        "protection_rules": [],
        "deployment_branch_policy": null,
        "can_admins_bypass": true
    });
    assert_eq!(warnings(bare, &[], APPROVAL).len(), 3);
}
