//! How a command says that it did not succeed.

use std::error::Error;
use std::fmt::Write as _;
use std::process::ExitCode;

use env_config::ConfigError;
use miette::Diagnostic as _;
use ops_cli::Exit;

/// A failure as a person reads it: what went wrong, why, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    exit: Exit,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    hint: Option<String>,
    /// What is shown instead of the words.
    picture: Option<String>,
}

impl From<ConfigError> for Failure {
    /// Configuration errors bring their own picture: the place in the file with the offending text marked.
    fn from(error: ConfigError) -> Self {
        if !matches!(error, ConfigError::Invalid(_)) {
            let help = error.help().map(|help| help.to_string());
            let failure = Self::bad_input(error.to_string());
            let failure = match Error::source(&error) {
                Some(source) => failure.because(source.to_string()),
                None => failure,
            };
            return Self { hint: help, ..failure };
        }
        let picture = error.report(ops_cli::colour_on_stderr());
        Self { picture: Some(picture), ..Self::bad_input(error.to_string()) }
    }
}

impl Failure {
    fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into(), source: None, hint: None, picture: None }
    }

    /// Bad configuration or input: exit code 3.
    pub(crate) fn bad_input(message: impl Into<String>) -> Self {
        Self::new(Exit::BadInput, message)
    }

    /// A check found differences: exit code 10.
    pub(crate) fn differences(message: impl Into<String>) -> Self {
        Self::new(Exit::Differences, message)
    }

    /// Something nobody provided for: exit code 1.
    pub(crate) fn unexpected(message: impl Into<String>) -> Self {
        Self::new(Exit::Unexpected, message)
    }

    /// The error behind it.
    pub(crate) fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What to do next: a command, where there is one.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The text of [`Failure::report`].
    pub(crate) fn render(&self) -> String {
        if let Some(picture) = &self.picture {
            return picture.clone();
        }
        let mut text = format!("error: {}\n", self.message);
        let mut source: Option<&(dyn Error + 'static)> = self.source.as_deref().map(|error| error as _);
        while let Some(error) = source {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  because: {error}");
            source = error.source();
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(text, "hint: {hint}");
        }
        text
    }

    /// Prints the failure to stderr and gives the exit code.
    pub(crate) fn report(&self) -> ExitCode {
        ops_cli::medium::say_coloured(self.render().trim_end());
        self.exit.into()
    }
}
