//! The services of an environment, stopped and started as a whole: the numbers are those of the stack, which is left alone.

use std::time::Duration;

use deploy_ops::alignment::{self, ServiceRecord};
use deploy_ops::call::Called as _;
use deploy_ops::failure::Failure;
use deploy_ops::operation;
use deploy_ops::session::EnvironmentSession;

use super::wait::unfinished;

/// Longest wait until all tasks of all services have stopped or started, in seconds: a drain and a start, several times.
const LIMIT_SECS: f64 = 3600.0;
const POLL: Duration = Duration::from_secs(15);

/// The services that the stack has on record. A stack that is being changed is refused.
pub(super) async fn records(session: &EnvironmentSession) -> Result<Vec<ServiceRecord>, Failure> {
    let (stack, name) = (session.environment.stack_name.as_str(), session.environment.name.as_str());
    let Some((view, template)) = operation::at_rest(session, stack, name).await? else {
        return Err(Failure::nothing_deployed(session, stack, name));
    };
    alignment::read(session, &view, &template).await
}

/// Whether every service has the number of tasks that the stack says.
pub(super) fn started(records: &[ServiceRecord]) -> bool {
    records.iter().all(|record| {
        let seen = record.seen.as_ref();
        seen.is_some_and(|seen| record.desired_count.is_none_or(|count| count == seen.desired_count))
    })
}

/// Sets the number of tasks of each service, `None` for what the stack says, and waits until so many run.
pub(super) async fn set(
    session: &EnvironmentSession,
    records: &[ServiceRecord],
    count: Option<u32>,
    again: &str,
) -> Result<(), Failure> {
    let (ecs, clock, cluster) = (&session.target.aws.ecs, &session.target.clock, session.names().cluster());
    let wanted: Vec<(&str, u32)> = records
        .iter()
        .filter_map(|record| Some((record.name.as_str(), count.or(record.desired_count)?)))
        .collect();
    for (name, count) in &wanted {
        let number = i32::try_from(*count).unwrap_or(i32::MAX);
        let call = ecs.update_service().cluster(&cluster).service(*name).desired_count(number);
        call.send().await.called("ecs:UpdateService")?;
    }
    let began = clock.now();
    loop {
        let seen = session.services_before().await?;
        let reached = wanted.iter().all(|(name, count)| {
            seen.iter().any(|seen| seen.view.name.as_str() == *name && seen.running_count == *count)
        });
        if reached {
            return Ok(());
        }
        if session.interrupt.requested() {
            return Err(Failure::Interrupted { hint: format!("`{again}` goes on") });
        }
        if clock.now().secs_since(began) > LIMIT_SECS {
            return Err(unfinished(
                "the services do not reach their number of tasks",
                vec!["the database instances have their names".to_owned()],
                again,
            ));
        }
        clock.sleep(POLL).await;
    }
}
