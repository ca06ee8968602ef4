//! cloudwatch.

use serde::{Deserialize, Serialize};

use crate::World;

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {}

/// What happens by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {}

pub(crate) fn handle(_world: &mut World, event: Event) {
    match event {}
}
