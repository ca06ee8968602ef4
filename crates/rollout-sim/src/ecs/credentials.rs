//! The roles of a task: whether ECS may assume them, and what the execution role may do before the containers start.
//!
//! Sources: ECS:task_execution_IAM_role and ECS:task-iam-roles (trust in `ecs-tasks.amazonaws.com`, the rights to pull,
//! read and log), ECS:resource-initialization-error and ECS:task_cannot_pull_image (the words). Rights on keys of KMS and
//! policies of repositories and secrets are not modelled.

use std::collections::BTreeMap;

use super::definition::ImageReference;
use super::task::TaskState;
use super::{TaskKey, launch};
use crate::{World, iam};

/// Who may hand a task its roles.
const SERVICE: &str = "ecs-tasks.amazonaws.com";

/// The roles that a task starts with: those of its overrides before those of its definition.
fn roles(world: &World, task: &TaskState) -> [Option<String>; 2] {
    let shape = &world.ecs.definition(task.definition).shape;
    let overrides = &task.overrides;
    [
        overrides.execution_role_arn.as_ref().or(shape.execution_role_arn.as_ref()).cloned(),
        overrides.task_role_arn.as_ref().or(shape.task_role_arn.as_ref()).cloned(),
    ]
}

/// ECS assumes both roles before anything else.
///
/// # Errors
/// The stopped reason, for a role that is gone or that does not trust ECS.
pub(super) fn assume(world: &World, key: TaskKey) -> Result<(), String> {
    let Some(task) = world.ecs.task(key) else { return Ok(()) };
    for role in roles(world, task).into_iter().flatten() {
        if !iam::trusts_service(world, &role, SERVICE) {
            return Err(format!(
                "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the \
                 role being passed has the proper trust relationship and permissions and that your IAM user has \
                 permissions to pass this role."
            ));
        }
    }
    Ok(())
}

/// Whether the execution role may do this; the error is IAM's denial. A task without the role does nothing in its name.
fn may(world: &World, task: &TaskState, action: &str, resource: &str) -> Result<(), String> {
    let [Some(role), _] = roles(world, task) else { return Ok(()) };
    let name = role.rsplit_once('/').map_or(role.as_str(), |(_, name)| name).to_owned();
    let principal = iam::Principal::Role { name, session: task.id.clone() };
    iam::authorize(world, &principal, action, resource, &BTreeMap::new())
        .map_err(|error| format!("AccessDeniedException: {}", error.message))
}

const RETRIEVAL: &str = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource \
                         retrieval failed: unable to retrieve";

/// The right to read a secret.
///
/// # Errors
/// The stopped reason.
pub(super) fn read_secret(world: &World, task: &TaskState, arn: &str) -> Result<(), String> {
    may(world, task, "secretsmanager:GetSecretValue", arn).map_err(|denial| {
        format!(
            "{RETRIEVAL} secret from asm: service call has been retried 1 time(s): failed to fetch secret {arn} from \
             secrets manager: {denial}"
        )
    })
}

/// The right to sign in to the registry, where an image is in a private one.
///
/// # Errors
/// The stopped reason.
pub(super) fn sign_in(world: &World, task: &TaskState) -> Result<(), String> {
    let plans = &world.ecs.definition(task.definition).containers;
    if plans.iter().all(|plan| plan.image.repository.is_none()) {
        return Ok(());
    }
    may(world, task, "ecr:GetAuthorizationToken", "*").map_err(|denial| {
        format!("{RETRIEVAL} ecr registry auth: service call has been retried 1 time(s): {denial}")
    })
}

/// The right to write to a log group.
///
/// # Errors
/// The stopped reason.
pub(super) fn log(world: &World, task: &TaskState, group: &str, stream: &str) -> Result<(), String> {
    let arn = world.arn("logs", &format!("log-group:{group}:log-stream:{stream}"));
    may(world, task, "logs:CreateLogStream", &arn)
        .map_err(|denial| format!("{}, {denial} : exit status 1", launch::stream_failure(&task.id)))
}

/// The right to make a log group, where the log driver is to.
///
/// # Errors
/// The stopped reason.
pub(super) fn create_log_group(world: &World, task: &TaskState, group: &str) -> Result<(), String> {
    let arn = world.arn("logs", &format!("log-group:{group}"));
    may(world, task, "logs:CreateLogGroup", &arn).map_err(|denial| {
        format!(
            "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: \
             failed to create Cloudwatch log group: operation error CloudWatch Logs: CreateLogGroup, https response \
             error StatusCode: 400, RequestID: {}, {denial} : exit status 1",
            task.id
        )
    })
}

/// The rights to pull an image.
///
/// # Errors
/// The stopped reason.
pub(super) fn pull(world: &World, task: &TaskState, image: &ImageReference) -> Result<(), String> {
    let Some(repository) = &image.repository else { return Ok(()) };
    let arn = world.arn("ecr", &format!("repository/{repository}"));
    for action in ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"] {
        if may(world, task, action, &arn).is_err() {
            let manifest = image.digest.as_deref().or(image.tag.as_deref()).unwrap_or_default();
            return Err(format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {}: \
                 unexpected status code [manifests {manifest}]: 403 Forbidden",
                image.text
            ));
        }
    }
    Ok(())
}
