//! What is in use of the quotas: all of the account, and what of it the environments' own stacks have.

use std::collections::BTreeMap;

use aws_sdk_elasticloadbalancingv2::types::LoadBalancerTypeEnum;
use deploy_ops::aws::Aws;
use deploy_ops::call::{CallError, Called as _};
use deploy_ops::clock::Moment;
use deploy_ops::pages::Pages;
use deploy_ops::stack_resources;
use deploy_ops::target::Target;
use env_config::Config;
use stack_model::peaks::{QUOTAS, Quota};

use super::Demand;
use crate::database::rds;

const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const DATABASE: &str = "AWS::RDS::DBInstance";
const GROUP: &str = "AWS::EC2::SecurityGroup";
const VPC: &str = "AWS::EC2::VPC";

/// How far back the usage metric of Fargate is looked for: it comes every few minutes (ECS:monitoring-fargate-usage; INF).
const LATEST_MILLIS: u64 = 900_000;
/// Most tasks of one `DescribeTasks` (bc:ecs/DescribeTasks).
const TASKS_OF_A_CALL: usize = 100;

/// Resources of the account and of the environments' stacks, by CloudFormation type, and vCPUs on Fargate.
pub(super) struct Usage {
    all: BTreeMap<&'static str, Result<f64, String>>,
    own: Result<BTreeMap<String, f64>, String>,
    vcpus: Result<f64, String>,
}

impl Usage {
    /// Reads all of it; what cannot be read is kept as what AWS said.
    pub(super) async fn read(config: &Config, target: &Target, demands: &[Demand]) -> Self {
        let aws = &target.aws;
        let mut all = BTreeMap::new();
        for kind in QUOTAS.iter().filter_map(|quota| quota.resource_type) {
            all.insert(kind, in_account(aws, kind).await.map_err(|error| error.to_string()));
        }
        let own = own(config, aws, demands).await.map_err(|error| error.to_string());
        let vcpus = foreign_vcpus(config, target, demands).await.map_err(|error| error.to_string());
        Self { all, own, vcpus }
    }

    /// What belongs to no environment.
    pub(super) fn others(&self, quota: &Quota) -> Result<f64, String> {
        let Some(kind) = quota.resource_type else { return self.vcpus.clone() };
        let own = self.own.clone()?;
        let own_of = |kind: &str| own.get(kind).copied().unwrap_or(0.0);
        // Every VPC comes with a security group, which is in no stack.
        let own = if kind == GROUP { own_of(GROUP) + own_of(VPC) } else { own_of(kind) };
        let all = self.all.get(kind).cloned().unwrap_or(Ok(0.0))?;
        Ok((all - own).max(0.0))
    }
}

/// As many as a float holds exactly, and far more than any account has.
fn number(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

async fn in_account(aws: &Aws, kind: &'static str) -> Result<f64, CallError> {
    let count = match kind {
        BALANCER => {
            let call = aws.elb.describe_load_balancers().into_paginator().send();
            let pages = Pages::of("elasticloadbalancing:DescribeLoadBalancers", call).all().await?;
            let found = pages.into_iter().flat_map(|page| page.load_balancers.unwrap_or_default());
            found.filter(|it| it.r#type() == Some(&LoadBalancerTypeEnum::Application)).count()
        }
        TARGET_GROUP => {
            let call = aws.elb.describe_target_groups().into_paginator().send();
            let pages = Pages::of("elasticloadbalancing:DescribeTargetGroups", call).all().await?;
            pages.into_iter().map(|page| page.target_groups.unwrap_or_default().len()).sum()
        }
        DATABASE => rds::instances(&deploy_ops::client!(aws, aws_sdk_rds)).await?.len(),
        // Cloud Control reads what would need the SDK of EC2, the largest of all.
        kind => {
            let client = deploy_ops::client!(aws, aws_sdk_cloudcontrol);
            let call = client.list_resources().type_name(kind).into_paginator().send();
            let pages = Pages::of("cloudformation:ListResources", call).all().await?;
            pages.into_iter().map(|page| page.resource_descriptions.unwrap_or_default().len()).sum()
        }
    };
    Ok(number(count))
}

/// What the stacks of the environments have, by type.
async fn own(config: &Config, aws: &Aws, demands: &[Demand]) -> Result<BTreeMap<String, f64>, CallError> {
    let mut own = BTreeMap::new();
    for (environment, _) in existing(config, demands) {
        let resources = stack_resources::list(aws, environment.stack_name.as_str()).await?;
        for resource in resources.into_iter().filter(stack_resources::StackResource::exists) {
            *own.entry(resource.resource_type).or_insert(0.0) += 1.0;
        }
    }
    Ok(own)
}

fn existing<'a>(
    config: &'a Config,
    demands: &'a [Demand],
) -> impl Iterator<Item = (&'a env_config::Environment, &'a Demand)> {
    let environments = config.environments.values();
    environments.zip(demands).filter(|(_, demand)| demand.exists)
}

/// vCPUs that run outside the environments' clusters.
async fn foreign_vcpus(config: &Config, target: &Target, demands: &[Demand]) -> Result<f64, CallError> {
    let mut own = 0.0;
    for (environment, _) in existing(config, demands) {
        own += vcpus_of_cluster(&target.aws, &config.names(environment).cluster()).await?;
    }
    Ok((vcpus_of_account(target).await? - own).max(0.0))
}

/// The latest sample of the metric that Service Quotas names for the quota (ECS:monitoring-fargate-usage). There is none
/// where nothing runs.
async fn vcpus_of_account(target: &Target) -> Result<f64, CallError> {
    use aws_sdk_cloudwatch::types::{Dimension, Statistic};
    let dimensions =
        [("Service", "Fargate"), ("Type", "Resource"), ("Resource", "vCPU"), ("Class", "Standard/OnDemand")];
    let dimensions = dimensions.map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let now = target.clock.now();
    let call = target
        .aws
        .cloudwatch
        .get_metric_statistics()
        .namespace("AWS/Usage")
        .metric_name("ResourceCount")
        .set_dimensions(Some(dimensions.to_vec()))
        .start_time(time(Moment::from_millis(now.as_millis().saturating_sub(LATEST_MILLIS))))
        .end_time(time(now.plus_secs(60.0)))
        .period(300)
        .statistics(Statistic::Maximum);
    let answer = call.send().await.called("cloudwatch:GetMetricStatistics")?;
    let points = answer.datapoints.unwrap_or_default();
    let latest = points.iter().max_by_key(|point| point.timestamp.map(|at| at.secs()));
    Ok(latest.and_then(|point| point.maximum).unwrap_or(0.0))
}

fn time(moment: Moment) -> aws_sdk_cloudwatch::primitives::DateTime {
    let millis = i64::try_from(moment.as_millis()).unwrap_or(i64::MAX);
    aws_sdk_cloudwatch::primitives::DateTime::from_millis(millis)
}

/// vCPUs of the tasks of a cluster that are to run; none where there is no such cluster.
async fn vcpus_of_cluster(aws: &Aws, cluster: &str) -> Result<f64, CallError> {
    let call = aws.ecs.list_tasks().cluster(cluster).into_paginator().send();
    let pages = match Pages::of("ecs:ListTasks", call).all().await {
        Err(error) if error.is("ClusterNotFoundException") => return Ok(0.0),
        pages => pages?,
    };
    let tasks: Vec<String> = pages.into_iter().flat_map(|page| page.task_arns.unwrap_or_default()).collect();
    let mut units = 0.0;
    for some in tasks.chunks(TASKS_OF_A_CALL) {
        let call = aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(some.to_vec()));
        let answer = call.send().await.called("ecs:DescribeTasks")?;
        let found = answer.tasks.unwrap_or_default();
        units += found.iter().filter_map(|task| task.cpu()?.parse::<f64>().ok()).sum::<f64>();
    }
    Ok(units / 1024.0)
}
