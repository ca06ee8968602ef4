//! `database`

use clap::Subcommand;

use super::EnvironmentArgs;

/// `database`
#[derive(Debug, Clone, Subcommand)]
pub enum DatabaseCommand {
    /// List the instances and snapshots of an environment, and the time to which it can be restored
    List(EnvironmentArgs),
}

impl DatabaseCommand {
    /// Whether `--json` was given.
    #[must_use]
    pub const fn json(&self) -> bool {
        match self {
            Self::List(args) => args.json,
        }
    }
}
