//! Why a handler failed, and how CloudFormation says it.

use super::Context;
use crate::ApiError;

/// A failure of a resource handler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cfn) struct Failure {
    /// What the service said.
    pub message: String,
    /// Code of the handler contract; empty where CloudFormation itself speaks.
    pub code: &'static str,
}

impl Failure {
    /// A failure with one of the codes of the handler contract, such as `AlreadyExists`.
    pub(in crate::cfn) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { message: message.into(), code }
    }

    /// What CloudFormation itself says, without a handler.
    pub(in crate::cfn) fn own(message: impl Into<String>) -> Self {
        Self::new("", message)
    }

    /// It did not become stable in time.
    pub(in crate::cfn) fn not_stabilised() -> Self {
        Self::new("NotStabilized", "Exceeded attempts to wait")
    }

    /// What a resource event gives as its reason.
    pub(in crate::cfn) fn reason(&self, context: &Context) -> String {
        let (message, token, code) = (&self.message, &context.request_token, self.code);
        if code.is_empty() {
            return message.clone();
        }
        format!(
            "Resource handler returned message: \"{message}\" (RequestToken: {token}, HandlerErrorCode: {code})"
        )
    }

    /// An API error of `service`, as handlers pass it on.
    pub(in crate::cfn) fn api(service: &str, error: &ApiError, context: &Context) -> Self {
        let code = match error.code.as_str() {
            code if code.contains("AccessDenied") || code == "UnauthorizedOperation" => "AccessDenied",
            "ResourceExistsException" | "DuplicateTargetGroupName" | "DuplicateLoadBalancerName" => {
                "AlreadyExists"
            }
            code if code.contains("AlreadyExists") => "AlreadyExists",
            code if code.contains("NotFound") || code == "NoSuchEntity" => "NotFound",
            code if code.contains("Throttl") => "Throttling",
            code if code.contains("LimitExceeded") || code.contains("QuotaExceeded") => {
                "ServiceLimitExceeded"
            }
            code if code.starts_with("TooMany") => "ServiceLimitExceeded",
            _ => "InvalidRequest",
        };
        let (message, status, request) = (&error.message, error.status, &context.request_token);
        Self::new(
            code,
            format!("{message} (Service: {service}, Status Code: {status}, Request ID: {request})"),
        )
    }
}
