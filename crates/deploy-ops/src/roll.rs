//! The atomic step that a deployment and a rollback share: every service to one release, in one update of the
//! stack, watched to its verdict.

use std::collections::BTreeSet;

use crate::clock::Moment;
use crate::failure::Failure;
use crate::observe::{self, SeenService};
use crate::operation::{self, Conclusion, Job};
use crate::plan::Plan;
use crate::rollout;
use crate::session::EnvironmentSession;
use crate::stack::StackRequest;
use crate::template::Template;

/// Everything on the release that `request` names, in one update; `None` where nothing was to be done.
pub(crate) async fn roll(
    session: &EnvironmentSession,
    job: &Job<'_>,
    template: &Template,
) -> Result<Option<Conclusion>, Failure> {
    session.report.step("Services");
    let before = services_before(session).await?;
    let rollout = |plan: &Plan, started_at: Moment| {
        let rolling: BTreeSet<&str> =
            plan.rolling_services().map(|change| change.logical_id.as_str()).collect();
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
        subject: session.environment.name.as_str(),
        cluster: session.names().cluster(),
        log_groups: session.log_groups(),
    }
}

/// The services as they are, with their alarms: one that fires already is ignored by ECS for the whole
/// deployment (ECS:deployment-alarm-failure).
pub(crate) async fn services_before(session: &EnvironmentSession) -> Result<Vec<SeenService>, Failure> {
    let aws = &session.target.aws;
    let cluster = session.names().cluster();
    let names = session.service_names();
    let mut before = observe::services(aws, &cluster, &names, session.target.clock.now()).await?;
    let alarm_names: Vec<String> = before.iter().flat_map(|service| service.alarms.clone()).collect();
    let alarms = observe::alarms(aws, &alarm_names).await?;
    for service in &mut before {
        service.view.alarms = alarms.iter().filter(|it| service.alarms.contains(&it.name)).cloned().collect();
        for alarm in service.view.alarms.iter().filter(|alarm| alarm.state == "ALARM") {
            session.report.warn(format!(
                "alarm {} fires already: ECS will ignore it during this deployment",
                alarm.name
            ));
        }
    }
    Ok(before)
}
