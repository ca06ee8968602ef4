//! What a command does, or leaves out, because its target is the user's own local AWS: on AWS it is different.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Kinds of such differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LocalOnlyKind {
    /// Images were made up.
    Images,
    /// Values of secrets were filled in, or placeholders count as values.
    Secrets,
    /// The shared stack was updated by a command on an environment.
    SharedStack,
    /// A release was recorded without a tag.
    Release,
    /// Nobody was asked before a change.
    Unasked,
}

impl LocalOnlyKind {
    /// How it is on AWS.
    #[must_use]
    pub const fn on_aws(self) -> &'static str {
        match self {
            Self::Images => "images are built and pushed before, and a commit without images is refused",
            Self::Secrets => "values are set with `secrets init`, and a secret without one is refused",
            Self::SharedStack => "an administrator updates the shared stack with `stack deploy shared`",
            Self::Release => {
                "a release is a tag of a commit on the main branch, with the images of that commit"
            }
            Self::Unasked => "a change is confirmed at a terminal, or with --yes",
        }
    }
}

/// One such difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalOnly {
    /// Stable kind.
    pub kind: LocalOnlyKind,
    /// What was done.
    pub detail: String,
    /// How it is on AWS, in words.
    pub on_aws: String,
}

impl LocalOnly {
    /// Of what was done.
    #[must_use]
    pub fn new(kind: LocalOnlyKind, detail: String) -> Self {
        Self { kind, detail, on_aws: kind.on_aws().to_owned() }
    }
}

impl fmt::Display for LocalOnly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; on AWS {}", self.detail, self.on_aws)
    }
}
