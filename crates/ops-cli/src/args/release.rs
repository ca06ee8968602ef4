//! `release`

use clap::Args;

use super::TargetArgs;

/// `release`
#[derive(Debug, Clone, Args)]
pub struct ReleaseArgs {
    /// Release tag, such as v0.1.0
    pub tag: String,
    /// Release this commit instead of a made-up one (--local) or of HEAD
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
}
