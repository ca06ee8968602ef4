//! Where a command runs.

use clap::Args;

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
