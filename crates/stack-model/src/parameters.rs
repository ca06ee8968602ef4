//! The parameters of an environment's stack: what a deployment decides.

use cfn::Parameter;
use cfn::kind::{CertificateArn, HostedZoneId, ImageDigest, Text};
use env_config::{ServiceName, TaskName};
use indexmap::IndexMap;

use crate::scope::{Scope, Template, Value};

/// Values of the parameters.
pub(crate) struct Parameters {
    pub(crate) hosted_zone_id: Value<HostedZoneId>,
    pub(crate) certificate_arn: Value<CertificateArn>,
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

/// Name of the parameter with the digest of a one-off task's image: `MigrateTaskImageDigest`.
pub fn task_digest_parameter(task: &TaskName) -> String {
    format!("{}TaskImageDigest", task.pascal_case())
}

pub(crate) fn parameters(t: &mut Template, scope: Scope<'_>) -> Parameters {
    Parameters {
        hosted_zone_id: add(
            t,
            "HostedZoneId",
            "Hosted zone of the domain, an output of the shared stack",
            "^Z[A-Z0-9]{1,31}$",
            "a hosted zone id, such as Z0123456789ABCDEFGHIJ",
        ),
        certificate_arn: add(
            t,
            "CertificateArn",
            "Certificate of the domain, an output of the shared stack",
            "^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/[0-9a-f-]+$",
            "the ARN of an ACM certificate",
        ),
        release: add(t, "Release", "Release that the services run", LABEL, LABEL_TEXT),
        commit: add(
            t,
            "Commit",
            "Commit that the services run",
            "^[0-9a-f]{40}$",
            "a full commit id: 40 hex digits",
        ),
        tasks_release: add(t, "TasksRelease", "Release that the one-off tasks run", LABEL, LABEL_TEXT),
        service_digests: scope
            .platform
            .services
            .keys()
            .map(|name| {
                let parameter = service_digest_parameter(name);
                (name.clone(), add(t, &parameter, &format!("Image of service {name}"), DIGEST, DIGEST_TEXT))
            })
            .collect(),
        task_digests: scope
            .platform
            .tasks
            .keys()
            .map(|name| {
                let parameter = task_digest_parameter(name);
                (name.clone(), add(t, &parameter, &format!("Image of task {name}"), DIGEST, DIGEST_TEXT))
            })
            .collect(),
    }
}

const LABEL: &str = "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$";
const LABEL_TEXT: &str = "a tag or a full commit id";
const DIGEST: &str = "^sha256:[0-9a-f]{64}$";
const DIGEST_TEXT: &str = "a digest: sha256: and 64 hex digits";

fn add<K>(t: &mut Template, name: &str, description: &str, pattern: &str, expected: &str) -> Value<K> {
    let parameter = Parameter {
        description: description.to_owned(),
        allowed_pattern: Some(pattern.to_owned()),
        constraint_description: Some(format!("must be {expected}")),
    };
    t.parameter(name, &parameter)
}
