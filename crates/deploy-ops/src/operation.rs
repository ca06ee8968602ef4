//! One change of a stack, from its change set to its verdict.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use ops_cli::{Cause, Verdict};
use rollout_verdict::{Assessment, CauseKind, Moment, Record, Rollout, StackOutcome, State, Via};

use crate::call::CallError;
use crate::early_validation;
use crate::failure::Failure;
use crate::plan::Plan;
use crate::record::ObservedOperation;
use crate::report::duration;
use crate::session::Session;
use crate::stack::{self, Proposal, StackRequest, StackView, Standing};
use crate::stuck;
use crate::template::Template;
use crate::watch::{self, Ended, OnFailure, Operation, Watched};

/// Longest wait for an operation that somebody else started.
const SETTLE_LIMIT_SECS: f64 = 3.0 * 3600.0;
/// Seconds between two looks at it.
const SETTLE_POLL: Duration = Duration::from_secs(15);

/// A change of a stack.
pub struct Job<'a> {
    /// What it should become.
    pub request: StackRequest,
    /// Whether the stack exists.
    pub existing: bool,
    /// Stateful resources that may be replaced or removed.
    pub allow_replace: &'a [String],
    /// Whether to leave the update running at the deadline.
    pub leave_running: bool,
    /// Whether it takes the operation before it back.
    pub takes_back: bool,
    /// Whose stack it is: `shared`, or the name of the environment.
    pub subject: &'a str,
    /// Cluster of the services in the stack.
    pub cluster: String,
    /// Log group by service name.
    pub log_groups: BTreeMap<String, String>,
}

/// How a change ended.
#[derive(Debug, Clone)]
pub struct Conclusion {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, where it did not succeed.
    pub cause: Option<Cause>,
    /// From the first visible sign of failure to the verdict, in seconds.
    pub detected_secs: Option<f64>,
    /// Whether the stack is complete although the services do not do: going back is a further update.
    pub complete: bool,
    /// Whether the stack is stuck on its way back (`UPDATE_ROLLBACK_FAILED`).
    pub stuck: bool,
    /// When what happened, where it failed.
    pub times: Option<Times>,
    /// What was observed.
    pub record: Record,
}

/// The course of a failure, in seconds since the start of the operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Times {
    /// When it was called.
    pub noticed_secs: f64,
    /// When every service ran the old release alone again, with all its tasks.
    pub whole: Whole,
    /// When the operation was over.
    pub ended_secs: f64,
}

/// Whether the services were seen to run the old release alone again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Whole {
    /// After so many seconds.
    After(f64),
    /// Not while somebody looked.
    NotSeen,
    /// There is no old release.
    NothingBefore,
}

impl Whole {
    /// When a rollout's services were whole again, if they were.
    #[must_use]
    pub fn of(rollout: &Rollout, whole_at: Option<Moment>) -> Self {
        match whole_at {
            _ if rollout.services.iter().all(|it| it.old_task_definition.is_none()) => Self::NothingBefore,
            Some(at) => Self::After(at.secs_since(rollout.started_at)),
            None => Self::NotSeen,
        }
    }
}

impl Conclusion {
    /// Whether the stack is as it should be.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(self.verdict, Verdict::Succeeded | Verdict::NoChange)
    }

    /// Whether only a further update brings the services back.
    #[must_use]
    pub fn complete_without_success(&self) -> bool {
        self.complete && !self.succeeded()
    }
}

/// `deploy-roll-1767603600000-1a2b3c4d--ana--laptop`: readable in the history of the stack, and unique in it: a command
/// that was killed and is run again may do so at the same moment of virtual time. It becomes the token of the
/// operation, and tells in every event who started it, and from where.
#[must_use]
pub fn unique_name(session: &Session, what: &str) -> String {
    // The standard library has no other source of randomness, and this asks for no better one.
    let nonce = RandomState::new().build_hasher().finish() & 0xffff_ffff;
    session.origin.token(what, session.target.clock.now().as_millis(), nonce)
}

/// The stack with its template; nothing where there is none. One that is not at rest is refused: nothing is waited for here,
/// and nothing put right.
pub async fn at_rest(
    session: &Session,
    stack_name: &str,
    subject: &str,
) -> Result<Option<(StackView, Template)>, Failure> {
    let aws = &session.target.aws;
    let Some(view) = stack::describe(aws, stack_name).await? else { return Ok(None) };
    let status = view.status.as_str().to_owned();
    match view.standing() {
        Standing::Absent => Ok(None),
        Standing::Ready | Standing::CreateFailed => {
            let template = stack::live_template(aws, stack_name).await?;
            Ok(Some((view, template)))
        }
        Standing::Busy => Err(Failure::Guard {
            reason: format!(
                "stack {stack_name} is in {status}: what would change is known when that is over"
            ),
            hint: format!("follow it with `{}`", session.command(&format!("diagnose {subject}"))),
        }),
        Standing::RollbackStuck | Standing::CreateRolledBack | Standing::Deleting => {
            let (stack, hint) = (stack_name.to_owned(), session.command(&format!("recover {subject}")));
            Err(Failure::StackUnusable { stack, status, hint })
        }
    }
}

/// Waits until nobody changes the stack, puts a stuck rollback through, and answers the stack with its template;
/// nothing where there is none. A run of this tool that was killed is picked up here.
pub async fn settle(
    session: &Session,
    stack_name: &str,
    subject: &str,
) -> Result<Option<(StackView, Template)>, Failure> {
    let (aws, clock) = (&session.target.aws, &*session.target.clock);
    let started = clock.now();
    let mut said = String::new();
    let mut continued = false;
    loop {
        let Some(view) = stack::describe(aws, stack_name).await? else { return Ok(None) };
        let status = view.status.as_str().to_owned();
        match view.standing() {
            Standing::Absent => return Ok(None),
            Standing::Ready | Standing::CreateFailed => {
                let template = stack::live_template(aws, stack_name).await?;
                return Ok(Some((view, template)));
            }
            Standing::Busy => {}
            Standing::RollbackStuck if !continued => {
                session
                    .report
                    .line(format!("{stack_name} is in {status}: taking it back to its last stable state"));
                stuck::take_back(session, &view).await?;
                continued = true;
            }
            Standing::RollbackStuck | Standing::CreateRolledBack | Standing::Deleting => {
                return Err(Failure::StackUnusable {
                    stack: stack_name.to_owned(),
                    status,
                    hint: session.command(&format!("recover {subject}")),
                });
            }
        }
        if clock.now().secs_since(started) > SETTLE_LIMIT_SECS {
            let hint = session.command(&format!("diagnose {subject}"));
            return Err(Failure::StackUnusable { stack: stack_name.to_owned(), status, hint });
        }
        if session.interrupt.requested() {
            return Err(Failure::Interrupted { hint: "nothing was started".to_owned() });
        }
        if said != status {
            session.report.line(format!("{stack_name} is in {status}: waiting for it to end"));
            said = status;
        }
        clock.sleep(SETTLE_POLL).await;
    }
}

/// Proposes the change, shows and guards its plan, executes it and watches it to its end; `None` where nothing
/// was to be done. `rollout` says of the plan what to expect.
pub async fn change(
    session: &Session,
    job: &Job<'_>,
    rollout: impl FnOnce(&Plan, Moment) -> Rollout,
) -> Result<Option<Conclusion>, Failure> {
    let (aws, clock, report) = (&session.target.aws, &*session.target.clock, &session.report);
    let change_set =
        match stack::propose(aws, clock, &session.template_bucket(), &job.request, job.existing).await? {
            Proposal::Nothing => return Ok(None),
            Proposal::Changes(change_set) => change_set,
        };
    report.line(format!("plan: {}", change_set.plan.counts()));
    early_validation::show(report, &change_set);
    if let Err(refused) = change_set.plan.guard(job.allow_replace) {
        stack::discard(aws, &change_set.id).await?;
        return Err(refused.into());
    }
    let started_at = clock.now();
    let token = job.request.change_set.clone();
    stack::execute(aws, &change_set, &token).await?;
    let rollout = rollout(&change_set.plan, started_at);
    if rollout.services.iter().any(|service| service.rolls) {
        report.line(format!("given up after {}", duration(f64::from(rollout.deadline().secs))));
    }
    let operation = Operation {
        stack_id: change_set.stack_id,
        token,
        cluster: job.cluster.clone(),
        log_groups: job.log_groups.clone(),
    };
    let on_failure = if job.leave_running { OnFailure::LeaveRunning } else { OnFailure::Cancel };
    follow(session, job.subject, operation, rollout, on_failure, job.takes_back).await.map(Some)
}

/// Watches what was started to its verdict, and keeps what was seen for the record of the command. `takes_back` says of an
/// operation that it undoes the one before it.
pub(crate) async fn follow(
    session: &Session,
    subject: &str,
    operation: Operation,
    rollout: Rollout,
    on_failure: OnFailure,
    takes_back: bool,
) -> Result<Conclusion, Failure> {
    let (aws, clock, report) = (&session.target.aws, &*session.target.clock, &session.report);
    let watched = watch::watch(aws, clock, report, &session.interrupt, &operation, rollout, on_failure).await;
    session.recorder.observed(ObservedOperation {
        stack: stack_name(&operation.stack_id).to_owned(),
        change_set: operation.token,
        takes_back,
        verdict: verdict(&watched.ended, watched.decisive_state(), watched.assessment.stack),
        record: watched.record.clone(),
    });
    conclude(session, subject, watched)
}

/// `arn:aws:cloudformation:us-west-2:123456789012:stack/NAME/ID`
fn stack_name(arn: &str) -> &str {
    arn.split('/').nth(1).unwrap_or(arn)
}

/// What was watched, as an outcome.
fn conclude(session: &Session, subject: &str, watched: Watched) -> Result<Conclusion, Failure> {
    let state = watched.decisive_state();
    let Some(verdict) = verdict(&watched.ended, state, watched.assessment.stack) else {
        let diagnose = session.command(&format!("diagnose {subject}"));
        let goes_on = match watched.record.rollout.via {
            Via::Stack => "the update goes on, and CloudFormation puts everything back if it fails",
            Via::Ecs => "the services go on; the same command again takes them up, or back if one fails",
        };
        return Err(Failure::Interrupted { hint: format!("{goes_on}; follow it with `{diagnose}`") });
    };
    let cause = match &watched.ended {
        Ended::Finished | Ended::Interrupted => cause_of(state),
        Ended::Blind(error) => Some(cause_of(state).unwrap_or_else(|| blind(error))),
        Ended::LeftRunning | Ended::OutOfTime => {
            Some(cause_of(state).unwrap_or_else(|| unfinished(&watched.assessment)))
        }
    };
    let Watched { ended, assessment, failure, whole_at, record } = watched;
    let detected_secs = match (&failure, assessment.first_failure_at) {
        (Some((_, at)), Some(first)) => Some(at.secs_since(first)),
        _ => None,
    };
    let started_at = record.rollout.started_at;
    let times = failure.as_ref().map(|(_, noticed_at)| Times {
        noticed_secs: noticed_at.secs_since(started_at),
        whole: Whole::of(&record.rollout, whole_at),
        ended_secs: assessment.elapsed_secs,
    });
    // Where AWS fell silent nothing is known against the release: there is nothing to take back.
    let complete = assessment.stack == Some(StackOutcome::Complete) && !matches!(ended, Ended::Blind(_));
    let stuck = assessment.stack == Some(StackOutcome::RollbackFailed);
    Ok(Conclusion { verdict, cause, detected_secs, complete, stuck, times, record })
}

/// The verdict of what was watched: why watching ended, the state that decided, and how the stack operation ended;
/// nothing where the user interrupted.
#[must_use]
pub fn verdict(ended: &Ended, state: &State, stack: Option<StackOutcome>) -> Option<Verdict> {
    Some(match (ended, state) {
        (Ended::Interrupted, _) => return None,
        (Ended::LeftRunning, _) => Verdict::StillRunning,
        (Ended::Blind(_) | Ended::OutOfTime, _) => Verdict::NeedsHuman,
        (Ended::Finished, State::Succeeded) => Verdict::Succeeded,
        (Ended::Finished, State::Superseded { .. }) => Verdict::Superseded,
        (Ended::Finished, State::Cancelled { .. }) => Verdict::Cancelled,
        (Ended::Finished, State::Failed { .. } | State::DeadlinePassed { .. } | State::Progressing) => {
            match stack {
                Some(StackOutcome::RolledBack) => Verdict::RolledBack,
                _ => Verdict::NeedsHuman,
            }
        }
    })
}

fn cause_of(state: &State) -> Option<Cause> {
    match state {
        State::Failed { cause, .. } | State::DeadlinePassed { cause } => Some(Cause {
            kind: cause.kind.code().to_owned(),
            service: cause.service.as_ref().map(ToString::to_string),
            detail: cause.to_string(),
        }),
        State::Superseded { service, task_definition } => Some(Cause {
            kind: "superseded".to_owned(),
            service: Some(service.to_string()),
            detail: format!("{service}: a newer deployment brings {task_definition}"),
        }),
        State::Cancelled { .. } => Some(Cause {
            kind: "cancelled".to_owned(),
            service: None,
            detail: "somebody cancelled the update".to_owned(),
        }),
        State::Progressing | State::Succeeded => None,
    }
}

fn unfinished(assessment: &Assessment) -> Cause {
    Cause {
        kind: CauseKind::Deadline.code().to_owned(),
        service: None,
        detail: format!("the stack operation has not ended after {}", duration(assessment.elapsed_secs)),
    }
}

fn blind(error: &CallError) -> Cause {
    Cause {
        kind: error.kind_word().to_owned(),
        service: None,
        detail: format!("what became of it is not known, and it goes on by itself: {error}"),
    }
}
