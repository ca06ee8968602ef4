//! From a release tag or a commit to one image digest per service: all of them, or none.

use std::collections::BTreeMap;
use std::path::Path;

use aws_sdk_ecr::types::ImageIdentifier;

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::git::{self, GitError};
use crate::names::{CommitSha, ImageDigest, ReleaseTag};

/// What the user asked to deploy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// A release.
    Tag(ReleaseTag),
    /// A commit, full or abbreviated.
    Commit(String),
    /// The commit that is checked out.
    Head,
}

/// Where release tags are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagSource {
    /// In git; a registry tag of the same name has to agree.
    Git,
    /// In the registry first: an account where releases are made up never asks git for them.
    Registry,
}

/// What is to run, known completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// The tag, where one was asked for.
    pub tag: Option<ReleaseTag>,
    /// The commit.
    pub commit: CommitSha,
    /// Image digest by service name.
    pub digests: BTreeMap<String, ImageDigest>,
}

impl Release {
    /// `release v0.1.0 (commit 1a2b3c4d)`, for people.
    #[must_use]
    pub fn described(&self) -> String {
        match &self.tag {
            Some(tag) => format!("release {tag} (commit {})", self.commit.short()),
            None => format!("commit {}", self.commit.short()),
        }
    }

    /// The tag, or the full commit id where there is none: what services report as their release.
    #[must_use]
    pub fn label(&self) -> &str {
        self.tag.as_ref().map_or(self.commit.as_str(), ReleaseTag::as_str)
    }
}

/// The release cannot be deployed.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Git could not answer.
    #[error(transparent)]
    Git(#[from] GitError),
    /// Neither git nor the registry knows the tag.
    #[error("there is no release {tag}")]
    UnknownRelease {
        /// The tag.
        tag: ReleaseTag,
        /// Where it was looked for first.
        asked: TagSource,
    },
    /// The tag means different commits in git and in the registry: it was moved.
    #[error("release {tag} is commit {} in git, but its images were built from {}", git.short(), registry.short())]
    TagMoved {
        /// The tag.
        tag: ReleaseTag,
        /// The commit in git.
        git: CommitSha,
        /// The commit of the images.
        registry: CommitSha,
    },
    /// The tag means another commit elsewhere than in this clone: it was moved.
    #[error("release {tag} is commit {} in this clone, but {} {known_by}", git.short(), other.short())]
    TagDiffers {
        /// The tag.
        tag: ReleaseTag,
        /// The commit in git.
        git: CommitSha,
        /// The other commit.
        other: CommitSha,
        /// Who knows it as that: `at origin`.
        known_by: String,
    },
    /// Services without an image of the commit.
    #[error("commit {} has no image in {}", commit.short(), repositories.join(", "))]
    MissingImages {
        /// The commit.
        commit: CommitSha,
        /// Repositories without it.
        repositories: Vec<String>,
    },
    /// The registry answered with something that is no digest.
    #[error("ECR named an image of {repository} without a valid digest")]
    BadDigest {
        /// Repository.
        repository: String,
    },
}

/// Finds the commit and the digest of every service's image. `repositories` maps service names to ECR
/// repository names.
pub async fn resolve(
    aws: &Aws,
    root: &Path,
    wanted: &Wanted,
    tags: TagSource,
    repositories: &BTreeMap<String, String>,
) -> Result<Release, ResolveError> {
    let (tag, commit) = wanted_commit(aws, root, wanted, tags, repositories).await?;
    let digests = digests(aws, &commit, repositories).await?;
    Ok(Release { tag, commit, digests })
}

/// The tag, where one was asked for, and the commit, whether its images exist or not.
pub async fn wanted_commit(
    aws: &Aws,
    root: &Path,
    wanted: &Wanted,
    tags: TagSource,
    repositories: &BTreeMap<String, String>,
) -> Result<(Option<ReleaseTag>, CommitSha), ResolveError> {
    Ok(match wanted {
        Wanted::Tag(tag) => (Some(tag.clone()), commit_of_tag(aws, root, tag, tags, repositories).await?),
        Wanted::Commit(_) | Wanted::Head => (None, commit(root, wanted)?),
    })
}

/// The commit that is wanted, as git alone knows it. A full id is taken as it is: a shallow clone does not know
/// it, the registry may.
pub fn commit(root: &Path, wanted: &Wanted) -> Result<CommitSha, GitError> {
    match wanted {
        Wanted::Head => git::head(root),
        Wanted::Commit(name) => name.parse().or_else(|_| git::commit(root, name)),
        Wanted::Tag(tag) => git::tag(root, tag)?.ok_or_else(|| ops_cli::git::unknown(root, &tag.to_string())),
    }
}

/// The commit of a release tag.
pub async fn commit_of_tag(
    aws: &Aws,
    root: &Path,
    tag: &ReleaseTag,
    source: TagSource,
    repositories: &BTreeMap<String, String>,
) -> Result<CommitSha, ResolveError> {
    let mut in_registry = None;
    for repository in repositories.values() {
        if let Some(image) = image(aws, repository, tag.as_str()).await? {
            in_registry = image.tags.iter().find_map(|tag| tag.parse::<CommitSha>().ok());
            break;
        }
    }
    let in_git = match (source, &in_registry) {
        (TagSource::Registry, Some(_)) => None,
        _ => git::tag(root, tag)?,
    };
    match (in_git, in_registry) {
        (Some(git), Some(registry)) if git != registry => {
            Err(ResolveError::TagMoved { tag: tag.clone(), git, registry })
        }
        // Without the registry's word, the remote's is asked for: a clone may have a tag of its own, or an old one.
        (Some(git), None) => match git::remote_tag(root, tag) {
            Some(other) if other != git => Err(ResolveError::TagDiffers {
                tag: tag.clone(),
                git,
                other,
                known_by: "at origin".to_owned(),
            }),
            _ => Ok(git),
        },
        (Some(commit), _) | (None, Some(commit)) => Ok(commit),
        (None, None) => Err(ResolveError::UnknownRelease { tag: tag.clone(), asked: source }),
    }
}

/// Refuses a release that an environment runs, or ran last, as another commit: its tag was moved.
///
/// # Errors
/// [`ResolveError::TagDiffers`].
pub fn same_as_recorded(
    release: &Release,
    recorded: &BTreeMap<String, String>,
    stack: &str,
) -> Result<(), ResolveError> {
    let Some(tag) = &release.tag else { return Ok(()) };
    if recorded.get("Release").map(String::as_str) != Some(tag.as_str()) {
        return Ok(());
    }
    match recorded.get("Commit").and_then(|commit| commit.parse::<CommitSha>().ok()) {
        Some(other) if other != release.commit => Err(ResolveError::TagDiffers {
            tag: tag.clone(),
            git: release.commit.clone(),
            other,
            known_by: format!("in the record of {stack}"),
        }),
        _ => Ok(()),
    }
}

/// The digest of the image of `commit` in every repository.
pub async fn digests(
    aws: &Aws,
    commit: &CommitSha,
    repositories: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, ImageDigest>, ResolveError> {
    let mut found = BTreeMap::new();
    let mut missing = Vec::new();
    for (service, repository) in repositories {
        match image(aws, repository, commit.as_str()).await? {
            Some(image) => {
                found.insert(service.clone(), image.digest);
            }
            None => missing.push(repository.clone()),
        }
    }
    if missing.is_empty() {
        Ok(found)
    } else {
        missing.dedup();
        Err(ResolveError::MissingImages { commit: commit.clone(), repositories: missing })
    }
}

/// An image in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Digest of its manifest.
    pub digest: ImageDigest,
    /// Every tag it has.
    pub tags: Vec<String>,
}

/// Names an image by its digest, for calls of ECR.
#[must_use]
pub fn by_digest(digest: &str) -> ImageIdentifier {
    ImageIdentifier::builder().image_digest(digest).build()
}

/// The image with a tag; `None` where the repository has no such tag or does not exist.
pub async fn image(aws: &Aws, repository: &str, tag: &str) -> Result<Option<Image>, ResolveError> {
    let id = ImageIdentifier::builder().image_tag(tag).build();
    let call = aws.ecr.describe_images().repository_name(repository).image_ids(id);
    let details = match call.send().await.called("ecr:DescribeImages") {
        Ok(answer) => answer.image_details.unwrap_or_default(),
        Err(error) if error.is("ImageNotFoundException") || error.is("RepositoryNotFoundException") => {
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    let Some(detail) = details.into_iter().next() else { return Ok(None) };
    let digest = detail
        .image_digest
        .and_then(|digest| digest.parse().ok())
        .ok_or_else(|| ResolveError::BadDigest { repository: repository.to_owned() })?;
    Ok(Some(Image { digest, tags: detail.image_tags.unwrap_or_default() }))
}
