//! What tasks wrote: the last lines, or all of it as it grows.

use aws_sdk_cloudwatchlogs::types::OutputLogEvent;

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::redact::Redactor;
use crate::report::Report;

/// Lines that tell how a program ended; more would bury the cause.
const TAIL_LINES: i32 = 20;

/// Log stream of a container of a task. The awslogs driver names it `PREFIX/CONTAINER/TASK-ID`; the
/// templates use the container's name as the prefix.
#[must_use]
pub fn stream(container: &str, task_id: &str) -> String {
    format!("{container}/{container}/{task_id}")
}

/// A line as its program wrote it, without what looks like a secret: from here it goes into causes, records and summaries.
fn text(event: &OutputLogEvent) -> String {
    Redactor::default().text(event.message().unwrap_or_default().trim_end()).into_owned()
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
        Ok(answer) => Ok(answer.events().iter().map(text).collect()),
        // The stream appears with the first line.
        Err(error) if error.is("ResourceNotFoundException") => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// The log of one task, printed as it grows.
pub struct LogTail<'a> {
    log_group: &'a str,
    stream: String,
    next_token: Option<String>,
    /// Whether it was said that the log cannot be read.
    unread: bool,
}

impl<'a> LogTail<'a> {
    /// Of a container of the task `arn`.
    #[must_use]
    pub fn new(log_group: &'a str, container: &str, arn: &str) -> Self {
        let id = arn.rsplit('/').next().unwrap_or(arn);
        Self { log_group, stream: stream(container, id), next_token: None, unread: false }
    }

    /// Prints what was not printed yet. A log only informs: that it cannot be read is said once, and ends nothing.
    pub async fn print_new(&mut self, aws: &Aws, report: &Report) {
        if let Err(error) = self.read(aws, report).await
            && !std::mem::replace(&mut self.unread, true)
        {
            report.warn(format!("the log cannot be read: {error}"));
        }
    }

    async fn read(&mut self, aws: &Aws, report: &Report) -> Result<(), CallError> {
        // GetLogEvents is at its end when it gives the token back that it was given.
        for _ in 0..100 {
            let call = aws
                .logs
                .get_log_events()
                .log_group_name(self.log_group)
                .log_stream_name(&self.stream)
                .start_from_head(true)
                .set_next_token(self.next_token.clone());
            let answer = match call.send().await.called("logs:GetLogEvents") {
                Ok(answer) => answer,
                // The stream appears with the first line.
                Err(error) if error.is("ResourceNotFoundException") => return Ok(()),
                Err(error) if error.is_transient() => return Ok(()),
                Err(error) => return Err(error),
            };
            report.program(&answer.events().iter().map(text).collect::<Vec<_>>());
            let next = answer.next_forward_token;
            if next.is_none() || next == self.next_token {
                return Ok(());
            }
            self.next_token = next;
        }
        Ok(())
    }
}
