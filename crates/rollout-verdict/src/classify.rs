//! From the texts of AWS to kinds of causes. The texts are those of ECS:stopped-task-error-codes,
//! ECS:task_cannot_pull_image and ECS:resource-initialization-error, and of the fact sheet's observations.

use crate::{Cause, CauseKind, TaskView};

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
    use CauseKind::{AccessDenied, CannotStart, LogGroupMissing, NoCapacity, OutOfMemory, Unreachable};
    let lower = text.to_ascii_lowercase();
    let has = |needles: &[&str]| needles.iter().any(|needle| lower.contains(needle));
    let denied = has(&[
        "accessdenied",
        "access denied",
        "not authorized",
        "403 forbidden",
        "unable to assume the role",
    ]);
    let unreachable = has(&[
        "i/o timeout",
        "connection issue",
        "context deadline exceeded",
        "timed out",
        "dial tcp",
        "context canceled",
    ]);
    let kind = if has(&["exec format error", "descriptor matching platform", "no matching manifest"]) {
        CauseKind::WrongArchitecture
    } else if lower.contains("cannotpull") {
        pull_failure(denied, unreachable, &has)
    } else if lower.contains("resourceinitializationerror") {
        initialisation_failure(denied, unreachable, &has)
    } else if denied {
        AccessDenied
    } else if has(&["log group does not exist"]) {
        LogGroupMissing
    } else if has(&["capacity is unavailable", "reached the limit on the number", "resource:"]) {
        NoCapacity
    } else if has(&["outofmemory", "oomkilled"]) {
        OutOfMemory
    } else if has(&[
        "cannotstartcontainer",
        "cannotcreatecontainer",
        "containerruntime",
        "cannotinspectcontainer",
    ]) {
        CannotStart
    } else if lower.contains("taskfailedtostart") && unreachable {
        Unreachable
    } else {
        return None;
    };
    Some(Reading::new(kind, text))
}

fn pull_failure(denied: bool, unreachable: bool, has: &dyn Fn(&[&str]) -> bool) -> CauseKind {
    if has(&["not found", "can't find", "cannot find", "can’t find", "manifest unknown", "does not exist"])
    {
        CauseKind::ImageMissing
    } else if denied {
        CauseKind::AccessDenied
    } else if unreachable {
        CauseKind::Unreachable
    } else {
        CauseKind::CannotStart
    }
}

fn initialisation_failure(denied: bool, unreachable: bool, has: &dyn Fn(&[&str]) -> bool) -> CauseKind {
    let secret = has(&["secret", "asm", "ssm", "parameter"]);
    if has(&["logger", "log group", "log stream"]) && has(&["does not exist", "resourcenotfound"]) {
        CauseKind::LogGroupMissing
    } else if denied {
        CauseKind::AccessDenied
    } else if secret
        && has(&[
            "resourcenotfound",
            "can't find",
            "can’t find",
            "did not contain json key",
            "invalid parameters",
        ])
    {
        CauseKind::SecretMissing
    } else if unreachable {
        CauseKind::Unreachable
    } else {
        CauseKind::CannotStart
    }
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
        return Some(Reading::new(CauseKind::CannotStart, reason));
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
