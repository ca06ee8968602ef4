//! `rollback`

use clap::{Args, ValueEnum};

use super::TargetArgs;

/// `rollback`
#[derive(Debug, Clone, Args)]
pub struct RollbackArgs {
    /// Release tag to go back to, such as v0.1.0
    pub tag: String,
    /// Environment, as named under infra/environments
    #[arg(long = "env", value_name = "ENVIRONMENT", default_value = "production")]
    pub environment: String,
    /// How: by an update of the stack, or past CloudFormation; without it past CloudFormation only where the stack
    /// cannot be updated
    #[arg(long, value_enum)]
    pub via: Option<Via>,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}

/// How services are changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Via {
    /// One update of the stack: all services or none
    Stack,
    /// Each service directly, past CloudFormation
    Ecs,
}
