//! What must not reach a file or a screen: values that look like secrets.
//!
//! The tool reads no secret, but programs write what they like into their logs. A value is recognised by its
//! surroundings (`password=`, `--password`, `postgres://user:…@`, `Bearer`, a cookie) or by its own shape: keys of AWS,
//! tokens of GitHub, GitLab, npm, Slack and Stripe, a JWT, a private key, 64
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
static RULES: LazyLock<[(Regex, &str); 10]> = LazyLock::new(|| {
    [
        (r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", REDACTED),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", REDACTED),
        // Tokens that begin with what they are: of GitHub, GitLab, npm, Stripe, Slack.
        (
            r"\b(?:gh[pousr]_|github_pat_|glpat-|npm_|[srp]k_(?:live|test)_|xox[a-z]-|xapp-)[A-Za-z0-9_-]{10,}",
            REDACTED,
        ),
        // A JWT: its header is JSON, which begins with `{"`.
        (r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}", REDACTED),
        (
            r#"(?i)\b((?:set-)?cookie\\?["']?\s*[:=]\s*)(?:\\?"[^"]*"|'[^']*'|[^\r\n"]+)"#,
            "${1}[redacted]",
        ),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9+/._~=-]{8,}", "$1 [redacted]"),
        // A port is followed by a path; what else is before the last `@` is the password, whatever is in it.
        (
            r#"(\b[A-Za-z][A-Za-z0-9+.-]*://)[^/\s:@"'<>]*:(?:[0-9]*[^0-9/\s"'<>][^\s"'<>]*|[0-9]+)@"#,
            "${1}[redacted]@",
        ),
        (
            concat!(
                r"(?i)(--[\w-]*(?:password|passwd|secret|token|api[_-]?key|credential)[\w-]*\s+)",
                r#"(?:"[^"]*"|'[^']*'|[^\s"'-]\S*)"#,
            ),
            "${1}[redacted]",
        ),
        (r"(?i)\b(\w+[_-]pwd\s*=\s*)\S+", "${1}[redacted]"),
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

/// Where a secret access key of AWS can be: 40 characters of base64.
#[expect(clippy::unwrap_used, reason = "a constant pattern")]
static BASE64: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[0-9A-Za-z/+]{40,}").unwrap());

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
        if let Cow::Owned(changed) = BASE64.replace_all(&text, |found: &Captures<'_>| secret_key(&found[0])) {
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

/// A secret access key of AWS has letters of both cases and digits. A commit id has not, and a path of this length has more
/// slashes than a random value.
fn secret_key(word: &str) -> String {
    let has = |is: fn(&u8) -> bool| word.as_bytes().iter().any(is);
    let mixed = has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase) && has(u8::is_ascii_digit);
    let hexadecimal = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let slashes = word.bytes().filter(|byte| *byte == b'/').count();
    if word.len() == 40 && mixed && !hexadecimal && slashes <= 3 {
        REDACTED.to_owned()
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests;
