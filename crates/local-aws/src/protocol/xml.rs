//! Answers of the AWS query protocol.

use std::fmt::Write as _;

use rollout_sim::{ApiError, SimTime};
use serde_json::Value;

use super::Service;

/// `<OperationResponse><OperationResult>…</OperationResult><ResponseMetadata>…`
pub(super) fn response(service: Service, operation: &str, request_id: &str, output: &Value) -> String {
    let mut xml = String::with_capacity(1024);
    let _ = write!(xml, "<{operation}Response xmlns=\"{}\"><{operation}Result>", service.xml_namespace());
    members(&mut xml, service, output);
    let _ = write!(
        xml,
        "</{operation}Result><ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>\
         </{operation}Response>"
    );
    xml
}

/// `<OperationResponse>…</OperationResponse>`: the members at once.
pub(super) fn rest_response(service: Service, operation: &str, output: &Value) -> String {
    let mut xml = String::with_capacity(1024);
    let _ = write!(xml, "<{operation}Response xmlns=\"{}\">", service.xml_namespace());
    members(&mut xml, service, output);
    let _ = write!(xml, "</{operation}Response>");
    xml
}

/// `<ErrorResponse><Error>…</Error><RequestId>…</RequestId></ErrorResponse>`
pub(super) fn error(service: Option<Service>, request_id: &str, fault: &str, error: &ApiError) -> String {
    let namespace =
        service.map_or("http://webservices.amazon.com/AWSFault/2005-15-09", Service::xml_namespace);
    let mut xml = format!("<ErrorResponse xmlns=\"{namespace}\"><Error><Type>{fault}</Type><Code>");
    escape(&mut xml, &error.code);
    xml.push_str("</Code><Message>");
    escape(&mut xml, &error.message);
    let _ = write!(xml, "</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>");
    xml
}

/// `<Error><Code>…</Code>…</Error>`
pub(super) fn rest_error(request_id: &str, error: &ApiError) -> String {
    let mut xml = "<Error><Code>".to_owned();
    escape(&mut xml, &error.code);
    xml.push_str("</Code><Message>");
    escape(&mut xml, &error.message);
    let _ = write!(xml, "</Message><RequestId>{request_id}</RequestId></Error>");
    xml
}

fn members(xml: &mut String, service: Service, value: &Value) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        element(xml, service, name, name, value);
    }
}

/// One element; `member` is the name that decides about the type, also inside a list.
fn element(xml: &mut String, service: Service, tag: &str, member: &str, value: &Value) {
    if value.is_null() {
        return;
    }
    let _ = write!(xml, "<{tag}>");
    match value {
        Value::Null => {}
        Value::Bool(flag) => {
            let _ = write!(xml, "{flag}");
        }
        Value::Number(number) => match number.as_f64().filter(|_| service.is_timestamp(member)) {
            Some(epoch_secs) => xml.push_str(&rfc3339(epoch_secs)),
            None => {
                let _ = write!(xml, "{number}");
            }
        },
        Value::String(text) => escape(xml, text),
        Value::Array(items) => {
            for item in items {
                element(xml, service, service.item_name(member), member, item);
            }
        }
        Value::Object(entries) if is_map(member) => {
            for (key, value) in entries {
                xml.push_str("<entry><key>");
                escape(xml, key);
                xml.push_str("</key>");
                element(xml, service, "value", "", value);
                xml.push_str("</entry>");
            }
        }
        Value::Object(_) => members(xml, service, value),
    }
    let _ = write!(xml, "</{tag}>");
}

/// The output members that are maps and not structures (botocore's models of the query services).
fn is_map(member: &str) -> bool {
    matches!(member, "ResourceIdentifier" | "AuthenticationRequestExtraParams" | "ExtendedStatistics")
}

fn rfc3339(epoch_secs: f64) -> String {
    // Timestamps are milliseconds of virtual time, never negative.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    SimTime::from_millis((epoch_secs * 1000.0).round() as u64).to_rfc3339()
}

fn escape(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\r' => xml.push_str("&#13;"),
            other => xml.push(other),
        }
    }
}
