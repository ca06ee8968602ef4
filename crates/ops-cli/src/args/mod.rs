//! Arguments of the commands that talk to AWS: one file per command.

mod account;
mod bootstrap;
mod database;
mod deploy;
mod dns;
mod doctor;
mod environment;
mod iam;
mod images;
mod inspect;
mod local;
mod recover;
mod release;
mod rollback;
mod secrets;
mod simulate;
mod stack;
mod target;
mod task;

use clap::Subcommand;

pub use account::*;
pub use bootstrap::*;
pub use database::*;
pub use deploy::*;
pub use dns::*;
pub use doctor::*;
pub use environment::*;
pub use iam::*;
pub use images::*;
pub use inspect::*;
pub use local::*;
pub use recover::*;
pub use release::*;
pub use rollback::*;
pub use secrets::*;
pub use simulate::*;
pub use stack::*;
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
    /// Build, push and verify the images of a commit
    #[command(subcommand)]
    Images(ImagesCommand),
    /// The secrets of an environment: which exist, enter them, check them
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// Check this machine: tools, credentials, git; with an environment also the account's quotas, and whether it is reachable
    Doctor(DoctorArgs),
    /// Infrastructure alone: deploy, plan or delete the stack of an environment, or the shared one
    #[command(subcommand)]
    Stack(StackCommand),
    /// Make a release: check, tag, push, publish
    Release(ReleaseArgs),
    /// What the deploy roles may do, and whether that is what they need
    #[command(subcommand)]
    Iam(IamCommand),
    /// The embedded local AWS
    #[command(subcommand)]
    Local(LocalCommand),
}

impl OpsCommand {
    /// Whether `--json` was given: stdout is then one object, however the command ends.
    #[must_use]
    pub const fn json(&self) -> bool {
        match self {
            Self::Deploy(args) => args.json,
            Self::Rollback(args) => args.json,
            Self::Recover(args) => args.json,
            Self::Status(args) | Self::Diagnose(args) => args.json,
            Self::History(args) => args.json,
            Self::Health(args) => args.json,
            Self::Outputs(args) => args.json,
            Self::Task(TaskCommand::Run(args)) => args.json,
            Self::Task(TaskCommand::Stop(args)) => args.json,
            Self::Replay(args) => args.json,
            Self::Images(ImagesCommand::Verify(args)) => args.json,
            Self::Images(ImagesCommand::Build(_) | ImagesCommand::Push(_)) => false,
            Self::Secrets(SecretsCommand::Check(args)) => args.json,
            Self::Secrets(SecretsCommand::Init(_) | SecretsCommand::Set(_) | SecretsCommand::Redeploy(_)) => {
                false
            }
            Self::Doctor(args) => args.json,
            Self::Stack(StackCommand::Deploy(args) | StackCommand::Plan(args)) => args.json,
            Self::Stack(StackCommand::Drift(args)) => args.json,
            Self::Stack(StackCommand::Delete(args)) => args.json,
            Self::Iam(IamCommand::Policy(args) | IamCommand::Check(args)) => args.json,
            Self::Release(_) | Self::Local(_) => false,
        }
    }
}
