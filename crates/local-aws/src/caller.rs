//! Who calls: an access key stands for a principal of the account.
//!
//! | access key id | principal |
//! |---|---|
//! | `test` | administrator of the account |
//! | `role/NAME` or `role:NAME` | the role `NAME`, as if assumed |
//!
//! Secret keys and session tokens are ignored, and signatures are not verified: the keys say who a client
//! wants to be on a server that listens on the loopback interface only.

use rollout_sim::World;

/// Access key id of the administrator.
pub const ADMIN_ACCESS_KEY: &str = "test";

/// The access key id that stands for the role `name` of the account.
#[must_use]
pub fn role_access_key(name: &str) -> String {
    format!("role/{name}")
}

/// ARN of the caller as STS and denials show it.
pub(crate) fn arn(world: &World, access_key: &str) -> String {
    match role(access_key) {
        Some(name) => format!("arn:aws:sts::{}:assumed-role/{name}/local", world.account),
        None => format!("arn:aws:iam::{}:user/{access_key}", world.account),
    }
}

fn role(access_key: &str) -> Option<&str> {
    access_key.strip_prefix("role/").or_else(|| access_key.strip_prefix("role:"))
}
