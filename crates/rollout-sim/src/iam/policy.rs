//! The policy language: documents, statements and what they match.
//!
//! Source: `IAM:reference_policies_elements`, `IAM:reference_policies_evaluation-logic`. Action names are
//! compared without case; the first five parts of an ARN are compared one by one.

use serde::{Deserialize, Deserializer, Serialize};

use super::condition::{Conditions, Context};
use crate::{ApiError, wire};

/// A policy document, read once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Document {
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    id: Option<String>,
    #[serde(deserialize_with = "one_or_many")]
    pub(super) statement: Vec<Statement>,
}

/// What a statement does where it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// One statement. Of each pair (`Action`, `NotAction`) exactly one is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Statement {
    #[serde(default)]
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    #[serde(default)]
    pub(super) principal: Option<Principals>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub(super) action: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    not_action: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub(super) resource: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    not_resource: Vec<String>,
    #[serde(default)]
    pub(super) condition: Conditions,
}

/// Who may assume a role.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Principals {
    #[serde(default, deserialize_with = "one_or_many")]
    pub(super) service: Vec<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub(super) federated: Vec<String>,
    #[serde(default, rename = "AWS", deserialize_with = "one_or_many")]
    pub(super) aws: Vec<String>,
}

fn one_or_many<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany<T> {
        Many(Vec<T>),
        One(T),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::Many(many) => many,
        OneOrMany::One(one) => vec![one],
    })
}

/// `MalformedPolicyDocument`, HTTP 400.
pub(super) fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new("MalformedPolicyDocument", message)
}

impl Document {
    /// Reads the policy of an identity.
    pub(super) fn identity(text: &str) -> Result<Self, ApiError> {
        let document = Self::parse(text)?;
        for statement in &document.statement {
            if statement.principal.is_some() {
                return Err(malformed("Policy document should not specify a principal."));
            }
            if statement.resource.is_empty() && statement.not_resource.is_empty() {
                return Err(malformed("Policy statement must contain resources."));
            }
        }
        Ok(document)
    }

    /// Reads the trust policy of a role.
    pub(super) fn trust(text: &str) -> Result<Self, ApiError> {
        let document = Self::parse(text)?;
        for statement in &document.statement {
            if !statement.resource.is_empty() || !statement.not_resource.is_empty() {
                return Err(malformed("Has prohibited field Resource"));
            }
            let Some(principals) = &statement.principal else {
                return Err(malformed("Missing required field Principal"));
            };
            let github =
                |provider: &String| provider.ends_with("oidc-provider/token.actions.githubusercontent.com");
            if statement.effect == Effect::Allow && principals.federated.iter().any(github) {
                statement.condition.check_github_subject()?;
            }
        }
        Ok(document)
    }

    fn parse(text: &str) -> Result<Self, ApiError> {
        let document: Self = serde_json::from_str(text)
            .map_err(|error| malformed(format!("Syntax errors in policy. ({error})")))?;
        if document.version.as_deref().is_some_and(|version| !["2012-10-17", "2008-10-17"].contains(&version))
        {
            return Err(malformed("The policy failed legacy parsing: the version is not valid"));
        }
        for statement in &document.statement {
            if statement.action.is_empty() == statement.not_action.is_empty() {
                return Err(malformed("Policy statement must contain actions."));
            }
            if !statement.resource.is_empty() && !statement.not_resource.is_empty() {
                return Err(malformed("Policy statement cannot contain both Resource and NotResource."));
            }
            let actions = statement.action.iter().chain(&statement.not_action);
            for action in actions {
                if action != "*" && action.split_once(':').is_none_or(|(vendor, _)| vendor.is_empty()) {
                    return Err(malformed(
                        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
                    ));
                }
            }
            for resource in statement.resource.iter().chain(&statement.not_resource) {
                if resource != "*" && !resource.starts_with("arn:") {
                    return Err(malformed(format!("Resource {resource} must be in ARN format or \"*\".")));
                }
            }
            statement.condition.check()?;
        }
        Ok(document)
    }
}

impl Statement {
    /// Whether the statement applies to this action on this resource in this context.
    pub(super) fn matches(&self, action: &str, resource: &str, context: &Context) -> bool {
        let resource_matches = if self.not_resource.is_empty() {
            self.resource.iter().any(|pattern| matches_resource(pattern, resource, context))
        } else {
            !self.not_resource.iter().any(|pattern| matches_resource(pattern, resource, context))
        };
        resource_matches && self.matches_action(action) && self.condition.hold(context)
    }

    /// Whether the statement is about this action.
    pub(super) fn matches_action(&self, action: &str) -> bool {
        if self.not_action.is_empty() {
            self.action.iter().any(|pattern| matches_action(pattern, action))
        } else {
            !self.not_action.iter().any(|pattern| matches_action(pattern, action))
        }
    }
}

/// Whether an action pattern matches; case does not count.
pub(super) fn matches_action(pattern: &str, action: &str) -> bool {
    wire::wildcard(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase(), Some('?'))
}

/// Whether a resource pattern, its variables replaced, matches.
pub(super) fn matches_resource(pattern: &str, resource: &str, context: &Context) -> bool {
    match context.replace_variables(pattern) {
        Some(pattern) => !has_wild_type(&pattern) && matches_arn(&pattern, resource),
        // A variable without a value matches nothing.
        None => false,
    }
}

/// Whether a wildcard stands for the type of resources, as in `arn:aws:rds:us-west-2:123456789012:*:main`. IAM does not allow it
/// (IAM:reference-arns, incorrect wildcard usage); that such a pattern then matches nothing is inferred. In ARNs of Amazon S3
/// the name comes first, and there is no type.
fn has_wild_type(pattern: &str) -> bool {
    let parts: Vec<_> = pattern.splitn(6, ':').collect();
    let [_, _, service, _, _, resource] = parts[..] else { return false };
    let Some(end) = resource.find(['/', ':']) else { return false };
    service != "s3" && resource[..end].contains(['*', '?'])
}

/// Compares ARNs part by part, so that `*` does not reach across the first five colons.
pub(super) fn matches_arn(pattern: &str, arn: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    let (patterns, parts): (Vec<_>, Vec<_>) =
        (pattern.splitn(6, ':').collect(), arn.splitn(6, ':').collect());
    if patterns.len() < 6 {
        return wire::wildcard(pattern, arn, Some('?'));
    }
    patterns.len() == parts.len()
        && patterns.iter().zip(&parts).all(|(pattern, part)| wire::wildcard(pattern, part, Some('?')))
}
