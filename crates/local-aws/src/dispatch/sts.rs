//! Security Token Service.

use rollout_sim::iam::Principal;
use serde::Serialize;

use super::{Effect, Operation};

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    name: "GetCallerIdentity",
    effect: Effect::Read,
    // Needs no permission at AWS either.
    run: |call| {
        call.output(&CallerIdentity {
            user_id: match call.principal {
                Principal::Admin => "AIDAADMIN".to_owned(),
                Principal::Role { name, session } => format!("AROA{}:{session}", name.to_uppercase()),
            },
            account: call.world.account.clone(),
            arn: call.principal.arn(call.world),
        })
    },
}];

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CallerIdentity {
    user_id: String,
    account: String,
    arn: String,
}
