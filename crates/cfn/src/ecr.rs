//! Amazon ECR.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{RepositoryArn, RepositoryName, Text};
use crate::value::Value;

/// `AWS::ECR::Repository`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Repository<S> {
    pub encryption_configuration: EncryptionConfiguration,
    pub image_scanning_configuration: ImageScanning,
    /// `IMMUTABLE` or `MUTABLE`.
    pub image_tag_mutability: &'static str,
    pub lifecycle_policy: LifecyclePolicy<S>,
    pub repository_name: Value<S, Text>,
}
resource!(
    Repository = "AWS::ECR::Repository",
    ref name: RepositoryName,
    "Arn" arn: RepositoryArn,
);

/// How images are encrypted at rest.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptionConfiguration {
    pub encryption_type: &'static str,
}

/// Whether images are scanned as they arrive.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImageScanning {
    pub scan_on_push: bool,
}

/// Which images are deleted.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecyclePolicy<S> {
    pub lifecycle_policy_text: Value<S, Text>,
}

/// The text of a lifecycle policy ("Lifecycle policy parameters", ECR user guide).
#[derive(Debug, Clone, Serialize)]
pub struct LifecycleRules {
    pub rules: Vec<LifecycleRule>,
}

/// A rule; the lowest priority is applied first, and an image that a rule matched is left alone by later ones.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LifecycleRule {
    pub rule_priority: u32,
    pub description: String,
    pub selection: Selection,
    pub action: LifecycleAction,
}

/// Which images a rule is about.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Selection {
    /// `tagged`, `untagged` or `any`.
    pub tag_status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tag_pattern_list: Vec<String>,
    /// `imageCountMoreThan` or `sinceImagePushed`.
    pub count_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count_unit: Option<&'static str>,
    pub count_number: u32,
}

/// What happens to the images.
#[derive(Debug, Clone, Serialize)]
pub struct LifecycleAction {
    #[serde(rename = "type")]
    pub kind: &'static str,
}
