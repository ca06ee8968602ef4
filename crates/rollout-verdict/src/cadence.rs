//! How often to look: shared by the tool that watches AWS and the simulator that predicts it.

use crate::ServiceView;

/// Polling times.
///
/// A light poll is two calls for all services together (`DescribeStackEvents` with the stack's own events
/// telling its status, `DescribeServices`). A detailed look at one service costs six (`ListTasks` running and
/// stopped, `DescribeTasks`, `ListServiceDeployments`, `DescribeServiceDeployments`,
/// `DescribeTargetHealth`), so it is taken when something changed and otherwise rarely: a rollout of three
/// services stays under 40 calls per minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cadence {
    /// Seconds between two light polls.
    pub poll_secs: u32,
    /// Seconds after which a service is looked at in detail though nothing changed.
    pub details_secs: u32,
    /// Least seconds between two detailed looks at one service.
    pub least_details_secs: u32,
    /// API calls per minute that a caller must not exceed.
    pub calls_per_minute: u32,
}

impl Default for Cadence {
    fn default() -> Self {
        Self { poll_secs: 10, details_secs: 60, least_details_secs: 20, calls_per_minute: 40 }
    }
}

impl Cadence {
    /// Whether a service deserves a detailed look: `now` and `before` are light views of it (deployments and
    /// events only), `secs_since_details` the time since the last detailed look, `None` before the first.
    #[must_use]
    pub fn details_due(
        &self,
        before: Option<&ServiceView>,
        now: &ServiceView,
        secs_since_details: Option<f64>,
    ) -> bool {
        let Some(secs) = secs_since_details else { return true };
        let changed = before.is_none_or(|before| {
            before.deployments != now.deployments || before.events.len() != now.events.len()
        });
        secs >= f64::from(self.details_secs) || (changed && secs >= f64::from(self.least_details_secs))
    }
}
