//! Before there is anything: what runs by itself, in a new repository, ends well and says what a person does next.

use crate::failure::Failure;
use crate::session::Session;
use crate::stack::{self, Standing};

/// Whether a stack exists, complete or not.
pub async fn exists(session: &Session, stack: &str) -> Result<bool, Failure> {
    let view = stack::describe(&session.target.aws, stack).await?;
    Ok(view.is_some_and(|view| view.standing() != Standing::Absent))
}

/// Says that `subject` (an environment, or `shared`) does not exist, what that means, and the next command; in GitHub Actions
/// as an annotation of the run.
pub fn say(session: &Session, subject: &str, therefore: &str) {
    let next = match subject {
        "shared" => session.command("stack deploy shared"),
        environment => session.command(&format!("bootstrap {environment}")),
    };
    session.report.warn(format!("{subject} does not exist yet: {therefore}. Next: {next}"));
}
