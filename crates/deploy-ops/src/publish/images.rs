//! The tag of a release on the images of its commit. The repositories' lifecycle keeps what has such a tag, and only the
//! newest of the others: without it, an image of a release would expire while it runs.

use aws_sdk_ecr::types::ImageIdentifier;

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::failure::Failure;
use crate::inputs;
use crate::names::{CommitSha, ReleaseTag};
use crate::resolve;
use crate::session::Session;

/// Tags the image of the commit in every repository, where it does not have the tag yet.
pub(super) async fn tag(session: &Session, tag: &ReleaseTag, commit: &CommitSha) -> Result<(), Failure> {
    let aws = &session.target.aws;
    let repositories: std::collections::BTreeSet<String> =
        inputs::repositories(&session.config).into_values().collect();
    for repository in repositories {
        if resolve::image(aws, &repository, tag.as_str()).await?.is_none() {
            put(aws, &repository, tag, commit).await?;
            session.report.line(format!("image {repository}: tagged {tag}"));
        }
    }
    Ok(())
}

/// The same manifest under another tag is the same image.
async fn put(aws: &Aws, repository: &str, tag: &ReleaseTag, commit: &CommitSha) -> Result<(), CallError> {
    let id = ImageIdentifier::builder().image_tag(commit.as_str()).build();
    let call = aws.ecr.batch_get_image().repository_name(repository).image_ids(id);
    let answer = call.send().await.called("ecr:BatchGetImage")?;
    // Looked for before: it was deleted in between, and the next run says so.
    let Some(image) = answer.images.and_then(|images| images.into_iter().next()) else { return Ok(()) };
    let call = aws.ecr.put_image().repository_name(repository).image_tag(tag.as_str());
    let call = call
        .set_image_manifest(image.image_manifest)
        .set_image_manifest_media_type(image.image_manifest_media_type);
    match call.send().await.called("ecr:PutImage") {
        // Somebody else tagged it in between.
        Err(error) if error.is("ImageAlreadyExistsException") => Ok(()),
        other => other.map(drop),
    }
}
