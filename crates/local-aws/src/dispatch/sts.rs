//! Security Token Service. Neither operation needs a permission: everybody may ask who they are, and about
//! an identity token the trust policy of the role decides.

use rollout_sim::sts;

use super::{Effect, Operation};

pub(super) const OPERATIONS: &[Operation] = &[
    Operation {
        name: crate::request::UNSIGNED,
        // The token is a credential.
        effect: Effect::WriteSecret,
        run: |call| {
            let input = call.input()?;
            let output = sts::assume_role_with_web_identity(call.world, &input)?;
            call.output(&output)
        },
    },
    Operation {
        name: "GetCallerIdentity",
        effect: Effect::Read,
        run: |call| call.output(&sts::get_caller_identity(call.world, call.principal)),
    },
];
