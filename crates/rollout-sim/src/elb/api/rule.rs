//! Rules of listeners.

use serde::{Deserialize, Serialize};

use super::*;
use crate::scalar;

/// Request of `CreateRule`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateRuleInput {
    /// ARN of the listener.
    pub listener_arn: String,
    /// What a request must meet.
    pub conditions: Vec<RuleCondition>,
    /// The rule priority.
    #[serde(deserialize_with = "scalar::lenient")]
    pub priority: u32,
    /// What is done with a request.
    pub actions: Vec<Action>,
    /// Tags.
    pub tags: Vec<Tag>,
}

/// Answer of `CreateRule`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct CreateRuleOutput {
    /// The rules.
    pub rules: Vec<Rule>,
}

/// Request of `ModifyRule`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyRuleInput {
    /// ARN of the rule.
    pub rule_arn: String,
    /// What a request must meet.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<RuleCondition>>,
    /// What is done with a request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actions: Option<Vec<Action>>,
}

/// Answer of `ModifyRule`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct ModifyRuleOutput {
    /// The rules.
    pub rules: Vec<Rule>,
}

/// Request of `SetRulePriorities`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct SetRulePrioritiesInput {
    /// The priorities.
    pub rule_priorities: Vec<RulePriorityPair>,
}

/// Answer of `SetRulePriorities`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct SetRulePrioritiesOutput {
    /// The rules.
    pub rules: Vec<Rule>,
}

/// A rule and its priority.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct RulePriorityPair {
    /// ARN of the rule.
    pub rule_arn: String,
    /// The rule priority.
    #[serde(deserialize_with = "scalar::lenient")]
    pub priority: u32,
}

/// Request of `DeleteRule`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteRuleInput {
    /// ARN of the rule.
    pub rule_arn: String,
}

/// Answer of `DeleteRule`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DeleteRuleOutput {}

/// Request of `DescribeRules`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeRulesInput {
    /// ARN of the listener.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener_arn: Option<String>,
    /// ARNs of rules.
    pub rule_arns: Vec<String>,
    /// Where the page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub marker: Option<String>,
    /// Largest number of results of one page.
    #[serde(deserialize_with = "scalar::lenient_opt", skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
}

/// Answer of `DescribeRules`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct DescribeRulesOutput {
    /// The rules.
    pub rules: Vec<Rule>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_marker: Option<String>,
}

/// Information about a rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct Rule {
    /// ARN of the rule.
    pub rule_arn: String,
    /// The priority.
    pub priority: String,
    /// What a request must meet.
    pub conditions: Vec<RuleCondition>,
    /// What is done with a request.
    pub actions: Vec<Action>,
    /// Indicates whether this is the default rule.
    #[serde(deserialize_with = "scalar::lenient")]
    pub is_default: bool,
}

/// Information about a condition for a rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct RuleCondition {
    /// The field in the HTTP request.
    pub field: String,
    /// Patterns; `*` and `?` are wildcards.
    pub values: Vec<String>,
    /// Information for a host header condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_header_config: Option<PatternConfig>,
    /// Information for a path pattern condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_pattern_config: Option<PatternConfig>,
    /// Information for an HTTP header condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_header_config: Option<HttpHeaderConditionConfig>,
    /// Information for an HTTP method condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_request_method_config: Option<PatternConfig>,
    /// Information for a query string condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query_string_config: Option<QueryStringConditionConfig>,
    /// Information for a source IP condition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_ip_config: Option<PatternConfig>,
}

/// Patterns of a condition.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct PatternConfig {
    /// Patterns; `*` and `?` are wildcards.
    pub values: Vec<String>,
}

/// A condition on a header.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct HttpHeaderConditionConfig {
    /// The name of the HTTP header field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_header_name: Option<String>,
    /// Patterns; `*` and `?` are wildcards.
    pub values: Vec<String>,
}

/// A condition on the query.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct QueryStringConditionConfig {
    /// Patterns; `*` and `?` are wildcards.
    pub values: Vec<QueryStringKeyValuePair>,
}

/// A name and a value in a query.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default, deny_unknown_fields)]
pub struct QueryStringKeyValuePair {
    /// Key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}
