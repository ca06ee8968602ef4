//! What the events of a stack operation say.

use crate::{Moment, Observations, StackEventView};

/// Phase of a stack operation; later phases are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Forward,
    ForwardCleanup,
    Back,
    BackCleanup,
    Complete,
    RolledBack,
    Failed,
    RollbackFailed,
}

impl Phase {
    /// From a stack status (CFN:using-cfn-describing-stacks).
    fn of(status: &str) -> Option<Self> {
        Some(match status {
            "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS" | "IMPORT_IN_PROGRESS" => Self::Forward,
            "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS" => Self::ForwardCleanup,
            "ROLLBACK_IN_PROGRESS" | "UPDATE_ROLLBACK_IN_PROGRESS" | "DELETE_IN_PROGRESS" => Self::Back,
            "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS" => Self::BackCleanup,
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" | "IMPORT_COMPLETE" => Self::Complete,
            "ROLLBACK_COMPLETE" | "UPDATE_ROLLBACK_COMPLETE" => Self::RolledBack,
            "CREATE_FAILED" | "UPDATE_FAILED" | "DELETE_COMPLETE" | "DELETE_FAILED" => Self::Failed,
            "ROLLBACK_FAILED" | "UPDATE_ROLLBACK_FAILED" => Self::RollbackFailed,
            _ => return None,
        })
    }
}

/// The stack operation, as its events tell it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StackProgress<'a> {
    /// Where it is; `None` before the first event of the stack itself.
    pub phase: Option<Phase>,
    /// The event with which it began to go back.
    pub went_back: Option<&'a StackEventView>,
    /// The event that ended the going back without success.
    pub rollback_failed: Option<&'a StackEventView>,
}

impl<'a> StackProgress<'a> {
    pub(crate) fn of(observations: &'a Observations) -> Self {
        let mut progress = Self::default();
        let mut latest: Option<(Moment, Phase)> = None;
        for event in observations.stack_events.values() {
            if !event.is_of_stack() {
                continue;
            }
            let Some(phase) = Phase::of(&event.status) else { continue };
            latest = latest.max(Some((event.at, phase)));
            match phase {
                Phase::Back if progress.went_back.is_none_or(|seen| event.at < seen.at) => {
                    progress.went_back = Some(event);
                }
                Phase::RollbackFailed if progress.rollback_failed.is_none_or(|seen| event.at > seen.at) => {
                    progress.rollback_failed = Some(event);
                }
                _ => {}
            }
        }
        progress.phase = latest.map(|(_, phase)| phase);
        progress
    }

    /// Whether an event belongs to the way forward. Deletions do not: an update deletes after it has succeeded, and
    /// a rollback what was created, in its very first moment.
    pub(crate) fn is_forward(&self, event: &StackEventView) -> bool {
        let deletion = event.status.starts_with("DELETE_");
        !deletion && self.went_back.is_none_or(|back| event.at <= back.at && event.id != back.id)
    }

    /// Whether the operation has ended.
    pub(crate) fn ended(&self) -> bool {
        self.phase.is_some_and(|phase| phase >= Phase::Complete)
    }
}

/// Failures of resources other than those that were only cancelled because another failed.
pub(crate) fn failed_resources(observations: &Observations) -> impl Iterator<Item = &StackEventView> {
    observations.stack_events.values().filter(|event| {
        !event.is_of_stack()
            && event.status.ends_with("_FAILED")
            && !event.reason.as_deref().is_some_and(|reason| {
                reason.contains("Resource update cancelled") || reason.contains("Resource creation cancelled")
            })
    })
}
