//! A new instance beside another one, made of its backups or of a snapshot.

use aws_sdk_rds::Client;
use aws_sdk_rds::primitives::{DateTime, DateTimeFormat};
use aws_sdk_rds::types::{DbInstance, Tag};
use deploy_ops::call::Called as _;
use deploy_ops::failure::Failure;

use super::rds;

/// What the new instance is made of.
pub(super) enum Origin<'a> {
    /// The backups of the instance, to this time.
    Time(jiff::Timestamp),
    /// The backups of the instance, to the latest time that there is.
    Latest,
    /// A snapshot.
    Snapshot(&'a str),
}

/// A copy, with what it has otherwise than its original.
pub(super) struct Copy<'a> {
    pub(super) original: &'a DbInstance,
    pub(super) origin: Origin<'a>,
    pub(super) as_name: &'a str,
    /// Tags beside those of the original.
    pub(super) tags: Vec<(&'static str, String)>,
    pub(super) multi_az: bool,
    /// Logs that it sends to log groups of its own, which outlive it.
    pub(super) logs: Vec<String>,
}

/// Makes it: in the subnet group, security groups and parameter group of the original. Encryption is the source's.
pub(super) async fn make(client: &Client, copy: Copy<'_>) -> Result<(), Failure> {
    let Copy { original, origin, as_name, tags: own, multi_az, logs } = copy;
    let mut tags: Vec<Tag> = original
        .tag_list()
        .iter()
        .filter(|tag| tag.key().is_some_and(|key| !key.starts_with("aws:") && !key.starts_with("restore:")))
        .cloned()
        .collect();
    tags.extend(own.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()));
    let groups: Vec<String> = original
        .vpc_security_groups()
        .iter()
        .filter_map(|group| Some(group.vpc_security_group_id()?.to_owned()))
        .collect();
    let subnets = original.db_subnet_group().and_then(|group| group.db_subnet_group_name());
    let parameters = original.db_parameter_groups().first().and_then(|it| it.db_parameter_group_name());
    let name = original.db_instance_identifier().unwrap_or_default();
    macro_rules! common {
        ($call:expr) => {
            $call
                .set_db_instance_class(original.db_instance_class().map(str::to_owned))
                .set_db_subnet_group_name(subnets.map(str::to_owned))
                .set_db_parameter_group_name(parameters.map(str::to_owned))
                .set_vpc_security_group_ids(Some(groups))
                .multi_az(multi_az)
                .set_copy_tags_to_snapshot(original.copy_tags_to_snapshot())
                .set_enable_cloudwatch_logs_exports((!logs.is_empty()).then_some(logs))
                .publicly_accessible(false)
                .set_tags(Some(tags))
        };
    }
    if let Origin::Snapshot(snapshot) = origin {
        fits(client, original, snapshot).await?;
        let call = client.restore_db_instance_from_db_snapshot();
        let call = common!(call).db_instance_identifier(as_name).db_snapshot_identifier(snapshot);
        call.send().await.called("rds:RestoreDBInstanceFromDBSnapshot")?;
        return Ok(());
    }
    let call = client.restore_db_instance_to_point_in_time();
    let call = match origin {
        Origin::Time(time) => {
            let time = DateTime::from_str(&time.to_string(), DateTimeFormat::DateTime);
            call.restore_time(time.map_err(|_| Failure::Guard {
                reason: "the time is none that RDS takes".to_owned(),
                hint: "write it as 2026-01-05T08:00:00Z".to_owned(),
            })?)
        }
        Origin::Latest | Origin::Snapshot(_) => call.use_latest_restorable_time(true),
    };
    let call = common!(call).source_db_instance_identifier(name).target_db_instance_identifier(as_name);
    call.send().await.called("rds:RestoreDBInstanceToPointInTime")?;
    Ok(())
}

/// A snapshot of another major version would need another parameter group, and the stack another version, to which there is no
/// way back (bc:rds/RestoreDBInstanceFromDBSnapshotMessage).
async fn fits(client: &Client, original: &DbInstance, snapshot: &str) -> Result<(), Failure> {
    let instance = original.db_instance_identifier().unwrap_or_default();
    let all = rds::snapshots(client, instance).await?;
    // One that is not there is refused by RDS in its own words.
    let Some(found) = all.iter().find(|it| it.db_snapshot_identifier() == Some(snapshot)) else {
        return Ok(());
    };
    let major =
        |version: Option<&str>| version.and_then(|it| it.split('.').next()).unwrap_or_default().to_owned();
    let (of_snapshot, of_instance) = (major(found.engine_version()), major(original.engine_version()));
    if of_snapshot == of_instance {
        return Ok(());
    }
    let version = original.engine_version().unwrap_or_default();
    Err(Failure::Guard {
        reason: format!(
            "the snapshot {snapshot} is of PostgreSQL {of_snapshot}, and the database in service is {of_instance}"
        ),
        hint: format!(
            "RDS can upgrade a snapshot, for good: `aws rds modify-db-snapshot --db-snapshot-identifier {snapshot} \
             --engine-version {version}` (or of a copy of it); then the same command again"
        ),
    })
}
