//! The one-off tasks. They are infrastructure: a migration runs from its new definition before any service is touched.

use cfn::Handle;
use cfn::ecs::{ContainerDefinition, TaskDefinition};
use cfn::kind::LogGroupName;
use env_config::{Task, TaskName};

use crate::container::{Parts, secret_names, task_definition};
use crate::error::ModelError;
use crate::logging::log_group;
use crate::parameters::Parameters;
use crate::roles::{Needs, roles};
use crate::scope::{Env, Template, Value};

/// A one-off task in the stack.
pub(crate) struct OneOff {
    pub(crate) definition: Handle<TaskDefinition<Env>>,
    pub(crate) log_group: Value<LogGroupName>,
}

pub(crate) fn task(
    t: &mut Template,
    parts: &Parts<'_>,
    parameters: &Parameters,
    (name, task): (&TaskName, &Task),
) -> Result<OneOff, ModelError> {
    let scope = parts.scope;
    let (service_name, digest) = (&task.service, parameters.task_digests.get(name));
    let (Some(service), Some(digest)) = (scope.platform.services.get(service_name), digest) else {
        return Err(ModelError::TaskWithoutService { task: name.clone(), service: service_name.clone() });
    };
    let id = name.pascal_case();
    let logs = log_group(t, scope, &id, scope.names.task_log_group(name));
    let needs = Needs {
        repository: scope.platform.repository(service_name, service),
        log_group: logs.arn(),
        secrets: secret_names(service.secrets.values().chain(task.secrets.values()))
            .map(|secret| parts.secrets.arn(secret))
            .collect::<Result<_, _>>()?,
    };
    let roles = roles(t, scope, &id, name.as_str(), needs);
    let common = vec![("RELEASE", parameters.tasks_release.clone())];
    let container = ContainerDefinition {
        command: Some(task.command.clone()),
        environment: parts.environment(common, service.environment.iter().chain(&task.environment))?,
        secrets: parts.secrets(service.secrets.iter().chain(&task.secrets))?,
        ..parts.container(name.as_str(), service, parts.image(service_name, service, digest), logs.name())
    };
    let definition = t.add(
        format!("{id}TaskDefinition"),
        task_definition(scope.names.task_family(name), task.size, service.architecture, roles, container),
    );
    Ok(OneOff { definition, log_group: logs.name() })
}
