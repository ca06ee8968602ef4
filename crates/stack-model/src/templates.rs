//! The bucket for templates that are too long to send.
//!
//! CloudFormation takes 51,200 bytes inline. An environment of three services fits; each further one takes about 6,000
//! bytes, and the fifth goes through this bucket.

use cfn::Removal;
use cfn::iam::PolicyDocument;
use cfn::s3::{Bucket, BucketPolicy};
use env_config::{Platform, SharedNames};

use crate::shared::{Options, Template};

/// CloudFormation keeps the template of a stack itself: the copy is only needed until the change set is made.
const EXPIRATION_DAYS: u32 = 30;

/// Logical id of the bucket, and the beginning of that of its policy.
pub const TEMPLATE_BUCKET: &str = "TemplateBucket";

pub(crate) fn templates(t: &mut Template, platform: &Platform) {
    let name = SharedNames::new(platform).template_bucket(&platform.account_id);
    // A bucket with objects in it cannot be deleted, so the stack would not go with it.
    let bucket = t.add_with(
        TEMPLATE_BUCKET,
        Bucket::private(name, EXPIRATION_DAYS),
        Options::new().removal(Removal::Retain, Removal::Retain),
    );
    t.add(
        format!("{TEMPLATE_BUCKET}Policy"),
        BucketPolicy {
            bucket: bucket.name(),
            policy_document: PolicyDocument::new([bucket.deny_plain_http()]),
        },
    );
}
