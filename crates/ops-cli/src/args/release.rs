//! `release`

use clap::{Args, Subcommand};

use super::TargetArgs;

/// `release`
#[derive(Debug, Clone, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ReleaseArgs {
    /// Release tag, such as v0.1.0
    #[arg(required = true)]
    pub tag: Option<String>,
    /// Release this commit instead of a made-up one (--local) or of HEAD
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// Environment that must have run the commit before
    #[arg(long, value_name = "ENVIRONMENT", default_value = "staging")]
    pub rehearsed_in: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// `release annotate`
    #[command(subcommand)]
    pub command: Option<ReleaseCommand>,
}

/// `release annotate`
#[derive(Debug, Clone, Subcommand)]
pub enum ReleaseCommand {
    /// Write into the notes of the GitHub release what an environment runs of it, and since when
    Annotate(AnnotateArgs),
}

/// `release annotate`
#[derive(Debug, Clone, Args)]
pub struct AnnotateArgs {
    /// Release tag, such as v0.1.0
    pub tag: String,
    /// Environment that runs it
    #[arg(long, value_name = "ENVIRONMENT")]
    pub env: String,
    /// What `deploy --json` printed: says what runs, so that AWS is not asked
    #[arg(long, value_name = "JSON", env = "DEPLOY_RESULT", hide_env_values = true)]
    pub result: Option<String>,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
}
