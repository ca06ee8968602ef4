//! Arguments of the commands that talk to AWS: one file per command.

mod bootstrap;
mod deploy;
mod environment;
mod iam;
mod local;
mod release;
mod stack;
mod target;

use clap::Subcommand;

pub use bootstrap::*;
pub use deploy::*;
pub use environment::*;
pub use iam::*;
pub use local::*;
pub use release::*;
pub use stack::*;
pub use target::*;

/// Every command that is handed to the `deploy-ops` binary.
#[derive(Debug, Clone, Subcommand)]
pub enum OpsCommand {
    /// Deploy a commit or a release to an environment
    Deploy(DeployArgs),
    /// Show services, task counts, release and the last deployment
    Status(EnvironmentArgs),
    /// Infrastructure alone: deploy, plan or delete the stack of an environment, or the shared one
    #[command(subcommand)]
    Stack(StackCommand),
    /// Bring up a new environment, step by step; can be stopped anywhere and run again
    Bootstrap(BootstrapArgs),
    /// Make a release: check, tag, push, publish
    Release(ReleaseArgs),
    /// What the deploy roles may do, and whether that is what they need
    #[command(subcommand)]
    Iam(IamCommand),
    /// The embedded local AWS
    #[command(subcommand)]
    Local(LocalCommand),
}
