//! What one poll sees of the simulated account: the same calls, fields and moments as the tool's polls of AWS.

use std::collections::{BTreeMap, BTreeSet};

use rollout_sim::cfn;
use rollout_sim::ecs::{self, DesiredStatus, ObservedService, ObservedTask};
use rollout_sim::elb::{self, DescribeTargetHealthInput};
use rollout_sim::logs::{self, GetLogEventsInput};
use rollout_sim::{ApiError, SimTime, World};
use rollout_verdict::{
    Cadence, ContainerView, DeploymentView, DetailedLook, Moment, ServiceEventView, ServiceView, Snapshot,
    StackEventView, TargetView, TaskView,
};
use serde::Serialize;

use crate::closer::{Budget, Closer};
use crate::stage::Stage;

/// Lines of a dead task's log that are read.
const TAIL_LINES: usize = 20;
/// Events on a page of DescribeStackEvents.
const EVENTS_PER_PAGE: usize = 100;
/// DescribeServices takes at most ten services.
const SERVICES_PER_CALL: usize = 10;
/// ListTasks lists, and DescribeTasks takes, at most a hundred tasks.
const TASKS_PER_CALL: usize = 100;

/// The moment of the simulated clock.
pub(crate) fn moment(at: SimTime) -> Moment {
    Moment::from_millis(at.as_millis())
}

/// Looks at the account as the tool does.
#[derive(Debug)]
pub(crate) struct Eye<'a> {
    stage: &'a Stage,
    since: Moment,
    cadence: Cadence,
    event_count: usize,
    looked_closely: BTreeMap<String, DetailedLook>,
    logs_read: BTreeSet<String>,
    closer: Closer,
    budget: Budget,
    /// Status of the stack as of the latest event of its own.
    pub(crate) stack_status: String,
    /// API calls made so far.
    pub(crate) calls: u32,
}

impl<'a> Eye<'a> {
    pub(crate) fn new(stage: &'a Stage, since: Moment) -> Self {
        Self {
            stage,
            since,
            cadence: Cadence::default(),
            event_count: 0,
            looked_closely: BTreeMap::new(),
            logs_read: BTreeSet::new(),
            closer: Closer::default(),
            budget: Budget::default(),
            stack_status: String::new(),
            calls: 0,
        }
    }

    /// One poll.
    pub(crate) fn look(
        &mut self,
        world: &World,
        cancel_requested_at: Option<Moment>,
    ) -> Result<Snapshot, ApiError> {
        let at = moment(world.now());
        self.budget.note(self.calls, at);
        let stack_events = self.stack_events(world)?;
        // The newest event comes first.
        if let Some(event) = stack_events.iter().find(|event| event.is_of_stack()) {
            self.stack_status.clone_from(&event.status);
        }
        let mut services = Vec::new();
        for some in self.stage.services.chunks(SERVICES_PER_CALL) {
            self.calls += u32::from(!some.is_empty());
        }
        if !self.stage.services.is_empty() {
            services = light(world, self.stage, self.since)?;
            self.look_closely(world, at, cancel_requested_at, &mut services)?;
        }
        let services = services.into_iter().map(|seen| seen.view).collect();
        Ok(Snapshot { at, cancel_requested_at, stack_events, services, absent: Vec::new() })
    }

    /// Whether the operation has ended, one way or another.
    pub(crate) fn stack_ended(&self) -> bool {
        !self.stack_status.is_empty() && !self.stack_status.ends_with("_IN_PROGRESS")
    }

    fn stack_events(&mut self, world: &World) -> Result<Vec<StackEventView>, ApiError> {
        let since = SimTime::from_millis(self.since.as_millis());
        let (new, count) = cfn::new_stack_events(world, &self.stage.stack_name, since, self.event_count)?;
        self.event_count = count;
        // The tool turns pages, latest events first, until it meets one that it knows or that is older.
        self.calls += u32::try_from(new.len() / EVENTS_PER_PAGE).unwrap_or(u32::MAX) + 1;
        let views = new.into_iter().map(|event| StackEventView {
            id: event.event_id.into(),
            at: Moment::from_epoch_secs(event.timestamp),
            logical_id: event.logical_resource_id.unwrap_or_default(),
            physical_id: event.physical_resource_id.filter(|id| !id.is_empty()),
            resource_type: event.resource_type.unwrap_or_default(),
            status: event.resource_status.map(|status| text(&status)).unwrap_or_default(),
            reason: event.resource_status_reason,
            configured: event.detailed_status.as_deref() == Some("CONFIGURATION_COMPLETE"),
        });
        Ok(views.collect())
    }

    /// Looks at all services together when one of them deserves it and the calls of the minute allow it.
    fn look_closely(
        &mut self,
        world: &World,
        at: Moment,
        cancel_requested_at: Option<Moment>,
        services: &mut [SeenService],
    ) -> Result<(), ApiError> {
        let complete = self.stack_status == "UPDATE_COMPLETE";
        let due = services.iter().any(|seen| {
            let before = self.looked_closely.get(seen.view.name.as_str());
            self.cadence.details_due(before, &seen.view, at, complete)
        });
        // While it may come to that, enough is left to stop every deployment and to cancel the update.
        let goes_forward =
            matches!(self.stack_status.as_str(), "" | "UPDATE_IN_PROGRESS" | "CREATE_IN_PROGRESS");
        let may_act = goes_forward && cancel_requested_at.is_none();
        let to_act =
            if may_act { u32::try_from(services.len()).unwrap_or(u32::MAX).saturating_add(1) } else { 0 };
        let per_minute = self.cadence.calls_per_minute.saturating_sub(to_act);
        let cost = self.closer.cost(services, self.since);
        if !due || !self.budget.allows(self.calls, at, cost, per_minute) {
            return Ok(());
        }
        self.calls += self.closer.look(world, &self.stage.cluster, services, self.since)?;
        for seen in services {
            let name = seen.view.name.to_string();
            self.looked_closely.insert(name.clone(), DetailedLook::new(at, &seen.view));
            let Some(staged) = self.stage.services.iter().find(|service| service.name == name) else {
                continue;
            };
            for task in &mut seen.view.tasks {
                let exited = task.containers.iter().any(|container| container.exit_code.is_some());
                let is_new = task.created_at >= self.since && task.last_status == "STOPPED";
                let known = self.logs_read.contains(task.arn.as_str());
                if is_new && exited && !known && self.budget.allows(self.calls, at, 1, per_minute) {
                    self.calls += 1;
                    task.log_tail = tail(world, &staged.log_group, &name, task.arn.id())?;
                    self.logs_read.insert(task.arn.to_string());
                }
            }
        }
        Ok(())
    }
}

/// A service, lightly looked at, and where to look closer.
#[derive(Debug, Clone)]
pub(crate) struct SeenService {
    pub(crate) view: ServiceView,
    pub(crate) task_definition: String,
    pub(crate) target_groups: Vec<String>,
    pub(crate) alarms: Vec<String>,
    pub(crate) running_count: u32,
}

/// The services of the stage as DescribeServices shows them, with their events since a moment.
pub(crate) fn light(world: &World, stage: &Stage, since: Moment) -> Result<Vec<SeenService>, ApiError> {
    let mut seen = Vec::new();
    let from = SimTime::from_millis(since.as_millis());
    for service in &stage.services {
        match ecs::observe_service(world, &stage.cluster, &service.name, from) {
            Ok(service) => seen.push(seen_service(service)),
            // DescribeServices names those it does not find, and describes the others.
            Err(error) if error.code == "ServiceNotFoundException" => {}
            Err(error) => return Err(error),
        }
    }
    Ok(seen)
}

fn seen_service(service: ObservedService<'_>) -> SeenService {
    let events = service.events.into_iter().map(|(id, at, message)| ServiceEventView {
        id,
        at: moment(at),
        message: message.to_owned(),
    });
    let deployments = service.deployments.iter().map(|deployment| DeploymentView {
        id: deployment.id.into(),
        status: deployment.status.as_str().to_owned(),
        task_definition: deployment.task_definition.into(),
        rollout_state: Some(deployment.rollout_state.as_str().to_owned()),
        rollout_state_reason: Some(deployment.rollout_state_reason.to_owned()),
        created_at: moment(deployment.created_at),
        desired_count: deployment.desired_count,
        running_count: deployment.running_count,
        pending_count: deployment.pending_count,
        failed_tasks: deployment.failed_tasks,
    });
    SeenService {
        view: ServiceView {
            name: service.name.into(),
            deployments: deployments.collect(),
            events: events.collect(),
            ..ServiceView::default()
        },
        task_definition: service.task_definition.to_owned(),
        target_groups: service.target_groups.iter().map(|&group| group.to_owned()).collect(),
        alarms: service.alarms.to_vec(),
        running_count: service.running_count,
    }
}

/// Tasks of a service: running, and lately stopped.
pub(crate) fn tasks(world: &World, cluster: &str, service: &str) -> Result<Vec<TaskView>, ApiError> {
    let tasks = ecs::observe_tasks(world, cluster, Some(service))?;
    Ok(tasks.iter().map(task_view).collect())
}

/// How many calls it takes to list these tasks and to describe them.
pub(crate) fn calls_for(tasks: &[ObservedTask<'_>]) -> u32 {
    let running = tasks.iter().filter(|task| task.desired_status == DesiredStatus::Running).count();
    let pages = |tasks: usize| tasks.div_ceil(TASKS_PER_CALL);
    let lists = pages(running).max(1) + pages(tasks.len() - running).max(1);
    u32::try_from(lists + pages(tasks.len())).unwrap_or(u32::MAX)
}

pub(crate) fn task_view(task: &ObservedTask<'_>) -> TaskView {
    let containers = task.containers.iter().map(|container| ContainerView {
        name: container.name.to_owned(),
        exit_code: container.exit_code,
        reason: container.reason.map(str::to_owned),
        health_status: Some(container.health_status.as_str().to_owned()),
    });
    TaskView {
        arn: task.arn.as_str().into(),
        task_definition: task.task_definition.into(),
        started_by: task.started_by.map(Into::into),
        last_status: task.last_status.as_str().to_owned(),
        desired_status: task.desired_status.as_str().to_owned(),
        health_status: Some(task.health_status.as_str().to_owned()),
        created_at: moment(task.created_at),
        started_at: task.started_at.map(moment),
        stopping_at: task.stopping_at.map(moment),
        stopped_at: task.stopped_at.map(moment),
        stop_code: task.stop.map(|(code, _)| code.as_str().to_owned()),
        stopped_reason: task.stop.map(|(_, reason)| reason.to_owned()),
        containers: containers.collect(),
        address: Some(task.address.clone()),
        log_tail: Vec::new(),
    }
}

/// Targets of a group.
pub(crate) fn targets(world: &World, target_group: &str) -> Result<Vec<TargetView>, ApiError> {
    let input = DescribeTargetHealthInput { target_group_arn: target_group.to_owned(), ..Default::default() };
    let answer = elb::describe_target_health(world, &input)?;
    let views = answer.target_health_descriptions.into_iter().map(|description| TargetView {
        target_group: target_group.to_owned(),
        id: description.target.id,
        port: description.target.port.unwrap_or_default(),
        state: text(&description.target_health.state),
        reason: description.target_health.reason,
        description: description.target_health.description,
    });
    Ok(views.collect())
}

fn tail(world: &World, log_group: &str, container: &str, task_id: &str) -> Result<Vec<String>, ApiError> {
    let input = GetLogEventsInput {
        log_group_name: Some(log_group.to_owned()),
        log_stream_name: format!("{container}/{container}/{task_id}"),
        limit: Some(TAIL_LINES),
        ..Default::default()
    };
    match logs::get_log_events(world, &input) {
        Ok(answer) => Ok(answer.events.into_iter().map(|event| event.message).collect()),
        // The stream appears with the first line.
        Err(error) if error.code == "ResourceNotFoundException" => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// An enumeration in AWS's spelling, which is its serialised form.
pub(crate) fn text(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text,
        _ => String::new(),
    }
}
