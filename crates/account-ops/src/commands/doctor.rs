//! `doctor`

use std::path::Path;

use deploy_ops::commands::doctor;
use deploy_ops::doctor::Finding;
use deploy_ops::failure::Failure;
use deploy_ops::target::Target;
use env_config::{Config, Environment};
use ops_cli::{DoctorArgs, Exit};

use crate::{judge, quotas};

/// Runs it, with the account's quotas and, with `--account`, AWS's own judgement.
///
/// # Errors
/// What ends the command other than its own outcome.
pub async fn run(args: &DoctorArgs, root: &Path) -> Result<Exit, Failure> {
    let more = async |config: &Config, environment: Option<&Environment>, target: &Target| {
        let mut findings: Vec<Finding> = quotas::look(config, environment, target).await;
        if let Some(environment) = environment.filter(|_| args.account) {
            findings.extend(judge::judge(root, config, environment, target).await);
        }
        findings
    };
    doctor::run(args, root, more).await
}
