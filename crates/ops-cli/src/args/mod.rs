//! Arguments of the commands that talk to AWS: one file per command.

mod deploy;
mod environment;
mod local;
mod release;
mod simulate;
mod target;

use clap::Subcommand;

pub use deploy::*;
pub use environment::*;
pub use local::*;
pub use release::*;
pub use simulate::*;
pub use target::*;

/// Every command that is handed to the `deploy-ops` binary.
#[derive(Debug, Clone, Subcommand)]
pub enum OpsCommand {
    /// Deploy a commit or a release to an environment
    Deploy(DeployArgs),
    /// Show services, task counts, release and the last deployment
    Status(EnvironmentArgs),
    /// Record a release
    Release(ReleaseArgs),
    /// The embedded local AWS
    #[command(subcommand)]
    Local(LocalCommand),
}
