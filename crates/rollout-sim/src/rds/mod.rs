//! Relational Database Service, as far as an instance is copied, renamed and removed through its API.
//!
//! Instances are those that CloudFormation keeps: what one of the two changes the other sees. The data in them is not modelled.
//! Statuses are RDS's (RDS:accessing-monitoring); codes are those of `bc:rds`, the words of errors are UNCONFIRMED where no
//! source is named.

mod api;
mod change;
mod read;
mod restore;
mod tags;
pub(crate) mod versions;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use api::*;
pub use change::{delete_instance, modify_instance};
pub use read::{describe_automated_backups, describe_instances, describe_snapshots};
pub use restore::{create_snapshot, delete_snapshot, restore_from_snapshot, restore_to_point_in_time};
pub use tags::{add_tags, remove_tags};

use crate::cfn::state::Bag;
use crate::{ApiError, Event as WorldEvent, SimTime, World};

const KIND: &str = "AWS::RDS::DBInstance";

/// Time that a restored instance takes to be available. Undocumented: minutes for a small instance, INF as for a new one.
const RESTORE: Duration = Duration::from_secs(900);
/// Until a renamed instance is available under its new name: about ten minutes (RDS:USER_RenameInstance).
const RENAME: Duration = Duration::from_secs(600);
/// A change that needs no restart. Undocumented, INF.
const MODIFY: Duration = Duration::from_secs(60);
/// A snapshot of a small instance. Undocumented, INF.
const SNAPSHOT: Duration = Duration::from_secs(180);
/// A deletion without a last snapshot. Undocumented: as CloudFormation's.
const DELETE: Duration = Duration::from_secs(300);
/// The latest restorable time is typically within the last five minutes (bc:rds/RestoreDBInstanceToPointInTime).
const BEHIND: Duration = Duration::from_secs(300);

/// What RDS knows beyond the instances' properties.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    lives: BTreeMap<String, Life>,
    snapshots: BTreeMap<String, Snapshot>,
    /// Automated backups that outlived their instances (`DeleteAutomatedBackups: false`), oldest first.
    #[serde(default)]
    retained: Vec<Retained>,
}

/// Automated backups of an instance that is gone. They go as they would have with the instance, day by day.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Retained {
    instance: String,
    resource: Value,
    from: SimTime,
    to: SimTime,
    days: u64,
}

/// An instance that was made or changed through the API.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Life {
    /// When it was made; `None` where CloudFormation made it, whose time is not kept.
    created: Option<SimTime>,
    /// What RDS does with it at present.
    busy: Option<Busy>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Busy {
    Creating,
    Modifying,
    Renaming(String),
    Deleting,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Snapshot {
    instance: String,
    /// The instance's properties, which a restored one begins with.
    properties: Value,
    taken: SimTime,
    available: bool,
}

/// What ends by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// RDS is done with an instance.
    Settled {
        /// Its identifier when it began.
        instance: String,
    },
    /// A snapshot is complete.
    Taken {
        /// Its identifier.
        snapshot: String,
    },
}

pub(crate) fn handle(world: &mut World, event: Event) {
    match event {
        Event::Taken { snapshot } => {
            if let Some(snapshot) = world.rds.snapshots.get_mut(&snapshot) {
                snapshot.available = true;
            }
        }
        Event::Settled { instance } => {
            let Some(life) = world.rds.lives.get_mut(&instance) else { return };
            match life.busy.take() {
                Some(Busy::Renaming(name)) => rename(world, &instance, &name),
                Some(Busy::Deleting) => {
                    world.rds.lives.remove(&instance);
                    if let Some(bags) = world.cfn.bags.get_mut(KIND) {
                        bags.remove(&instance);
                    }
                }
                Some(Busy::Creating | Busy::Modifying) | None => {}
            }
        }
    }
}

/// The endpoint's name begins with the identifier; the rest is the account's in the region (RDS:USER_RenameInstance).
fn rename(world: &mut World, from: &str, to: &str) {
    let arn = world.arn("rds", &format!("db:{to}"));
    let Some(bags) = world.cfn.bags.get_mut(KIND) else { return };
    let Some(mut bag) = bags.remove(from) else { return };
    bag.properties["DBInstanceIdentifier"] = to.into();
    bag.attributes.insert("DBInstanceArn".to_owned(), arn.into());
    if let Some(address) = bag.attributes.get("Endpoint.Address").and_then(Value::as_str) {
        let rest = address.split_once('.').map_or("", |(_, rest)| rest);
        let address = format!("{to}.{rest}");
        bag.attributes.insert("Endpoint.Address".to_owned(), address.into());
    }
    bags.insert(to.to_owned(), bag);
    if let Some(life) = world.rds.lives.remove(from) {
        world.rds.lives.insert(to.to_owned(), life);
    }
}

/// Begins something that takes `time`.
fn begin(world: &mut World, instance: &str, busy: Busy, time: Duration) {
    world.rds.lives.entry(instance.to_owned()).or_default().busy = Some(busy);
    world.schedule_in(time, WorldEvent::Rds(Event::Settled { instance: instance.to_owned() }));
}

/// An instance that was deleted or replaced by CloudFormation has no history of its own any more.
pub(crate) fn forget(world: &mut World, instance: &str) {
    world.rds.lives.remove(instance);
}

/// What stays of an instance's automated backups when it is deleted now.
pub(crate) fn outliving(world: &World, instance: &str) -> Option<Retained> {
    let bag = bag(world, instance).ok()?;
    if bag.properties.get("DeleteAutomatedBackups") != Some(&Value::Bool(false)) {
        return None;
    }
    let (from, to) = read::window(world, instance, bag)?;
    let resource = bag.attributes.get("DbiResourceId").cloned().unwrap_or_default();
    Some(Retained { instance: instance.to_owned(), resource, from, to, days: read::retention(bag) })
}

/// Keeps the automated backups of an instance that has been deleted.
pub(crate) fn retain(world: &mut World, backups: Retained) {
    world.rds.retained.push(backups);
}

fn bag<'a>(world: &'a World, instance: &str) -> Result<&'a Bag, ApiError> {
    let found = world.cfn.bags.get(KIND).and_then(|bags| bags.get(&instance.to_ascii_lowercase()));
    found.ok_or_else(|| {
        ApiError::new("DBInstanceNotFound", format!("DBInstance {instance} not found.")).with_status(404)
    })
}

fn busy<'a>(world: &'a World, instance: &str) -> Option<&'a Busy> {
    world.rds.lives.get(instance)?.busy.as_ref()
}

fn status(world: &World, instance: &str) -> &'static str {
    match busy(world, instance) {
        None => "available",
        Some(Busy::Creating) => "creating",
        Some(Busy::Modifying) => "modifying",
        Some(Busy::Renaming(_)) => "renaming",
        Some(Busy::Deleting) => "deleting",
    }
}

/// Refuses what an instance takes only while it is available.
fn available(world: &World, instance: &str) -> Result<(), ApiError> {
    bag(world, instance)?;
    match status(world, instance) {
        "available" => Ok(()),
        other => Err(ApiError::new(
            "InvalidDBInstanceState",
            format!("Database instance is not in available state: {instance} is {other}."),
        )),
    }
}

/// Refuses a name that an instance has, or is about to get.
fn free(world: &World, name: &str) -> Result<(), ApiError> {
    let promised = world.rds.lives.values().any(|life| life.busy == Some(Busy::Renaming(name.to_owned())));
    if promised || bag(world, name).is_ok() {
        return Err(ApiError::new("DBInstanceAlreadyExists", "DB instance already exists"));
    }
    Ok(())
}
