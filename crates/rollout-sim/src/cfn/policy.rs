//! Stack policies: what updates may do to which resources.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/protect-stack-resources.html>

use serde_json::Value;

use super::plan::is_wanted;
use super::state::{Action, Resource};
use crate::World;

/// Checks a policy document when it is set.
///
/// # Errors
/// CloudFormation's message.
pub(super) fn validate(body: &str) -> Result<(), String> {
    let policy: Value =
        serde_json::from_str(body).map_err(|error| format!("Error validating stack policy: {error}"))?;
    for statement in statements(&policy) {
        if !matches!(text(statement, "Effect"), Some("Allow" | "Deny")) {
            return Err("Error validating stack policy: Effect must be Allow or Deny".to_owned());
        }
        let principal = statement.get("Principal");
        let everyone = principal
            .is_some_and(|principal| principal == "*" || principal.get("AWS").is_some_and(|aws| aws == "*"));
        if !everyone {
            return Err("Error validating stack policy: Principal must be *".to_owned());
        }
        let actions = strings(statement.get("Action").or_else(|| statement.get("NotAction")));
        if let Some(action) = actions.iter().find(|action| !action.starts_with("Update:") && **action != "*")
        {
            return Err(format!("Error validating stack policy: Unknown action {action}"));
        }
    }
    Ok(())
}

/// Whether the policy lets the update do `action` to the resource. Once there is a policy, what it does not
/// allow is denied.
///
/// # Errors
/// The reason of the resource's event.
pub(super) fn check(
    world: &World,
    index: usize,
    name: &str,
    resource: &Resource,
    action: Action,
) -> Result<(), String> {
    match action {
        Action::Replace => decide(world, index, name, resource, "Update:Replace"),
        Action::Update => decide(world, index, name, resource, "Update:Modify"),
        Action::None | Action::Create | Action::Record => Ok(()),
    }
}

/// Whether the policy lets the update remove what its template no longer has. Undocumented: when it is asked. Here
/// before anything is touched, since what is removed goes only when there is no way back any more.
///
/// # Errors
/// The reason of the stack's event.
pub(super) fn check_removals(world: &World, index: usize) -> Result<(), String> {
    let stack = &world.cfn.stacks[index];
    let Some(definition) = &stack.definition else { return Ok(()) };
    let stays = |name: &String| {
        let wanted = definition.template.resources.get(name);
        wanted.is_some_and(|wanted| is_wanted(wanted, &definition.conditions))
    };
    let mut removed = stack.resources.iter().filter(|(name, resource)| resource.exists() && !stays(name));
    removed.try_for_each(|(name, resource)| decide(world, index, name, resource, "Update:Delete"))
}

fn decide(world: &World, index: usize, name: &str, resource: &Resource, action: &str) -> Result<(), String> {
    let stack = &world.cfn.stacks[index];
    let during = stack.operation.as_ref().and_then(|operation| operation.policy_during_update.as_ref());
    let Some(body) = during.or(stack.policy.as_ref()) else { return Ok(()) };
    let policy: Value = serde_json::from_str(body).unwrap_or_default();
    let mut allowed = false;
    for (position, statement) in statements(&policy).iter().enumerate() {
        if !applies(statement, name, &resource.kind, action) {
            continue;
        }
        if text(statement, "Effect") == Some("Deny") {
            let number = position + 1;
            return Err(format!(
                "Action denied by stack policy: Statement [#{number}] does not allow [{action}] for resource [{name}]"
            ));
        }
        allowed = true;
    }
    if allowed {
        return Ok(());
    }
    Err(format!("Action denied by stack policy: no statement allows [{action}] for resource [{name}]"))
}

fn statements(policy: &Value) -> Vec<&Value> {
    match policy.get("Statement") {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one) => vec![one],
        None => Vec::new(),
    }
}

fn text<'a>(statement: &'a Value, key: &str) -> Option<&'a str> {
    statement.get(key).and_then(Value::as_str)
}

fn strings(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn applies(statement: &Value, name: &str, kind: &str, action: &str) -> bool {
    let any =
        |key: &str, value: &str| strings(statement.get(key)).iter().any(|pattern| wildcard(pattern, value));
    let resource = format!("LogicalResourceId/{name}");
    let action_fits =
        if statement.get("Action").is_some() { any("Action", action) } else { !any("NotAction", action) };
    let resource_fits = if statement.get("NotResource").is_some() {
        !any("NotResource", &resource)
    } else {
        statement.get("Resource").is_none() || any("Resource", &resource)
    };
    action_fits && resource_fits && type_fits(statement.get("Condition"), kind)
}

/// `StringEquals` and `StringLike` on `ResourceType`, the only condition there is.
fn type_fits(condition: Option<&Value>, kind: &str) -> bool {
    let Some(Value::Object(operators)) = condition else { return true };
    operators.iter().all(|(operator, keys)| {
        let types = strings(keys.get("ResourceType"));
        match operator.as_str() {
            "StringEquals" => types.contains(&kind),
            "StringLike" => types.iter().any(|pattern| wildcard(pattern, kind)),
            "StringNotEquals" => !types.contains(&kind),
            "StringNotLike" => !types.iter().any(|pattern| wildcard(pattern, kind)),
            _ => false,
        }
    })
}

/// `*` stands for any text.
fn wildcard(pattern: &str, value: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| value.strip_prefix(first)) else { return false };
    let Some(last) = pattern.rsplit_once('*').map(|(_, last)| last) else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    value.len() >= last.len() && value.ends_with(last)
}
