//! Runs the tool as a deploy role on local accounts and reads from IAM what it used: nothing may be denied, and nothing
//! may be allowed that no run needed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use env_config::{Config, SharedNames};
use local_aws::{Control, UnusedGrant};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

use super::accounts::Accounts;
use super::execution;
use super::scenarios::SCENARIOS;

/// Exceptions, each with its reason.
const EXCEPTIONS: &str = include_str!("exceptions.json");

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Finding {
    /// A run was denied an action.
    Missing {
        /// The role.
        role: String,
        /// The action.
        action: String,
        /// On what, or for which resource types.
        on: String,
    },
    /// A part of the policy that no run needed.
    Unused {
        /// The role.
        role: String,
        /// The statement, as `#1`.
        statement: String,
        /// The action or resource pattern.
        pattern: String,
    },
    /// A scenario went otherwise than it means: what it should have exercised was not.
    Scenario {
        /// Its name.
        name: String,
        /// What happened.
        detail: String,
    },
    /// A role reached into another environment.
    Reached {
        /// What it did.
        attempt: String,
        /// What AWS answered instead of a denial.
        answer: String,
    },
    /// An exception that excepts nothing any more.
    Stale {
        /// Its pattern.
        pattern: String,
        /// Its reason.
        reason: String,
    },
}

/// What was found about the roles of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleCheck {
    /// Environment name.
    pub environment: String,
    /// Scenarios that ran, in order.
    pub scenarios: Vec<String>,
    /// Actions that the deploy role used.
    pub used: BTreeSet<String>,
    /// Attempts on other environments, all of which have to be denied.
    pub attempts: usize,
    /// Findings that an exception covers.
    pub excepted: usize,
    /// What is not as it should be; empty is good.
    pub findings: BTreeSet<Finding>,
}

/// An exception from one of the rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    /// `deploy` or `cloudformation`.
    role: String,
    /// `missing` or `unused`.
    kind: String,
    /// Action or resource, with `*`.
    pattern: String,
    reason: String,
}

/// Checks the roles of one environment.
///
/// # Errors
/// [`Failure`]: the account to check on cannot be prepared.
pub async fn check(root: &Path, environment: &str) -> Result<RoleCheck, Failure> {
    let config = Config::load(root)?;
    let name = config.environment(environment)?.name.clone();
    let names = SharedNames::new(&config.platform);
    let (role, execution_role) = (names.deploy_role(&name), names.cloudformation_role(&name));
    let accounts = Accounts::prepare(root, &config, environment).await?;
    let mut findings = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut unused: [Option<BTreeSet<UnusedGrant>>; 2] = [None, None];
    for scenario in SCENARIOS {
        let (control, outcome) = accounts.run(scenario, environment, &role).await?;
        if let Err(detail) = outcome {
            findings.insert(Finding::Scenario { name: scenario.name.to_owned(), detail });
        }
        for (who, unused) in [&role, &execution_role].into_iter().zip(&mut unused) {
            findings.extend(denied(&control, who));
            let grants = control.unused_grants(who);
            *unused = Some(match unused.take() {
                None => grants,
                Some(before) => before.intersection(&grants).cloned().collect(),
            });
        }
        used.extend(control.used_actions(&role).into_keys());
    }
    let own = config.environment(environment)?;
    let [deploy, execution] = unused.map(Option::unwrap_or_default);
    let execution = execution::unused_resources(&config, own, execution)?;
    for (role, unused) in [(&role, deploy), (&execution_role, execution)] {
        findings.extend(unused.into_iter().map(|grant| Finding::Unused {
            role: role.clone(),
            statement: grant.statement,
            pattern: grant.pattern,
        }));
    }
    findings.extend(execution::findings(&config, own)?);
    let (attempts, reached) = accounts.trespass(environment, &role).await?;
    findings.extend(reached);
    let (findings, excepted) = without_exceptions(findings, [&role, &execution_role])?;
    let scenarios = SCENARIOS.iter().map(|it| it.name.to_owned()).collect();
    Ok(RoleCheck { environment: environment.to_owned(), scenarios, used, attempts, excepted, findings })
}

fn denied(control: &Control, role: &str) -> Vec<Finding> {
    let used = control.used_actions(role).into_iter().filter(|(_, usage)| usage.denied > 0);
    let missing = used.map(|(action, usage)| Finding::Missing {
        role: role.to_owned(),
        action,
        on: usage.first_resource,
    });
    missing.collect()
}

/// Takes out what an exception covers, and adds the exceptions that cover nothing.
fn without_exceptions(
    findings: BTreeSet<Finding>,
    [deploy, execution]: [&String; 2],
) -> Result<(BTreeSet<Finding>, usize), Failure> {
    let exceptions: Vec<Exception> = serde_json::from_str(EXCEPTIONS).map_err(|error| Failure::Guard {
        reason: format!("crates/deploy-ops/src/iam/exceptions.json: {error}"),
        hint: "each has role, kind, pattern and reason".to_owned(),
    })?;
    let mut needed = vec![false; exceptions.len()];
    let (mut left, mut excepted) = (BTreeSet::new(), 0);
    for finding in findings {
        let (role, kind, text) = match &finding {
            Finding::Missing { role, action, .. } => (role, "missing", action),
            Finding::Unused { role, pattern, .. } => (role, "unused", pattern),
            _ => {
                left.insert(finding);
                continue;
            }
        };
        let role = match role {
            role if role == deploy => "deploy",
            role if role == execution => "cloudformation",
            _ => "",
        };
        let mut covered = false;
        for (index, exception) in exceptions.iter().enumerate() {
            if exception.role == role && exception.kind == kind && covers(&exception.pattern, text) {
                needed[index] = true;
                covered = true;
            }
        }
        if covered {
            excepted += 1;
        } else {
            left.insert(finding);
        }
    }
    for (exception, _) in exceptions.into_iter().zip(needed).filter(|(_, needed)| !needed) {
        left.insert(Finding::Stale { pattern: exception.pattern, reason: exception.reason });
    }
    Ok((left, excepted))
}

/// Whether an exception is about this action or resource. `*` alone is the resource of that name, not everything.
fn covers(exception: &str, text: &str) -> bool {
    if exception == "*" { text == "*" } else { matches(exception, text) }
}

/// `*` stands for any characters. Case does not count, as in IAM's actions.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    fn inner(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some(b'*'), _) => inner(&pattern[1..], text) || (!text.is_empty() && inner(pattern, &text[1..])),
            (Some(a), Some(b)) if a.eq_ignore_ascii_case(b) => inner(&pattern[1..], &text[1..]),
            _ => false,
        }
    }
    inner(pattern.as_bytes(), text.as_bytes())
}

/// Findings by what they are, for people.
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { role, action, on } => write!(f, "missing: {role} needs {action} ({on})"),
            Self::Unused { role, statement, pattern } => {
                write!(f, "unused: {role} has {pattern} (statement {statement}), which nothing needed")
            }
            Self::Scenario { name, detail } => write!(f, "scenario {name:?}: {detail}"),
            Self::Reached { attempt, answer } => {
                write!(f, "not denied: {attempt} (the answer was: {answer})")
            }
            Self::Stale { pattern, reason } => {
                write!(f, "exceptions.json: {pattern} excepts nothing any more ({reason})")
            }
        }
    }
}

/// Actions by service, for people: `ecs: RunTask, StopTask`.
fn by_service(actions: &BTreeSet<String>) -> Vec<String> {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for action in actions {
        if let Some((service, name)) = action.split_once(':') {
            services.entry(service).or_default().push(name);
        }
    }
    services.into_iter().map(|(service, names)| format!("{service}: {}", names.join(", "))).collect()
}

impl RoleCheck {
    /// What the role used, one line for each service.
    #[must_use]
    pub fn used_by_service(&self) -> Vec<String> {
        by_service(&self.used)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
