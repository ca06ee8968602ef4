//! What RDS does to a database instance beyond keeping its properties: the master user's password where RDS manages it
//! (RDS:rds-secrets-manager), what a read replica may be made of, the certificate authority.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::access::Subject;
use super::convert::text;
use super::{Context, Failure, Outcome, Wait, bag};
use crate::cfn::template::Policy;
use crate::rds::versions::{self, Version};
use crate::secrets::{self, CreateSecretInput, GenerateSecretString, Tag};
use crate::{ApiError, World, rds};

pub(super) const KIND: &str = "AWS::RDS::DBInstance";

/// Attributes of `Fn::GetAtt`.
const SECRET_ARN: &str = "MasterUserSecret.SecretArn";
const AUTHORITY: &str = "CertificateDetails.CAIdentifier";

/// Authority of an instance whose template names none (RDS:UsingWithRDS.SSL).
const DEFAULT_AUTHORITY: &str = "rds-ca-rsa2048-g1";

/// Until an instance of another major version is available. Undocumented: minutes for a small one, INF.
const MAJOR_UPGRADE_SECS: f64 = 900.0;

/// Length of the passwords that RDS makes. Undocumented: chosen because they are seen with 28 characters.
const PASSWORD_LENGTH: usize = 28;

fn refused(context: &Context, code: &str, message: impl Into<String>) -> Failure {
    Failure::api("Rds", &ApiError::new(code, message), context)
}

fn is_managed(properties: &Value) -> bool {
    properties.get("ManageMasterUserPassword") == Some(&Value::Bool(true))
}

fn attribute<'a>(world: &'a World, id: &str, name: &str) -> Option<&'a str> {
    world.cfn.bags.get(KIND)?.get(id)?.attributes.get(name)?.as_str()
}

/// ARN of the secret in which RDS manages the password of an instance.
fn secret_of(world: &World, id: &str) -> Option<String> {
    attribute(world, id, SECRET_ARN).map(str::to_owned)
}

/// Creates an instance.
///
/// # Errors
/// What RDS refuses in passwords and replicas, and what bags refuse.
pub(super) fn create(world: &mut World, context: &Context, properties: &Value) -> Result<Outcome, Failure> {
    check_password(context, properties, false)?;
    check_source(world, context, properties)?;
    check_version(world, context, None, properties)?;
    let mut made = bag::create(world, context, KIND, properties)?;
    let id = made.physical_id.clone();
    let mut added = BTreeMap::from([(AUTHORITY.to_owned(), authority(properties))]);
    if is_managed(properties) {
        added.insert(SECRET_ARN.to_owned(), manage(world, &id, properties).into());
    }
    keep(world, &id, &added);
    made.attributes.extend(added);
    Ok(made)
}

/// Updates an instance in place. Where RDS no longer manages the password the secret is deleted (bc:rds/ModifyDBInstance).
///
/// # Errors
/// What RDS refuses in passwords, and what bags refuse.
pub(super) fn update(
    world: &mut World,
    context: &Context,
    id: &str,
    new: &Value,
) -> Result<Outcome, Failure> {
    let secret = secret_of(world, id);
    check_password(context, new, secret.is_some())?;
    let before = version_of(world, id);
    let after = check_version(world, context, Some(id), new)?;
    let mut outcome = bag::update(world, context, KIND, id, new)?;
    if let (Some(before), Some(after)) = (before, after) {
        if after.major != before.major {
            outcome.wait = Wait::Secs(MAJOR_UPGRADE_SECS * world.params.cfn_duration_factor);
        }
        if context.rollback {
            set_version(world, id, after);
        }
    }
    let mut changed = BTreeMap::from([(AUTHORITY.to_owned(), authority(new))]);
    match (secret, is_managed(new)) {
        (Some(arn), false) => {
            secrets::delete_managed_secret(world, &arn);
            changed.insert(SECRET_ARN.to_owned(), Value::Null);
        }
        (None, true) => {
            changed.insert(SECRET_ARN.to_owned(), manage(world, id, new).into());
        }
        _ => {}
    }
    keep(world, id, &changed);
    outcome.attributes = changed;
    Ok(outcome)
}

/// Deletes an instance, and with it the secret of its password.
///
/// # Errors
/// What bags refuse.
pub(super) fn delete(world: &mut World, id: &str, policy: Policy) -> Result<Wait, Failure> {
    let secret = secret_of(world, id);
    let backups = rds::outliving(world, id);
    let wait = bag::delete(world, KIND, id, policy)?;
    rds::forget(world, id);
    backups.into_iter().for_each(|backups| rds::retain(world, backups));
    if let Some(arn) = secret {
        secrets::delete_managed_secret(world, &arn);
    }
    Ok(wait)
}

/// What the stack's role needs besides the actions of RDS, as actions on resources, where RDS is newly told to manage the
/// password (RDS:rds-secrets-manager, "Permissions required").
pub(super) fn needs(world: &World, subject: Subject<'_>) -> Vec<(&'static str, String)> {
    let was = subject.old.is_some_and(is_managed);
    if subject.kind != KIND || was || !is_managed(subject.properties) {
        return Vec::new();
    }
    let secret = world.arn("secretsmanager", "secret:rds!db-*");
    let own = secret_key(subject.properties);
    let key = match own {
        Some(key) if key.starts_with("arn:") => key.to_owned(),
        // That of Secrets Manager, whose id only AWS knows, or one by its id or alias.
        _ => world.arn("kms", "key/*"),
    };
    let mut needs = vec![
        ("secretsmanager:CreateSecret", secret.clone()),
        ("secretsmanager:TagResource", secret),
        ("kms:DescribeKey", key.clone()),
    ];
    if own.is_some() {
        let encrypt = ["kms:Decrypt", "kms:GenerateDataKey", "kms:CreateGrant"];
        needs.extend(encrypt.map(|action| (action, key.clone())));
    }
    needs
}

/// The version that an instance has; `None` of another engine, and where the template leaves it to RDS, which is not modelled.
fn version_of(world: &World, id: &str) -> Option<Version> {
    let properties = &world.cfn.bags.get(KIND)?.get(id)?.properties;
    let version = Version::parse(text(properties, "EngineVersion")).ok()?;
    (text(properties, "Engine") == "postgres").then_some(version)
}

fn set_version(world: &mut World, id: &str, version: Version) {
    if let Some(bag) = world.cfn.bags.get_mut(KIND).and_then(|bags| bags.get_mut(id)) {
        // As the template has it where that says the same.
        let given = Version::parse(text(&bag.properties, "EngineVersion"));
        if given.is_ok_and(|given| given.major != version.major) {
            bag.properties["EngineVersion"] = version.to_string().into();
        }
    }
}

/// Refuses a version that RDS does not have or cannot upgrade to, and a parameter group of another family; answers the version
/// that results. In a rollback CloudFormation's handler sends no version (`Translator.modifyDbInstanceRequest` of
/// aws-cloudformation-resource-providers-rds): an upgrade that is done stays, and the group of the old family does not fit it.
fn check_version(
    world: &World,
    context: &Context,
    id: Option<&str>,
    properties: &Value,
) -> Result<Option<Version>, Failure> {
    let given = text(properties, "EngineVersion");
    if text(properties, "Engine") != "postgres" || given.is_empty() {
        return Ok(None);
    }
    let allowed = properties.get("AllowMajorVersionUpgrade");
    let allowed = allowed.is_some_and(|it| *it == Value::Bool(true) || *it == "true");
    let current = id.and_then(|id| version_of(world, id));
    let version = match current {
        Some(current) if context.rollback => Ok(current),
        Some(current) => versions::changed(current, given, allowed),
        None => Version::parse(given),
    };
    let checked = version.and_then(|version| {
        let group = text(properties, "DBParameterGroupName");
        versions::check_group(world, version, group).map(|()| version)
    });
    checked.map(Some).map_err(|error| Failure::api("Rds", &error, context))
}

/// Refuses passwords that exclude each other. The first message is that of `ModifyDBInstance`, as clients showed it, and
/// for creations UNCONFIRMED; the second one clients showed too
/// (<https://github.com/terraform-aws-modules/terraform-aws-rds-aurora/issues/370>).
fn check_password(context: &Context, properties: &Value, was_managed: bool) -> Result<(), Failure> {
    const CODE: &str = "InvalidParameterCombination";
    let given = properties.get("MasterUserPassword").is_some();
    if !is_managed(properties) {
        if was_managed && !given {
            let message =
                "MasterUserPassword must be provided when ManageMasterUserPassword is set to false.";
            return Err(refused(context, CODE, message));
        }
        return Ok(());
    }
    if given {
        let message =
            "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.";
        return Err(refused(context, CODE, message));
    }
    let user = text(properties, "MasterUsername");
    if properties.get("SourceDBInstanceIdentifier").is_none()
        && (user.is_empty() || user.contains("{{resolve:"))
    {
        // The name would be that of a snapshot, or come out of another secret.
        return Err(Failure::new(
            "InvalidRequest",
            "not modelled: ManageMasterUserPassword without a plain MasterUsername",
        ));
    }
    Ok(())
}

/// Refuses a read replica of an instance whose password RDS manages, or that shall have such a password itself: of every
/// engine but SQL Server (RDS:rds-secrets-manager, "Limitations"). The words are RDS's
/// (<https://github.com/terraform-aws-modules/terraform-aws-rds/issues/532>,
/// <https://github.com/hashicorp/terraform-provider-aws/issues/40188>).
fn check_source(world: &World, context: &Context, properties: &Value) -> Result<(), Failure> {
    const CODE: &str = "InvalidParameterValue";
    let source = text(properties, "SourceDBInstanceIdentifier");
    // An identifier, or the ARN `arn:aws:rds:REGION:ACCOUNT:db:IDENTIFIER`.
    let id = source.rsplit(':').next().unwrap_or_default().to_ascii_lowercase();
    let found = world.cfn.bags.get(KIND).and_then(|bags| bags.get(&id));
    let engine = text(found.map_or(properties, |found| &found.properties), "Engine");
    if source.is_empty() || engine.starts_with("sqlserver") {
        return Ok(());
    }
    if is_managed(properties) {
        return Err(refused(context, CODE, "ManageMasterUserPassword isn't supported for read replica"));
    }
    if secret_of(world, &id).is_some() {
        let message = format!(
            "Creating read replicas for source instance with engine {engine} where ManageMasterUserPassword is enabled is not supported."
        );
        return Err(refused(context, CODE, message));
    }
    Ok(())
}

fn authority(properties: &Value) -> Value {
    match text(properties, "CACertificateIdentifier") {
        "" => DEFAULT_AUTHORITY.into(),
        named => named.into(),
    }
}

fn secret_key(properties: &Value) -> Option<&str> {
    properties.pointer("/MasterUserSecret/KmsKeyId").and_then(Value::as_str)
}

/// Makes the secret in which RDS manages the password of an instance; answers its ARN.
fn manage(world: &mut World, id: &str, properties: &Value) -> String {
    let uuid = crate::cfn::identifier::uuid(&mut world.cfn);
    let instance = attribute(world, id, "DBInstanceArn").unwrap_or_default().to_owned();
    let user = Map::from_iter([("username".to_owned(), text(properties, "MasterUsername").into())]);
    let recipe = GenerateSecretString {
        password_length: PASSWORD_LENGTH,
        // What RDS takes in no password (bc:rds/CreateDBInstance), and what would have to be escaped in JSON.
        exclude_characters: "/\"@\\' ".to_owned(),
        secret_string_template: Some(Value::Object(user).to_string()),
        generate_string_key: Some("password".to_owned()),
        ..GenerateSecretString::default()
    };
    let input = CreateSecretInput {
        name: format!("db-{uuid}"),
        description: Some(format!("The secret associated with the primary RDS DB instance: {instance}")),
        kms_key_id: secret_key(properties).map(str::to_owned),
        tags: vec![Tag { key: "aws:rds:primaryDBInstanceArn".to_owned(), value: instance }],
        ..CreateSecretInput::default()
    };
    secrets::create_managed_secret(world, "rds", input, recipe)
}

/// Notes attributes on the instance itself; those that are null are gone.
fn keep(world: &mut World, id: &str, attributes: &BTreeMap<String, Value>) {
    if let Some(bag) = world.cfn.bags.get_mut(KIND).and_then(|bags| bags.get_mut(id)) {
        bag.attributes.extend(attributes.clone());
        bag.attributes.retain(|_, value| !value.is_null());
    }
}
