//! Images: which are built of a commit, and what they are called.
//!
//! An image holds nothing of an environment. It is built once from a commit, tagged with it, and promoted: staging
//! and production run the same digest.

pub mod docker;
pub mod manifest;
pub mod push;
pub mod source;
pub mod verify;

use std::path::{Path, PathBuf};

use env_config::Config;
use ops_cli::Exit;

use crate::call::CallError;
use crate::git::GitError;
use crate::names::CommitSha;
use crate::resolve::ResolveError;

/// One image that is built, for one service or for several that share it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Build {
    /// Services that run it, with their ECR repositories.
    pub services: Vec<(String, String)>,
    /// Dockerfile, relative to the source.
    pub dockerfile: String,
    /// Build context, relative to the source.
    pub context: String,
    /// Target stage.
    pub target: Option<String>,
    /// Such as `linux/arm64`.
    pub platform: &'static str,
}

/// Images cannot be built, pushed or verified.
#[derive(Debug, thiserror::Error)]
pub enum ImagesError {
    /// A service that the configuration does not have.
    #[error("there is no service {name:?}")]
    UnknownService {
        /// As asked for.
        name: String,
        /// Those that exist.
        known: Vec<String>,
    },
    /// The application is not there.
    #[error("the application source is not a git checkout: {}", path.display())]
    NoSource {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Files that the configuration names and the commit does not have.
    #[error("commit {} has no {}", commit.short(), paths.join(", no "))]
    NotInCommit {
        /// The commit.
        commit: CommitSha,
        /// Paths, relative to the source.
        paths: Vec<String>,
    },
    /// Git.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The files of the commit could not be written out.
    #[error("failed to write out the files of the commit: {0}")]
    Export(String),
    /// A folder for temporary files.
    #[error("failed to make a temporary directory")]
    Temporary(#[source] std::io::Error),
    /// No docker.
    #[error("docker was not found on PATH")]
    NoDocker,
    /// No buildx.
    #[error("docker has no buildx: {0}")]
    NoBuildx(String),
    /// Docker does not work.
    #[error("docker {command}: {message}")]
    Docker {
        /// Its subcommand.
        command: &'static str,
        /// What it said, or its exit status.
        message: String,
    },
    /// Images that are to be pushed and are not on this machine.
    #[error("these images are neither on this machine nor in the registry: {}", references.join(", "))]
    NotBuilt {
        /// The commit.
        commit: CommitSha,
        /// `REGISTRY/REPOSITORY:TAG`.
        references: Vec<String>,
    },
    /// The registry has other images under these tags.
    #[error("the registry has another image under {}: tags are immutable", references.join(", "))]
    TagTaken {
        /// `REGISTRY/REPOSITORY:TAG`.
        references: Vec<String>,
    },
    /// There is no registry to push to.
    #[error("the local AWS has no docker registry to push to")]
    LocalRegistry,
    /// ECR gave something else than credentials.
    #[error("ECR gave no usable credentials for docker")]
    BadToken,
    /// The configuration of an image could not be downloaded.
    #[error("failed to download the configuration of the image of {repository}: {detail}")]
    Download {
        /// Repository.
        repository: String,
        /// What happened.
        detail: String,
    },
    /// A manifest that is none.
    #[error("the manifest of the image of {repository} is not readable")]
    BadManifest {
        /// Repository.
        repository: String,
    },
    /// A call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The release.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
}

impl ImagesError {
    /// The exit code; `None` where another error inside decides.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::UnknownService { .. }
            | Self::NoSource { .. }
            | Self::NotInCommit { .. }
            | Self::Git(_)
            | Self::NoDocker
            | Self::NoBuildx(_) => Exit::BadInput,
            Self::NotBuilt { .. } | Self::TagTaken { .. } | Self::LocalRegistry => Exit::Refused,
            _ => Exit::Unexpected,
        }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::UnknownService { known, .. } => format!("services: {}", known.join(", ")),
            Self::NoSource { .. } => {
                "clone the application there, name its checkout with --source DIR, or set `source` in \
                 infra/platform.toml"
                    .to_owned()
            }
            Self::NotInCommit { .. } => {
                "correct [services.<name>.build] in infra/platform.toml, or name the application's checkout with \
                 --source DIR; only what is committed is built"
                    .to_owned()
            }
            Self::Git(error) => error.hint(),
            Self::NoDocker => "install docker (https://docs.docker.com/engine/install/)".to_owned(),
            Self::NoBuildx(_) => "install its plugin buildx (https://docs.docker.com/build/install-buildx/)".to_owned(),
            Self::Docker { .. } => {
                "what docker printed says why; `cargo xtask doctor` checks whether it runs".to_owned()
            }
            Self::NotBuilt { commit, .. } => {
                format!("build them first: cargo xtask images build --commit {commit}")
            }
            Self::TagTaken { .. } => {
                "the pushed image is the one of this commit, and it stays. To use it, build nothing: `cargo xtask \
                 images build --missing` skips what is there. To change the image, commit and build again"
                    .to_owned()
            }
            Self::LocalRegistry => {
                "nothing to push there: `cargo xtask deploy <env> --local` and `cargo xtask release <tag> --local` make \
                 up their images"
                    .to_owned()
            }
            _ => return None,
        })
    }
}

/// Where the application is: `--source`, else `source` of the configuration, else this repository.
#[must_use]
pub fn source_directory(root: &Path, config: &Config, asked: Option<&Path>) -> PathBuf {
    match (asked, &config.platform.source) {
        // As a shell would: relative to where the user is.
        (Some(asked), _) => std::env::current_dir().unwrap_or_default().join(asked),
        (None, Some(configured)) => root.join(configured),
        (None, None) => root.to_owned(),
    }
}

/// What is to be built for these services, or for all where none is named. Services with the same build share it.
pub fn builds(config: &Config, services: &[String]) -> Result<Vec<Build>, ImagesError> {
    let platform = &config.platform;
    if let Some(name) = services.iter().find(|name| !platform.services.keys().any(|it| it.as_str() == *name))
    {
        return Err(ImagesError::UnknownService {
            name: name.clone(),
            known: platform.services.keys().map(ToString::to_string).collect(),
        });
    }
    let mut builds: Vec<Build> = Vec::new();
    for (name, service) in &platform.services {
        if !services.is_empty() && !services.iter().any(|wanted| wanted == name.as_str()) {
            continue;
        }
        let image = (name.to_string(), platform.repository(name, service));
        let docker_platform = service.architecture.docker_platform();
        let same = builds.iter_mut().find(|build| {
            build.dockerfile == service.build.dockerfile
                && build.context == service.build.context
                && build.target == service.build.target
                && build.platform == docker_platform
        });
        match same {
            Some(build) => build.services.push(image),
            None => builds.push(Build {
                services: vec![image],
                dockerfile: service.build.dockerfile.clone(),
                context: service.build.context.clone(),
                target: service.build.target.clone(),
                platform: docker_platform,
            }),
        }
    }
    Ok(builds)
}

/// Host name of the registry of the account.
#[must_use]
pub fn registry_host(config: &Config) -> String {
    let region = config.platform.region.as_str();
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    format!("{}.dkr.ecr.{region}.amazonaws.com{suffix}", config.platform.account_id)
}

/// `REGISTRY/REPOSITORY:COMMIT`.
#[must_use]
pub fn reference(config: &Config, repository: &str, commit: &CommitSha) -> String {
    format!("{}/{repository}:{commit}", registry_host(config))
}
