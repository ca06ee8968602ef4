//! Values in memory: cleared when they go, and never in a message.

use std::collections::BTreeMap;

use env_config::{Secret, SecretKey};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::SecretsError;

/// Length of a generated value whose length the configuration leaves open.
const DEFAULT_LENGTH: u16 = 64;

/// The texts in a secret's JSON object, by key.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<String, SecretString>);

impl Values {
    /// Reads a JSON object of texts; `None` for anything else. No reason is given: the reader's would quote the text.
    #[must_use]
    pub fn parse(json: &str) -> Option<Self> {
        let texts: BTreeMap<String, String> = serde_json::from_str(json).ok()?;
        Some(Self(texts.into_iter().map(|(key, text)| (key, SecretString::from(text))).collect()))
    }

    /// Sets one text.
    pub fn set(&mut self, key: &str, text: SecretString) {
        self.0.insert(key.to_owned(), text);
    }

    /// The text of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&SecretString> {
        self.0.get(key)
    }

    /// Takes over all texts of `other`.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The keys; they are no secrets.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Whether it has exactly some of these keys, and at least one.
    #[must_use]
    pub fn is_made_of(&self, secret: &Secret) -> bool {
        !self.0.is_empty() && self.0.keys().all(|key| secret.keys.keys().any(|known| known.as_str() == key))
    }

    /// The JSON object.
    #[must_use]
    pub fn to_json(&self) -> SecretString {
        let texts: BTreeMap<&str, &str> =
            self.0.iter().map(|(key, text)| (key.as_str(), text.expose_secret())).collect();
        // A map of texts always is JSON.
        let json = Zeroizing::new(serde_json::to_string(&texts).unwrap_or_default());
        SecretString::from(json.as_str())
    }

    /// What does not fit the configuration, by key; without the values.
    #[must_use]
    pub fn problems(&self, secret: &Secret) -> Vec<String> {
        let mut problems = Vec::new();
        for (name, key) in &secret.keys {
            match self.0.get(name.as_str()) {
                None => problems.push(format!("`{name}` is missing")),
                Some(text) => {
                    if let Err(flaw) = key.check(text.expose_secret()) {
                        problems.push(format!("`{name}` {flaw}"));
                    }
                }
            }
        }
        problems
    }

    /// Whether a text is one character over and over: nobody issues such a value.
    #[must_use]
    pub fn is_placeholder(&self) -> bool {
        self.repeated().next().is_some()
    }

    /// The keys whose text is one character over and over.
    pub fn repeated(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|(key, text)| {
            let mut characters = text.expose_secret().chars();
            let first = characters.next();
            let one = first.is_some() && characters.all(|character| Some(character) == first);
            one.then_some(key.as_str())
        })
    }
}

/// A random value of the shape of `key`.
pub fn generate(key: &SecretKey) -> Result<SecretString, SecretsError> {
    let letters: Vec<char> = (' '..='~').filter(|&character| key.alphabet.contains(character)).collect();
    let length = usize::from(key.length.or(key.min_length).unwrap_or(DEFAULT_LENGTH));
    // Bytes from the incomplete last round of the alphabet would prefer its first characters.
    let usable = 256 - 256 % letters.len();
    let mut text = Zeroizing::new(String::with_capacity(length));
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while text.len() < length {
        getrandom::fill(&mut *bytes).map_err(|error| SecretsError::Random(error.to_string()))?;
        let usable = bytes.iter().map(|&byte| usize::from(byte)).filter(|&byte| byte < usable);
        let missing = length - text.len();
        text.extend(usable.take(missing).map(|byte| letters[byte % letters.len()]));
    }
    Ok(SecretString::from(text.as_str()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use env_config::{Alphabet, SecretSource};

    use super::*;

    fn key(alphabet: Alphabet, length: u16) -> SecretKey {
        SecretKey {
            source: SecretSource::Generated,
            alphabet,
            length: Some(length),
            min_length: None,
            hint: None,
        }
    }

    #[test]
    fn generated_values_have_the_shape_and_differ() {
        for alphabet in [Alphabet::Hex, Alphabet::Alphanumeric, Alphabet::Printable] {
            let key = key(alphabet, 200);
            let (one, two) = (generate(&key).unwrap(), generate(&key).unwrap());
            assert_eq!(key.check(one.expose_secret()), Ok(()));
            assert_ne!(one.expose_secret(), two.expose_secret());
        }
    }

    #[test]
    fn objects_of_texts_are_values_and_nothing_else() {
        assert!(Values::parse(r#"{"key":"text"}"#).is_some());
        for other in ["text", "[]", r#"{"key":1}"#, r#"{"key":"#] {
            assert!(Values::parse(other).is_none(), "{other}");
        }
    }

    #[test]
    fn one_character_over_and_over_is_a_placeholder() {
        let values = |json: &str| Values::parse(json).unwrap();
        assert!(values(r#"{"a":"0000","b":"x9"}"#).is_placeholder());
        assert!(!values(r#"{"a":"0001"}"#).is_placeholder());
        assert!(!format!("{:?}", values(r#"{"a":"hunter2"}"#)).contains("hunter2"));
    }

    #[test]
    fn json_is_what_was_read() {
        let mut values = Values::parse(r#"{"a":"q\"uote"}"#).unwrap();
        values.set("b", SecretString::from("two"));
        let again = Values::parse(values.to_json().expose_secret()).unwrap();
        assert_eq!(again.0["a"].expose_secret(), "q\"uote");
        assert_eq!(again.0["b"].expose_secret(), "two");
    }
}
