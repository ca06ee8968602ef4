//! Roles and their inline policies.

use std::collections::BTreeMap;

use super::{
    AttachedPermissionsBoundary, CreateRoleInput, EmptyOutput, GetRolePolicyOutput, ListRolePoliciesOutput,
    ListRolesInput, ListRolesOutput, PutRolePolicyInput, Role, RoleDescription, RoleInput, RoleOutput,
    RolePolicyInput, StoredPolicy, Tag, UpdateAssumeRolePolicyInput, boundary, check_quota, global_arn,
    no_such_entity, role_count, role_name,
};
use crate::{ApiError, World, wire};

/// IAM's limit for the inline policies of one role, in characters without white space.
const INLINE_LIMIT: usize = 10_240;

/// Whether there is such a role, by name or ARN.
#[must_use]
pub fn role_exists(world: &World, name_or_arn: &str) -> bool {
    world.iam.roles.contains_key(role_name(name_or_arn))
}

fn validation(message: String) -> ApiError {
    ApiError::new("ValidationError", message)
}

fn check_name(name: &str, what: &str, max: usize) -> Result<(), ApiError> {
    let valid = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    if (1..=max).contains(&name.len()) && name.chars().all(valid) {
        return Ok(());
    }
    Err(validation(format!(
        "1 validation error detected: Value '{name}' at '{what}' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: [\\w+=,.@-]+ and have length between 1 and {max}"
    )))
}

fn describe(world: &World, name: &str, role: &Role) -> RoleDescription {
    RoleDescription {
        path: role.path.clone(),
        role_name: name.to_owned(),
        role_id: role.id.clone(),
        arn: global_arn(world, &format!("role{}{name}", role.path)),
        create_date: role.created_at.as_epoch_secs(),
        assume_role_policy_document: wire::percent_encode(&role.trust.text),
        description: role.description.clone(),
        max_session_duration: role.max_session_secs,
        permissions_boundary: role.boundary.clone().map(|arn| AttachedPermissionsBoundary {
            permissions_boundary_type: "Policy".to_owned(),
            permissions_boundary_arn: arn,
        }),
        tags: role.tags.clone(),
    }
}

/// `CreateRole`.
///
/// # Errors
/// `EntityAlreadyExists` (names differ by more than case); `MalformedPolicyDocument`; `ValidationError`; `NoSuchEntity`
/// for the boundary; `LimitExceeded` beyond the quota.
pub fn create_role(world: &mut World, input: CreateRoleInput) -> Result<RoleOutput, ApiError> {
    let name = input.role_name;
    check_name(&name, "roleName", 64)?;
    let path = input.path.unwrap_or_else(|| "/".to_owned());
    if !path.starts_with('/') || !path.ends_with('/') {
        return Err(validation(
            "The specified value for path is invalid. It must begin and end with /.".to_owned(),
        ));
    }
    let max_session_secs = input.max_session_duration.unwrap_or(3600);
    if !(3600..=43_200).contains(&max_session_secs) {
        return Err(validation(format!(
            "1 validation error detected: Value '{max_session_secs}' at 'maxSessionDuration' failed to satisfy \
             constraint: Member must have value between 3600 and 43200"
        )));
    }
    if world.iam.roles.keys().any(|other| other.eq_ignore_ascii_case(&name)) {
        return Err(ApiError::new("EntityAlreadyExists", format!("Role with name {name} already exists."))
            .with_status(409));
    }
    check_quota("RolesPerAccount", role_count(world), world.quotas.roles)?;
    if let Some(arn) = &input.permissions_boundary {
        boundary::check(&world.iam, arn)?;
    }
    let role = Role {
        id: format!("AROA{}", world.rng.hex(17).to_uppercase()),
        path,
        created_at: world.now(),
        description: input.description,
        max_session_secs,
        tags: input.tags,
        trust: StoredPolicy::trust(input.assume_role_policy_document)?,
        inline: BTreeMap::new(),
        attached: Vec::new(),
        boundary: input.permissions_boundary,
    };
    let description = describe(world, &name, &role);
    world.iam.roles.insert(name, role);
    Ok(RoleOutput { role: description })
}

/// `GetRole`.
///
/// # Errors
/// `NoSuchEntity`.
pub fn get_role(world: &World, input: &RoleInput) -> Result<RoleOutput, ApiError> {
    let role = world.iam.role(&input.role_name)?;
    Ok(RoleOutput { role: describe(world, &input.role_name, role) })
}

/// `DeleteRole`.
///
/// # Errors
/// `DeleteConflict` while it has policies; `NoSuchEntity`.
pub fn delete_role(world: &mut World, input: &RoleInput) -> Result<EmptyOutput, ApiError> {
    let role = world.iam.role(&input.role_name)?;
    let conflict = |what: &str| {
        Err(ApiError::new("DeleteConflict", format!("Cannot delete entity, must {what} first."))
            .with_status(409))
    };
    if !role.attached.is_empty() {
        return conflict("detach all policies");
    }
    if !role.inline.is_empty() {
        return conflict("delete policies");
    }
    world.iam.roles.remove(&input.role_name);
    Ok(EmptyOutput {})
}

/// `ListRoles`.
///
/// # Errors
/// `ValidationError` for a marker that was not handed out.
pub fn list_roles(world: &World, input: &ListRolesInput) -> Result<ListRolesOutput, ApiError> {
    let prefix = input.path_prefix.as_deref().unwrap_or("/");
    let roles = world.iam.roles.iter().filter(|(_, role)| role.path.starts_with(prefix));
    let size = input.max_items.unwrap_or(100).clamp(1, 1000);
    let (page, marker) =
        wire::page(roles, input.marker.as_deref(), size, || validation("Invalid Marker.".to_owned()))?;
    let roles = page.into_iter().map(|(name, role)| describe(world, name, role)).collect();
    Ok(ListRolesOutput { roles, is_truncated: marker.is_some(), marker })
}

/// Makes the tags of a role these: `TagRole` and `UntagRole`.
///
/// # Errors
/// `NoSuchEntity`.
pub(crate) fn set_role_tags(world: &mut World, name: &str, tags: Vec<Tag>) -> Result<(), ApiError> {
    world.iam.role_mut(name)?.tags = tags;
    Ok(())
}

/// `UpdateAssumeRolePolicy`.
///
/// # Errors
/// `MalformedPolicyDocument`; `NoSuchEntity`.
pub fn update_assume_role_policy(
    world: &mut World,
    input: UpdateAssumeRolePolicyInput,
) -> Result<EmptyOutput, ApiError> {
    let role = world.iam.role_mut(&input.role_name)?;
    role.trust = StoredPolicy::trust(input.policy_document)?;
    Ok(EmptyOutput {})
}

/// `PutRolePolicy`: adds or replaces an inline policy.
///
/// # Errors
/// `MalformedPolicyDocument`; `LimitExceeded` above 10,240 characters; `NoSuchEntity`.
pub fn put_role_policy(world: &mut World, input: PutRolePolicyInput) -> Result<EmptyOutput, ApiError> {
    check_name(&input.policy_name, "policyName", 128)?;
    let role = world.iam.role_mut(&input.role_name)?;
    let policy = StoredPolicy::identity(input.policy_document)?;
    let others = role.inline.iter().filter(|(name, _)| **name != input.policy_name).map(|(_, policy)| policy);
    let size = |policy: &StoredPolicy| policy.text.chars().filter(|c| !c.is_whitespace()).count();
    if others.chain([&policy]).map(size).sum::<usize>() > INLINE_LIMIT {
        return Err(ApiError::new(
            "LimitExceeded",
            format!("Maximum policy size of {INLINE_LIMIT} bytes exceeded for role {}", input.role_name),
        )
        .with_status(409));
    }
    role.inline.insert(input.policy_name, policy);
    Ok(EmptyOutput {})
}

fn no_policy(name: &str) -> ApiError {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}

/// `GetRolePolicy`.
///
/// # Errors
/// `NoSuchEntity`.
pub fn get_role_policy(world: &World, input: &RolePolicyInput) -> Result<GetRolePolicyOutput, ApiError> {
    let role = world.iam.role(&input.role_name)?;
    let policy = role.inline.get(&input.policy_name).ok_or_else(|| no_policy(&input.policy_name))?;
    Ok(GetRolePolicyOutput {
        role_name: input.role_name.clone(),
        policy_name: input.policy_name.clone(),
        policy_document: wire::percent_encode(&policy.text),
    })
}

/// `ListRolePolicies`.
///
/// # Errors
/// `NoSuchEntity`.
pub fn list_role_policies(world: &World, input: &RoleInput) -> Result<ListRolePoliciesOutput, ApiError> {
    let policy_names = world.iam.role(&input.role_name)?.inline.keys().cloned().collect();
    Ok(ListRolePoliciesOutput { policy_names, is_truncated: false })
}

/// `DeleteRolePolicy`.
///
/// # Errors
/// `NoSuchEntity`.
pub fn delete_role_policy(world: &mut World, input: &RolePolicyInput) -> Result<EmptyOutput, ApiError> {
    let role = world.iam.role_mut(&input.role_name)?;
    role.inline
        .remove(&input.policy_name)
        .map(|_| EmptyOutput {})
        .ok_or_else(|| no_policy(&input.policy_name))
}
