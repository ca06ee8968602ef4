//! What roles may do, asked of an account directly: no API of AWS asks for one call of somebody else.

use std::collections::{BTreeMap, BTreeSet};

use rollout_sim::cfn::{self, HandledResource};
use rollout_sim::iam::{self, Principal, UnusedGrant};
use rollout_sim::{ApiError, World};

/// A copy of an account. What is asked counts as done by the role, and changes nothing else.
#[derive(Debug)]
pub struct Judge {
    world: World,
}

impl Judge {
    pub(crate) fn new(world: World) -> Self {
        Self { world }
    }

    /// Whether a role (by name) may do `action`, such as `ecs:UpdateService`, on `resource`, an ARN or `*`. `keys` are the
    /// condition keys of the request; several values of one key are joined by `,`.
    ///
    /// # Errors
    /// The denial, in AWS's words.
    pub fn ask(
        &mut self,
        role: &str,
        action: &str,
        resource: &str,
        keys: &BTreeMap<String, String>,
    ) -> Result<(), ApiError> {
        iam::access(&mut self.world, &Principal::role(role), action, resource, keys)
    }

    /// Puts a policy on a role (by name), as an administrator does: what would be if.
    ///
    /// # Errors
    /// `NoSuchEntity`; `MalformedPolicyDocument`.
    pub fn put_role_policy(&mut self, role: &str, document: &str) -> Result<(), ApiError> {
        let input = iam::PutRolePolicyInput {
            role_name: role.to_owned(),
            policy_name: "if".to_owned(),
            policy_document: document.to_owned(),
        };
        iam::put_role_policy(&mut self.world, input).map(drop)
    }

    /// The resources of a stack, by name, as CloudFormation's handlers have them.
    #[must_use]
    pub fn resources(&self, stack: &str) -> Vec<HandledResource> {
        cfn::handled_resources(&self.world, stack)
    }

    /// The parts of a role's (by name) policies that nothing asked or done so far has needed.
    #[must_use]
    pub fn unused_grants(&self, role: &str) -> BTreeSet<UnusedGrant> {
        iam::unused_grants(&self.world, role)
    }
}
