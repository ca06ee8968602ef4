//! Dynamic references: `{{resolve:secretsmanager:ID:SecretString:KEY:STAGE:VERSION}}`, resolved when a resource is made
//! and never kept.
//!
//! Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html>

use std::borrow::Cow;

use serde_json::Value;

use super::Failure;
use crate::World;
use crate::secrets::{GetSecretValueInput, get_secret_value};

/// `properties` with every dynamic reference replaced by its value.
///
/// # Errors
/// A reference to nothing, or to a store that is not modelled.
pub(super) fn resolve<'a>(world: &World, properties: &'a Value) -> Result<Cow<'a, Value>, Failure> {
    if !mentions(properties) {
        return Ok(Cow::Borrowed(properties));
    }
    let mut resolved = properties.clone();
    replace(world, &mut resolved)?;
    Ok(Cow::Owned(resolved))
}

fn mentions(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{{resolve:"),
        Value::Array(items) => items.iter().any(mentions),
        Value::Object(map) => map.values().any(mentions),
        _ => false,
    }
}

fn replace(world: &World, value: &mut Value) -> Result<(), Failure> {
    match value {
        Value::String(text) => {
            while let Some(start) = text.find("{{resolve:") {
                let Some(length) = text[start..].find("}}") else { break };
                let reference = text[start + "{{resolve:".len()..start + length].to_owned();
                let found = look_up(world, &reference)?;
                text.replace_range(start..start + length + 2, &found);
            }
            Ok(())
        }
        Value::Array(items) => items.iter_mut().try_for_each(|item| replace(world, item)),
        Value::Object(map) => map.values_mut().try_for_each(|item| replace(world, item)),
        _ => Ok(()),
    }
}

/// The secrets, by name or ARN, that dynamic references in `properties` read.
pub(super) fn secrets(properties: &Value) -> Vec<String> {
    match properties {
        Value::String(text) => {
            let references = text.split("{{resolve:secretsmanager:").skip(1);
            references.map(|rest| secret(rest.split("}}").next().unwrap_or_default()).0).collect()
        }
        Value::Array(items) => items.iter().flat_map(secrets).collect(),
        Value::Object(map) => map.values().flat_map(secrets).collect(),
        _ => Vec::new(),
    }
}

/// The secret that a reference names, and what follows.
fn secret(reference: &str) -> (String, Vec<&str>) {
    // An ARN has seven parts of its own.
    let own = if reference.starts_with("arn:") { 7 } else { 1 };
    let mut parts = reference.split(':');
    let id = parts.by_ref().take(own).collect::<Vec<_>>().join(":");
    (id, parts.collect())
}

fn look_up(world: &World, reference: &str) -> Result<String, Failure> {
    let Some(rest) = reference.strip_prefix("secretsmanager:") else {
        let store = reference.split(':').next().unwrap_or_default();
        return Err(Failure::new("InvalidRequest", format!("not modelled: dynamic references to {store}")));
    };
    let (secret_id, parts) = secret(rest);
    let part = |position: usize| parts.get(position).copied().filter(|part| !part.is_empty());
    let input = GetSecretValueInput {
        secret_id,
        version_stage: part(2).map(str::to_owned),
        version_id: part(3).map(str::to_owned),
    };
    let value =
        get_secret_value(world, &input).map_err(|error| Failure::new("InvalidRequest", error.message))?;
    let text = value.secret_string.0;
    let Some(key) = part(1) else { return Ok(text) };
    let found = serde_json::from_str::<Value>(&text).ok().and_then(|value| value.get(key).cloned());
    let missing = || {
        Failure::new(
            "InvalidRequest",
            format!("Could not find a value associated with JSONKey in SecretString: {key}"),
        )
    };
    let found = found.ok_or_else(missing)?;
    Ok(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
}
