//! Every policy of every template against what AWS publishes of its actions (`rollout_sim::iam::reference`).

use rollout_sim::iam::reference;
use serde_json::Value;

use crate::templates::{config, documents};

/// Statements of policies in a template, each with where it is.
fn statements<'a>(place: &str, value: &'a Value, found: &mut Vec<(String, &'a Value)>) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(all)) = map.get("Statement") {
                found.extend(all.iter().map(|statement| (place.to_owned(), statement)));
            }
            map.iter().for_each(|(key, inner)| statements(&format!("{place}/{key}"), inner, found));
        }
        Value::Array(all) => all.iter().for_each(|inner| statements(place, inner, found)),
        _ => {}
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Resources of a statement as far as they are text, with `x` for what CloudFormation and IAM put in.
fn resources(statement: &Value) -> Vec<String> {
    let (one, many) = (std::slice::from_ref(&statement["Resource"]), statement["Resource"].as_array());
    let all = many.map_or(one, Vec::as_slice).iter();
    let texts = all.filter_map(|resource| {
        let sub = &resource["Fn::Sub"];
        resource.as_str().or_else(|| sub.as_str()).or_else(|| sub[0].as_str())
    });
    let plain = |text: &str| {
        let mut parts = text.split("${");
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |plain, part| format!("{plain}x{}", part.split_once('}').unwrap().1))
    };
    texts.map(plain).collect()
}

/// What is wrong with a statement, one line each.
fn problems(statement: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    for resource in resources(statement) {
        // IAM takes no wildcard in the place of a type of resources (IAM:reference-arns); S3 has no types there.
        let of_service = resource.splitn(6, ':').nth(5).unwrap_or_default();
        let kind = of_service.find(['/', ':']).map_or("", |end| &of_service[..end]);
        if kind.contains(['*', '?']) && !resource.starts_with("arn:x:s3:") {
            problems.push(format!("{resource}: a wildcard in the place of a type"));
        }
    }
    let mut actions = Vec::new();
    for pattern in texts(&statement["Action"]) {
        let prefix = pattern.split(':').next().unwrap();
        if pattern == "*" || !reference::knows_service(prefix) {
            problems.extend((pattern != "*").then(|| format!("{pattern}: no such service in the reference")));
            continue;
        }
        let matching = reference::matching(pattern);
        problems.extend(matching.is_empty().then(|| format!("{pattern}: AWS has no such action")));
        actions.extend(matching);
    }
    let allows = statement["Effect"] == "Allow";
    // In a resource's own policy the resource is the one that it is of.
    let somewhere = statement.get("Resource").is_some_and(|resource| *resource != "*");
    for action in &actions {
        let known = reference::action(action).unwrap();
        let named_only =
            texts(&statement["Action"]).iter().any(|pattern| pattern.eq_ignore_ascii_case(action));
        if allows && somewhere && named_only && known.resource_types.is_empty() {
            problems.push(format!("{action}: it knows no resource, and is allowed on some only"));
        }
    }
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for key in keys.as_object().into_iter().flatten().map(|(key, _)| key) {
            let without: Vec<_> = actions.iter().filter(|action| !reference::has_key(action, key)).collect();
            // A deny on a key that is not there never matches; an allow never allows, unless the operator lets it.
            if !without.is_empty() && (!allows || !operator.ends_with("IfExists")) {
                problems.push(format!("{operator} {key}: not in requests of {without:?}"));
            }
        }
    }
    problems
}

#[test]
fn every_action_exists_and_every_condition_is_on_a_key_that_its_actions_have() {
    let mut checked = 0;
    let mut found = Vec::new();
    for document in documents(&config()) {
        let mut all = Vec::new();
        statements(document.stack_name(), &document.json()["Resources"], &mut all);
        checked += all.len();
        for (place, statement) in all {
            found.extend(problems(statement).into_iter().map(|problem| format!("{place}: {problem}")));
        }
    }
    assert!(checked > 50, "{checked}");
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn what_no_request_has_or_no_action_knows_is_found() {
    let statement = |action: &str, resource: &str, key: &str| {
        serde_json::json!({
            "Effect": "Deny", "Action": [action], "Resource": resource,
            "Condition": {"ForAnyValue:StringLike": {key: "x"}},
        })
    };
    assert_eq!(problems(&statement("ecs:UpdateService", "*", "ecs:subnet")), Vec::<String>::new());
    let fence = problems(&statement("ecs:RunTask", "*", "ecs:subnet"));
    assert!(fence.len() == 1 && fence[0].contains("ecs:RunTask"), "{fence:?}");
    let wild = |kind: &str| {
        let arn = format!("arn:${{AWS::Partition}}:rds:${{AWS::Region}}:${{AWS::AccountId}}:{kind}:main");
        problems(
            &serde_json::json!({"Effect": "Allow", "Action": "rds:ModifyDBInstance", "Resource": {"Fn::Sub": arn}}),
        )
    };
    assert_eq!(wild("db"), Vec::<String>::new());
    assert_eq!(wild("*"), ["arn:x:rds:x:x:*:main: a wildcard in the place of a type"]);
    let unknown = problems(&statement("ecs:RunTasks", "*", "aws:PrincipalArn"));
    assert_eq!(unknown, ["ecs:RunTasks: AWS has no such action"]);
}
