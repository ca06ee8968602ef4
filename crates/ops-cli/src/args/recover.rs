//! `recover`

use clap::Args;

use super::TargetArgs;

/// `recover`
#[derive(Debug, Clone, Args)]
pub struct RecoverArgs {
    /// Environment, as named under infra/environments, or `shared`
    pub stack: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Do not ask before each step
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}
