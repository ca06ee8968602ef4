//! AWS WAF: the capacity of rules, as `CheckCapacity` counts it (botocore `wafv2/2019-07-29`).
//!
//! Source: WAF developer guide, `aws-waf-capacity-units` and the page of each statement and managed rule group.

use serde_json::Value;

use crate::wire::{inputs, outputs};
use crate::{ApiError, World};

/// Capacity of AWS's rule groups (WAF:aws-managed-rule-groups-list).
const GROUPS: &[(&str, u64)] = &[
    ("AWSManagedRulesAdminProtectionRuleSet", 100),
    ("AWSManagedRulesAmazonIpReputationList", 25),
    ("AWSManagedRulesAnonymousIpList", 50),
    ("AWSManagedRulesCommonRuleSet", 700),
    ("AWSManagedRulesKnownBadInputsRuleSet", 200),
    ("AWSManagedRulesLinuxRuleSet", 200),
    ("AWSManagedRulesSQLiRuleSet", 200),
    ("AWSManagedRulesUnixRuleSet", 100),
];

inputs! { "PascalCase"
    /// Input of `CheckCapacity`.
    pub struct CheckCapacityInput {
        /// `REGIONAL` or `CLOUDFRONT`.
        pub scope: String,
        /// Rules, as the API has them.
        pub rules: Vec<Value>,
    }
}

outputs! { "PascalCase"
    /// Output of `CheckCapacity`.
    pub struct CheckCapacityOutput {
        /// Web ACL capacity units.
        pub capacity: u64,
    }
}

/// `CheckCapacity`.
///
/// # Errors
/// `WAFInvalidParameterException`; statements and rule groups that are not modelled.
pub fn check_capacity(_world: &World, input: &CheckCapacityInput) -> Result<CheckCapacityOutput, ApiError> {
    let mut capacity = 0;
    for rule in &input.rules {
        capacity += statement(&rule["Statement"])?;
    }
    Ok(CheckCapacityOutput { capacity })
}

fn invalid(message: &str) -> ApiError {
    ApiError::new("WAFInvalidParameterException", format!("Error reason: {message}"))
}

fn statement(value: &Value) -> Result<u64, ApiError> {
    let single = value.as_object().filter(|it| it.len() == 1).and_then(|it| it.iter().next());
    let Some((kind, inner)) = single else {
        return Err(invalid("A reference in your rule statement is not valid., field: STATEMENT"));
    };
    let all = |inner: &Value| -> Result<u64, ApiError> {
        inner["Statements"].as_array().into_iter().flatten().map(statement).sum()
    };
    let scope_down = |inner: &Value| match &inner["ScopeDownStatement"] {
        Value::Null => Ok(0),
        scope => statement(scope),
    };
    Ok(match kind.as_str() {
        "AndStatement" | "OrStatement" => all(inner)?,
        "NotStatement" => statement(&inner["Statement"])?,
        "LabelMatchStatement" | "GeoMatchStatement" | "IPSetReferenceStatement" => 1,
        "RateBasedStatement" => {
            let keys = inner["CustomKeys"].as_array().map_or(0, Vec::len);
            2 + 30 * u64::try_from(keys).unwrap_or(u64::MAX / 60) + scope_down(inner)?
        }
        "ByteMatchStatement" => {
            let base = match inner["PositionalConstraint"].as_str() {
                Some("EXACTLY" | "STARTS_WITH" | "ENDS_WITH") => 2,
                _ => 10,
            };
            let changes = inner["TextTransformations"].as_array().into_iter().flatten();
            changes.filter(|change| change["Type"] != "NONE").fold(base, |sum, _| sum + 10)
        }
        "ManagedRuleGroupStatement" => {
            let name = inner["Name"].as_str().unwrap_or_default();
            let known = GROUPS.iter().find(|(known, _)| *known == name);
            let (_, capacity) =
                known.ok_or_else(|| ApiError::not_modelled(format_args!("rule group {name}")))?;
            capacity + scope_down(inner)?
        }
        other => return Err(ApiError::not_modelled(format_args!("the capacity of a {other}"))),
    })
}
