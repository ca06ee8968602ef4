//! Arguments of the commands that talk to AWS.

use clap::{Args, Subcommand};

/// Where a command runs: the AWS account of the configuration, or the embedded local AWS.
#[derive(Debug, Clone, Args)]
pub struct TargetArgs {
    /// Run against the embedded local AWS, in virtual time (also: `DEPLOY_TARGET=local`)
    #[arg(long, global = false)]
    pub local: bool,
    /// Break the local world: KIND or KIND:SERVICE; repeatable (only with --local)
    #[arg(long = "fault", value_name = "KIND[:SERVICE]")]
    pub faults: Vec<String>,
}

/// Where a command runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The AWS account of the configuration.
    Aws,
    /// The embedded local AWS.
    Local,
}

impl TargetArgs {
    /// Where to run: `--local` or `DEPLOY_TARGET=local` mean the local AWS.
    #[must_use]
    pub fn place(&self) -> Place {
        let by_environment = std::env::var_os("DEPLOY_TARGET").is_some_and(|target| target == "local");
        if self.local || by_environment { Place::Local } else { Place::Aws }
    }
}

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
    /// Show what would change and stop
    #[arg(long)]
    pub plan: bool,
    /// Prepare the account first: shared stack, secrets, images
    #[arg(long)]
    pub bootstrap: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Let this stateful resource be replaced or removed (logical id); repeatable
    #[arg(long = "allow-replace", value_name = "LOGICAL_ID")]
    pub allow_replace: Vec<String>,
    /// At the deadline, report and leave the update running
    #[arg(long)]
    pub no_cancel: bool,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}

/// Commands that only need an environment.
#[derive(Debug, Clone, Args)]
pub struct EnvironmentArgs {
    /// Environment, as named under infra/environments
    pub environment: String,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// `release`
#[derive(Debug, Clone, Args)]
pub struct ReleaseArgs {
    /// Release tag, such as v0.1.0
    pub tag: String,
    /// Release this commit instead of a made-up one (--local) or of HEAD
    #[arg(long, value_name = "SHA")]
    pub commit: Option<String>,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
}

/// `local`
#[derive(Debug, Clone, Subcommand)]
pub enum LocalCommand {
    /// Forget the local account
    Reset,
    /// Show what the local account holds
    Status,
    /// Serve the local AWS for other clients (aws CLI, boto3)
    Serve {
        /// Port on 127.0.0.1; 0 picks a free one
        #[arg(long, default_value_t = 4566)]
        port: u16,
        /// Virtual seconds per wall-clock second
        #[arg(long, default_value_t = 1.0)]
        speed: f64,
    },
}

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
