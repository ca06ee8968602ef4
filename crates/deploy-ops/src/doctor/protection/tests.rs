#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::doctor::State;

const STAGING: Wanted<'_> = Wanted { branch: "main", guarded: false };
const PRODUCTION: Wanted<'_> = Wanted { branch: "main", guarded: true };

/// Production as it should be, in the shape of GitHub's documentation.
fn production() -> Value {
    json!({
        "id": 161_088_068,
        "node_id": "MDExOkVudmlyb25tZW50MTYxMDg4MDY4",
        "name": "production",
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

fn releases() -> Vec<Pattern> {
    patterns(&[("tag", "v*"), ("branch", "main")])
}

fn judged(settings: Value, patterns: &[Pattern], wanted: Wanted<'_>) -> Vec<Finding> {
    judge(&serde_json::from_value(settings).unwrap(), patterns, wanted)
}

/// The warnings, which all say where the mending is done.
#[track_caller]
fn warnings(settings: Value, patterns: &[Pattern], wanted: Wanted<'_>) -> Vec<(String, String)> {
    let place = format!("Settings > Environments > {} > ", settings["name"].as_str().unwrap());
    let found = judged(settings, patterns, wanted).into_iter().map(|finding| {
        assert_eq!((finding.check, finding.state), ("github", State::Warn), "{finding}");
        (finding.detail, finding.fix.unwrap().strip_prefix(&place).unwrap().to_owned())
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
    let mut settings = production();
    settings[key] = value;
    settings
}

#[test]
fn what_protects_an_environment_is_said_in_one_line() {
    let found = judged(production(), &releases(), PRODUCTION);
    let expected = "only branch main and tag v* may deploy; one reviewer of 2 has to approve, not who started it; \
                    administrators may not bypass that";
    assert_eq!(found, [Finding::ok("github", expected)]);
    let staging = json!({
        "name": "staging",
        "protection_rules": [{ "type": "branch_policy" }],
        "deployment_branch_policy": { "protected_branches": false, "custom_branch_policies": true },
        "can_admins_bypass": true
    });
    let found = judged(staging, &patterns(&[("branch", "main")]), STAGING);
    assert_eq!(found, [Finding::ok("github", "only branch main may deploy")]);
}

#[test]
fn without_a_rule_every_branch_may_deploy() {
    let found = warnings(with("deployment_branch_policy", Value::Null), &[], PRODUCTION);
    assert_only(&found, "every branch and tag may deploy", "only branch main and tag v*");
    let found = warnings(with("deployment_branch_policy", Value::Null), &[], STAGING);
    assert_only(&found, "every branch and tag may deploy", "only branch main");
    assert!(!found[0].1.contains("v*"), "{found:#?}");
}

#[test]
fn protected_branches_are_more_than_main_and_no_tag() {
    let policy = json!({ "protected_branches": true, "custom_branch_policies": false });
    let found = warnings(with("deployment_branch_policy", policy.clone()), &[], PRODUCTION);
    assert_only(&found, "no tag of a release", "only branch main and tag v*");
    let found = warnings(with("deployment_branch_policy", policy), &[], STAGING);
    assert_only(&found, "every branch if none has one", "only branch main");
    assert!(!found[0].0.contains("tag"), "{found:#?}");
}

#[test]
fn each_pattern_beyond_and_each_one_missing_is_named() {
    let found = warnings(
        production(),
        &patterns(&[("branch", "main"), ("tag", "v*"), ("branch", "*"), ("tag", "*")]),
        PRODUCTION,
    );
    assert_only(&found, "may deploy too: branch *, tag *", "only branch main and tag v*");
    let found = warnings(production(), &patterns(&[("branch", "main")]), PRODUCTION);
    assert_only(&found, "may not deploy: tag v*", "only branch main and tag v*");
    let found = warnings(production(), &releases(), STAGING);
    assert_only(&found, "may deploy too: tag v*", "only branch main");
    // A pattern is of branches or of tags, whatever its name.
    let found = warnings(production(), &patterns(&[("tag", "main"), ("branch", "v*")]), PRODUCTION);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!(found[0].0, "may deploy too: tag main, branch v*");
    assert_eq!(found[1].0, "may not deploy: branch main, tag v*");
}

#[test]
fn a_pattern_that_does_not_say_of_what_is_of_branches() {
    let pattern: Pattern = serde_json::from_value(json!({ "id": 361_472, "name": "main" })).unwrap();
    assert_eq!(pattern, patterns(&[("branch", "main")])[0]);
}

#[test]
fn a_policy_that_selects_both_or_nothing_is_not_understood() {
    for both in [true, false] {
        let policy = json!({ "protected_branches": both, "custom_branch_policies": both });
        let found = warnings(with("deployment_branch_policy", policy), &releases(), PRODUCTION);
        assert_only(&found, "does not say", "only branch main and tag v*");
    }
}

#[test]
fn a_guarded_environment_has_reviewers() {
    let nobody = json!([{ "type": "required_reviewers", "prevent_self_review": true, "reviewers": [] }]);
    for rules in [json!([]), json!([{ "type": "wait_timer", "wait_timer": 0 }]), nobody] {
        let found = warnings(with("protection_rules", rules.clone()), &releases(), PRODUCTION);
        assert_only(&found, "nobody has to approve", "up to 6 people or teams");
        assert!(found[0].1.contains("private repository they need the Enterprise plan"), "{found:#?}");
        let found = judged(with("protection_rules", rules), &patterns(&[("branch", "main")]), STAGING);
        assert_eq!(found[0].state, State::Ok, "{found:#?}");
    }
}

#[test]
fn a_guarded_environment_is_approved_by_somebody_else() {
    for setting in [json!(false), Value::Null] {
        let mut settings = production();
        settings["protection_rules"][0]["prevent_self_review"] = setting;
        let found = warnings(settings.clone(), &releases(), PRODUCTION);
        assert_only(&found, "who starts a deployment may approve it", "prevent self-review");
        let found = judged(settings, &patterns(&[("branch", "main")]), STAGING);
        assert_eq!(found[0].state, State::Ok, "{found:#?}");
    }
}

#[test]
fn administrators_bypass_unless_that_is_turned_off() {
    let found = warnings(with("can_admins_bypass", json!(true)), &releases(), PRODUCTION);
    assert_only(&found, "administrators may bypass", "bypass configured protection rules: off");
    let mut silent = production();
    silent.as_object_mut().unwrap().remove("can_admins_bypass");
    let found = warnings(silent, &releases(), PRODUCTION);
    assert_only(&found, "does not say whether administrators", "bypass configured protection rules: off");
    let found = judged(with("can_admins_bypass", json!(true)), &patterns(&[("branch", "main")]), STAGING);
    assert_eq!(found[0].state, State::Ok, "{found:#?}");
}

#[test]
fn a_wait_timer_is_shown_and_no_difference() {
    let mut settings = production();
    let timer = json!({ "id": 3736, "type": "wait_timer", "wait_timer": 43_200 });
    settings["protection_rules"].as_array_mut().unwrap().push(timer);
    let found = judged(settings.clone(), &releases(), PRODUCTION);
    assert_eq!((found.len(), found[0].state), (1, State::Ok), "{found:#?}");
    assert!(found[0].detail.ends_with("; jobs wait 43200 min"), "{found:#?}");
    settings["can_admins_bypass"] = json!(true);
    let found = judged(settings, &releases(), PRODUCTION);
    assert_eq!(found[0].state, State::Warn, "{found:#?}");
    assert_eq!(found[1..], [Finding::ok("github", "jobs wait 43200 min")]);
    let mut none = production();
    let timer = json!({ "id": 3736, "type": "wait_timer", "wait_timer": 0 });
    none["protection_rules"].as_array_mut().unwrap().push(timer);
    assert_eq!(judged(none, &releases(), PRODUCTION), judged(production(), &releases(), PRODUCTION));
}

#[test]
fn everything_that_differs_is_warned_of() {
    let bare = json!({
        "name": "production",
        "protection_rules": [],
        "deployment_branch_policy": null,
        "can_admins_bypass": true
    });
    assert_eq!(warnings(bare, &[], PRODUCTION).len(), 3);
}
