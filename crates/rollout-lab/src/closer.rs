//! A closer look at all services together, and the calls that a minute allows for it: as the tool looks at AWS.

use std::collections::{BTreeMap, VecDeque};

use rollout_sim::cloudwatch::{self, DescribeAlarmsInput};
use rollout_sim::ecs::{
    self, CreatedAt, DescribeServiceDeploymentsInput, DescribeServiceRevisionsInput,
    ListServiceDeploymentsInput, ServiceDeployment,
};
use rollout_sim::{ApiError, World};
use rollout_verdict::{AlarmView, BreakerView, DeploymentId, Moment, ServiceDeploymentView};

use crate::observe::{SeenService, calls_for, targets, task_view, text};

/// DescribeServiceDeployments and DescribeServiceRevisions take at most twenty ARNs.
const DEPLOYMENTS_PER_CALL: usize = 20;
/// DescribeAlarms takes at most a hundred names.
const ALARMS_PER_CALL: usize = 100;
/// How far the clocks of the tool and of AWS may be apart.
const CLOCK_SKEW_SECS: f64 = 2.0;

/// How many calls the minute that ends now may still take.
#[derive(Debug, Default)]
pub(crate) struct Budget {
    /// Moments of the polls, with the count of calls before each.
    spent: VecDeque<(Moment, u32)>,
}

impl Budget {
    /// Notes the count before the calls of a poll.
    pub(crate) fn note(&mut self, calls: u32, now: Moment) {
        self.spent.push_back((now, calls));
    }

    /// Whether `cost` further calls keep the minute within `per_minute`.
    pub(crate) fn allows(&mut self, calls: u32, now: Moment, cost: u32, per_minute: u32) -> bool {
        while self.spent.get(1).is_some_and(|(at, _)| now.secs_since(*at) >= 60.0) {
            self.spent.pop_front();
        }
        let before = self.spent.front().map_or(calls, |(_, before)| *before);
        calls - before + cost <= per_minute
    }
}

/// Looks closer, and remembers what does not change from one look to the next.
#[derive(Debug, Default)]
pub(crate) struct Closer {
    /// Per service: ARNs of its service deployments, and the deployments that it had when they were listed.
    listed: BTreeMap<String, (Vec<DeploymentId>, Vec<String>)>,
    /// Task definition by ARN of the service revision.
    revisions: BTreeMap<String, String>,
}

impl Closer {
    /// How many calls a look at these services takes, where no answer has a second page.
    pub(crate) fn cost(&self, services: &[SeenService], since: Moment) -> u32 {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let targets = count(services.iter().map(|seen| seen.target_groups.len()).sum());
        let lists = count(services.iter().filter(|seen| self.new_ids(seen, since).is_some()).count());
        // Two lists of tasks, tasks, service deployments, alarms; where there are new deployments, their revisions.
        5 + targets + lists + u32::from(lists > 0)
    }

    /// The recent deployments of a service, where its service deployments were not listed with them yet.
    fn new_ids(&self, seen: &SeenService, since: Moment) -> Option<Vec<DeploymentId>> {
        let recent = seen.view.deployments.iter();
        let recent = recent.filter(|it| it.created_at.plus_secs(CLOCK_SKEW_SECS) >= since);
        let ids: Vec<DeploymentId> = recent.map(|deployment| deployment.id.clone()).collect();
        let listed = self.listed.get(seen.view.name.as_str());
        let known = listed.is_some_and(|(before, arns)| *before == ids && !arns.is_empty());
        (!known && !ids.is_empty()).then_some(ids)
    }

    /// Adds to each service what only a closer look shows. Says how many calls it took.
    pub(crate) fn look(
        &mut self,
        world: &World,
        cluster: &str,
        services: &mut [SeenService],
        since: Moment,
    ) -> Result<u32, ApiError> {
        let tasks = ecs::observe_tasks(world, cluster, None)?;
        let mut calls = calls_for(&tasks);
        let mut arns = Vec::new();
        for seen in services.iter() {
            calls += self.list(world, cluster, seen, since)?;
            arns.extend(self.arns(seen).iter().cloned());
        }
        let (deployments, described) = self.describe(world, &arns)?;
        calls += described;
        let names: Vec<String> = services.iter().flat_map(|seen| seen.alarms.clone()).collect();
        let mut alarms = Vec::new();
        for some in names.chunks(ALARMS_PER_CALL) {
            let input = DescribeAlarmsInput { alarm_names: some.to_vec(), ..Default::default() };
            calls += 1;
            let answer = cloudwatch::describe_alarms(world, &input)?;
            alarms.extend(answer.metric_alarms.into_iter().map(|alarm| AlarmView {
                name: alarm.alarm_name,
                state: text(&alarm.state_value),
                reason: Some(alarm.state_reason),
            }));
        }
        for seen in services {
            let group = format!("service:{}", seen.view.name);
            let own = tasks.iter().filter(|task| task.group == group);
            seen.view.tasks = own.map(task_view).collect();
            let known = self.arns(seen);
            let own = deployments.iter().filter(|view| known.iter().any(|arn| arn == view.arn.as_str()));
            seen.view.service_deployments = own.cloned().collect();
            for target_group in &seen.target_groups {
                calls += 1;
                seen.view.targets.extend(targets(world, target_group)?);
            }
            let own = alarms.iter().filter(|alarm| seen.alarms.contains(&alarm.name));
            seen.view.alarms = own.cloned().collect();
        }
        Ok(calls)
    }

    fn arns(&self, seen: &SeenService) -> &[String] {
        self.listed.get(seen.view.name.as_str()).map_or(&[], |(_, arns)| arns)
    }

    /// Lists the service deployments again only when the service's recent deployments are others.
    fn list(
        &mut self,
        world: &World,
        cluster: &str,
        seen: &SeenService,
        since: Moment,
    ) -> Result<u32, ApiError> {
        let name = seen.view.name.as_str();
        let Some(ids) = self.new_ids(seen, since) else { return Ok(0) };
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century stay far below 2^53")]
        let after = since.as_millis() as f64 / 1000.0 - CLOCK_SKEW_SECS;
        let (mut calls, mut arns, mut next_token) = (0, Vec::new(), None);
        loop {
            let input = ListServiceDeploymentsInput {
                cluster: Some(cluster.to_owned()),
                service: name.to_owned(),
                created_at: Some(CreatedAt { after: Some(after), ..Default::default() }),
                max_results: Some(100),
                next_token,
                ..Default::default()
            };
            calls += 1;
            let answer = ecs::list_service_deployments(world, &input)?;
            arns.extend(answer.service_deployments.into_iter().map(|brief| brief.service_deployment_arn));
            next_token = answer.next_token;
            if next_token.is_none() {
                break;
            }
        }
        self.listed.insert(name.to_owned(), (ids, arns));
        Ok(calls)
    }

    /// Service deployments, each with the task definition of its target revision, and the calls that this took.
    fn describe(
        &mut self,
        world: &World,
        arns: &[String],
    ) -> Result<(Vec<ServiceDeploymentView>, u32), ApiError> {
        let mut calls = 0;
        let mut found = Vec::new();
        for some in arns.chunks(DEPLOYMENTS_PER_CALL) {
            let input = DescribeServiceDeploymentsInput { service_deployment_arns: some.to_vec() };
            calls += 1;
            found.extend(ecs::describe_service_deployments(world, &input)?.service_deployments);
        }
        let targets = found.iter().map(|deployment| deployment.target_service_revision.arn.clone());
        let unknown: Vec<String> = targets.filter(|arn| !self.revisions.contains_key(arn)).collect();
        for some in unknown.chunks(DEPLOYMENTS_PER_CALL) {
            let input = DescribeServiceRevisionsInput { service_revision_arns: some.to_vec() };
            calls += 1;
            let revisions = ecs::describe_service_revisions(world, &input)?.service_revisions;
            let definitions = revisions.into_iter().map(|it| (it.service_revision_arn, it.task_definition));
            self.revisions.extend(definitions);
        }
        Ok((found.into_iter().map(|deployment| self.view(deployment)).collect(), calls))
    }

    fn view(&self, deployment: ServiceDeployment) -> ServiceDeploymentView {
        let definition = self.revisions.get(&deployment.target_service_revision.arn);
        ServiceDeploymentView {
            arn: deployment.service_deployment_arn.into(),
            status: deployment.status.as_str().to_owned(),
            status_reason: deployment.status_reason,
            task_definition: definition.map(|definition| definition.as_str().into()),
            created_at: Moment::from_epoch_secs(deployment.created_at),
            breaker: Some(BreakerView {
                status: deployment.deployment_circuit_breaker.status.as_str().to_owned(),
                failure_count: deployment.deployment_circuit_breaker.failure_count,
                threshold: deployment.deployment_circuit_breaker.threshold,
            }),
            triggered_alarms: deployment.alarms.triggered_alarm_names,
            rollback_reason: deployment.rollback.map(|rollback| rollback.reason),
        }
    }
}
