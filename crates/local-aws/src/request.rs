//! What an HTTP request is: a call of an AWS API, traffic for the load balancer, or a control request.

use hyper::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HOST};
use hyper::{HeaderMap, Method, Uri};
use rollout_sim::ApiError;
use serde::{Deserialize, Serialize};

use crate::protocol::{Protocol, Service, query_action};
use crate::rest::{access_analyzer_call, s3_call};
use crate::rest_xml::route53_call;

/// The one operation that is called without a signature: its token says who calls.
pub(crate) const UNSIGNED: &str = "AssumeRoleWithWebIdentity";

/// A call of an AWS API.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ApiCall {
    /// Access key id of the caller. The signature is *not* verified: the server listens on the loopback
    /// interface, and callers only name who they want to be.
    pub(crate) access_key: String,
    pub(crate) service: Service,
    pub(crate) operation: String,
    pub(crate) protocol: Protocol,
    #[serde(with = "bytes_as_bytes")]
    pub(crate) body: Vec<u8>,
}

/// A request that looks like an AWS API call but cannot be dispatched, with the protocol to say so in.
pub(crate) struct Malformed {
    pub(crate) protocol: Protocol,
    pub(crate) service: Option<Service>,
    pub(crate) error: ApiError,
}

/// `Credential=KEY/DATE/REGION/SERVICE/aws4_request` of a `SigV4` header.
struct Credential<'a> {
    access_key: &'a str,
    signing_name: &'a str,
}

/// Reads an API call; `None` is not one (no AWS target, no signature, no query form).
pub(crate) fn api_call(
    method: &Method,
    headers: &HeaderMap,
    uri: &Uri,
    body: &[u8],
) -> Option<Result<ApiCall, Box<Malformed>>> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = text(AUTHORIZATION.as_str());
    let target = text("x-amz-target");
    let rpc = text("smithy-protocol").and_then(|_| rpc_path(uri.path()));
    let form = text(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("application/x-www-form"));
    let action = if form { query_action(body) } else { None };
    let signed = authorization.is_some_and(|value| value.starts_with("AWS4-"));
    if target.is_none() && rpc.is_none() && !signed && (action.is_none() || authorization.is_some()) {
        return None;
    }
    let unsigned = action.as_deref() == Some(UNSIGNED);
    let anonymous = Credential { access_key: "", signing_name: "sts" };
    let credential = authorization.and_then(credential).or_else(|| unsigned.then_some(anonymous));

    let mut rest = None;
    let (protocol, named, operation) = if let Some(target) = target {
        let (prefix, operation) = target.rsplit_once('.').unwrap_or((target, ""));
        let json10 = text(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.contains("json-1.0"));
        let protocol = if json10 { Protocol::Json10 } else { Protocol::Json11 };
        (protocol, prefix, operation.to_owned())
    } else if let Some((service, operation)) = rpc {
        (Protocol::Cbor, service, operation.to_owned())
    } else {
        let named = credential.as_ref().map_or("", |credential| credential.signing_name);
        if named == "s3" {
            rest = Some(s3_call(method, uri, headers, body));
            (Protocol::Rest, named, String::new())
        } else if named == "route53" {
            rest = Some(route53_call(method, uri, body));
            (Protocol::Rest, named, String::new())
        } else if named == "access-analyzer" {
            rest = Some(access_analyzer_call(method, uri, body));
            (Protocol::RestJson, named, String::new())
        } else {
            (Protocol::Query, named, action.unwrap_or_default())
        }
    };
    let service = match protocol {
        Protocol::Query | Protocol::Rest | Protocol::RestJson => Service::by_signing_name(named),
        _ => Service::by_target_prefix(named),
    };
    let refuse = |error| Some(Err(Box::new(Malformed { protocol, service, error })));
    if text(CONTENT_ENCODING.as_str())
        .is_some_and(|encoding| encoding != "identity" && encoding != "aws-chunked")
    {
        return refuse(
            ApiError::new("NotImplemented", "compressed request bodies are not read").with_status(501),
        );
    }
    let Some(credential) = credential else {
        return refuse(
            ApiError::new("MissingAuthenticationToken", "Missing Authentication Token").with_status(403),
        );
    };
    let Some(service) = service else {
        let what = if operation.is_empty() { "a REST call".to_owned() } else { operation };
        return refuse(not_implemented(named, &what));
    };
    let (operation, body) = match rest {
        None => (operation, body.to_vec()),
        Some(Ok(call)) => (call.operation.to_owned(), call.input),
        Some(Err(error)) => {
            return Some(Err(Box::new(Malformed { protocol, service: Some(service), error })));
        }
    };
    Some(Ok(ApiCall { access_key: credential.access_key.to_owned(), service, operation, protocol, body }))
}

/// The answer to every operation and service that is not modelled.
pub(crate) fn not_implemented(service: impl std::fmt::Display, operation: &str) -> ApiError {
    ApiError::new("NotImplemented", format!("the local AWS does not implement {service}:{operation}"))
        .with_status(501)
}

/// Host name that a request asks for, without the port.
pub(crate) fn host(headers: &HeaderMap) -> &str {
    let host = headers.get(HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    host.rsplit_once(':').map_or(host, |(name, _)| name)
}

fn rpc_path(path: &str) -> Option<(&str, &str)> {
    let (service, rest) = path.strip_prefix("/service/")?.split_once('/')?;
    Some((service, rest.strip_prefix("operation/")?))
}

/// The scope is read from its end: an access key may itself contain slashes.
fn credential(authorization: &str) -> Option<Credential<'_>> {
    let value = authorization.split_once("Credential=")?.1;
    let value = value.split([',', ' ']).next()?;
    let mut parts = value.rsplitn(5, '/').skip(1);
    let signing_name = parts.next()?;
    let (_region, _date) = (parts.next()?, parts.next()?);
    Some(Credential { access_key: parts.next()?, signing_name })
}

/// Bodies as CBOR byte strings, not as lists of numbers.
mod bytes_as_bytes {
    use serde::{Deserializer, Serializer, de::Visitor};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_byte_buf(Bytes)
    }

    struct Bytes;

    impl Visitor<'_> for Bytes {
        type Value = Vec<u8>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("bytes")
        }

        fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
            Ok(bytes.to_vec())
        }

        fn visit_byte_buf<E: serde::de::Error>(self, bytes: Vec<u8>) -> Result<Self::Value, E> {
            Ok(bytes)
        }
    }
}
