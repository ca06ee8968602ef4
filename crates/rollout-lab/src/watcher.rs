//! Who watches a rollout.

use serde::{Deserialize, Serialize};

/// Who watches a rollout, and what it does about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Watcher {
    /// The tool: polls, judges, cancels the update and follows the rollback.
    Tool,
    /// Nobody: CloudFormation and the circuit breaker are left to themselves, and the pipeline waits for the stack.
    Nobody,
}
