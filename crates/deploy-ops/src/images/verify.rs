//! Whether a release can be deployed, as far as the registry knows: every image there, for the platform that its
//! tasks run on, and what the scan found.

use std::collections::BTreeMap;
use std::fmt;

use aws_sdk_ecr::types::ImageIdentifier;
use serde::Serialize;

use super::ImagesError;
use super::manifest::Manifest;
use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::names::{CommitSha, ImageDigest, ReleaseTag};
use crate::resolve;
use crate::session::Session;

/// What the registry holds of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verification {
    /// Whether everything can be deployed.
    pub deployable: bool,
    /// The tag, where one was asked for.
    pub release: Option<ReleaseTag>,
    /// The commit.
    pub commit: CommitSha,
    /// One entry per service, in configuration order.
    pub images: Vec<ImageCheck>,
}

/// One service's image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageCheck {
    /// Service.
    pub service: String,
    /// ECR repository.
    pub repository: String,
    /// Its digest; `None` where it is missing.
    pub digest: Option<ImageDigest>,
    /// Platform of the service's tasks.
    pub wanted_platform: String,
    /// Platforms that the image was built for; none where it does not say.
    pub platforms: Vec<String>,
    /// The scan; `None` where the image is missing.
    pub scan: Option<Scan>,
}

/// What the registry's scan of an image says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// As ECR says (`COMPLETE`, `IN_PROGRESS`, `FAILED`, …), or `NONE` where nothing was scanned.
    pub status: String,
    /// Number of findings by severity.
    pub findings: BTreeMap<String, i32>,
}

impl ImageCheck {
    /// Whether the image is there for a platform that the tasks do not run on.
    #[must_use]
    pub fn is_for_another_platform(&self) -> bool {
        self.digest.is_some() && !self.platforms.is_empty() && !self.platforms.contains(&self.wanted_platform)
    }
}

impl Verification {
    /// Repositories without the image.
    #[must_use]
    pub fn missing(&self) -> Vec<String> {
        let missing = self.images.iter().filter(|image| image.digest.is_none());
        missing.map(|image| image.repository.clone()).collect()
    }

    /// Services whose image is for another platform.
    #[must_use]
    pub fn unfit(&self) -> Vec<&ImageCheck> {
        self.images.iter().filter(|image| image.is_for_another_platform()).collect()
    }
}

/// Looks at every service's image of a commit.
pub async fn verify(
    session: &Session,
    release: Option<ReleaseTag>,
    commit: CommitSha,
) -> Result<Verification, ImagesError> {
    let (aws, platform) = (&session.target.aws, &session.config.platform);
    let mut images = Vec::new();
    for (name, service) in &platform.services {
        let repository = platform.repository(name, service);
        let found = resolve::image(aws, &repository, commit.as_str()).await?;
        let mut check = ImageCheck {
            service: name.to_string(),
            wanted_platform: service.architecture.docker_platform().to_owned(),
            digest: None,
            platforms: Vec::new(),
            scan: None,
            repository,
        };
        if let Some(image) = found {
            let manifest = Manifest::read(aws, &check.repository, &image.digest).await?;
            check.platforms = manifest.platforms(aws, session.target.front, &check.repository).await?;
            check.scan = Some(scan(aws, &check.repository, &image.digest).await?);
            check.digest = Some(image.digest);
        }
        images.push(check);
    }
    let deployable = images.iter().all(|it| it.digest.is_some() && !it.is_for_another_platform());
    Ok(Verification { deployable, release, commit, images })
}

async fn scan(aws: &Aws, repository: &str, digest: &ImageDigest) -> Result<Scan, CallError> {
    let id = ImageIdentifier::builder().image_digest(digest.as_str()).build();
    let call = aws.ecr.describe_image_scan_findings().repository_name(repository).image_id(id);
    let answer = match call.send().await.called("ecr:DescribeImageScanFindings") {
        Ok(answer) => answer,
        Err(error) if error.is("ScanNotFoundException") => {
            return Ok(Scan { status: "NONE".to_owned(), findings: BTreeMap::new() });
        }
        Err(error) => return Err(error),
    };
    let status = answer.image_scan_status().and_then(|status| status.status());
    // The counts are of all findings, whatever the page.
    let counts = answer.image_scan_findings().and_then(|findings| findings.finding_severity_counts());
    Ok(Scan {
        status: status.map_or_else(|| "UNKNOWN".to_owned(), |status| status.as_str().to_owned()),
        findings: counts
            .into_iter()
            .flatten()
            .map(|(severity, count)| (severity.as_str().to_owned(), *count))
            .collect(),
    })
}

impl fmt::Display for Scan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status.as_str() {
            "NONE" => f.write_str("not scanned"),
            "COMPLETE" if self.findings.is_empty() => f.write_str("scan: no findings"),
            "COMPLETE" => {
                let counts = ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL", "UNDEFINED"]
                    .into_iter()
                    .filter_map(|severity| Some((severity, self.findings.get(severity)?)))
                    .map(|(severity, count)| format!("{count} {}", severity.to_lowercase()));
                write!(f, "scan: {}", counts.collect::<Vec<_>>().join(", "))
            }
            status => write!(f, "scan: {}", status.to_lowercase().replace('_', " ")),
        }
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.release {
            Some(tag) => write!(f, "release {tag}, commit {}", self.commit)?,
            None => write!(f, "commit {}", self.commit)?,
        }
        for image in &self.images {
            write!(f, "\n  {:<16} ", image.service)?;
            let Some(digest) = &image.digest else {
                write!(f, "missing in {}", image.repository)?;
                continue;
            };
            write!(f, "{}  ", digest.short())?;
            match image.platforms.as_slice() {
                [] => f.write_str("platform not stated")?,
                platforms => f.write_str(&platforms.join(", "))?,
            }
            if image.is_for_another_platform() {
                write!(f, " instead of {}", image.wanted_platform)?;
            }
            if let Some(scan) = &image.scan {
                write!(f, "  {scan}")?;
            }
        }
        Ok(())
    }
}
