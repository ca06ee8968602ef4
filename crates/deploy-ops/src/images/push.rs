//! Pushing images: what is there already stays, and nothing under another image's tag.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::docker::{self, Login};
use super::manifest::Manifest;
use super::{Build, ImagesError, reference, registry_host};
use crate::aws::Aws;
use crate::call::Called;
use crate::names::{CommitSha, ImageDigest};
use crate::resolve::{self, Image};
use crate::session::Session;

/// An image that is in the registry now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// Service.
    pub service: String,
    /// `REGISTRY/REPOSITORY:COMMIT`.
    pub reference: String,
    /// Its digest.
    pub digest: ImageDigest,
    /// Whether it was there before.
    pub already: bool,
}

/// One image that may have to be pushed.
struct Candidate {
    service: String,
    repository: String,
    reference: String,
    pushed: Option<Image>,
}

/// Brings the images of a commit into the registry. Everything that stands in the way is found before the first is
/// pushed.
pub async fn push(
    session: &Session,
    builds: &[Build],
    commit: &CommitSha,
) -> Result<Vec<Pushed>, ImagesError> {
    if session.target.is_self_contained() {
        return Err(ImagesError::LocalRegistry);
    }
    let aws = &session.target.aws;
    let (mut candidates, mut not_built, mut taken) = (Vec::new(), Vec::new(), Vec::new());
    for (service, repository) in builds.iter().flat_map(|build| &build.services) {
        let reference = reference(&session.config, repository, commit);
        let pushed = resolve::image(aws, repository, commit.as_str()).await?;
        let wanted = reference.clone();
        let local = blocking(move || docker::image_id(&wanted)).await;
        // Without docker there is nothing to push; where everything is there already, that is fine.
        let local = match (local, &pushed) {
            (Err(ImagesError::NoDocker), Some(_)) => None,
            (local, _) => local?,
        };
        match (&pushed, local) {
            (None, None) => not_built.push(reference.clone()),
            (Some(image), Some(local)) if !is_same(aws, repository, image, &local).await? => {
                taken.push(reference.clone());
            }
            _ => {}
        }
        candidates.push(Candidate {
            service: service.clone(),
            repository: repository.clone(),
            reference,
            pushed,
        });
    }
    if !taken.is_empty() {
        return Err(ImagesError::TagTaken { references: taken });
    }
    if !not_built.is_empty() {
        return Err(ImagesError::NotBuilt { commit: commit.clone(), references: not_built });
    }
    let login =
        if candidates.iter().any(|it| it.pushed.is_none()) { Some(login(session).await?) } else { None };
    let mut done = Vec::new();
    for candidate in candidates {
        let already = candidate.pushed.is_some();
        let digest = match (candidate.pushed, &login) {
            (Some(image), _) => image.digest,
            (None, Some(login)) => {
                session.report.step(&format!("Push {}", candidate.reference));
                let outcome = tokio::task::block_in_place(|| login.push(&candidate.reference));
                // Somebody else may have pushed it meanwhile: what the registry says counts.
                let found = resolve::image(aws, &candidate.repository, commit.as_str()).await?;
                match (found, outcome) {
                    (Some(image), Ok(())) => image.digest,
                    (Some(_), Err(_)) => {
                        return Err(ImagesError::TagTaken { references: vec![candidate.reference] });
                    }
                    (None, Err(error)) => return Err(error),
                    (None, Ok(())) => {
                        let message =
                            format!("{} is not in the registry after the push", candidate.reference);
                        return Err(ImagesError::Docker { command: "push", message });
                    }
                }
            }
            (None, None) => continue,
        };
        let Candidate { service, reference, .. } = candidate;
        done.push(Pushed { service, reference, digest, already });
    }
    session.report.end_group();
    Ok(done)
}

/// Whether docker's image is the registry's: by the digest of the manifest or of the configuration.
async fn is_same(aws: &Aws, repository: &str, image: &Image, local: &str) -> Result<bool, ImagesError> {
    if image.digest.as_str() == local {
        return Ok(true);
    }
    let manifest = Manifest::read(aws, repository, &image.digest).await?;
    Ok(manifest.configuration() == Some(local))
}

/// Signs docker in with a token of ECR, which is good for twelve hours and is forgotten with the session.
async fn login(session: &Session) -> Result<Login, ImagesError> {
    let call = session.target.aws.ecr.get_authorization_token();
    let answer = call.send().await.called("ecr:GetAuthorizationToken")?;
    let data = answer.authorization_data().first().and_then(|data| data.authorization_token());
    let decoded = data.and_then(|token| STANDARD.decode(token).ok()).map(Zeroizing::new);
    let text = decoded.as_ref().and_then(|bytes| std::str::from_utf8(bytes).ok());
    let (user, password) = text.and_then(|text| text.split_once(':')).ok_or(ImagesError::BadToken)?;
    let (user, password) = (user.to_owned(), SecretString::from(password));
    let registry = registry_host(&session.config);
    blocking(move || Login::new(&registry, &user, &password)).await
}

/// Runs what waits for another program, without holding up the rest of this one.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ImagesError> + Send + 'static,
) -> Result<T, ImagesError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => Err(ImagesError::Docker { command: "", message: error.to_string() }),
    }
}
