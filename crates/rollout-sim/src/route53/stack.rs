//! Record sets of stacks, in the zones that they name.

use serde_json::Value;

use super::change::carry_out;
use super::{Change, RecordSet, normal, short, zone_name};
use crate::{ApiError, World};

/// A record set is made.
///
/// # Errors
/// As `ChangeResourceRecordSets`.
pub(crate) fn record_made(world: &mut World, properties: &Value) -> Result<(), ApiError> {
    send(world, "CREATE", properties)
}

/// A record set changes in place.
///
/// # Errors
/// As `ChangeResourceRecordSets`.
pub(crate) fn record_changed(world: &mut World, properties: &Value) -> Result<(), ApiError> {
    send(world, "UPSERT", properties)
}

/// A record set is removed; one that is gone, or whose zone is, is fine.
pub(crate) fn record_removed(world: &mut World, properties: &Value) {
    let Some(set) = set(properties) else { return };
    let Some(zone) = properties.get("HostedZoneId").and_then(Value::as_str) else { return };
    if let Some(sets) = world.route53.record_sets.get_mut(short(zone)) {
        sets.retain(|it| it.name != normal(&set.name) || it.kind != set.kind);
    }
}

fn send(world: &mut World, action: &str, properties: &Value) -> Result<(), ApiError> {
    // By name of the zone: CloudFormation looks the zone up, which is not modelled.
    let Some(zone) = properties.get("HostedZoneId").and_then(Value::as_str) else { return Ok(()) };
    zone_name(world, zone)?;
    let Some(set) = set(properties) else { return Ok(()) };
    carry_out(world, zone, vec![Change { action: action.to_owned(), resource_record_set: set }])
}

/// The properties as the API takes them; `None` with a routing policy, which is not modelled.
fn set(properties: &Value) -> Option<RecordSet> {
    let mut members = properties.as_object()?.clone();
    for other in ["HostedZoneId", "HostedZoneName", "Comment"] {
        members.remove(other);
    }
    let values = members.remove("ResourceRecords");
    let values = values.iter().filter_map(Value::as_array).flatten().filter_map(Value::as_str);
    let mut set: RecordSet = serde_json::from_value(members.into()).ok()?;
    set.resource_records = values.map(|value| super::Record { value: value.to_owned() }).collect();
    Some(set)
}
