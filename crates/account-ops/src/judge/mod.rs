//! What AWS itself says of roles, policies, templates and firewall, without changing anything.
//!
//! The local AWS and the checks of this project share their beliefs: only AWS can say where they are wrong. What AWS decides
//! otherwise is a failure that names both sides; what could not be asked is shown as not asked, never as good.

mod firewall;
mod reads;
mod simulate;
mod templates;
mod validate;

use std::path::Path;

use deploy_ops::doctor::Finding;
use deploy_ops::iam;
use deploy_ops::target::Target;
use env_config::{Config, Environment};

pub use simulate::{Answer, Question, disagreements, questions};

/// Most findings of one kind that are shown one by one.
const SHOWN: usize = 20;

/// Asks AWS about everything that an environment is made of.
pub async fn judge(root: &Path, config: &Config, environment: &Environment, target: &Target) -> Vec<Finding> {
    let mut findings = Vec::new();
    match Box::pin(iam::evidence(root, environment.name.as_str())).await {
        Ok(roles) => {
            findings.extend(simulate::roles(target, &roles).await);
            findings.extend(validate::policies(target, &roles).await);
        }
        Err(failure) => {
            let again = format!("cargo xtask iam check {}", environment.name);
            findings.push(Finding::fail("simulate", failure.chain(), again));
        }
    }
    findings.extend(templates::validate(config, environment, target).await);
    findings.extend(firewall::capacity(config, environment, target).await);
    findings.extend(reads::look(config, environment, target).await);
    findings
}

/// Cuts a long list off, and says so.
fn shown(check: &'static str, mut findings: Vec<Finding>) -> Vec<Finding> {
    let all = findings.len();
    if all > SHOWN {
        findings.truncate(SHOWN);
        findings.push(Finding::fail(
            check,
            format!("and {} more", all - SHOWN),
            "mend the first ones, then look again",
        ));
    }
    findings
}

/// What AWS did not answer.
fn not_asked(check: &'static str, what: &str, why: impl std::fmt::Display) -> Finding {
    Finding::skipped(check, format!("{what}: not asked: {why}"))
}
