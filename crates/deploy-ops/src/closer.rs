//! A closer look at services: tasks, service deployments, targets, alarms, for all of them together, because what can be
//! asked for many services in one call is.

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{CreatedAt, DesiredStatus, ServiceDeployment, ServiceDeploymentBrief, Task};
use aws_smithy_types::DateTime;
use rollout_verdict::{DeploymentId, Moment, ServiceDeploymentView, TaskDefinitionArn};

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::observe::{self, CLOCK_SKEW_SECS, SeenService, TASKS_PER_CALL};
use crate::pages::{Pages, Tokens};

/// DescribeServiceDeployments and DescribeServiceRevisions take at most twenty ARNs.
const DEPLOYMENTS_PER_CALL: usize = 20;

/// Looks closer, and remembers what does not change from one look to the next.
#[derive(Debug, Default)]
pub struct Closer {
    /// Per service: ARNs of its service deployments, and the deployments that it had when they were listed.
    listed: BTreeMap<String, (Vec<DeploymentId>, Vec<String>)>,
    /// Task definition by ARN of the service revision.
    revisions: BTreeMap<String, TaskDefinitionArn>,
}

impl Closer {
    /// How many calls a look at these services takes, where no answer has a second page.
    #[must_use]
    pub fn cost(&self, services: &[SeenService], since: Moment) -> u64 {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        let targets = count(services.iter().map(|service| service.target_groups.len()).sum());
        let lists = count(services.iter().filter(|service| self.new_ids(service, since).is_some()).count());
        // Two lists of tasks, tasks, service deployments, alarms; where there are new deployments, their revisions.
        5 + targets + lists + u64::from(lists > 0)
    }

    /// Adds to each service what only a closer look shows. Service deployments are those created since `since`.
    ///
    /// Answers the calls that failed: what they would have shown is not known, and stays out. The rest is as good as ever.
    pub async fn look(
        &mut self,
        aws: &Aws,
        cluster: &str,
        services: &mut [SeenService],
        since: Moment,
    ) -> Vec<CallError> {
        let mut unread = Vec::new();
        if services.is_empty() {
            return unread;
        }
        let tasks = known(tasks(aws, cluster).await, &mut unread);
        let mut arns = Vec::new();
        for service in services.iter() {
            let own = self.deployments_of(aws, cluster, service, since).await.map(<[String]>::to_vec);
            arns.extend(known(own, &mut unread));
        }
        let deployments = known(self.describe(aws, &arns).await, &mut unread);
        let names: Vec<String> = services.iter().flat_map(|service| service.alarms.clone()).collect();
        let alarms = known(observe::alarms(aws, &names).await, &mut unread);
        for service in services {
            let name = service.view.name.as_str().to_owned();
            let group = format!("service:{name}");
            let own = tasks.iter().filter(|task| task.group() == Some(&group));
            service.view.tasks = own.map(observe::task_view).collect();
            let listed = self.listed.get(&name).map_or(&[][..], |(_, arns)| arns);
            let own = deployments.iter().filter(|view| listed.iter().any(|arn| arn == view.arn.as_str()));
            service.view.service_deployments = own.cloned().collect();
            for target_group in &service.target_groups {
                let call = aws.elb.describe_target_health().target_group_arn(target_group);
                let answer = call.send().await.called("elasticloadbalancing:DescribeTargetHealth");
                let targets = answer.map(|answer| answer.target_health_descriptions.unwrap_or_default());
                let targets = known(targets, &mut unread);
                let views = targets.iter().map(|target| observe::target_view(target_group, target));
                service.view.targets.extend(views);
            }
            service.view.alarms =
                alarms.iter().filter(|it| service.alarms.contains(&it.name)).cloned().collect();
        }
        unread
    }

    /// ARNs of the service deployments since `since`: listed again only when the service's deployments are others.
    async fn deployments_of(
        &mut self,
        aws: &Aws,
        cluster: &str,
        service: &SeenService,
        since: Moment,
    ) -> Result<&[String], CallError> {
        let name = service.view.name.as_str();
        if let Some(ids) = self.new_ids(service, since) {
            let arns = list(aws, cluster, name, since).await?;
            self.listed.insert(name.to_owned(), (ids, arns));
        }
        Ok(self.listed.get(name).map_or(&[], |(_, arns)| arns))
    }

    /// The recent deployments of a service, where its service deployments were not listed with them yet.
    fn new_ids(&self, service: &SeenService, since: Moment) -> Option<Vec<DeploymentId>> {
        let recent = service
            .view
            .deployments
            .iter()
            .filter(|deployment| deployment.created_at.plus_secs(CLOCK_SKEW_SECS) >= since);
        let ids: Vec<DeploymentId> = recent.map(|deployment| deployment.id.clone()).collect();
        let listed = self.listed.get(service.view.name.as_str());
        let known = listed.is_some_and(|(seen, arns)| *seen == ids && !arns.is_empty());
        (!known && !ids.is_empty()).then_some(ids)
    }

    /// Service deployments, each with the task definition of its revision: that is what binds it to a rollout.
    async fn describe(
        &mut self,
        aws: &Aws,
        arns: &[String],
    ) -> Result<Vec<ServiceDeploymentView>, CallError> {
        let found = described(aws, arns).await?;
        let target = |deployment: &ServiceDeployment| {
            deployment.target_service_revision().and_then(|revision| revision.arn()).map(str::to_owned)
        };
        let unknown: Vec<String> =
            found.iter().filter_map(target).filter(|arn| !self.revisions.contains_key(arn)).collect();
        let definitions = task_definitions_of_revisions(aws, &unknown).await?;
        self.revisions.extend(definitions.into_iter().map(|(arn, definition)| (arn, definition.into())));
        let view = |deployment: &ServiceDeployment| ServiceDeploymentView {
            task_definition: target(deployment).and_then(|arn| self.revisions.get(&arn).cloned()),
            ..observe::service_deployment_view(deployment)
        };
        Ok(found.iter().map(view).collect())
    }
}

/// What an answer has; nothing, and the error, where there is none.
fn known<T>(answer: Result<Vec<T>, CallError>, unread: &mut Vec<CallError>) -> Vec<T> {
    answer.unwrap_or_else(|error| {
        unread.push(error);
        Vec::new()
    })
}

/// Tasks of the cluster that ECS knows: running, and stopped within the last hour.
async fn tasks(aws: &Aws, cluster: &str) -> Result<Vec<Task>, CallError> {
    let mut arns = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let pages = aws.ecs.list_tasks().cluster(cluster).desired_status(status).into_paginator().send();
        let pages = Pages::of("ecs:ListTasks", pages).all().await?;
        arns.extend(pages.into_iter().flat_map(|page| page.task_arns.unwrap_or_default()));
    }
    let mut tasks = Vec::new();
    for some in arns.chunks(TASKS_PER_CALL) {
        let call = aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(some.to_vec()));
        tasks.extend(call.send().await.called("ecs:DescribeTasks")?.tasks.unwrap_or_default());
    }
    Ok(tasks)
}

/// Service deployments of a service that were created since a moment.
pub(crate) async fn service_deployments(
    aws: &Aws,
    cluster: &str,
    service: &str,
    since: Moment,
) -> Result<Vec<ServiceDeployment>, CallError> {
    described(aws, &list(aws, cluster, service, since).await?).await
}

async fn described(aws: &Aws, arns: &[String]) -> Result<Vec<ServiceDeployment>, CallError> {
    let mut found = Vec::new();
    for some in arns.chunks(DEPLOYMENTS_PER_CALL) {
        let call = aws.ecs.describe_service_deployments().set_service_deployment_arns(Some(some.to_vec()));
        let answer = call.send().await.called("ecs:DescribeServiceDeployments")?;
        found.extend(answer.service_deployments.unwrap_or_default());
    }
    Ok(found)
}

/// Task definition by ARN of the service revision.
pub(crate) async fn task_definitions_of_revisions(
    aws: &Aws,
    revisions: &[String],
) -> Result<BTreeMap<String, String>, CallError> {
    let mut found = BTreeMap::new();
    for some in revisions.chunks(DEPLOYMENTS_PER_CALL) {
        let call = aws.ecs.describe_service_revisions().set_service_revision_arns(Some(some.to_vec()));
        let answer = call.send().await.called("ecs:DescribeServiceRevisions")?;
        let revisions = answer.service_revisions.unwrap_or_default().into_iter();
        found.extend(revisions.filter_map(|it| Some((it.service_revision_arn?, it.task_definition?))));
    }
    Ok(found)
}

async fn list(aws: &Aws, cluster: &str, service: &str, since: Moment) -> Result<Vec<String>, CallError> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century stay far below 2^53")]
    let after = DateTime::from_secs_f64(since.as_millis() as f64 / 1000.0 - CLOCK_SKEW_SECS);
    let after = CreatedAt::builder().after(after).build();
    let briefs = all_service_deployments(aws, cluster, service, Some(after)).await?;
    Ok(briefs.into_iter().filter_map(|brief| brief.service_deployment_arn).collect())
}

/// Every service deployment of a service that ECS remembers (90 days), newest first; with `created` those that were
/// created then. The SDK has no paginator for this list.
pub(crate) async fn all_service_deployments(
    aws: &Aws,
    cluster: &str,
    service: &str,
    created: Option<CreatedAt>,
) -> Result<Vec<ServiceDeploymentBrief>, CallError> {
    let mut briefs = Vec::new();
    let (mut next_token, mut tokens) = (None, Tokens::of("ecs:ListServiceDeployments"));
    loop {
        let call = aws
            .ecs
            .list_service_deployments()
            .cluster(cluster)
            .service(service)
            .set_created_at(created.clone())
            .max_results(100)
            .set_next_token(next_token.clone());
        let answer = call.send().await.called("ecs:ListServiceDeployments")?;
        briefs.extend(answer.service_deployments.unwrap_or_default());
        let Some(token) = answer.next_token else { return Ok(briefs) };
        tokens.note(&token)?;
        next_token = Some(token);
    }
}
