//! Reading about secrets, without their values.

use std::collections::BTreeMap;

use super::{
    Filter, ListSecretVersionIdsInput, ListSecretVersionIdsOutput, ListSecretsInput, ListSecretsOutput,
    Managed, Secret, SecretDescription, SecretInput, SecretVersion, find,
};
use crate::{ApiError, SimTime, World, wire};

fn describe(name: &str, secret: &Secret) -> SecretDescription {
    let managed = secret.managed.as_ref();
    SecretDescription {
        arn: secret.arn.clone(),
        name: name.to_owned(),
        description: secret.description.clone(),
        kms_key_id: secret.kms_key.clone(),
        created_date: secret.created_at.as_epoch_secs(),
        last_changed_date: secret.changed_at.as_epoch_secs(),
        deleted_date: secret.deleted_at.map(SimTime::as_epoch_secs),
        tags: secret.tags.clone(),
        owning_service: managed.map(|managed| managed.service().to_owned()),
        rotation_enabled: managed.map(|_| true),
        last_rotated_date: managed.and_then(Managed::rotated_at).map(SimTime::as_epoch_secs),
        next_rotation_date: managed.map(|managed| managed.rotates_at().as_epoch_secs()),
        ..SecretDescription::default()
    }
}

fn stages(secret: &Secret) -> Option<BTreeMap<String, Vec<String>>> {
    let stages =
        |(id, version): (&String, &super::Version)| (id.clone(), version.stages.iter().cloned().collect());
    (!secret.versions.is_empty()).then(|| secret.versions.iter().map(stages).collect())
}

/// `DescribeSecret`, also of one that is marked for deletion.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn describe_secret(world: &World, input: &SecretInput) -> Result<SecretDescription, ApiError> {
    let (name, secret) = find(world, &input.secret_id)?;
    Ok(SecretDescription { version_ids_to_stages: stages(secret), ..describe(name, secret) })
}

fn invalid_token() -> ApiError {
    ApiError::new("InvalidNextTokenException", "The NextToken value is invalid.")
}

fn size(max_results: Option<usize>) -> usize {
    max_results.unwrap_or(100).clamp(1, 100)
}

fn matches(filter: &Filter, name: &str, secret: &Secret) -> Result<bool, ApiError> {
    let texts: Vec<&str> = match filter.key.as_str() {
        "name" => vec![name],
        "description" => secret.description.iter().map(String::as_str).collect(),
        "tag-key" => secret.tags.iter().map(|tag| tag.key.as_str()).collect(),
        "owning-service" => secret.managed.iter().map(Managed::service).collect(),
        "tag-value" => secret.tags.iter().map(|tag| tag.value.as_str()).collect(),
        other => return Err(ApiError::not_modelled(format_args!("filter key {other}"))),
    };
    Ok(filter.values.iter().any(|value| match value.strip_prefix('!') {
        Some(excluded) => !texts.iter().any(|text| text.starts_with(excluded)),
        None => texts.iter().any(|text| text.starts_with(value.as_str())),
    }))
}

/// `ListSecrets`.
///
/// # Errors
/// `InvalidNextTokenException`; filters by other keys are not modelled.
pub fn list_secrets(world: &World, input: &ListSecretsInput) -> Result<ListSecretsOutput, ApiError> {
    let planned = input.include_planned_deletion.unwrap_or(false);
    let mut found = Vec::new();
    for (name, secret) in &world.secrets.secrets {
        let gone = secret.deleted_at.is_some_and(|gone| gone <= world.now() || !planned);
        let mut wanted = !gone;
        for filter in &input.filters {
            wanted &= matches(filter, name, secret)?;
        }
        if wanted {
            found.push((name, secret));
        }
    }
    if input.sort_order.as_deref() == Some("desc") {
        found.reverse();
    }
    let (page, next_token) =
        wire::page(found, input.next_token.as_deref(), size(input.max_results), invalid_token)?;
    let secret_list = page
        .into_iter()
        .map(|(name, secret)| SecretDescription {
            secret_versions_to_stages: stages(secret),
            ..describe(name, secret)
        })
        .collect();
    Ok(ListSecretsOutput { secret_list, next_token })
}

/// `ListSecretVersionIds`.
///
/// # Errors
/// `ResourceNotFoundException`; `InvalidNextTokenException`.
pub fn list_secret_version_ids(
    world: &World,
    input: &ListSecretVersionIdsInput,
) -> Result<ListSecretVersionIdsOutput, ApiError> {
    let (name, secret) = find(world, &input.secret_id)?;
    let (page, next_token) =
        wire::page(&secret.versions, input.next_token.as_deref(), size(input.max_results), invalid_token)?;
    let versions = page
        .into_iter()
        .map(|(id, version)| SecretVersion {
            version_id: id.clone(),
            version_stages: version.stages.iter().cloned().collect(),
            created_date: version.created_at.as_epoch_secs(),
        })
        .collect();
    Ok(ListSecretVersionIdsOutput { arn: secret.arn.clone(), name: name.to_owned(), versions, next_token })
}
