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
    /// Seconds between two looks at a one-off task.
    pub task_poll_secs: u32,
    /// Seconds between two requests of the health check after a rollout.
    pub health_poll_secs: u32,
    /// Seconds for which that check is repeated: DNS, the load balancer and warm-up need a moment, a defect stays.
    pub health_limit_secs: u32,
}

/// Longest pause after a poll that nobody answered, in seconds.
const LONGEST_PAUSE_SECS: f64 = 60.0;

impl Default for Cadence {
    fn default() -> Self {
        Self {
            poll_secs: 10,
            details_secs: 60,
            least_details_secs: 20,
            calls_per_minute: 40,
            task_poll_secs: 5,
            health_poll_secs: 5,
            health_limit_secs: 60,
        }
    }
}

impl Cadence {
    /// The pause, in seconds, after a poll without an answer that came after a pause of `pause_secs`.
    #[must_use]
    pub fn pause_after_silence(&self, pause_secs: f64) -> f64 {
        (pause_secs * 1.5).min(LONGEST_PAUSE_SECS)
    }

    /// Whether a service deserves a detailed look: `before` is what the last detailed look saw, `now` a light view
    /// (deployments and events only), `secs_since_details` the time since that look, `None` before the first.
    ///
    /// A task that is on its way out shows its exit code and reasons only at the end of it, and no count or event
    /// changes then: such a task is a reason by itself to look again. So is a stack that is `complete`: nothing else is
    /// waited for.
    #[must_use]
    pub fn details_due(
        &self,
        before: Option<&ServiceView>,
        now: &ServiceView,
        secs_since_details: Option<f64>,
        complete: bool,
    ) -> bool {
        let (Some(secs), Some(before)) = (secs_since_details, before) else { return true };
        let changed = before.deployments != now.deployments || before.events.len() != now.events.len();
        let mut tasks = before.tasks.iter();
        let unsettled = tasks.any(|task| task.desired_status == "STOPPED" && task.last_status != "STOPPED");
        secs >= f64::from(self.details_secs)
            || ((changed || unsettled || complete) && secs >= f64::from(self.least_details_secs))
    }
}

#[cfg(test)]
mod tests {
    use super::Cadence;
    use crate::{ServiceEventView, ServiceView, TaskView};

    #[test]
    fn a_service_is_looked_at_when_it_changed_when_a_task_is_on_its_way_out_and_otherwise_rarely() {
        let cadence = Cadence::default();
        let quiet = ServiceView::default();
        let changed = ServiceView { events: vec![ServiceEventView::default()], ..ServiceView::default() };
        let task = |last_status: &str| TaskView {
            desired_status: "STOPPED".to_owned(),
            last_status: last_status.to_owned(),
            ..TaskView::default()
        };
        let stopping = ServiceView { tasks: vec![task("STOPPING")], ..ServiceView::default() };
        let stopped = ServiceView { tasks: vec![task("STOPPED")], ..ServiceView::default() };
        assert!(cadence.details_due(None, &quiet, None, false));
        assert!(!cadence.details_due(Some(&quiet), &quiet, Some(50.0), false));
        assert!(cadence.details_due(Some(&quiet), &quiet, Some(60.0), false));
        assert!(cadence.details_due(Some(&quiet), &changed, Some(20.0), false));
        assert!(!cadence.details_due(Some(&quiet), &changed, Some(10.0), false));
        assert!(cadence.details_due(Some(&stopping), &quiet, Some(20.0), false));
        assert!(!cadence.details_due(Some(&stopped), &quiet, Some(20.0), false));
        assert!(cadence.details_due(Some(&quiet), &quiet, Some(20.0), true));
        assert!(!cadence.details_due(Some(&quiet), &quiet, Some(10.0), true));
    }
}
