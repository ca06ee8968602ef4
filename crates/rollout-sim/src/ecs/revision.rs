//! Service revisions: what a deployment deploys.

use serde::{Deserialize, Serialize};

use super::api::*;
use super::{DefinitionKey, ServiceKey};
use crate::{ApiError, SimTime, World};

/// A service revision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct RevisionState {
    pub(super) arn: String,
    pub(super) created_at: SimTime,
    pub(super) definition: DefinitionKey,
    pub(super) platform_version: String,
    pub(super) network: Option<NetworkConfiguration>,
    pub(super) load_balancers: Vec<LoadBalancer>,
    pub(super) registries: Vec<ServiceRegistry>,
}

impl RevisionState {
    /// Whether tasks of both are alike, so that going from one to the other needs no deployment.
    pub(super) fn runs_like(&self, other: &Self) -> bool {
        self.definition == other.definition
            && self.platform_version == other.platform_version
            && self.network == other.network
            && self.load_balancers == other.load_balancers
            && self.registries == other.registries
    }
}

fn describe(world: &World, key: ServiceKey, place: usize) -> ServiceRevision {
    let service = world.ecs.service(key);
    let revision = &service.revisions[place];
    let definition = world.ecs.definition(revision.definition);
    let pins = service.deployments.iter().find(|one| one.revision == place).and_then(|one| one.pins.as_ref());
    let pins =
        pins.or(service.rollouts.iter().find(|one| one.target == place).and_then(|one| one.pins.as_ref()));
    let containers = definition.shape.container_definitions.iter().zip(&definition.containers).enumerate();
    ServiceRevision {
        service_revision_arn: revision.arn.clone(),
        service_arn: service.arn.clone(),
        cluster_arn: world.ecs.cluster(service.cluster).arn.clone(),
        task_definition: definition.shape.task_definition_arn.clone(),
        launch_type: Some(LaunchType::Fargate),
        platform_version: Some(super::describe::platform_version(&revision.platform_version).to_owned()),
        platform_family: Some("Linux".to_owned()),
        load_balancers: revision.load_balancers.clone(),
        service_registries: revision.registries.clone(),
        network_configuration: revision.network.clone(),
        container_images: containers
            .map(|(index, (container, plan))| ContainerImage {
                container_name: container.name.clone(),
                image_digest: plan
                    .image
                    .digest
                    .clone()
                    .or_else(|| pins.filter(|_| !plan.follows_tag)?.get(index).cloned()),
                image: container.image.clone(),
            })
            .collect(),
        guard_duty_enabled: false,
        created_at: revision.created_at.as_epoch_secs(),
    }
}

/// `DescribeServiceRevisions`.
///
/// # Errors
/// `InvalidParameterException` for more than 20.
pub fn describe_service_revisions(
    world: &World,
    input: &DescribeServiceRevisionsInput,
) -> Result<DescribeServiceRevisionsOutput, ApiError> {
    if !(1..=20).contains(&input.service_revision_arns.len()) {
        return Err(super::invalid("Service revision ARNs must have between 1 and 20 elements."));
    }
    let mut output = DescribeServiceRevisionsOutput::default();
    for arn in &input.service_revision_arns {
        let found = world.ecs.services.iter().enumerate().find_map(|(index, service)| {
            let place = service.revisions.iter().position(|revision| &revision.arn == arn)?;
            Some((ServiceKey(u32::try_from(index).ok()?), place))
        });
        match found {
            Some((key, place)) => output.service_revisions.push(describe(world, key, place)),
            None => output.failures.push(Failure {
                arn: Some(arn.clone()),
                reason: Some("MISSING".to_owned()),
                detail: None,
            }),
        }
    }
    Ok(output)
}
