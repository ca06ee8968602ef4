//! What must not reach a file or a screen: values that look like secrets.
//!
//! The tool reads no secret, but programs write what they like into their logs. A value is recognised by its
//! surroundings (`password=`, `postgres://user:…@`, `Bearer`) or by its own shape: an access key of AWS, 64
//! hexadecimal digits, or the exact length of a secret that the configuration has generated.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use env_config::{Alphabet, Platform};
use regex_lite::{Captures, Regex};
use serde_json::Value;

/// What stands in the place of a value.
const REDACTED: &str = "[redacted]";

/// Recognises what looks like a secret.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// Lengths of generated alphanumeric values.
    lengths: BTreeSet<usize>,
}

// The patterns are constants: one that does not compile fails every test.
#[expect(clippy::unwrap_used, reason = "constant patterns")]
static RULES: LazyLock<[(Regex, &str); 4]> = LazyLock::new(|| {
    [
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", REDACTED),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}", "$1 [redacted]"),
        (r"(\b[A-Za-z][A-Za-z0-9+.-]*://)[^/\s:@]*:[^/\s@]+@", "${1}[redacted]@"),
        (
            concat!(
                r#"(?i)\b([\w-]*(?:password|passwd|secret|token|api[_-]?key|credential)(?:s|[_-][\w-]*)?"#,
                // In an ARN (`secret:NAME`) a colon is followed by the name at once.
                r#"(?:\\?["']?\s*=\s*|\\?["']\s*:\s*|\s*:\s+))"#,
                r#"(?:\\?"[^"]*"|'[^']*'|[^\s,;&"'\[\]{}()\\]+)"#,
            ),
            "${1}[redacted]",
        ),
    ]
    .map(|(pattern, by)| (Regex::new(pattern).unwrap(), by))
});

/// 64 hexadecimal digits, with what says that they are the digest of an image.
#[expect(clippy::unwrap_used, reason = "a constant pattern")]
static LONG_HEX: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(sha256:)?\b[0-9a-fA-F]{64,}\b").unwrap());

#[expect(clippy::unwrap_used, reason = "a constant pattern")]
static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b[0-9A-Za-z]{16,}\b").unwrap());

impl Redactor {
    /// Knows the shapes of the platform's generated secrets.
    #[must_use]
    pub fn new(platform: &Platform) -> Self {
        let keys = platform.secrets.values().flat_map(|secret| secret.keys.values());
        let alphanumeric = keys.filter(|key| key.alphabet == Alphabet::Alphanumeric);
        Self { lengths: alphanumeric.filter_map(|key| key.length.map(usize::from)).collect() }
    }

    /// The text without what looks like a secret.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for (rule, by) in RULES.iter() {
            if let Cow::Owned(changed) = rule.replace_all(&text, *by) {
                text = Cow::Owned(changed);
            }
        }
        let digests_stay = |found: &Captures<'_>| {
            if found.get(1).is_some() { found[0].to_owned() } else { REDACTED.to_owned() }
        };
        if let Cow::Owned(changed) = LONG_HEX.replace_all(&text, digests_stay) {
            text = Cow::Owned(changed);
        }
        if let Cow::Owned(changed) = WORD.replace_all(&text, |found: &Captures<'_>| self.word(&found[0])) {
            text = Cow::Owned(changed);
        }
        text
    }

    /// A word of exactly the length of a generated secret. Commit and task ids are of such lengths too, but
    /// hexadecimal, which a random alphanumeric value is not.
    fn word(&self, word: &str) -> String {
        let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
        if self.lengths.contains(&word.len()) && !hexadecimal { REDACTED.to_owned() } else { word.to_owned() }
    }

    /// Every text in a JSON value.
    pub fn value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Cow::Owned(changed) = self.text(text) {
                    *text = changed;
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.value(item)),
            Value::Object(entries) => entries.values_mut().for_each(|entry| self.value(entry)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor { lengths: BTreeSet::from([32, 40]) }
    }

    #[test]
    fn what_looks_like_a_secret_goes() {
        let hex = "0123456789abcdef".repeat(4);
        let password = "Xk29sLq0ZtWv73BnMpRy61CdFgHj84TuQaEo5wIi";
        let cases = [
            ("caller AKIAIOSFODNN7EXAMPLE denied".to_owned(), "caller [redacted] denied"),
            (format!("key {hex} is bad"), "key [redacted] is bad"),
            ("DB_PASSWORD=hunter2, host=db".to_owned(), "DB_PASSWORD=[redacted], host=db"),
            (r#"{"password": "hunter 2"}"#.to_owned(), r#"{"password": [redacted]}"#),
            ("password: 'hunter 2'".to_owned(), "password: [redacted]"),
            (
                "connect postgres://app:hunter2@db:5432/x".to_owned(),
                "connect postgres://[redacted]@db:5432/x",
            ),
            ("Authorization: Bearer abcdefgh.ijk".to_owned(), "Authorization: Bearer [redacted]"),
            (format!("auth failed for {password}"), "auth failed for [redacted]"),
        ];
        for (text, expected) in cases {
            assert_eq!(redactor().text(&text), expected, "{text}");
        }
    }

    #[test]
    fn what_identifies_something_stays() {
        let digest = format!("repository@sha256:{}", "ab".repeat(32));
        for text in [
            digest.as_str(),
            "commit bc41274c809da39c9a7dc3dde9e6f39f0f471f01",
            "task db20290ac13e4a81d80391ffb30d1390 stopped",
            "arn:aws:ecs:us-west-2:1:service-deployment/app-staging/api/AbCdEf0123456789AbCdE",
            "unable to pull secrets or registry auth: unable to retrieve secret from asm: timed out",
            "failed to fetch secret arn:aws:secretsmanager:us-west-2:1:secret:app/db-Ab12Cd from secrets manager",
            "https://example.com/api/health: healthy",
        ] {
            assert_eq!(redactor().text(text), text);
        }
    }
}
