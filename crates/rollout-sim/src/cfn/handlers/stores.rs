//! Log groups, secrets, alarms and image repositories.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::convert::{camel, differs, keep, request, select, text, without};
use super::durations::durations;
use super::identity::generated;
use super::{Context, Failure, Outcome, Wait};
use crate::{ApiError, World, cloudwatch, ecr, logs, secrets};

const LOG_GROUP: &str = "AWS::Logs::LogGroup";
const SECRET: &str = "AWS::SecretsManager::Secret";
const ALARM: &str = "AWS::CloudWatch::Alarm";
const REPOSITORY: &str = "AWS::ECR::Repository";

fn failure<'a>(service: &'static str, context: &'a Context) -> impl Fn(ApiError) -> Failure + 'a {
    move |error| Failure::api(service, &error, context)
}

fn created(world: &World, kind: &str, physical_id: String, attributes: &[(&str, String)]) -> Outcome {
    Outcome {
        physical_id,
        attributes: attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_str().into()))
            .collect(),
        wait: Wait::Secs(durations(kind).create * world.params.cfn_duration_factor),
        ..Outcome::default()
    }
}

fn updated(world: &World, kind: &str, physical_id: &str) -> Outcome {
    let wait = Wait::Secs(durations(kind).update * world.params.cfn_duration_factor);
    Outcome { physical_id: physical_id.to_owned(), wait, ..Outcome::default() }
}

fn unmodelled(property: &str) -> Failure {
    Failure::new("InvalidRequest", format!("not modelled: property {property}"))
}

fn chosen_name(
    world: &mut World,
    context: &Context,
    properties: &Value,
    name: &str,
    length: usize,
) -> String {
    match text(properties, name) {
        "" => generated(world, context, length),
        name => name.to_owned(),
    }
}

pub(super) fn create_log_group(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let name = chosen_name(world, context, properties, "LogGroupName", 512);
    let tags = properties.get("Tags").and_then(Value::as_array).into_iter().flatten();
    let tags = tags.map(|tag| (text(tag, "Key").to_owned(), text(tag, "Value").to_owned())).collect();
    let input = logs::CreateLogGroupInput {
        log_group_name: name.clone(),
        kms_key_id: properties.get("KmsKeyId").and_then(Value::as_str).map(str::to_owned),
        tags,
        log_group_class: properties.get("LogGroupClass").and_then(Value::as_str).map(str::to_owned),
        deletion_protection_enabled: properties.get("DeletionProtectionEnabled").and_then(Value::as_bool),
    };
    logs::create_log_group(world, input).map_err(|error| {
        if error.code == "ResourceAlreadyExistsException" {
            let message = format!("Resource of type '{LOG_GROUP}' with identifier '{{\"/properties/LogGroupName\":\"{name}\"}}' already exists.");
            return Failure::new("AlreadyExists", message);
        }
        Failure::api("CloudWatchLogs", &error, context)
    })?;
    retention(world, context, &name, properties)?;
    let arn = world.arn("logs", &format!("log-group:{name}:*"));
    Ok(created(world, LOG_GROUP, name, &[("Arn", arn)]))
}

fn retention(world: &mut World, context: &Context, name: &str, properties: &Value) -> Result<(), Failure> {
    let days =
        properties.get("RetentionInDays").and_then(Value::as_u64).and_then(|days| u32::try_from(days).ok());
    let result = match days {
        Some(retention_in_days) => {
            let input = logs::PutRetentionPolicyInput { log_group_name: name.to_owned(), retention_in_days };
            logs::put_retention_policy(world, &input)
        }
        None => {
            logs::delete_retention_policy(world, &logs::LogGroupInput { log_group_name: name.to_owned() })
        }
    };
    result.map(drop).map_err(failure("CloudWatchLogs", context))
}

pub(super) fn update_log_group(
    world: &mut World,
    context: &Context,
    name: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    if let Some(property) =
        ["KmsKeyId", "DeletionProtectionEnabled"].iter().find(|name| differs(old, new, name))
    {
        return Err(unmodelled(property));
    }
    retention(world, context, name, new)?;
    Ok(updated(world, LOG_GROUP, name))
}

pub(super) fn delete_log_group(world: &mut World, context: &Context, name: &str) -> Result<Wait, Failure> {
    if logs::group_exists(world, name) {
        let input = logs::LogGroupInput { log_group_name: name.to_owned() };
        logs::delete_log_group(world, &input).map_err(failure("CloudWatchLogs", context))?;
    }
    Ok(Wait::Secs(durations(LOG_GROUP).delete))
}

pub(super) fn create_secret(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    if properties.get("ReplicaRegions").is_some() {
        return Err(unmodelled("ReplicaRegions"));
    }
    let name = chosen_name(world, context, properties, "Name", 512);
    let mut members = keep(properties, &["Description", "KmsKeyId", "Tags"]);
    members.insert("Name".to_owned(), name.into());
    let made = match (properties.get("SecretString"), properties.get("GenerateSecretString")) {
        (Some(_), Some(_)) => {
            let message = "You can't specify both SecretString and GenerateSecretString.";
            return Err(Failure::new("InvalidRequest", message));
        }
        (Some(value), None) => {
            members.insert("SecretString".to_owned(), value.clone());
            secrets::create_secret(world, request(members)?)
        }
        (None, Some(recipe)) => {
            let recipe = request(recipe.as_object().cloned().unwrap_or_default())?;
            secrets::create_generated_secret(world, request(members)?, recipe)
        }
        // Without either the secret is empty until somebody enters a value.
        (None, None) => secrets::create_secret(world, request(members)?),
    };
    let made = made.map_err(failure("SecretsManager", context))?;
    Ok(created(world, SECRET, made.arn.clone(), &[("Id", made.arn)]))
}

pub(super) fn update_secret(
    world: &mut World,
    context: &Context,
    arn: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    if let Some(property) =
        ["GenerateSecretString", "ReplicaRegions"].iter().find(|name| differs(old, new, name))
    {
        return Err(unmodelled(&format!("{property}: making a new value for a secret that exists")));
    }
    let changed: Vec<&str> = ["Description", "KmsKeyId", "SecretString"]
        .into_iter()
        .filter(|name| differs(old, new, name))
        .collect();
    let mut members = keep(new, &changed);
    members.insert("SecretId".to_owned(), arn.into());
    secrets::update_secret(world, request(members)?).map_err(failure("SecretsManager", context))?;
    Ok(updated(world, SECRET, arn))
}

/// CloudFormation deletes secrets without a recovery window.
pub(super) fn delete_secret(world: &mut World, context: &Context, arn: &str) -> Result<Wait, Failure> {
    let input = secrets::DeleteSecretInput {
        secret_id: arn.to_owned(),
        recovery_window_in_days: None,
        force_delete_without_recovery: Some(true),
    };
    match secrets::delete_secret(world, &input) {
        Err(error) if error.code != "ResourceNotFoundException" => {
            Err(failure("SecretsManager", context)(error))
        }
        _ => Ok(Wait::Secs(durations(SECRET).delete)),
    }
}

/// Writes an alarm: creating and updating are one operation.
fn put_alarm(world: &mut World, context: &Context, name: &str, properties: &Value) -> Result<(), Failure> {
    let mut members = without(properties, &["AlarmName", "OKActions"]);
    members.extend(select(properties, &[("OKActions", "OKActions")]));
    members.insert("AlarmName".to_owned(), name.into());
    cloudwatch::put_metric_alarm(world, request(members)?).map(drop).map_err(failure("CloudWatch", context))
}

pub(super) fn create_alarm(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let name = chosen_name(world, context, properties, "AlarmName", 255);
    if cloudwatch::alarm_state(world, &name).is_some() {
        let message = format!("Resource of type '{ALARM}' with identifier '{name}' already exists.");
        return Err(Failure::new("AlreadyExists", message));
    }
    put_alarm(world, context, &name, properties)?;
    let arn = world.arn("cloudwatch", &format!("alarm:{name}"));
    Ok(created(world, ALARM, name, &[("Arn", arn)]))
}

pub(super) fn update_alarm(
    world: &mut World,
    context: &Context,
    name: &str,
    new: &Value,
) -> Result<Outcome, Failure> {
    put_alarm(world, context, name, new)?;
    Ok(updated(world, ALARM, name))
}

pub(super) fn delete_alarm(world: &mut World, context: &Context, name: &str) -> Result<Wait, Failure> {
    if cloudwatch::alarm_state(world, name).is_some() {
        let input = cloudwatch::DeleteAlarmsInput { alarm_names: vec![name.to_owned()] };
        cloudwatch::delete_alarms(world, &input).map_err(failure("CloudWatch", context))?;
    }
    Ok(Wait::Secs(durations(ALARM).delete))
}

/// Exclusion filters have longer names in templates than in the API.
fn mutability(properties: &Value) -> Map<String, Value> {
    let mut members = keep(properties, &["ImageTagMutability"]);
    let filters = properties.get("ImageTagMutabilityExclusionFilters").and_then(Value::as_array);
    let filters: Vec<Value> = filters
        .into_iter()
        .flatten()
        .map(|filter| {
            json!({
                "FilterType": text(filter, "ImageTagMutabilityExclusionFilterType"),
                "Filter": text(filter, "ImageTagMutabilityExclusionFilterValue"),
            })
        })
        .collect();
    members.insert("ImageTagMutabilityExclusionFilters".to_owned(), Value::Array(filters));
    members
}

pub(super) fn create_repository(
    world: &mut World,
    context: &Context,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let name = match text(properties, "RepositoryName") {
        "" => generated(world, context, 256).to_ascii_lowercase(),
        name => name.to_owned(),
    };
    let mut members = camel(mutability(properties));
    members.extend(camel(keep(properties, &["ImageScanningConfiguration", "EncryptionConfiguration"])));
    if let Some(tags) = properties.get("Tags") {
        // ECR's tags keep their capital letters.
        members.insert("tags".to_owned(), tags.clone());
    }
    members.insert("repositoryName".to_owned(), name.clone().into());
    let made = ecr::create_repository(world, request(members)?).map_err(failure("Ecr", context))?.repository;
    lifecycle(world, context, &name, &Value::Null, properties)?;
    let attributes = [("Arn", made.repository_arn), ("RepositoryUri", made.repository_uri)];
    Ok(created(world, REPOSITORY, name, &attributes))
}

fn lifecycle(
    world: &mut World,
    context: &Context,
    name: &str,
    old: &Value,
    new: &Value,
) -> Result<(), Failure> {
    let policy = |properties: &Value| {
        let text = properties.pointer("/LifecyclePolicy/LifecyclePolicyText")?;
        Some(text.as_str().map_or_else(|| text.to_string(), str::to_owned))
    };
    match (policy(old), policy(new)) {
        (before, Some(after)) if before.as_ref() != Some(&after) => {
            let members = Map::from_iter([
                ("repositoryName".to_owned(), Value::from(name)),
                ("lifecyclePolicyText".to_owned(), after.into()),
            ]);
            ecr::put_lifecycle_policy(world, request(members)?).map(drop).map_err(failure("Ecr", context))
        }
        (Some(_), None) => {
            let members = Map::from_iter([("repositoryName".to_owned(), Value::from(name))]);
            ecr::delete_lifecycle_policy(world, &request(members)?).map(drop).map_err(failure("Ecr", context))
        }
        _ => Ok(()),
    }
}

pub(super) fn update_repository(
    world: &mut World,
    context: &Context,
    name: &str,
    old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    if differs(old, new, "ImageScanningConfiguration") {
        return Err(unmodelled("ImageScanningConfiguration of a repository that exists"));
    }
    if differs(old, new, "ImageTagMutability") || differs(old, new, "ImageTagMutabilityExclusionFilters") {
        let mut members = camel(mutability(new));
        members.insert("repositoryName".to_owned(), name.into());
        members.entry("imageTagMutability").or_insert_with(|| json!("MUTABLE"));
        ecr::put_image_tag_mutability(world, request(members)?).map_err(failure("Ecr", context))?;
    }
    lifecycle(world, context, name, old, new)?;
    Ok(updated(world, REPOSITORY, name))
}

pub(super) fn delete_repository(
    world: &mut World,
    context: &Context,
    name: &str,
    properties: &Value,
) -> Result<Wait, Failure> {
    let input = ecr::DeleteRepositoryInput {
        registry_id: None,
        repository_name: name.to_owned(),
        force: properties.get("EmptyOnDelete") == Some(&Value::Bool(true)),
    };
    match ecr::delete_repository(world, &input) {
        Err(error) if error.code != "RepositoryNotFoundException" => Err(failure("Ecr", context)(error)),
        _ => Ok(Wait::Secs(durations(REPOSITORY).delete)),
    }
}

/// Names that are taken in the services of this file.
pub(super) fn is_taken(world: &World, kind: &str, name: &str) -> bool {
    match kind {
        LOG_GROUP => logs::group_exists(world, name),
        ALARM => cloudwatch::alarm_state(world, name).is_some(),
        SECRET => {
            secrets::describe_secret(world, &secrets::SecretInput { secret_id: name.to_owned() }).is_ok()
        }
        REPOSITORY => {
            let members = BTreeMap::from([("repositoryNames", vec![name])]);
            let input = serde_json::to_value(members).and_then(serde_json::from_value);
            input.is_ok_and(|input| ecr::describe_repositories(world, &input).is_ok())
        }
        _ => false,
    }
}
