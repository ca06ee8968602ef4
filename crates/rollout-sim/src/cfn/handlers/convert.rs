//! Properties of a resource as requests of the API that makes it.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Failure;

/// Keys below these are data, not names of members.
const DATA: [&str; 4] = ["Options", "DockerLabels", "DriverOpts", "Labels"];

/// The members of `properties` that `names` lists, each with the name the API gives it.
pub(super) fn select(properties: &Value, names: &[(&str, &str)]) -> Map<String, Value> {
    let members = names.iter().filter_map(|(property, member)| {
        let value = properties.get(property)?;
        Some(((*member).to_owned(), value.clone()))
    });
    members.collect()
}

/// The members of `properties` that `names` lists.
pub(super) fn keep(properties: &Value, names: &[&str]) -> Map<String, Value> {
    let members = names.iter().filter_map(|name| Some(((*name).to_owned(), properties.get(name)?.clone())));
    members.collect()
}

/// All members but those that `names` lists.
pub(super) fn without(properties: &Value, names: &[&str]) -> Map<String, Value> {
    let members = properties.as_object().into_iter().flatten();
    let kept = members.filter(|(name, _)| !names.contains(&name.as_str()));
    kept.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Names begin with a small letter in JSON protocols.
pub(super) fn camel(members: Map<String, Value>) -> Map<String, Value> {
    let members = members.into_iter().map(|(name, value)| {
        let value = if DATA.contains(&name.as_str()) { value } else { camel_value(value) };
        let mut letters = name.chars();
        let name =
            letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect());
        (name, value)
    });
    members.collect()
}

fn camel_value(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(camel(members)),
        Value::Array(items) => Value::Array(items.into_iter().map(camel_value).collect()),
        other => other,
    }
}

/// The request with these members.
///
/// # Errors
/// Names a member that the API here does not model.
pub(super) fn request<T: DeserializeOwned>(members: Map<String, Value>) -> Result<T, Failure> {
    serde_json::from_value(Value::Object(members)).map_err(|error| {
        let message = error.to_string();
        let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
        match unknown {
            Some(member) => Failure::new("InvalidRequest", format!("not modelled: property {member}")),
            None => Failure::new("InvalidRequest", format!("Model validation failed ({message})")),
        }
    })
}

/// Text of a property; empty without it.
pub(super) fn text<'a>(properties: &'a Value, name: &str) -> &'a str {
    properties.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// Whether a property differs.
pub(super) fn differs(old: &Value, new: &Value, name: &str) -> bool {
    old.get(name) != new.get(name)
}
