//! The parameters of an environment's stack: what a deployment decides.

use cfn::Parameter;
use cfn::kind::{CertificateArn, HostedZoneId, ImageDigest, ManagedPolicyArn, Text};
use env_config::{ServiceName, TaskName};
use indexmap::IndexMap;

use crate::scope::{Scope, Template, Value};

/// Values of the parameters.
pub(crate) struct Parameters {
    pub(crate) hosted_zone_id: Value<HostedZoneId>,
    pub(crate) certificate_arn: Value<CertificateArn>,
    /// What the roles of containers may do at most; the shared stack has it.
    pub(crate) boundary: Value<ManagedPolicyArn>,
    pub(crate) release: Value<Text>,
    pub(crate) commit: Value<Text>,
    pub(crate) tasks_release: Value<Text>,
    pub(crate) service_digests: IndexMap<ServiceName, Value<ImageDigest>>,
    pub(crate) task_digests: IndexMap<TaskName, Value<ImageDigest>>,
}

/// Name of the parameter with the digest of a service's image: `ApiImageDigest`.
pub fn service_digest_parameter(service: &ServiceName) -> String {
    format!("{}ImageDigest", service.pascal_case())
}

/// Name of the parameter with the task definition that a service runs in place of the stack's own: `ApiRevision`. Empty
/// unless the service was brought to this release past CloudFormation, which then takes over what runs.
pub fn service_revision_parameter(service: &ServiceName) -> String {
    format!("{}Revision", service.pascal_case())
}

/// Name of the parameter with the digest of a one-off task's image: `MigrateTaskImageDigest`.
pub fn task_digest_parameter(task: &TaskName) -> String {
    format!("{}TaskImageDigest", task.pascal_case())
}

pub(crate) fn parameters(t: &mut Template, scope: Scope<'_>) -> Parameters {
    Parameters {
        hosted_zone_id: add(t, "HostedZoneId", "^Z[A-Z0-9]{1,31}$"),
        certificate_arn: add(t, "CertificateArn", "^arn:aws[a-z-]*:acm:.+$"),
        boundary: add(t, "Boundary", "^arn:aws[a-z-]*:iam:.+$"),
        release: add(t, "Release", LABEL),
        commit: add(t, "Commit", "^[0-9a-f]{40}$"),
        tasks_release: add(t, "TasksRelease", LABEL),
        service_digests: scope
            .platform
            .services
            .keys()
            .map(|name| {
                let parameter = service_digest_parameter(name);
                (name.clone(), add(t, &parameter, DIGEST))
            })
            .collect(),
        task_digests: scope
            .platform
            .tasks
            .keys()
            .map(|name| {
                let parameter = task_digest_parameter(name);
                (name.clone(), add(t, &parameter, DIGEST))
            })
            .collect(),
    }
}

const LABEL: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$";
const DIGEST: &str = "^sha256:[0-9a-f]{64}$";

fn add<K>(t: &mut Template, name: &str, pattern: &str) -> Value<K> {
    let parameter = Parameter { allowed_pattern: Some(pattern.to_owned()), default: None };
    t.parameter(name, &parameter)
}
