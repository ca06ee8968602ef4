//! Least privilege, shown and proven: what the deploy roles may do, and that it is what the tool needs.

mod accounts;
mod boundaries;
mod by_hand;
mod check;
mod evidence;
mod execution;
mod policy;
mod scenarios;

use std::path::Path;

use env_config::Config;
use local_aws::Judge;

use crate::failure::Failure;

pub use check::{Finding, RoleCheck, check};
pub use local_aws::{DecidedCall, RoleDocuments};

pub use evidence::{RoleEvidence, evidence};
pub use policy::{Policy, Statement, deploy_policy};

/// A local account that has the infrastructure of every environment, and in which this one runs, to ask what the roles of its
/// templates may do.
///
/// # Errors
/// [`Failure`]: the account cannot be made.
pub async fn judge(root: &Path, environment: &str) -> Result<Judge, Failure> {
    let config = Config::load(root)?;
    let accounts = Box::pin(accounts::Accounts::prepare(root, &config, environment)).await?;
    Ok(accounts.judge())
}
