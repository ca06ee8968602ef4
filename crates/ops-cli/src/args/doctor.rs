//! `doctor`

use clap::Args;

use super::TargetArgs;

/// `doctor`
#[derive(Debug, Clone, Args)]
pub struct DoctorArgs {
    /// Look at this environment too
    pub environment: Option<String>,
    /// Let AWS judge roles, policies, templates and firewall of the environment by its own checks, without changing anything
    #[arg(long, requires = "environment")]
    pub account: bool,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
