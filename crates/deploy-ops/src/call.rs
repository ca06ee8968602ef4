//! One error type for every AWS call: what was called, what AWS answered, and what kind of trouble it is.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What kind of trouble a failed call is in, as far as the caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallErrorKind {
    /// The caller is not allowed to do this.
    Denied,
    /// The credentials have expired.
    Expired,
    /// Too many calls; the SDK's own retries are used up.
    Throttled,
    /// No answer: DNS, connection, TLS or time-out.
    Network,
    /// AWS understood and refused; the code says why.
    Service,
    /// AWS failed (HTTP 5xx).
    Fault,
}

/// A call to AWS that failed, after the SDK's retries.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{operation}: {}{message}", if code.is_empty() { String::new() } else { format!("{code}: ") })]
pub struct CallError {
    /// `service:Operation`, the spelling of IAM actions.
    pub operation: &'static str,
    /// What kind of trouble it is.
    pub kind: CallErrorKind,
    /// Error code of AWS, empty where none arrived.
    pub code: String,
    /// Message of AWS, or what happened to the connection.
    pub message: String,
}

impl CallError {
    /// Whether AWS answered with this code.
    #[must_use]
    pub fn is(&self, code: &str) -> bool {
        self.code == code
    }

    /// Stable machine-readable kind of the trouble.
    #[must_use]
    pub const fn kind_word(&self) -> &'static str {
        match self.kind {
            CallErrorKind::Denied => "access_denied",
            CallErrorKind::Expired => "credentials_expired",
            CallErrorKind::Throttled => "throttled",
            CallErrorKind::Network | CallErrorKind::Fault | CallErrorKind::Service => "api_outage",
        }
    }

    /// Whether the same call may succeed a little later: the watch loops go on after one of these.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self.kind, CallErrorKind::Throttled | CallErrorKind::Network | CallErrorKind::Fault)
    }
}

/// How often an operation was called within a command, after the SDK's own retries.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct CallCount {
    /// All calls.
    pub calls: u32,
    /// Those that failed, by the code of AWS; empty where none arrived.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, u32>,
}

/// Calls by operation, in the spelling of IAM actions.
pub type Calls = BTreeMap<String, CallCount>;

tokio::task_local! {
    static CALLS: RefCell<Calls>;
}

/// Runs a command and counts its calls.
pub async fn counted<F: Future>(command: F) -> (F::Output, Calls) {
    CALLS
        .scope(RefCell::new(Calls::new()), async {
            let output = command.await;
            (output, CALLS.with(RefCell::take))
        })
        .await
}

/// Notes a call where a command counts them.
fn count(operation: &str, code: Option<&str>) {
    // Nobody counts: that is fine.
    let _ = CALLS.try_with(|calls| {
        let mut calls = calls.borrow_mut();
        let entry = calls.entry(operation.to_owned()).or_default();
        entry.calls += 1;
        if let Some(code) = code {
            *entry.failed.entry(code.to_owned()).or_default() += 1;
        }
    });
}

/// Names the operation in the error of an SDK call.
pub(crate) trait Called<T> {
    /// Turns the SDK's error into a [`CallError`] of `operation` (`service:Operation`).
    fn called(self, operation: &'static str) -> Result<T, CallError>;
}

impl<T, E, R> Called<T> for Result<T, SdkError<E, R>>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
    R: Debug + Send + Sync + 'static,
{
    fn called(self, operation: &'static str) -> Result<T, CallError> {
        count(operation, self.as_ref().err().map(|error| error.code().unwrap_or_default()));
        self.map_err(|error| {
            let code = error.code().unwrap_or_default().to_owned();
            let (kind, message) = match &error {
                SdkError::ServiceError(service) => {
                    let message = match service.err().message() {
                        Some(message) => message.to_owned(),
                        None if code.is_empty() => chain(service.err()),
                        None => "AWS gave no message".to_owned(),
                    };
                    (kind_of(&code), message)
                }
                SdkError::ResponseError(_) => (CallErrorKind::Fault, chain(&error)),
                _ => (CallErrorKind::Network, chain(&error)),
            };
            CallError { operation, kind, code, message }
        })
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonErrors.html> and the services' own lists.
fn kind_of(code: &str) -> CallErrorKind {
    match code {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" | "AuthorizationError" => {
            CallErrorKind::Denied
        }
        "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => CallErrorKind::Expired,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "TooManyRequestsException" => CallErrorKind::Throttled,
        "InternalFailure"
        | "InternalError"
        | "ServiceUnavailable"
        | "ServerException"
        | "InternalServerError" => CallErrorKind::Fault,
        _ => CallErrorKind::Service,
    }
}

/// The SDK hides the reason in the chain of sources: "dispatch failure" alone helps nobody.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    text
}
