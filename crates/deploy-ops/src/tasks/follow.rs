//! One task, followed to its end: which comes by itself, or at its limit.

use std::time::Duration;

use aws_sdk_ecs::types::Task;
use rollout_verdict::{Cadence, Moment};

use super::{
    FinishedTask, STOP_LIMIT_SECS, TaskError, TaskOutcome, TaskRequest, Whose, another, known_rival, limit,
    outcome,
};
use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::clock::Clock;
use crate::interrupt::Interrupt;
use crate::logs::LogTail;
use crate::report::Report;

/// Follows the task. Nothing is made of a look that nobody answers but another look.
pub(super) async fn follow(
    aws: &Aws,
    clock: &dyn Clock,
    report: &Report,
    interrupt: &Interrupt,
    request: &TaskRequest,
    arn: String,
    whose: Whose,
) -> Result<FinishedTask, TaskError> {
    let _asking = aws.patience.ask_again();
    let mut log = LogTail::new(&request.log_group, &request.container, &arn);
    let mut status = String::new();
    // Until it was seen, as if it were made now.
    let mut until = clock.now().plus_secs(f64::from(request.timeout_secs));
    // Set when the task was asked to stop, with what its end will mean.
    let mut stopped: Option<(TaskOutcome, Moment)> = None;
    report.line(format!("{}: task {}", request.name, arn.rsplit('/').next().unwrap_or(&arn)));
    // Every way out is below: the task ends, or it is stopped at its limit and has this long to end.
    loop {
        let task = match describe(aws, request, &arn).await {
            Ok(task) => Some(task),
            // Nobody knows how it stands: it is neither well nor failed.
            Err(TaskError::Call(error))
                if error.is_transient() && clock.now() < until.plus_secs(STOP_LIMIT_SECS) =>
            {
                report.line(format!("{}: not known at present ({error}): looking again", request.name));
                None
            }
            Err(error) => return Err(error),
        };
        if let Some(task) = &task {
            until = limit(task, request.timeout_secs);
            let now_status = task.last_status().unwrap_or_default();
            if now_status != status {
                now_status.clone_into(&mut status);
                report.line(format!("{}: {}", request.name, status.to_lowercase()));
            }
            // Before its program runs a task can still give way to one that was started at the same moment.
            if matches!(status.as_str(), "PROVISIONING" | "PENDING" | "ACTIVATING")
                && whose == Whose::Ours
                && stopped.is_none()
                && let Some(first) = known_rival(aws, request, task).await?
            {
                stop(aws, request, &arn, "another one was started first").await?;
                return Err(another(request, first));
            }
            if matches!(
                status.as_str(),
                "RUNNING" | "DEACTIVATING" | "STOPPING" | "DEPROVISIONING" | "STOPPED"
            ) {
                log.print_new(aws, report).await;
            }
            if status == "STOPPED" {
                let outcome =
                    stopped.map_or_else(|| outcome(task, &request.container), |(outcome, _)| outcome);
                return Ok(FinishedTask::new(arn, outcome, task));
            }
        }
        let now = clock.now();
        let why = if let Some((outcome, since)) = &stopped {
            if now.secs_since(*since) > STOP_LIMIT_SECS
                && let Some(task) = &task
            {
                return Ok(FinishedTask::new(arn, outcome.clone(), task));
            }
            None
        } else if interrupt.requested() && whose == Whose::Another {
            return Err(TaskError::GoesOn { task: request.name.clone(), arn, stop: request.stop.clone() });
        } else if interrupt.requested() {
            Some((TaskOutcome::Interrupted, "interrupted by the user"))
        } else if now > until {
            Some((TaskOutcome::TimedOut, "timed out"))
        } else {
            None
        };
        if let Some((outcome, reason)) = why {
            report.line(format!("{}: stopping it ({reason})", request.name));
            match stop(aws, request, &arn, reason).await {
                Ok(()) => stopped = Some((outcome, now)),
                // Tried again at the next look.
                Err(error) if error.is_transient() && !interrupt.requested() => {}
                Err(error) => return Err(error.into()),
            }
        }
        clock.sleep(Duration::from_secs(u64::from(Cadence::default().task_poll_secs))).await;
    }
}

async fn describe(aws: &Aws, request: &TaskRequest, arn: &str) -> Result<Task, TaskError> {
    let call = aws.ecs.describe_tasks().cluster(&request.cluster).tasks(arn);
    let answer = call.send().await.called("ecs:DescribeTasks")?;
    answer.tasks.unwrap_or_default().into_iter().next().ok_or_else(|| TaskError::Gone { arn: arn.to_owned() })
}

async fn stop(aws: &Aws, request: &TaskRequest, arn: &str, reason: &str) -> Result<(), CallError> {
    let call = aws.ecs.stop_task().cluster(&request.cluster).task(arn).reason(reason);
    call.send().await.called("ecs:StopTask")?;
    Ok(())
}
