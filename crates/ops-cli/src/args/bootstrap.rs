//! `bootstrap`

use clap::Args;

use super::{RevisionArgs, TargetArgs};

/// `bootstrap`
#[derive(Debug, Clone, Args)]
pub struct BootstrapArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Which code to start with
    #[command(flatten)]
    pub revision: RevisionArgs,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Show the checklist and stop: exit code 0 where everything is done, 10 where something is open
    #[arg(long)]
    pub plan: bool,
    /// Record that the first administrator exists already, instead of seeding
    #[arg(long)]
    pub admin_exists: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}
