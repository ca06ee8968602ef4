//! A request as the firewall sees it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{groups::Part, matchers::decode};

/// First bytes of a body that rules inspect in front of a load balancer; fixed by AWS.
const INSPECTED_BODY_BYTES: usize = 8_192;

/// A request, as in the file that `waf check --request` reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Method in capitals.
    pub method: String,
    /// Host that is asked.
    #[serde(default)]
    pub host: String,
    /// Path as sent, with `/` at its start and without the query.
    pub path: String,
    /// Query string as sent, without the question mark.
    #[serde(default)]
    pub query: String,
    /// Headers; names in any case.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    #[serde(default)]
    pub body: String,
    /// Address that the request comes from.
    #[serde(default)]
    pub source_ip: String,
    /// Requests from that address in the last five minutes, this one included.
    #[serde(default)]
    pub requests_from_source: u32,
}

impl Request {
    /// The header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Texts of the part that a rule inspects, or `None` when the request has none. `whole_body`: for rules about its size.
    pub(crate) fn part(&self, part: Part, whole_body: bool) -> Option<Vec<String>> {
        let present = |text: &str| (!text.is_empty()).then(|| vec![text.to_owned()]);
        match part {
            Part::Body if whole_body => present(&self.body),
            Part::Body => {
                let bytes = self.body.as_bytes();
                present(&String::from_utf8_lossy(&bytes[..bytes.len().min(INSPECTED_BODY_BYTES)]))
            }
            Part::QueryString => present(&self.query),
            Part::QueryArguments if self.query.is_empty() => None,
            Part::QueryArguments => {
                let arguments = self.query.split('&').flat_map(|argument| argument.splitn(2, '='));
                Some(arguments.map(|text| decode(&text.replace('+', " "))).collect())
            }
            Part::UriPath => present(&self.path),
            Part::Cookie => self.header("cookie").and_then(present),
            Part::Headers => Some(self.headers.values().cloned().collect()),
            Part::UserAgent => self.header("user-agent").and_then(present),
            Part::Host => present(self.header("host").unwrap_or(&self.host)),
            Part::Method => present(&self.method),
        }
    }
}
