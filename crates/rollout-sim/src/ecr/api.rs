//! Wire shapes of the ECR API (JSON 1.1; botocore `ecr/2015-09-21`). Timestamps are seconds since the
//! epoch. Members that are not modelled are absent, so that using one is refused by name.

use serde::{Deserialize, Serialize};

use crate::wire::{inputs, outputs};

/// A tag of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    #[serde(default)]
    pub value: String,
}

/// A pattern of tags that stay mutable (or immutable, for `MUTABLE_WITH_EXCLUSION`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExclusionFilter {
    /// `WILDCARD`.
    pub filter_type: String,
    /// Pattern with `*`, 1 to 128 of `[0-9A-Za-z._*-]`.
    pub filter: String,
}

/// Whether images are scanned when they are pushed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ScanningConfiguration {
    /// Scan on push.
    #[serde(default)]
    pub scan_on_push: bool,
}

/// Encryption at rest; create-only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EncryptionConfiguration {
    /// `AES256`, `KMS` or `KMS_DSSE`.
    pub encryption_type: String,
    /// Key of the KMS types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key: Option<String>,
}

/// An image by digest, by tag, or by both (then both must name the same image).
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ImageId {
    /// `sha256:` and 64 hexadecimal digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// Tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_tag: Option<String>,
}

/// Restricts a listing to `TAGGED` or `UNTAGGED` images.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ImageFilter {
    /// `TAGGED`, `UNTAGGED` or `ANY`.
    pub tag_status: Option<String>,
}

inputs! { "camelCase"
    /// Input of `CreateRepository`.
    pub struct CreateRepositoryInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Name, such as `team/api`.
        pub repository_name: String,
        /// Tags of the resource.
        pub tags: Vec<Tag>,
        /// `MUTABLE` (default), `IMMUTABLE` or either with `_WITH_EXCLUSION`.
        pub image_tag_mutability: Option<String>,
        /// One to five, for the `_WITH_EXCLUSION` forms only.
        pub image_tag_mutability_exclusion_filters: Vec<ExclusionFilter>,
        /// Scan on push.
        pub image_scanning_configuration: Option<ScanningConfiguration>,
        /// Encryption; `AES256` by default.
        pub encryption_configuration: Option<EncryptionConfiguration>,
    }
    /// Input of `DeleteRepository`.
    pub struct DeleteRepositoryInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Name.
        pub repository_name: String,
        /// Delete the images too.
        pub force: bool,
    }
    /// Input of `DescribeRepositories`.
    pub struct DescribeRepositoriesInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Names; empty is all.
        pub repository_names: Vec<String>,
        /// Page.
        pub next_token: Option<String>,
        /// 1 to 1000, default 100.
        pub max_results: Option<usize>,
    }
    /// Input of `PutImage`.
    pub struct PutImageInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
        /// Manifest as JSON text; its SHA-256 is the digest.
        pub image_manifest: String,
        /// Needed where the manifest does not say its media type.
        pub image_manifest_media_type: Option<String>,
        /// Tag to set.
        pub image_tag: Option<String>,
        /// Digest the manifest must have.
        pub image_digest: Option<String>,
    }
    /// Input of `BatchGetImage`.
    pub struct BatchGetImageInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
        /// 1 to 100 images.
        pub image_ids: Vec<ImageId>,
        /// Media types the caller reads; manifests are returned as they were pushed.
        pub accepted_media_types: Vec<String>,
    }
    /// Input of `BatchDeleteImage`.
    pub struct BatchDeleteImageInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
        /// 1 to 100 images: by tag removes the tag, by digest the image.
        pub image_ids: Vec<ImageId>,
    }
    /// Input of `DescribeImages`.
    pub struct DescribeImagesInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
        /// Images; one that does not exist is an error. Empty is all.
        pub image_ids: Vec<ImageId>,
        /// Page.
        pub next_token: Option<String>,
        /// 1 to 1000, default 100.
        pub max_results: Option<usize>,
        /// Tagged or untagged.
        pub filter: Option<ImageFilter>,
    }
    /// Input of `ListImages`.
    pub struct ListImagesInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
        /// Page.
        pub next_token: Option<String>,
        /// 1 to 1000, default 100.
        pub max_results: Option<usize>,
        /// Tagged or untagged.
        pub filter: Option<ImageFilter>,
    }
    /// Input of `DescribeImageScanFindings`.
    pub struct DescribeImageScanFindingsInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
        /// Image.
        pub image_id: ImageId,
        /// Page; there is only one, findings are never made up.
        pub next_token: Option<String>,
        /// Page size.
        pub max_results: Option<usize>,
    }
    /// Input of `GetDownloadUrlForLayer`.
    pub struct GetDownloadUrlForLayerInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
        /// Digest of a layer or a configuration that an image of the repository refers to.
        pub layer_digest: String,
    }
    /// Input of `GetAuthorizationToken`.
    pub struct GetAuthorizationTokenInput {
        /// Accounts; deprecated by AWS.
        pub registry_ids: Vec<String>,
    }
    /// Input of `PutLifecyclePolicy`.
    pub struct PutLifecyclePolicyInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
        /// Policy as JSON text.
        pub lifecycle_policy_text: String,
    }
    /// Input of `GetLifecyclePolicy` and `DeleteLifecyclePolicy`.
    pub struct LifecyclePolicyInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
    }
    /// Input of `PutImageTagMutability`.
    pub struct PutImageTagMutabilityInput {
        /// Account; must be this one.
        pub registry_id: Option<String>,
        /// Repository.
        pub repository_name: String,
        /// As in `CreateRepository`.
        pub image_tag_mutability: String,
        /// As in `CreateRepository`.
        pub image_tag_mutability_exclusion_filters: Vec<ExclusionFilter>,
    }
}

outputs! { "camelCase"
    /// A repository.
    pub struct RepositoryDescription {
        /// ARN.
        pub repository_arn: String,
        /// Account.
        pub registry_id: String,
        /// Name.
        pub repository_name: String,
        /// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`.
        pub repository_uri: String,
        /// When it was created.
        pub created_at: f64,
        /// Mutability of tags.
        pub image_tag_mutability: String,
        /// Exceptions from it.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub image_tag_mutability_exclusion_filters: Vec<ExclusionFilter>,
        /// Scan on push.
        pub image_scanning_configuration: ScanningConfiguration,
        /// Encryption.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub encryption_configuration: Option<EncryptionConfiguration>,
    }
    /// Output of `CreateRepository` and `DeleteRepository`.
    pub struct RepositoryOutput {
        /// The repository.
        pub repository: RepositoryDescription,
    }
    /// Output of `DescribeRepositories`.
    pub struct DescribeRepositoriesOutput {
        /// The page.
        pub repositories: Vec<RepositoryDescription>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// An image with its manifest.
    pub struct ImageDescription {
        /// Account.
        pub registry_id: String,
        /// Repository.
        pub repository_name: String,
        /// The id as asked, with the digest.
        pub image_id: ImageId,
        /// Manifest as pushed.
        pub image_manifest: String,
        /// Its media type.
        pub image_manifest_media_type: String,
    }
    /// Output of `PutImage`.
    pub struct PutImageOutput {
        /// The image.
        pub image: ImageDescription,
    }
    /// Something of a batch that could not be done.
    pub struct ImageFailure {
        /// The id as asked.
        pub image_id: ImageId,
        /// Such as `ImageNotFound`.
        pub failure_code: String,
        /// Sentence.
        pub failure_reason: String,
    }
    /// Output of `BatchGetImage`.
    pub struct BatchGetImageOutput {
        /// Found.
        pub images: Vec<ImageDescription>,
        /// Not found.
        pub failures: Vec<ImageFailure>,
    }
    /// Output of `BatchDeleteImage`.
    pub struct BatchDeleteImageOutput {
        /// Deleted.
        pub image_ids: Vec<ImageId>,
        /// Not found.
        pub failures: Vec<ImageFailure>,
    }
    /// Status of a scan.
    pub struct ImageScanStatus {
        /// `COMPLETE`.
        pub status: String,
        /// Sentence.
        pub description: String,
    }
    /// One image in `DescribeImages`.
    pub struct ImageDetail {
        /// Account.
        pub registry_id: String,
        /// Repository.
        pub repository_name: String,
        /// Digest.
        pub image_digest: String,
        /// Tags, if any.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        pub image_tags: Vec<String>,
        /// Compressed size in bytes.
        pub image_size_in_bytes: u64,
        /// When it was pushed.
        pub image_pushed_at: f64,
        /// Scan, where the repository scans on push.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub image_scan_status: Option<ImageScanStatus>,
        /// Media type of the manifest.
        pub image_manifest_media_type: String,
    }
    /// Output of `DescribeImages`.
    pub struct DescribeImagesOutput {
        /// The page.
        pub image_details: Vec<ImageDetail>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// Output of `ListImages`.
    pub struct ListImagesOutput {
        /// One per tag, and one per untagged image.
        pub image_ids: Vec<ImageId>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// What a scan found: always nothing, findings are not made up.
    pub struct ImageScanFindings {
        /// When the scan ended.
        pub image_scan_completed_at: f64,
        /// Count by severity.
        pub finding_severity_counts: std::collections::BTreeMap<String, u32>,
        /// Findings.
        pub findings: Vec<String>,
    }
    /// Output of `DescribeImageScanFindings`.
    pub struct DescribeImageScanFindingsOutput {
        /// Account.
        pub registry_id: String,
        /// Repository.
        pub repository_name: String,
        /// Image.
        pub image_id: ImageId,
        /// Status.
        pub image_scan_status: ImageScanStatus,
        /// Findings, once the scan is complete.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub image_scan_findings: Option<ImageScanFindings>,
    }
    /// Output of `GetDownloadUrlForLayer`.
    pub struct GetDownloadUrlForLayerOutput {
        /// Address in S3; on AWS it is signed and valid for a while.
        pub download_url: String,
        /// As asked for.
        pub layer_digest: String,
    }
    /// Credentials for `docker login`.
    pub struct AuthorizationData {
        /// Base64 of `AWS:password`.
        pub authorization_token: String,
        /// Twelve hours from now.
        pub expires_at: f64,
        /// Registry.
        pub proxy_endpoint: String,
    }
    /// Output of `GetAuthorizationToken`.
    pub struct GetAuthorizationTokenOutput {
        /// One entry.
        pub authorization_data: Vec<AuthorizationData>,
    }
    /// Output of the lifecycle policy operations.
    pub struct LifecyclePolicyOutput {
        /// Account.
        pub registry_id: String,
        /// Repository.
        pub repository_name: String,
        /// Policy as put.
        pub lifecycle_policy_text: String,
        /// When it was last applied (`GetLifecyclePolicy`).
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_evaluated_at: Option<f64>,
    }
    /// Output of `PutImageTagMutability`.
    pub struct PutImageTagMutabilityOutput {
        /// Account.
        pub registry_id: String,
        /// Repository.
        pub repository_name: String,
        /// Now in force.
        pub image_tag_mutability: String,
        /// Now in force.
        pub image_tag_mutability_exclusion_filters: Vec<ExclusionFilter>,
    }
}
