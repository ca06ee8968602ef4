//! The atomic step that a deployment and a rollback share: every service to one release, in one update of the
//! stack, watched to its verdict.

use crate::adopt;
use crate::clock::Moment;
use crate::failure::Failure;
use crate::operation::{self, Conclusion, Job};
use crate::plan::Plan;
use crate::rollout;
use crate::session::EnvironmentSession;
use crate::stack::StackRequest;
use crate::template::Template;

/// Everything on the release that the job's request names, in one update; `None` where nothing was to be done.
pub(crate) async fn roll(
    session: &EnvironmentSession,
    job: &Job<'_>,
    template: &Template,
) -> Result<Option<Conclusion>, Failure> {
    session.report.step(if job.takes_back { "Back to the release before" } else { "Services" });
    let before = session.services_before().await?;
    let rollout = |plan: &Plan, started_at: Moment| {
        let rolling = adopt::rolling(plan, template, |name| job.request.new_value(name), &before);
        rollout::of_services(&session.config, &session.environment, template, &before, started_at, |id| {
            rolling.contains(id)
        })
    };
    operation::change(session, job, rollout).await
}

/// An update of the environment's stack, as a [`Job`].
pub(crate) fn job<'a>(
    session: &'a EnvironmentSession,
    request: StackRequest,
    existing: bool,
    allow_replace: &'a [String],
    leave_running: bool,
) -> Job<'a> {
    Job {
        request,
        existing,
        allow_replace,
        leave_running,
        takes_back: false,
        subject: session.environment.name.as_str(),
        cluster: session.names().cluster(),
        log_groups: session.log_groups(),
    }
}
