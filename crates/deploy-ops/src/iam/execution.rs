//! The role that CloudFormation acts as, held against the resource types of the templates: what the types'
//! handlers ask for, and nothing else.
//!
//! `handler-permissions.json` has the `permissions` of all handlers of each type, copied from the CloudFormation registry
//! (`DescribeType`; <https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html>).

use std::collections::{BTreeMap, BTreeSet};

use env_config::{Config, Environment, SharedNames};
use local_aws::UnusedGrant;

use crate::failure::Failure;
use crate::inputs;
use crate::template::Section;

use super::check::{Finding, matches};
use super::policy;

const PERMISSIONS: &str = include_str!("handler-permissions.json");

/// The resources of the role's policy that no scenario needed. Its actions are not judged by the scenarios: the simulator
/// asks for the one that changes something, and a handler calls more.
pub(super) fn unused_resources(
    config: &Config,
    environment: &Environment,
    unused: BTreeSet<UnusedGrant>,
) -> Result<BTreeSet<UnusedGrant>, Failure> {
    // All environments have the same role, and one without a firewall may get it.
    let template = inputs::environment_template(config, environment)?;
    let types = template.entries(Section::Resources).filter_map(|(id, _)| template.resource_type(id));
    let services: BTreeSet<String> =
        types.filter_map(|kind| kind.split("::").nth(1)).map(str::to_lowercase).collect();
    let has = |pattern: &str| {
        let service = pattern.split(':').nth(2).unwrap_or_default();
        services.iter().any(|it| it.starts_with(service))
            && (environment.waf.enabled || !pattern.contains(":log-group:aws-waf-logs-"))
    };
    let resources = unused.into_iter().filter(|grant| grant.pattern.starts_with("arn:"));
    Ok(resources.filter(|grant| has(&grant.pattern)).collect())
}

/// What the role lacks for a type of the template, and what it may do that no type asks for.
pub(super) fn findings(config: &Config, environment: &Environment) -> Result<Vec<Finding>, Failure> {
    let role = SharedNames::new(&config.platform).cloudformation_role(&environment.name);
    let policy = policy::of_role(config, &role)?;
    let permissions = permissions()?;
    // All environments have the same role, each with its own names: what only one of them uses, such as the firewall, the
    // others may switch on.
    let mut types: BTreeSet<String> = BTreeSet::new();
    for each in config.environments.values() {
        let template = inputs::environment_template(config, each)?;
        let ids = template.entries(Section::Resources).map(|(id, _)| id);
        types.extend(ids.filter_map(|id| template.resource_type(id)).map(str::to_owned));
    }
    let mut findings = Vec::new();
    let mut asked: BTreeMap<&str, &str> = BTreeMap::new();
    for kind in types.iter().map(String::as_str) {
        match permissions.get(kind) {
            Some(actions) => asked.extend(actions.iter().map(|action| (action.as_str(), kind))),
            None => findings.push(Finding::Scenario {
                name: "CloudFormation's role".to_owned(),
                detail: format!("handler-permissions.json has nothing on {kind}: copy it from the registry"),
            }),
        }
    }
    let allowing = || policy.statements.iter().enumerate().filter(|(_, it)| it.effect == "Allow");
    for (action, kind) in &asked {
        let allowed = allowing().flat_map(|(_, it)| &it.actions).any(|pattern| matches(pattern, action));
        if !allowed {
            findings.push(Finding::Missing {
                role: role.clone(),
                action: (*action).to_owned(),
                on: (*kind).to_owned(),
            });
        }
    }
    for (index, statement) in allowing() {
        for pattern in &statement.actions {
            if !asked.keys().any(|action| matches(pattern, action)) {
                findings.push(Finding::Unused {
                    role: role.clone(),
                    statement: format!("#{}", index + 1),
                    pattern: pattern.clone(),
                });
            }
        }
    }
    Ok(findings)
}

fn permissions() -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
    serde_json::from_str(PERMISSIONS).map_err(|error| Failure::Guard {
        reason: format!("crates/deploy-ops/src/iam/handler-permissions.json: {error}"),
        hint: "it maps resource types to lists of actions".to_owned(),
    })
}
