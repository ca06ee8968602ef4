//! Resource handlers: what CloudFormation does to make, change and delete a resource of each type.
//!
//! Types that another module models are made through that module's API; the others are bags of properties.

mod bag;
mod durations;
mod failure;
mod identity;
mod names;

use std::collections::BTreeMap;

use serde_json::Value;

use super::template::Policy;
use crate::World;

pub(super) use failure::Failure;
pub(super) use names::{check_custom_name, conflict};

/// The stack a handler works for.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub stack_id: String,
    pub stack_name: String,
    pub logical_id: String,
    /// ARN of the role that CloudFormation assumes; `None` is the caller.
    pub role: Option<String>,
    /// Token that failures of the handler carry.
    pub request_token: String,
}

/// What a handler made.
#[derive(Debug, Clone, Default)]
pub(super) struct Outcome {
    pub physical_id: String,
    /// What `Ref` gives where that is not the physical id.
    pub reference: Option<String>,
    /// What `Fn::GetAtt` gives; after an update only what changed.
    pub attributes: BTreeMap<String, Value>,
    pub wait: Wait,
}

/// How long an operation takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wait {
    /// A fixed time, in seconds.
    Secs(f64),
    /// Until the resource has stabilised.
    Stabilise { poll_secs: f64, timeout_secs: f64 },
}

impl Default for Wait {
    fn default() -> Self {
        Self::Secs(1.0)
    }
}

/// What a look at a resource that stabilises shows.
#[derive(Debug)]
pub(super) enum Poll {
    Pending,
    Done,
    Failed(Failure),
}

/// Creates a resource.
///
/// # Errors
/// Why the service refused.
pub(super) fn create(
    world: &mut World,
    context: &Context,
    kind: &str,
    properties: &Value,
) -> Result<Outcome, Failure> {
    bag::create(world, context, kind, properties)
}

/// Updates a resource in place.
///
/// # Errors
/// Why the service refused.
pub(super) fn update(
    world: &mut World,
    _context: &Context,
    kind: &str,
    physical_id: &str,
    _old: &Value,
    new: &Value,
) -> Result<Outcome, Failure> {
    bag::update(world, kind, physical_id, new)
}

/// Deletes a resource; one that is gone already is fine.
///
/// # Errors
/// Why the service refused.
pub(super) fn delete(
    world: &mut World,
    _context: &Context,
    kind: &str,
    physical_id: &str,
    _properties: &Value,
    policy: Policy,
) -> Result<Wait, Failure> {
    bag::delete(world, kind, physical_id, policy)
}

/// Looks whether a resource has stabilised after its creation or update.
pub(super) fn poll(_world: &World, _kind: &str, _physical_id: &str, _properties: &Value) -> Poll {
    Poll::Done
}

/// Looks whether a resource is gone.
pub(super) fn poll_deleted(_world: &World, _kind: &str, _physical_id: &str) -> Poll {
    Poll::Done
}

/// The properties of a resource as they really are; `None` where it does not exist.
pub(super) fn actual(world: &World, kind: &str, physical_id: &str, _expected: &Value) -> Option<Value> {
    bag::actual(world, kind, physical_id)
}
