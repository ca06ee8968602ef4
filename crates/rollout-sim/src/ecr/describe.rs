//! Reading what a repository holds.

use std::collections::BTreeMap;

use super::{
    DescribeImageScanFindingsInput, DescribeImageScanFindingsOutput, DescribeImagesInput,
    DescribeImagesOutput, Image, ImageDetail, ImageFilter, ImageId, ImageScanFindings, ImageScanStatus,
    ListImagesInput, ListImagesOutput, invalid, page, repository,
};
use crate::{ApiError, World, wire};

fn missing(world: &World, name: &str, id: &ImageId) -> ApiError {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
    ApiError::new(
        "ImageNotFoundException",
        format!(
            "The image with imageId {{imageDigest:'{}', imageTag:'{}'}} does not exist within the repository with name \
             '{name}' in the registry with id '{}'",
            text(&id.image_digest),
            text(&id.image_tag),
            world.account
        ),
    )
}

fn wanted(filter: Option<&ImageFilter>, tagged: bool) -> Result<bool, ApiError> {
    match filter.and_then(|filter| filter.tag_status.as_deref()) {
        None | Some("ANY") => Ok(true),
        Some("TAGGED") => Ok(tagged),
        Some("UNTAGGED") => Ok(!tagged),
        Some(other) => Err(invalid(format!(
            "Invalid parameter at 'filter.tagStatus' failed to satisfy constraint: 'Member must satisfy enum value \
             set: [TAGGED, UNTAGGED, ANY]', found '{other}'"
        ))),
    }
}

fn detail(world: &World, name: &str, digest: &str, image: &Image, scan: bool) -> ImageDetail {
    ImageDetail {
        registry_id: world.account.clone(),
        repository_name: name.to_owned(),
        image_digest: digest.to_owned(),
        image_tags: image.tags.iter().cloned().collect(),
        image_size_in_bytes: image.size_bytes,
        image_pushed_at: image.pushed_at.as_epoch_secs(),
        image_scan_status: scan.then(|| scan_status(world, image)),
        image_manifest_media_type: image.media_type.clone(),
    }
}

fn scan_status(world: &World, image: &Image) -> ImageScanStatus {
    let (status, description) = if scan_completed(world, image) {
        ("COMPLETE", "The scan was completed successfully.")
    } else {
        ("IN_PROGRESS", "The scan is in progress.")
    };
    ImageScanStatus { status: status.to_owned(), description: description.to_owned() }
}

fn scan_completed(world: &World, image: &Image) -> bool {
    world.now().since(image.pushed_at) >= wire::secs(world.params.ecr_scan_secs)
}

/// `DescribeImages`.
///
/// # Errors
/// `RepositoryNotFoundException`; `ImageNotFoundException` for an id that does not exist.
pub fn describe_images(world: &World, input: &DescribeImagesInput) -> Result<DescribeImagesOutput, ApiError> {
    let name = &input.repository_name;
    let repository = repository(world, input.registry_id.as_deref(), name)?;
    let mut found = Vec::new();
    if input.image_ids.is_empty() {
        for (digest, image) in &repository.images {
            if wanted(input.filter.as_ref(), !image.tags.is_empty())? {
                found.push((digest.as_str(), image));
            }
        }
    } else {
        if input.image_ids.len() > 100 {
            return Err(invalid(
                "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length less than or \
                 equal to 100'",
            ));
        }
        for id in &input.image_ids {
            let entry = repository.find(id).ok_or_else(|| missing(world, name, id))?;
            // Two ids of one image describe it once.
            if found.iter().all(|(digest, _)| *digest != entry.0) {
                found.push(entry);
            }
        }
    }
    let (found, next_token) = page(found, input.next_token.as_deref(), input.max_results)?;
    let scan = repository.scanning.scan_on_push;
    let image_details =
        found.into_iter().map(|(digest, image)| detail(world, name, digest, image, scan)).collect();
    Ok(DescribeImagesOutput { image_details, next_token })
}

/// `ListImages`.
///
/// # Errors
/// `RepositoryNotFoundException`.
pub fn list_images(world: &World, input: &ListImagesInput) -> Result<ListImagesOutput, ApiError> {
    let repository = repository(world, input.registry_id.as_deref(), &input.repository_name)?;
    let mut ids = Vec::new();
    for (digest, image) in &repository.images {
        if !wanted(input.filter.as_ref(), !image.tags.is_empty())? {
            continue;
        }
        let id = |tag| ImageId { image_digest: Some(digest.clone()), image_tag: tag };
        if image.tags.is_empty() {
            ids.push(id(None));
        }
        ids.extend(image.tags.iter().cloned().map(Some).map(id));
    }
    let (image_ids, next_token) = page(ids, input.next_token.as_deref(), input.max_results)?;
    Ok(ListImagesOutput { image_ids, next_token })
}

/// `DescribeImageScanFindings`: the scan is modelled, findings are not made up, so there are none.
///
/// # Errors
/// `ImageNotFoundException`; `ScanNotFoundException` where the repository does not scan on push.
pub fn describe_image_scan_findings(
    world: &World,
    input: &DescribeImageScanFindingsInput,
) -> Result<DescribeImageScanFindingsOutput, ApiError> {
    let name = &input.repository_name;
    let repository = repository(world, input.registry_id.as_deref(), name)?;
    let (digest, image) =
        repository.find(&input.image_id).ok_or_else(|| missing(world, name, &input.image_id))?;
    if !repository.scanning.scan_on_push {
        return Err(ApiError::new(
            "ScanNotFoundException",
            format!(
                "Image scan does not exist for the image with '{{imageDigest:'{digest}', imageTag:'{}'}}' in the \
                 repository with name '{name}' in the registry with id '{}'",
                input.image_id.image_tag.as_deref().unwrap_or("null"),
                world.account
            ),
        ));
    }
    let completed_at = image.pushed_at + wire::secs(world.params.ecr_scan_secs);
    Ok(DescribeImageScanFindingsOutput {
        registry_id: world.account.clone(),
        repository_name: name.clone(),
        image_id: ImageId {
            image_digest: Some(digest.to_owned()),
            image_tag: input.image_id.image_tag.clone(),
        },
        image_scan_status: scan_status(world, image),
        image_scan_findings: scan_completed(world, image).then(|| ImageScanFindings {
            image_scan_completed_at: completed_at.as_epoch_secs(),
            finding_severity_counts: BTreeMap::new(),
            findings: Vec::new(),
        }),
    })
}
