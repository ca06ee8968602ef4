//! The public face of a platform: what is asked of it over its routes, and where an answer names the release that gave it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    names::{HttpPath, JsonPointer, ServiceName},
    platform::Platform,
    service::Service,
};

/// Largest body that is read at a version endpoint, in bytes: a release is a short text, and a page is none.
pub const VERSION_BODY_LIMIT: usize = 16 * 1024;
/// Longest release: that of a tag in ECR.
const RELEASE_LIMIT: usize = 128;
/// What of an odd body is shown, in characters, and how many of its keys.
const SHOWN_CHARS: usize = 40;
const SHOWN_KEYS: usize = 8;

/// Endpoint at which a service names the release that it runs, in place of the response header.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VersionEndpoint {
    /// Path that answers 200 with the release in its body. The routes have to lead it to the service.
    pub path: HttpPath,
    /// Place of the release in a body of JSON. Left out: the body is the release, as plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json_pointer: Option<JsonPointer>,
}

/// Where an answer names the release that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReleaseSource {
    /// In the response header of this name.
    Header(String),
    /// In the body: at this place of its JSON, or as plain text.
    Body(Option<JsonPointer>),
}

/// One request that shows the public face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Service that should answer.
    pub service: ServiceName,
    /// Public path.
    pub path: String,
    /// Status that it should answer with; `None` where any answer of the program will do.
    pub status: Option<u16>,
    /// Where the answer names its release; `None` where another probe of the service asks for it.
    pub release: Option<ReleaseSource>,
}

impl Probe {
    /// Whether the program may answer with this status.
    #[must_use]
    pub fn accepts(&self, status: u16) -> bool {
        self.status.map_or(status < 500, |wanted| status == wanted)
    }
}

impl Platform {
    /// The requests that show the public face: of each public service, in configuration order, one for its health and one
    /// for its release. They are the same request where the header or the health check itself names the release.
    #[must_use]
    pub fn probes(&self) -> Vec<Probe> {
        let public = self.services.iter().filter(|(_, service)| service.is_public());
        public.flat_map(|(name, service)| self.probes_of(name, service)).collect()
    }

    fn probes_of(&self, name: &ServiceName, service: &Service) -> Vec<Probe> {
        let health = self.health_probe(name, service);
        let Some(version) = self.version_probe(name, service) else { return vec![health] };
        // Any answer of the program proves that it is there, and so does the version.
        if health.path == version.path || health.status.is_none() {
            return vec![Probe { status: health.status.or(version.status), ..version }];
        }
        vec![health, version]
    }

    /// The health-check path where the public routes lead it to the service; otherwise a path that they do, where any answer
    /// of the program proves that it is there.
    fn health_probe(&self, name: &ServiceName, service: &Service) -> Probe {
        let probe = |path, status| self.probe(name, path, status);
        if let Some(check) = self.target_health_check(service)
            && self.routed_to(&check.path) == Some(name)
        {
            return probe(check.path, Some(check.status));
        }
        let patterns = service.routes.iter().flat_map(|route| &route.paths);
        let paths = patterns.map(|pattern| pattern.as_str().replace('*', "").replace('?', "-"));
        let path = paths.into_iter().find(|path| self.routed_to(path) == Some(name));
        probe(path.unwrap_or_else(|| "/".to_owned()), None)
    }

    /// The request for the release of a service that has a version endpoint.
    #[must_use]
    pub fn version_probe(&self, name: &ServiceName, service: &Service) -> Option<Probe> {
        let endpoint = service.version_endpoint.as_ref()?;
        Some(self.probe(name, endpoint.path.to_string(), Some(200)))
    }

    /// A request to a service, as its configuration has it.
    #[must_use]
    pub fn probe(&self, name: &ServiceName, path: String, status: Option<u16>) -> Probe {
        let endpoint = self.services.get(name).and_then(|service| service.version_endpoint.as_ref());
        let release = match endpoint {
            None => Some(ReleaseSource::Header(self.release_header().to_owned())),
            Some(endpoint) if endpoint.path.as_str() == path => {
                Some(ReleaseSource::Body(endpoint.json_pointer.clone()))
            }
            Some(_) => None,
        };
        Probe { service: name.clone(), path, status, release }
    }

    /// The service that the listener rules send a path to.
    #[must_use]
    pub fn routed_to(&self, path: &str) -> Option<&ServiceName> {
        let routes = self.routes();
        let mut matching =
            routes.iter().filter(|(_, route)| route.paths.iter().any(|it| path_matches(it.as_str(), path)));
        matching.next().map(|(name, _)| *name)
    }
}

/// Whether a listener rule's pattern matches a path: `*` any characters, `?` exactly one (ALB: path conditions).
#[must_use]
pub fn path_matches(pattern: &str, path: &str) -> bool {
    bytes_match(pattern.as_bytes(), path.as_bytes())
}

fn bytes_match(pattern: &[u8], path: &[u8]) -> bool {
    match (pattern.first(), path.first()) {
        (None, None) => true,
        (Some(b'*'), _) => {
            bytes_match(&pattern[1..], path) || (!path.is_empty() && bytes_match(pattern, &path[1..]))
        }
        (Some(b'?'), Some(_)) => bytes_match(&pattern[1..], &path[1..]),
        (Some(expected), Some(found)) if expected == found => bytes_match(&pattern[1..], &path[1..]),
        _ => false,
    }
}

/// Why an answer names no release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unnamed {
    /// It has no header of this name.
    NoHeader(String),
    /// The body is empty.
    Empty,
    /// The body is larger than [`VERSION_BODY_LIMIT`].
    TooLarge,
    /// The body is a page for people: another program, or a route that catches everything.
    Html,
    /// The body is not JSON; what the parser says, which is nothing of the body.
    NotJson(String),
    /// The body is JSON, and the configuration says nothing of where in it to look.
    Json,
    /// The JSON has nothing at the place.
    NoKey {
        /// The place.
        pointer: JsonPointer,
        /// Keys of the outermost object.
        keys: Vec<String>,
    },
    /// The JSON has something other than a text there.
    NotText {
        /// The place.
        pointer: JsonPointer,
        /// What it has there.
        found: &'static str,
    },
    /// A text that no release can be; its beginning.
    NotARelease(String),
}

impl fmt::Display for Unnamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the answer names no release: ")?;
        match self {
            Self::NoHeader(name) => {
                write!(f, "it has no header {name} (`release_header` in infra/platform.toml)")
            }
            Self::Empty => f.write_str("its body is empty"),
            Self::TooLarge => write!(f, "its body is larger than {} KiB", VERSION_BODY_LIMIT / 1024),
            Self::Html => f.write_str("its body is an HTML page"),
            Self::NotJson(error) => write!(f, "its body is not JSON ({error})"),
            Self::Json => f.write_str(
                "its body is JSON, and `version_endpoint` in infra/platform.toml has no `json_pointer` into it",
            ),
            Self::NoKey { pointer, keys } if keys.is_empty() => {
                write!(f, "its JSON has nothing at {pointer}")
            }
            Self::NoKey { pointer, keys } => {
                write!(f, "its JSON has nothing at {pointer}, only the keys {}", keys.join(", "))
            }
            Self::NotText { pointer, found } => write!(f, "its JSON has {found} at {pointer}, not a text"),
            Self::NotARelease(text) => write!(f, "`{text}` is none"),
        }
    }
}

/// The release that a body names: at the place of its JSON, or as plain text.
///
/// # Errors
/// [`Unnamed`] where it names none.
pub fn release_in(body: &[u8], pointer: Option<&JsonPointer>) -> Result<String, Unnamed> {
    if body.len() > VERSION_BODY_LIMIT {
        return Err(Unnamed::TooLarge);
    }
    let body = body.trim_ascii();
    match (body.first(), pointer) {
        (None, _) => return Err(Unnamed::Empty),
        (Some(b'<'), _) => return Err(Unnamed::Html),
        (Some(b'{' | b'['), None) => return Err(Unnamed::Json),
        _ => {}
    }
    let Some(pointer) = pointer else { return release(&String::from_utf8_lossy(body)) };
    let json: Value = serde_json::from_slice(body).map_err(|error| Unnamed::NotJson(error.to_string()))?;
    match json.pointer(pointer.as_str()) {
        Some(Value::String(text)) => release(text),
        Some(other) => Err(Unnamed::NotText { pointer: pointer.clone(), found: kind(other) }),
        None => {
            let keys = json.as_object().into_iter().flat_map(|object| object.keys());
            let keys = keys.take(SHOWN_KEYS).map(|key| beginning(key)).collect();
            Err(Unnamed::NoKey { pointer: pointer.clone(), keys })
        }
    }
}

/// A release is a tag or a commit: one short word. Anything else is shown only as far as it cannot do harm on a terminal.
fn release(text: &str) -> Result<String, Unnamed> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._+/-".contains(&byte);
    if !text.is_empty() && text.len() <= RELEASE_LIMIT && text.bytes().all(fits) {
        Ok(text.to_owned())
    } else {
        Err(Unnamed::NotARelease(beginning(text)))
    }
}

fn beginning(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_CHARS).collect();
    let more = if shown.len() < text.len() { "…" } else { "" };
    format!("{}{more}", shown.escape_debug())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_on_the_load_balancer() {
        assert!(path_matches("/api/*", "/api/health"));
        assert!(path_matches("/*", "/"));
        assert!(!path_matches("/mcp", "/mcp/health"));
        assert!(path_matches("/v?/x", "/v1/x"));
        assert!(!path_matches("/v?/x", "/v/x"));
    }

    fn told(body: &str, pointer: Option<&str>) -> String {
        let pointer: Option<JsonPointer> = pointer.map(|pointer| pointer.parse().unwrap());
        match release_in(body.as_bytes(), pointer.as_ref()) {
            Ok(release) => release,
            Err(unnamed) => unnamed.to_string().replace("the answer names no release: ", "none: "),
        }
    }

    #[test]
    fn a_release_is_read_from_text_and_from_json() {
        assert_eq!(told("v0.1.0\n", None), "v0.1.0");
        assert_eq!(told(r#"{"version": "v0.1.0", "commit": "c0ffee"}"#, Some("/version")), "v0.1.0");
        assert_eq!(told(r#"{"build": {"a/b": ["v1"]}}"#, Some("/build/a~1b/0")), "v1");
    }

    #[test]
    fn a_body_without_a_release_says_why() {
        let large = format!("\"{}\"", "v".repeat(VERSION_BODY_LIMIT));
        let cases = [
            (" \n", None, "none: its body is empty"),
            ("", Some("/version"), "none: its body is empty"),
            (&large, Some("/version"), "none: its body is larger than 16 KiB"),
            ("<!doctype html><title>Home</title>", None, "none: its body is an HTML page"),
            ("\n <html>", Some("/version"), "none: its body is an HTML page"),
            ("v0.1.0", Some("/version"), "none: its body is not JSON (expected value at line 1 column 1)"),
            (
                r#"{"version""#,
                Some("/version"),
                "none: its body is not JSON (EOF while parsing an object at line 1 column 10)",
            ),
            (
                r#"{"version":"v1"}"#,
                None,
                "none: its body is JSON, and `version_endpoint` in infra/platform.toml has no `json_pointer` into it",
            ),
            (
                r#"{"commit":"c0ffee","status":"ok"}"#,
                Some("/version"),
                "none: its JSON has nothing at /version, only the keys commit, status",
            ),
            ("[]", Some("/version"), "none: its JSON has nothing at /version"),
            (r#"{"version":3}"#, Some("/version"), "none: its JSON has a number at /version, not a text"),
            (r#"{"version":null}"#, Some("/version"), "none: its JSON has null at /version, not a text"),
            (r#"{"version":""}"#, Some("/version"), "none: `` is none"),
            ("no release\u{1b}[2J", None, "none: `no release\\u{1b}[2J` is none"),
        ];
        for (body, pointer, expected) in cases {
            assert_eq!(told(body, pointer), expected, "{body:.60}");
        }
    }
}
