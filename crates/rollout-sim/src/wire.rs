//! What the wire forms of several services share: operations' shapes, pages, wildcards, encodings.

use std::time::Duration;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::ApiError;

/// Inputs of API operations: every member optional for serde (the operation says what is missing in AWS's
/// words), members that are not modelled refused by name.
macro_rules! inputs {
    ($case:tt $($item:item)+) => { $(
        #[derive(Debug, Clone, Default, PartialEq, serde::Deserialize)]
        #[serde(default, rename_all = $case, deny_unknown_fields)]
        $item
    )+ };
}
pub(crate) use inputs;

/// Outputs of API operations.
macro_rules! outputs {
    ($case:tt $($item:item)+) => { $(
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
        #[serde(rename_all = $case)]
        $item
    )+ };
}
pub(crate) use outputs;

/// One page of `items`, and the token of the next. A token is the offset of its page; one that this
/// function did not hand out is answered with `invalid_token`.
pub(crate) fn page<T>(
    items: impl IntoIterator<Item = T>,
    token: Option<&str>,
    size: usize,
    invalid_token: impl FnOnce() -> ApiError,
) -> Result<(Vec<T>, Option<String>), ApiError> {
    let start = match token {
        None => 0,
        Some(text) => match text.strip_prefix("page-").map(str::parse::<usize>) {
            Some(Ok(start)) => start,
            _ => return Err(invalid_token()),
        },
    };
    let mut rest = items.into_iter().skip(start);
    let page: Vec<T> = rest.by_ref().take(size).collect();
    let next = rest.next().map(|_| format!("page-{}", start + size));
    Ok((page, next))
}

/// A parameter in seconds as a duration; negative ones and those that are no number are none at all.
pub(crate) fn secs(secs: f64) -> Duration {
    Duration::try_from_secs_f64(secs).unwrap_or_default()
}

/// SHA-256 in lower-case hexadecimal.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        push_hex(&mut text, *byte);
        text
    })
}

/// Adds a byte in lower-case hexadecimal.
pub(crate) fn push_hex(text: &mut String, byte: u8) {
    text.push(char::from(HEX[usize::from(byte >> 4)]));
    text.push(char::from(HEX[usize::from(byte & 15)]));
}

/// Standard base64 with padding.
pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group =
            chunk.iter().fold(0_u32, |group, &byte| group << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            let index = (group >> (18 - 6 * position) & 63) as usize;
            text.push(if position > chunk.len() { '=' } else { char::from(ALPHABET[index]) });
        }
    }
    text
}

/// Reads base64, standard or URL-safe, with or without padding.
pub(crate) fn base64_decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut group, mut bits) = (0_u32, 0);
    for c in text.bytes() {
        let value = match c {
            b'A'..=b'Z' => c - b'A',
            b'a'..=b'z' => c - b'a' + 26,
            b'0'..=b'9' => c - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        group = group << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits & 255) as u8);
        }
    }
    Some(bytes)
}

/// Everything but the unreserved characters (RFC 3986).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Percent-encodes everything but unreserved characters.
pub(crate) fn percent_encode(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Whether `text` matches `pattern`, in which `*` stands for any run of characters and, where `single`
/// is given, that character for exactly one. Linear in practice: only the last `*` is ever revisited.
pub(crate) fn wildcard(pattern: &str, text: &str, single: Option<char>) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    let mut retry = None;
    loop {
        let before = text.clone();
        match (pattern.next(), text.next()) {
            (Some('*'), _) => {
                text = before;
                retry = Some((pattern.clone(), text.clone()));
            }
            (Some(p), Some(t)) if p == t || Some(p) == single => {}
            (None, None) => return true,
            _ => match retry.take() {
                Some((resume_pattern, mut resume_text)) => {
                    if resume_text.next().is_none() {
                        return false;
                    }
                    pattern = resume_pattern.clone();
                    text = resume_text.clone();
                    retry = Some((resume_pattern, resume_text));
                }
                None => return false,
            },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use percent_encoding::percent_decode_str;

    use super::*;

    #[test]
    fn star_matches_any_run_and_backtracks_to_the_last_star() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*c", "abcbc", true),
            ("a*c", "abcb", false),
            ("*ab*ab", "abxabab", true),
            ("v*", "v1", true),
            ("", "x", false),
            ("a**", "a", true),
        ] {
            assert_eq!(wildcard(pattern, text, Some('?')), expected, "{pattern} {text}");
        }
        assert!(wildcard("a?c", "abc", Some('?')));
        assert!(!wildcard("a?c", "abc", None));
    }

    #[test]
    fn pages_cover_every_item_once() {
        let (first, token) = page(0..5, None, 2, || ApiError::new("T", "t")).unwrap();
        assert_eq!((first, token.as_deref()), (vec![0, 1], Some("page-2")));
        let (last, token) = page(0..5, Some("page-4"), 2, || ApiError::new("T", "t")).unwrap();
        assert_eq!((last, token), (vec![4], None));
        assert!(page(0..5, Some("made-up"), 2, || ApiError::new("T", "t")).is_err());
    }

    #[test]
    fn percent_encoding_reads_back() {
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        for text in ["", "{\"Version\": \"2012-10-17\"}", "100 %", "Grüße/*"] {
            assert_eq!(decode(&percent_encode(text)), text);
        }
        assert_eq!(decode("50%, %2"), "50%, %2");
    }

    #[test]
    fn base64_pads() {
        assert_eq!(["", "f", "fo", "foo"].map(|text| base64(text.as_bytes())), ["", "Zg==", "Zm8=", "Zm9v"]);
        assert_eq!(base64_decode("Zm8").as_deref(), Some(&b"fo"[..]));
        assert_eq!(base64_decode("Zm9v").as_deref(), Some(&b"foo"[..]));
        assert_eq!(base64_decode("%"), None);
    }

    #[test]
    fn digest_is_lower_case_hex() {
        assert_eq!(sha256_hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
