//! A command that failed after it had changed something: what goes on without it, until when, and what follows it.
//!
//! Such a failure is never a refusal: that word promises that nothing was changed.

use ops_cli::Exit;

use crate::failure::Failure;
use crate::session::{EnvironmentSession, Session};
use crate::stack::{self, Standing};
use crate::tasks;

/// Turns a failure after the first change into [`Failure::Unfinished`]. A success, an interruption (which says itself what
/// goes on) and a failure before the first change stay as they are.
pub async fn of_environment<T>(
    session: &EnvironmentSession,
    result: Result<T, Failure>,
) -> Result<T, Failure> {
    let failure = match result {
        Err(failure) if is_unfinished(session, &failure) => failure,
        other => return other,
    };
    let _asking = session.target.aws.patience.ask_again();
    let mut state = vec![stack_state(session, session.environment.stack_name.as_str()).await];
    state.extend(task_state(session).await);
    Err(unfinished(session, failure, state, session.environment.name.as_str()))
}

/// The same of a command on the shared stack.
pub async fn of_shared<T>(session: &Session, result: Result<T, Failure>) -> Result<T, Failure> {
    match result {
        Err(failure) if is_unfinished(session, &failure) => {
            let _asking = session.target.aws.patience.ask_again();
            let stack = session.config.platform.shared_stack_name.as_str();
            let state = vec![stack_state(session, stack).await];
            Err(unfinished(session, failure, state, "shared"))
        }
        other => other,
    }
}

/// Whether the exit code of a failure would say that nothing was changed, or nothing at all, although something was.
fn is_unfinished(session: &Session, failure: &Failure) -> bool {
    let silent = matches!(failure.exit(), Exit::Refused | Exit::BadInput | Exit::Unexpected);
    session.target.aws.patience.has_changed() && silent
}

fn unfinished(session: &Session, failure: Failure, state: Vec<String>, subject: &str) -> Failure {
    // The advice of the failure itself comes first: it says what was in the way.
    let next = match subject {
        "shared" => session.command("stack deploy shared"),
        environment => session.command(&format!("diagnose {environment}")),
    };
    Failure::Unfinished { source: Box::new(failure), state, next }
}

/// Where the stack stands. That it cannot be read is no reason to fail a second time.
async fn stack_state(session: &Session, stack: &str) -> String {
    match stack::describe(&session.target.aws, stack).await {
        Ok(Some(view)) if view.standing() == Standing::Busy => {
            format!("{stack} is in {} and goes on by itself", view.status.as_str())
        }
        Ok(Some(view)) => format!("{stack} is in {}", view.status.as_str()),
        Ok(None) => format!("{stack} does not exist"),
        Err(error) => format!("what became of {stack} is not known at present ({error})"),
    }
}

/// The one-off tasks that run, with their limits.
async fn task_state(session: &EnvironmentSession) -> Vec<String> {
    match tasks::running_in(session).await {
        Ok(tasks) => tasks
            .iter()
            .map(|task| {
                let stop =
                    session.command(&format!("task stop {} --env {}", task.name, session.environment.name));
                format!("{task}; `{stop}` stops it")
            })
            .collect(),
        Err(error) => vec![format!("whether a one-off task runs is not known at present ({error})")],
    }
}
