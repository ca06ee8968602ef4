//! Images of a repository.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::{
    BatchDeleteImageInput, BatchDeleteImageOutput, BatchGetImageInput, BatchGetImageOutput, Image,
    ImageDescription, ImageFailure, ImageId, PutImageInput, PutImageOutput, Repository, blobs, invalid,
    lifecycle, repository, repository_mut,
};
use crate::image::Architecture;
use crate::{ApiError, World, wire};

/// The parts of a manifest that ECR reads.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    media_type: Option<String>,
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Vec<Descriptor>,
    #[serde(default)]
    manifests: Vec<Descriptor>,
}

#[derive(Deserialize)]
struct Descriptor {
    #[serde(default)]
    size: u64,
    #[serde(default)]
    digest: String,
    platform: Option<Platform>,
}

#[derive(Deserialize)]
struct Platform {
    architecture: String,
}

impl Manifest {
    fn size_bytes(&self) -> u64 {
        self.config.iter().chain(&self.layers).map(|descriptor| descriptor.size).sum()
    }

    /// The one architecture of an index; `None` where it is for several, or says nothing.
    fn architecture(&self) -> Option<Architecture> {
        let mut found = self.manifests.iter().filter_map(|manifest| {
            match manifest.platform.as_ref()?.architecture.as_str() {
                "amd64" => Some(Architecture::X86_64),
                "arm64" => Some(Architecture::Arm64),
                _ => None,
            }
        });
        let first = found.next()?;
        found.all(|other| other == first).then_some(first)
    }
}

/// `PutImage`. Pushing the manifest a tag already names changes nothing and is an error, as on AWS.
///
/// # Errors
/// `ImageTagAlreadyExistsException` where the tag is immutable; `ImageAlreadyExistsException`;
/// `ImageDigestDoesNotMatchException`; `ReferencedImagesNotFoundException` for an index of unknown images;
/// `InvalidParameterException`; `RepositoryNotFoundException`.
pub fn put_image(world: &mut World, input: PutImageInput) -> Result<PutImageOutput, ApiError> {
    put(world, input, &Pushed::default())
}

/// What is known of an image that was made up here, besides its manifest.
#[derive(Default)]
struct Pushed {
    architecture: Option<Architecture>,
    size_bytes: Option<u64>,
    configuration: Option<String>,
}

fn put(world: &mut World, input: PutImageInput, pushed: &Pushed) -> Result<PutImageOutput, ApiError> {
    let (now, account) = (world.now(), world.account.clone());
    let name = input.repository_name;
    let repository = repository_mut(world, input.registry_id.as_deref(), &name)?;
    let manifest: Manifest = serde_json::from_str(&input.image_manifest).map_err(|_| {
        invalid("Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'")
    })?;
    let media_type = manifest.media_type.clone().or(input.image_manifest_media_type).ok_or_else(|| {
        invalid("Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'media type could not be determined'")
    })?;
    let digest = format!("sha256:{}", wire::sha256_hex(input.image_manifest.as_bytes()));
    if input.image_digest.as_ref().is_some_and(|expected| *expected != digest) {
        return Err(ApiError::new(
            "ImageDigestDoesNotMatchException",
            "The specified digest does not match the digest calculated from the image manifest",
        ));
    }
    if let Some(tag) = &input.image_tag {
        check_tag(repository, &name, &account, tag, &digest)?;
    } else if repository.images.contains_key(&digest) {
        return Err(already_exists(&name, &account, &digest, None));
    }
    let missing: Vec<&str> = manifest
        .manifests
        .iter()
        .map(|referenced| referenced.digest.as_str())
        .filter(|referenced| !repository.images.contains_key(*referenced))
        .collect();
    if !missing.is_empty() {
        return Err(ApiError::new(
            "ReferencedImagesNotFoundException",
            format!(
                "Images with digests '[{}]' required for pushing image into repository with name '{name}' in the \
                     registry with id '{account}' do not exist",
                missing.join(", ")
            ),
        ));
    }
    let image = repository.images.entry(digest.clone()).or_insert_with(|| Image {
        media_type: media_type.clone(),
        pushed_at: now,
        size_bytes: pushed.size_bytes.unwrap_or_else(|| manifest.size_bytes()),
        architecture: pushed.architecture.or_else(|| manifest.architecture()),
        configuration: pushed.configuration.clone(),
        tags: BTreeSet::new(),
        manifest: input.image_manifest,
    });
    let manifest = image.manifest.clone();
    if let Some(tag) = &input.image_tag {
        image.tags.insert(tag.clone());
        if let Some(previous) = repository.image_tags.insert(tag.clone(), digest.clone())
            && let Some(previous) = repository.images.get_mut(&previous)
        {
            previous.tags.remove(tag);
        }
    }
    lifecycle::schedule(world, &name);
    Ok(PutImageOutput {
        image: ImageDescription {
            registry_id: account,
            repository_name: name,
            image_id: ImageId { image_digest: Some(digest), image_tag: input.image_tag },
            image_manifest: manifest,
            image_manifest_media_type: media_type,
        },
    })
}

fn check_tag(
    repository: &Repository,
    name: &str,
    account: &str,
    tag: &str,
    digest: &str,
) -> Result<(), ApiError> {
    let first = tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    if !first || tag.len() > 128 || !tag.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c)) {
        return Err(invalid(format!(
            "Invalid parameter at 'imageTag' failed to satisfy constraint: 'must satisfy regular expression \
             '[a-zA-Z0-9_][a-zA-Z0-9-._]{{0,127}}'', found '{tag}'"
        )));
    }
    match repository.image_tags.get(tag) {
        Some(current) if current == digest => Err(already_exists(name, account, digest, Some(tag))),
        Some(_) if repository.immutable(tag) => Err(ApiError::new(
            "ImageTagAlreadyExistsException",
            format!(
                "The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because the \
                 tag is immutable."
            ),
        )),
        _ => Ok(()),
    }
}

fn already_exists(name: &str, account: &str, digest: &str, tag: Option<&str>) -> ApiError {
    ApiError::new(
        "ImageAlreadyExistsException",
        format!(
            "Image with digest '{digest}' and tag '{}' already exists in the repository with name '{name}' in \
             registry with id '{account}'",
            tag.unwrap_or("null")
        ),
    )
}

/// An image that is pushed without a build: what `docker push` would leave in the registry.
#[derive(Debug, Clone, PartialEq)]
pub struct PushInput {
    /// Repository.
    pub repository: String,
    /// Tags to set.
    pub tags: Vec<String>,
    /// What makes this image different from others of the repository; the same content has the same digest.
    pub content: String,
    /// Platform; `None` fits every task definition.
    pub architecture: Option<Architecture>,
    /// Compressed size in bytes.
    pub size_bytes: u64,
}

/// Stands in for `docker push`: makes up a manifest from `input.content`, stores it and sets the tags.
/// Returns the digest. Doing it again is no error, as it is none for `docker push`.
///
/// # Errors
/// As [`put_image`], except for what is there already.
pub fn push(world: &mut World, input: &PushInput) -> Result<String, ApiError> {
    let configuration = blobs::configuration(&input.content, input.architecture);
    let digest_of = |blob: &str| format!("sha256:{}", wire::sha256_hex(blob.as_bytes()));
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": digest_of(&configuration),
            "size": configuration.len(),
        },
        "layers": [{
            "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "digest": digest_of(&format!("layer\n{}", input.content)),
            "size": input.size_bytes.saturating_sub(configuration.len() as u64),
        }],
    })
    .to_string();
    let digest = format!("sha256:{}", wire::sha256_hex(manifest.as_bytes()));
    let pushed = Pushed {
        architecture: input.architecture,
        size_bytes: Some(input.size_bytes),
        configuration: Some(configuration),
    };
    let tags: Vec<Option<&String>> =
        if input.tags.is_empty() { vec![None] } else { input.tags.iter().map(Some).collect() };
    for tag in tags {
        let one = PutImageInput {
            repository_name: input.repository.clone(),
            image_manifest: manifest.clone(),
            image_tag: tag.cloned(),
            ..PutImageInput::default()
        };
        match put(world, one, &pushed) {
            Err(error) if error.code == "ImageAlreadyExistsException" => {}
            other => drop(other?),
        }
    }
    Ok(digest)
}

/// Whether a repository holds images: it is only deleted by force then.
pub(crate) fn holds_images(world: &World, repository: &str) -> bool {
    world.ecr.repositories.get(repository).is_some_and(|repository| !repository.images.is_empty())
}

/// Whether the repository holds an image with this digest.
#[must_use]
pub fn image_exists(world: &World, repository: &str, digest: &str) -> bool {
    world.ecr.repositories.get(repository).is_some_and(|repository| repository.images.contains_key(digest))
}

/// Platform of an image; `None` where there is no such image, or it fits every task definition.
#[must_use]
pub fn image_architecture(world: &World, repository: &str, digest: &str) -> Option<Architecture> {
    world.ecr.repositories.get(repository)?.images.get(digest)?.architecture
}

/// The digest a tag names.
#[must_use]
pub fn resolve<'a>(world: &'a World, repository: &str, tag: &str) -> Option<&'a str> {
    world.ecr.repositories.get(repository)?.image_tags.get(tag).map(String::as_str)
}

impl Repository {
    /// Digest and image of an id; where it has both digest and tag they must agree.
    pub(super) fn find(&self, id: &ImageId) -> Option<(&str, &Image)> {
        let by_tag = match &id.image_tag {
            Some(tag) => Some(self.image_tags.get(tag)?),
            None => None,
        };
        let digest = match (by_tag, &id.image_digest) {
            (Some(by_tag), Some(digest)) if by_tag != digest => return None,
            (Some(digest), _) | (None, Some(digest)) => digest,
            (None, None) => return None,
        };
        self.images.get_key_value(digest).map(|(digest, image)| (digest.as_str(), image))
    }
}

fn failure(id: &ImageId) -> ImageFailure {
    let (code, reason) = match id {
        ImageId { image_digest: None, image_tag: None } => {
            ("MissingDigestAndTag", "Invalid request parameters: both tag and digest cannot be null")
        }
        _ => ("ImageNotFound", "Requested image not found"),
    };
    ImageFailure { image_id: id.clone(), failure_code: code.to_owned(), failure_reason: reason.to_owned() }
}

fn check_batch(ids: &[ImageId]) -> Result<(), ApiError> {
    if (1..=100).contains(&ids.len()) {
        return Ok(());
    }
    Err(invalid(
        "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length between 1 and 100'",
    ))
}

/// `BatchGetImage`.
///
/// # Errors
/// `RepositoryNotFoundException`; images that do not exist are `failures`.
pub fn batch_get_image(world: &World, input: &BatchGetImageInput) -> Result<BatchGetImageOutput, ApiError> {
    check_batch(&input.image_ids)?;
    let repository = repository(world, input.registry_id.as_deref(), &input.repository_name)?;
    let mut output = BatchGetImageOutput::default();
    for id in &input.image_ids {
        match repository.find(id) {
            Some((digest, image)) => output.images.push(ImageDescription {
                registry_id: world.account.clone(),
                repository_name: input.repository_name.clone(),
                image_id: ImageId { image_digest: Some(digest.to_owned()), image_tag: id.image_tag.clone() },
                image_manifest: image.manifest.clone(),
                image_manifest_media_type: image.media_type.clone(),
            }),
            None => output.failures.push(failure(id)),
        }
    }
    Ok(output)
}

/// `BatchDeleteImage`: by tag removes the tag, and the image with its last tag; by digest the image.
///
/// # Errors
/// `RepositoryNotFoundException`; images that do not exist are `failures`.
pub fn batch_delete_image(
    world: &mut World,
    input: &BatchDeleteImageInput,
) -> Result<BatchDeleteImageOutput, ApiError> {
    check_batch(&input.image_ids)?;
    let repository = repository_mut(world, input.registry_id.as_deref(), &input.repository_name)?;
    let mut output = BatchDeleteImageOutput::default();
    for id in &input.image_ids {
        let Some((digest, image)) =
            repository.find(id).map(|(digest, image)| (digest.to_owned(), image.clone()))
        else {
            output.failures.push(failure(id));
            continue;
        };
        let keeps_others = image.tags.len() > 1;
        match &id.image_tag {
            Some(tag) if keeps_others => {
                repository.image_tags.remove(tag);
                if let Some(image) = repository.images.get_mut(&digest) {
                    image.tags.remove(tag);
                }
                output.image_ids.push(ImageId { image_digest: Some(digest), image_tag: Some(tag.clone()) });
            }
            _ => output.image_ids.extend(repository.remove(&digest)),
        }
    }
    Ok(output)
}

impl Repository {
    /// Removes an image and its tags; what was removed, one id per tag.
    pub(super) fn remove(&mut self, digest: &str) -> Vec<ImageId> {
        let Some(image) = self.images.remove(digest) else { return Vec::new() };
        let id = |tag| ImageId { image_digest: Some(digest.to_owned()), image_tag: tag };
        if image.tags.is_empty() {
            return vec![id(None)];
        }
        for tag in &image.tags {
            self.image_tags.remove(tag);
        }
        image.tags.into_iter().map(|tag| id(Some(tag))).collect()
    }

    /// Digests that an index in this repository refers to.
    pub(super) fn referenced(&self) -> BTreeSet<String> {
        self.images
            .values()
            .filter_map(|image| serde_json::from_str::<Manifest>(&image.manifest).ok())
            .flat_map(|manifest| manifest.manifests)
            .map(|referenced| referenced.digest)
            .collect()
    }
}
