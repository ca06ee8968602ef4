//! Task definitions of a release: the revision that ran it, where it still is, or one like the present with the
//! release's image and names.

use std::collections::BTreeSet;

use aws_sdk_ecs::types::{
    ContainerDefinition, KeyValuePair, Secret, SortOrder, TaskDefinition, TaskDefinitionStatus,
};

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::names::ImageDigest;
use crate::pages::Pages;
use crate::resolve::Release;

/// Revisions of a family that are looked at, newest first: a release that was rolled back to is among the last few.
const LOOKED_AT: usize = 30;

/// A task definition, active or not; `None` where there is none.
pub async fn describe(aws: &Aws, task_definition: &str) -> Result<Option<TaskDefinition>, CallError> {
    let call = aws.ecs.describe_task_definition().task_definition(task_definition);
    match call.send().await.called("ecs:DescribeTaskDefinition") {
        Ok(answer) => Ok(answer.task_definition),
        Err(error) if error.is("ClientException") => Ok(None),
        Err(error) => Err(error),
    }
}

/// The newest active revision of the family of `base` that runs `digest` as this release, with no other roles
/// and secrets than `base` has: those are known to be there.
pub async fn find(
    aws: &Aws,
    base: &TaskDefinition,
    service: &str,
    release: &Release,
    digest: &ImageDigest,
) -> Result<Option<String>, CallError> {
    let family = base.family().unwrap_or_default();
    let call = aws.ecs.list_task_definitions().family_prefix(family);
    let call = call.status(TaskDefinitionStatus::Active).sort(SortOrder::Desc);
    let mut pages = Pages::of("ecs:ListTaskDefinitions", call.into_paginator().send());
    let mut looked_at = 0;
    while let Some(page) = pages.next().await {
        for arn in page?.task_definition_arns.unwrap_or_default() {
            // The family of another service may begin alike.
            if crate::alignment::short(&arn).rsplit_once(':').map(|(name, _)| name) != Some(family) {
                continue;
            }
            if looked_at == LOOKED_AT {
                return Ok(None);
            }
            looked_at += 1;
            let Some(definition) = describe(aws, &arn).await? else { continue };
            let needs_more = definition.task_role_arn != base.task_role_arn
                || definition.execution_role_arn != base.execution_role_arn
                || !secrets(&definition).is_subset(&secrets(base));
            let mut containers = definition.container_definitions().iter();
            if !needs_more && containers.any(|it| runs(it, service, release, digest)) {
                return Ok(Some(arn));
            }
        }
    }
    Ok(None)
}

fn secrets(definition: &TaskDefinition) -> BTreeSet<&str> {
    let containers = definition.container_definitions().iter();
    containers.flat_map(ContainerDefinition::secrets).map(Secret::value_from).collect()
}

fn runs(container: &ContainerDefinition, service: &str, release: &Release, digest: &ImageDigest) -> bool {
    let variable = |name: &str| {
        let pair = container.environment().iter().find(|pair| pair.name() == Some(name));
        pair.and_then(KeyValuePair::value)
    };
    container.name() == Some(service)
        && container.image().is_some_and(|image| image.ends_with(&format!("@{digest}")))
        && variable("RELEASE") == Some(release.label())
        && variable("COMMIT") == Some(release.commit.as_str())
}

/// Registers a revision like `base` with the image and the names of the release; answers its ARN. The same roles,
/// secrets, size and settings: what is wrong with a release is in its image.
pub async fn register(
    aws: &Aws,
    base: &TaskDefinition,
    service: &str,
    release: &Release,
    digest: &ImageDigest,
) -> Result<String, CallError> {
    let call = aws
        .ecs
        .register_task_definition()
        .family(base.family().unwrap_or_default())
        .set_container_definitions(Some(containers(base, service, release, digest)))
        .set_task_role_arn(base.task_role_arn.clone())
        .set_execution_role_arn(base.execution_role_arn.clone())
        .set_network_mode(base.network_mode.clone())
        .set_volumes(base.volumes.clone().filter(|volumes| !volumes.is_empty()))
        .set_requires_compatibilities(base.requires_compatibilities.clone())
        .set_cpu(base.cpu.clone())
        .set_memory(base.memory.clone())
        .set_pid_mode(base.pid_mode.clone())
        .set_ephemeral_storage(base.ephemeral_storage.clone())
        .set_runtime_platform(base.runtime_platform.clone());
    let answer = call.send().await.called("ecs:RegisterTaskDefinition")?;
    Ok(answer.task_definition.and_then(|made| made.task_definition_arn).unwrap_or_default())
}

/// Whether `found` is active and what [`register`] would make of `base`: tasks of the one are as good as tasks of the other.
#[must_use]
pub fn is_like(
    found: &TaskDefinition,
    base: &TaskDefinition,
    service: &str,
    release: &Release,
    digest: &ImageDigest,
) -> bool {
    found.status == Some(TaskDefinitionStatus::Active)
        && found.container_definitions() == containers(base, service, release, digest)
        && found.family == base.family
        && found.task_role_arn == base.task_role_arn
        && found.execution_role_arn == base.execution_role_arn
        && found.network_mode == base.network_mode
        && found.volumes() == base.volumes()
        && found.cpu == base.cpu
        && found.memory == base.memory
        && found.pid_mode == base.pid_mode
        && found.ephemeral_storage == base.ephemeral_storage
        && found.runtime_platform == base.runtime_platform
}

/// Containers of `base` with the image and the names of the release.
fn containers(
    base: &TaskDefinition,
    service: &str,
    release: &Release,
    digest: &ImageDigest,
) -> Vec<ContainerDefinition> {
    let containers = base.container_definitions().iter().map(|container| {
        let mut container = container.clone();
        if container.name() == Some(service) {
            let repository = container.image().and_then(|image| image.split('@').next()).unwrap_or_default();
            container.image = Some(format!("{repository}@{digest}"));
            for pair in container.environment.iter_mut().flatten() {
                match pair.name() {
                    Some("RELEASE") => pair.value = Some(release.label().to_owned()),
                    Some("COMMIT") => pair.value = Some(release.commit.to_string()),
                    _ => {}
                }
            }
        }
        container
    });
    containers.collect()
}
