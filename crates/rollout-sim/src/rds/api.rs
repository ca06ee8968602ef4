//! Wire shapes of the RDS API (query protocol; `bc:rds/2014-10-31`). A member that is not here is not modelled, and a request
//! that has it is refused by name.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::scalar::lenient_opt;
use crate::wire::{inputs, outputs};

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

inputs! { "PascalCase"
    /// Input of the operations that list what belongs to an instance, or all.
    pub struct DescribeInput {
        /// Instance.
        #[serde(rename = "DBInstanceIdentifier")]
        pub db_instance_identifier: Option<String>,
        /// Snapshot, where snapshots are listed.
        #[serde(rename = "DBSnapshotIdentifier")]
        pub db_snapshot_identifier: Option<String>,
        /// 20 to 100.
        #[serde(deserialize_with = "lenient_opt")]
        pub max_records: Option<usize>,
        /// Page.
        pub marker: Option<String>,
    }
    /// Input of `CreateDBSnapshot`.
    pub struct CreateSnapshotInput {
        /// Instance.
        #[serde(rename = "DBInstanceIdentifier")]
        pub db_instance_identifier: String,
        /// Snapshot.
        #[serde(rename = "DBSnapshotIdentifier")]
        pub db_snapshot_identifier: String,
    }
    /// Input of `DeleteDBSnapshot`.
    pub struct DeleteSnapshotInput {
        /// Snapshot.
        #[serde(rename = "DBSnapshotIdentifier")]
        pub db_snapshot_identifier: String,
    }
    /// Input of `RestoreDBInstanceFromDBSnapshot` and `RestoreDBInstanceToPointInTime`, which differ in what is restored.
    pub struct RestoreInput {
        /// The new instance, from a snapshot.
        #[serde(rename = "DBInstanceIdentifier")]
        pub db_instance_identifier: Option<String>,
        /// Snapshot.
        #[serde(rename = "DBSnapshotIdentifier")]
        pub db_snapshot_identifier: Option<String>,
        /// The new instance, to a time.
        #[serde(rename = "TargetDBInstanceIdentifier")]
        pub target_db_instance_identifier: Option<String>,
        /// The instance whose backups are used.
        #[serde(rename = "SourceDBInstanceIdentifier")]
        pub source_db_instance_identifier: Option<String>,
        /// Seconds since the epoch.
        #[serde(deserialize_with = "lenient_opt")]
        pub restore_time: Option<f64>,
        /// The latest one instead.
        #[serde(deserialize_with = "lenient_opt")]
        pub use_latest_restorable_time: Option<bool>,
        /// Class; the original's by default.
        #[serde(rename = "DBInstanceClass")]
        pub db_instance_class: Option<String>,
        /// Subnet group; `default` by default.
        #[serde(rename = "DBSubnetGroupName")]
        pub db_subnet_group_name: Option<String>,
        /// Parameter group; that of the version by default.
        #[serde(rename = "DBParameterGroupName")]
        pub db_parameter_group_name: Option<String>,
        /// Security groups; the VPC's default one by default.
        pub vpc_security_group_ids: Vec<String>,
        /// Off by default.
        #[serde(rename = "MultiAZ", deserialize_with = "lenient_opt")]
        pub multi_az: Option<bool>,
        /// Off by default.
        #[serde(deserialize_with = "lenient_opt")]
        pub deletion_protection: Option<bool>,
        /// The original's by default.
        #[serde(deserialize_with = "lenient_opt")]
        pub publicly_accessible: Option<bool>,
        /// Off by default.
        #[serde(deserialize_with = "lenient_opt")]
        pub copy_tags_to_snapshot: Option<bool>,
        /// Logs; none by default.
        pub enable_cloudwatch_logs_exports: Vec<String>,
        /// Tags; none by default.
        pub tags: Vec<Tag>,
    }
    /// Input of `ModifyDBInstance`.
    pub struct ModifyInput {
        /// Instance.
        #[serde(rename = "DBInstanceIdentifier")]
        pub db_instance_identifier: String,
        /// Its new name.
        #[serde(rename = "NewDBInstanceIdentifier")]
        pub new_db_instance_identifier: Option<String>,
        /// Now, and not in the maintenance window.
        #[serde(deserialize_with = "lenient_opt")]
        pub apply_immediately: Option<bool>,
        /// Not kept.
        pub master_user_password: Option<String>,
        /// Days.
        #[serde(deserialize_with = "lenient_opt")]
        pub backup_retention_period: Option<u32>,
        /// Protection against deletion.
        #[serde(deserialize_with = "lenient_opt")]
        pub deletion_protection: Option<bool>,
        /// GiB.
        #[serde(deserialize_with = "lenient_opt")]
        pub max_allocated_storage: Option<u32>,
        /// UTC.
        pub preferred_backup_window: Option<String>,
        /// UTC.
        pub preferred_maintenance_window: Option<String>,
    }
    /// Input of `AddTagsToResource`.
    pub struct AddTagsInput {
        /// ARN.
        pub resource_name: String,
        /// Tags.
        pub tags: Vec<Tag>,
    }
    /// Input of `RemoveTagsFromResource`.
    pub struct RemoveTagsInput {
        /// ARN.
        pub resource_name: String,
        /// Keys.
        pub tag_keys: Vec<String>,
    }
    /// Input of `DeleteDBInstance`.
    pub struct DeleteInput {
        /// Instance.
        #[serde(rename = "DBInstanceIdentifier")]
        pub db_instance_identifier: String,
        /// Without a last snapshot.
        #[serde(deserialize_with = "lenient_opt")]
        pub skip_final_snapshot: Option<bool>,
        /// The last snapshot.
        #[serde(rename = "FinalDBSnapshotIdentifier")]
        pub final_db_snapshot_identifier: Option<String>,
        /// On by default.
        #[serde(deserialize_with = "lenient_opt")]
        pub delete_automated_backups: Option<bool>,
    }
}

outputs! { "PascalCase"
    /// Output of operations that return nothing.
    pub struct EmptyOutput {}
    /// Output of `DescribeDBInstances`.
    pub struct DescribeInstancesOutput {
        /// By name.
        #[serde(rename = "DBInstances")]
        pub db_instances: Vec<Value>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub marker: Option<String>,
    }
    /// Output of `DescribeDBSnapshots`.
    pub struct DescribeSnapshotsOutput {
        /// By name.
        #[serde(rename = "DBSnapshots")]
        pub db_snapshots: Vec<Value>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub marker: Option<String>,
    }
    /// Output of `DescribeDBInstanceAutomatedBackups`.
    pub struct DescribeBackupsOutput {
        /// By instance.
        #[serde(rename = "DBInstanceAutomatedBackups")]
        pub db_instance_automated_backups: Vec<Value>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub marker: Option<String>,
    }
    /// Output of what makes, changes or deletes an instance.
    pub struct InstanceOutput {
        /// The instance.
        #[serde(rename = "DBInstance")]
        pub db_instance: Value,
    }
    /// Output of what makes or deletes a snapshot.
    pub struct SnapshotOutput {
        /// The snapshot.
        #[serde(rename = "DBSnapshot")]
        pub db_snapshot: Value,
    }
}
