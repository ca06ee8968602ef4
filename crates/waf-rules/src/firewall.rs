//! From settings to the rules of a web ACL.

use std::collections::BTreeMap;

use cfn::wafv2::{
    Action, ByteMatch, FieldToMatch, LabelMatch, ManagedRuleGroup, OverrideAction, RateBased, Rule,
    RuleActionOverride, RuleLabel, Statement, TextTransformation, VisibilityConfig, WebAcl,
};

use crate::{
    capacity::{INCLUDED_CAPACITY, capacity},
    evaluate::{self, Decision},
    groups::{GROUPS, ManagedRule, find_rule},
    request::Request,
};

/// Seconds in which requests are counted for the rate limit.
const RATE_WINDOW_SECS: u32 = 300;

/// Priority of the rate limit; the managed groups follow in steps of ten, then what labels exempt routes,
/// then the rules about labels.
const RATE_PRIORITY: u32 = 0;
const FIRST_GROUP_PRIORITY: u32 = 10;
const FIRST_ROUTE_PRIORITY: u32 = 50;
const FIRST_LABEL_PRIORITY: u32 = 100;

/// What the firewall is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Requests from one address in five minutes above which it is blocked; AWS: at least 10.
    pub rate_limit: u32,
    /// Where managed rules give way.
    pub exemptions: Vec<Exemption>,
}

/// Managed rules that do not block on some routes. Everywhere else they do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// Why.
    pub reason: String,
    /// Names of rules in [`GROUPS`].
    pub rules: Vec<String>,
    /// Methods in capitals; empty: any.
    pub methods: Vec<String>,
    /// Exact paths, or everything below one with `/*` at the end.
    pub paths: Vec<String>,
}

/// Why a firewall cannot be made of the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WafError {
    /// AWS ignores overrides of rules that do not exist, and the rule would go on blocking.
    #[error("no managed rule is called `{name}`{}", suggestion(.nearest.as_ref()))]
    UnknownRule {
        /// The name.
        name: String,
        /// The known name that differs only in case or separators, if there is one.
        nearest: Option<String>,
    },
    /// An exemption without paths would apply everywhere.
    #[error("the exemption of `{rules}` names no path")]
    NoPath {
        /// Its rules.
        rules: String,
    },
    /// A path with a wildcard elsewhere than at its end, or one that is every path.
    #[error("`{path}` is neither an exact path nor one with /* behind it")]
    Path {
        /// The path.
        path: String,
    },
    /// A limit below AWS' least.
    #[error("a rate limit of {0} is not allowed: at least 10")]
    RateLimit(u32),
    /// More capacity units than the price includes.
    #[error("the rules take {capacity} capacity units, and {allowed} are allowed")]
    Capacity {
        /// Units that the rules take.
        capacity: u32,
        /// Units that they may take.
        allowed: u32,
    },
}

fn suggestion(nearest: Option<&String>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// Checked rules of a web ACL.
#[derive(Debug, Clone)]
pub struct Firewall {
    rules: Vec<Rule>,
    exemptions: Vec<Exemption>,
}

impl Firewall {
    /// Plans the rules.
    ///
    /// # Errors
    /// Every [`WafError`] of the settings.
    pub fn new(settings: &Settings) -> Result<Self, Vec<WafError>> {
        let mut errors = check(settings);
        let mut rules = vec![rate_limit(settings.rate_limit)];
        rules.extend(route_rules(&settings.exemptions));
        let exempt = exempt_rules(&settings.exemptions);
        rules.extend((0_u32..).zip(&GROUPS).map(|(nth, group)| {
            let overrides =
                group.rules.iter().filter(|rule| exempt.contains_key(rule.name)).map(count).collect();
            managed_group(group.name, FIRST_GROUP_PRIORITY + 10 * nth, overrides)
        }));
        rules.extend(label_rules(&exempt));
        let capacity = capacity(&rules);
        if capacity > INCLUDED_CAPACITY {
            errors.push(WafError::Capacity { capacity, allowed: INCLUDED_CAPACITY });
        }
        if errors.is_empty() {
            Ok(Self { rules, exemptions: settings.exemptions.clone() })
        } else {
            Err(errors)
        }
    }

    /// The rules as CloudFormation takes them.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The exemptions that they were planned from, with their reasons.
    pub fn exemptions(&self) -> &[Exemption] {
        &self.exemptions
    }

    /// Capacity units that the rules take.
    pub fn capacity(&self) -> u32 {
        capacity(&self.rules)
    }

    /// The web ACL for a load balancer: allow what no rule blocks. `name` is its physical name.
    pub fn web_acl<S>(&self, name: &str) -> WebAcl<S> {
        WebAcl {
            default_action: Action::Allow {},
            // Its name says what it is in front of, and templates count bytes.
            description: None,
            name: name.to_owned(),
            rules: self.rules.clone(),
            scope: "REGIONAL",
            visibility_config: visibility(name),
        }
    }

    /// What the rules do to a request. See the crate's documentation for what this can and cannot say.
    pub fn evaluate(&self, request: &Request) -> Decision {
        evaluate::evaluate(&self.rules, request)
    }
}

fn check(settings: &Settings) -> Vec<WafError> {
    let mut errors = Vec::new();
    if settings.rate_limit < 10 {
        errors.push(WafError::RateLimit(settings.rate_limit));
    }
    for exemption in &settings.exemptions {
        for name in exemption.rules.iter().filter(|name| find_rule(name).is_none()) {
            errors.push(WafError::UnknownRule { name: name.clone(), nearest: nearest(name) });
        }
        if exemption.paths.is_empty() {
            errors.push(WafError::NoPath { rules: exemption.rules.join(", ") });
        }
        for path in &exemption.paths {
            let fixed = path.strip_suffix("/*").unwrap_or(path);
            if !fixed.starts_with('/') || fixed.contains(['*', '?']) {
                errors.push(WafError::Path { path: path.clone() });
            }
        }
    }
    errors
}

/// The rule whose name has the same letters: labels and rules are spelt differently, and that is how they get mixed up.
fn nearest(name: &str) -> Option<String> {
    let letters =
        |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let mut known = GROUPS.iter().flat_map(|group| group.rules);
    known.find(|rule| letters(rule.name) == letters(name)).map(|rule| rule.name.to_owned())
}

/// For each exempt rule the numbers of the exemptions that name it, from 1.
fn exempt_rules(exemptions: &[Exemption]) -> BTreeMap<&str, Vec<u32>> {
    let mut by_rule: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for (nth, exemption) in (1_u32..).zip(exemptions) {
        for rule in &exemption.rules {
            let named = by_rule.entry(rule).or_default();
            if !named.contains(&nth) {
                named.push(nth);
            }
        }
    }
    by_rule
}

/// Labels the requests of each exemption. The condition is long, and more than one rule asks for it.
fn route_rules(exemptions: &[Exemption]) -> Vec<Rule> {
    let rules = (1_u32..).zip(exemptions).map(|(nth, exemption)| {
        let name = format!("exemption-{nth}");
        Rule {
            action: Some(Action::Count {}),
            override_action: None,
            priority: FIRST_ROUTE_PRIORITY + nth,
            rule_labels: vec![RuleLabel { name: route_label(nth) }],
            statement: route(exemption),
            visibility_config: visibility(&name),
            name,
        }
    });
    rules.collect()
}

fn route_label(nth: u32) -> String {
    format!("exemption:{nth}")
}

/// Blocks what an exempt rule has labelled, except on the routes of its exemptions. Rules with the same exemptions share one.
fn label_rules(exempt: &BTreeMap<&str, Vec<u32>>) -> Vec<Rule> {
    let mut groups: BTreeMap<&[u32], Vec<Statement>> = BTreeMap::new();
    for (name, named_by) in exempt {
        if let Some((group, rule)) = find_rule(name) {
            groups.entry(named_by).or_default().push(label(group.label(rule)));
        }
    }
    let rules = (1_u32..).zip(groups).map(|(nth, (named_by, labels))| {
        let routes = named_by.iter().map(|nth| label(route_label(*nth))).collect();
        let name = format!("not-exempt-{nth}");
        Rule {
            action: Some(Action::Block {}),
            override_action: None,
            priority: FIRST_LABEL_PRIORITY + nth,
            rule_labels: Vec::new(),
            statement: all(vec![any(labels), Statement::Not(Box::new(any(routes)))]),
            visibility_config: visibility(&name),
            name,
        }
    });
    rules.collect()
}

fn label(key: String) -> Statement {
    Statement::LabelMatch(LabelMatch { key, scope: "LABEL" })
}

/// Matches the requests of an exemption.
fn route(exemption: &Exemption) -> Statement {
    let paths = any(exemption.paths.iter().map(|path| path_match(path)).collect());
    if exemption.methods.is_empty() {
        return paths;
    }
    let methods = exemption.methods.iter().map(|method| ByteMatch {
        field_to_match: FieldToMatch::Method {},
        positional_constraint: "EXACTLY",
        search_string: method.clone(),
        text_transformations: vec![TextTransformation { priority: 0, kind: "NONE" }],
    });
    all(vec![any(methods.map(Statement::ByteMatch).collect()), paths])
}

/// The path is decoded and normalised first, so that `/exempt/../other` is not taken for something below `/exempt`.
fn path_match(path: &str) -> Statement {
    let (positional_constraint, text) = match path.strip_suffix('*') {
        Some(start) => ("STARTS_WITH", start),
        None => ("EXACTLY", path),
    };
    Statement::ByteMatch(ByteMatch {
        field_to_match: FieldToMatch::UriPath {},
        positional_constraint,
        search_string: text.to_owned(),
        text_transformations: vec![
            TextTransformation { priority: 0, kind: "URL_DECODE" },
            TextTransformation { priority: 1, kind: "NORMALIZE_PATH" },
        ],
    })
}

/// One statement as it is; AWS wants at least two in an `OrStatement`.
fn any(mut statements: Vec<Statement>) -> Statement {
    if statements.len() == 1 { statements.remove(0) } else { Statement::Or(statements) }
}

fn all(statements: Vec<Statement>) -> Statement {
    Statement::And(statements)
}

fn count(rule: &ManagedRule) -> RuleActionOverride {
    RuleActionOverride { action_to_use: Action::Count {}, name: rule.name.to_owned() }
}

fn rate_limit(limit: u32) -> Rule {
    Rule {
        action: Some(Action::Block {}),
        name: "rate-limit".to_owned(),
        override_action: None,
        priority: RATE_PRIORITY,
        rule_labels: Vec::new(),
        statement: Statement::RateBased(RateBased {
            aggregate_key_type: "IP",
            evaluation_window_sec: RATE_WINDOW_SECS,
            limit,
        }),
        visibility_config: visibility("rate-limit"),
    }
}

fn managed_group(name: &str, priority: u32, rule_action_overrides: Vec<RuleActionOverride>) -> Rule {
    Rule {
        action: None,
        name: name.to_owned(),
        override_action: Some(OverrideAction::None {}),
        priority,
        rule_labels: Vec::new(),
        statement: Statement::ManagedRuleGroup(ManagedRuleGroup {
            name: name.to_owned(),
            rule_action_overrides,
            scope_down_statement: None,
            vendor_name: "AWS",
        }),
        visibility_config: visibility(name),
    }
}

fn visibility(name: &str) -> VisibilityConfig {
    VisibilityConfig {
        cloud_watch_metrics_enabled: true,
        metric_name: name.to_owned(),
        sampled_requests_enabled: true,
    }
}
