//! Arguments of the commands that talk to AWS: one file per command.

mod deploy;
mod environment;
mod inspect;
mod local;
mod recover;
mod release;
mod rollback;
mod target;
mod task;

use clap::Subcommand;

pub use deploy::*;
pub use environment::*;
pub use inspect::*;
pub use local::*;
pub use recover::*;
pub use release::*;
pub use rollback::*;
pub use target::*;
pub use task::*;

/// Every command that is handed to the `deploy-ops` binary.
#[derive(Debug, Clone, Subcommand)]
pub enum OpsCommand {
    /// Deploy a commit or a release to an environment
    Deploy(DeployArgs),
    /// Go back to a release: no change of the infrastructure, no migrations
    Rollback(RollbackArgs),
    /// Bring a stuck stack back, step by step
    Recover(RecoverArgs),
    /// Show services, task counts, release and the last deployment
    Status(EnvironmentArgs),
    /// Say what is wrong with an environment and what to do, with the evidence
    Diagnose(EnvironmentArgs),
    /// List what was deployed: outcome, duration, who and from where
    History(HistoryArgs),
    /// Ask the public routes whether the right release answers
    Health(HealthArgs),
    /// Show the outputs of a stack
    Outputs(OutputsArgs),
    /// One-off tasks: migrate, seed
    #[command(subcommand)]
    Task(TaskCommand),
    /// Judge the record of a deployment again
    Replay(ReplayArgs),
    /// Record a release
    Release(ReleaseArgs),
    /// The embedded local AWS
    #[command(subcommand)]
    Local(LocalCommand),
}
