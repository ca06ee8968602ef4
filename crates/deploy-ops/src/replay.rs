//! Judges the record of a deployment again, with the rules of today.

use std::fmt;

use ops_cli::{DeployResult, Verdict};
use rollout_verdict::{Assessment, Record, State};
use serde::Serialize;

use crate::ending::STACK_UNUSABLE;
use crate::operation;
use crate::record::{DeploymentRecord, ObservedOperation, Outcome};
use crate::recover::{self, Recovered};
use crate::report::duration;
use crate::watch::Ended;

/// A record, judged again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replay {
    /// Environment.
    pub environment: String,
    /// Release that it was about, where it was known.
    pub release: Option<String>,
    /// The verdict of the whole command, as recorded.
    pub recorded: Option<Verdict>,
    /// Whether the rules of today agree with everything recorded.
    pub agrees: bool,
    /// What does not agree, one line each.
    pub disagreements: Vec<String>,
    /// The changes of stacks, in order.
    pub operations: Vec<ReplayedOperation>,
}

/// A change of a stack, judged again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ReplayedOperation {
    /// Name of the stack.
    pub stack: String,
    /// Name of the change set.
    pub change_set: String,
    /// Whether it takes the operation before it back.
    pub takes_back: bool,
    /// The verdict, as recorded.
    pub recorded: Option<Verdict>,
    /// The verdict by the rules of today; nothing where the record ends before there is one.
    pub replayed: Option<Verdict>,
    /// When the verdict changed, and to what.
    pub timeline: Vec<Turn>,
}

/// A change of the state within an operation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Turn {
    /// Seconds since the start of the operation.
    pub at_secs: f64,
    /// The state, in words.
    pub text: String,
}

/// Judges a record again.
#[must_use]
pub fn replay(record: &DeploymentRecord) -> Replay {
    let operations: Vec<ReplayedOperation> = record.operations.iter().map(replay_operation).collect();
    let recorded = record.result.as_ref().map(Outcome::verdict);
    let mut disagreements: Vec<String> = operations
        .iter()
        .filter(|operation| operation.recorded != operation.replayed)
        .map(|operation| {
            format!(
                "{}: recorded as {}, judged as {}",
                operation.change_set,
                words(operation.recorded),
                words(operation.replayed)
            )
        })
        .collect();
    disagreements.extend(record.result.as_ref().and_then(|result| match result {
        Outcome::Release(result) => whole(record, result, &operations),
        Outcome::Recovery(recovered) => recovery(recovered),
    }));
    Replay {
        environment: record.environment.clone(),
        release: record.result.as_ref().and_then(Outcome::release).map(str::to_owned),
        recorded,
        agrees: disagreements.is_empty(),
        disagreements,
        operations,
    }
}

/// The command's own verdict must be that of its operations: the first that failed decides, together with the one that took
/// it back, where one did; where none failed, the command did not fail by one.
fn whole(
    record: &DeploymentRecord,
    result: &DeployResult,
    operations: &[ReplayedOperation],
) -> Option<String> {
    let (command, recorded) = (&record.command, result.verdict);
    let failed =
        |operation: &ReplayedOperation| operation.replayed.is_some_and(|it| it != Verdict::Succeeded);
    let decided = operations.iter().position(failed).map(|at| {
        let verdict = match operations.get(at + 1).filter(|next| next.takes_back) {
            Some(back) if back.replayed == Some(Verdict::Succeeded) => Some(Verdict::RolledBack),
            Some(_) => Some(Verdict::NeedsHuman),
            None => operations[at].replayed,
        };
        (&operations[at].change_set, verdict)
    });
    let said = format!("the {command} is recorded as {}", words(Some(recorded)));
    match decided {
        Some((change_set, verdict)) if verdict != Some(recorded) => {
            Some(format!("{said}, but {change_set} is judged as {}", words(verdict)))
        }
        None if decided_by_an_operation(recorded) && !unusable(result) => {
            Some(format!("{said}, but none of its operations failed"))
        }
        None if recorded == Verdict::Succeeded && operations.is_empty() && !went_back(record) => {
            Some(format!("{said}, but nothing was observed"))
        }
        _ => None,
    }
}

/// Whether a rollback stopped at a stack that nothing can update: no operation of its own failed.
fn unusable(result: &DeployResult) -> bool {
    result.cause.as_ref().is_some_and(|cause| cause.kind == STACK_UNUSABLE)
}

/// Whether CloudFormation was told to go back, which is all that a rollback to the release before has to do.
fn went_back(record: &DeploymentRecord) -> bool {
    ["CancelUpdateStack", "ContinueUpdateRollback", "RollbackStack"]
        .iter()
        .any(|operation| record.calls.contains_key(&format!("cloudformation:{operation}")))
}

/// A recovery is judged by its steps, and by the status that they led to.
fn recovery(recovered: &Recovered) -> Option<String> {
    let verdict = recover::verdict(&recovered.steps, recovered.status.as_deref());
    (verdict != recovered.verdict).then(|| {
        format!(
            "the recovery is recorded as {}, but {} after {} steps is judged as {}",
            words(Some(recovered.verdict)),
            recovered.status.as_deref().unwrap_or("a deleted stack"),
            recovered.steps.len(),
            words(Some(verdict))
        )
    })
}

/// Whether only the failure of a stack operation leads to this verdict.
const fn decided_by_an_operation(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::RolledBack
            | Verdict::Superseded
            | Verdict::Cancelled
            | Verdict::StillRunning
            | Verdict::NeedsHuman
    )
}

fn replay_operation(operation: &ObservedOperation) -> ReplayedOperation {
    let Record { rollout, snapshots } = &operation.record;
    let mut timeline: Vec<Turn> = Vec::new();
    let mut failure: Option<State> = None;
    let mut last: Option<Assessment> = None;
    let times = snapshots.iter().map(|snapshot| snapshot.at);
    for (at, assessment) in times.zip(rollout_verdict::replay(&operation.record)) {
        let text = describe(&assessment);
        if timeline.last().is_none_or(|turn| turn.text != text) {
            timeline.push(Turn { at_secs: at.secs_since(rollout.started_at), text });
        }
        let failed = matches!(assessment.state, State::Failed { .. } | State::DeadlinePassed { .. });
        if failed && failure.is_none() {
            failure = Some(assessment.state.clone());
        }
        let finished = assessment.finished;
        last = Some(assessment);
        if finished {
            break;
        }
    }
    ReplayedOperation {
        stack: operation.stack.clone(),
        change_set: operation.change_set.clone(),
        takes_back: operation.takes_back,
        recorded: operation.verdict,
        replayed: last.and_then(|last| judge(operation.verdict, failure.as_ref(), &last)),
        timeline,
    }
}

/// A record that ends before the operation did was left at the deadline, given up, or interrupted. Which of them is
/// the tool's doing and not seen in the observations: the recorded one is taken where the state allows it.
fn judge(recorded: Option<Verdict>, failure: Option<&State>, last: &Assessment) -> Option<Verdict> {
    let state = failure.unwrap_or(&last.state);
    let late = matches!(last.state, State::DeadlinePassed { .. });
    let ended = match recorded {
        _ if last.finished => Ended::Finished,
        Some(Verdict::StillRunning) if late => Ended::LeftRunning,
        Some(Verdict::NeedsHuman) if last.elapsed_secs > f64::from(last.deadline.secs) => Ended::OutOfTime,
        _ => Ended::Interrupted,
    };
    operation::verdict(&ended, state, last.stack)
}

/// The state of an operation in a few words.
fn describe(assessment: &Assessment) -> String {
    let mut text = match &assessment.state {
        State::Progressing => "goes on".to_owned(),
        State::Succeeded => "succeeded".to_owned(),
        State::Failed { cause, certainty } => {
            format!("failed ({}): {cause}", format!("{certainty:?}").to_lowercase())
        }
        State::Superseded { service, task_definition } => {
            format!("superseded: {service} is to run {task_definition}")
        }
        State::Cancelled { by_caller: true } => "cancelled by the tool".to_owned(),
        State::Cancelled { by_caller: false } => "cancelled by somebody".to_owned(),
        State::DeadlinePassed { cause } => format!("deadline passed: {cause}"),
    };
    if let Some(outcome) = assessment.stack {
        text += &format!("; stack {}", words_of(&outcome));
    }
    text
}

/// The serialised name of a verdict or outcome, as words.
fn words_of(value: &impl Serialize) -> String {
    let value = serde_json::to_value(value).unwrap_or_default();
    value.as_str().unwrap_or_default().replace('_', " ")
}

fn words(verdict: Option<Verdict>) -> String {
    verdict.map_or_else(|| "without a verdict".to_owned(), |verdict| words_of(&verdict))
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.environment)?;
        if let Some(release) = &self.release {
            write!(f, ", release {release}")?;
        }
        writeln!(f, ": recorded as {}", words(self.recorded))?;
        for operation in &self.operations {
            writeln!(f, "  {} of {}", operation.change_set, operation.stack)?;
            for turn in &operation.timeline {
                writeln!(f, "  {:>7}  {}", duration(turn.at_secs), turn.text)?;
            }
            writeln!(f, "  {:>7}  {}", "=>", words(operation.replayed))?;
        }
        if self.agrees {
            write!(f, "the rules agree with the record")
        } else {
            write!(f, "the rules do not agree with the record:")?;
            self.disagreements.iter().try_for_each(|line| write!(f, "\n  {line}"))
        }
    }
}
