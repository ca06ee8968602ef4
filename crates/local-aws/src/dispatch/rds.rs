//! Relational Database Service.

use rollout_sim::World;
use rollout_sim::rds;

use super::access::Needs;
use super::{Operation, operations};

fn on(world: &World, kind: &str, name: Option<&str>) -> Needs {
    Needs::on(world.arn("rds", &format!("{kind}:{}", name.unwrap_or("*"))))
}

/// The new instance, and what it is made of and put into.
fn restore(world: &World, input: &rds::RestoreInput) -> Needs {
    let named = [
        ("db", &input.target_db_instance_identifier),
        ("db", &input.db_instance_identifier),
        ("db", &input.source_db_instance_identifier),
        ("snapshot", &input.db_snapshot_identifier),
        ("subgrp", &input.db_subnet_group_name),
        ("pg", &input.db_parameter_group_name),
    ];
    let named = named.into_iter().filter_map(|(kind, name)| Some(format!("{kind}:{}", name.as_deref()?)));
    Needs::on_each(named.map(|resource| world.arn("rds", &resource)))
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read DescribeDBInstanceAutomatedBackups(world, input: rds::DescribeInput) {
        needs: on(world, "auto-backup", None),
        does: rds::describe_automated_backups(world, &input),
    }
    read DescribeDBInstances(world, input: rds::DescribeInput) {
        needs: on(world, "db", input.db_instance_identifier.as_deref()),
        does: rds::describe_instances(world, &input),
    }
    read DescribeDBSnapshots(world, input: rds::DescribeInput) {
        needs: on(world, "snapshot", input.db_snapshot_identifier.as_deref()),
        does: rds::describe_snapshots(world, &input),
    }
    write AddTagsToResource(world, input: rds::AddTagsInput) {
        needs: Needs::on(input.resource_name.clone()),
        does: rds::add_tags(world, &input),
    }
    write RemoveTagsFromResource(world, input: rds::RemoveTagsInput) {
        needs: Needs::on(input.resource_name.clone()),
        does: rds::remove_tags(world, &input),
    }
    write CreateDBSnapshot(world, input: rds::CreateSnapshotInput) {
        needs: on(world, "db", Some(&input.db_instance_identifier))
            .and_on(world.arn("rds", &format!("snapshot:{}", input.db_snapshot_identifier))),
        does: rds::create_snapshot(world, input),
    }
    write DeleteDBInstance(world, input: rds::DeleteInput) {
        needs: on(world, "db", Some(&input.db_instance_identifier)),
        does: rds::delete_instance(world, &input),
    }
    write DeleteDBSnapshot(world, input: rds::DeleteSnapshotInput) {
        needs: on(world, "snapshot", Some(&input.db_snapshot_identifier)),
        does: rds::delete_snapshot(world, &input),
    }
    secret ModifyDBInstance(world, input: rds::ModifyInput) {
        needs: on(world, "db", Some(&input.db_instance_identifier)),
        does: rds::modify_instance(world, &input),
    }
    write RestoreDBInstanceFromDBSnapshot(world, input: rds::RestoreInput) {
        needs: restore(world, &input),
        does: rds::restore_from_snapshot(world, &input),
    }
    write RestoreDBInstanceToPointInTime(world, input: rds::RestoreInput) {
        needs: restore(world, &input),
        does: rds::restore_to_point_in_time(world, &input),
    }
};
