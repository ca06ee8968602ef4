//! Security Token Service: who calls, and roles for workflows.
//!
//! Shapes from botocore `sts/2011-06-15`. Tokens are read, their signatures are not verified: there is no
//! provider behind them.

use std::time::Duration;

use serde::Deserialize;

use crate::iam::{self, Principal};
use crate::scalar::lenient_opt;
use crate::wire::{self, inputs, outputs};
use crate::{ApiError, World};

inputs! { "PascalCase"
    /// Input of `AssumeRoleWithWebIdentity`.
    pub struct AssumeRoleWithWebIdentityInput {
        /// Role.
        pub role_arn: String,
        /// Name of the session.
        pub role_session_name: String,
        /// JSON Web Token with `iss`, `sub` and `aud`.
        pub web_identity_token: String,
        /// 900 to the role's maximum, default 3600.
        #[serde(deserialize_with = "lenient_opt")]
        pub duration_seconds: Option<u32>,
    }
}

outputs! { "PascalCase"
    /// Output of `GetCallerIdentity`.
    pub struct GetCallerIdentityOutput {
        /// Unique id.
        pub user_id: String,
        /// Account.
        pub account: String,
        /// ARN of the user or session.
        pub arn: String,
    }
    /// Temporary credentials.
    pub struct Credentials {
        /// Access key, which names the session.
        pub access_key_id: String,
        /// Made up; signatures are not verified.
        pub secret_access_key: String,
        /// Made up; not needed to call.
        pub session_token: String,
        /// Seconds since the epoch.
        pub expiration: f64,
    }
    /// The session of a role.
    pub struct AssumedRoleUser {
        /// Role id and session name.
        pub assumed_role_id: String,
        /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`
        pub arn: String,
    }
    /// Output of `AssumeRoleWithWebIdentity`.
    pub struct AssumeRoleWithWebIdentityOutput {
        /// To call with.
        pub credentials: Credentials,
        /// `sub` of the token.
        pub subject_from_web_identity_token: String,
        /// The session.
        pub assumed_role_user: AssumedRoleUser,
        /// ARN of the provider.
        pub provider: String,
        /// `aud` of the token.
        pub audience: String,
    }
}

/// `GetCallerIdentity`: needs no permission.
#[must_use]
pub fn get_caller_identity(world: &World, principal: &Principal) -> GetCallerIdentityOutput {
    let user_id = match principal {
        Principal::Admin => "AIDALOCALADMIN0000000".to_owned(),
        Principal::Role { name, session } => format!("{}:{session}", iam::role_id(world, name)),
    };
    GetCallerIdentityOutput { user_id, account: world.account.clone(), arn: principal.arn(world) }
}

/// The claims of a token that matter.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
}

fn claims(token: &str) -> Result<Claims, ApiError> {
    let payload = token.split('.').nth(1).and_then(wire::base64_decode);
    payload
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .ok_or_else(|| ApiError::new("InvalidIdentityToken", "The ID Token provided is not a valid JWT."))
}

/// `AssumeRoleWithWebIdentity`: the trust policy of the role decides by the token's issuer, subject and
/// audience.
///
/// # Errors
/// `AccessDenied` where the trust policy does not allow it (also where the role does not exist);
/// `InvalidIdentityToken` for an unreadable token, an unknown issuer or audience; `ValidationError`.
pub fn assume_role_with_web_identity(
    world: &mut World,
    input: &AssumeRoleWithWebIdentityInput,
) -> Result<AssumeRoleWithWebIdentityOutput, ApiError> {
    let claims = claims(&input.web_identity_token)?;
    let host = claims.iss.trim_start_matches("https://").trim_end_matches('/');
    let (provider, audiences) = iam::provider_of_host(world, host).ok_or_else(|| {
        ApiError::new(
            "InvalidIdentityToken",
            format!("No OpenIDConnect provider found in your account for {}", claims.iss),
        )
    })?;
    if !audiences.contains(&claims.aud) {
        return Err(ApiError::new("InvalidIdentityToken", "Incorrect token audience"));
    }
    let provider = provider.to_owned();
    let name = input.role_arn.rsplit('/').next().unwrap_or_default();
    let identity =
        iam::WebIdentity { provider_arn: &provider, host, subject: &claims.sub, audience: &claims.aud };
    if !iam::trusts_web_identity(world, name, &identity) {
        return Err(ApiError::new("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity")
            .with_status(403));
    }
    let duration_secs = input.duration_seconds.unwrap_or(3600);
    let longest = iam::max_session_secs(world, name);
    if !(900..=longest).contains(&duration_secs) {
        return Err(ApiError::new(
            "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    let principal = Principal::Role { name: name.to_owned(), session: input.role_session_name.clone() };
    let expires_at = world.now() + Duration::from_secs(duration_secs.into());
    let access_key_id = format!("ASIA{}", world.rng.hex(16).to_uppercase());
    let assumed_role_user = AssumedRoleUser {
        assumed_role_id: format!("{}:{}", iam::role_id(world, name), input.role_session_name),
        arn: principal.arn(world),
    };
    iam::open_session(world, access_key_id.clone(), iam::Session { principal, expires_at });
    Ok(AssumeRoleWithWebIdentityOutput {
        credentials: Credentials {
            access_key_id,
            secret_access_key: world.rng.hex(40),
            session_token: world.rng.hex(64),
            expiration: expires_at.as_epoch_secs(),
        },
        subject_from_web_identity_token: claims.sub,
        assumed_role_user,
        provider,
        audience: claims.aud,
    })
}

#[cfg(test)]
mod tests;
