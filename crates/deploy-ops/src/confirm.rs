//! The question before a change that the user should have seen coming.

use std::io::{BufRead, IsTerminal as _, Write};

use ops_cli::LocalOnlyKind;

use crate::failure::Failure;
use crate::session::Session;

/// Whether the user is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Before every change; without a terminal to ask on it is refused.
    Always,
    /// Never: it was said beforehand (`--yes`), or the target is the user's own machine.
    Never,
}

impl Ask {
    /// From `--yes`.
    #[must_use]
    pub fn unless(yes: bool, session: &Session) -> Self {
        if yes {
            return Self::Never;
        }
        if session.target.is_self_contained() {
            session.report.mark_local_only(LocalOnlyKind::Unasked, "nobody was asked".to_owned());
            return Self::Never;
        }
        Self::Always
    }

    /// Asks; anything but `y` or `yes` refuses. What was not done yet is not done.
    pub fn confirm(self, question: &str) -> Result<(), Failure> {
        if self == Self::Never {
            return Ok(());
        }
        let (stdin, stderr) = (std::io::stdin(), std::io::stderr());
        let is_terminal = stdin.is_terminal() && stderr.is_terminal();
        ask(question, is_terminal, &mut stdin.lock(), &mut stderr.lock())
    }
}

/// Asks unless `yes` was said already or the target is the user's own machine.
pub fn confirm(session: &Session, question: &str, yes: bool) -> Result<(), Failure> {
    session.report.end_group();
    Ask::unless(yes, session).confirm(question)
}

fn ask(
    question: &str,
    is_terminal: bool,
    answers: &mut dyn BufRead,
    questions: &mut dyn Write,
) -> Result<(), Failure> {
    if !is_terminal {
        return Err(Failure::Guard {
            reason: format!("{question} There is no terminal to ask on"),
            hint: "look at what it would do, then say it with --yes".to_owned(),
        });
    }
    let mut answer = String::new();
    // A terminal that cannot be written to or read from has not said yes.
    let asked = write!(questions, "\n{question} [y/N] ").and_then(|()| questions.flush());
    if asked.and_then(|()| answers.read_line(&mut answer)).is_err() {
        return Err(Failure::NotConfirmed);
    }
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::NotConfirmed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(is_terminal: bool, answer: &str) -> Result<(), Failure> {
        ask("Carry this out?", is_terminal, &mut answer.as_bytes(), &mut std::io::sink())
    }

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", "Yes\n"] {
            assert!(answered(true, yes).is_ok(), "{yes}");
        }
        for no in ["", "\n", "n\n", "production\n"] {
            assert!(matches!(answered(true, no), Err(Failure::NotConfirmed)), "{no}");
        }
    }

    #[test]
    fn without_a_terminal_nothing_is_assumed() {
        assert!(matches!(answered(false, "y\n"), Err(Failure::Guard { .. })));
    }
}
