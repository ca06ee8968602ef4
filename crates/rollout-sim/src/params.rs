//! The numbers AWS does not document, in one place, each with where its value comes from.

use serde::{Deserialize, Serialize};

/// Named parameters of the model; times in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Params {}

impl Default for Params {
    fn default() -> Self {
        Self {}
    }
}
