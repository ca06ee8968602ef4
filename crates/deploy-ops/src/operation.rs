//! One change of a stack, from its change set to its verdict.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use ops_cli::{Cause, Verdict};
use rollout_verdict::{Moment, Record, Rollout, StackOutcome, State};

use crate::call::{CallError, Called};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::record::ObservedOperation;
use crate::report::duration;
use crate::session::Session;
use crate::stack::{self, Proposal, StackRequest, StackView, Standing};
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
    /// What was observed.
    pub record: Record,
}

impl Conclusion {
    /// Whether the stack is as it should be.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        matches!(self.verdict, Verdict::Succeeded | Verdict::NoChange)
    }
}

/// `deploy-roll-1767603600000-1a2b3c4d--ana--laptop`: readable in the history of the stack, and unique in it: a command
/// that was killed and is run again may do so at the same moment of virtual time. It becomes the token of the
/// operation, and tells in every event who started it, and from where.
#[must_use]
pub fn change_set_name(session: &Session, what: &str) -> String {
    // The standard library has no other source of randomness, and this asks for no better one.
    let nonce = RandomState::new().build_hasher().finish() & 0xffff_ffff;
    session.origin.token(what, session.target.clock.now().as_millis(), nonce)
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
            Standing::Ready => {
                let template = stack::live_template(aws, stack_name).await?;
                return Ok(Some((view, template)));
            }
            Standing::Busy => {}
            Standing::RollbackStuck if !continued => {
                session.report.line(format!("{stack_name} is in {status}: continuing its rollback"));
                continue_rollback(session, stack_name).await?;
                continued = true;
            }
            Standing::RollbackStuck | Standing::CreateFailed | Standing::Deleting => {
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

/// Puts a rollback through that was stuck.
pub async fn continue_rollback(session: &Session, stack_name: &str) -> Result<(), CallError> {
    let call = session.target.aws.cloudformation.continue_update_rollback().stack_name(stack_name);
    call.send().await.called("cloudformation:ContinueUpdateRollback")?;
    Ok(())
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
    if let Err(refused) = change_set.plan.guard(job.allow_replace) {
        stack::discard(aws, &change_set.id).await?;
        return Err(refused.into());
    }
    let started_at = clock.now();
    let token = job.request.change_set.clone();
    stack::execute(aws, &change_set, &token).await?;
    let rollout = rollout(&change_set.plan, started_at);
    if rollout.services.iter().any(|service| service.rolls) {
        let deadline = rollout.deadline();
        report.line(format!("given up after {}", duration(f64::from(deadline.secs))));
        for term in &deadline.terms {
            report.line(format!("  {:>5} s  {}", term.secs, term.term));
        }
    }
    let operation = Operation {
        stack_id: change_set.stack_id,
        token,
        cluster: job.cluster.clone(),
        log_groups: job.log_groups.clone(),
    };
    let on_failure = if job.leave_running { OnFailure::LeaveRunning } else { OnFailure::Cancel };
    let watched =
        watch::watch(aws, clock, report, &session.interrupt, &operation, rollout, on_failure).await?;
    session.recorder.observed(ObservedOperation {
        stack: job.request.stack.clone(),
        change_set: operation.token,
        verdict: verdict(watched.ended, watched.decisive_state(), watched.assessment.stack),
        record: watched.record.clone(),
    });
    conclude(session, job.subject, watched).map(Some)
}

/// What was watched, as an outcome.
fn conclude(session: &Session, subject: &str, watched: Watched) -> Result<Conclusion, Failure> {
    let state = watched.decisive_state();
    let cause = match state {
        State::Failed { cause, .. } | State::DeadlinePassed { cause } => Some(Cause {
            kind: cause.kind.code().to_owned(),
            service: cause.service.as_ref().map(ToString::to_string),
            detail: cause.to_string(),
        }),
        State::Superseded { service, task_definition } => Some(Cause {
            kind: "superseded".to_owned(),
            service: Some(service.to_string()),
            detail: format!("a newer deployment brings {task_definition}"),
        }),
        State::Cancelled { .. } => Some(Cause {
            kind: "cancelled".to_owned(),
            service: None,
            detail: "somebody cancelled the update".to_owned(),
        }),
        State::Progressing | State::Succeeded => None,
    };
    let Some(verdict) = verdict(watched.ended, state, watched.assessment.stack) else {
        let diagnose = session.command(&format!("diagnose {subject}"));
        return Err(Failure::Interrupted {
            hint: format!(
                "the update goes on, and CloudFormation puts everything back if it fails; follow it with `{diagnose}`"
            ),
        });
    };
    let detected_secs = match (&watched.failure, watched.assessment.first_failure_at) {
        (Some((_, at)), Some(first)) => Some(at.secs_since(first)),
        _ => None,
    };
    Ok(Conclusion { verdict, cause, detected_secs, record: watched.record })
}

/// The verdict of what was watched: why watching ended, the state that decided, and how the stack operation ended;
/// nothing where the user interrupted.
#[must_use]
pub fn verdict(ended: Ended, state: &State, stack: Option<StackOutcome>) -> Option<Verdict> {
    Some(match (ended, state) {
        (Ended::Interrupted, _) => return None,
        (Ended::LeftRunning, _) => Verdict::StillRunning,
        (Ended::OutOfTime, _) => Verdict::NeedsHuman,
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
