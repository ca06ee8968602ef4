//! `deploy`

use clap::Args;

use super::TargetArgs;
use crate::Guard;

/// Which code to deploy.
#[derive(Debug, Clone, Args)]
#[group(multiple = false)]
pub struct RevisionArgs {
    /// Release tag, such as v0.1.0
    #[arg(long, value_name = "TAG")]
    pub release: Option<String>,
    /// Commit, full or abbreviated; the current commit by default
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
}

/// `deploy`
#[derive(Debug, Clone, Args)]
pub struct DeployArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Which code
    #[command(flatten)]
    pub revision: RevisionArgs,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Show what would change and stop; exit code 10 where something would
    #[arg(long)]
    pub plan: bool,
    /// Prepare the account first: shared stack, secrets, images
    #[arg(long)]
    pub bootstrap: bool,
    /// Do nothing, and end well, where the environment does not exist yet
    #[arg(long, conflicts_with = "bootstrap")]
    pub if_exists: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Let this stateful resource be replaced or removed (logical id); repeatable
    #[arg(long = "allow-replace", value_name = "LOGICAL_ID")]
    pub allow_replace: Vec<String>,
    /// Do it although this guard refuses: health-path:SERVICE, container-port:SERVICE, target-group:SERVICE,
    /// credentials, older-release, database-upgrade; repeatable
    #[arg(long = "override", value_name = "GUARD")]
    pub overrides: Vec<Guard>,
    /// Never cancel: let CloudFormation and the circuit breaker decide, and at the deadline report the update running
    #[arg(long)]
    pub no_cancel: bool,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}
