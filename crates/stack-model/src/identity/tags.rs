//! What a role works for, as tags of the role.
//!
//! All environments have the same policies, which name what is an environment's by these tags
//! (`${aws:PrincipalTag/DeploysTo}`; IAM user guide, reference_policies_variables), so that the shared stack has a few short
//! roles for each environment and no policy of its own. A role that lacks a tag reaches no resource that is named by it,
//! and none that carries an environment's tag; what knows neither (docs/permissions.md) it may do as the others.
//!
//! Nobody but an administrator changes these tags: CloudFormation's roles may tag roles of containers only, and the trust of
//! none of the roles lets a session bring tags of its own (`sts:TagSession`; IAM user guide, id_session-tags).

use cfn::iam::RoleTag;
use cfn::kind::Text;

use crate::shared::{Shared, Value};

/// Name of the environment.
pub(super) const DEPLOYS_TO: &str = "DeploysTo";
/// Name of its stack.
pub(super) const STACK: &str = "DeploysStack";
/// What the names start with that CloudFormation makes for the stack's resources: the stack's name in lower case.
pub(super) const GENERATED: &str = "DeploysGenerated";
/// Path in front of the names of its secrets.
pub(super) const SECRETS: &str = "DeploysSecrets";
/// Whether deployments run the seed task: `yes` or `no`.
pub(super) const SEED: &str = "DeploysSeed";
/// Its domain, the name of its DNS record.
pub(super) const RECORD: &str = "DeploysRecord";
/// Id of the hosted zone that the record is in.
pub(super) const ZONE: &str = "DeploysZone";

pub(super) fn tag(key: &'static str, value: impl Into<Value<Text>>) -> RoleTag<Shared> {
    RoleTag { key, value: value.into() }
}

/// The tag of the role that calls, as a policy has it.
pub(super) fn variable(key: &str) -> Value<Text> {
    Value::literal(format!("${{aws:PrincipalTag/{key}}}"))
}

/// The same inside a `Fn::Sub`, which would take it for a variable of its own.
pub(super) fn escaped(key: &str) -> String {
    format!("${{!aws:PrincipalTag/{key}}}")
}
