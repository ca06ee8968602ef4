//! The faults `stack-fails` and `rollback-fails`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::handlers::{Context, Failure};
use super::template::Expr;
use crate::World;
use crate::fault::FaultKind;

/// The resource of an operation that a fault hits: the one whose logical id it names, or the ECS service; any ECS service
/// where it names none, else the last resource that changes. `None` without such a fault.
pub(super) fn doomed(world: &World, index: usize, affected: &BTreeSet<String>) -> Option<String> {
    let now = world.now();
    let mut faults = world.faults.iter().filter(|active| {
        matches!(active.fault.kind, FaultKind::StackFails | FaultKind::RollbackFails) && active.since <= now
    });
    let wanted = faults.next()?.fault.service.as_deref();
    let template = &world.cfn.stacks[index].definition.as_ref()?.template;
    let mut order = template.order.iter().filter(|name| affected.contains(*name));
    if let Some(named) = order.clone().find(|name| Some(name.as_str()) == wanted) {
        return Some(named.clone());
    }
    let services = order.clone().filter(|name| {
        template.resources.get(*name).is_some_and(|resource| resource.kind == "AWS::ECS::Service")
    });
    let mut services = services.filter(|name| match wanted {
        None => true,
        Some(wanted) => {
            let own_name = match template.resources.get(*name).map(|resource| &resource.properties) {
                Some(Expr::Literal(value)) => value.get("ServiceName").and_then(Value::as_str),
                Some(Expr::Object(entries)) => entries.iter().find_map(|(key, value)| match value {
                    Expr::Literal(Value::String(text)) if key == "ServiceName" => Some(text.as_str()),
                    _ => None,
                }),
                _ => None,
            };
            own_name == Some(wanted)
                || name.to_ascii_lowercase() == format!("{}service", wanted.replace('-', ""))
        }
    });
    services.next().or_else(|| if wanted.is_none() { order.next_back() } else { None }).cloned()
}

/// Notes that the faults of stacks that are active have something to break.
pub(super) fn note_hit(world: &mut World) {
    let now = world.now();
    for active in &mut world.faults {
        let of_stacks = matches!(active.fault.kind, FaultKind::StackFails | FaultKind::RollbackFails);
        active.hit |= of_stacks && active.since <= now;
    }
}

fn is_doomed(world: &World, index: usize, name: &str) -> bool {
    world.cfn.stacks[index]
        .operation
        .as_ref()
        .is_some_and(|operation| operation.doomed.as_deref() == Some(name))
}

fn active(world: &World, kind: FaultKind) -> bool {
    world.faults.iter().any(|active| active.fault.kind == kind && active.since <= world.now())
}

/// On the way forward the resource fails with an internal error of its service.
///
/// # Errors
/// The reason of the resource's event.
pub(super) fn forward(
    world: &World,
    index: usize,
    name: &str,
    kind: &str,
    context: &Context,
) -> Result<(), String> {
    if !is_doomed(world, index, name) {
        return Ok(());
    }
    let message = format!("Internal error reported from downstream service during operation '{kind}'.");
    Err(Failure::new("InternalFailure", message).reason(context))
}

/// On the way back the resource turns out to have been changed behind CloudFormation's back, the usual cause of
/// `UPDATE_ROLLBACK_FAILED`
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html>).
///
/// # Errors
/// The reason of the resource's event.
pub(super) fn backward(world: &World, index: usize, name: &str, context: &Context) -> Result<(), String> {
    if !is_doomed(world, index, name) || !active(world, FaultKind::RollbackFails) {
        return Ok(());
    }
    let message = "The resource was changed or deleted outside of CloudFormation and cannot be restored.";
    Err(Failure::new("NotFound", message).reason(context))
}
