//! What policies allow on everything is listed with the harm that it can do (docs/permissions.md), all of it and nothing else.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::templates::{config, documents, resources};

const DOCUMENT: &str = include_str!("../docs/permissions.md");

/// An action pattern and whose policy allows it.
type Grant = (String, &'static str);

fn list(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

/// Whether a statement reaches what is not the environment's: on everything, or wherever a tag is absent, and not bound to
/// what is its own.
fn is_wide(statement: &Value) -> bool {
    let conditions = || statement["Condition"].as_object().into_iter().flatten();
    let keys = |operator: &Value| -> Vec<String> {
        operator.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
    };
    let own = ["aws:ResourceTag/Environment", "ecs:cluster"];
    let bound = conditions().any(|(operator, compared)| {
        ["StringEquals", "ArnEquals"].contains(&operator.as_str())
            && keys(compared).iter().any(|key| own.contains(&key.as_str()))
    });
    let lax = conditions().any(|(operator, _)| operator.ends_with("IfExists"));
    statement["Effect"] == "Allow" && !bound && (lax || list(&statement["Resource"]).contains(&"*"))
}

fn whose(id: &str) -> &'static str {
    match id {
        "BuildRole" => "build",
        "DeployPolicy" => "deploy",
        id if id.starts_with("CloudFormation") => "CloudFormation",
        id if ["Boundary", "ExecutionRole", "TaskRole"].iter().any(|end| id.ends_with(end)) => "container",
        other => panic!("whose policy is {other}?"),
    }
}

fn granted() -> BTreeSet<Grant> {
    let mut grants = BTreeSet::new();
    for document in documents(&config()) {
        for (id, resource) in resources(&document) {
            let properties = &resource["Properties"];
            let kind = resource["Type"].as_str().unwrap();
            if !["AWS::IAM::Role", "AWS::IAM::ManagedPolicy"].contains(&kind) {
                continue;
            }
            let inline = properties["Policies"].as_array().into_iter().flatten();
            let policies =
                inline.map(|policy| &policy["PolicyDocument"]).chain([&properties["PolicyDocument"]]);
            for statement in policies.flat_map(|policy| policy["Statement"].as_array().into_iter().flatten())
            {
                if is_wide(statement) {
                    let actions = list(&statement["Action"]);
                    grants.extend(actions.into_iter().map(|action| (action.to_owned(), whose(id))));
                }
            }
        }
    }
    assert!(grants.len() > 30, "{}", grants.len());
    grants
}

/// The rows of the document: each action in them for each role.
fn listed() -> BTreeSet<Grant> {
    let roles = ["build", "deploy", "CloudFormation", "container"];
    let mut rows = BTreeSet::new();
    for line in DOCUMENT.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [actions, who, harm] = cells[..] else { panic!("{line}") };
        assert!(harm.len() > 10, "{line}");
        for who in who.split(", ") {
            let who = *roles.iter().find(|role| **role == who).unwrap_or_else(|| panic!("{who}: {line}"));
            for action in actions.split(", ") {
                let new = rows.insert((action.trim_matches('`').to_owned(), who));
                assert!(new, "{action} of {who} has two rows");
            }
        }
    }
    rows
}

#[test]
fn what_is_allowed_on_everything_is_listed_with_its_harm() {
    let (granted, listed) = (granted(), listed());
    let missing: Vec<_> = granted.difference(&listed).collect();
    let stale: Vec<_> = listed.difference(&granted).collect();
    assert!(missing.is_empty() && stale.is_empty(), "not listed: {missing:?}\nlisted in vain: {stale:?}");
}

#[test]
fn a_statement_is_wide_where_nothing_binds_it_to_its_own() {
    let statement = |condition: Value, resource: &str| serde_json::json!({"Effect": "Allow", "Action": "a:b", "Resource": resource, "Condition": condition});
    let tag = |operator: &str| serde_json::json!({operator: {"aws:ResourceTag/Environment": "own"}});
    assert!(is_wide(&statement(Value::Null, "*")));
    assert!(is_wide(&statement(tag("StringEqualsIfExists"), "arn:aws:ec2:*:*:vpc/*")));
    assert!(is_wide(&statement(serde_json::json!({"Null": {"route53:VPCs": "false"}}), "*")));
    assert!(!is_wide(&statement(tag("StringEquals"), "*")));
    assert!(!is_wide(&statement(Value::Null, "arn:aws:ecs:*:*:cluster/own")));
}
