//! Arguments of the commands that talk to AWS: one file per command.

mod deploy;
mod doctor;
mod environment;
mod images;
mod local;
mod release;
mod secrets;
mod target;

use clap::Subcommand;

pub use deploy::*;
pub use doctor::*;
pub use environment::*;
pub use images::*;
pub use local::*;
pub use release::*;
pub use secrets::*;
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
    /// Build, push and verify the images of a commit
    #[command(subcommand)]
    Images(ImagesCommand),
    /// The secrets of an environment: which exist, enter them, check them
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Check this machine: tools, credentials, git, and whether an environment is reachable
    Doctor(DoctorArgs),
    /// The embedded local AWS
    #[command(subcommand)]
    Local(LocalCommand),
}
