//! Web ACL capacity units (WCU) of rules, as `CheckCapacity` counts them.
//!
//! Source: WAF developer guide, `aws-waf-capacity-units` and the page of each statement.

use cfn::wafv2::{ByteMatch, Rule, Statement};

use crate::groups::GROUPS;

/// Units that the price of a web ACL includes.
pub const INCLUDED_CAPACITY: u32 = 1_500;

/// Units that a web ACL can have at all.
pub const MAX_CAPACITY: u32 = 5_000;

/// Units of a rate-based statement without custom keys.
const RATE_BASED: u32 = 2;

/// Units of a label match.
const LABEL_MATCH: u32 = 1;

/// Units of each text transformation.
const TRANSFORMATION: u32 = 10;

/// Units of all rules together. A managed group that is not in [`GROUPS`] counts as more than any web ACL can have.
pub fn capacity(rules: &[Rule]) -> u32 {
    rules.iter().map(|rule| statement(&rule.statement)).fold(0, u32::saturating_add)
}

fn statement(one: &Statement) -> u32 {
    let all = |statements: &[Statement]| statements.iter().map(statement).fold(0, u32::saturating_add);
    match one {
        Statement::ManagedRuleGroup(group) => {
            let known = GROUPS.iter().find(|known| known.name == group.name);
            let scope = group.scope_down_statement.as_deref().map_or(0, statement);
            known.map_or(MAX_CAPACITY, |known| known.capacity).saturating_add(scope)
        }
        Statement::RateBased(_) => RATE_BASED,
        Statement::LabelMatch(_) => LABEL_MATCH,
        Statement::ByteMatch(bytes) => byte_match(bytes),
        Statement::And(statements) | Statement::Or(statements) => all(statements),
        Statement::Not(inner) => statement(inner),
    }
}

/// 2 units for a fixed place in the text, 10 for a search, 10 more for each transformation other than `NONE`.
fn byte_match(bytes: &ByteMatch) -> u32 {
    let base = match bytes.positional_constraint {
        "EXACTLY" | "STARTS_WITH" | "ENDS_WITH" => 2,
        _ => 10,
    };
    bytes
        .text_transformations
        .iter()
        .filter(|one| one.kind != "NONE")
        .fold(base, |sum, _| sum + TRANSFORMATION)
}
