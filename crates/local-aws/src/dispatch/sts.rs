//! Security Token Service.

use serde::Serialize;

use super::{Effect, Operation};
use crate::caller;

pub(super) const OPERATIONS: &[Operation] = &[Operation {
    name: "GetCallerIdentity",
    effect: Effect::Read,
    // Needs no permission at AWS either.
    run: |call| {
        call.output(&CallerIdentity {
            user_id: call.access_key.to_owned(),
            account: call.world.account.clone(),
            arn: caller::arn(call.world, call.access_key),
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
