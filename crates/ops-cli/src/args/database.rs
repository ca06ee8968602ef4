//! `database`

use clap::{ArgGroup, Args, Subcommand};

use super::{EnvironmentArgs, TargetArgs};

/// `database`
#[derive(Debug, Clone, Subcommand)]
pub enum DatabaseCommand {
    /// List the instances and snapshots of an environment, and the time to which it can be restored
    List(EnvironmentArgs),
    /// Restore into a new instance, put it in the place of the one in service, and keep that; the services stop meanwhile.
    /// Stopped anywhere, the same command goes on
    Restore(DatabaseRestoreArgs),
    /// Restore the newest backup into an instance beside, compare it, and remove it again: nothing in service is touched.
    /// Exit code 0 for alike, 10 for differences
    Drill(DatabaseDrillArgs),
    /// Take a snapshot that stays until somebody deletes it
    Snapshot(EnvironmentArgs),
    /// Delete the instance that a restoration kept, after a last snapshot
    DropKept(DatabaseDropKeptArgs),
}

/// `database drill`
#[derive(Debug, Clone, Args)]
pub struct DatabaseDrillArgs {
    /// Environment, as named under infra/environments
    #[arg(value_name = "ENVIRONMENT")]
    pub environment: String,
    /// Restore this snapshot in place of the newest automated backup
    #[arg(long, value_name = "SNAPSHOT", conflicts_with = "remove")]
    pub snapshot: Option<String>,
    /// Only remove the instance that a drill left when it was stopped
    #[arg(long)]
    pub remove: bool,
    /// Where
    #[command(flatten)]
    pub target: TargetArgs,
    /// Print one JSON object at the end
    #[arg(long)]
    pub json: bool,
}

/// `database drop-kept`
#[derive(Debug, Clone, Args)]
pub struct DatabaseDropKeptArgs {
    /// Environment, as named under infra/environments
    #[arg(value_name = "ENVIRONMENT")]
    pub environment: String,
    /// Name of the kept instance; left out, the command only names those that there are
    #[arg(long, value_name = "INSTANCE")]
    pub confirm: Option<String>,
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

/// `database restore`
#[derive(Debug, Clone, Args)]
#[command(group = ArgGroup::new("source").required(true))]
pub struct DatabaseRestoreArgs {
    /// Environment, as named under infra/environments
    #[arg(value_name = "ENVIRONMENT")]
    pub environment: String,
    /// Restore what the database was at this time (RFC 3339, such as 2026-01-05T08:00:00Z)
    #[arg(long, value_name = "TIME", group = "source")]
    pub to_time: Option<String>,
    /// Restore this snapshot
    #[arg(long, value_name = "SNAPSHOT", group = "source")]
    pub snapshot: Option<String>,
    /// Show the steps that are left, and do none of them
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

impl DatabaseCommand {
    /// Whether `--json` was given.
    #[must_use]
    pub const fn json(&self) -> bool {
        match self {
            Self::List(args) | Self::Snapshot(args) => args.json,
            Self::Drill(args) => args.json,
            Self::DropKept(args) => args.json,
            Self::Restore(args) => args.json,
        }
    }
}
