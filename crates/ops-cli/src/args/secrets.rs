//! `secrets`. No argument takes a value: arguments are seen by every process of the machine.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{EnvironmentArgs, TargetArgs};

/// `secrets`
#[derive(Debug, Clone, Subcommand)]
pub enum SecretsCommand {
    /// Give a value to every secret that has none: generate what can be, ask for the rest
    Init(SecretsInitArgs),
    /// Enter a value, from a prompt, a file or standard input, or generate a new one
    Set(SecretsSetArgs),
    /// Show which secrets have a value of the right shape; never the values
    Check(EnvironmentArgs),
    /// Restart the services that read a secret, so that they read it again
    Redeploy(SecretsRedeployArgs),
}

/// `secrets init`
#[derive(Debug, Clone, Args)]
pub struct SecretsInitArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
}

/// `secrets set`
#[derive(Debug, Clone, Args)]
pub struct SecretsSetArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Secret, as named under [secrets] of infra/platform.toml
    pub secret: String,
    /// Only this key of the secret; the others keep their values
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Read the value from a file: text for one key, a JSON object for several
    #[arg(long, value_name = "FILE", conflicts_with = "generate")]
    pub from_file: Option<PathBuf>,
    /// Make a new random value, where the configuration says that it is generated
    #[arg(long)]
    pub generate: bool,
    /// The database already has this password
    #[arg(long)]
    pub database_changed: bool,
    /// Restart the services that read it
    #[arg(long)]
    pub redeploy: bool,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
}

/// `secrets redeploy`
#[derive(Debug, Clone, Args)]
pub struct SecretsRedeployArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Secret, as named under [secrets] of infra/platform.toml
    pub secret: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
}
