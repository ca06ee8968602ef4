//! `stack`

use clap::{Args, Subcommand};

use super::TargetArgs;

/// `stack`
#[derive(Debug, Clone, Subcommand)]
pub enum StackCommand {
    /// Bring the infrastructure to the configuration; services keep running as they are
    Deploy(StackArgs),
    /// Show what `stack deploy` would change: exit code 0 for nothing, 10 for differences
    Plan(StackArgs),
    /// Show what was changed behind CloudFormation's back: exit code 0 for nothing, 10 for differences
    Drift(StackDriftArgs),
    /// Delete a stack that nothing protects, and say what stays behind
    Delete(StackDeleteArgs),
}

/// `stack deploy` and `stack plan`
#[derive(Debug, Clone, Args)]
pub struct StackArgs {
    /// Environment, as named under infra/environments, or `shared`
    #[arg(value_name = "ENVIRONMENT|shared")]
    pub stack: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Do nothing, and end well, where the stack does not exist yet
    #[arg(long)]
    pub if_exists: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Let this stateful resource be replaced or removed (logical id); repeatable
    #[arg(long = "allow-replace", value_name = "LOGICAL_ID")]
    pub allow_replace: Vec<String>,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}

/// `stack drift`
#[derive(Debug, Clone, Args)]
pub struct StackDriftArgs {
    /// Environment, as named under infra/environments, or `shared`
    #[arg(value_name = "ENVIRONMENT|shared")]
    pub stack: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}

/// `stack delete`
#[derive(Debug, Clone, Args)]
pub struct StackDeleteArgs {
    /// Environment, as named under infra/environments, or `shared`
    #[arg(value_name = "ENVIRONMENT|shared")]
    pub stack: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Name of the stack, typed out: needed where the configuration keeps data, and for the shared stack
    #[arg(long, value_name = "STACK_NAME")]
    pub confirm: Option<String>,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}
