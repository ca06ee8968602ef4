//! What an environment looks like, by the answers of AWS's APIs; and how long the circuit breaker takes by itself.

use std::time::Duration;

use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use rollout_verdict::Record;

use super::scene::{Scene, block_on, options};

/// An environment at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Look {
    /// `StackStatus`.
    pub(crate) stack_status: String,
    /// Identifier of the database instance.
    pub(crate) database: Vec<String>,
    /// What each service runs.
    pub(crate) services: Vec<ServiceLook>,
}

/// What a service runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ServiceLook {
    /// Task definition of the service.
    pub(crate) task_definition: String,
    /// Task definitions of its deployments: one, unless it is in between.
    pub(crate) deployments: Vec<String>,
    /// Digests that its tasks run.
    pub(crate) digests: Vec<String>,
    /// Desired and running tasks.
    pub(crate) counts: (i32, i32),
}

impl Look {
    /// Whether every service runs, alone and with all its tasks, the images that it ran in `other`.
    pub(crate) fn runs_as(&self, other: &Self) -> bool {
        self.services.iter().zip(&other.services).all(|(own, other)| {
            own.digests == other.digests && own.counts == other.counts && own.deployments.len() == 1
        })
    }

    /// Whether the stack takes the next update.
    pub(crate) fn is_usable(&self) -> bool {
        ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"]
            .contains(&self.stack_status.as_str())
    }
}

pub(crate) async fn look(session: &EnvironmentSession) -> Look {
    let aws = &session.target.aws;
    let stack = session.environment.stack_name.as_str();
    let described = aws.cloudformation.describe_stacks().stack_name(stack).send().await.unwrap();
    let mut database = Vec::new();
    let resources = aws.cloudformation.list_stack_resources().stack_name(stack);
    let mut pages = resources.into_paginator().items().send();
    while let Some(resource) = pages.next().await {
        let resource = resource.unwrap();
        if resource.resource_type() == Some("AWS::RDS::DBInstance") {
            database.push(resource.physical_resource_id().unwrap().to_owned());
        }
    }
    assert_eq!(database.len(), 1);
    let cluster = session.names().cluster();
    let names = session.service_names();
    let call = aws.ecs.describe_services().cluster(&cluster).set_services(Some(names.clone()));
    let found = call.send().await.unwrap();
    let mut services = Vec::new();
    for name in names {
        let service = found.services().iter().find(|it| it.service_name() == Some(name.as_str())).unwrap();
        let tasks = deploy_ops::observe::tasks(aws, &cluster, &name).await.unwrap();
        let running = tasks.iter().filter(|task| task.last_status() == Some("RUNNING"));
        let mut digests: Vec<String> = running
            .flat_map(aws_sdk_ecs::types::Task::containers)
            .map(|container| container.image_digest().unwrap().to_owned())
            .collect();
        digests.sort();
        services.push(ServiceLook {
            task_definition: service.task_definition().unwrap().to_owned(),
            deployments: service
                .deployments()
                .iter()
                .map(|deployment| deployment.task_definition().unwrap().to_owned())
                .collect(),
            digests,
            counts: (service.desired_count(), service.running_count()),
        });
    }
    let stack_status = described.stacks()[0].stack_status().unwrap().as_str().to_owned();
    Look { stack_status, database, services }
}

/// Longest that is waited for the breaker, in seconds of virtual time.
const BREAKER_LIMIT_SECS: f64 = 1800.0;

/// When the circuit breaker (or a deployment alarm) fails a deployment that nobody cancels, in seconds since the start of
/// the rollout; `None` where it does not within half an hour.
pub(crate) fn breaker_alone(scene: &Scene, environment: &str, fault: &str) -> Option<f64> {
    scene.commit("second");
    block_on(async {
        let session = scene.session(environment, &[fault]).await;
        let control = session.target.control().unwrap();
        let patient = deploy_ops::deploy::Options { leave_running: true, ..options(Wanted::Head) };
        let outcome = Box::pin(deploy_ops::deploy::deploy(&session, &patient)).await.unwrap();
        let rollout = outcome.records.iter().find(|record| !record.rollout.services.is_empty()).unwrap();
        let mut failed = failed_after(rollout);
        let started_at = rollout.rollout.started_at.as_millis() as f64 / 1000.0;
        let left = outcome.result.exit_code == 22;
        while left && failed.is_none() {
            let elapsed = control.advance_by(Duration::from_secs(10)).unwrap().as_epoch_secs() - started_at;
            if elapsed > BREAKER_LIMIT_SECS {
                break;
            }
            let cluster = session.names().cluster();
            let call = session.target.aws.ecs.describe_services().cluster(&cluster);
            let found = call.set_services(Some(session.service_names())).send().await.unwrap();
            let failing =
                found.services().iter().flat_map(aws_sdk_ecs::types::Service::deployments).any(
                    |deployment| deployment.rollout_state().is_some_and(|state| state.as_str() == "FAILED"),
                );
            failed = failing.then_some(elapsed);
        }
        session.session.target.close().await.unwrap();
        failed
    })
}

/// When the record first shows a deployment that ECS itself has failed.
fn failed_after(record: &Record) -> Option<f64> {
    let failed = record.snapshots.iter().find(|snapshot| {
        let deployments = snapshot.services.iter().flat_map(|service| &service.deployments);
        deployments.into_iter().any(|deployment| deployment.rollout_state.as_deref() == Some("FAILED"))
    });
    failed.map(|snapshot| snapshot.at.secs_since(record.rollout.started_at))
}
