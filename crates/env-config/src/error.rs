//! What can be wrong with the configuration.

use std::{io, path::PathBuf};

use miette::{Diagnostic, NamedSource, SourceSpan};

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
