//! `AllowedPattern`: regular expressions over the whole value.

/// Whether all of `text` matches `pattern`.
///
/// # Errors
/// Names a pattern that uses what this engine does not have (CloudFormation's is Java's, with look-around).
pub(super) fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    regex_lite::Regex::new(&format!("^(?:{pattern})$"))
        .map(|regex| regex.is_match(text))
        .map_err(|_| format!("not modelled: AllowedPattern {pattern}"))
}
