//! `doctor`

use clap::Args;

use super::TargetArgs;

/// `doctor`
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Look at this environment too
    pub environment: Option<String>,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
