//! Calls to RDS.

use aws_sdk_rds::Client;
use aws_sdk_rds::types::{DbInstance, DbInstanceAutomatedBackup, DbSnapshot};
use deploy_ops::call::CallError;
use deploy_ops::pages::Pages;
use deploy_ops::session::Session;

/// The RDS client of a session.
pub(super) fn client(session: &Session) -> Client {
    deploy_ops::client!(&session.target.aws, aws_sdk_rds)
}

/// All instances of the account and region.
pub(crate) async fn instances(rds: &Client) -> Result<Vec<DbInstance>, CallError> {
    let pages =
        Pages::of("rds:DescribeDBInstances", rds.describe_db_instances().into_paginator().send()).all();
    Ok(pages.await?.into_iter().flat_map(|page| page.db_instances.unwrap_or_default()).collect())
}

/// The snapshots that were taken of an instance of this name.
pub(super) async fn snapshots(rds: &Client, instance: &str) -> Result<Vec<DbSnapshot>, CallError> {
    let call = rds.describe_db_snapshots().db_instance_identifier(instance);
    let pages = Pages::of("rds:DescribeDBSnapshots", call.into_paginator().send()).all();
    Ok(pages.await?.into_iter().flat_map(|page| page.db_snapshots.unwrap_or_default()).collect())
}

/// The automated backups of an instance of this name, those that outlived it included.
pub(super) async fn backups(
    rds: &Client,
    instance: &str,
) -> Result<Vec<DbInstanceAutomatedBackup>, CallError> {
    let call = rds.describe_db_instance_automated_backups().db_instance_identifier(instance);
    let pages = Pages::of("rds:DescribeDBInstanceAutomatedBackups", call.into_paginator().send()).all();
    Ok(pages
        .await?
        .into_iter()
        .flat_map(|page| page.db_instance_automated_backups.unwrap_or_default())
        .collect())
}
