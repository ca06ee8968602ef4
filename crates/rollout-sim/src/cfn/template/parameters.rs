//! Template parameters: declarations, constraints and the values of a stack.

use serde_json::{Map, Value};

use super::eval::scalar_text;

/// One parameter of a template.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::cfn) struct Declaration {
    pub name: String,
    /// Type as written, such as `String` or `List<AWS::EC2::Subnet::Id>`.
    pub kind: String,
    pub default: Option<String>,
    pub description: Option<String>,
    pub no_echo: bool,
    pub allowed_values: Vec<String>,
    allowed_pattern: Option<String>,
    constraint_description: Option<String>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    min_value: Option<f64>,
    max_value: Option<f64>,
}

impl Declaration {
    pub(super) fn parse(name: &str, value: &Value) -> Result<Self, String> {
        let map =
            value.as_object().ok_or("Template format error: Every Parameters member must be an object.")?;
        let known = [
            "Type",
            "Default",
            "Description",
            "NoEcho",
            "AllowedValues",
            "AllowedPattern",
            "ConstraintDescription",
            "MinLength",
            "MaxLength",
            "MinValue",
            "MaxValue",
        ];
        if let Some(unknown) = map.keys().find(|key| !known.contains(&key.as_str())) {
            return Err(format!("Invalid template parameter property '{unknown}'"));
        }
        let text = |key: &str| map.get(key).and_then(scalar_text);
        let kind = text("Type")
            .ok_or("Template format error: Every Parameters object must contain a Type member.")?;
        check_kind(name, &kind)?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            default: match map.get("Default") {
                Some(Value::Array(items)) => {
                    Some(items.iter().filter_map(scalar_text).collect::<Vec<_>>().join(","))
                }
                _ => text("Default"),
            },
            description: text("Description"),
            no_echo: text("NoEcho").is_some_and(|flag| flag == "true"),
            allowed_values: list(map, "AllowedValues"),
            allowed_pattern: text("AllowedPattern"),
            constraint_description: text("ConstraintDescription"),
            min_length: text("MinLength").and_then(|length| length.parse().ok()),
            max_length: text("MaxLength").and_then(|length| length.parse().ok()),
            min_value: text("MinValue").and_then(|bound| bound.parse().ok()),
            max_value: text("MaxValue").and_then(|bound| bound.parse().ok()),
        })
    }

    /// Whether its value is a list.
    pub(in crate::cfn) fn is_list(&self) -> bool {
        self.kind == "CommaDelimitedList" || self.kind.starts_with("List<")
    }

    /// The value that a `Ref` sees.
    pub(in crate::cfn) fn value(&self, text: &str) -> Value {
        if !self.is_list() {
            return text.into();
        }
        if text.is_empty() {
            return Value::Array(Vec::new());
        }
        Value::Array(text.split(',').map(|item| Value::from(item.trim())).collect())
    }

    /// Checks a value against the constraints.
    ///
    /// # Errors
    /// CloudFormation's message.
    pub(in crate::cfn) fn check(&self, text: &str) -> Result<(), String> {
        let name = &self.name;
        let fails = |message: String| {
            Err(match &self.constraint_description {
                Some(constraint) => format!("Parameter {name} failed to satisfy constraint: {constraint}"),
                None => message,
            })
        };
        let items: Vec<&str> =
            if self.is_list() { text.split(',').map(str::trim).collect() } else { vec![text] };
        for item in items {
            if !self.allowed_values.is_empty() && !self.allowed_values.iter().any(|allowed| allowed == item) {
                return fails(format!("Parameter '{name}' must be one of AllowedValues"));
            }
            if let Some(pattern) = &self.allowed_pattern
                && !super::pattern::matches(pattern, item)?
            {
                return fails(format!("Parameter '{name}' must match pattern {pattern}"));
            }
            let length = item.chars().count();
            if let Some(min) = self.min_length.filter(|min| length < *min) {
                return fails(format!("Parameter '{name}' must contain at least {min} characters"));
            }
            if let Some(max) = self.max_length.filter(|max| length > *max) {
                return fails(format!("Parameter '{name}' must contain at most {max} characters"));
            }
            if matches!(self.kind.as_str(), "Number" | "List<Number>") {
                let Ok(number) = item.parse::<f64>() else {
                    return fails(format!("Parameter '{name}' must be a number."));
                };
                if let Some(min) = self.min_value.filter(|min| number < *min) {
                    return fails(format!("Parameter '{name}' must be a number not less than {min}"));
                }
                if let Some(max) = self.max_value.filter(|max| number > *max) {
                    return fails(format!("Parameter '{name}' must be a number not greater than {max}"));
                }
            }
        }
        Ok(())
    }
}

fn list(map: &Map<String, Value>, key: &str) -> Vec<String> {
    map.get(key)
        .and_then(Value::as_array)
        .map(|items| items.iter().filter_map(scalar_text).collect())
        .unwrap_or_default()
}

/// Types whose values come from Parameter Store are refused: there is no Parameter Store here.
fn check_kind(name: &str, kind: &str) -> Result<(), String> {
    let element = kind.strip_prefix("List<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(kind);
    if element.starts_with("AWS::SSM::") {
        return Err(format!("not modelled: parameter {name} of type {kind}"));
    }
    let known = matches!(element, "String" | "Number" | "CommaDelimitedList")
        || (element.starts_with("AWS::EC2::") || element == "AWS::Route53::HostedZone::Id");
    if known { Ok(()) } else { Err(format!("Template format error: Unrecognized parameter type: {kind}")) }
}
