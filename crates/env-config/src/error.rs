//! What can be wrong with the configuration.

use std::{io, path::PathBuf};

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, NamedSource, SourceSpan};

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ConfigError {
    /// A file or directory cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
        /// What would be right.
        #[help]
        help: String,
    },
    /// There is something to correct in one or several places.
    #[error("{}", count_text(.0.len()))]
    Invalid(#[related] Vec<Problem>),
    /// No environment has this name.
    #[error("there is no environment `{name}`")]
    UnknownEnvironment {
        /// The name asked for.
        name: String,
        /// The names that exist.
        known: Vec<String>,
        /// What to do.
        #[help]
        help: String,
    },
}

fn count_text(count: usize) -> String {
    if count == 1 {
        "the configuration has a problem".to_owned()
    } else {
        format!("the configuration has {count} problems")
    }
}

/// One place to correct.
#[derive(Debug, Clone, thiserror::Error, Diagnostic)]
#[error("{message}")]
pub struct Problem {
    /// What is wrong, naming the offending text.
    pub message: String,
    /// The file.
    #[source_code]
    pub file: NamedSource<String>,
    /// The place in the file.
    #[label("{label}")]
    pub span: SourceSpan,
    /// Short text at the place.
    pub label: String,
    /// What is allowed.
    #[help]
    pub help: Option<String>,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

impl ConfigError {
    /// The whole report as text for people: every problem with `file:line:column`, the line itself and what is allowed.
    /// With `colour`, in ANSI colours.
    pub fn report(&self, colour: bool) -> String {
        let mut theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        theme.characters.error = "error:".to_owned();
        let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_width(120);
        let picture = |diagnostic: &dyn Diagnostic| {
            let mut text = String::new();
            match handler.render_report(&mut text, diagnostic) {
                Ok(()) => format!("{}\n", text.trim()),
                Err(_) => format!("error: {diagnostic}\n"),
            }
        };
        match self {
            // The problem says it all; how many there are is news only where there are several.
            Self::Invalid(problems) => {
                let mut pictures: Vec<String> = problems.iter().map(|problem| picture(problem)).collect();
                if problems.len() > 1 {
                    pictures.push(format!("{self}\n"));
                }
                pictures.join("\n")
            }
            Self::Read { .. } | Self::UnknownEnvironment { .. } => picture(self),
        }
    }

    /// Everything that is wrong in one line, for machines: `file:line:column: message` of each problem.
    #[must_use]
    pub fn line(&self) -> String {
        let place = |problem: &Problem| {
            let Problem { message, file, line, column, .. } = problem;
            format!("{}:{line}:{column}: {message}", file.name())
        };
        match self {
            Self::Invalid(problems) => problems.iter().map(place).collect::<Vec<_>>().join("; "),
            Self::Read { source, .. } => format!("{self}: {source}"),
            Self::UnknownEnvironment { .. } => self.to_string(),
        }
    }

    /// Everything to correct; empty when files cannot be read or the environment is unknown.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) => problems,
            Self::Read { .. } | Self::UnknownEnvironment { .. } => &[],
        }
    }
}
