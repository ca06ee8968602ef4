//! The wire protocols of AWS that the clients of this project speak.
//!
//! | protocol | services | named by |
//! |---|---|---|
//! | AWS JSON 1.1 (1.0 for CloudWatch) | ECS, ECR, Logs, Secrets Manager, CloudWatch, ACM, Cloud Control, Service Quotas, WAF | `X-Amz-Target: PREFIX.Operation` |
//! | AWS query | CloudFormation, ELBv2, STS, IAM, older CloudWatch clients | form field `Action` |
//! | REST with XML | S3, Route 53 | method and path |
//! | REST with JSON | IAM Access Analyzer | method and path |
//! | Smithy RPC v2 CBOR | CloudWatch in current SDKs | `POST /service/NAME/operation/Operation` |
//!
//! CloudWatch accepts all three: the Rust SDK (1.140) speaks CBOR, botocore (1.44) JSON, older ones query.

mod cbor;
mod query;
mod service;
mod xml;

use rollout_sim::ApiError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use query::action as query_action;
pub use service::API_PREFIXES;
pub(crate) use service::Service;

/// How a request is encoded, and so how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Protocol {
    /// `application/x-amz-json-1.0`
    Json10,
    /// `application/x-amz-json-1.1`
    Json11,
    /// Form in, XML out.
    Query,
    /// Method, path and headers in; the object or XML out.
    Rest,
    /// Method and path name the operation; JSON in and out.
    RestJson,
    /// Smithy RPC v2 with CBOR.
    Cbor,
}

/// An HTTP answer, before it meets the HTTP library.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Protocol {
    const fn content_type(self) -> &'static str {
        match self {
            Self::Json10 => "application/x-amz-json-1.0",
            Self::Json11 => "application/x-amz-json-1.1",
            Self::Query => "text/xml",
            Self::Rest => "application/xml",
            Self::RestJson => "application/json",
            Self::Cbor => "application/cbor",
        }
    }

    /// Reads an operation's input. An unreadable one is `SerializationException` in the JSON and CBOR
    /// protocols, `ValidationError` in query. A member that the simulator does not model is refused by name.
    pub(crate) fn decode<I: DeserializeOwned>(self, body: &[u8]) -> Result<I, ApiError> {
        let (code, decoded) = match self {
            Self::Json10 | Self::Json11 | Self::Rest | Self::RestJson => {
                let body = if body.is_empty() { b"{}" } else { body };
                ("SerializationException", serde_json::from_slice(body).map_err(|error| error.to_string()))
            }
            Self::Query => ("ValidationError", query::decode(body).map_err(|error| error.to_string())),
            Self::Cbor => ("SerializationException", cbor::decode(body)),
        };
        decoded.map_err(|detail| match unknown_member(&detail) {
            Some(member) => ApiError::not_modelled(format_args!("parameter {member}")),
            None => ApiError::new(code, detail),
        })
    }

    /// Writes an operation's output.
    pub(crate) fn encode<O: Serialize>(
        self,
        service: Service,
        operation: &str,
        request_id: &str,
        output: &O,
    ) -> Result<Vec<u8>, ApiError> {
        let internal = |detail: String| ApiError::new("InternalFailure", detail).with_status(500);
        match self {
            Self::Json10 | Self::Json11 | Self::RestJson => {
                serde_json::to_vec(output).map_err(|error| internal(error.to_string()))
            }
            Self::Rest if service == Service::Route53 => {
                let value = serde_json::to_value(output).map_err(|error| internal(error.to_string()))?;
                Ok(xml::rest_response(service, operation, &value).into_bytes())
            }
            // What such an answer says beside an object stands in headers that no client here reads.
            Self::Rest => Ok(Vec::new()),
            Self::Query => {
                let value = serde_json::to_value(output).map_err(|error| internal(error.to_string()))?;
                Ok(xml::response(service, operation, request_id, &value).into_bytes())
            }
            Self::Cbor => {
                let value = serde_json::to_value(output).map_err(|error| internal(error.to_string()))?;
                cbor::encode(service, &value).map_err(internal)
            }
        }
    }

    /// A successful answer with an encoded output.
    pub(crate) fn success(self, request_id: &str, body: Vec<u8>) -> Answer {
        Answer { status: 200, headers: self.headers(request_id), body }
    }

    /// An error in the shape of this protocol.
    pub(crate) fn error(self, service: Option<Service>, request_id: &str, error: &ApiError) -> Answer {
        let mut headers = self.headers(request_id);
        let fault = if error.status >= 500 { "Receiver" } else { "Sender" };
        let body = match self {
            Self::Json10 | Self::Json11 | Self::RestJson => {
                headers.push(("x-amzn-errortype".into(), error.code.clone()));
                if self == Self::Json10 {
                    headers.push(("x-amzn-query-error".into(), format!("{};{fault}", error.code)));
                }
                error_value(error).to_string().into_bytes()
            }
            Self::Rest if service == Some(Service::Route53) => {
                xml::error(service, request_id, fault, error).into_bytes()
            }
            Self::Query => xml::error(service, request_id, fault, error).into_bytes(),
            Self::Rest => xml::rest_error(request_id, error).into_bytes(),
            Self::Cbor => {
                headers.push(("x-amzn-query-error".into(), format!("{};{fault}", error.code)));
                cbor::plain(&error_value(error))
            }
        };
        Answer { status: error.status, headers, body }
    }

    fn headers(self, request_id: &str) -> Vec<(String, String)> {
        let mut headers = vec![
            ("content-type".to_owned(), self.content_type().to_owned()),
            ("x-amzn-requestid".to_owned(), request_id.to_owned()),
        ];
        if self == Self::Cbor {
            headers.push(("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()));
        }
        headers
    }
}

/// The member that serde complains about: "unknown field `x`, expected …".
fn unknown_member(detail: &str) -> Option<&str> {
    detail.strip_prefix("unknown field `")?.split('`').next()
}

/// Both spellings of the message occur among the services; clients read either.
fn error_value(error: &ApiError) -> Value {
    serde_json::json!({ "__type": error.code, "message": error.message, "Message": error.message })
}

#[cfg(test)]
mod tests;
