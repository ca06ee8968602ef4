//! `iam policy|check`

use std::path::Path;

use env_config::Config;
use ops_cli::{Exit, IamArgs, IamCommand};

use super::{print, print_json};
use crate::failure::Failure;
use crate::iam;

pub(super) async fn run(command: &IamCommand, root: &Path) -> Result<Exit, Failure> {
    match command {
        IamCommand::Policy(args) => policy(args, root),
        IamCommand::Check(args) => check(args, root).await,
    }
}

fn policy(args: &IamArgs, root: &Path) -> Result<Exit, Failure> {
    let config = Config::load(root)?;
    let policy = iam::deploy_policy(&config, config.environment(&args.environment)?)?;
    if args.json {
        print_json(&policy)?;
    } else {
        print(policy.to_string().trim_end())?;
    }
    Ok(Exit::Done)
}

async fn check(args: &IamArgs, root: &Path) -> Result<Exit, Failure> {
    let result = Box::pin(iam::check(root, &args.environment)).await?;
    if args.json {
        print_json(&result)?;
    }
    ops_cli::say!("{}: {} scenarios as the deploy role", result.environment, result.scenarios.len());
    result.scenarios.iter().for_each(|name| ops_cli::say!("  {name}"));
    ops_cli::say!("used");
    result.used_by_service().iter().for_each(|line| ops_cli::say!("  {line}"));
    ops_cli::say!("{} attempts on other environments", result.attempts);
    if result.findings.is_empty() {
        ops_cli::say!(
            "nothing missing, nothing unused ({} exceptions, with reasons, in crates/deploy-ops/src/iam/exceptions.json)",
            result.excepted
        );
        return Ok(Exit::Done);
    }
    for finding in &result.findings {
        ops_cli::say!("{finding}");
    }
    ops_cli::say!(
        "hint: grant or take away in crates/stack-model/src/identity/, or run what needs it in a scenario \
         (crates/deploy-ops/src/iam/scenarios.rs)"
    );
    Ok(Exit::Differences)
}
