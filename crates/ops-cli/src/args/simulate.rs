//! `simulate`

use std::path::PathBuf;

use clap::Args;

/// `simulate`
#[derive(Debug, Clone, Args)]
pub struct SimulateArgs {
    /// Environment, as named under infra/environments; a scenario brings its own
    #[arg(required_unless_present = "scenario")]
    pub environment: Option<String>,
    /// A situation under infra/scenarios, by its name
    #[arg(long, value_name = "NAME", conflicts_with_all = ["faults", "compare"])]
    pub scenario: Option<String>,
    /// What is broken: KIND or KIND:SERVICE; repeatable. Without any: a table of all kinds
    #[arg(long = "fault", value_name = "KIND[:NAME]")]
    pub faults: Vec<String>,
    /// Another configuration beside it: an environment, a TOML file, a folder such as infra, or a git revision
    #[arg(long, value_name = "OTHER")]
    pub compare: Option<String>,
    /// Play it so many times with the numbers that AWS does not document drawn from their ranges
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub runs: Option<u32>,
    /// Seed of the draws
    #[arg(long, value_name = "SEED", default_value_t = 1, requires = "runs")]
    pub seed: u64,
    /// Draw it into this file
    #[arg(long, value_name = "FILE")]
    pub svg: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}
