//! From stopped tasks, targets and events to kinds of causes. The texts of starts that fail are in [`messages`].

use crate::{Cause, CauseKind, TaskView, messages};

/// What one text or one dead task says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    pub kind: CauseKind,
    /// The decisive text.
    pub detail: String,
    /// Failures with equal kind and signature are the same failure again.
    pub signature: String,
}

impl Reading {
    fn new(kind: CauseKind, detail: &str) -> Self {
        Self { kind, detail: detail.to_owned(), signature: String::new() }
    }
}

/// Why a stopped task stopped; `None` where it was stopped on purpose.
pub(crate) fn stopped_task(task: &TaskView) -> Option<Reading> {
    let reason = task.stopped_reason.as_deref().unwrap_or_default();
    let deliberate = matches!(
        task.stop_code.as_deref(),
        Some("UserInitiated" | "SpotInterruption" | "TerminationNotice" | "ServiceSchedulerInitiated")
    );
    if !deliberate || reason.contains("health checks") {
        let texts = || {
            let containers = task.containers.iter().filter_map(|container| container.reason.as_deref());
            containers.chain((!reason.is_empty()).then_some(reason))
        };
        return texts().find_map(start_failure).or_else(|| ended(task, reason));
    }
    None
}

/// Why a stopped task stopped, where it was not stopped on purpose: for a task that belongs to no service, or to
/// none that is rolled out.
#[must_use]
pub fn stopped_task_cause(task: &TaskView) -> Option<Cause> {
    let reading = stopped_task(task)?;
    Some(Cause { kind: reading.kind, service: None, detail: reading.detail, evidence: Vec::new() })
}

/// Why a task could not be started, from a reason of the task, of a container or of a service event.
pub(crate) fn start_failure(text: &str) -> Option<Reading> {
    messages::kind_of(text).map(|kind| Reading::new(kind, text))
}

/// A task that had started: failed checks, or a program that ended.
fn ended(task: &TaskView, reason: &str) -> Option<Reading> {
    if task.log_tail.iter().any(|line| line.to_ascii_lowercase().contains("exec format error")) {
        return Some(Reading::new(CauseKind::WrongArchitecture, "exec format error"));
    }
    if reason.contains("container health checks") {
        return Some(Reading::new(CauseKind::ContainerHealth, reason));
    }
    if reason.contains("ELB health checks") {
        return Some(Reading::new(CauseKind::TargetHealth, reason));
    }
    if task.stop_code.as_deref() == Some("TaskFailedToStart") {
        return Some(Reading::new(CauseKind::StartFailed, reason));
    }
    let dead = task.containers.iter().find(|container| container.exit_code.is_some());
    let (name, code) = match dead {
        Some(container) => (container.name.as_str(), container.exit_code),
        None if task.stop_code.as_deref() == Some("EssentialContainerExited") => ("", None),
        None => return None,
    };
    let detail = match code {
        Some(137) => "exit code 137 (killed: SIGKILL)".to_owned(),
        Some(code) => format!("exit code {code}"),
        None => reason.to_owned(),
    };
    Some(Reading { kind: CauseKind::Crash, detail, signature: format!("{name} {code:?}") })
}

/// Health-check failure of a target, from its description: the signature is the status code or reason.
pub(crate) fn target_failure(reason: Option<&str>, description: Option<&str>) -> Reading {
    let detail = description.or(reason).unwrap_or("unhealthy");
    let signature = status_codes(detail).or(reason).unwrap_or(detail).to_owned();
    Reading { kind: CauseKind::TargetHealth, detail: detail.to_owned(), signature }
}

/// `404` of `Health checks failed with these codes: [404]`.
fn status_codes(description: &str) -> Option<&str> {
    let (_, rest) = description.split_once("codes: [")?;
    rest.split_once(']').map(|(codes, _)| codes)
}

/// Whether a target answered, but with a client error: the program listens and does not know the path, which
/// more time does not change.
pub(crate) fn is_client_error(signature: &str) -> bool {
    signature.len() == 3 && signature.starts_with('4')
}

/// The task id and the reason of a service event `(service X) (task T) (port P) is unhealthy in
/// (target-group ARN) due to (reason …)`.
pub(crate) fn unhealthy_event(message: &str) -> Option<(&str, &str)> {
    let (before, after) = message.split_once(" is unhealthy in ")?;
    let (_, task) = before.split_once("(task ")?;
    let (task, _) = task.split_once(')')?;
    let reason = after.split_once("due to (reason ").map_or(after, |(_, reason)| reason);
    Some((task, reason.trim_end_matches(['.', ')'])))
}
