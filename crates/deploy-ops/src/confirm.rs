//! The question before something that the user should have seen coming.

use std::io::{BufRead as _, IsTerminal as _, Write as _};

use crate::failure::Failure;

/// Whether the user is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// On a terminal; elsewhere nobody could answer, and the command goes on.
    OnTerminal,
    /// Never: `--yes`.
    Never,
}

impl Ask {
    /// From `--yes`.
    #[must_use]
    pub const fn unless(yes: bool) -> Self {
        if yes { Self::Never } else { Self::OnTerminal }
    }

    /// Asks; anything but `y` or `yes` refuses. What was not done yet is not done.
    pub fn confirm(self, question: &str) -> Result<(), Failure> {
        let on_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        if self == Self::Never || !on_terminal {
            return Ok(());
        }
        let mut out = std::io::stderr();
        let mut answer = String::new();
        // A terminal that cannot be written to or read from has not said yes.
        let asked = write!(out, "{question} [y/N] ").and_then(|()| out.flush());
        let answered = asked.and_then(|()| std::io::stdin().lock().read_line(&mut answer));
        if answered.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
            return Ok(());
        }
        Err(Failure::Guard {
            reason: "not confirmed".to_owned(),
            hint: "the same command again starts from here; --yes goes on without asking".to_owned(),
        })
    }
}
