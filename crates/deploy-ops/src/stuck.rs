//! Stacks whose rollback failed: continuing it, and leaving out of it what cannot be put back.

use std::time::Duration;

use aws_sdk_cloudformation::types::StackStatus;
use rollout_verdict::Moment;

use crate::call::{CallError, Called};
use crate::confirm::Ask;
use crate::failure::Failure;
use crate::operation;
use crate::session::Session;
use crate::stack::{self, StackView, Standing};
use crate::stack_resources::{self, Culprit};

/// Seconds between two looks at a stack that somebody else, or CloudFormation itself, works on.
pub const POLL: Duration = Duration::from_secs(10);

/// Continues a rollback, without the resources named: CloudFormation takes those for put back, whatever they are.
pub async fn continue_rollback(session: &Session, stack: &str, skip: &[String]) -> Result<(), CallError> {
    let token = operation::unique_name(session, "continue");
    let call = session.target.aws.cloudformation.continue_update_rollback().stack_name(stack);
    let skip = (!skip.is_empty()).then(|| skip.to_vec());
    let call = call.client_request_token(token).set_resources_to_skip(skip);
    call.send().await.called("cloudformation:ContinueUpdateRollback")?;
    Ok(())
}

/// Takes a stuck stack back to its last stable state: by the rollback that failed, or the one that its update had disabled.
pub async fn take_back(session: &Session, view: &StackView) -> Result<(), CallError> {
    if was_disabled(view) {
        roll_back(session, &view.name).await
    } else {
        continue_rollback(session, &view.name, &[]).await
    }
}

/// Whether an update failed with its rollback disabled: `ContinueUpdateRollback` refuses that status, `RollbackStack` any other.
fn was_disabled(view: &StackView) -> bool {
    view.status == StackStatus::UpdateFailed
}

/// Takes a stack that failed with its rollback disabled (`UPDATE_FAILED`) back to its last stable state.
async fn roll_back(session: &Session, stack: &str) -> Result<(), CallError> {
    let token = operation::unique_name(session, "back");
    let call = session.target.aws.cloudformation.rollback_stack().stack_name(stack);
    call.client_request_token(token).send().await.called("cloudformation:RollbackStack")?;
    Ok(())
}

/// Takes back a creation that stopped at a failure, all of it: it holds nothing yet, whatever its deletion policies say. `again`
/// is the command that goes on where it takes longer than until then.
pub async fn undo_creation(
    session: &Session,
    view: &StackView,
    until: Moment,
    again: &str,
) -> Result<(), Failure> {
    let token = operation::unique_name(session, "back");
    let call = session.target.aws.cloudformation.rollback_stack().stack_name(&view.id);
    let call = call.client_request_token(token).retain_except_on_create(true);
    call.send().await.called("cloudformation:RollbackStack")?;
    match wait(session, &view.id, until).await? {
        Some(_) => Ok(()),
        None => Err(Failure::StackUnusable {
            stack: view.name.clone(),
            status: "ROLLBACK_IN_PROGRESS".to_owned(),
            hint: format!("it is being taken back; when that is over: {}", session.command(again)),
        }),
    }
}

/// How far a stuck stack could be brought.
#[derive(Debug)]
pub enum Freed {
    /// It can be updated again.
    Yes {
        /// The stack.
        view: Box<StackView>,
        /// Resources that CloudFormation was told to leave as they are.
        skipped: Vec<Culprit>,
    },
    /// Not even without what failed, or not in time.
    No {
        /// Its status.
        status: String,
    },
}

/// Puts a stuck rollback through: as it is first, then without exactly what fails again; each step is shown before
/// it is done, and leaving something out is asked about.
pub async fn free(session: &Session, stack: &StackView, ask: Ask, until: Moment) -> Result<Freed, Failure> {
    let (aws, report) = (&session.target.aws, &session.report);
    let mut skipped: Vec<Culprit> = Vec::new();
    let mut view = stack.clone();
    // Each round leaves out at least one resource more; a template has at most 500.
    for round in 0..500 {
        match view.standing() {
            Standing::Ready => return Ok(Freed::Yes { view: Box::new(view), skipped }),
            Standing::RollbackStuck => {}
            _ => break,
        }
        if was_disabled(&view) {
            report.line("rolling back: the update failed with its rollback disabled");
            ask.confirm("Roll the stack back to its last stable state?")?;
            roll_back(session, &view.name).await?;
        } else {
            let culprits = stack_resources::culprits(aws, &view.id).await?;
            for culprit in &culprits {
                report.line(format!("{} could not be put back: {}", culprit.logical_id, culprit.reason));
            }
            let failed_again = round > 0;
            let skip: Vec<String> = if failed_again {
                culprits.iter().map(|culprit| culprit.logical_id.clone()).collect()
            } else {
                Vec::new()
            };
            if failed_again {
                if skip.is_empty() {
                    break;
                }
                let names = skip.join(", ");
                report.warn(format!(
                    "continuing the rollback without {names}: CloudFormation will take what is there for what was there \
                     before, and does not look"
                ));
                ask.confirm(&format!("Continue the rollback without {names}?"))?;
                skipped.extend(culprits);
            } else {
                report.line("continuing the rollback as it is");
                ask.confirm("Continue the rollback?")?;
            }
            continue_rollback(session, &view.name, &skip).await?;
        }
        match wait(session, &view.id, until).await? {
            Some(after) => view = after,
            None => break,
        }
    }
    Ok(Freed::No { status: view.status.as_str().to_owned() })
}

/// Waits until a stack does nothing by itself any more, saying each status once; `None` where that is not before
/// `until`, or the stack is gone.
pub async fn wait(session: &Session, stack: &str, until: Moment) -> Result<Option<StackView>, Failure> {
    let clock = &*session.target.clock;
    let mut said = String::new();
    loop {
        let Some(view) = stack::describe(&session.target.aws, stack).await? else { return Ok(None) };
        if view.standing() != Standing::Busy && view.status.as_str() != "DELETE_IN_PROGRESS" {
            return Ok(Some(view));
        }
        if view.status.as_str() != said {
            said = view.status.as_str().to_owned();
            session.report.line(format!("{} is in {said}: waiting for it to end", view.name));
        }
        if session.interrupt.requested() {
            return Err(Failure::Interrupted {
                hint: "CloudFormation goes on; the same command again takes it up".to_owned(),
            });
        }
        if clock.now() > until {
            return Ok(None);
        }
        clock.sleep(POLL).await;
    }
}
