//! Managed policies: the account's own, and those of AWS that deployments use.

use std::sync::LazyLock;

use super::policy::{Document, Statement};
use super::{
    AttachedPolicy, AttachedPolicyInput, CreatePolicyInput, EmptyOutput, ListAttachedRolePoliciesOutput,
    PolicyDescription, PolicyInput, PolicyOutput, RoleInput, State, StoredPolicy, check_quota, global_arn,
    no_such_entity, policy_count, role_name,
};
use crate::{ApiError, World};

/// IAM's limit for a managed policy, in characters without white space (`IAM:reference_iam-quotas`).
const SIZE_LIMIT: usize = 6_144;

fn stored(document: String) -> Result<StoredPolicy, ApiError> {
    let size = document.chars().filter(|c| !c.is_whitespace()).count();
    if size > SIZE_LIMIT {
        let message = format!("Cannot exceed quota for PolicySize: {SIZE_LIMIT}");
        return Err(ApiError::new("LimitExceeded", message).with_status(409));
    }
    StoredPolicy::identity(document)
}

const EXECUTION_ROLE: &str = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// Source: `ECS:task_execution_IAM_role`.
static EXECUTION_ROLE_DOCUMENT: LazyLock<Option<Document>> = LazyLock::new(|| {
    Document::identity(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ecr:GetAuthorizationToken",
        "ecr:BatchCheckLayerAvailability","ecr:GetDownloadUrlForLayer","ecr:BatchGetImage","logs:CreateLogStream",
        "logs:PutLogEvents"],"Resource":"*"}]}"#,
    )
    .ok()
});

static ADMINISTRATOR_DOCUMENT: LazyLock<Option<Document>> = LazyLock::new(|| {
    Document::identity(
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    )
    .ok()
});

fn of_aws(arn: &str) -> Option<&'static Document> {
    match arn {
        EXECUTION_ROLE => EXECUTION_ROLE_DOCUMENT.as_ref(),
        ADMINISTRATOR => ADMINISTRATOR_DOCUMENT.as_ref(),
        _ => None,
    }
}

/// Statements of a managed policy.
pub(super) fn statements<'a>(state: &'a State, arn: &str) -> Option<&'a [Statement]> {
    match state.policies.get(arn) {
        Some(policy) => Some(&policy.document.statement),
        None => of_aws(arn).map(|document| document.statement.as_slice()),
    }
}

fn check_exists(state: &State, arn: &str) -> Result<(), ApiError> {
    if statements(state, arn).is_some() {
        return Ok(());
    }
    if arn.starts_with("arn:aws:iam::aws:policy/") {
        return Err(ApiError::not_modelled(format_args!("managed policy {arn}")));
    }
    Err(no_policy(arn))
}

fn no_policy(arn: &str) -> ApiError {
    no_such_entity(format!("Policy {arn} does not exist or is not attachable."))
}

fn describe(state: &State, arn: &str) -> PolicyDescription {
    let uses = |role: &&super::Role| role.attached.iter().any(|attached| attached == arn);
    PolicyDescription {
        policy_name: role_name(arn).to_owned(),
        arn: arn.to_owned(),
        default_version_id: "v1".to_owned(),
        attachment_count: state.roles.values().filter(uses).count(),
        permissions_boundary_usage_count: state
            .roles
            .values()
            .filter(|role| role.boundary.as_deref() == Some(arn))
            .count(),
    }
}

/// `CreatePolicy`.
///
/// # Errors
/// `EntityAlreadyExists`; `MalformedPolicyDocument`; `LimitExceeded` beyond the quotas of policies and of characters.
pub fn create_policy(world: &mut World, input: CreatePolicyInput) -> Result<PolicyOutput, ApiError> {
    let path = input.path.as_deref().unwrap_or("/");
    let arn = global_arn(world, &format!("policy{path}{}", input.policy_name));
    if world.iam.policies.contains_key(&arn) {
        return Err(ApiError::new(
            "EntityAlreadyExists",
            format!("A policy called {} already exists. Duplicate names are not allowed.", input.policy_name),
        )
        .with_status(409));
    }
    check_quota("PoliciesPerAccount", policy_count(world), world.quotas.policies)?;
    let policy = stored(input.policy_document)?;
    world.iam.policies.insert(arn.clone(), policy);
    Ok(PolicyOutput { policy: describe(&world.iam, &arn) })
}

/// Replaces the document of a policy: `CreatePolicyVersion` with `SetAsDefault`. Former versions are not kept.
///
/// # Errors
/// `NoSuchEntity`; `MalformedPolicyDocument`; `LimitExceeded` above 6,144 characters.
pub fn update_policy(world: &mut World, arn: &str, document: String) -> Result<(), ApiError> {
    let policy = world.iam.policies.get_mut(arn).ok_or_else(|| no_policy(arn))?;
    *policy = stored(document)?;
    Ok(())
}

/// `GetPolicy`.
///
/// # Errors
/// `NoSuchEntity`.
pub fn get_policy(world: &World, input: &PolicyInput) -> Result<PolicyOutput, ApiError> {
    check_exists(&world.iam, &input.policy_arn)?;
    Ok(PolicyOutput { policy: describe(&world.iam, &input.policy_arn) })
}

/// `DeletePolicy`.
///
/// # Errors
/// `DeleteConflict` while it is attached or a boundary; `NoSuchEntity`.
pub fn delete_policy(world: &mut World, input: &PolicyInput) -> Result<EmptyOutput, ApiError> {
    let policy = describe(&world.iam, &input.policy_arn);
    if policy.attachment_count + policy.permissions_boundary_usage_count > 0 {
        return Err(
            ApiError::new("DeleteConflict", "Cannot delete a policy attached to entities.").with_status(409)
        );
    }
    world
        .iam
        .policies
        .remove(&input.policy_arn)
        .map(|_| EmptyOutput {})
        .ok_or_else(|| no_policy(&input.policy_arn))
}

/// `AttachRolePolicy`; attaching twice changes nothing.
///
/// # Errors
/// `NoSuchEntity`; AWS's own policies other than `AmazonECSTaskExecutionRolePolicy` and `AdministratorAccess`
/// are not modelled.
pub fn attach_role_policy(world: &mut World, input: AttachedPolicyInput) -> Result<EmptyOutput, ApiError> {
    check_exists(&world.iam, &input.policy_arn)?;
    let role = world.iam.role_mut(&input.role_name)?;
    if !role.attached.contains(&input.policy_arn) {
        role.attached.push(input.policy_arn);
    }
    Ok(EmptyOutput {})
}

/// `DetachRolePolicy`.
///
/// # Errors
/// `NoSuchEntity`.
pub fn detach_role_policy(world: &mut World, input: &AttachedPolicyInput) -> Result<EmptyOutput, ApiError> {
    let role = world.iam.role_mut(&input.role_name)?;
    let position = role.attached.iter().position(|arn| *arn == input.policy_arn);
    let position =
        position.ok_or_else(|| no_such_entity(format!("Policy {} was not found.", input.policy_arn)))?;
    role.attached.remove(position);
    Ok(EmptyOutput {})
}

/// `ListAttachedRolePolicies`.
///
/// # Errors
/// `NoSuchEntity`.
pub fn list_attached_role_policies(
    world: &World,
    input: &RoleInput,
) -> Result<ListAttachedRolePoliciesOutput, ApiError> {
    let attached = &world.iam.role(&input.role_name)?.attached;
    let entry =
        |arn: &String| AttachedPolicy { policy_name: role_name(arn).to_owned(), policy_arn: arn.clone() };
    Ok(ListAttachedRolePoliciesOutput {
        attached_policies: attached.iter().map(entry).collect(),
        is_truncated: false,
    })
}
