//! Arguments of the commands that only need an environment.

use clap::Args;

use super::TargetArgs;

/// Commands that only need an environment.
#[derive(Debug, Clone, Args)]
pub struct EnvironmentArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
