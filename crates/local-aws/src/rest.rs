//! Calls of S3 and of IAM Access Analyzer, which are named by their method and path instead of by an operation.

use hyper::header::CONTENT_ENCODING;
use hyper::{HeaderMap, Method, Uri};
use percent_encoding::percent_decode_str;
use rollout_sim::ApiError;
use serde_json::json;

/// An operation with its input as JSON.
pub(crate) struct RestCall {
    pub(crate) operation: &'static str,
    pub(crate) input: Vec<u8>,
}

/// Reads a call with the bucket in the path, which is how clients address an endpoint that is an IP address.
pub(crate) fn s3_call(
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<RestCall, ApiError> {
    let path = percent_decode_str(uri.path().trim_start_matches('/')).decode_utf8_lossy();
    let (bucket, key) = path.split_once('/').unwrap_or((&path, ""));
    // SDKs name the operation once more in the query: `x-id=PutObject`. Anything else there is another operation.
    let plain = uri.query().is_none_or(|query| query.split('&').all(|pair| pair.starts_with("x-id=")));
    let operation = match method.as_str() {
        "PUT" if plain && !key.is_empty() && !headers.contains_key("x-amz-copy-source") => "PutObject",
        "GET" if plain && !key.is_empty() => "GetObject",
        other => {
            let what = format!("{other} {}", uri.path_and_query().map_or("/", |it| it.as_str()));
            return Err(crate::request::not_implemented("s3", &what));
        }
    };
    let mut input = json!({ "Bucket": bucket, "Key": key });
    if operation == "PutObject" {
        let chunked = headers
            .get(CONTENT_ENCODING)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.contains("aws-chunked"));
        let content = if chunked { unchunked(body)? } else { body.to_vec() };
        let text = String::from_utf8(content)
            .map_err(|_| ApiError::not_modelled("objects that are not text").with_status(501))?;
        input["Body"] = text.into();
        if let Some(owner) = headers.get("x-amz-expected-bucket-owner").and_then(|value| value.to_str().ok())
        {
            input["ExpectedBucketOwner"] = owner.into();
        }
    }
    Ok(RestCall { operation, input: input.to_string().into_bytes() })
}

/// Reads a call of IAM Access Analyzer: the body is the input, pages are asked for in the query.
pub(crate) fn access_analyzer_call(method: &Method, uri: &Uri, body: &[u8]) -> Result<RestCall, ApiError> {
    if method != Method::POST || uri.path() != "/policy/validation" {
        return Err(crate::request::not_implemented("access-analyzer", &format!("{method} {}", uri.path())));
    }
    let mut input: serde_json::Value = serde_json::from_slice(body)
        .map_err(|error| ApiError::new("ValidationException", error.to_string()))?;
    for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
        input[name.as_ref()] = match value.parse::<u64>() {
            Ok(number) if name == "maxResults" => number.into(),
            _ => value.into_owned().into(),
        };
    }
    Ok(RestCall { operation: "ValidatePolicy", input: input.to_string().into_bytes() })
}

/// `aws-chunked`: the length of a chunk in hexadecimal and perhaps its signature, the chunk, and so on up to an empty
/// one. (S3: sigv4-streaming)
fn unchunked(body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let incomplete = || ApiError::new("IncompleteBody", "The request body terminated unexpectedly");
    let mut content = Vec::with_capacity(body.len());
    let mut rest = body;
    // Each round takes at least the line of a chunk away.
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").ok_or_else(incomplete)?;
        let line = std::str::from_utf8(&rest[..end]).map_err(|_| incomplete())?;
        let length = line.split(';').next().and_then(|hex| usize::from_str_radix(hex, 16).ok());
        let length = length.ok_or_else(incomplete)?;
        rest = &rest[end + 2..];
        if length == 0 {
            return Ok(content);
        }
        content.extend_from_slice(rest.get(..length).ok_or_else(incomplete)?);
        rest = rest.get(length + 2..).ok_or_else(incomplete)?;
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn call(method: &Method, uri: &str, headers: &HeaderMap, body: &[u8]) -> Result<String, String> {
        s3_call(method, &uri.parse().unwrap(), headers, body)
            .map(|call| format!("{} {}", call.operation, String::from_utf8(call.input).unwrap()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn methods_and_paths_name_operations() {
        let headers = HeaderMap::new();
        assert_eq!(
            call(&Method::PUT, "/bucket/a/b%20c?x-id=PutObject", &headers, b"text").unwrap(),
            r#"PutObject {"Body":"text","Bucket":"bucket","Key":"a/b c"}"#
        );
        assert_eq!(
            call(&Method::GET, "/bucket/a", &headers, b"").unwrap(),
            r#"GetObject {"Bucket":"bucket","Key":"a"}"#
        );
        for (method, uri) in
            [(Method::PUT, "/bucket/a?tagging"), (Method::DELETE, "/bucket/a"), (Method::GET, "/b")]
        {
            let error = call(&method, uri, &headers, b"").unwrap_err();
            assert!(error.contains("does not implement s3:"), "{error}");
        }
    }

    #[test]
    fn chunked_bodies_are_put_together() {
        let headers = HeaderMap::from_iter([(CONTENT_ENCODING, "aws-chunked".parse().unwrap())]);
        let body = b"4;chunk-signature=0\r\nsome\r\n5\r\n text\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n";
        let put = call(&Method::PUT, "/bucket/a", &headers, body).unwrap();
        assert!(put.contains(r#""Body":"some text""#), "{put}");
        assert!(call(&Method::PUT, "/bucket/a", &headers, b"9\r\nshort").is_err());
    }
}
