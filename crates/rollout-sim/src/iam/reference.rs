//! What AWS publishes of its own actions: which exist, which resources they know, which condition keys are in their requests.
//!
//! The service authorization reference, for the services that are modelled (`reference/actions.json`, made by
//! `reference/generate.mjs`). A key that an action does not have is never in its request: a condition on it is evaluated as
//! on a key that is absent (IAM:reference_policies_elements_condition).

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::policy::matches_action;

#[derive(Debug, Deserialize)]
struct Reference {
    services: BTreeMap<String, Service>,
}

#[derive(Debug, Deserialize)]
struct Service {
    keys: Vec<String>,
    /// By name: resource types, and indices of keys.
    actions: BTreeMap<String, (Vec<String>, Vec<usize>)>,
}

/// An action of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// Types of the resources that a policy can name for it; without any it knows `*` only.
    pub resource_types: &'static [String],
    /// Condition keys beside the global ones, such as `ecs:cluster` and `aws:ResourceTag/${TagKey}`.
    pub condition_keys: Vec<&'static str>,
}

/// The reference is part of this program: a test reads it.
fn reference() -> &'static Reference {
    static READ: OnceLock<Reference> = OnceLock::new();
    READ.get_or_init(|| {
        serde_json::from_str(include_str!("reference/actions.json"))
            .unwrap_or(Reference { services: BTreeMap::new() })
    })
}

/// Whether the reference has the service of this prefix, such as `ecs`.
#[must_use]
pub fn knows_service(prefix: &str) -> bool {
    reference().services.contains_key(prefix)
}

/// The action of this name, such as `ecs:RunTask`, in any case of letters, as IAM compares them; `None` where AWS has none, or
/// the service is none of those kept here.
#[must_use]
pub fn action(name: &str) -> Option<Action> {
    let (prefix, name) = name.split_once(':')?;
    let service = reference().services.get(prefix)?;
    let same = |known: &&String| known.eq_ignore_ascii_case(name);
    let found = || service.actions.get(service.actions.keys().find(same)?);
    let (resource_types, keys) = service.actions.get(name).or_else(found)?;
    let condition_keys = keys.iter().filter_map(|key| service.keys.get(*key).map(String::as_str)).collect();
    Some(Action { resource_types, condition_keys })
}

/// Names of the actions that a pattern of a policy means, such as `ecs:Describe*`; in any case of letters, as IAM compares them.
#[must_use]
pub fn matching(pattern: &str) -> Vec<String> {
    let Some((prefix, wanted)) = pattern.split_once(':') else { return Vec::new() };
    let Some(service) = reference().services.get(prefix) else { return Vec::new() };
    let names = service.actions.keys();
    let names = names.filter(|name| matches_action(wanted, name));
    names.map(|name| format!("{prefix}:{name}")).collect()
}

/// Whether requests of an action have a condition key. Of services that are not kept here everything is assumed.
#[must_use]
pub fn has_key(name: &str, key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    // In every request, or in none of one service's own.
    let special = ["aws:requesttag/", "aws:resourcetag/", "aws:tagkeys"];
    let global = lower.starts_with("aws:") && !special.iter().any(|special| lower.starts_with(special));
    let prefix = name.split(':').next().unwrap_or_default();
    if global || !knows_service(prefix) {
        return true;
    }
    let Some(action) = action(name) else { return true };
    action.condition_keys.iter().any(|known| {
        let known = known.to_ascii_lowercase();
        match known.split_once("${").or_else(|| known.split_once("tag-key")) {
            Some((before, _)) => lower.starts_with(before),
            None => lower == known,
        }
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_is_read_whole() {
        let read: Reference = serde_json::from_str(include_str!("reference/actions.json")).unwrap();
        assert_eq!(read.services.len(), 22);
        assert!(read.services.values().all(|service| !service.actions.is_empty()));
    }

    #[test]
    fn a_subnet_guards_services_and_not_tasks() {
        assert!(has_key("ecs:CreateService", "ecs:subnet") && has_key("ecs:UpdateService", "ecs:subnet"));
        assert!(!has_key("ecs:RunTask", "ecs:subnet") && !has_key("ecs:StartTask", "ecs:subnet"));
        assert!(has_key("ecs:RunTask", "ecs:cluster") && has_key("ecs:RunTask", "aws:PrincipalArn"));
        assert!(has_key("ec2:DeleteVpc", "aws:ResourceTag/Environment"));
        assert!(!has_key("iam:PassRole", "aws:RequestTag/Environment"));
    }

    #[test]
    fn patterns_mean_the_actions_that_exist() {
        assert_eq!(matching("ecs:runtask"), ["ecs:RunTask"]);
        assert!(action("elasticloadbalancing:SetWebACL").is_some_and(|it| it.resource_types.is_empty()));
        assert!(!has_key("elasticloadbalancing:SetWebACL", "aws:ResourceTag/Environment"));
        assert_eq!(matching("ecs:NoSuchThing*"), Vec::<String>::new());
        assert!(matching("ecs:*").len() > 50);
        assert_eq!(action("ecs:DescribeTaskDefinition").unwrap().resource_types, &[] as &[String]);
    }
}
