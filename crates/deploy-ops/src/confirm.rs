//! Asking before something is changed that costs money or cannot be undone.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::failure::Failure;
use crate::session::Session;

/// Asks the user, unless `yes` was said already or the target is the user's own machine. Without a terminal to ask on
/// it is refused: a script has to say `--yes`.
pub fn confirm(session: &Session, question: &str, yes: bool) -> Result<(), Failure> {
    if yes || session.target.is_self_contained() {
        return Ok(());
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::Guard {
            reason: format!("{question} Nobody is there to answer"),
            hint: "add --yes to go on without being asked".to_owned(),
        });
    }
    eprint!("{question} [y/N] ");
    // An unseen question is answered with no.
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    if stdin.lock().read_line(&mut answer).is_ok() && matches!(answer.trim(), "y" | "Y" | "yes") {
        return Ok(());
    }
    Err(Failure::Guard { reason: "not confirmed".to_owned(), hint: "nothing was changed".to_owned() })
}
