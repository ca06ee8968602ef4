//! CloudFormation: templates, stacks, change sets, events; and the resources that no other module models.
//!
//! Templates are read here, independently of the crate that writes them. Operations are free functions over the
//! world, named like the API's; requests and answers are in [`api`].

pub mod api;
mod change_sets;
mod changes;
mod describe;
mod drift;
mod early_validation;
mod engine;
mod events;
mod exports;
mod faults;
mod gateways;
mod handled;
mod handlers;
pub(crate) mod identifier;
mod inputs;
mod operation;
mod plan;
mod policy;
mod protection;
mod quotas;
mod rollback;
mod schema;
mod scope;
mod stacks;
pub(crate) mod state;
mod template;
mod validate;

use serde::Serialize;

use crate::World;

pub use change_sets::{
    create_change_set, delete_change_set, describe_change_set, execute_change_set, list_change_sets,
};
pub use describe::{
    describe_stack_resource, describe_stack_resources, describe_stacks, get_template, list_stack_resources,
    list_stacks,
};
pub use drift::{
    describe_stack_drift_detection_status, describe_stack_resource_drifts, detect_stack_drift,
    detect_stack_resource_drift,
};
pub use events::{describe_events, describe_stack_events, new_stack_events};
pub use exports::{list_exports, list_imports};
pub use handled::{HandledResource, handled_resources};
pub use protection::{get_stack_policy, set_stack_policy, update_termination_protection};
pub use rollback::{cancel_update_stack, continue_update_rollback, rollback_stack};
pub use stacks::{create_stack, delete_stack, update_stack};
pub use state::{Event, State, StepEvent};
pub use validate::{get_template_summary, validate_template};

pub(crate) fn handle(world: &mut World, event: Event) {
    engine::handle(world, event);
}

/// The name that an enumeration has on the wire.
fn wire_name(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
