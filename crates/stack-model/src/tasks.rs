//! The one-off tasks. They are infrastructure: a migration runs from its new definition before any service is touched.

use std::collections::BTreeSet;

use cfn::Handle;
use cfn::ecs::{ContainerDefinition, TaskDefinition};
use cfn::logs::LogGroup;
use env_config::{Service, Task, TaskName};

use crate::container::{Parts, Roles, secret_names, task_definition};
use crate::error::ModelError;
use crate::logging::log_group;
use crate::parameters::Parameters;
use crate::roles::{Needs, execution_role};
use crate::scope::{Env, Template, Value};

/// A one-off task in the stack.
pub(crate) struct OneOff<'a> {
    pub(crate) name: &'a TaskName,
    pub(crate) definition: Handle<TaskDefinition<Env>>,
    pub(crate) log_group: Handle<LogGroup<Env>>,
}

/// The tasks run one at a time, on the images of services and with their own secrets. ECS starts all of them as one role.
pub(crate) fn tasks<'a>(
    t: &mut Template,
    parts: &Parts<'a>,
    parameters: &Parameters,
) -> Result<Vec<OneOff<'a>>, ModelError> {
    let scope = parts.scope;
    let platform = scope.platform;
    let mut entries = Vec::new();
    let mut repositories = BTreeSet::new();
    for (name, task) in &platform.tasks {
        let service = platform.services.get(&task.service).ok_or_else(|| ModelError::TaskWithoutService {
            task: name.clone(),
            service: task.service.clone(),
        })?;
        repositories.insert(platform.repository(&task.service, service));
        let logs = log_group(t, scope, &name.pascal_case(), scope.names.task_log_group(name));
        entries.push((name, task, service, logs));
    }
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let needs = Needs {
        repositories,
        log_groups: entries.iter().map(|(.., logs)| logs.arn()).collect(),
        secrets: secret_names(platform.tasks.values().flat_map(|task| task.secrets.values()))
            .map(|secret| parts.secrets.arn(secret))
            .collect::<Result<_, _>>()?,
    };
    let execution = execution_role(t, scope, "Tasks", "tasks", needs, &parameters.boundary);
    entries
        .into_iter()
        .map(|(name, task, service, logs)| {
            let container = container(parts, parameters, (name, task, service), &logs)?;
            // Without a task role the code has no credentials at all, and it needs none.
            let roles = Roles { execution: execution.clone(), task: None };
            let definition = t.add(
                format!("{}TaskDefinition", name.pascal_case()),
                task_definition(
                    scope.names.task_family(name),
                    task.size,
                    service.architecture,
                    roles,
                    container,
                ),
            );
            Ok(OneOff { name, definition, log_group: logs })
        })
        .collect()
}

fn container(
    parts: &Parts<'_>,
    parameters: &Parameters,
    (name, task, service): (&TaskName, &Task, &Service),
    logs: &Handle<LogGroup<Env>>,
) -> Result<ContainerDefinition<Env>, ModelError> {
    let digest =
        parameters.task_digests.get(name).ok_or_else(|| ModelError::UnknownService(task.service.clone()))?;
    let common: Vec<(&str, Value<_>)> = vec![("RELEASE", parameters.tasks_release.clone())];
    Ok(ContainerDefinition {
        command: Some(task.command.clone()),
        environment: parts.environment(common, service.environment.iter().chain(&task.environment))?,
        secrets: parts.secrets(&task.secrets)?,
        ..parts.container(name.as_str(), service, parts.image(&task.service, service, digest), logs.name())
    })
}
