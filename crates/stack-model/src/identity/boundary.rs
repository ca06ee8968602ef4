//! What the roles of an environment's containers may do at most, whatever its template says.
//!
//! The template makes these roles, and whoever may deploy decides what is in the template. So the policy is in the shared
//! stack, out of its reach, and CloudFormation's role may make and change a role only where it has this boundary.

use cfn::iam::{ManagedPolicy, PolicyDocument, Statement};
use env_config::{Config, Environment, SharedNames};

use super::{local, repositories};
use crate::roles::{READ_SECRET, SIGN_IN, START};
use crate::shared::Shared;

pub(super) fn policy(config: &Config, environment: &Environment) -> ManagedPolicy<Shared> {
    let (platform, name) = (&config.platform, &environment.name);
    let mut resources = repositories(config);
    resources.push(local("logs", &format!("log-group:/{}/{name}/*", platform.name)));
    resources.push(local("secretsmanager", &format!("secret:{}/*", environment.secrets_prefix)));
    ManagedPolicy {
        description: format!("What containers of {} may do at most in {name}", platform.name),
        managed_policy_name: SharedNames::new(platform).boundary(name),
        policy_document: PolicyDocument::new([
            Statement::allow([SIGN_IN]).on_all(),
            Statement::allow(START.into_iter().chain([READ_SECRET])).on(resources),
        ]),
    }
}
