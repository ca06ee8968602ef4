//! Amazon S3.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::{Handle, resource};
use crate::iam::{PolicyDocument, Principal, Statement};
use crate::kind::{BucketArn, BucketName, PolicyResource, Text};
use crate::template::Stack;
use crate::value::Value;

/// `AWS::S3::Bucket`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Bucket<S> {
    pub bucket_encryption: BucketEncryption,
    pub bucket_name: Value<S, Text>,
    pub lifecycle_configuration: LifecycleConfiguration,
    pub ownership_controls: OwnershipControls,
    pub public_access_block_configuration: PublicAccessBlock,
}
resource!(Bucket = "AWS::S3::Bucket", ref name: BucketName, "Arn" arn: BucketArn);

impl<S> Bucket<S> {
    /// An encrypted bucket that nobody outside the account reaches, and whose objects go after `expiration_days`.
    pub fn private(name: impl Into<Value<S, Text>>, expiration_days: u32) -> Self {
        Self {
            bucket_encryption: BucketEncryption {
                server_side_encryption_configuration: vec![EncryptionRule {
                    server_side_encryption_by_default: EncryptionDefault { sse_algorithm: "AES256" },
                }],
            },
            bucket_name: name.into(),
            lifecycle_configuration: LifecycleConfiguration {
                rules: vec![LifecycleRule {
                    abort_incomplete_multipart_upload: AbortIncompleteMultipartUpload {
                        days_after_initiation: 1,
                    },
                    expiration_in_days: expiration_days,
                    id: "expire",
                    status: "Enabled",
                }],
            },
            ownership_controls: OwnershipControls {
                rules: vec![OwnershipRule { object_ownership: "BucketOwnerEnforced" }],
            },
            public_access_block_configuration: PublicAccessBlock {
                block_public_acls: true,
                block_public_policy: true,
                ignore_public_acls: true,
                restrict_public_buckets: true,
            },
        }
    }
}

impl<S: Stack> Handle<Bucket<S>> {
    /// Refuses every request that is not encrypted on its way.
    pub fn deny_plain_http(&self) -> Statement<S> {
        Statement::deny(["s3:*"]).by(Principal::Anyone).on([self.arn().resource(), self.objects("*")]).when(
            "Bool",
            "aws:SecureTransport",
            ["false".into()],
        )
    }

    /// The objects below `prefix` (with `*`), for a policy statement.
    pub fn objects(&self, prefix: &str) -> Value<S, PolicyResource> {
        Value::concat([self.arn().text(), format!("/{prefix}").into()])
    }
}

/// Default encryption.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BucketEncryption {
    pub server_side_encryption_configuration: Vec<EncryptionRule>,
}

/// One rule of [`BucketEncryption`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct EncryptionRule {
    pub server_side_encryption_by_default: EncryptionDefault,
}

/// Load balancers can write logs only to buckets encrypted with `AES256`.
#[derive(Debug, Clone, Serialize)]
pub struct EncryptionDefault {
    #[serde(rename = "SSEAlgorithm")]
    pub sse_algorithm: &'static str,
}

/// Rules by which objects go away.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecycleConfiguration {
    pub rules: Vec<LifecycleRule>,
}

/// One of them.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LifecycleRule {
    pub abort_incomplete_multipart_upload: AbortIncompleteMultipartUpload,
    pub expiration_in_days: u32,
    pub id: &'static str,
    pub status: &'static str,
}

/// Uploads that were never finished.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AbortIncompleteMultipartUpload {
    pub days_after_initiation: u32,
}

/// Who owns uploaded objects.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OwnershipControls {
    pub rules: Vec<OwnershipRule>,
}

/// One rule of [`OwnershipControls`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct OwnershipRule {
    pub object_ownership: &'static str,
}

/// Which public access is impossible.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct PublicAccessBlock {
    pub block_public_acls: bool,
    pub block_public_policy: bool,
    pub ignore_public_acls: bool,
    pub restrict_public_buckets: bool,
}

/// `AWS::S3::BucketPolicy`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct BucketPolicy<S> {
    pub bucket: Value<S, BucketName>,
    pub policy_document: PolicyDocument<S>,
}
resource!(BucketPolicy = "AWS::S3::BucketPolicy");
