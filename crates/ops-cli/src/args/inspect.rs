//! Commands that look and change nothing: `health`, `outputs`, `history`, `replay`.

use std::path::PathBuf;

use clap::Args;

use super::TargetArgs;

/// `health`
#[derive(Debug, Clone, Args)]
pub struct HealthArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Release that has to answer: a tag, or a full commit id; by default the one that the stack names
    #[arg(long, value_name = "RELEASE")]
    pub release: Option<String>,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `outputs`
#[derive(Debug, Clone, Args)]
pub struct OutputsArgs {
    /// Environment, as named under infra/environments, or `shared`
    #[arg(value_name = "ENV|shared")]
    pub stack: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `history`
#[derive(Debug, Clone, Args)]
pub struct HistoryArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Show at most this many deployments, the latest first
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=500))]
    pub limit: u32,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `replay`
#[derive(Debug, Clone, Args)]
pub struct ReplayArgs {
    /// Record of a deployment: a file below .deployments
    pub file: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
