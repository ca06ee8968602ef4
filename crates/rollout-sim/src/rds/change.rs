//! Changes of an instance, its name among them, and its end.

use serde_json::json;

use super::{
    Busy, DELETE, DeleteInput, InstanceOutput, KIND, MODIFY, ModifyInput, RENAME, available, bag, begin,
    free, read, restore,
};
use crate::{ApiError, World};

/// `ModifyDBInstance`, applied at once: what waits for the maintenance window is not modelled.
///
/// # Errors
/// An instance that does not exist or is busy, a name that is taken.
pub fn modify_instance(world: &mut World, input: &ModifyInput) -> Result<InstanceOutput, ApiError> {
    let name = input.db_instance_identifier.to_ascii_lowercase();
    available(world, &name)?;
    if input.apply_immediately != Some(true) {
        return Err(ApiError::not_modelled("ModifyDBInstance without ApplyImmediately"));
    }
    if let Some(new) = &input.new_db_instance_identifier {
        free(world, &new.to_ascii_lowercase())?;
    }
    let Some(bag_of) = world.cfn.bags.get_mut(KIND).and_then(|bags| bags.get_mut(&name)) else {
        return Err(ApiError::new("InternalFailure", "an instance is gone").with_status(500));
    };
    let set = [
        ("BackupRetentionPeriod", input.backup_retention_period.map(|days| json!(days))),
        ("DeletionProtection", input.deletion_protection.map(|on| json!(on))),
        ("MaxAllocatedStorage", input.max_allocated_storage.map(|gib| json!(gib))),
        ("PreferredBackupWindow", input.preferred_backup_window.as_ref().map(|window| json!(window))),
        (
            "PreferredMaintenanceWindow",
            input.preferred_maintenance_window.as_ref().map(|window| json!(window)),
        ),
    ];
    for (property, value) in set {
        if let Some(value) = value {
            bag_of.properties[property] = value;
        }
    }
    match &input.new_db_instance_identifier {
        Some(new) => begin(world, &name, Busy::Renaming(new.to_ascii_lowercase()), RENAME),
        None => begin(world, &name, Busy::Modifying, MODIFY),
    }
    Ok(InstanceOutput { db_instance: read::instance(world, &name, bag(world, &name)?) })
}

/// `DeleteDBInstance`
///
/// # Errors
/// An instance that does not exist, is busy or protected, or of which nothing was said about a last snapshot.
pub fn delete_instance(world: &mut World, input: &DeleteInput) -> Result<InstanceOutput, ApiError> {
    const CODE: &str = "InvalidParameterCombination";
    let name = input.db_instance_identifier.to_ascii_lowercase();
    available(world, &name)?;
    if bag(world, &name)?.properties.get("DeletionProtection") == Some(&json!(true)) {
        let message =
            "Cannot delete protected DB Instance, please disable deletion protection and try again.";
        return Err(ApiError::new(CODE, message));
    }
    match (&input.final_db_snapshot_identifier, input.skip_final_snapshot == Some(true)) {
        (None, false) => {
            let message = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified.";
            return Err(ApiError::new(CODE, message));
        }
        (Some(_), true) => {
            let message =
                "FinalDBSnapshotIdentifier can not be specified when SkipFinalSnapshot is set to true.";
            return Err(ApiError::new(CODE, message));
        }
        (Some(last), false) => {
            restore::take(world, &name, last.clone())?;
        }
        (None, true) => {}
    }
    if input.delete_automated_backups == Some(false) {
        return Err(ApiError::not_modelled("automated backups that outlive their instance"));
    }
    begin(world, &name, Busy::Deleting, DELETE);
    Ok(InstanceOutput { db_instance: read::instance(world, &name, bag(world, &name)?) })
}
