//! The written list of attacks (`attacks/attacks.json`) on the local AWS: what each role is denied, and what it may do, with the
//! harm. `cargo xtask ci` has an evaluator that others wrote answer the same requests.

use std::collections::BTreeSet;
use std::path::Path;

use deploy_ops::iam;
use env_config::Config;
use local_aws::Judge;
use serde_json::Value;
use xtask::attacks::{self, Request};

use crate::e2e::scene::block_on;

const LIST: &str = include_str!("attacks/attacks.json");
const EXPLAINED: &str = include_str!("../docs/attacks.md");

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// What is answered otherwise than the list says, one line each.
fn differences<'a>(judge: &mut Judge, requests: impl IntoIterator<Item = &'a Request>) -> Vec<String> {
    let mut found = Vec::new();
    for request in requests {
        let Request { attack, role, action, resource, keys, allowed } = request;
        let answer = judge.ask(role, action, resource, keys);
        if answer.is_ok() != *allowed {
            let answer = answer.map_or_else(|denial| denial.to_string(), |()| "allowed".to_owned());
            found.push(format!("{role}: {attack} ({action} on {resource}): {answer}"));
        }
    }
    found
}

#[test]
fn each_role_is_denied_what_the_list_says_and_allowed_what_it_explains() {
    let config = Config::load(root()).unwrap();
    let requests = attacks::requests(LIST, &config).unwrap();
    let (mut tried, mut found) = (BTreeSet::new(), Vec::new());
    for environment in config.environments.keys() {
        // Roles of containers are there where the environment runs.
        let mut judge = block_on(iam::judge(root(), environment.as_str())).unwrap();
        let stack = &config.environments[environment].stack_name;
        let resources = judge.resources(stack.as_str());
        let shared = judge.resources(config.platform.shared_stack_name.as_str());
        let roles = resources.iter().chain(&shared).filter(|resource| resource.kind == "AWS::IAM::Role");
        let roles: BTreeSet<&str> = roles.map(|role| role.physical_id.as_str()).collect();
        let of_these: Vec<&Request> =
            requests.iter().filter(|request| roles.contains(request.role.as_str())).collect();
        found.extend(differences(&mut judge, of_these.iter().copied()));
        tried.extend(of_these.iter().map(|request| (*request).clone()));
        // One right too many is seen.
        let user = of_these.iter().find(|request| request.action == "iam:CreateUser").copied().unwrap();
        let more = r#"{"Statement": [{"Effect": "Allow", "Action": "iam:CreateUser", "Resource": "*"}]}"#;
        judge.put_role_policy(&user.role, more).unwrap();
        assert_eq!(differences(&mut judge, [user]).len(), 1);
    }
    assert_eq!(tried.len(), requests.len(), "a role of the list is nowhere");
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn what_is_allowed_is_explained_with_its_harm() {
    let list: Vec<Value> = serde_json::from_str(LIST).unwrap();
    let mut rows = 0;
    for attack in &list {
        for (kind, why) in attack["allowed"].as_object().into_iter().flatten() {
            let (what, action, why) = (&attack["attack"], &attack["action"], why.as_str().unwrap());
            let (what, action) = (what.as_str().unwrap(), action.as_str().unwrap());
            let row = format!("| {kind} | {what} | `{action}` | {why} |");
            assert!(EXPLAINED.contains(&row), "docs/attacks.md lacks the row\n{row}");
            rows += 1;
        }
    }
    let table = EXPLAINED.split("## What each role can still do").nth(1).unwrap();
    let table = table.split("\n## ").next().unwrap();
    assert_eq!(table.lines().filter(|line| line.starts_with("| ")).count(), rows + 1, "a row of no attack");
}

#[test]
fn a_list_with_a_mistake_is_refused() {
    let config = Config::load(root()).unwrap();
    let with = |resource: &str, kind: &str| {
        let attack = serde_json::json!([{
            "category": "persistence", "attack": "make a user", "action": "iam:CreateUser", "resource": resource,
            "allowed": {kind: "a reason that is long enough"},
        }]);
        attacks::requests(&attack.to_string(), &config)
    };
    assert!(with("arn:aws:iam::{account}:user/x", "deploy").is_ok());
    assert!(with("arn:aws:iam::{acount}:user/x", "deploy").unwrap_err().contains("placeholder"));
    assert!(with("*", "deployer").unwrap_err().contains("deployer"));
}
