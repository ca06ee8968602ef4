//! Identity and Access Management.

use rollout_sim::World;
use rollout_sim::iam;

use super::access::Needs;
use super::{Operation, operations};

fn global(world: &World, resource: &str) -> Needs {
    Needs::on(format!("arn:aws:iam::{}:{resource}", world.account))
}

fn role(world: &World, name: &str) -> Needs {
    global(world, &format!("role/{name}"))
}

/// A change of what a role may do: policies can ask for the boundary that it has.
fn bounded(world: &World, name: &str) -> Needs {
    role(world, name).with("iam:PermissionsBoundary", iam::role_boundary(world, name))
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read GetOpenIDConnectProvider(world, input: iam::ProviderInput) {
        needs: Needs::on(input.open_id_connect_provider_arn.clone()),
        does: iam::get_open_id_connect_provider(world, &input),
    }
    read GetPolicy(world, input: iam::PolicyInput) {
        needs: Needs::on(input.policy_arn.clone()),
        does: iam::get_policy(world, &input),
    }
    read GetRole(world, input: iam::RoleInput) {
        needs: role(world, &input.role_name),
        does: iam::get_role(world, &input),
    }
    read GetRolePolicy(world, input: iam::RolePolicyInput) {
        needs: role(world, &input.role_name),
        does: iam::get_role_policy(world, &input),
    }
    read ListAttachedRolePolicies(world, input: iam::RoleInput) {
        needs: role(world, &input.role_name),
        does: iam::list_attached_role_policies(world, &input),
    }
    read ListRolePolicies(world, input: iam::RoleInput) {
        needs: role(world, &input.role_name),
        does: iam::list_role_policies(world, &input),
    }
    read ListRoles(world, input: iam::ListRolesInput) {
        needs: Needs::any(),
        does: iam::list_roles(world, &input),
    }
    read SimulateCustomPolicy(world, input: iam::SimulateCustomPolicyInput) {
        needs: Needs::any(),
        does: iam::simulate_custom_policy(world, &input),
    }
    write AttachRolePolicy(world, input: iam::AttachedPolicyInput) {
        needs: bounded(world, &input.role_name).with("iam:PolicyARN", input.policy_arn.as_str()),
        does: iam::attach_role_policy(world, input),
    }
    write CreateOpenIDConnectProvider(world, input: iam::CreateProviderInput) {
        needs: {
            let host = input.url.strip_prefix("https://").unwrap_or(&input.url);
            global(world, &format!("oidc-provider/{host}"))
        },
        does: iam::create_open_id_connect_provider(world, input),
    }
    write CreatePolicy(world, input: iam::CreatePolicyInput) {
        needs: global(world, &format!("policy/{}", input.policy_name)),
        does: iam::create_policy(world, input),
    }
    write CreateRole(world, input: iam::CreateRoleInput) {
        needs: role(world, &input.role_name)
            .with("iam:PermissionsBoundary", input.permissions_boundary.as_deref()),
        does: iam::create_role(world, input),
    }
    write DeleteOpenIDConnectProvider(world, input: iam::ProviderInput) {
        needs: Needs::on(input.open_id_connect_provider_arn.clone()),
        does: iam::delete_open_id_connect_provider(world, &input),
    }
    write DeletePolicy(world, input: iam::PolicyInput) {
        needs: Needs::on(input.policy_arn.clone()),
        does: iam::delete_policy(world, &input),
    }
    write DeleteRole(world, input: iam::RoleInput) {
        needs: role(world, &input.role_name),
        does: iam::delete_role(world, &input),
    }
    write DeleteRolePermissionsBoundary(world, input: iam::RoleInput) {
        needs: bounded(world, &input.role_name),
        does: iam::delete_role_permissions_boundary(world, &input),
    }
    write DeleteRolePolicy(world, input: iam::RolePolicyInput) {
        needs: bounded(world, &input.role_name),
        does: iam::delete_role_policy(world, &input),
    }
    write DetachRolePolicy(world, input: iam::AttachedPolicyInput) {
        needs: bounded(world, &input.role_name).with("iam:PolicyARN", input.policy_arn.as_str()),
        does: iam::detach_role_policy(world, &input),
    }
    write PutRolePermissionsBoundary(world, input: iam::PutRolePermissionsBoundaryInput) {
        needs: role(world, &input.role_name)
            .with("iam:PermissionsBoundary", input.permissions_boundary.as_str()),
        does: iam::put_role_permissions_boundary(world, input),
    }
    write PutRolePolicy(world, input: iam::PutRolePolicyInput) {
        needs: bounded(world, &input.role_name),
        does: iam::put_role_policy(world, input),
    }
    write UpdateAssumeRolePolicy(world, input: iam::UpdateAssumeRolePolicyInput) {
        needs: role(world, &input.role_name),
        does: iam::update_assume_role_policy(world, input),
    }
};
