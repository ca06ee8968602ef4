//! One error type for every AWS call: what was called, what AWS answered, and what kind of trouble it is.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

/// What kind of trouble a failed call is in, as far as the caller can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallErrorKind {
    /// The caller is not allowed to do this.
    Denied,
    /// The credentials have expired, cannot be renewed, or are none of AWS's.
    Expired,
    /// The clock of this machine is too far from AWS's for a signature to be valid.
    Clock,
    /// Too many calls; the SDK's own retries are used up.
    Throttled,
    /// No answer of AWS: DNS, connection, TLS, time-out, or an answer that AWS did not write.
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
            CallErrorKind::Clock => "clock_wrong",
            CallErrorKind::Throttled => "throttled",
            CallErrorKind::Network | CallErrorKind::Fault => "api_outage",
            CallErrorKind::Service => "call_refused",
        }
    }

    /// Whether it says nothing about what was asked for, and the same call may succeed a little later: what was asked for is
    /// not known at present.
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
pub trait Called<T> {
    /// Turns the SDK's error into a [`CallError`] of `operation` (`service:Operation`).
    fn called(self, operation: &'static str) -> Result<T, CallError>;
}

impl<T, E> Called<T> for Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    fn called(self, operation: &'static str) -> Result<T, CallError> {
        count(operation, self.as_ref().err().map(|error| error.code().unwrap_or_default()));
        self.map_err(|error| {
            let code = error.code().unwrap_or_default().to_owned();
            let status = error.raw_response().map(|answer| answer.status().as_u16());
            let (kind, message) = match (&error, status) {
                (SdkError::ServiceError(service), Some(status)) if !code.is_empty() => {
                    let message = service.err().message().unwrap_or("AWS gave no message");
                    (kind_of(&code, status), message.to_owned())
                }
                // Whoever wrote it (a proxy, a load balancer in front of the API), it says nothing of what was asked for.
                (SdkError::ServiceError(_) | SdkError::ResponseError(_), Some(status)) => {
                    let kind = if status >= 500 { CallErrorKind::Fault } else { CallErrorKind::Network };
                    (kind, format!("the answer cannot be read ({})", described(&error, status)))
                }
                _ if names_credentials(&error) => (CallErrorKind::Expired, chain(&error)),
                _ => (CallErrorKind::Network, chain(&error)),
            };
            CallError { operation, kind, code, message }
        })
    }
}

/// Status, media type and length of an answer. Its text is not shown: it is nobody's that is known.
fn described<E>(error: &SdkError<E, HttpResponse>, status: u16) -> String {
    let Some(answer) = error.raw_response() else { return format!("HTTP {status}") };
    let media_type = answer.headers().get("content-type").unwrap_or("no media type");
    let known = |character: &char| character.is_ascii_graphic() || *character == ' ';
    let media_type: String = media_type.chars().filter(known).take(60).collect();
    match answer.body().bytes() {
        Some(bytes) => format!("HTTP {status}, {media_type}, {} bytes", bytes.len()),
        None => format!("HTTP {status}, {media_type}"),
    }
}

/// Whether no credentials could be had: the SDK reports that as a failure to send.
fn names_credentials(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<CredentialsError>() {
            // The others may pass: a provider that did not answer, or answered with a failure of its own.
            return !matches!(
                error,
                CredentialsError::ProviderTimedOut(_) | CredentialsError::ProviderError(_)
            );
        }
        next = error.source();
    }
    false
}

/// By the code (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/CommonErrors.html>, `S3: ErrorResponses`, and the
/// services' own lists) and, where it says nothing of this, by the status: what AWS calls a server's error is one.
fn kind_of(code: &str, status: u16) -> CallErrorKind {
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AuthorizationError"
        | "AuthorizationErrorException" => CallErrorKind::Denied,
        "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "UnrecognizedClientException"
        | "InvalidToken" => CallErrorKind::Expired,
        "RequestExpired"
        | "RequestTimeTooSkewed"
        | "RequestInTheFuture"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch" => CallErrorKind::Clock,
        "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "PriorRequestNotComplete"
        | "TooManyRequestsException" => CallErrorKind::Throttled,
        _ if status == 429 => CallErrorKind::Throttled,
        _ if status >= 500 && status != 501 => CallErrorKind::Fault,
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
