//! The macro behind the string newtypes: one pattern serves parsing, the JSON Schema and the error message.

/// Defines a string newtype that can only be made from text matching a pattern.
///
/// `pattern` is written so that JSON Schema validators (ECMA 262) and `regex-lite` read it alike, and `expected` completes
/// the sentence "… is not valid here: expected …".
macro_rules! text_type {
    (
        $(#[$meta:meta])*
        $name:ident, pattern: $pattern:expr, max_len: $max_len:expr, expected: $expected:expr $(,)?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            #[allow(dead_code, reason = "only types that are keys of tables are asked")]
            pub(crate) const PATTERN: &str = $pattern;
            #[allow(dead_code, reason = "only types that are keys of tables are asked")]
            pub(crate) const EXPECTED: &str = $expected;

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::InvalidText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                static PATTERN: std::sync::LazyLock<Option<regex_lite::Regex>> =
                    std::sync::LazyLock::new(|| regex_lite::Regex::new($pattern).ok());
                match &*PATTERN {
                    Some(pattern) if text.len() <= $max_len && pattern.is_match(text) => Ok(Self(text.to_owned())),
                    _ => Err($crate::text::InvalidText { text: text.to_owned(), expected: $expected }),
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": $pattern,
                    "maxLength": $max_len,
                    "description": $expected,
                })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

pub(crate) use text_type;

/// Text that does not have the shape of the type it was to become.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not valid here: expected {expected}")]
pub struct InvalidText {
    /// The offending text.
    pub text: String,
    /// What is allowed, as the end of a sentence.
    pub expected: &'static str,
}
