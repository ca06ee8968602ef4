//! `task`

use clap::{Args, Subcommand};

use super::TargetArgs;

/// `task`
#[derive(Debug, Clone, Subcommand)]
pub enum TaskCommand {
    /// Run a one-off task (migrate, seed) now, and follow it to its exit code
    Run(TaskRunArgs),
    /// Stop a one-off task that runs: one whose own run is gone would hold up the next deployment to its limit
    Stop(TaskStopArgs),
}

/// `task stop`
#[derive(Debug, Clone, Args)]
pub struct TaskStopArgs {
    /// Task, as named under [tasks] in infra/platform.toml: migrate, seed
    #[arg(value_name = "TASK")]
    pub task: String,
    /// Environment, as named under infra/environments
    #[arg(long = "env", value_name = "ENV")]
    pub environment: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}

/// `task run`
#[derive(Debug, Clone, Args)]
pub struct TaskRunArgs {
    /// Task, as named under [tasks] in infra/platform.toml: migrate, seed
    #[arg(value_name = "TASK")]
    pub task: String,
    /// Environment, as named under infra/environments
    #[arg(long = "env", value_name = "ENV")]
    pub environment: String,
    /// Run the image of this release; by default the one that is in service
    #[arg(long, value_name = "TAG", conflicts_with = "commit")]
    pub release: Option<String>,
    /// Run the image of this commit, full or abbreviated
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// Seed an environment that deployments never seed (seed_on_deploy = false: production). Meant for its first
    /// administrator only: seeding writes to the database of real users
    #[arg(long)]
    pub allow_seed: bool,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}
