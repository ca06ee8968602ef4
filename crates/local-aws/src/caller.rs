//! Who calls: an access key stands for a principal of the account.
//!
//! | access key id | principal |
//! |---|---|
//! | `test` | the administrator of the account |
//! | `role/NAME` | a session of the role `NAME`, which must exist |
//! | one that STS handed out | what it was handed out for |
//!
//! Secret keys and session tokens are ignored, and signatures are not verified: the keys say who a client
//! wants to be on a server that listens on the loopback interface only.

use rollout_sim::iam::{Principal, principal_of_key};
use rollout_sim::{ApiError, World};

use crate::protocol::Protocol;
use crate::request::{ApiCall, UNSIGNED};

/// Access key id of the administrator.
pub const ADMIN_ACCESS_KEY: &str = "test";

/// The access key id that stands for the role `name` of the account.
#[must_use]
pub fn role_access_key(name: &str) -> String {
    format!("role/{name}")
}

/// Who makes this call. Who brings an identity token instead of a key is nobody yet: the operation reads the
/// token and looks at no principal.
pub(crate) fn principal(world: &World, call: &ApiCall) -> Result<Principal, ApiError> {
    if call.operation == UNSIGNED {
        return Ok(Principal::role("anonymous"));
    }
    principal_of_key(world, &call.access_key).map_err(|error| match (call.protocol, error.code.as_str()) {
        (Protocol::Query, "UnrecognizedClientException") => {
            ApiError::new("InvalidClientTokenId", error.message).with_status(403)
        }
        (Protocol::Query, "ExpiredTokenException") => {
            ApiError::new("ExpiredToken", error.message).with_status(403)
        }
        _ => error,
    })
}

/// A denial under the code of the service that was called: passing a role to ECS is refused by ECS.
pub(crate) fn denial(error: ApiError, protocol: Protocol) -> ApiError {
    match protocol {
        Protocol::Json10 | Protocol::Json11 | Protocol::RestJson => {
            ApiError::new("AccessDeniedException", error.message)
        }
        Protocol::Query | Protocol::Rest | Protocol::Cbor => {
            ApiError::new("AccessDenied", error.message).with_status(403)
        }
    }
}
