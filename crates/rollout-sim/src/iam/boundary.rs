//! Permissions boundaries: what a role may do at most, whatever its policies allow.
//!
//! Source: `IAM:access_policies_boundaries`.

use super::{
    EmptyOutput, PutRolePermissionsBoundaryInput, RoleInput, State, managed, no_such_entity, role_name,
};
use crate::{ApiError, World};

/// Refuses an ARN that is no policy's.
pub(super) fn check(state: &State, arn: &str) -> Result<(), ApiError> {
    managed::statements(state, arn)
        .map(drop)
        .ok_or_else(|| no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")))
}

/// ARN of the boundary of a role (by name or ARN); `None` also where there is no such role.
#[must_use]
pub fn role_boundary<'a>(world: &'a World, name_or_arn: &str) -> Option<&'a str> {
    world.iam.roles.get(role_name(name_or_arn))?.boundary.as_deref()
}

/// `PutRolePermissionsBoundary`.
///
/// # Errors
/// `NoSuchEntity`, for the role or the policy.
pub fn put_role_permissions_boundary(
    world: &mut World,
    input: PutRolePermissionsBoundaryInput,
) -> Result<EmptyOutput, ApiError> {
    check(&world.iam, &input.permissions_boundary)?;
    world.iam.role_mut(&input.role_name)?.boundary = Some(input.permissions_boundary);
    Ok(EmptyOutput {})
}

/// `DeleteRolePermissionsBoundary`; a role without one stays as it is.
///
/// # Errors
/// `NoSuchEntity`.
pub fn delete_role_permissions_boundary(
    world: &mut World,
    input: &RoleInput,
) -> Result<EmptyOutput, ApiError> {
    world.iam.role_mut(&input.role_name)?.boundary = None;
    Ok(EmptyOutput {})
}
