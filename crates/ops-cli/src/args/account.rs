//! What is handed to the `account-ops` binary.

use clap::Subcommand;

use super::{BootstrapArgs, DatabaseCommand, DnsCommand};

/// Every command that is handed to the `account-ops` binary: rare ones, whose SDK crates a deployment does not compile.
#[derive(Debug, Clone, Subcommand)]
pub enum AccountCommand {
    /// The database of an environment: what it can be restored from
    #[command(subcommand)]
    Database(DatabaseCommand),
    /// The records of the domain: copy them from where it is served today
    #[command(subcommand)]
    Dns(DnsCommand),
    /// Bring up a new environment, step by step; can be stopped anywhere and run again
    Bootstrap(BootstrapArgs),
}

impl AccountCommand {
    /// Whether `--json` was given: stdout is then one object, however the command ends.
    #[must_use]
    pub const fn json(&self) -> bool {
        match self {
            Self::Database(command) => command.json(),
            Self::Dns(command) => command.json(),
            Self::Bootstrap(args) => args.json,
        }
    }
}
