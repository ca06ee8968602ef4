//! Errors of API operations, as AWS answers them.

use serde::{Deserialize, Serialize};

/// An AWS API error: its code, its message in AWS's wording and the HTTP status it comes with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// Error code, such as `ClientException` or `ValidationError`.
    pub code: String,
    /// Message in AWS's wording.
    pub message: String,
    /// HTTP status.
    pub status: u16,
}

impl ApiError {
    /// A client error, HTTP 400.
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400 }
    }

    /// The same error with another HTTP status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// What this simulator does not model is refused by name, never answered with a stub success.
    pub fn not_modelled(what: impl std::fmt::Display) -> Self {
        Self::new("NotModelled", format!("not modelled: {what}")).with_status(501)
    }
}
