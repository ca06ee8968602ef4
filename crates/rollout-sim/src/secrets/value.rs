//! The value of a secret, and what of it is kept.
//!
//! A world that is written down holds no secret: of a value that was generated the recipe and a seed are
//! kept, from which it is made again; of one that was entered only its shape. A world that is read again
//! has, in place of an entered value, a stand-in of the same shape: the same JSON keys, lengths and kinds of
//! characters, so that what checks for presence and shape finds what it found before.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::GenerateSecretString;
use super::generate::generate;

/// The text of a version, and the form in which it survives.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub(super) struct Value {
    text: String,
    kept: Kept,
}

/// What of a value is written down.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Kept {
    Generated { recipe: GenerateSecretString, seed: u64 },
    Entered(Shape),
}

impl Value {
    pub(super) fn entered(text: String) -> Self {
        let shape = Shape::of(&text);
        Self { text, kept: Kept::Entered(shape) }
    }

    pub(super) fn generated(recipe: GenerateSecretString, seed: u64) -> Self {
        Self { text: generate(&recipe, seed), kept: Kept::Generated { recipe, seed } }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Whether the value is a JSON object with this key.
    pub(super) fn has_key(&self, key: &str) -> bool {
        serde_json::from_str::<serde_json::Value>(&self.text).is_ok_and(|value| value.get(key).is_some())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

impl From<Kept> for Value {
    fn from(kept: Kept) -> Self {
        let text = match &kept {
            Kept::Generated { recipe, seed } => generate(recipe, *seed),
            Kept::Entered(shape) => shape.stand_in(),
        };
        Self { text, kept }
    }
}

impl From<Value> for Kept {
    fn from(value: Value) -> Self {
        value.kept
    }
}

/// What may be known of an entered value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Shape {
    /// Characters of one kind.
    Text { length: usize, kind: CharacterKind },
    /// A JSON object; keys are no secrets.
    Object(BTreeMap<String, Shape>),
    /// A JSON number, `true`, `false`, `null` or list.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum CharacterKind {
    Digits,
    Hexadecimal,
    Alphanumeric,
    Any,
}

impl Shape {
    fn of(text: &str) -> Self {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value @ serde_json::Value::Object(_)) => Self::of_json(&value),
            _ => Self::of_text(text),
        }
    }

    fn of_json(value: &serde_json::Value) -> Self {
        match value {
            serde_json::Value::String(text) => Self::of_text(text),
            serde_json::Value::Object(entries) => {
                Self::Object(entries.iter().map(|(key, value)| (key.clone(), Self::of_json(value))).collect())
            }
            _ => Self::Other,
        }
    }

    fn of_text(text: &str) -> Self {
        let all = |kind: fn(&char) -> bool| text.chars().all(|c| kind(&c));
        let kind = if all(char::is_ascii_digit) {
            CharacterKind::Digits
        } else if all(char::is_ascii_hexdigit) {
            CharacterKind::Hexadecimal
        } else if all(char::is_ascii_alphanumeric) {
            CharacterKind::Alphanumeric
        } else {
            CharacterKind::Any
        };
        Self::Text { length: text.chars().count(), kind }
    }

    fn stand_in(&self) -> String {
        match self {
            Self::Text { length, kind } => {
                let pattern = match kind {
                    CharacterKind::Digits => "0123456789",
                    CharacterKind::Hexadecimal => "0123456789abcdef",
                    CharacterKind::Alphanumeric => "StandIn0",
                    CharacterKind::Any => "stand-in-",
                };
                pattern.chars().cycle().take(*length).collect()
            }
            Self::Object(_) | Self::Other => self.json_stand_in().to_string(),
        }
    }

    fn json_stand_in(&self) -> serde_json::Value {
        match self {
            Self::Text { .. } => serde_json::Value::String(self.stand_in()),
            Self::Object(entries) => {
                entries.iter().map(|(key, shape)| (key.clone(), shape.json_stand_in())).collect()
            }
            Self::Other => serde_json::Value::Null,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn restored(value: &Value) -> Value {
        serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
    }

    #[test]
    fn an_entered_value_is_not_written_down_and_its_shape_is() {
        let key = "9f".repeat(32);
        let entered =
            Value::entered(format!(r#"{{"key":"{key}","user":"someone","port":5432,"pin":"4711"}}"#));
        let written = serde_json::to_string(&entered).unwrap();
        for secret in [key.as_str(), "someone", "4711", "5432"] {
            assert!(!written.contains(secret), "{written}");
        }
        let restored = restored(&entered);
        let value: serde_json::Value = serde_json::from_str(restored.text()).unwrap();
        let text = value["key"].as_str().unwrap();
        assert!(text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()));
        assert_eq!((value["user"].as_str().unwrap().len(), value["pin"].as_str().unwrap().len()), (7, 4));
        assert!(restored.has_key("port") && !restored.has_key("host"));
    }

    #[test]
    fn a_generated_value_is_made_again() {
        let generated = Value::generated(GenerateSecretString::default(), 42);
        let written = serde_json::to_string(&generated).unwrap();
        assert!(!written.contains(generated.text()));
        assert_eq!(restored(&generated).text(), generated.text());
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Value::entered("hunter2".to_owned())), "(secret)");
    }
}
