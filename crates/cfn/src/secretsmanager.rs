//! AWS Secrets Manager.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::{Handle, resource};
use crate::kind::{SecretArn, SecretValueFrom, Text};
use crate::template::Stack;
use crate::value::Value;

/// `AWS::SecretsManager::Secret`. Without [`GenerateSecretString`] it is created empty, to be filled in later:
/// CloudFormation does not touch the value afterwards.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Secret<S> {
    pub description: Value<S, Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate_secret_string: Option<GenerateSecretString>,
    pub name: String,
}
resource!(Secret = "AWS::SecretsManager::Secret", ref arn: SecretArn);

impl<S: Stack> Handle<Secret<S>> {
    /// The value of `key` in the JSON object that the secret holds, for a container: ECS reads it as the task starts.
    pub fn value_from(&self, key: &str) -> Value<S, SecretValueFrom> {
        Value::concat([self.arn().text(), format!(":{key}::").into()])
    }

    /// The value of `key` as a dynamic reference: CloudFormation reads it as it deploys, and never shows it.
    pub fn dynamic_reference(&self, key: &str) -> Value<S, Text> {
        let suffix = format!(":SecretString:{key}}}}}");
        Value::concat(["{{resolve:secretsmanager:".into(), self.arn().text(), suffix.into()])
    }
}

/// How Secrets Manager makes up a value.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct GenerateSecretString {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude_characters: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exclude_punctuation: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exclude_uppercase: bool,
    /// The key in `secret_string_template` that gets the value.
    pub generate_string_key: String,
    pub password_length: u32,
    pub require_each_included_type: bool,
    /// A JSON object with what else the secret holds.
    pub secret_string_template: String,
}
