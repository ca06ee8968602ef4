//! The last lines that a task wrote.

use crate::aws::Aws;
use crate::call::{CallError, Called};

/// Lines that tell how a program ended; more would bury the cause.
const TAIL_LINES: i32 = 20;

/// Log stream of a container of a task. The awslogs driver names it `PREFIX/CONTAINER/TASK-ID`; the
/// templates use the container's name as the prefix.
#[must_use]
pub fn stream(container: &str, task_id: &str) -> String {
    format!("{container}/{container}/{task_id}")
}

/// The last lines of a task's container, oldest first; nothing where it wrote nothing.
pub async fn tail(
    aws: &Aws,
    log_group: &str,
    container: &str,
    task_id: &str,
) -> Result<Vec<String>, CallError> {
    let call = aws
        .logs
        .get_log_events()
        .log_group_name(log_group)
        .log_stream_name(stream(container, task_id))
        .limit(TAIL_LINES);
    match call.send().await.called("logs:GetLogEvents") {
        Ok(answer) => Ok(answer
            .events()
            .iter()
            .map(|event| event.message().unwrap_or_default().trim_end().to_owned())
            .collect()),
        // The stream appears with the first line.
        Err(error) if error.is("ResourceNotFoundException") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
