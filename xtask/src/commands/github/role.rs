//! `github role`: whom a job signs in as. The workflows know no account and no role names; infra/*.toml does.

use std::process::ExitCode;

use env_config::{Config, SharedNames};

use super::answer;
use crate::failure::Failure;
use crate::project::Project;

/// Arguments of `github role`.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Args {
    /// The role that deploys to this environment
    #[arg(long, value_name = "ENVIRONMENT")]
    env: Option<String>,
    /// The role that pushes images
    #[arg(long)]
    build: bool,
}

pub(crate) fn run(project: &Project, args: &Args) -> Result<ExitCode, Failure> {
    let config = project.config()?;
    let (name, session_secs) = role(&config, args)?;
    let platform = &config.platform;
    answer(&[
        ("arn", format!("arn:aws:iam::{}:role/{name}", platform.account_id)),
        ("region", platform.region.to_string()),
        ("account", platform.account_id.to_string()),
        ("session-secs", session_secs.to_string()),
    ])
}

/// Name of the role and the longest session that it gives.
fn role(config: &Config, args: &Args) -> Result<(String, u32), Failure> {
    let names = SharedNames::new(&config.platform);
    Ok(match &args.env {
        Some(environment) => {
            (names.deploy_role(&config.environment(environment)?.name), stack_model::DEPLOY_SESSION_SECS)
        }
        None => (names.build_role(), stack_model::BUILD_SESSION_SECS),
    })
}
