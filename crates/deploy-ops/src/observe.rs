//! What one poll sees: answers of AWS, copied into the snapshot that the verdict is made of. No judgement here.

use std::collections::BTreeSet;

use aws_sdk_cloudformation::types::DetailedStatus;
use aws_sdk_cloudwatch::types::MetricAlarm;
use aws_sdk_ecs::types::{
    Deployment, DesiredStatus, Service, ServiceDeployment, ServiceEvent, ServiceField, Task,
};
use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;
use aws_smithy_types::DateTime;
use rollout_verdict::{
    AlarmView, BreakerView, ContainerView, DeploymentView, Moment, ServiceDeploymentView, ServiceEventView,
    ServiceView, StackEventView, TargetView, TaskView,
};

use crate::aws::Aws;
use crate::call::{CallError, Called};
use crate::pages::Pages;

/// DescribeServices takes at most ten services.
const SERVICES_PER_CALL: usize = 10;
/// DescribeTasks takes at most a hundred tasks.
pub(crate) const TASKS_PER_CALL: usize = 100;
/// Clocks of AWS's services differ a little; an event this much before the start still belongs to it.
pub(crate) const CLOCK_SKEW_SECS: f64 = 2.0;
/// Events that are this much older than the start of an operation are none of it, whatever the clocks say.
const LATEST_BEGIN_SECS: f64 = 900.0;

pub(crate) fn moment(time: Option<&DateTime>) -> Moment {
    Moment::from_epoch_secs(time.map_or(0.0, DateTime::as_secs_f64))
}

fn optional_moment(time: Option<&DateTime>) -> Option<Moment> {
    time.map(|time| Moment::from_epoch_secs(time.as_secs_f64()))
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or_default()
}

/// One stack event, with what binds it to an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackEvent {
    /// What the verdict needs of it.
    pub view: StackEventView,
    /// `ClientRequestToken` of the operation.
    pub token: Option<String>,
}

/// Events of one operation of a stack that are not `known` yet, oldest first. The operation is told by its `token`, not by a
/// time: only where the events have none, or the operation has none yet, `since` (when it was started) bounds the reading.
/// Ids of events of other operations are added to `foreign`.
///
/// An event may come late, between known ones: a page that has some is read to its end.
pub async fn operation_events(
    aws: &Aws,
    stack_id: &str,
    token: &str,
    since: Moment,
    known: impl Fn(&str) -> bool,
    foreign: &mut BTreeSet<String>,
) -> Result<Vec<StackEvent>, CallError> {
    let pages = aws.cloudformation.describe_stack_events().stack_name(stack_id).into_paginator().send();
    let mut pages = Pages::of("cloudformation:DescribeStackEvents", pages);
    let mut events: Vec<StackEvent> = Vec::new();
    'pages: while let Some(page) = pages.next().await {
        let mut met_known = false;
        for event in page?.stack_events.unwrap_or_default() {
            let event = stack_event(event);
            if known(event.view.id.as_str()) || foreign.contains(event.view.id.as_str()) {
                met_known = true;
                continue;
            }
            match &event.token {
                Some(its) if its == token => events.push(event),
                None if event.view.at.plus_secs(CLOCK_SKEW_SECS) >= since => events.push(event),
                // Operations of one stack follow each other: behind ours come those before it.
                _ if !events.is_empty() && event.view.at < events[0].view.at => break 'pages,
                _ if event.view.at.plus_secs(LATEST_BEGIN_SECS) < since => break 'pages,
                _ => {
                    foreign.insert(event.view.id.as_str().to_owned());
                }
            }
        }
        if met_known {
            break;
        }
    }
    events.reverse();
    Ok(events)
}

/// Events of a stack, oldest first; pages are read backwards in time until one is `reached`, which is left out.
pub async fn stack_events_back_to(
    aws: &Aws,
    stack_id: &str,
    mut reached: impl FnMut(&StackEvent) -> bool,
) -> Result<Vec<StackEvent>, CallError> {
    let mut events = Vec::new();
    let pages = aws.cloudformation.describe_stack_events().stack_name(stack_id).into_paginator().send();
    let mut pages = Pages::of("cloudformation:DescribeStackEvents", pages);
    'pages: while let Some(page) = pages.next().await {
        for event in page?.stack_events.unwrap_or_default() {
            let event = stack_event(event);
            if reached(&event) {
                break 'pages;
            }
            events.push(event);
        }
    }
    events.reverse();
    Ok(events)
}

fn stack_event(event: aws_sdk_cloudformation::types::StackEvent) -> StackEvent {
    let at = moment(event.timestamp());
    let physical_id = event.physical_resource_id.filter(|id| !id.is_empty());
    StackEvent {
        token: event.client_request_token,
        view: StackEventView {
            id: event.event_id.unwrap_or_default().into(),
            at,
            logical_id: event.logical_resource_id.unwrap_or_default(),
            physical_id,
            resource_type: event.resource_type.unwrap_or_default(),
            status: event.resource_status.map(|status| status.as_str().to_owned()).unwrap_or_default(),
            reason: event.resource_status_reason,
            configured: event.detailed_status == Some(DetailedStatus::ConfigurationComplete),
        },
    }
}

/// One service, lightly looked at, and where to look closer.
#[derive(Debug, Clone)]
pub struct SeenService {
    /// Deployments and events.
    pub view: ServiceView,
    /// ARN of the service.
    pub arn: String,
    /// ARN of the task definition it deploys.
    pub task_definition: String,
    /// Target groups it registers its tasks with.
    pub target_groups: Vec<String>,
    /// Its deployment alarms.
    pub alarms: Vec<String>,
    /// Tasks it should run.
    pub desired_count: u32,
    /// Tasks that run.
    pub running_count: u32,
}

/// Services of a cluster, by name; those that do not exist (yet), and those that are being deleted, are left out.
pub async fn services(
    aws: &Aws,
    cluster: &str,
    names: &[String],
    since: Moment,
) -> Result<Vec<SeenService>, CallError> {
    let mut seen = Vec::new();
    for some in names.chunks(SERVICES_PER_CALL) {
        let call = aws.ecs.describe_services().cluster(cluster).set_services(Some(some.to_vec()));
        let answer = match call.include(ServiceField::Tags).send().await.called("ecs:DescribeServices") {
            Ok(answer) => answer,
            Err(error) if error.is("ClusterNotFoundException") => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let gone = ["DRAINING", "INACTIVE"];
        let alive = answer
            .services
            .unwrap_or_default()
            .into_iter()
            .filter(|it| !it.status().is_some_and(|status| gone.contains(&status)));
        seen.extend(alive.map(|service| seen_service(&service, since)));
    }
    Ok(seen)
}

/// Adds the states of their deployment alarms to services: one that fires already is ignored by ECS for the whole
/// deployment (ECS:deployment-alarm-failure).
pub async fn add_alarms(aws: &Aws, services: &mut [SeenService]) -> Result<(), CallError> {
    let names: Vec<String> = services.iter().flat_map(|service| service.alarms.clone()).collect();
    let alarms = alarms(aws, &names).await?;
    for service in services {
        service.view.alarms = alarms.iter().filter(|it| service.alarms.contains(&it.name)).cloned().collect();
    }
    Ok(())
}

fn seen_service(service: &Service, since: Moment) -> SeenService {
    let recent = |event: &&ServiceEvent| moment(event.created_at()).plus_secs(CLOCK_SKEW_SECS) >= since;
    let configuration = service.deployment_configuration();
    let alarms = configuration.and_then(|it| it.alarms()).map(|alarms| alarms.alarm_names().to_vec());
    SeenService {
        view: ServiceView {
            name: service.service_name().unwrap_or_default().into(),
            deployments: service.deployments().iter().map(deployment_view).collect(),
            events: service.events().iter().filter(recent).map(event_view).collect(),
            ..ServiceView::default()
        },
        arn: service.service_arn().unwrap_or_default().to_owned(),
        task_definition: service.task_definition().unwrap_or_default().to_owned(),
        target_groups: service
            .load_balancers()
            .iter()
            .filter_map(|balancer| balancer.target_group_arn().map(str::to_owned))
            .collect(),
        alarms: alarms.unwrap_or_default(),
        desired_count: count(service.desired_count()),
        running_count: count(service.running_count()),
    }
}

fn deployment_view(deployment: &Deployment) -> DeploymentView {
    DeploymentView {
        id: deployment.id().unwrap_or_default().into(),
        status: deployment.status().unwrap_or_default().to_owned(),
        task_definition: deployment.task_definition().unwrap_or_default().into(),
        rollout_state: deployment.rollout_state().map(|state| state.as_str().to_owned()),
        rollout_state_reason: deployment.rollout_state_reason().map(str::to_owned),
        created_at: moment(deployment.created_at()),
        desired_count: count(deployment.desired_count()),
        running_count: count(deployment.running_count()),
        pending_count: count(deployment.pending_count()),
        failed_tasks: count(deployment.failed_tasks()),
    }
}

fn event_view(event: &ServiceEvent) -> ServiceEventView {
    ServiceEventView {
        id: event.id().unwrap_or_default().to_owned(),
        at: moment(event.created_at()),
        message: event.message().unwrap_or_default().to_owned(),
    }
}

/// Tasks of a service that ECS knows: running, and stopped within the last hour.
pub async fn tasks(aws: &Aws, cluster: &str, service: &str) -> Result<Vec<Task>, CallError> {
    let mut arns = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let call = aws.ecs.list_tasks().cluster(cluster).service_name(service).desired_status(status);
        let pages = Pages::of("ecs:ListTasks", call.into_paginator().send()).all().await?;
        arns.extend(pages.into_iter().flat_map(|page| page.task_arns.unwrap_or_default()));
    }
    let mut tasks = Vec::new();
    for some in arns.chunks(TASKS_PER_CALL) {
        let call = aws.ecs.describe_tasks().cluster(cluster).set_tasks(Some(some.to_vec()));
        tasks.extend(call.send().await.called("ecs:DescribeTasks")?.tasks.unwrap_or_default());
    }
    Ok(tasks)
}

/// A task, as the verdict sees it; its log is read separately.
pub(crate) fn task_view(task: &Task) -> TaskView {
    let detail = |name: &str| {
        let details = task.attachments().iter().flat_map(aws_sdk_ecs::types::Attachment::details);
        details.filter(|pair| pair.name() == Some(name)).find_map(|pair| pair.value().map(str::to_owned))
    };
    TaskView {
        arn: task.task_arn().unwrap_or_default().into(),
        task_definition: task.task_definition_arn().unwrap_or_default().into(),
        started_by: task.started_by().map(Into::into),
        last_status: task.last_status().unwrap_or_default().to_owned(),
        desired_status: task.desired_status().unwrap_or_default().to_owned(),
        health_status: task.health_status().map(|status| status.as_str().to_owned()),
        created_at: moment(task.created_at()),
        started_at: optional_moment(task.started_at()),
        stopping_at: optional_moment(task.stopping_at()),
        stopped_at: optional_moment(task.stopped_at()),
        stop_code: task.stop_code().map(|code| code.as_str().to_owned()),
        stopped_reason: task.stopped_reason().map(str::to_owned),
        containers: task
            .containers()
            .iter()
            .map(|container| ContainerView {
                name: container.name().unwrap_or_default().to_owned(),
                exit_code: container.exit_code(),
                reason: container.reason().map(str::to_owned),
                health_status: container.health_status().map(|status| status.as_str().to_owned()),
            })
            .collect(),
        address: detail("privateIPv4Address"),
        log_tail: Vec::new(),
    }
}

pub(crate) fn service_deployment_view(deployment: &ServiceDeployment) -> ServiceDeploymentView {
    ServiceDeploymentView {
        arn: deployment.service_deployment_arn().unwrap_or_default().into(),
        status: deployment.status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
        status_reason: deployment.status_reason().map(str::to_owned),
        task_definition: None,
        created_at: moment(deployment.created_at()),
        breaker: deployment.deployment_circuit_breaker().map(|breaker| BreakerView {
            status: breaker.status().map(|status| status.as_str().to_owned()).unwrap_or_default(),
            failure_count: count(breaker.failure_count()),
            threshold: count(breaker.threshold()),
        }),
        triggered_alarms: deployment
            .alarms()
            .map(|alarms| alarms.triggered_alarm_names().to_vec())
            .unwrap_or_default(),
        rollback_reason: deployment.rollback().and_then(|rollback| rollback.reason()).map(str::to_owned),
    }
}

pub(crate) fn target_view(target_group: &str, description: &TargetHealthDescription) -> TargetView {
    let target = description.target();
    let health = description.target_health();
    TargetView {
        target_group: target_group.to_owned(),
        id: target.and_then(|target| target.id()).unwrap_or_default().to_owned(),
        port: target
            .and_then(aws_sdk_elasticloadbalancingv2::types::TargetDescription::port)
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or_default(),
        state: health
            .and_then(|health| health.state())
            .map(|state| state.as_str().to_owned())
            .unwrap_or_default(),
        reason: health.and_then(|health| health.reason()).map(|reason| reason.as_str().to_owned()),
        description: health.and_then(|health| health.description()).map(str::to_owned),
    }
}

/// Alarms by name; one call takes a hundred names, and answers fifty alarms unless it is asked for more.
pub async fn alarms(aws: &Aws, names: &[String]) -> Result<Vec<AlarmView>, CallError> {
    let mut views = Vec::new();
    for some in names.chunks(100) {
        let call = aws.cloudwatch.describe_alarms().set_alarm_names(Some(some.to_vec())).max_records(100);
        for answer in Pages::of("cloudwatch:DescribeAlarms", call.into_paginator().send()).all().await? {
            views.extend(answer.metric_alarms.unwrap_or_default().iter().map(alarm_view));
        }
    }
    Ok(views)
}

fn alarm_view(alarm: &MetricAlarm) -> AlarmView {
    AlarmView {
        name: alarm.alarm_name().unwrap_or_default().to_owned(),
        state: alarm.state_value().map(|state| state.as_str().to_owned()).unwrap_or_default(),
        reason: alarm.state_reason().map(str::to_owned),
    }
}
