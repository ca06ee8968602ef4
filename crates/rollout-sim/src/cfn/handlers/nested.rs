//! `AWS::CloudFormation::Stack`: a stack that is a resource of another.
//!
//! Its parent's operation drives it: a creation that fails stays failed until the parent deletes it; after an update it
//! neither cleans up nor is over before the parent has succeeded or is back as a whole, as resources of other nested
//! stacks may depend on it (CFN:troubleshooting, "Nested stacks are stuck").

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::convert::text;
use super::identity::generated;
use super::{Context, Failure, Outcome, Poll, Wait};
use crate::cfn::api::{Parameter, StackStatus, Tag};
use crate::cfn::inputs::Proposal;
use crate::cfn::state::{Definition, Phase};
use crate::cfn::{changes, engine, exports, stacks, wire_name};
use crate::{ApiError, World};

/// The type, of a nested stack and of every stack in its own events.
pub(in crate::cfn) const KIND: &str = "AWS::CloudFormation::Stack";

/// Longest name of a stack.
const MAX_NAME: usize = 128;

/// A nested stack may take as long as its resources do; this is longer than any of them, so that every wait ends.
const LONGEST_SECS: f64 = 7.0 * 24.0 * 3600.0;

fn stabilise(world: &World) -> Wait {
    Wait::Stabilise { poll_secs: world.params.cfn_poll_secs, timeout_secs: LONGEST_SECS }
}

/// What CloudFormation refuses is the reason as it is.
fn refused(error: ApiError) -> Failure {
    Failure::own(error.message)
}

/// The definition that the properties propose, with the capabilities that its parent was given.
fn define(world: &World, context: &Context, index: usize, properties: &Value) -> Result<Definition, Failure> {
    let list = |name: &str| properties.get(name).and_then(Value::as_array).into_iter().flatten();
    let given = properties.get("Parameters").and_then(Value::as_object).into_iter().flatten();
    let parameters: Vec<Parameter> = given
        .map(|(key, value)| Parameter {
            parameter_key: Some(key.clone()),
            parameter_value: value.as_str().map(str::to_owned),
            ..Parameter::default()
        })
        .collect();
    let tags: Vec<Tag> = list("Tags")
        .map(|tag| Tag { key: text(tag, "Key").to_owned(), value: text(tag, "Value").to_owned() })
        .collect();
    let notification_arns: Vec<String> =
        list("NotificationARNs").filter_map(Value::as_str).map(str::to_owned).collect();
    let parent = world.cfn.stacks[context.stack].definition.as_ref();
    let proposal = Proposal {
        template_url: Some(text(properties, "TemplateURL")),
        parameters: &parameters,
        capabilities: parent.map_or(&[], |parent| &parent.capabilities),
        tags: &tags,
        notification_arns: &notification_arns,
        ..Proposal::default()
    };
    stacks::definition_of(world, index, &proposal).map_err(refused)
}

fn start(world: &World, context: &Context) -> engine::Start {
    let parent = world.cfn.stacks[context.stack].operation.as_ref();
    engine::Start {
        token: parent.and_then(|operation| operation.token.clone()),
        disable_rollback: parent.is_some_and(|operation| operation.disable_rollback),
        driven: true,
        ..engine::Start::default()
    }
}

pub(super) fn create(world: &mut World, context: &Context, properties: &Value) -> Result<Outcome, Failure> {
    let name = generated(world, context, MAX_NAME);
    let index = stacks::make(world, &name);
    let stack = &mut world.cfn.stacks[index];
    stack.parent = Some(context.stack);
    stack.role.clone_from(&context.role);
    let physical_id = stack.id.clone();
    let definition = match define(world, context, index, properties) {
        Ok(definition) => definition,
        Err(failure) => {
            stacks::forget_if_new(world, index);
            return Err(failure);
        }
    };
    let timeout_minutes = properties.get("TimeoutInMinutes").and_then(Value::as_u64);
    let start = engine::Start {
        // Its parent deletes it.
        disable_rollback: true,
        timeout_minutes: timeout_minutes.and_then(|minutes| u32::try_from(minutes).ok()),
        ..start(world, context)
    };
    world.cfn.stacks[index].timeout_minutes = start.timeout_minutes;
    engine::apply(world, index, definition.into(), start);
    Ok(Outcome { physical_id, wait: stabilise(world), ..Outcome::default() })
}

/// Towards the new properties, or back while its parent goes back.
pub(super) fn update(
    world: &mut World,
    context: &Context,
    id: &str,
    properties: &Value,
) -> Result<Outcome, Failure> {
    let index = stacks::find(world, id).map_err(refused)?;
    let parent = world.cfn.stacks[context.stack].operation.as_ref();
    let wait = match parent.filter(|operation| operation.phase == Phase::Revert) {
        Some(operation) => {
            let again = operation.continued.clone().map(|skip| (skip, operation.force));
            back(world, index, again)?
        }
        None => forward(world, context, index, properties)?,
    };
    Ok(Outcome { physical_id: id.to_owned(), wait, ..Outcome::default() })
}

/// Its template may have changed behind the same address, so that only reading it shows whether there is anything to do.
fn forward(world: &mut World, context: &Context, index: usize, properties: &Value) -> Result<Wait, Failure> {
    if !matches!(engine::phase(world, index), Some(Phase::Held { .. })) {
        stacks::check_updatable(world, index).map_err(refused)?;
    }
    let definition = define(world, context, index, properties)?;
    let stack = &world.cfn.stacks[index];
    let prediction = changes::predict(world, &stacks::subject(stack), &definition, &stack.outputs);
    if !prediction.map_err(Failure::own)?.something {
        return Ok(Wait::Secs(1.0));
    }
    let start = start(world, context);
    world.cfn.stacks[index].role.clone_from(&context.role);
    engine::apply(world, index, definition.into(), start);
    Ok(stabilise(world))
}

/// Back to what it was before the operation of its parent; `again` continues a rollback that failed, with what its parent
/// skips and whether everything is skipped that fails.
fn back(world: &mut World, index: usize, again: Option<(BTreeSet<String>, bool)>) -> Result<Wait, Failure> {
    let stack = &world.cfn.stacks[index];
    let Some(operation) = &stack.operation else { return Ok(Wait::Secs(1.0)) };
    if !operation.driven {
        let state = wire_name(&stack.status);
        return Err(Failure::own(format!("Stack:{} is in {state} state and can not be updated.", stack.id)));
    }
    match (operation.phase, again) {
        // It goes back already, or is back.
        (Phase::Revert | Phase::Held { rolled_back: true }, _) => {}
        (Phase::Stopped, again) if stack.status == StackStatus::UpdateRollbackFailed => {
            if let Some((skip, force)) = again {
                let skip = skip.iter().filter_map(|name| below(name, &stack.name)).collect();
                engine::resume(world, index, &skip, force);
            }
        }
        _ => engine::go_back(world, index),
    }
    Ok(stabilise(world))
}

/// What an entry of its parent's `ResourcesToSkip` is for the nested stack with this name: a resource of its own, or still
/// one of another nested stack.
fn below(entry: &str, stack: &str) -> Option<String> {
    let (name, logical_id) = entry.split_once('.')?;
    Some(if name == stack { logical_id } else { entry }.to_owned())
}

pub(super) fn delete(world: &mut World, context: &Context, id: &str) -> Result<Wait, Failure> {
    let Ok(index) = stacks::find(world, id) else { return Ok(Wait::Secs(1.0)) };
    if world.cfn.stacks[index].status == StackStatus::DeleteComplete {
        return Ok(Wait::Secs(1.0));
    }
    exports::check(world, index, &[]).map_err(Failure::own)?;
    let token = start(world, context).token;
    engine::delete(world, index, token, &BTreeSet::new());
    Ok(stabilise(world))
}

/// Its parent turns back, or stops, while it is under way: an update goes back at once (OBS), a creation waits to be
/// deleted.
pub(super) fn interrupt(world: &mut World, id: &str) {
    let Ok(index) = stacks::find(world, id) else { return };
    let going = matches!(engine::phase(world, index), Some(Phase::Apply | Phase::Monitor));
    let stack = &world.cfn.stacks[index];
    let Some(operation) = stack.operation.as_ref().filter(|operation| going && operation.driven) else {
        return;
    };
    let stays = stack.parent.and_then(|parent| world.cfn.stacks[parent].operation.as_ref());
    if operation.previous.is_none() || stays.is_some_and(|parent| parent.disable_rollback) {
        engine::halt(world, index);
    } else {
        engine::go_back(world, index);
    }
}

/// Whether it is where its parent wants it.
pub(super) fn poll(world: &World, id: &str) -> Poll {
    use StackStatus as Is;
    let Ok(index) = stacks::find(world, id) else { return failed("updated", id, "it does not exist") };
    let stack = &world.cfn.stacks[index];
    let parent = stack.parent.and_then(|parent| engine::phase(world, parent));
    let (back, reason) = (parent == Some(Phase::Revert), stack.reason.as_deref().unwrap_or_default());
    match stack.status {
        Is::CreateInProgress | Is::UpdateInProgress => Poll::Pending,
        Is::UpdateRollbackInProgress if back => Poll::Pending,
        Is::CreateComplete | Is::UpdateComplete | Is::UpdateCompleteCleanupInProgress => Poll::Done,
        Is::UpdateRollbackCompleteCleanupInProgress | Is::UpdateRollbackComplete if back => Poll::Done,
        Is::CreateFailed => failed("created", id, reason),
        status => {
            let reason = format!("Currently in {} with reason: {reason}", wire_name(&status));
            Poll::Failed(Failure::own(format!("Embedded stack {id} was not successfully updated. {reason}")))
        }
    }
}

fn failed(verb: &str, id: &str, reason: &str) -> Poll {
    Poll::Failed(Failure::own(format!("Embedded stack {id} was not successfully {verb}: {reason}")))
}

/// Whether it is gone.
pub(super) fn poll_deleted(world: &World, id: &str) -> Poll {
    let Ok(index) = stacks::find(world, id) else { return Poll::Done };
    let stack = &world.cfn.stacks[index];
    match stack.status {
        StackStatus::DeleteComplete => Poll::Done,
        StackStatus::DeleteFailed => failed("deleted", id, stack.reason.as_deref().unwrap_or_default()),
        _ => Poll::Pending,
    }
}

/// What `Fn::GetAtt` gives of it: its outputs, as `Outputs.NAME`.
pub(super) fn attributes(world: &World, id: &str) -> BTreeMap<String, Value> {
    let stack = stacks::find(world, id).ok().map(|index| &world.cfn.stacks[index]);
    let outputs = stack.into_iter().flat_map(|stack| &stack.outputs);
    outputs.map(|output| (format!("Outputs.{}", output.key), output.value.as_str().into())).collect()
}
