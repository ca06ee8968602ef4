//! AWS WAF v2.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{LoadBalancerArn, LogGroupArn, Text, WebAclArn};
use crate::value::Value;

/// `AWS::WAFv2::WebACL`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct WebAcl<S> {
    pub default_action: Action,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<Value<S, Text>>,
    pub name: String,
    pub rules: Vec<Rule>,
    /// `REGIONAL` or `CLOUDFRONT`.
    pub scope: &'static str,
    pub visibility_config: VisibilityConfig,
}
resource!(WebAcl = "AWS::WAFv2::WebACL", "Arn" arn: WebAclArn);

/// `AWS::WAFv2::WebACLAssociation`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct WebAclAssociation<S> {
    pub resource_arn: Value<S, LoadBalancerArn>,
    #[serde(rename = "WebACLArn")]
    pub web_acl_arn: Value<S, WebAclArn>,
}
resource!(WebAclAssociation = "AWS::WAFv2::WebACLAssociation");

/// `AWS::WAFv2::LoggingConfiguration`. The log group's name starts with `aws-waf-logs-`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LoggingConfiguration<S> {
    pub log_destination_configs: Vec<Value<S, LogGroupArn>>,
    pub redacted_fields: Vec<FieldToRedact>,
    pub resource_arn: Value<S, WebAclArn>,
}
resource!(LoggingConfiguration = "AWS::WAFv2::LoggingConfiguration");

/// What is left out of the log.
#[derive(Debug, Clone, Serialize)]
pub enum FieldToRedact {
    SingleHeader(HeaderName),
    QueryString {},
}

/// A header, in lower case.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HeaderName {
    pub name: String,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Action {
    Allow {},
    Block {},
    Count {},
}

/// What a rule group's own actions are replaced by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum OverrideAction {
    None {},
    Count {},
}

/// A rule of a web ACL: one of `action` and `override_action`, the latter for rule groups.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Rule {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub override_action: Option<OverrideAction>,
    /// The lowest is evaluated first.
    pub priority: u32,
    /// What later rules can tell a request by that this one matched.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rule_labels: Vec<RuleLabel>,
    pub statement: Statement,
    pub visibility_config: VisibilityConfig,
}

/// A label; rules of the same web ACL match it by this name alone.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleLabel {
    pub name: String,
}

/// A rule's metrics.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct VisibilityConfig {
    pub cloud_watch_metrics_enabled: bool,
    pub metric_name: String,
    pub sampled_requests_enabled: bool,
}

/// What a rule matches.
#[derive(Debug, Clone, Serialize)]
pub enum Statement {
    #[serde(rename = "ManagedRuleGroupStatement")]
    ManagedRuleGroup(ManagedRuleGroup),
    #[serde(rename = "RateBasedStatement")]
    RateBased(RateBased),
    #[serde(rename = "LabelMatchStatement")]
    LabelMatch(LabelMatch),
    #[serde(rename = "ByteMatchStatement")]
    ByteMatch(ByteMatch),
    #[serde(rename = "AndStatement", serialize_with = "nested::many")]
    And(Vec<Statement>),
    #[serde(rename = "OrStatement", serialize_with = "nested::many")]
    Or(Vec<Statement>),
    #[serde(rename = "NotStatement", serialize_with = "nested::one")]
    Not(Box<Statement>),
}

mod nested {
    use std::collections::BTreeMap;

    use serde::ser::{Serialize, Serializer};

    use super::Statement;

    pub(super) fn many<Z: Serializer>(statements: &[Statement], serializer: Z) -> Result<Z::Ok, Z::Error> {
        BTreeMap::from([("Statements", statements)]).serialize(serializer)
    }

    pub(super) fn one<Z: Serializer>(statement: &Statement, serializer: Z) -> Result<Z::Ok, Z::Error> {
        BTreeMap::from([("Statement", statement)]).serialize(serializer)
    }
}

/// A rule group that AWS keeps.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedRuleGroup {
    pub name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rule_action_overrides: Vec<RuleActionOverride>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope_down_statement: Option<Box<Statement>>,
    pub vendor_name: &'static str,
}

/// Another action for one rule of a group.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RuleActionOverride {
    pub action_to_use: Action,
    pub name: String,
}

/// Requests over a rate.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RateBased {
    pub aggregate_key_type: &'static str,
    /// Seconds: 60, 120, 300 or 600.
    pub evaluation_window_sec: u32,
    /// Requests in the window.
    pub limit: u32,
}

/// Requests that an earlier rule labelled.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LabelMatch {
    pub key: String,
    /// `LABEL` or `NAMESPACE`.
    pub scope: &'static str,
}

/// Requests with certain bytes in a certain place.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ByteMatch {
    pub field_to_match: FieldToMatch,
    pub positional_constraint: &'static str,
    pub search_string: String,
    pub text_transformations: Vec<TextTransformation>,
}

/// Where to look.
#[derive(Debug, Clone, Serialize)]
pub enum FieldToMatch {
    UriPath {},
    Method {},
    SingleHeader(HeaderName),
}

/// What is done to the text before looking.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TextTransformation {
    pub priority: u32,
    #[serde(rename = "Type")]
    pub kind: &'static str,
}
