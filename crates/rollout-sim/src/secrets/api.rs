//! Wire shapes of the Secrets Manager API (JSON 1.1; botocore `secretsmanager/2017-10-17`). Timestamps are
//! seconds since the epoch. Members that are not modelled are absent: binary values, rotation of one's own, replication.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::scalar::{lenient, lenient_opt};
use crate::wire::{inputs, outputs};

/// The text of a secret. It shows itself only on the wire.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(pub String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// How a value is made up: `GetRandomPassword`, and `GenerateSecretString` of `AWS::SecretsManager::Secret`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct GenerateSecretString {
    /// 1 to 4096 characters.
    #[serde(deserialize_with = "lenient")]
    pub password_length: usize,
    /// Characters that must not occur.
    pub exclude_characters: String,
    /// No digits.
    #[serde(deserialize_with = "lenient")]
    pub exclude_numbers: bool,
    /// No punctuation.
    #[serde(deserialize_with = "lenient")]
    pub exclude_punctuation: bool,
    /// No upper-case letters.
    #[serde(deserialize_with = "lenient")]
    pub exclude_uppercase: bool,
    /// No lower-case letters.
    #[serde(deserialize_with = "lenient")]
    pub exclude_lowercase: bool,
    /// With spaces.
    #[serde(deserialize_with = "lenient")]
    pub include_space: bool,
    /// At least one character of each kind that may occur.
    #[serde(deserialize_with = "lenient")]
    pub require_each_included_type: bool,
    /// JSON object to which the value is added; only in templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_string_template: Option<String>,
    /// Key of the value in that object; only in templates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub generate_string_key: Option<String>,
}

impl Default for GenerateSecretString {
    fn default() -> Self {
        Self {
            password_length: 32,
            exclude_characters: String::new(),
            exclude_numbers: false,
            exclude_punctuation: false,
            exclude_uppercase: false,
            exclude_lowercase: false,
            include_space: false,
            require_each_included_type: true,
            secret_string_template: None,
            generate_string_key: None,
        }
    }
}

/// Restricts a listing; a value that starts with `!` excludes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub struct Filter {
    /// `name`, `description`, `owning-service`, `tag-key` or `tag-value`.
    pub key: String,
    /// Prefixes; one of them must match.
    pub values: Vec<String>,
}

inputs! { "PascalCase"
    /// Input of `CreateSecret`.
    pub struct CreateSecretInput {
        /// Name, such as `staging/platform/database`.
        pub name: String,
        /// Version id of the first value.
        pub client_request_token: Option<String>,
        /// Free text.
        pub description: Option<String>,
        /// Key that encrypts it.
        pub kms_key_id: Option<String>,
        /// Value; none is allowed.
        pub secret_string: Option<SecretText>,
        /// Tags.
        pub tags: Vec<Tag>,
    }
    /// Input of `PutSecretValue`.
    pub struct PutSecretValueInput {
        /// Name or ARN.
        pub secret_id: String,
        /// Version id of the value.
        pub client_request_token: Option<String>,
        /// Value.
        pub secret_string: Option<SecretText>,
        /// Stages that move to the value; `AWSCURRENT` by default.
        pub version_stages: Vec<String>,
    }
    /// Input of `GetSecretValue`.
    pub struct GetSecretValueInput {
        /// Name or ARN.
        pub secret_id: String,
        /// Version.
        pub version_id: Option<String>,
        /// Stage; `AWSCURRENT` by default.
        pub version_stage: Option<String>,
    }
    /// Input of `DescribeSecret` and `RestoreSecret`.
    pub struct SecretInput {
        /// Name or ARN.
        pub secret_id: String,
    }
    /// Input of `ListSecrets`.
    pub struct ListSecretsInput {
        /// Also those that are scheduled for deletion.
        #[serde(deserialize_with = "lenient_opt")]
        pub include_planned_deletion: Option<bool>,
        /// 1 to 100 (default).
        #[serde(deserialize_with = "lenient_opt")]
        pub max_results: Option<usize>,
        /// Page.
        pub next_token: Option<String>,
        /// All must match.
        pub filters: Vec<Filter>,
        /// `asc` (default) or `desc`, by name.
        pub sort_order: Option<String>,
    }
    /// Input of `ListSecretVersionIds`.
    pub struct ListSecretVersionIdsInput {
        /// Name or ARN.
        pub secret_id: String,
        /// 1 to 100 (default).
        #[serde(deserialize_with = "lenient_opt")]
        pub max_results: Option<usize>,
        /// Page.
        pub next_token: Option<String>,
        /// Versions without a stage are not kept, so there are none to include.
        #[serde(deserialize_with = "lenient_opt")]
        pub include_deprecated: Option<bool>,
    }
    /// Input of `UpdateSecret`.
    pub struct UpdateSecretInput {
        /// Name or ARN.
        pub secret_id: String,
        /// Version id of the value.
        pub client_request_token: Option<String>,
        /// Free text.
        pub description: Option<String>,
        /// Key that encrypts it.
        pub kms_key_id: Option<String>,
        /// New value, which becomes current.
        pub secret_string: Option<SecretText>,
    }
    /// Input of `UpdateSecretVersionStage`.
    pub struct UpdateSecretVersionStageInput {
        /// Name or ARN.
        pub secret_id: String,
        /// The stage that is moved, added or taken away.
        pub version_stage: String,
        /// Version that has it.
        pub remove_from_version_id: Option<String>,
        /// Version that gets it; none takes it away.
        pub move_to_version_id: Option<String>,
    }
    /// Input of `DeleteSecret`.
    pub struct DeleteSecretInput {
        /// Name or ARN.
        pub secret_id: String,
        /// 7 to 30, default 30.
        #[serde(deserialize_with = "lenient_opt")]
        pub recovery_window_in_days: Option<u32>,
        /// At once, instead of a window.
        #[serde(deserialize_with = "lenient_opt")]
        pub force_delete_without_recovery: Option<bool>,
    }
}

outputs! { "PascalCase"
    /// Output of operations that change a secret.
    pub struct SecretOutput {
        /// ARN.
        #[serde(rename = "ARN")]
        pub arn: String,
        /// Name.
        pub name: String,
        /// Version, where a value was stored.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub version_id: Option<String>,
        /// Its stages (`PutSecretValue`).
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub version_stages: Vec<String>,
    }
    /// Output of `DeleteSecret`.
    pub struct DeleteSecretOutput {
        /// ARN.
        #[serde(rename = "ARN")]
        pub arn: String,
        /// Name.
        pub name: String,
        /// When it is gone.
        pub deletion_date: f64,
    }
    /// Output of `GetSecretValue`.
    pub struct GetSecretValueOutput {
        /// ARN.
        #[serde(rename = "ARN")]
        pub arn: String,
        /// Name.
        pub name: String,
        /// Version.
        pub version_id: String,
        /// Value.
        pub secret_string: SecretText,
        /// Stages.
        pub version_stages: Vec<String>,
        /// When the version was created.
        pub created_date: f64,
    }
    /// A secret, without its value: output of `DescribeSecret`, entry of `ListSecrets`.
    pub struct SecretDescription {
        /// ARN.
        #[serde(rename = "ARN")]
        pub arn: String,
        /// Name.
        pub name: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub description: Option<String>,
        /// Key.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub kms_key_id: Option<String>,
        /// When it was created.
        pub created_date: f64,
        /// When it was changed.
        pub last_changed_date: f64,
        /// When it is gone, once it is scheduled for deletion.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub deleted_date: Option<f64>,
        /// Tags.
        pub tags: Vec<Tag>,
        /// Service that manages it, such as `rds`.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub owning_service: Option<String>,
        /// Whether it is rotated: only those that another service manages.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub rotation_enabled: Option<bool>,
        /// When it was last rotated.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_rotated_date: Option<f64>,
        /// When it is rotated next.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_rotation_date: Option<f64>,
        /// Stages by version (`DescribeSecret`).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub version_ids_to_stages: Option<BTreeMap<String, Vec<String>>>,
        /// Stages by version (`ListSecrets`).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub secret_versions_to_stages: Option<BTreeMap<String, Vec<String>>>,
    }
    /// Output of `ListSecrets`.
    pub struct ListSecretsOutput {
        /// The page.
        pub secret_list: Vec<SecretDescription>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// A version of a secret.
    pub struct SecretVersion {
        /// Version.
        pub version_id: String,
        /// Stages.
        pub version_stages: Vec<String>,
        /// When it was created.
        pub created_date: f64,
    }
    /// Output of `ListSecretVersionIds`.
    pub struct ListSecretVersionIdsOutput {
        /// ARN.
        #[serde(rename = "ARN")]
        pub arn: String,
        /// Name.
        pub name: String,
        /// The page.
        pub versions: Vec<SecretVersion>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// Output of `GetRandomPassword`.
    pub struct GetRandomPasswordOutput {
        /// Made up.
        pub random_password: SecretText,
    }
}
