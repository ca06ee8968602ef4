//! What an observer in this process sees is what the describe operations show.

use rollout_sim::SimTime;
use rollout_sim::ecs::{
    self, DescribeServicesInput, DescribeTasksInput, DesiredStatus, ListTasksInput, Task,
};
use serde_json::json;

use crate::fixture::{Fixture, Setup, crashing, without_health};

fn cluster() -> Option<String> {
    Some("demo".to_owned())
}

/// The tasks as `ListTasks` and `DescribeTasks` show them.
fn described(fixture: &Fixture) -> Vec<Task> {
    let mut arns = Vec::new();
    for status in [DesiredStatus::Running, DesiredStatus::Stopped] {
        let input = ListTasksInput { cluster: cluster(), desired_status: Some(status), ..Default::default() };
        arns.extend(ecs::list_tasks(&fixture.world, &input).unwrap().task_arns);
    }
    if arns.is_empty() {
        return Vec::new();
    }
    let input = DescribeTasksInput { cluster: cluster(), tasks: arns, ..Default::default() };
    ecs::describe_tasks(&fixture.world, &input).unwrap().tasks
}

fn assert_same_tasks(fixture: &Fixture) {
    let observed = ecs::observe_tasks(&fixture.world, "demo", None).unwrap();
    let epoch = |at: Option<SimTime>| at.map(SimTime::as_epoch_secs);
    let observed: Vec<_> = observed
        .iter()
        .map(|task| {
            let containers: Vec<_> = task
                .containers
                .iter()
                .map(|one| json!([one.name, one.exit_code, one.reason, one.health_status.as_str()]))
                .collect();
            json!([
                [task.arn, task.task_definition, task.group, task.started_by, task.address],
                [task.last_status.as_str(), task.desired_status.as_str(), task.health_status.as_str()],
                [epoch(Some(task.created_at)), epoch(task.started_at)],
                [epoch(task.stopping_at), epoch(task.stopped_at)],
                [task.stop.map(|(code, _)| code.as_str()), task.stop.map(|(_, reason)| reason)],
                containers,
            ])
        })
        .collect();
    let described: Vec<_> = described(fixture)
        .iter()
        .map(|task| {
            let details = task.attachments.iter().flat_map(|attachment| &attachment.details);
            let address =
                details.clone().find(|pair| pair.name == "privateIPv4Address").map(|pair| &pair.value);
            let containers: Vec<_> = task
                .containers
                .iter()
                .map(|one| json!([one.name, one.exit_code, one.reason, one.health_status.as_str()]))
                .collect();
            json!([
                [task.task_arn, task.task_definition_arn, task.group, task.started_by, address],
                [task.last_status.as_str(), task.desired_status.as_str(), task.health_status.as_str()],
                [Some(task.created_at), task.started_at],
                [task.stopping_at, task.stopped_at],
                [task.stop_code.map(ecs::StopCode::as_str), task.stopped_reason.as_deref()],
                containers,
            ])
        })
        .collect();
    assert_eq!(observed, described);
}

fn assert_same_service(fixture: &Fixture, since: SimTime) {
    let observed = ecs::observe_service(&fixture.world, "demo", "api", since).unwrap();
    let input =
        DescribeServicesInput { cluster: cluster(), services: vec!["api".to_owned()], ..Default::default() };
    let described = ecs::describe_services(&fixture.world, &input).unwrap().services.remove(0);
    let deployments: Vec<_> = observed
        .deployments
        .iter()
        .map(|one| {
            json!([
                [one.id, one.status.as_str(), one.task_definition],
                [one.rollout_state.as_str(), one.rollout_state_reason, one.created_at.as_epoch_secs()],
                [one.desired_count, one.running_count, one.pending_count, one.failed_tasks],
            ])
        })
        .collect();
    let expected: Vec<_> = described
        .deployments
        .iter()
        .map(|one| {
            json!([
                [one.id, one.status.as_str(), one.task_definition],
                [one.rollout_state.unwrap().as_str(), one.rollout_state_reason, one.created_at],
                [one.desired_count, one.running_count, one.pending_count, one.failed_tasks],
            ])
        })
        .collect();
    assert_eq!(deployments, expected);
    let groups: Vec<_> =
        described.load_balancers.iter().filter_map(|one| one.target_group_arn.as_deref()).collect();
    let alarms = described.deployment_configuration.alarms.map(|alarms| alarms.alarm_names);
    assert_eq!(
        json!([observed.name, observed.status, observed.task_definition, observed.desired_count]),
        json!([described.service_name, described.status, described.task_definition, described.desired_count])
    );
    assert_eq!(
        json!([observed.running_count, observed.target_groups, observed.alarms]),
        json!([described.running_count, groups, alarms.unwrap_or_default()])
    );
    let events: Vec<_> =
        observed.events.iter().map(|(id, at, text)| json!([id, at.as_epoch_secs(), text])).collect();
    let recent = described.events.iter().filter(|event| event.created_at >= since.as_epoch_secs());
    let recent: Vec<_> = recent.map(|event| json!([event.id, event.created_at, event.message])).collect();
    assert_eq!(events, recent);
}

#[test]
fn services_and_tasks_look_the_same_at_every_moment_of_a_rollout_that_fails() {
    for image in [crashing(5.0), without_health()] {
        let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
        let since = fixture.world.now();
        fixture.deploy(image);
        for _ in 0..120 {
            assert_same_tasks(&fixture);
            assert_same_service(&fixture, since);
            fixture.run(10.0);
        }
        let stopped = described(&fixture).iter().filter(|task| task.stopped_reason.is_some()).count();
        assert!(stopped > 2, "the rollout failed: {stopped} tasks stopped");
        let all = ecs::observe_tasks(&fixture.world, "demo", None).unwrap().len();
        let own = ecs::observe_tasks(&fixture.world, "demo", Some("api")).unwrap().len();
        assert_eq!(all, own, "every task is the service's");
    }
}

#[test]
fn what_does_not_exist_is_not_observed() {
    let fixture = Fixture::new(Setup::default());
    let since = fixture.world.now();
    let missing = ecs::observe_service(&fixture.world, "demo", "other", since).unwrap_err();
    assert_eq!(missing.code, "ServiceNotFoundException");
    let missing = ecs::observe_tasks(&fixture.world, "other", None).unwrap_err();
    assert_eq!(missing.code, "ClusterNotFoundException");
}
