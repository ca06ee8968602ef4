//! CloudFormation: templates, stacks, change sets, events; and the resources that no other module models.

use serde::{Deserialize, Serialize};

use crate::World;

pub mod api;

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {}

/// What happens by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {}

pub(crate) fn handle(_world: &mut World, event: Event) {
    match event {}
}
