//! Deletion and its recovery window.

use std::time::Duration;

use super::{
    DeleteSecretInput, DeleteSecretOutput, SecretInput, SecretOutput, find, find_mut, invalid_parameter,
    not_found,
};
use crate::{ApiError, World};

/// `DeleteSecret`: gone after the recovery window, or at once.
///
/// # Errors
/// `ResourceNotFoundException` (none with `ForceDeleteWithoutRecovery`, which AWS answers with success);
/// `InvalidParameterException` for a window outside 7 to 30 days, or together with force; `InvalidRequestException` for
/// one that another service manages.
pub fn delete_secret(world: &mut World, input: &DeleteSecretInput) -> Result<DeleteSecretOutput, ApiError> {
    let now = world.now();
    let force = input.force_delete_without_recovery.unwrap_or(false);
    if force && input.recovery_window_in_days.is_some() {
        return Err(invalid_parameter(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let days = input.recovery_window_in_days.unwrap_or(30);
    if !(7..=30).contains(&days) {
        return Err(invalid_parameter(
            "RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
        ));
    }
    if force {
        let Ok((name, secret)) = find(world, &input.secret_id) else {
            let arn = world.arn("secretsmanager", &format!("secret:{}", input.secret_id));
            let name = input.secret_id.clone();
            return Ok(DeleteSecretOutput { arn, name, deletion_date: now.as_epoch_secs() });
        };
        secret.check_own()?;
        let (name, arn) = (name.to_owned(), secret.arn.clone());
        world.secrets.secrets.remove(&name);
        return Ok(DeleteSecretOutput { arn, name, deletion_date: now.as_epoch_secs() });
    }
    let gone = now + Duration::from_secs(u64::from(days) * 24 * 3600);
    let (name, secret) = find_mut(world, &input.secret_id)?;
    secret.deleted_at = Some(gone);
    Ok(DeleteSecretOutput { arn: secret.arn.clone(), name, deletion_date: gone.as_epoch_secs() })
}

/// `RestoreSecret`: takes a deletion back within its window.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn restore_secret(world: &mut World, input: &SecretInput) -> Result<SecretOutput, ApiError> {
    let name = find(world, &input.secret_id)?.0.to_owned();
    let secret = world.secrets.secrets.get_mut(&name).ok_or_else(not_found)?;
    secret.deleted_at = None;
    Ok(SecretOutput { arn: secret.arn.clone(), name, ..SecretOutput::default() })
}
