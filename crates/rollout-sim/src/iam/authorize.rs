//! Whether a call is allowed, and the words in which it is denied.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::condition::Context;
use super::policy::{Effect, Statement, matches_arn};
use super::{Role, State, managed, reference, role_name, usage};
use crate::{ApiError, SimTime, World};

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Principal {
    /// The administrator of the account: everything is allowed.
    Admin,
    /// A session of a role: what the role's policies allow.
    Role {
        /// Role name.
        name: String,
        /// Session name.
        session: String,
    },
}

impl Principal {
    /// A session of a role, by the role's name or ARN.
    #[must_use]
    pub fn role(name_or_arn: &str) -> Self {
        Self::Role { name: role_name(name_or_arn).to_owned(), session: "local".to_owned() }
    }

    /// ARN as `sts:GetCallerIdentity` and denials show it.
    #[must_use]
    pub fn arn(&self, world: &World) -> String {
        match self {
            Self::Admin => format!("arn:aws:iam::{}:user/admin", world.account),
            Self::Role { name, session } => {
                format!("arn:aws:sts::{}:assumed-role/{name}/{session}", world.account)
            }
        }
    }
}

/// Temporary credentials; the secret key is not kept, signatures are not verified.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) principal: Principal,
    pub(crate) expires_at: SimTime,
}

/// Keeps a session, and forgets those that have expired.
pub(crate) fn open_session(world: &mut World, access_key: String, session: Session) {
    let now = world.now();
    world.iam.sessions.retain(|_, session| session.expires_at > now);
    world.iam.sessions.insert(access_key, session);
}

/// Unique id of a role; empty where there is none.
pub(crate) fn role_id<'a>(world: &'a World, name: &str) -> &'a str {
    world.iam.roles.get(name).map_or("", |role| &role.id)
}

/// How long sessions of a role may last; zero where there is no such role.
pub(crate) fn max_session_secs(world: &World, name: &str) -> u32 {
    world.iam.roles.get(name).map_or(0, |role| role.max_session_secs)
}

/// The caller behind an access key: `test` is the administrator, `role/NAME` (or `role:NAME`) a session of that role, and what
/// STS handed out is what it was handed out for.
///
/// # Errors
/// `UnrecognizedClientException` for an unknown key or role; `ExpiredTokenException`.
pub fn principal_of_key(world: &World, access_key: &str) -> Result<Principal, ApiError> {
    if access_key == "test" {
        return Ok(Principal::Admin);
    }
    if let Some(name) = access_key.strip_prefix("role/").or_else(|| access_key.strip_prefix("role:"))
        && world.iam.roles.contains_key(name)
    {
        return Ok(Principal::role(name));
    }
    match world.iam.sessions.get(access_key) {
        Some(session) if session.expires_at <= world.now() => Err(ApiError::new(
            "ExpiredTokenException",
            "The security token included in the request is expired",
        )),
        Some(session) => Ok(session.principal.clone()),
        None => Err(ApiError::new(
            "UnrecognizedClientException",
            "The security token included in the request is invalid.",
        )),
    }
}

/// Actions of the modelled services that know no resource: a policy must allow them on `*` (docs/fact-sheet.md).
const WITHOUT_RESOURCES: &[&str] = &[
    "cloudformation:DescribeAccountLimits",
    "cloudformation:DescribeStackDriftDetectionStatus",
    "cloudformation:ListExports",
    "cloudformation:ListImports",
    "cloudformation:ListStacks",
    "cloudformation:ValidateTemplate",
    "cloudwatch:GetMetricStatistics",
    "ecr:GetAuthorizationToken",
    "ecs:DeregisterTaskDefinition",
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTags",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "iam:ListRoles",
    "logs:DescribeLogGroups",
    "secretsmanager:GetRandomPassword",
    "secretsmanager:ListSecrets",
    "sts:GetCallerIdentity",
    "wafv2:CheckCapacity",
    "wafv2:DescribeManagedRuleGroup",
    "wafv2:ListAvailableManagedRuleGroups",
    "wafv2:ListWebACLs",
];

/// Whether policies can allow `action` on single resources; if not, only `*` matches.
#[must_use]
pub fn supports_resources(action: &str) -> bool {
    WITHOUT_RESOURCES.binary_search(&action).is_err()
}

/// Every identity policy of a role with its name.
pub(super) fn policies<'a>(
    state: &'a State,
    role: &'a Role,
) -> impl Iterator<Item = (&'a str, &'a [Statement])> {
    let inline =
        role.inline.iter().map(|(name, policy)| (name.as_str(), policy.document.statement.as_slice()));
    let attached =
        role.attached.iter().filter_map(|arn| managed::statements(state, arn).map(|it| (arn.as_str(), it)));
    inline.chain(attached)
}

/// Which kind of policy spoke last.
#[derive(Clone, Copy)]
enum By {
    Identity,
    Boundary,
}

enum Decision {
    Allowed,
    Denied(By),
    NotAllowed(By),
}

/// Tags of a role, as keys of its requests; sessions bring none of their own (IAM:reference_policies_condition-keys).
pub(super) fn principal_tags(role: &Role) -> impl Iterator<Item = (String, &str)> {
    role.tags.iter().map(|tag| (format!("aws:PrincipalTag/{}", tag.key), tag.value.as_str()))
}

/// The keys that the request of an action has: of those that the call names, the ones that AWS evaluates for it.
fn full_context(
    world: &World,
    principal: &Principal,
    action: &str,
    context: &BTreeMap<String, String>,
) -> Context {
    let arn = match principal {
        Principal::Role { name, .. } => format!("arn:aws:iam::{}:role/{name}", world.account),
        Principal::Admin => principal.arn(world),
    };
    let own = [
        ("aws:PrincipalArn", arn.as_str()),
        ("aws:PrincipalAccount", world.account.as_str()),
        ("aws:ResourceAccount", world.account.as_str()),
        ("aws:RequestedRegion", world.region.as_str()),
        ("aws:SecureTransport", "true"),
    ];
    let role = match principal {
        Principal::Role { name, .. } => world.iam.roles.get(name),
        Principal::Admin => None,
    };
    let tags: Vec<_> = role.into_iter().flat_map(principal_tags).collect();
    let own = own.into_iter().chain(tags.iter().map(|(key, value)| (key.as_str(), *value)));
    let of_call = context.iter().filter(|(key, _)| reference::has_key(action, key));
    Context::new(own.chain(of_call.map(|(key, value)| (key.as_str(), value.as_str()))))
}

fn decide(state: &State, name: &str, action: &str, resource: &str, context: &Context) -> Decision {
    let Some(role) = state.roles.get(name) else { return Decision::NotAllowed(By::Identity) };
    let identity = policies(state, role).flat_map(|(_, statements)| statements);
    let identity = evaluate(identity, By::Identity, action, resource, context);
    match (&role.boundary, identity) {
        (Some(arn), Decision::Allowed) => {
            // Under a boundary that is gone nothing is allowed.
            let boundary = managed::statements(state, arn).into_iter().flatten();
            evaluate(boundary, By::Boundary, action, resource, context)
        }
        (_, decision) => decision,
    }
}

/// What statements decide, whoever they belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// One allows it, and none denies it.
    Allowed,
    /// One denies it.
    Denied,
    /// None is about it.
    Silent,
}

pub(super) fn judge<'a>(
    statements: impl Iterator<Item = &'a Statement>,
    action: &str,
    resource: &str,
    context: &Context,
) -> Verdict {
    match evaluate(statements, By::Identity, action, resource, context) {
        Decision::Allowed => Verdict::Allowed,
        Decision::Denied(_) => Verdict::Denied,
        Decision::NotAllowed(_) => Verdict::Silent,
    }
}

fn evaluate<'a>(
    statements: impl Iterator<Item = &'a Statement>,
    by: By,
    action: &str,
    resource: &str,
    context: &Context,
) -> Decision {
    let mut decision = Decision::NotAllowed(by);
    for statement in statements.filter(|statement| statement.matches(action, resource, context)) {
        match statement.effect {
            Effect::Deny => return Decision::Denied(by),
            Effect::Allow => decision = Decision::Allowed,
        }
    }
    decision
}

/// Whether `principal` may do `action` (such as `ecs:UpdateService`) on `resource` (an ARN). `context` holds
/// the condition keys of the request; several values of one key are joined by `,`.
///
/// # Errors
/// `AccessDeniedException` (`AccessDenied`, HTTP 403, for services with a query protocol) in AWS's wording.
pub fn authorize(
    world: &World,
    principal: &Principal,
    action: &str,
    resource: &str,
    context: &BTreeMap<String, String>,
) -> Result<(), ApiError> {
    let Principal::Role { name, .. } = principal else { return Ok(()) };
    let resource = if supports_resources(action) { resource } else { "*" };
    let context = full_context(world, principal, action, context);
    let why = match decide(&world.iam, name, action, resource, &context) {
        Decision::Allowed => return Ok(()),
        Decision::Denied(By::Identity) => "with an explicit deny in an identity-based policy".to_owned(),
        Decision::Denied(By::Boundary) => "with an explicit deny in a permissions boundary".to_owned(),
        Decision::NotAllowed(By::Identity) => {
            format!("because no identity-based policy allows the {action} action")
        }
        Decision::NotAllowed(By::Boundary) => {
            format!("because no permissions boundary allows the {action} action")
        }
    };
    let message = format!(
        "User: {} is not authorized to perform: {action} on resource: {resource} {why}",
        principal.arn(world)
    );
    let service = action.split(':').next().unwrap_or_default();
    Err(match service {
        "cloudformation"
        | "elasticloadbalancing"
        | "iam"
        | "sts"
        | "cloudwatch"
        | "ec2"
        | "rds"
        | "sns"
        | "elasticache" => ApiError::new("AccessDenied", message).with_status(403),
        _ => ApiError::new("AccessDeniedException", message),
    })
}

/// [`authorize`], and a note of what the role did and which grants it needed, for [`super::used_actions`] and
/// [`super::unused_grants`].
///
/// # Errors
/// As [`authorize`].
pub fn access(
    world: &mut World,
    principal: &Principal,
    action: &str,
    resource: &str,
    context: &BTreeMap<String, String>,
) -> Result<(), ApiError> {
    let answer = authorize(world, principal, action, resource, context);
    if let Principal::Role { name, .. } = principal {
        let resource = if supports_resources(action) { resource } else { "*" };
        let context = full_context(world, principal, action, context);
        usage::record(&mut world.iam, name, action, resource, &context, answer.is_ok());
    }
    answer
}

/// Whether `principal` may hand `role_arn` to `service` (such as `ecs-tasks.amazonaws.com`).
///
/// # Errors
/// As [`authorize`], for `iam:PassRole`.
pub fn check_pass_role(
    world: &mut World,
    principal: &Principal,
    role_arn: &str,
    service: &str,
) -> Result<(), ApiError> {
    let context = BTreeMap::from([("iam:PassedToService".to_owned(), service.to_owned())]);
    access(world, principal, "iam:PassRole", role_arn, &context)
}

/// Whether the role exists and its trust policy lets `service` assume it.
#[must_use]
pub fn trusts_service(world: &World, role_name_or_arn: &str, service: &str) -> bool {
    let Some(role) = world.iam.roles.get(role_name(role_name_or_arn)) else { return false };
    // CloudFormation documents no key of the request by which a trust could tell its source (CFN:using-iam-servicerole).
    let source = (service != "cloudformation.amazonaws.com").then_some(world.account.as_str());
    let context = Context::new(source.map(|account| ("aws:SourceAccount", account)));
    trusts(role, "sts:AssumeRole", &context, |statement| {
        statement
            .principal
            .as_ref()
            .is_some_and(|principal| principal.service.iter().any(|name| name == service))
    })
}

/// What a web identity token says.
#[derive(Debug, Clone)]
pub(crate) struct WebIdentity<'a> {
    /// ARN of the provider that issued it.
    pub(crate) provider_arn: &'a str,
    /// Host of the provider, the prefix of its condition keys.
    pub(crate) host: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) audience: &'a str,
}

/// Whether the role's trust policy lets this identity assume it.
pub(crate) fn trusts_web_identity(world: &World, role: &str, identity: &WebIdentity<'_>) -> bool {
    let Some(role) = world.iam.roles.get(role) else { return false };
    let (sub, aud) = (format!("{}:sub", identity.host), format!("{}:aud", identity.host));
    let context = Context::new([(sub.as_str(), identity.subject), (aud.as_str(), identity.audience)]);
    trusts(role, "sts:AssumeRoleWithWebIdentity", &context, |statement| {
        let federated = statement.principal.as_ref().map(|principal| principal.federated.as_slice());
        federated.is_some_and(|arns| arns.iter().any(|arn| matches_arn(arn, identity.provider_arn)))
    })
}

fn trusts(role: &Role, action: &str, context: &Context, names: impl Fn(&Statement) -> bool) -> bool {
    let mut allowed = false;
    for statement in &role.trust.document.statement {
        if names(statement) && statement.matches_action(action) && statement.condition.hold(context) {
            match statement.effect {
                Effect::Deny => return false,
                Effect::Allow => allowed = true,
            }
        }
    }
    allowed
}

#[cfg(test)]
mod tests {
    use super::WITHOUT_RESOURCES;

    #[test]
    fn actions_without_resources_are_sorted_for_the_search_and_are_those_of_the_reference() {
        assert!(WITHOUT_RESOURCES.is_sorted());
        for name in WITHOUT_RESOURCES {
            let action = super::reference::action(name);
            assert!(action.is_some_and(|action| action.resource_types.is_empty()), "{name}");
        }
    }
}
