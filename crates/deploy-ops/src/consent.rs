//! The question before the first change.

use std::io::{BufRead, IsTerminal, Write};

use crate::failure::Failure;
use crate::session::EnvironmentSession;

/// Asks whether the plan that was shown is to be carried out: on AWS, unless it was said beforehand (`--yes`).
pub fn confirm(session: &EnvironmentSession, yes: bool) -> Result<(), Failure> {
    if yes || session.target.is_self_contained() {
        return Ok(());
    }
    let (stdin, stderr) = (std::io::stdin(), std::io::stderr());
    let is_terminal = stdin.is_terminal() && stderr.is_terminal();
    session.report.end_group();
    ask(&session.environment.url(), is_terminal, &mut stdin.lock(), &mut stderr.lock())
}

fn ask(
    where_to: &str,
    is_terminal: bool,
    answers: &mut dyn BufRead,
    questions: &mut dyn Write,
) -> Result<(), Failure> {
    if !is_terminal {
        return Err(Failure::Guard {
            reason: "there is no terminal to ask for confirmation on".to_owned(),
            hint: "look at the plan with --plan, then say it with --yes".to_owned(),
        });
    }
    let mut answer = String::new();
    let asked = write!(questions, "\nCarry this out on {where_to}? [y/N] ").and_then(|()| questions.flush());
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
        ask("https://staging.example.com", is_terminal, &mut answer.as_bytes(), &mut std::io::sink())
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
