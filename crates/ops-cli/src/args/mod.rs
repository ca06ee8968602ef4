//! Arguments of the commands that talk to AWS: one file per command.

mod deploy;
mod environment;
mod local;
mod recover;
mod release;
mod rollback;
mod target;

use clap::Subcommand;

pub use deploy::*;
pub use environment::*;
pub use local::*;
pub use recover::*;
pub use release::*;
pub use rollback::*;
pub use target::*;

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
    /// Record a release
    Release(ReleaseArgs),
    /// The embedded local AWS
    #[command(subcommand)]
    Local(LocalCommand),
}
