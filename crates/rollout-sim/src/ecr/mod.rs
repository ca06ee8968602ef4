//! Elastic Container Registry: repositories, images by digest and tag, immutability, lifecycle rules.
//!
//! Sources: docs/fact-sheet.md; error codes and shapes from botocore `ecr/2015-09-21`. Layers of files do not exist
//! here: a manifest is taken at its word, as [`push`] stands in for `docker push`.

mod api;
mod blobs;
mod describe;
mod images;
mod lifecycle;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use api::*;
pub use blobs::{download, get_download_url_for_layer};
pub use describe::{describe_image_scan_findings, describe_images, list_images};
pub(crate) use images::holds_images;
pub use images::{
    PushInput, batch_delete_image, batch_get_image, image_architecture, image_exists, push, put_image,
    resolve,
};
pub(crate) use lifecycle::handle;
pub use lifecycle::{
    delete_lifecycle_policy, evaluate_lifecycle, get_lifecycle_policy, put_lifecycle_policy,
};

use crate::image::Architecture;
use crate::{ApiError, SimTime, World, wire};

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    repositories: BTreeMap<String, Repository>,
}

/// What happens by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// The lifecycle policy of a repository is applied, within 24 hours of what made images expire.
    ApplyLifecycle {
        /// Repository name.
        repository: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Repository {
    created_at: SimTime,
    mutability: String,
    exclusions: Vec<ExclusionFilter>,
    scanning: ScanningConfiguration,
    encryption: EncryptionConfiguration,
    tags: Vec<Tag>,
    policy: Option<lifecycle::Policy>,
    /// By digest.
    images: BTreeMap<String, Image>,
    /// Digest by tag.
    image_tags: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Image {
    manifest: String,
    media_type: String,
    pushed_at: SimTime,
    size_bytes: u64,
    architecture: Option<Architecture>,
    /// The configuration blob, of a made-up image.
    configuration: Option<String>,
    tags: BTreeSet<String>,
}

impl Repository {
    /// Whether `tag` may not move to another image.
    fn immutable(&self, tag: &str) -> bool {
        let excluded = self.exclusions.iter().any(|exclusion| wire::wildcard(&exclusion.filter, tag, None));
        match self.mutability.as_str() {
            "IMMUTABLE" => true,
            "IMMUTABLE_WITH_EXCLUSION" => !excluded,
            "MUTABLE_WITH_EXCLUSION" => excluded,
            _ => false,
        }
    }

    fn describe(&self, world: &World, name: &str) -> RepositoryDescription {
        RepositoryDescription {
            repository_arn: world.arn("ecr", &format!("repository/{name}")),
            registry_id: world.account.clone(),
            repository_name: name.to_owned(),
            repository_uri: format!("{}/{name}", registry_host(world)),
            created_at: self.created_at.as_epoch_secs(),
            image_tag_mutability: self.mutability.clone(),
            image_tag_mutability_exclusion_filters: self.exclusions.clone(),
            image_scanning_configuration: self.scanning,
            encryption_configuration: Some(self.encryption.clone()),
        }
    }
}

/// Host name of the account's registry.
#[must_use]
pub fn registry_host(world: &World) -> String {
    format!("{}.dkr.ecr.{}.amazonaws.com", world.account, world.region)
}

fn check_registry(world: &World, registry_id: Option<&str>) -> Result<(), ApiError> {
    match registry_id {
        Some(id) if id != world.account => {
            Err(ApiError::not_modelled(format_args!("registry {id} of another account")))
        }
        _ => Ok(()),
    }
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn not_found(world: &World, name: &str) -> ApiError {
    ApiError::new(
        "RepositoryNotFoundException",
        format!(
            "The repository with name '{name}' does not exist in the registry with id '{}'",
            world.account
        ),
    )
}

fn repository<'a>(world: &'a World, registry: Option<&str>, name: &str) -> Result<&'a Repository, ApiError> {
    check_registry(world, registry)?;
    world.ecr.repositories.get(name).ok_or_else(|| not_found(world, name))
}

fn repository_mut<'a>(
    world: &'a mut World,
    registry: Option<&str>,
    name: &str,
) -> Result<&'a mut Repository, ApiError> {
    repository(world, registry, name)?;
    let missing = not_found(world, name);
    world.ecr.repositories.get_mut(name).ok_or(missing)
}

/// 2 to 256 characters: lower-case words with `.`, `_`, `-` inside, joined by `/`.
fn valid_name(name: &str) -> bool {
    let word = |word: &str| {
        word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c))
            && word.starts_with(|c: char| c.is_ascii_alphanumeric())
            && word.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    (2..=256).contains(&name.len()) && name.split('/').all(word)
}

fn check_mutability(mutability: &str, exclusions: &[ExclusionFilter]) -> Result<(), ApiError> {
    let with_exclusion = match mutability {
        "MUTABLE" | "IMMUTABLE" => false,
        "MUTABLE_WITH_EXCLUSION" | "IMMUTABLE_WITH_EXCLUSION" => true,
        other => {
            return Err(invalid(format!(
                "Invalid parameter at 'imageTagMutability' failed to satisfy constraint: 'Member must satisfy enum \
                 value set: [IMMUTABLE, MUTABLE, IMMUTABLE_WITH_EXCLUSION, MUTABLE_WITH_EXCLUSION]', found '{other}'"
            )));
        }
    };
    if with_exclusion != (1..=5).contains(&exclusions.len()) {
        return Err(invalid(
            "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'one to five \
             filters with, and none without, a mutability WITH_EXCLUSION'",
        ));
    }
    for exclusion in exclusions {
        let characters = exclusion.filter.chars().all(|c| c.is_ascii_alphanumeric() || "._*-".contains(c));
        if exclusion.filter_type != "WILDCARD" || !characters || !(1..=128).contains(&exclusion.filter.len())
        {
            return Err(invalid(format!(
                "Invalid parameter at 'imageTagMutabilityExclusionFilters' failed to satisfy constraint: 'Must match \
                 [0-9A-Za-z._*-]{{1,128}} with filterType WILDCARD', found '{}'",
                exclusion.filter
            )));
        }
    }
    Ok(())
}

/// `CreateRepository`.
///
/// # Errors
/// `RepositoryAlreadyExistsException`; `InvalidParameterException` for a malformed name or mutability.
pub fn create_repository(
    world: &mut World,
    input: CreateRepositoryInput,
) -> Result<RepositoryOutput, ApiError> {
    check_registry(world, input.registry_id.as_deref())?;
    let name = input.repository_name;
    if !valid_name(&name) {
        return Err(invalid(format!(
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression \
             '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'', found '{name}'"
        )));
    }
    let mutability = input.image_tag_mutability.unwrap_or_else(|| "MUTABLE".to_owned());
    check_mutability(&mutability, &input.image_tag_mutability_exclusion_filters)?;
    if world.ecr.repositories.contains_key(&name) {
        return Err(ApiError::new(
            "RepositoryAlreadyExistsException",
            format!(
                "The repository with name '{name}' already exists in the registry with id '{}'",
                world.account
            ),
        ));
    }
    let repository = Repository {
        created_at: world.now(),
        mutability,
        exclusions: input.image_tag_mutability_exclusion_filters,
        scanning: input.image_scanning_configuration.unwrap_or_default(),
        encryption: input.encryption_configuration.unwrap_or_else(|| EncryptionConfiguration {
            encryption_type: "AES256".to_owned(),
            kms_key: None,
        }),
        tags: input.tags,
        policy: None,
        images: BTreeMap::new(),
        image_tags: BTreeMap::new(),
    };
    let description = repository.describe(world, &name);
    world.ecr.repositories.insert(name, repository);
    Ok(RepositoryOutput { repository: description })
}

/// `DeleteRepository`.
///
/// # Errors
/// `RepositoryNotEmptyException` without `force`; `RepositoryNotFoundException`.
pub fn delete_repository(
    world: &mut World,
    input: &DeleteRepositoryInput,
) -> Result<RepositoryOutput, ApiError> {
    let name = &input.repository_name;
    let repository = repository(world, input.registry_id.as_deref(), name)?;
    if !repository.images.is_empty() && !input.force {
        return Err(ApiError::new(
            "RepositoryNotEmptyException",
            format!(
                "The repository with name '{name}' in registry with id '{}' cannot be deleted because it still \
                 contains images",
                world.account
            ),
        ));
    }
    let description = repository.describe(world, name);
    world.ecr.repositories.remove(name);
    Ok(RepositoryOutput { repository: description })
}

/// `DescribeRepositories`.
///
/// # Errors
/// `RepositoryNotFoundException` for a name that does not exist.
pub fn describe_repositories(
    world: &World,
    input: &DescribeRepositoriesInput,
) -> Result<DescribeRepositoriesOutput, ApiError> {
    check_registry(world, input.registry_id.as_deref())?;
    let names: Vec<&String> = if input.repository_names.is_empty() {
        world.ecr.repositories.keys().collect()
    } else {
        input.repository_names.iter().collect()
    };
    let (names, next_token) = page(names, input.next_token.as_deref(), input.max_results)?;
    let repositories = names
        .into_iter()
        .map(|name| Ok(repository(world, None, name)?.describe(world, name)))
        .collect::<Result<_, ApiError>>()?;
    Ok(DescribeRepositoriesOutput { repositories, next_token })
}

fn page<T>(
    items: Vec<T>,
    token: Option<&str>,
    size: Option<usize>,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    wire::page(items, token, size.unwrap_or(100).clamp(1, 1000), || {
        invalid("Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'")
    })
}

/// `PutImageTagMutability`: for pushes from now on.
///
/// # Errors
/// As [`create_repository`]; `RepositoryNotFoundException`.
pub fn put_image_tag_mutability(
    world: &mut World,
    input: PutImageTagMutabilityInput,
) -> Result<PutImageTagMutabilityOutput, ApiError> {
    check_mutability(&input.image_tag_mutability, &input.image_tag_mutability_exclusion_filters)?;
    let account = world.account.clone();
    let repository = repository_mut(world, input.registry_id.as_deref(), &input.repository_name)?;
    repository.mutability.clone_from(&input.image_tag_mutability);
    repository.exclusions.clone_from(&input.image_tag_mutability_exclusion_filters);
    Ok(PutImageTagMutabilityOutput {
        registry_id: account,
        repository_name: input.repository_name,
        image_tag_mutability: input.image_tag_mutability,
        image_tag_mutability_exclusion_filters: input.image_tag_mutability_exclusion_filters,
    })
}

/// `GetAuthorizationToken`: a made-up password, valid for twelve hours.
///
/// # Errors
/// Asking for the registry of another account is not modelled.
pub fn get_authorization_token(
    world: &mut World,
    input: &GetAuthorizationTokenInput,
) -> Result<GetAuthorizationTokenOutput, ApiError> {
    for id in &input.registry_ids {
        check_registry(world, Some(id))?;
    }
    let token = wire::base64(format!("AWS:{}", world.rng.hex(48)).as_bytes());
    let expires_at = (world.now() + std::time::Duration::from_secs(12 * 3600)).as_epoch_secs();
    let proxy_endpoint = format!("https://{}", registry_host(world));
    Ok(GetAuthorizationTokenOutput {
        authorization_data: vec![AuthorizationData {
            authorization_token: token,
            expires_at,
            proxy_endpoint,
        }],
    })
}
