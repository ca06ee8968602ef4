//! The bucket that the load balancer logs requests to.

use cfn::Handle;
use cfn::iam::{PolicyDocument, Principal, Statement};
use cfn::s3::{
    AbortIncompleteMultipartUpload, Bucket, BucketEncryption, BucketPolicy, EncryptionDefault,
    EncryptionRule, LifecycleConfiguration, LifecycleRule, OwnershipControls, OwnershipRule,
    PublicAccessBlock,
};

use crate::scope::{Env, Scope, Template};

/// The bucket, and the policy that lets the load balancer write: without it the attribute cannot be set.
pub(crate) struct AccessLogs {
    pub(crate) bucket: Handle<Bucket<Env>>,
    pub(crate) policy: Handle<BucketPolicy<Env>>,
}

pub(crate) fn access_logs(t: &mut Template, scope: Scope<'_>) -> AccessLogs {
    let bucket = t.add_with(
        "AccessLogBucket",
        Bucket {
            bucket_encryption: BucketEncryption {
                server_side_encryption_configuration: vec![EncryptionRule {
                    server_side_encryption_by_default: EncryptionDefault { sse_algorithm: "AES256" },
                }],
            },
            bucket_name: scope.names.access_log_bucket(&scope.platform.account_id).into(),
            lifecycle_configuration: LifecycleConfiguration {
                rules: vec![LifecycleRule {
                    abort_incomplete_multipart_upload: AbortIncompleteMultipartUpload {
                        days_after_initiation: 1,
                    },
                    expiration_in_days: scope.environment.logs.retention_days,
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
        },
        scope.records_removal(),
    );
    let policy = t.add(
        "AccessLogBucketPolicy",
        BucketPolicy {
            bucket: bucket.name(),
            policy_document: PolicyDocument::new([
                Statement::allow(["s3:PutObject"])
                    .by(Principal::Service("logdelivery.elasticloadbalancing.amazonaws.com"))
                    .on([bucket.objects(&format!("AWSLogs/{}/*", scope.platform.account_id))]),
                Statement::deny(["s3:*"])
                    .by(Principal::Anyone)
                    .on([bucket.arn().resource(), bucket.objects("*")])
                    .when("Bool", "aws:SecureTransport", ["false".into()]),
            ]),
        },
    );
    AccessLogs { bucket, policy }
}
