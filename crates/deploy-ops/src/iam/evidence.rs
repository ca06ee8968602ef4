//! The roles of an environment as they will be, and the calls that they were seen to make: what another evaluator of policies
//! can be asked about.

use std::collections::BTreeSet;
use std::path::Path;

use env_config::{Config, SharedNames};
use local_aws::{DecidedCall, RoleDocuments};

use crate::failure::Failure;
use crate::inputs;
use crate::template::Section;

use super::accounts::Accounts;
use super::scenarios::SCENARIOS;

/// A role, with its policies as CloudFormation makes them, and what it did in the scenarios of [`check`](super::check()).
#[derive(Debug, Clone)]
pub struct RoleEvidence {
    /// Its name.
    pub role: String,
    /// Its policies, its boundary and its trust.
    pub documents: RoleDocuments,
    /// Its calls, each with what the local evaluator decided.
    pub calls: BTreeSet<DecidedCall>,
}

/// The roles of an environment: those that deploy it, and those of its tasks.
///
/// # Errors
/// [`Failure`]: the accounts to try them on cannot be prepared.
pub async fn evidence(root: &Path, environment: &str) -> Result<Vec<RoleEvidence>, Failure> {
    let config = Config::load(root)?;
    let own = config.environment(environment)?;
    let names = SharedNames::new(&config.platform);
    let deploy_role = names.deploy_role(&own.name);
    let template = inputs::environment_template(&config, own)?;
    let of_tasks =
        template.entries(Section::Resources).filter(|(_, resource)| resource["Type"] == "AWS::IAM::Role");
    let of_tasks =
        of_tasks.filter_map(|(_, role)| role["Properties"]["RoleName"].as_str()).map(str::to_owned);
    let roles: Vec<String> =
        [deploy_role.clone(), names.cloudformation_role(&own.name)].into_iter().chain(of_tasks).collect();
    let accounts = Accounts::prepare(root, &config, environment).await?;
    let mut calls = vec![BTreeSet::new(); roles.len()];
    for scenario in SCENARIOS {
        // Whether a scenario went as it means is `check`'s to say: its calls are decided either way.
        let (control, _) = accounts.run(scenario, environment, &deploy_role).await?;
        for (role, calls) in roles.iter().zip(&mut calls) {
            calls.extend(control.kept_calls(role));
        }
    }
    let of_role = |(role, calls): (String, BTreeSet<DecidedCall>)| {
        let documents = accounts.documents(&role)?;
        Some(RoleEvidence { role, documents, calls })
    };
    Ok(roles.into_iter().zip(calls).filter_map(of_role).collect())
}
