//! The secrets of an environment: which exist, what they hold and where the values come from. Never the values.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::SecretKeyName;

/// A secret in Secrets Manager that holds a JSON object of strings, at `{secrets_prefix}/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// What it is for; becomes the description in Secrets Manager.
    pub description: String,
    /// The keys of its JSON object.
    pub keys: IndexMap<SecretKeyName, SecretKey>,
}

/// One value in a secret: where it comes from and what it must look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretKey {
    /// Made by the tool, or entered by a person.
    pub source: SecretSource,
    /// Characters it may have.
    pub alphabet: Alphabet,
    /// Exact number of characters. Required for generated values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 8, max = 4096))]
    pub length: Option<u16>,
    /// Least number of characters of an entered value, when `length` does not say it exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 4096))]
    pub min_length: Option<u16>,
    /// Where a person finds the value, shown when it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecretSource {
    /// Random, made once by `secrets init`.
    Generated,
    /// Issued elsewhere, asked for by `secrets set`.
    Entered,
}

/// Characters of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// `0` to `9` and `a` to `f`; four bits for each character.
    Hex,
    /// Letters and digits of ASCII.
    Alphanumeric,
    /// Any printable ASCII character except the space.
    Printable,
}

impl Alphabet {
    /// Whether the character belongs to it.
    pub fn contains(self, character: char) -> bool {
        match self {
            Self::Hex => matches!(character, '0'..='9' | 'a'..='f'),
            Self::Alphanumeric => character.is_ascii_alphanumeric(),
            Self::Printable => character.is_ascii_graphic(),
        }
    }
}

/// Why a value does not fit its [`SecretKey`]. The texts never contain the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadShape {
    /// Not the exact number of characters.
    #[error("has {actual} characters instead of {expected}")]
    Length {
        /// Characters that it has.
        actual: usize,
        /// Characters that it must have.
        expected: u16,
    },
    /// Fewer characters than required.
    #[error("has {actual} characters, at least {minimum} are required")]
    TooShort {
        /// Characters that it has.
        actual: usize,
        /// Characters that it must have at least.
        minimum: u16,
    },
    /// A character outside the alphabet.
    #[error("has a character that is not allowed at position {position} (allowed: {})", alphabet_text(.alphabet))]
    Character {
        /// Position of the first such character, from 1.
        position: usize,
        /// What is allowed.
        alphabet: Alphabet,
    },
}

fn alphabet_text(alphabet: &Alphabet) -> &'static str {
    match alphabet {
        Alphabet::Hex => "0-9 and a-f",
        Alphabet::Alphanumeric => "letters and digits",
        Alphabet::Printable => "printable ASCII without spaces",
    }
}

impl SecretKey {
    /// Checks a value against the shape.
    ///
    /// # Errors
    /// [`BadShape`], which does not contain the value.
    pub fn check(&self, value: &str) -> Result<(), BadShape> {
        let actual = value.chars().count();
        if let Some(expected) = self.length
            && actual != usize::from(expected)
        {
            return Err(BadShape::Length { actual, expected });
        }
        let minimum = self.min_length.unwrap_or(1);
        if actual < usize::from(minimum) {
            return Err(BadShape::TooShort { actual, minimum });
        }
        match value.chars().position(|character| !self.alphabet.contains(character)) {
            Some(index) => Err(BadShape::Character { position: index + 1, alphabet: self.alphabet }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(alphabet: Alphabet, length: Option<u16>, min_length: Option<u16>) -> SecretKey {
        SecretKey { source: SecretSource::Entered, alphabet, length, min_length, hint: None }
    }

    #[test]
    fn an_encryption_key_is_exactly_64_hex_characters() {
        let key = key(Alphabet::Hex, Some(64), None);
        assert_eq!(key.check(&"a1".repeat(32)), Ok(()));
        assert_eq!(key.check(&"a".repeat(63)), Err(BadShape::Length { actual: 63, expected: 64 }));
        assert_eq!(
            key.check(&format!("{}G", "a".repeat(63))),
            Err(BadShape::Character { position: 64, alphabet: Alphabet::Hex })
        );
    }

    #[test]
    fn an_empty_value_is_too_short_whatever_the_shape() {
        let empty = key(Alphabet::Printable, None, None).check("");
        assert_eq!(empty, Err(BadShape::TooShort { actual: 0, minimum: 1 }));
        let short = key(Alphabet::Printable, None, Some(16)).check("hunter2");
        assert_eq!(short, Err(BadShape::TooShort { actual: 7, minimum: 16 }));
    }

    #[test]
    fn messages_do_not_repeat_the_value() {
        let error = key(Alphabet::Alphanumeric, None, Some(4))
            .check("topsecret value")
            .map_err(|error| error.to_string());
        assert_eq!(
            error,
            Err("has a character that is not allowed at position 10 (allowed: letters and digits)".to_owned())
        );
    }
}
