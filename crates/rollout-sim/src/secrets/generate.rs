//! Values that are made up.
//!
//! Rules of `GetRandomPassword` and of `GenerateSecretString` (botocore `secretsmanager/2017-10-17`;
//! `AWS::SecretsManager::Secret GenerateSecretString`).

use super::{GenerateSecretString, invalid_parameter};
use crate::{ApiError, Rng};

const PUNCTUATION: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

impl GenerateSecretString {
    /// The characters of each kind that may occur.
    fn kinds(&self) -> Vec<Vec<char>> {
        let kinds = [
            (!self.exclude_lowercase, "abcdefghijklmnopqrstuvwxyz"),
            (!self.exclude_uppercase, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
            (!self.exclude_numbers, "0123456789"),
            (!self.exclude_punctuation, PUNCTUATION),
            (self.include_space, " "),
        ];
        kinds
            .into_iter()
            .filter(|(included, _)| *included)
            .map(|(_, kind)| {
                kind.chars().filter(|c| !self.exclude_characters.contains(*c)).collect::<Vec<_>>()
            })
            .filter(|kind| !kind.is_empty())
            .collect()
    }

    /// Whether a value can be made, in AWS's words where it cannot.
    pub(super) fn check(&self) -> Result<(), ApiError> {
        if !(1..=4096).contains(&self.password_length) {
            return Err(invalid_parameter("Password length must be between 1 and 4096."));
        }
        let kinds = self.kinds().len();
        if kinds == 0 {
            return Err(ApiError::new(
                "InvalidParameterException",
                "No characters are left to choose from: every included type is excluded.",
            ));
        }
        if self.require_each_included_type && self.password_length < kinds {
            return Err(ApiError::new(
                "InvalidParameterException",
                "Password length is less than the number of required character types.",
            ));
        }
        match (&self.secret_string_template, &self.generate_string_key) {
            (None, None) => Ok(()),
            (Some(template), Some(_)) => {
                let is_object =
                    serde_json::from_str::<serde_json::Value>(template).is_ok_and(|it| it.is_object());
                is_object.then_some(()).ok_or_else(|| {
                    ApiError::new(
                        "InvalidRequestException",
                        "Could not generate a secret string: SecretStringTemplate is not a JSON object.",
                    )
                })
            }
            _ => Err(ApiError::new(
                "InvalidRequestException",
                "SecretStringTemplate and GenerateStringKey must be given together.",
            )),
        }
    }
}

/// The value that `recipe` makes of `seed`: always the same.
pub(super) fn generate(recipe: &GenerateSecretString, seed: u64) -> String {
    let mut rng = Rng::new(seed);
    let mut pick = |from: &[char]| {
        let index = rng.next_u64() % from.len().max(1) as u64;
        from.get(usize::try_from(index).unwrap_or(0)).copied()
    };
    let kinds = recipe.kinds();
    let all: Vec<char> = kinds.iter().flatten().copied().collect();
    let mut characters: Vec<char> = Vec::with_capacity(recipe.password_length);
    if recipe.require_each_included_type {
        characters.extend(kinds.iter().filter_map(|kind| pick(kind)));
    }
    while characters.len() < recipe.password_length
        && let Some(character) = pick(&all)
    {
        characters.push(character);
    }
    // Without this the first characters would tell their kind.
    let mut order = Rng::new(seed ^ 0x5EED);
    for last in (1..characters.len()).rev() {
        let other = usize::try_from(order.next_u64() % (last as u64 + 1)).unwrap_or(0);
        characters.swap(last, other);
    }
    let password: String = characters.into_iter().collect();
    let object =
        recipe.secret_string_template.as_deref().and_then(|template| serde_json::from_str(template).ok());
    match (object, &recipe.generate_string_key) {
        (Some(serde_json::Value::Object(mut object)), Some(key)) => {
            object.insert(key.clone(), password.into());
            serde_json::Value::Object(object).to_string()
        }
        _ => password,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_included_kind_occurs_and_no_excluded_character() {
        let recipe = GenerateSecretString {
            exclude_characters: "\"@/\\ ".to_owned(),
            ..GenerateSecretString::default()
        };
        for seed in 0..200 {
            let text = generate(&recipe, seed);
            assert_eq!(text.chars().count(), 32);
            assert!(
                text.chars().any(|c| c.is_ascii_lowercase()) && text.chars().any(|c| c.is_ascii_uppercase())
            );
            assert!(
                text.chars().any(|c| c.is_ascii_digit()) && text.chars().any(|c| c.is_ascii_punctuation())
            );
            assert!(!text.contains(['"', '@', '/', '\\', ' ']), "{seed}");
        }
    }

    #[test]
    fn exclusions_leave_what_is_left() {
        let recipe = GenerateSecretString {
            password_length: 64,
            exclude_uppercase: true,
            exclude_punctuation: true,
            exclude_characters: "ghijklmnopqrstuvwxyz".to_owned(),
            ..GenerateSecretString::default()
        };
        let text = generate(&recipe, 3);
        assert!(text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()), "{}", text.len());
    }

    #[test]
    fn the_value_joins_the_object_of_the_template() {
        let recipe = GenerateSecretString {
            secret_string_template: Some(r#"{"username":"app"}"#.to_owned()),
            generate_string_key: Some("password".to_owned()),
            ..GenerateSecretString::default()
        };
        let value: serde_json::Value = serde_json::from_str(&generate(&recipe, 1)).unwrap();
        assert_eq!(
            (value["username"].as_str(), value["password"].as_str().map(str::len)),
            (Some("app"), Some(32))
        );
    }

    #[test]
    fn recipes_that_cannot_work_are_refused() {
        let refused = |change: fn(&mut GenerateSecretString)| {
            let mut recipe = GenerateSecretString::default();
            change(&mut recipe);
            recipe.check().unwrap_err().code
        };
        assert_eq!(refused(|recipe| recipe.password_length = 0), "InvalidParameterException");
        assert_eq!(refused(|recipe| recipe.password_length = 3), "InvalidParameterException");
        assert_eq!(
            refused(|recipe| recipe.generate_string_key = Some("k".to_owned())),
            "InvalidRequestException"
        );
        assert_eq!(
            refused(|recipe| {
                recipe.generate_string_key = Some("k".to_owned());
                recipe.secret_string_template = Some("[]".to_owned());
            }),
            "InvalidRequestException"
        );
    }
}
