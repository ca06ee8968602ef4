//! `images`

use clap::{Args, Subcommand};

use super::{RevisionArgs, TargetArgs};

/// `images`
#[derive(Debug, Clone, Subcommand)]
pub enum ImagesCommand {
    /// Build the images of a commit with docker buildx, tagged with it
    Build(ImagesBuildArgs),
    /// Push the images of a commit that were built on this machine
    Push(ImagesPushArgs),
    /// Show whether the registry holds every image of a release, for the right platform, and what its scan found
    Verify(ImagesVerifyArgs),
}

/// Images of which commit and services.
#[derive(Debug, Clone, Args)]
pub struct ImagesArgs {
    /// Only this service; repeatable
    #[arg(long = "service", value_name = "SERVICE")]
    pub services: Vec<String>,
    /// Commit, full or abbreviated; the current commit of the source by default
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// Checkout of the application; by default `source` of infra/platform.toml, else this repository
    #[arg(long, value_name = "DIR")]
    pub source: Option<std::path::PathBuf>,
}

/// `images build`
#[derive(Debug, Clone, Args)]
pub struct ImagesBuildArgs {
    /// What
    #[command(flatten)]
    pub images: ImagesArgs,
    /// Only what the registry does not hold yet (asks AWS)
    #[arg(long)]
    pub missing: bool,
}

/// `images push`
#[derive(Debug, Clone, Args)]
pub struct ImagesPushArgs {
    /// What
    #[command(flatten)]
    pub images: ImagesArgs,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
}

/// `images verify`
#[derive(Debug, Clone, Args)]
pub struct ImagesVerifyArgs {
    /// Which code
    #[command(flatten)]
    pub revision: RevisionArgs,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
