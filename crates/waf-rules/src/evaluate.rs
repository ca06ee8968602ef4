//! Runs a request through rendered rules, in the order of AWS WAF.

use std::collections::BTreeSet;

use cfn::wafv2::{Action, ByteMatch, FieldToMatch, ManagedRuleGroup, Rule, Statement, TextTransformation};
use serde::Serialize;

use crate::{
    groups::GROUPS,
    matchers::{Check, decode},
    request::Request,
};

/// What happens to a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// Whether it goes through.
    pub action: DecisionAction,
    /// Rule of the web ACL that decided; `None` for the default action.
    pub rule: Option<String>,
    /// Rule inside a managed group that decided.
    pub managed_rule: Option<String>,
    /// Labels that rules added on the way, sorted.
    pub labels: BTreeSet<String>,
}

/// Whether a request goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DecisionAction {
    /// It reaches the load balancer.
    Allow,
    /// It is answered 403.
    Block,
}

/// Evaluates the rules by priority until one decides; without one the request is allowed.
pub(crate) fn evaluate(rules: &[Rule], request: &Request) -> Decision {
    let mut ordered: Vec<&Rule> = rules.iter().collect();
    ordered.sort_by_key(|rule| rule.priority);
    let mut labels = BTreeSet::new();
    for rule in ordered {
        let decided = |action, managed_rule| Some((action, managed_rule));
        let outcome = match &rule.statement {
            Statement::ManagedRuleGroup(group) => {
                managed(group, request, &mut labels).map(|name| (DecisionAction::Block, Some(name)))
            }
            statement if matches(statement, request, &labels) => match rule.action {
                Some(Action::Block {}) => decided(DecisionAction::Block, None),
                Some(Action::Allow {}) => decided(DecisionAction::Allow, None),
                Some(Action::Count {}) | None => {
                    labels.extend(rule.rule_labels.iter().map(|label| label.name.clone()));
                    None
                }
            },
            _ => None,
        };
        if let Some((action, managed_rule)) = outcome {
            return Decision { action, rule: Some(rule.name.clone()), managed_rule, labels };
        }
    }
    Decision { action: DecisionAction::Allow, rule: None, managed_rule: None, labels }
}

/// Rules of a managed group in order: each that matches adds its label; the first that is not overridden to count blocks.
fn managed(group: &ManagedRuleGroup, request: &Request, labels: &mut BTreeSet<String>) -> Option<String> {
    let known = GROUPS.iter().find(|known| known.name == group.name)?;
    if group.scope_down_statement.as_deref().is_some_and(|scope| !matches(scope, request, labels)) {
        return None;
    }
    for rule in known.rules {
        let whole_body = matches!(rule.check, Check::LongerThan(_));
        if !rule.check.matches(request.part(rule.part, whole_body).as_deref()) {
            continue;
        }
        labels.insert(known.label(rule));
        let action =
            group.rule_action_overrides.iter().find(|one| one.name == rule.name).map(|one| one.action_to_use);
        match action {
            Some(Action::Count {}) => {}
            Some(Action::Allow {}) => return None,
            Some(Action::Block {}) | None => return Some(rule.name.to_owned()),
        }
    }
    None
}

fn matches(statement: &Statement, request: &Request, labels: &BTreeSet<String>) -> bool {
    match statement {
        Statement::ManagedRuleGroup(_) => false,
        Statement::RateBased(rate) => request.requests_from_source > rate.limit,
        Statement::LabelMatch(label) if label.scope == "NAMESPACE" => {
            labels.iter().any(|one| one.starts_with(&label.key))
        }
        Statement::LabelMatch(label) => labels.contains(&label.key),
        Statement::ByteMatch(bytes) => byte_match(bytes, request),
        Statement::And(all) => all.iter().all(|one| matches(one, request, labels)),
        Statement::Or(any) => any.iter().any(|one| matches(one, request, labels)),
        Statement::Not(inner) => !matches(inner, request, labels),
    }
}

fn byte_match(bytes: &ByteMatch, request: &Request) -> bool {
    let field = match &bytes.field_to_match {
        FieldToMatch::UriPath {} => request.path.as_str(),
        FieldToMatch::Method {} => request.method.as_str(),
        FieldToMatch::SingleHeader(header) => request.header(&header.name).unwrap_or_default(),
    };
    let mut steps: Vec<&TextTransformation> = bytes.text_transformations.iter().collect();
    steps.sort_by_key(|step| step.priority);
    let text = steps.iter().fold(field.to_owned(), |text, step| transform(&text, step.kind));
    let wanted = bytes.search_string.as_str();
    match bytes.positional_constraint {
        "EXACTLY" => text == wanted,
        "STARTS_WITH" => text.starts_with(wanted),
        "ENDS_WITH" => text.ends_with(wanted),
        _ => text.contains(wanted),
    }
}

fn transform(text: &str, kind: &str) -> String {
    match kind {
        "URL_DECODE" => decode(text),
        "LOWERCASE" => text.to_lowercase(),
        "NORMALIZE_PATH" => normalize(text),
        _ => text.to_owned(),
    }
}

/// Removes empty and `.` segments and resolves `..`, keeping a slash at the end.
fn normalize(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name),
        }
    }
    let end = if segments.is_empty() || !path.ends_with('/') { "" } else { "/" };
    format!("/{}{end}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn paths_are_normalised() {
        assert_eq!(normalize("/a/./b//c/../d"), "/a/b/d");
        assert_eq!(normalize("/a/b/"), "/a/b/");
        assert_eq!(normalize("/../../a"), "/a");
        assert_eq!(normalize("/"), "/");
    }
}
