//! What RDS says of instances, snapshots and backups.

use serde_json::{Map, Value, json};

use super::versions::Version;
use super::{
    BEHIND, DescribeBackupsOutput, DescribeInput, DescribeInstancesOutput, DescribeSnapshotsOutput, KIND,
    Snapshot, bag, status,
};
use crate::cfn::state::Bag;
use crate::{ApiError, SimTime, World, wire};

/// `DescribeDBInstances`
///
/// # Errors
/// An instance that does not exist, a marker of somebody else.
pub fn describe_instances(world: &World, input: &DescribeInput) -> Result<DescribeInstancesOutput, ApiError> {
    let all: Vec<Value> = match &input.db_instance_identifier {
        Some(name) => vec![instance(world, &name.to_ascii_lowercase(), bag(world, name)?)],
        None => instances(world).map(|(name, bag)| instance(world, name, bag)).collect(),
    };
    let (db_instances, marker) = page(all, input)?;
    Ok(DescribeInstancesOutput { db_instances, marker })
}

/// `DescribeDBSnapshots`
///
/// # Errors
/// A snapshot that does not exist, a marker of somebody else.
pub fn describe_snapshots(world: &World, input: &DescribeInput) -> Result<DescribeSnapshotsOutput, ApiError> {
    if let Some(name) = &input.db_snapshot_identifier
        && !world.rds.snapshots.contains_key(name)
    {
        return Err(snapshot_not_found(name));
    }
    let (named, of) = (&input.db_snapshot_identifier, &input.db_instance_identifier);
    let all = world.rds.snapshots.iter().filter(|(name, snapshot)| {
        named.as_ref().is_none_or(|wanted| wanted == *name)
            && of.as_ref().is_none_or(|of| *of == snapshot.instance)
    });
    let (db_snapshots, marker) =
        page(all.map(|(name, found)| snapshot(world, name, found)).collect(), input)?;
    Ok(DescribeSnapshotsOutput { db_snapshots, marker })
}

/// `DescribeDBInstanceAutomatedBackups`: of instances that exist (`active`), and those that outlived one (`retained`).
///
/// # Errors
/// A marker of somebody else.
pub fn describe_automated_backups(
    world: &World,
    input: &DescribeInput,
) -> Result<DescribeBackupsOutput, ApiError> {
    let of = &input.db_instance_identifier;
    let all = instances(world).filter(|(name, _)| of.as_ref().is_none_or(|of| of == *name));
    let all = all.filter_map(|(name, bag)| {
        let (from, to) = window(world, name, bag)?;
        Some(json!({
            "DBInstanceIdentifier": name,
            "DbiResourceId": bag.attributes.get("DbiResourceId"),
            "Status": "active",
            "RestoreWindow": { "EarliestTime": from.as_epoch_secs(), "LatestTime": to.as_epoch_secs() },
        }))
    });
    let retained = world.rds.retained.iter().filter(|it| of.as_ref().is_none_or(|of| *of == it.instance));
    let retained = retained.filter_map(|it| {
        let from = it.from.max(days_ago(world, it.days));
        (from < it.to).then(|| {
            json!({
                "DBInstanceIdentifier": it.instance,
                "DbiResourceId": it.resource,
                "Status": "retained",
                "RestoreWindow": { "EarliestTime": from.as_epoch_secs(), "LatestTime": it.to.as_epoch_secs() },
            })
        })
    });
    let (db_instance_automated_backups, marker) = page(all.chain(retained).collect(), input)?;
    Ok(DescribeBackupsOutput { db_instance_automated_backups, marker })
}

fn instances(world: &World) -> impl Iterator<Item = (&String, &Bag)> {
    world.cfn.bags.get(KIND).into_iter().flatten()
}

fn page(all: Vec<Value>, input: &DescribeInput) -> Result<(Vec<Value>, Option<String>), ApiError> {
    let size = input.max_records.unwrap_or(100).clamp(20, 100);
    wire::page(all, input.marker.as_deref(), size, || {
        ApiError::new("InvalidParameterValue", "Invalid marker.")
    })
}

pub(super) fn snapshot_not_found(name: &str) -> ApiError {
    ApiError::new("DBSnapshotNotFound", format!("DBSnapshot not found: {name}")).with_status(404)
}

/// The period to which an instance can be restored: since it exists, as long as backups are kept, until some minutes ago.
pub(super) fn window(world: &World, name: &str, bag: &Bag) -> Option<(SimTime, SimTime)> {
    let days = retention(bag);
    let created = world.rds.lives.get(name).and_then(|life| life.created).unwrap_or(SimTime::START);
    let latest = back(world, u64::try_from(BEHIND.as_millis()).unwrap_or(u64::MAX));
    let earliest = created.max(days_ago(world, days));
    (days > 0 && earliest < latest).then_some((earliest, latest))
}

/// Days that automated backups are kept.
pub(super) fn retention(bag: &Bag) -> u64 {
    number(bag, "BackupRetentionPeriod").unwrap_or(1)
}

fn back(world: &World, millis: u64) -> SimTime {
    SimTime::from_millis(world.now().as_millis().saturating_sub(millis))
}

fn days_ago(world: &World, days: u64) -> SimTime {
    back(world, days * 86_400_000)
}

/// The whole version, also of an instance that was made with a major version alone.
fn version(bag: &Bag) -> Value {
    let given = bag.properties.get("EngineVersion").cloned().unwrap_or_default();
    let whole = given.as_str().and_then(|given| Version::parse(given).ok()).map(|it| it.to_string());
    match whole {
        Some(whole) if bag.properties["Engine"] == "postgres" => whole.into(),
        _ => given,
    }
}

fn number(bag: &Bag, property: &str) -> Option<u64> {
    let value = bag.properties.get(property)?;
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

pub(super) fn instance(world: &World, name: &str, bag: &Bag) -> Value {
    const AS_THEY_ARE: [&str; 17] = [
        "AutoMinorVersionUpgrade",
        "CACertificateIdentifier",
        "CopyTagsToSnapshot",
        "DBInstanceClass",
        "DBName",
        "DatabaseInsightsMode",
        "DeletionProtection",
        "Engine",
        "KmsKeyId",
        "MasterUsername",
        "MultiAZ",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "PubliclyAccessible",
        "StorageEncrypted",
        "StorageThroughput",
        "StorageType",
    ];
    let property = |name: &str| bag.properties.get(name).cloned().unwrap_or_default();
    let attribute = |name: &str| bag.attributes.get(name).cloned().unwrap_or_default();
    let mut answer = Map::new();
    for name in AS_THEY_ARE {
        answer.insert(name.to_owned(), property(name));
    }
    for name in ["AllocatedStorage", "BackupRetentionPeriod", "MaxAllocatedStorage"] {
        answer.insert(name.to_owned(), number(bag, name).map(Value::from).unwrap_or_default());
    }
    let groups = property("VPCSecurityGroups");
    let groups = groups.as_array().into_iter().flatten();
    let groups: Vec<Value> =
        groups.map(|group| json!({ "VpcSecurityGroupId": group, "Status": "active" })).collect();
    let port = attribute("Endpoint.Port").as_str().and_then(|port| port.parse::<u32>().ok());
    let rest = json!({
        "DBInstanceIdentifier": name,
        "DBInstanceStatus": status(world, name),
        "EngineVersion": version(bag),
        "DBInstanceArn": attribute("DBInstanceArn"),
        "DbiResourceId": attribute("DbiResourceId"),
        "Endpoint": { "Address": attribute("Endpoint.Address"), "Port": port },
        "DBSubnetGroup": { "DBSubnetGroupName": property("DBSubnetGroupName") },
        "DBParameterGroups": [
            { "DBParameterGroupName": property("DBParameterGroupName"), "ParameterApplyStatus": "in-sync" },
        ],
        "VpcSecurityGroups": groups,
        "EnabledCloudwatchLogsExports": property("EnableCloudwatchLogsExports"),
        "TagList": property("Tags"),
        "LatestRestorableTime": window(world, name, bag).map(|(_, to)| to.as_epoch_secs()),
        "InstanceCreateTime":
            world.rds.lives.get(name).and_then(|life| life.created).map(SimTime::as_epoch_secs),
    });
    if let Value::Object(rest) = rest {
        answer.extend(rest);
    }
    answer.into()
}

pub(super) fn snapshot(world: &World, name: &str, snapshot: &Snapshot) -> Value {
    json!({
        "DBSnapshotIdentifier": name,
        "DBInstanceIdentifier": snapshot.instance,
        "DBSnapshotArn": world.arn("rds", &format!("snapshot:{name}")),
        "SnapshotType": "manual",
        "Status": if snapshot.available { "available" } else { "creating" },
        "SnapshotCreateTime": snapshot.available.then(|| snapshot.taken.as_epoch_secs()),
        "Engine": snapshot.properties.get("Engine"),
        "EngineVersion": snapshot.properties.get("EngineVersion"),
        "Encrypted": snapshot.properties.get("StorageEncrypted"),
    })
}
