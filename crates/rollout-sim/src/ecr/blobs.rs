//! The configuration blob of an image, which says its platform, and where a client downloads it.
//!
//! As on AWS, `GetDownloadUrlForLayer` answers an address in S3. The address here carries no signature: whoever
//! serves the world answers it with [`download`].

use super::{GetDownloadUrlForLayerInput, GetDownloadUrlForLayerOutput, invalid, repository};
use crate::image::Architecture;
use crate::{ApiError, World, wire};

/// The configuration of a made-up image (OCI image specification, "Image Configuration"). One that fits every
/// task definition names no architecture.
pub(super) fn configuration(content: &str, architecture: Option<Architecture>) -> String {
    let mut configuration = serde_json::json!({
        "os": "linux",
        "config": {},
        "rootfs": {
            "type": "layers",
            "diff_ids": [format!("sha256:{}", wire::sha256_hex(format!("diff\n{content}").as_bytes()))],
        },
    });
    if let Some(architecture) = architecture {
        configuration["architecture"] = match architecture {
            Architecture::X86_64 => "amd64",
            Architecture::Arm64 => "arm64",
        }
        .into();
    }
    configuration.to_string()
}

/// Host of the bucket that holds the layers of a region's registries
/// (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html>).
fn bucket_host(world: &World) -> String {
    format!("prod-{region}-starport-layer-bucket.s3.{region}.amazonaws.com", region = world.region)
}

/// `GetDownloadUrlForLayer`. Only the configurations of made-up images exist as blobs.
///
/// # Errors
/// `RepositoryNotFoundException`; `LayersNotFoundException` for a digest that no image of the repository refers
/// to; layers of files are not modelled.
pub fn get_download_url_for_layer(
    world: &World,
    input: &GetDownloadUrlForLayerInput,
) -> Result<GetDownloadUrlForLayerOutput, ApiError> {
    let (name, digest) = (&input.repository_name, &input.layer_digest);
    let repository = repository(world, input.registry_id.as_deref(), name)?;
    if !digest.starts_with("sha256:") {
        return Err(invalid(format!(
            "Invalid parameter at 'layerDigest' failed to satisfy constraint: 'must satisfy regular expression \
             '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'', found '{digest}'"
        )));
    }
    if repository.configuration(digest).is_none() {
        if repository.images.values().any(|image| image.manifest.contains(digest.as_str())) {
            return Err(ApiError::not_modelled(format_args!("the content of layer {digest}")));
        }
        return Err(ApiError::new(
            "LayersNotFoundException",
            format!(
                "The layer with digest '{digest}' does not exist in the repository with name '{name}' in the registry \
                 with id '{}'",
                world.account
            ),
        ));
    }
    Ok(GetDownloadUrlForLayerOutput {
        download_url: format!("https://{}/{name}/{digest}", bucket_host(world)),
        layer_digest: digest.clone(),
    })
}

/// What is at an address of [`get_download_url_for_layer`]: `None` where `host` is not that of the layers,
/// `Some(None)` where there is no such blob.
#[must_use]
pub fn download<'a>(world: &'a World, host: &str, path: &str) -> Option<Option<&'a str>> {
    if host != bucket_host(world) {
        return None;
    }
    let found = path.trim_start_matches('/').rsplit_once('/').and_then(|(name, digest)| {
        world.ecr.repositories.get(name).and_then(|repository| repository.configuration(digest))
    });
    Some(found)
}

impl super::Repository {
    /// The configuration with this digest.
    fn configuration(&self, digest: &str) -> Option<&str> {
        let mut blobs = self.images.values().filter_map(|image| image.configuration.as_deref());
        blobs.find(|blob| digest.strip_prefix("sha256:") == Some(wire::sha256_hex(blob.as_bytes()).as_str()))
    }
}
