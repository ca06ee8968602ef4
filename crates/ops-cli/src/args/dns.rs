//! `dns`

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use super::TargetArgs;

/// `dns`
#[derive(Debug, Clone, Subcommand)]
pub enum DnsCommand {
    /// Copy records into the platform's hosted zone, from where the domain is served today; nothing is overwritten
    Copy(DnsCopyArgs),
}

/// `dns copy`
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("source").required(true))]
pub struct DnsCopyArgs {
    /// Copy the records of this zone file (RFC 1035), as providers of DNS export it
    #[arg(long, value_name = "FILE", group = "source")]
    pub from_zone_file: Option<PathBuf>,
    /// Copy the records of this other hosted zone of the account
    #[arg(long, value_name = "HOSTED_ZONE_ID", group = "source")]
    pub from_zone: Option<String>,
    /// Copy what the name servers in service answer, as far as the names are known: DNS lists no zone
    #[arg(long, group = "source")]
    pub from_name_servers: bool,
    /// Show what would be copied, and copy nothing
    #[arg(long)]
    pub plan: bool,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Do not ask for confirmation
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}

impl DnsCommand {
    /// Whether `--json` was given.
    #[must_use]
    pub const fn json(&self) -> bool {
        match self {
            Self::Copy(args) => args.json,
        }
    }
}
