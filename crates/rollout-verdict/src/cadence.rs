//! How often to look: shared by the tool that watches AWS and the simulator that predicts it.

use crate::{DeploymentView, Moment, ServiceView};

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
    /// Seconds before the health check after a rollout asks again; each further pause is twice as long.
    pub health_pause_secs: u32,
    /// Seconds for which that check is repeated: DNS, the load balancer and warm-up need a moment, a defect stays.
    pub health_limit_secs: u32,
}

/// Longest pause of the health check, in seconds.
const LONGEST_HEALTH_PAUSE_SECS: f64 = 16.0;

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
            health_pause_secs: 2,
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

    /// The pause, in seconds, before the health check asks again after so many `attempts`, `passed_secs` after the first;
    /// `None` when it has asked long enough. The last request is made at the very limit.
    #[must_use]
    pub fn health_pause(&self, attempts: u32, passed_secs: f64) -> Option<f64> {
        let left = f64::from(self.health_limit_secs) - passed_secs;
        let doublings = i32::try_from(attempts.saturating_sub(1)).unwrap_or(i32::MAX).min(10);
        let pause = f64::from(self.health_pause_secs) * f64::powi(2.0, doublings);
        (left > 0.0).then(|| pause.min(LONGEST_HEALTH_PAUSE_SECS).min(left))
    }

    /// Whether a service deserves a detailed look: `before` is the last detailed look, `None` before the first, `now` a
    /// light view (deployments and events only), taken `at` this moment.
    ///
    /// A task that is on its way out shows its exit code and reasons only at the end of it, and no count or event
    /// changes then: such a task is a reason by itself to look again. So is a stack that is `complete`: nothing else is
    /// waited for.
    #[must_use]
    pub fn details_due(
        &self,
        before: Option<&DetailedLook>,
        now: &ServiceView,
        at: Moment,
        complete: bool,
    ) -> bool {
        let Some(before) = before else { return true };
        let secs = at.secs_since(before.at);
        let changed = before.deployments != now.deployments || before.event_count != now.events.len();
        secs >= f64::from(self.details_secs)
            || ((changed || before.unsettled || complete) && secs >= f64::from(self.least_details_secs))
    }
}

/// A detailed look at a service, as far as the next one depends on it.
#[derive(Debug, Clone)]
pub struct DetailedLook {
    at: Moment,
    deployments: Vec<DeploymentView>,
    event_count: usize,
    /// Whether a task was on its way out.
    unsettled: bool,
}

impl DetailedLook {
    /// Remembers what a detailed look saw.
    #[must_use]
    pub fn new(at: Moment, seen: &ServiceView) -> Self {
        let mut tasks = seen.tasks.iter();
        Self {
            at,
            deployments: seen.deployments.clone(),
            event_count: seen.events.len(),
            unsettled: tasks.any(|task| task.desired_status == "STOPPED" && task.last_status != "STOPPED"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cadence, DetailedLook};
    use crate::{Moment, ServiceEventView, ServiceView, TaskView};

    #[test]
    fn the_health_check_asks_less_and_less_often_and_a_last_time_at_the_limit() {
        let cadence = Cadence::default();
        let (mut passed, mut pauses) = (0.0, Vec::new());
        for attempts in 1..=20 {
            let Some(pause) = cadence.health_pause(attempts, passed) else { break };
            pauses.push(pause);
            passed += pause;
        }
        assert_eq!(pauses, [2.0, 4.0, 8.0, 16.0, 16.0, 14.0]);
        // A request that hangs takes its time from the same minute.
        assert_eq!(cadence.health_pause(2, 59.0), Some(1.0));
        assert_eq!(cadence.health_pause(2, 75.0), None);
    }

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
        let start = Moment::default();
        let due = |before: &ServiceView, now: &ServiceView, secs: f64, complete: bool| {
            let before = DetailedLook::new(start, before);
            cadence.details_due(Some(&before), now, start.plus_secs(secs), complete)
        };
        assert!(cadence.details_due(None, &quiet, start, false));
        assert!(!due(&quiet, &quiet, 50.0, false));
        assert!(due(&quiet, &quiet, 60.0, false));
        assert!(due(&quiet, &changed, 20.0, false));
        assert!(!due(&quiet, &changed, 10.0, false));
        assert!(due(&stopping, &quiet, 20.0, false));
        assert!(!due(&stopped, &quiet, 20.0, false));
        assert!(due(&quiet, &quiet, 20.0, true));
        assert!(!due(&quiet, &quiet, 10.0, true));
    }
}
