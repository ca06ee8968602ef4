//! Shapes of the Elastic Load Balancing v2 API (query protocol): serialised, these are the members of its
//! requests and answers.
//!
//! A field of the API that is not here is not modelled, and a request that has it is refused by name.

mod listener;
mod load_balancer;
mod rule;
mod target_group;

pub use listener::*;
pub use load_balancer::*;
pub use rule::*;
pub use target_group::*;

use serde::{Deserialize, Serialize};

/// State of a target (bc:elbv2/TargetHealthStateEnum; `unhealthy.draining` and `unavailable` never occur here).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetState {
    /// Registered; its first health checks are under way.
    #[default]
    Initial,
    /// Gets requests.
    Healthy,
    /// Failed its health checks.
    Unhealthy,
    /// Its target group is in no listener rule, or it is not registered.
    Unused,
    /// Deregistered; lasts for the whole deregistration delay.
    Draining,
}

impl TargetState {
    /// As AWS writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Unused => "unused",
            Self::Draining => "draining",
        }
    }
}
