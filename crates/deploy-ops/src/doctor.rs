//! Whether a machine has what the commands need, each lack with the way to mend it. Every look has a time limit.

pub mod account;
pub mod github;
pub mod machine;
pub mod protection;
pub mod replace;

use std::fmt;

use serde::Serialize;

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// As it should be.
    Ok,
    /// Some commands will not work, or will soon not.
    Warn,
    /// Deployments do not work.
    Fail,
    /// Not looked at.
    Skipped,
}

/// One line of the answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at; stable.
    pub check: &'static str,
    /// How it came out.
    pub state: State,
    /// What was found.
    pub detail: String,
    /// The way to mend it.
    pub fix: Option<String>,
}

impl Finding {
    /// As it should be.
    #[must_use]
    pub fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, state: State::Ok, detail: detail.into(), fix: None }
    }

    /// Not looked at, or not known.
    #[must_use]
    pub fn skipped(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, state: State::Skipped, detail: detail.into(), fix: None }
    }

    /// Some commands will not work, or will soon not.
    #[must_use]
    pub fn warn(check: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, state: State::Warn, detail: detail.into(), fix: Some(fix.into()) }
    }

    /// Deployments do not work.
    #[must_use]
    pub fn fail(check: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, state: State::Fail, detail: detail.into(), fix: Some(fix.into()) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "FAIL",
            State::Skipped => "-",
        };
        write!(f, "{state:<5} {:<13} {}", self.check, self.detail)?;
        if let Some(fix) = &self.fix {
            write!(f, "\n{:20}fix: {fix}", "")?;
        }
        Ok(())
    }
}
