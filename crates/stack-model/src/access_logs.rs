//! The bucket that the load balancer logs requests to.

use cfn::Handle;
use cfn::iam::{PolicyDocument, Principal, Statement};
use cfn::s3::{Bucket, BucketPolicy};

use crate::scope::{Env, Scope, Template};

/// The bucket, and the policy that lets the load balancer write: without it the attribute cannot be set.
pub(crate) struct AccessLogs {
    pub(crate) bucket: Handle<Bucket<Env>>,
    pub(crate) policy: Handle<BucketPolicy<Env>>,
}

pub(crate) fn access_logs(t: &mut Template, scope: Scope<'_>) -> AccessLogs {
    let name = scope.names.access_log_bucket(&scope.platform.account_id);
    let bucket = t.add_with(
        "AccessLogBucket",
        Bucket::private(name, scope.environment.logs.retention_days),
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
                bucket.deny_plain_http(),
            ]),
        },
    );
    AccessLogs { bucket, policy }
}
