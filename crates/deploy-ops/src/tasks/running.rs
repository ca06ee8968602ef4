//! One-off tasks that run, with the moment by which each has to have ended.

use aws_sdk_ecs::types::{DesiredStatus, Task};

use super::{TaskRequest, of_family};
use crate::call::CallError;
use crate::clock::{Moment, rfc3339};
use crate::observe;
use crate::session::EnvironmentSession;

/// A one-off task that runs.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RunningTask {
    /// Name in the configuration, such as `migrate`.
    pub name: String,
    /// ARN.
    pub arn: String,
    /// `lastStatus`, such as `RUNNING`.
    pub status: String,
    /// When ECS made it, RFC 3339 in UTC.
    pub began: String,
    /// When whoever comes by stops it, RFC 3339 in UTC.
    pub until: String,
    /// Whether that moment has passed.
    pub overdue: bool,
}

impl std::fmt::Display for RunningTask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.arn.rsplit('/').next().unwrap_or(&self.arn);
        let limit = if self.overdue { "should have ended" } else { "has to end" };
        write!(
            f,
            "the one-off task {} runs ({id}, since {}); it {limit} by {}",
            self.name, self.began, self.until
        )
    }
}

/// The one-off tasks of an environment that run, in the order of the configuration.
pub async fn running_in(session: &EnvironmentSession) -> Result<Vec<RunningTask>, CallError> {
    let (aws, now, names) = (&session.target.aws, session.target.clock.now(), session.names());
    let mut running = Vec::new();
    for (name, task) in &session.config.platform.tasks {
        let found =
            match of_family(aws, &names.cluster(), &names.task_family(name), &[DesiredStatus::Running]).await
            {
                Ok(found) => found,
                Err(error) if error.is("ClusterNotFoundException") => return Ok(running),
                Err(error) => return Err(error),
            };
        for task_found in found.iter().filter(|task| task.last_status() != Some("STOPPED")) {
            let until = limit(task_found, task.timeout_secs);
            running.push(RunningTask {
                name: name.to_string(),
                arn: task_found.task_arn().unwrap_or_default().to_owned(),
                status: task_found.last_status().unwrap_or_default().to_owned(),
                began: rfc3339(observe::moment(task_found.created_at())),
                until: rfc3339(until),
                overdue: until < now,
            });
        }
    }
    Ok(running)
}

/// `startedBy` of the tasks that this tool runs: `deploy-ops/NAME/SECONDS`. The limit is with the task, so that it holds
/// when the tool that set it is gone. ECS allows letters, digits, `-`, `_` and `/`, 128 at most (bc:ecs/RunTaskRequest).
pub(super) fn started_by(request: &TaskRequest) -> String {
    format!("deploy-ops/{}/{}", request.name, request.timeout_secs)
}

/// When a task has to end: what it was started with, otherwise `usual_secs` after it was made.
pub(super) fn limit(task: &Task, usual_secs: u32) -> Moment {
    let own = task.started_by().and_then(|by| by.strip_prefix("deploy-ops/")?.rsplit_once('/'));
    let secs = own.and_then(|(_, secs)| secs.parse().ok()).unwrap_or(usual_secs);
    observe::moment(task.created_at()).plus_secs(f64::from(secs))
}
