//! Simple Storage Service: text objects in buckets, as far as CloudFormation reads templates from them.
//!
//! Buckets are resources of stacks. Versions, multipart uploads, bucket policies, lifecycle rules and presigned requests
//! are not modelled.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{ApiError, World, wire};

/// CloudFormation's type of a bucket.
const BUCKET: &str = "AWS::S3::Bucket";
/// Hosts of the service end in this (S3: VirtualHosting).
const DOMAIN: &str = ".amazonaws.com";

/// Objects, by bucket and key.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    objects: BTreeMap<String, BTreeMap<String, String>>,
    /// Buckets that no stack made.
    #[serde(default)]
    without_stack: BTreeSet<String>,
}

/// `PutObject`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PutObjectInput {
    /// Bucket name.
    pub bucket: String,
    /// Object key.
    pub key: String,
    /// The object, which is text here.
    pub body: String,
    /// Account that has to own the bucket, twelve digits.
    pub expected_bucket_owner: Option<String>,
}

/// `PutObject`
#[derive(Debug, Clone, Default, Serialize)]
pub struct PutObjectOutput {
    /// Identifies the content; opaque to clients.
    #[serde(rename = "ETag")]
    pub e_tag: String,
}

/// `GetObject`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct GetObjectInput {
    /// Bucket name.
    pub bucket: String,
    /// Object key.
    pub key: String,
}

/// An object, as a client or a template URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Bucket name.
    pub bucket: String,
    /// Object key.
    pub key: String,
}

impl Address {
    /// From a URL, with the bucket in the host (`https://BUCKET.s3.REGION.amazonaws.com/KEY`) or in the path
    /// (`https://s3.REGION.amazonaws.com/BUCKET/KEY`); `None` is no S3 URL.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
        let host = host.strip_suffix(DOMAIN)?;
        let (bucket, key) = match host.split_once(".s3") {
            Some((bucket, _)) => (bucket, path),
            None if host.starts_with("s3") => path.split_once('/')?,
            None => return None,
        };
        let named = !bucket.is_empty() && !key.is_empty();
        named.then(|| Self { bucket: bucket.to_owned(), key: key.to_owned() })
    }

    /// `arn:aws:s3:::BUCKET/KEY`
    #[must_use]
    pub fn arn(&self) -> String {
        format!("arn:aws:s3:::{}/{}", self.bucket, self.key)
    }
}

/// Makes a bucket that no stack has, for whoever sets a scene; one that is there stays.
pub fn make_bucket(world: &mut World, name: &str) {
    world.s3.without_stack.insert(name.to_owned());
}

/// `PutObject`
///
/// # Errors
/// `NoSuchBucket`, `AccessDenied` where another account than the expected one owns the bucket.
pub fn put_object(world: &mut World, input: PutObjectInput) -> Result<PutObjectOutput, ApiError> {
    bucket_exists(world, &input.bucket)?;
    if input.expected_bucket_owner.is_some_and(|owner| owner != world.account) {
        return Err(ApiError::new("AccessDenied", "Access Denied").with_status(403));
    }
    let e_tag = format!("\"{}\"", &wire::sha256_hex(input.body.as_bytes())[..32]);
    world.s3.objects.entry(input.bucket).or_default().insert(input.key, input.body);
    Ok(PutObjectOutput { e_tag })
}

/// `GetObject`: the text of the object.
///
/// # Errors
/// `NoSuchBucket`, `NoSuchKey`.
pub fn get_object<'w>(world: &'w World, input: &GetObjectInput) -> Result<&'w str, ApiError> {
    bucket_exists(world, &input.bucket)?;
    let object = world.s3.objects.get(&input.bucket).and_then(|objects| objects.get(&input.key));
    object
        .map(String::as_str)
        .ok_or_else(|| ApiError::new("NoSuchKey", "The specified key does not exist.").with_status(404))
}

/// Whether a bucket holds objects: it cannot be deleted then (S3: delete-bucket).
pub(crate) fn holds_objects(world: &World, bucket: &str) -> bool {
    world.s3.objects.get(bucket).is_some_and(|objects| !objects.is_empty())
}

fn bucket_exists(world: &World, bucket: &str) -> Result<(), ApiError> {
    if world.s3.without_stack.contains(bucket) || world.cfn.has_resource(BUCKET, bucket) {
        Ok(())
    } else {
        Err(ApiError::new("NoSuchBucket", "The specified bucket does not exist").with_status(404))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_address_are_read() {
        let wanted = Address { bucket: "made-of.dots".into(), key: "a/b.json".into() };
        for url in [
            "https://made-of.dots.s3.us-west-2.amazonaws.com/a/b.json",
            "https://made-of.dots.s3.amazonaws.com/a/b.json",
            "https://s3.us-west-2.amazonaws.com/made-of.dots/a/b.json",
            "https://s3-us-west-2.amazonaws.com/made-of.dots/a/b.json",
        ] {
            assert_eq!(Address::parse(url).as_ref(), Some(&wanted), "{url}");
        }
        for url in ["https://example.com/a/b", "http://b.s3.amazonaws.com/k", "https://b.s3.amazonaws.com/"] {
            assert_eq!(Address::parse(url), None, "{url}");
        }
    }

    #[test]
    fn objects_need_a_bucket() {
        let mut world = World::new("123456789012", "us-west-2", 1);
        let input = PutObjectInput { bucket: "absent".into(), key: "k".into(), ..Default::default() };
        assert_eq!(put_object(&mut world, input).unwrap_err().code, "NoSuchBucket");
    }
}
