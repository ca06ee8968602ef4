//! Resources that no other module models: a bag of properties with an identity and a duration.

use serde_json::Value;

use super::durations::durations;
use super::{Context, Failure, Outcome, Wait, identity, names};
use crate::World;
use crate::cfn::state::Bag;
use crate::cfn::template::Policy;

pub(super) fn create(
    world: &mut World,
    context: &Context,
    kind: &str,
    properties: &Value,
) -> Result<Outcome, Failure> {
    if let Some(message) = names::conflict(world, kind, properties) {
        return Err(Failure::new("AlreadyExists", message));
    }
    let made = identity::make(world, context, kind, properties)?;
    let bag = Bag { properties: properties.clone(), attributes: made.attributes.clone() };
    world.cfn.bags.entry(kind.to_owned()).or_default().insert(made.physical_id.clone(), bag);
    let wait = Wait::Secs(durations(kind).create * world.params.cfn_duration_factor);
    Ok(Outcome { wait, ..made })
}

pub(super) fn update(
    world: &mut World,
    kind: &str,
    physical_id: &str,
    new: &Value,
) -> Result<Outcome, Failure> {
    let Some(bag) = world.cfn.bags.get_mut(kind).and_then(|bags| bags.get_mut(physical_id)) else {
        return Err(not_found(kind, physical_id));
    };
    bag.properties = new.clone();
    let wait = Wait::Secs(durations(kind).update * world.params.cfn_duration_factor);
    Ok(Outcome { physical_id: physical_id.to_owned(), wait, ..Outcome::default() })
}

/// A resource that is gone already was deleted, as far as CloudFormation is concerned.
pub(super) fn delete(
    world: &mut World,
    kind: &str,
    physical_id: &str,
    policy: Policy,
) -> Result<Wait, Failure> {
    let Some(bags) = world.cfn.bags.get_mut(kind) else { return Ok(Wait::Secs(1.0)) };
    if let Some(bag) = bags.get(physical_id) {
        if bag.properties.get("DeletionProtection").and_then(Value::as_bool) == Some(true) {
            let message =
                "Cannot delete protected DB Instance, please disable deletion protection and try again.";
            return Err(Failure::new("InvalidRequest", message));
        }
    }
    bags.remove(physical_id);
    // A final snapshot takes about as long again.
    let snapshot = if policy == Policy::Snapshot { 2.0 } else { 1.0 };
    Ok(Wait::Secs(durations(kind).delete * snapshot * world.params.cfn_duration_factor))
}

pub(super) fn actual(world: &World, kind: &str, physical_id: &str) -> Option<Value> {
    world.cfn.bags.get(kind)?.get(physical_id).map(|bag| bag.properties.clone())
}

/// What a handler says about a resource that is not there.
pub(super) fn not_found(kind: &str, physical_id: &str) -> Failure {
    Failure::new(
        "NotFound",
        format!("Resource of type '{kind}' with identifier '{physical_id}' was not found."),
    )
}
