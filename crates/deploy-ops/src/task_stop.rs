//! A one-off task that nobody needs any longer, stopped: where the run that started it is gone, it would hold up the next
//! deployment to its limit.

use std::time::Duration;

use ops_cli::Exit;
use rollout_verdict::Cadence;
use serde::Serialize;

use crate::call::Called as _;
use crate::failure::Failure;
use crate::session::EnvironmentSession;
use crate::task_run;
use crate::tasks::{self, RunningTask, STOP_LIMIT_SECS};

/// What `task stop --json` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stopped {
    /// Environment name.
    pub environment: String,
    /// Task name.
    pub task: String,
    /// The tasks that were stopped, as they were before.
    pub stopped: Vec<RunningTask>,
    /// Those that had not ended when nobody waited any longer.
    pub still_stopping: Vec<String>,
    /// The exit code of the command.
    pub exit_code: u8,
    /// What to do next, where they have not ended.
    pub next: Option<String>,
}

/// Stops every running task of this name, and waits until they have ended.
pub async fn stop(session: &EnvironmentSession, task: &str) -> Result<Stopped, Failure> {
    let (name, _) = task_run::find(session, task)?;
    let mut running = tasks::running_in(session).await?;
    running.retain(|it| it.name == name.as_str());
    let (aws, clock) = (&session.target.aws, &*session.target.clock);
    for task in &running {
        session.report.line(format!("stopping {task}"));
        let reason = format!("stopped by {} from {}", session.origin.who, session.origin.place);
        let call = aws.ecs.stop_task().cluster(session.names().cluster()).task(&task.arn).reason(reason);
        call.send().await.called("ecs:StopTask")?;
    }
    let started = clock.now();
    let mut still: Vec<RunningTask> = running.clone();
    while !still.is_empty() {
        let now = tasks::running_in(session).await?;
        still.retain(|task| now.iter().any(|it| it.arn == task.arn));
        let late = clock.now().secs_since(started) > STOP_LIMIT_SECS;
        if late || session.interrupt.requested() {
            break;
        }
        if !still.is_empty() {
            clock.sleep(Duration::from_secs(u64::from(Cadence::default().task_poll_secs))).await;
        }
    }
    let ended = still.is_empty();
    let again = format!("task stop {name} --env {}", session.environment.name);
    Ok(Stopped {
        environment: session.environment.name.to_string(),
        task: name.to_string(),
        stopped: running,
        still_stopping: still.into_iter().map(|task| task.arn).collect(),
        exit_code: if ended { Exit::Done } else { Exit::NeedsHuman }.code(),
        next: (!ended).then(|| session.command(&again)),
    })
}

impl Stopped {
    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        if self.stopped.is_empty() {
            return vec![format!("{}: no {} task runs", self.environment, self.task)];
        }
        let mut lines: Vec<String> = self
            .stopped
            .iter()
            .map(|task| match self.still_stopping.contains(&task.arn) {
                true => format!("{}: {} was told to stop and has not ended yet", self.environment, task.arn),
                false => format!("{}: {} is stopped", self.environment, task.arn),
            })
            .collect();
        lines.extend(self.next.as_ref().map(|next| format!("  next     {next}")));
        lines
    }
}
