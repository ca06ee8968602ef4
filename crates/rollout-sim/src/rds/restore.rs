//! Snapshots, and new instances made of them or of the backups of another.

use serde_json::{Value, json};

use super::versions::{self, Version};
use super::{
    Busy, CreateSnapshotInput, DeleteSnapshotInput, Event, InstanceOutput, RESTORE, RestoreInput, SNAPSHOT,
    Snapshot, SnapshotOutput, available, bag, begin, free, read,
};
use crate::cfn::identifier;
use crate::cfn::state::Bag;
use crate::{ApiError, Event as WorldEvent, SimTime, World};

fn missing(member: &str) -> ApiError {
    ApiError::new("MissingParameter", format!("The request must contain the parameter {member}."))
}

/// `CreateDBSnapshot`
///
/// # Errors
/// An instance that does not exist or is busy, a name that is taken.
pub fn create_snapshot(world: &mut World, input: CreateSnapshotInput) -> Result<SnapshotOutput, ApiError> {
    let (instance, name) = (input.db_instance_identifier, input.db_snapshot_identifier);
    available(world, &instance)?;
    take(world, &instance, name)
}

/// Takes a snapshot of an instance, whatever happens to it next.
pub(super) fn take(world: &mut World, instance: &str, name: String) -> Result<SnapshotOutput, ApiError> {
    if name.is_empty() {
        return Err(missing("DBSnapshotIdentifier"));
    }
    if world.rds.snapshots.contains_key(&name) {
        return Err(ApiError::new(
            "DBSnapshotAlreadyExists",
            format!(
                "Cannot create the snapshot because a snapshot with the identifier {name} already exists."
            ),
        ));
    }
    let properties = bag(world, instance)?.properties.clone();
    let taken = Snapshot { instance: instance.to_owned(), properties, taken: world.now(), available: false };
    let db_snapshot = read::snapshot(world, &name, &taken);
    world.rds.snapshots.insert(name.clone(), taken);
    world.schedule_in(SNAPSHOT, WorldEvent::Rds(Event::Taken { snapshot: name }));
    Ok(SnapshotOutput { db_snapshot })
}

/// `DeleteDBSnapshot`
///
/// # Errors
/// A snapshot that does not exist or is being taken.
pub fn delete_snapshot(world: &mut World, input: &DeleteSnapshotInput) -> Result<SnapshotOutput, ApiError> {
    let name = &input.db_snapshot_identifier;
    let found = world.rds.snapshots.get(name).ok_or_else(|| read::snapshot_not_found(name))?;
    if !found.available {
        return Err(ApiError::new("InvalidDBSnapshotState", format!("Snapshot {name} is being created.")));
    }
    let db_snapshot = read::snapshot(world, name, found);
    world.rds.snapshots.remove(name);
    Ok(SnapshotOutput { db_snapshot })
}

/// `RestoreDBInstanceFromDBSnapshot`
///
/// # Errors
/// A snapshot that does not exist or is not complete, a name that is taken.
pub fn restore_from_snapshot(world: &mut World, input: &RestoreInput) -> Result<InstanceOutput, ApiError> {
    let target = input.db_instance_identifier.clone().ok_or_else(|| missing("DBInstanceIdentifier"))?;
    let name = input.db_snapshot_identifier.clone().ok_or_else(|| missing("DBSnapshotIdentifier"))?;
    let snapshot = world.rds.snapshots.get(&name).ok_or_else(|| read::snapshot_not_found(&name))?;
    if !snapshot.available {
        return Err(ApiError::new("InvalidDBSnapshotState", format!("Snapshot {name} is being created.")));
    }
    let mut properties = snapshot.properties.clone();
    // The call has no such member (bc:rds/RestoreDBInstanceFromDBSnapshotMessage); that it is lost is INF.
    remove(&mut properties, "MaxAllocatedStorage");
    make(world, &target, properties, input)
}

/// `RestoreDBInstanceToPointInTime`
///
/// # Errors
/// An instance that does not exist or has no backups, a time that they do not cover, a name that is taken.
pub fn restore_to_point_in_time(world: &mut World, input: &RestoreInput) -> Result<InstanceOutput, ApiError> {
    let missing_target = || missing("TargetDBInstanceIdentifier");
    let target = input.target_db_instance_identifier.clone().ok_or_else(missing_target)?;
    let source = input.source_db_instance_identifier.clone();
    let source = source.ok_or_else(|| missing("SourceDBInstanceIdentifier"))?.to_ascii_lowercase();
    let found = bag(world, &source)?;
    let Some((from, to)) = read::window(world, &source, found) else {
        return Err(ApiError::new(
            "PointInTimeRestoreNotEnabled",
            format!("Point in time restore is not enabled for {source}."),
        ));
    };
    let latest = input.use_latest_restorable_time == Some(true);
    match input.restore_time {
        Some(_) if latest => {
            let message = "RestoreTime and UseLatestRestorableTime exclude each other.";
            return Err(ApiError::new("InvalidParameterCombination", message));
        }
        None if !latest => return Err(missing("RestoreTime")),
        Some(at) if at < from.as_epoch_secs() || at > to.as_epoch_secs() => {
            return Err(ApiError::new("InvalidRestoreFault", "Cannot restore to the specified time."));
        }
        _ => {}
    }
    {
        let properties = found.properties.clone();
        make(world, &target, properties, input)
    }
}

fn remove(properties: &mut Value, name: &str) {
    if let Value::Object(properties) = properties {
        properties.remove(name);
    }
}

/// A new instance like another one, but for what the call says and for what it gets from the account instead: subnet group,
/// security group and parameter group are the default ones, and it has one zone (bc:rds/RestoreDBInstanceToPointInTime).
fn make(
    world: &mut World,
    target: &str,
    mut properties: Value,
    input: &RestoreInput,
) -> Result<InstanceOutput, ApiError> {
    let target = target.to_ascii_lowercase();
    free(world, &target)?;
    let major: String = properties["EngineVersion"]
        .as_str()
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    let engine = properties["Engine"].as_str().unwrap_or_default().to_owned();
    let own_group = format!("default.{engine}{major}");
    if let (Some(group), Ok(version)) = (
        &input.db_parameter_group_name,
        Version::parse(properties["EngineVersion"].as_str().unwrap_or_default()),
    ) && engine == "postgres"
    {
        versions::check_group(world, version, group)?;
    }
    let port = properties["Port"].as_str().unwrap_or("5432").to_owned();
    let set = [
        ("DBInstanceIdentifier", json!(target)),
        ("DBSubnetGroupName", json!(input.db_subnet_group_name.as_deref().unwrap_or("default"))),
        ("DBParameterGroupName", json!(input.db_parameter_group_name.as_deref().unwrap_or(&own_group))),
        ("VPCSecurityGroups", json!(input.vpc_security_group_ids)),
        ("MultiAZ", json!(input.multi_az.unwrap_or(false))),
        ("DeletionProtection", json!(input.deletion_protection.unwrap_or(false))),
        ("CopyTagsToSnapshot", json!(input.copy_tags_to_snapshot.unwrap_or(false))),
        ("EnableCloudwatchLogsExports", json!(input.enable_cloudwatch_logs_exports)),
        ("Tags", serde_json::to_value(&input.tags).unwrap_or_default()),
    ];
    for (name, value) in set {
        properties[name] = value;
    }
    if let Some(class) = &input.db_instance_class {
        properties["DBInstanceClass"] = json!(class);
    }
    if let Some(public) = input.publicly_accessible {
        properties["PubliclyAccessible"] = json!(public);
    }
    let resource = identifier::hex(&mut world.cfn, 26).to_ascii_uppercase();
    let host = identifier::account_host(&world.account, &world.region);
    let attributes = [
        ("DBInstanceArn", world.arn("rds", &format!("db:{target}"))),
        ("DbiResourceId", format!("db-{resource}")),
        ("Endpoint.Address", format!("{target}.{host}.{}.rds.amazonaws.com", world.region)),
        ("Endpoint.Port", port),
        ("Endpoint.HostedZoneId", "Z1PVIF0B656C1W".to_owned()),
        ("CertificateDetails.CAIdentifier", "rds-ca-rsa2048-g1".to_owned()),
    ];
    let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    let made = Bag { properties, attributes };
    world.cfn.bags.entry(super::KIND.to_owned()).or_default().insert(target.clone(), made);
    let now: SimTime = world.now();
    world.rds.lives.entry(target.clone()).or_default().created = Some(now);
    begin(world, &target, Busy::Creating, RESTORE);
    Ok(InstanceOutput { db_instance: read::instance(world, &target, bag(world, &target)?) })
}
