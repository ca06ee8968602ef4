//! Calls of Route 53, which are named by their method and path, with an input in XML.

use std::collections::BTreeMap;

use hyper::{Method, Uri};
use rollout_sim::ApiError;
use serde_json::{Map, Value};

use crate::rest::RestCall;

/// Version of the API, with which every path begins.
const VERSION: &str = "/2013-04-01/";

/// Members of the query that say where a list begins (`locationName` in bc:route53), by their names in the input.
const QUERY: [(&str, &str); 4] = [
    ("name", "StartRecordName"),
    ("type", "StartRecordType"),
    ("identifier", "StartRecordIdentifier"),
    ("maxitems", "MaxItems"),
];

/// Elements whose name is that of the items of the list around them.
const ITEMS: [&str; 2] = ["Change", "ResourceRecord"];
/// Lists, which may have one item or none.
const LISTS: [&str; 2] = ["Changes", "ResourceRecords"];

/// Reads a call.
pub(crate) fn route53_call(method: &Method, uri: &Uri, body: &[u8]) -> Result<RestCall, ApiError> {
    let path: Vec<&str> =
        uri.path().strip_prefix(VERSION).unwrap_or_default().trim_end_matches('/').split('/').collect();
    let (operation, input) = match (method.as_str(), path.as_slice()) {
        ("POST", ["hostedzone"]) => ("CreateHostedZone", read(body)?),
        ("GET", ["hostedzone", id, "rrset"]) => {
            let mut input = Map::from_iter([("HostedZoneId".to_owned(), (*id).into())]);
            let query: BTreeMap<_, _> =
                form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
            for (name, member) in QUERY {
                input.extend(query.get(name).map(|value| (member.to_owned(), value.clone().into())));
            }
            ("ListResourceRecordSets", input)
        }
        ("POST", ["hostedzone", id, "rrset"]) => {
            let mut input = read(body)?;
            input.insert("HostedZoneId".to_owned(), (*id).into());
            ("ChangeResourceRecordSets", input)
        }
        (other, _) => {
            let what = format!("{other} {}", uri.path());
            return Err(crate::request::not_implemented("route53", &what));
        }
    };
    Ok(RestCall { operation, input: Value::from(input).to_string().into_bytes() })
}

fn read(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let invalid = |detail: String| ApiError::new("InvalidInput", format!("Invalid XML ; {detail}"));
    let text = std::str::from_utf8(body).map_err(|error| invalid(error.to_string()))?;
    let document = roxmltree::Document::parse(text).map_err(|error| invalid(error.to_string()))?;
    Ok(members(document.root_element()))
}

fn members(node: roxmltree::Node<'_, '_>) -> Map<String, Value> {
    let children = node.children().filter(roxmltree::Node::is_element);
    children.map(|child| (child.tag_name().name().to_owned(), value(child))).collect()
}

fn value(node: roxmltree::Node<'_, '_>) -> Value {
    let name = node.tag_name().name();
    let children = || node.children().filter(roxmltree::Node::is_element);
    if LISTS.contains(&name) {
        return children().filter(|child| ITEMS.contains(&child.tag_name().name())).map(value).collect();
    }
    match children().next() {
        Some(_) => members(node).into(),
        None => node.text().unwrap_or_default().into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn call(method: &Method, uri: &str, body: &str) -> Result<String, String> {
        route53_call(method, &uri.parse().unwrap(), body.as_bytes())
            .map(|call| format!("{} {}", call.operation, String::from_utf8(call.input).unwrap()))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn methods_and_paths_name_operations() {
        let body = "<?xml version=\"1.0\"?><ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\">\
                    <ChangeBatch><Changes><Change><Action>CREATE</Action><ResourceRecordSet><Name>a</Name>\
                    <ResourceRecords><ResourceRecord><Value>&quot;x y&quot;</Value></ResourceRecord></ResourceRecords>\
                    </ResourceRecordSet></Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>";
        assert_eq!(
            call(&Method::POST, "/2013-04-01/hostedzone/Z1/rrset", body).unwrap(),
            "ChangeResourceRecordSets {\"ChangeBatch\":{\"Changes\":[{\"Action\":\"CREATE\",\"ResourceRecordSet\":\
             {\"Name\":\"a\",\"ResourceRecords\":[{\"Value\":\"\\\"x y\\\"\"}]}}]},\"HostedZoneId\":\"Z1\"}"
        );
        assert_eq!(
            call(&Method::GET, "/2013-04-01/hostedzone/Z1/rrset?maxitems=2&name=a.b.&type=A", "").unwrap(),
            "ListResourceRecordSets {\"HostedZoneId\":\"Z1\",\"MaxItems\":\"2\",\"StartRecordName\":\"a.b.\",\
             \"StartRecordType\":\"A\"}"
        );
        let other = call(&Method::DELETE, "/2013-04-01/hostedzone/Z1", "").unwrap_err();
        assert!(other.contains("does not implement route53:DELETE"), "{other}");
        assert!(
            call(&Method::POST, "/2013-04-01/hostedzone", "<a>").unwrap_err().starts_with("InvalidInput")
        );
    }
}
