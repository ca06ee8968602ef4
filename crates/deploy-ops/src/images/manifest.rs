//! What the registry says an image consists of, and for which platforms it was built.

use aws_sdk_ecr::types::ImageIdentifier;
use serde::Deserialize;

use super::ImagesError;
use crate::aws::Aws;
use crate::call::Called;
use crate::names::ImageDigest;
use crate::target::Front;

/// Media types that a registry may hold; ECR converts into none of them.
const MEDIA_TYPES: [&str; 4] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// An image configuration is a few kilobytes; what is larger is none.
const MAX_CONFIGURATION_BYTES: usize = 4 << 20;

/// The parts of a manifest or an index that say what it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Manifest {
    config: Option<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Descriptor {
    digest: String,
    platform: Option<Platform>,
}

/// The platform fields of an index entry and of an image configuration (OCI image specification).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Platform {
    #[serde(default)]
    os: String,
    #[serde(default)]
    architecture: String,
}

impl Platform {
    /// `linux/arm64`; `None` for attestations, whose platform is unknown.
    fn text(&self) -> Option<String> {
        let known = |text: &str| !text.is_empty() && text != "unknown";
        (known(&self.os) && known(&self.architecture)).then(|| format!("{}/{}", self.os, self.architecture))
    }
}

impl Manifest {
    /// Reads the manifest of an image.
    pub async fn read(aws: &Aws, repository: &str, digest: &ImageDigest) -> Result<Self, ImagesError> {
        let id = ImageIdentifier::builder().image_digest(digest.as_str()).build();
        let call = aws.ecr.batch_get_image().repository_name(repository).image_ids(id);
        let media_types = MEDIA_TYPES.map(str::to_owned).to_vec();
        let answer =
            call.set_accepted_media_types(Some(media_types)).send().await.called("ecr:BatchGetImage")?;
        let text = answer.images().first().and_then(|image| image.image_manifest());
        text.and_then(|text| serde_json::from_str(text).ok())
            .ok_or_else(|| ImagesError::BadManifest { repository: repository.to_owned() })
    }

    /// Digest of the configuration; `None` for an index.
    #[must_use]
    pub fn configuration(&self) -> Option<&str> {
        self.config.as_ref().map(|config| config.digest.as_str())
    }

    /// Platforms, such as `linux/arm64`; none where the image does not say.
    pub async fn platforms(
        &self,
        aws: &Aws,
        front: Front,
        repository: &str,
    ) -> Result<Vec<String>, ImagesError> {
        if !self.manifests.is_empty() {
            let platforms = self.manifests.iter().filter_map(|manifest| manifest.platform.as_ref());
            return Ok(platforms.filter_map(Platform::text).collect());
        }
        let Some(configuration) = self.configuration() else { return Ok(Vec::new()) };
        let call = aws.ecr.get_download_url_for_layer().repository_name(repository);
        let answer = call.layer_digest(configuration).send().await.called("ecr:GetDownloadUrlForLayer")?;
        let failed = |detail: String| ImagesError::Download { repository: repository.to_owned(), detail };
        let url = answer.download_url().ok_or_else(|| failed("ECR named no address".to_owned()))?;
        let blob = front.download(url, MAX_CONFIGURATION_BYTES).await.map_err(failed)?;
        let platform: Platform = serde_json::from_slice(&blob)
            .map_err(|_| ImagesError::BadManifest { repository: repository.to_owned() })?;
        Ok(platform.text().into_iter().collect())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn attestations_are_no_platforms() {
        let index = r#"{"manifests":[
            {"digest":"sha256:1","platform":{"architecture":"arm64","os":"linux"}},
            {"digest":"sha256:2","platform":{"architecture":"unknown","os":"unknown"}}]}"#;
        let index: Manifest = serde_json::from_str(index).unwrap();
        let platforms = index.manifests.iter().filter_map(|it| it.platform.as_ref()?.text());
        assert_eq!(platforms.collect::<Vec<_>>(), ["linux/arm64"]);
        assert_eq!(index.configuration(), None);
    }
}
