//! Conditions of policy statements.
//!
//! Source: `IAM:reference_policies_elements_condition_operators`, `…_multi-value-conditions`. Strings, ARNs,
//! booleans and presence are modelled; numbers, dates and addresses are refused when the policy is put.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::policy::{malformed, matches_arn};
use crate::{ApiError, wire};

/// The keys of one request, by lower-case name. Several values of one key are joined by `,`.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    values: BTreeMap<String, String>,
}

impl Context {
    pub(super) fn new<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let values =
            entries.into_iter().map(|(key, value)| (key.to_ascii_lowercase(), value.to_owned())).collect();
        Self { values }
    }

    /// By lower-case name.
    pub(super) const fn values(&self) -> &BTreeMap<String, String> {
        &self.values
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.values.get(&key.to_ascii_lowercase()).map(String::as_str)
    }

    /// `text` with `${key}` replaced; `None` where a key has no value.
    pub(super) fn replace_variables(&self, text: &str) -> Option<String> {
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (key, tail) = after.split_once('}')?;
            replaced.push_str(before);
            match key {
                // The escapes for the characters that mean something.
                "*" | "?" | "$" => replaced.push_str(key),
                _ => replaced.push_str(self.get(key)?),
            }
            rest = tail;
        }
        replaced.push_str(rest);
        Some(replaced)
    }
}

/// `Condition` of a statement: operator, key, values.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Conditions(BTreeMap<String, BTreeMap<String, Values>>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Values {
    Many(Vec<String>),
    One(String),
    Flag(bool),
}

impl Values {
    fn texts(&self) -> Vec<&str> {
        match self {
            Self::Many(many) => many.iter().map(String::as_str).collect(),
            Self::One(one) => vec![one],
            Self::Flag(true) => vec!["true"],
            Self::Flag(false) => vec!["false"],
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Quantifier {
    Single,
    AnyValue,
    AllValues,
}

#[derive(Clone, Copy, PartialEq)]
enum Comparison {
    Equals,
    EqualsIgnoreCase,
    Like,
    Arn,
    Bool,
    Null,
}

struct Operator {
    quantifier: Quantifier,
    comparison: Comparison,
    negated: bool,
    if_exists: bool,
}

impl Operator {
    fn parse(text: &str) -> Result<Self, ApiError> {
        let (quantifier, name) = match text.split_once(':') {
            Some(("ForAnyValue", name)) => (Quantifier::AnyValue, name),
            Some(("ForAllValues", name)) => (Quantifier::AllValues, name),
            Some(_) => return Err(malformed(format!("Invalid Condition type : {text}."))),
            None => (Quantifier::Single, text),
        };
        let (name, if_exists) = name.strip_suffix("IfExists").map_or((name, false), |name| (name, true));
        let (comparison, negated) = match name {
            "StringEquals" => (Comparison::Equals, false),
            "StringNotEquals" => (Comparison::Equals, true),
            "StringEqualsIgnoreCase" => (Comparison::EqualsIgnoreCase, false),
            "StringNotEqualsIgnoreCase" => (Comparison::EqualsIgnoreCase, true),
            "StringLike" => (Comparison::Like, false),
            "StringNotLike" => (Comparison::Like, true),
            "ArnEquals" | "ArnLike" => (Comparison::Arn, false),
            "ArnNotEquals" | "ArnNotLike" => (Comparison::Arn, true),
            "Bool" => (Comparison::Bool, false),
            "Null" if !if_exists => (Comparison::Null, false),
            _ if ["Numeric", "Date", "IpAddress", "NotIpAddress", "BinaryEquals"]
                .iter()
                .any(|kind| name.starts_with(kind)) =>
            {
                return Err(ApiError::not_modelled(format_args!("condition operator {text}")));
            }
            _ => return Err(malformed(format!("Invalid Condition type : {text}."))),
        };
        Ok(Self { quantifier, comparison, negated, if_exists })
    }

    fn compare(&self, pattern: &str, value: &str) -> bool {
        match self.comparison {
            Comparison::Equals => pattern == value,
            Comparison::EqualsIgnoreCase | Comparison::Bool => pattern.eq_ignore_ascii_case(value),
            Comparison::Like => wire::wildcard(pattern, value, Some('?')),
            Comparison::Arn => matches_arn(pattern, value),
            Comparison::Null => false,
        }
    }

    fn holds(&self, key: &str, expected: &Values, context: &Context) -> bool {
        let found = context.get(key);
        if self.comparison == Comparison::Null {
            return expected.texts().iter().any(|text| text.eq_ignore_ascii_case("true") == found.is_none());
        }
        let Some(found) = found else {
            return self.if_exists
                || match self.quantifier {
                    Quantifier::Single => self.negated,
                    Quantifier::AnyValue => false,
                    Quantifier::AllValues => true,
                };
        };
        let patterns: Vec<String> =
            expected.texts().iter().filter_map(|pattern| context.replace_variables(pattern)).collect();
        let one = |value: &str| patterns.iter().any(|pattern| self.compare(pattern, value)) != self.negated;
        match self.quantifier {
            Quantifier::Single => one(found),
            Quantifier::AnyValue => found.split(',').any(one),
            Quantifier::AllValues => found.split(',').all(one),
        }
    }
}

impl Conditions {
    /// Whether nothing has to hold.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Refuses operators that do not exist, and by name those that are not modelled.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        self.0.keys().try_for_each(|operator| Operator::parse(operator).map(drop))
    }

    /// Whether every condition holds; a key's values are joined by OR, everything else by AND.
    pub(super) fn hold(&self, context: &Context) -> bool {
        self.0.iter().all(|(operator, keys)| {
            Operator::parse(operator)
                .is_ok_and(|operator| keys.iter().all(|(key, values)| operator.holds(key, values, context)))
        })
    }

    /// Whether the conditions on tags of the caller hold; the others are not looked at.
    pub(super) fn hold_for_caller(&self, context: &Context) -> bool {
        self.0.iter().all(|(operator, keys)| {
            let mut tags =
                keys.iter().filter(|(key, _)| key.to_ascii_lowercase().starts_with("aws:principaltag/"));
            Operator::parse(operator)
                .is_ok_and(|operator| tags.all(|(key, values)| operator.holds(key, values, context)))
        })
    }

    /// IAM refuses a trust in GitHub's provider that any repository satisfies
    /// (docs/fact-sheet.md; `IAM:id_roles_create_for-idp_oidc`).
    pub(super) fn check_github_subject(&self) -> Result<(), ApiError> {
        const SUBJECT: &str = "token.actions.githubusercontent.com:sub";
        let mut subjects = self
            .0
            .iter()
            .filter(|(operator, _)| operator.contains("StringEquals") || operator.contains("StringLike"))
            .flat_map(|(_, keys)| keys)
            .filter(|(key, _)| key.eq_ignore_ascii_case(SUBJECT))
            .flat_map(|(_, values)| values.texts())
            .peekable();
        if subjects.peek().is_none() {
            return Err(malformed(format!("Missing required condition key {SUBJECT}")));
        }
        if subjects.any(|subject| subject.chars().all(|c| "*?:".contains(c))) {
            return Err(malformed(format!("Condition key {SUBJECT} must not consist of wildcards only")));
        }
        Ok(())
    }
}
