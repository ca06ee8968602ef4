//! Stages of versions: which may be set, and how they move.
//!
//! A stage is on one version at a time, and a version without one is deprecated (bc:secretsmanager/UpdateSecretVersionStage).

use super::{
    CURRENT, PREVIOUS, Secret, SecretOutput, UpdateSecretVersionStageInput, find_mut, invalid_parameter,
    not_found,
};
use crate::{ApiError, World};

/// Longest stage, in characters (bc:secretsmanager/SecretVersionStageType).
const MAX_LENGTH: usize = 256;

/// Most stages, of all versions of a secret together; also the most that a call may name
/// (Secrets Manager user guide, reference_limits; bc:secretsmanager/SecretVersionStagesType).
const MOST: usize = 20;

/// The stages that a call names.
pub(super) fn check(stages: &[String]) -> Result<(), ApiError> {
    let fits = |stage: &String| (1..=MAX_LENGTH).contains(&stage.chars().count());
    if stages.len() > MOST || !stages.iter().all(fits) {
        return Err(invalid_parameter(format!(
            "VersionStages: at most {MOST} staging labels of 1 to {MAX_LENGTH} characters each."
        )));
    }
    Ok(())
}

impl Secret {
    /// Moves a stage to a version. What was current becomes previous; a version without a stage goes.
    pub(super) fn stage(&mut self, id: &str, stage: &str) {
        let before = self.staged(stage).map(|(before, _)| before.clone());
        if before.as_deref() == Some(id) {
            return;
        }
        self.unstage(stage);
        if let Some(version) = self.versions.get_mut(id) {
            version.stages.insert(stage.to_owned());
        }
        if stage == CURRENT
            && let Some(before) = before
        {
            self.stage(&before, PREVIOUS);
        }
        self.forget_unstaged();
    }

    fn unstage(&mut self, stage: &str) {
        for version in self.versions.values_mut() {
            version.stages.remove(stage);
        }
    }

    fn forget_unstaged(&mut self) {
        self.versions.retain(|_, version| !version.stages.is_empty());
    }

    /// Refuses stages that are one too many.
    pub(super) fn check_room(&self, new: &[String]) -> Result<(), ApiError> {
        let taken = self.versions.values().map(|version| version.stages.len()).sum::<usize>();
        let added = new.iter().filter(|stage| self.staged(stage).is_none()).count();
        if taken + added <= MOST {
            return Ok(());
        }
        let message =
            format!("A secret has at most {MOST} staging labels, attached across all its versions.");
        Err(ApiError::new("LimitExceededException", message))
    }
}

/// `UpdateSecretVersionStage`.
///
/// # Errors
/// `ResourceNotFoundException`; `InvalidParameterException` for a stage of another version than the one it is to be taken
/// from; `LimitExceededException`; `InvalidRequestException` as for [`super::put_secret_value`].
pub fn update_secret_version_stage(
    world: &mut World,
    input: &UpdateSecretVersionStageInput,
) -> Result<SecretOutput, ApiError> {
    let stage = &input.version_stage;
    check(std::slice::from_ref(stage))?;
    let (name, secret) = find_mut(world, &input.secret_id)?;
    let named = [&input.remove_from_version_id, &input.move_to_version_id];
    if named.into_iter().flatten().any(|id| !secret.versions.contains_key(id)) {
        return Err(not_found());
    }
    let holder = secret.staged(stage).map(|(id, _)| id.clone());
    match (&holder, &input.remove_from_version_id, &input.move_to_version_id) {
        (_, None, None) => {
            return Err(invalid_parameter("You must specify RemoveFromVersionId or MoveToVersionId."));
        }
        (_, Some(_), None) if stage == CURRENT => {
            return Err(invalid_parameter(
                "You can only move staging label AWSCURRENT to a different secret version. It can\u{2019}t be completely \
                 removed.",
            ));
        }
        (Some(holder), None, Some(to)) if holder != to => {
            return Err(invalid_parameter(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to \
                 version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        (holder, Some(from), _) if holder.as_ref() != Some(from) => {
            return Err(invalid_parameter(format!(
                "The staging label {stage} is not attached to the version in RemoveFromVersionId."
            )));
        }
        _ => {}
    }
    match &input.move_to_version_id {
        Some(to) => {
            secret.check_room(std::slice::from_ref(stage))?;
            secret.stage(to, stage);
        }
        None => {
            secret.unstage(stage);
            secret.forget_unstaged();
        }
    }
    Ok(SecretOutput { arn: secret.arn.clone(), name, version_id: None, version_stages: Vec::new() })
}
