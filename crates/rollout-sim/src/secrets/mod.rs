//! Secrets Manager: values in versions and stages, made up or entered, deletion with a recovery window, and secrets
//! that another service manages.
//!
//! Error codes and shapes from botocore `secretsmanager/2017-10-17`. What a world keeps of a value when it is
//! written down says [`value`]: never the value. Nothing here prints one; inputs and outputs hide theirs
//! from `Debug`.

mod api;
mod deletion;
mod generate;
mod list;
mod managed;
mod stages;
#[cfg(test)]
mod tests;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use api::*;
pub use deletion::{delete_secret, restore_secret};
pub use list::{describe_secret, list_secret_version_ids, list_secrets};
pub use managed::Event;
use managed::Managed;
pub(crate) use managed::{create_managed_secret, delete_managed_secret, handle};
pub use stages::update_secret_version_stage;
use value::Value;

use crate::{ApiError, Rng, SimTime, World};

const CURRENT: &str = "AWSCURRENT";
const PREVIOUS: &str = "AWSPREVIOUS";

/// Longest value, in bytes.
const MAX_BYTES: usize = 65_536;

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// By name.
    secrets: BTreeMap<String, Secret>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Secret {
    arn: String,
    description: Option<String>,
    kms_key: Option<String>,
    tags: Vec<Tag>,
    created_at: SimTime,
    changed_at: SimTime,
    /// Marked for deletion: when it is gone.
    deleted_at: Option<SimTime>,
    /// By version id; every version has a stage.
    versions: BTreeMap<String, Version>,
    /// Where another service manages it.
    #[serde(default)]
    managed: Option<Managed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Version {
    value: Value,
    stages: BTreeSet<String>,
    created_at: SimTime,
}

fn invalid_parameter(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn invalid_request(message: &str) -> ApiError {
    ApiError::new("InvalidRequestException", message)
}

fn not_found() -> ApiError {
    ApiError::new("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

fn marked() -> ApiError {
    invalid_request("You can't perform this operation on the secret because it was marked for deletion.")
}

/// Name and secret of a name, an ARN, or an ARN without its random end. A secret whose recovery window has
/// passed does not exist.
fn find<'a>(world: &'a World, id: &str) -> Result<(&'a str, &'a Secret), ApiError> {
    let found = if id.starts_with("arn:") {
        let mut secrets = world.secrets.secrets.iter();
        secrets.find(|(_, secret)| {
            secret.arn == id || secret.arn.rsplit_once('-').is_some_and(|(partial, _)| partial == id)
        })
    } else {
        world.secrets.secrets.get_key_value(id)
    };
    found
        .filter(|(_, secret)| secret.deleted_at.is_none_or(|gone| gone > world.now()))
        .map(|(name, secret)| (name.as_str(), secret))
        .ok_or_else(not_found)
}

/// The secret, to change it: not one that is marked for deletion, or that another service manages.
fn find_mut<'a>(world: &'a mut World, id: &str) -> Result<(String, &'a mut Secret), ApiError> {
    let (name, secret) = find(world, id)?;
    if secret.deleted_at.is_some() {
        return Err(marked());
    }
    secret.check_own()?;
    let name = name.to_owned();
    let secret = world.secrets.secrets.get_mut(&name).ok_or_else(not_found)?;
    Ok((name, secret))
}

impl Secret {
    /// A secret without a value.
    fn new(world: &mut World, name: &str, description: Option<String>, kms_key: Option<String>) -> Self {
        let (now, suffix) = (world.now(), world.rng.hex(6));
        Self {
            arn: world.arn("secretsmanager", &format!("secret:{name}-{suffix}")),
            description,
            kms_key,
            tags: Vec::new(),
            created_at: now,
            changed_at: now,
            deleted_at: None,
            versions: BTreeMap::new(),
            managed: None,
        }
    }

    fn staged(&self, stage: &str) -> Option<(&String, &Version)> {
        self.versions.iter().find(|(_, version)| version.stages.contains(stage))
    }

    /// Adds a version. A version id that exists is fine with the same value only.
    fn put(&mut self, id: &str, value: Value, stages: &[String], now: SimTime) -> Result<(), ApiError> {
        match self.versions.get(id) {
            Some(version) if version.value.text() == value.text() => {}
            Some(_) => {
                return Err(ApiError::new(
                    "ResourceExistsException",
                    format!(
                        "You can't use ClientRequestToken {id} because that value is already in use for a version of \
                         secret {}.",
                        self.arn
                    ),
                ));
            }
            None => {
                let version = Version { value, stages: BTreeSet::new(), created_at: now };
                self.versions.insert(id.to_owned(), version);
            }
        }
        for stage in stages {
            self.stage(id, stage);
        }
        self.changed_at = now;
        Ok(())
    }
}

fn check_size(text: &SecretText) -> Result<(), ApiError> {
    if (1..=MAX_BYTES).contains(&text.0.len()) {
        return Ok(());
    }
    Err(invalid_parameter("You must provide a secret string of 1 to 65536 bytes."))
}

fn version_id(rng: &mut Rng, token: Option<String>) -> String {
    token.unwrap_or_else(|| {
        let hex = rng.hex(32);
        [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
    })
}

/// Whether the current value of a secret, by name or ARN, can be read; with `json_key`, whether it is a JSON
/// object with that key.
#[must_use]
pub fn value_exists(world: &World, arn_or_name: &str, json_key: Option<&str>) -> bool {
    find(world, arn_or_name).is_ok_and(|(_, secret)| {
        secret.deleted_at.is_none()
            && secret
                .staged(CURRENT)
                .is_some_and(|(_, version)| json_key.is_none_or(|key| version.value.has_key(key)))
    })
}

/// `CreateSecret`.
///
/// # Errors
/// `ResourceExistsException`; `InvalidRequestException` while one of this name is scheduled for deletion;
/// `InvalidParameterException`.
pub fn create_secret(world: &mut World, input: CreateSecretInput) -> Result<SecretOutput, ApiError> {
    if let Some(text) = &input.secret_string {
        check_size(text)?;
    }
    let value = input.secret_string.clone().map(|text| Value::entered(text.0));
    create(world, input, value)
}

/// Creates a secret with a made-up value: `GenerateSecretString` of `AWS::SecretsManager::Secret`.
///
/// # Errors
/// As [`create_secret`], and for a recipe that cannot work.
pub fn create_generated_secret(
    world: &mut World,
    input: CreateSecretInput,
    recipe: GenerateSecretString,
) -> Result<SecretOutput, ApiError> {
    recipe.check()?;
    let seed = world.rng.next_u64();
    create(world, input, Some(Value::generated(recipe, seed)))
}

fn create(
    world: &mut World,
    input: CreateSecretInput,
    value: Option<Value>,
) -> Result<SecretOutput, ApiError> {
    let name = input.name;
    let valid = |c: char| c.is_ascii_alphanumeric() || "/_+=.@-".contains(c);
    if !(1..=512).contains(&name.len()) || !name.chars().all(valid) {
        return Err(invalid_parameter(
            "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!",
        ));
    }
    match find(world, &name) {
        Ok((_, secret)) if secret.deleted_at.is_some() => {
            return Err(invalid_request(
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        Ok(_) => {
            return Err(ApiError::new(
                "ResourceExistsException",
                format!("The operation failed because the secret {name} already exists."),
            ));
        }
        Err(_) => {}
    }
    let now = world.now();
    let mut secret =
        Secret { tags: input.tags, ..Secret::new(world, &name, input.description, input.kms_key_id) };
    let id = version_id(&mut world.rng, input.client_request_token);
    let version = value.map(|value| secret.put(&id, value, &[CURRENT.to_owned()], now)).transpose()?;
    let output = SecretOutput {
        arn: secret.arn.clone(),
        name: name.clone(),
        version_id: version.map(|()| id),
        version_stages: Vec::new(),
    };
    world.secrets.secrets.insert(name, secret);
    Ok(output)
}

/// `PutSecretValue`.
///
/// # Errors
/// `ResourceNotFoundException`; `ResourceExistsException` for a version id with another value;
/// `InvalidRequestException` for a secret that is marked for deletion or that another service manages;
/// `LimitExceededException` for stages that are too many; `InvalidParameterException`.
pub fn put_secret_value(world: &mut World, input: PutSecretValueInput) -> Result<SecretOutput, ApiError> {
    let text = input.secret_string.ok_or_else(|| invalid_parameter("You must provide a SecretString."))?;
    check_size(&text)?;
    stages::check(&input.version_stages)?;
    let now = world.now();
    let id = version_id(&mut world.rng, input.client_request_token);
    let (name, secret) = find_mut(world, &input.secret_id)?;
    let stages =
        if input.version_stages.is_empty() { vec![CURRENT.to_owned()] } else { input.version_stages };
    secret.check_room(&stages)?;
    secret.put(&id, Value::entered(text.0), &stages, now)?;
    let stages = secret.versions.get(&id).map(|version| version.stages.iter().cloned().collect());
    Ok(SecretOutput {
        arn: secret.arn.clone(),
        name,
        version_id: Some(id),
        version_stages: stages.unwrap_or_default(),
    })
}

/// `UpdateSecret`.
///
/// # Errors
/// As [`put_secret_value`].
pub fn update_secret(world: &mut World, input: UpdateSecretInput) -> Result<SecretOutput, ApiError> {
    let now = world.now();
    let id = version_id(&mut world.rng, input.client_request_token);
    let (name, secret) = find_mut(world, &input.secret_id)?;
    let mut stored = None;
    if let Some(text) = input.secret_string {
        check_size(&text)?;
        secret.put(&id, Value::entered(text.0), &[CURRENT.to_owned()], now)?;
        stored = Some(id);
    }
    if let Some(description) = input.description {
        secret.description = Some(description);
    }
    if let Some(key) = input.kms_key_id {
        secret.kms_key = Some(key);
    }
    secret.changed_at = now;
    Ok(SecretOutput { arn: secret.arn.clone(), name, version_id: stored, version_stages: Vec::new() })
}

/// `GetSecretValue`. In a world that was written down and read again, a value that was entered is a stand-in
/// of the same shape (see the module).
///
/// # Errors
/// `ResourceNotFoundException`, also for a secret without a value; `InvalidRequestException` for one that is
/// marked for deletion.
pub fn get_secret_value(
    world: &World,
    input: &GetSecretValueInput,
) -> Result<GetSecretValueOutput, ApiError> {
    let (name, secret) = find(world, &input.secret_id)?;
    if secret.deleted_at.is_some() {
        return Err(marked());
    }
    let no_version = |what: String| {
        ApiError::new(
            "ResourceNotFoundException",
            format!("Secrets Manager can't find the specified secret value for {what}"),
        )
    };
    let (id, version) = match &input.version_id {
        Some(id) => {
            secret.versions.get_key_value(id).ok_or_else(|| no_version(format!("VersionId: {id}")))?
        }
        None => {
            let stage = input.version_stage.as_deref().unwrap_or(CURRENT);
            secret.staged(stage).ok_or_else(|| no_version(format!("staging label: {stage}")))?
        }
    };
    if input.version_id.is_some()
        && input.version_stage.as_ref().is_some_and(|stage| !version.stages.contains(stage))
    {
        return Err(invalid_request(
            "You provided a VersionStage that is not associated to the provided VersionId.",
        ));
    }
    Ok(GetSecretValueOutput {
        arn: secret.arn.clone(),
        name: name.to_owned(),
        version_id: id.clone(),
        secret_string: SecretText(version.value.text().to_owned()),
        version_stages: version.stages.iter().cloned().collect(),
        created_date: version.created_at.as_epoch_secs(),
    })
}

/// `GetRandomPassword`.
///
/// # Errors
/// `InvalidParameterException` for a recipe that cannot work.
pub fn get_random_password(
    world: &mut World,
    input: &GenerateSecretString,
) -> Result<GetRandomPasswordOutput, ApiError> {
    input.check()?;
    if input.secret_string_template.is_some() || input.generate_string_key.is_some() {
        return Err(invalid_parameter("GetRandomPassword takes no template."));
    }
    let random_password = SecretText(generate::generate(input, world.rng.next_u64()));
    Ok(GetRandomPasswordOutput { random_password })
}
