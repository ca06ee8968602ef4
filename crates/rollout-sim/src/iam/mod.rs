//! iam.

use serde::{Deserialize, Serialize};

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {}
