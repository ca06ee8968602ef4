//! `iam`

use clap::{Args, Subcommand};

/// `iam`
#[derive(Debug, Clone, Subcommand)]
pub enum IamCommand {
    /// Print what the deploy role of an environment may do
    Policy(IamArgs),
    /// Run the pipeline as the deploy role on a local account of its own: nothing missing, nothing unused
    Check(IamArgs),
}

/// `iam policy` and `iam check`
#[derive(Debug, Clone, Args)]
pub struct IamArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Accepted because every command takes it; nothing here talks to AWS
    #[arg(long)]
    pub local: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
