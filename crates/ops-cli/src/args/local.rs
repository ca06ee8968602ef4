//! `local`

use clap::Subcommand;

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
