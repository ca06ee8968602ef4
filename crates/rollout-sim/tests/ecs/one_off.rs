//! Tasks of no service.

use rollout_sim::ecs::{self, StopCode, Task, TaskStatus};
use rollout_sim::image::{CommandBehaviour, ImageBehaviour};
use rollout_sim::logs;
use serde_json::json;

use crate::fixture::{Fixture, LOG_GROUP, Setup};

fn commands() -> ImageBehaviour {
    let command = |contains: &str, duration_secs, exit_code| CommandBehaviour {
        contains: contains.to_owned(),
        duration_secs,
        exit_code,
        log: vec![format!("{contains} says so")],
    };
    let commands =
        vec![command("migrate", Some(20.0), 0), command("broken", Some(3.0), 7), command("hang", None, 0)];
    ImageBehaviour { commands, ..ImageBehaviour::default() }
}

fn run(fixture: &mut Fixture, command: &str) -> ecs::RunTaskOutput {
    let definition = fixture.release(commands());
    let request = json!({
        "cluster": "demo", "taskDefinition": definition, "launchType": "FARGATE", "startedBy": "test",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
        "overrides": {"containerOverrides": [{"name": "api", "command": ["node", command]}]},
    });
    ecs::run_task(&mut fixture.world, serde_json::from_value(request).unwrap()).unwrap()
}

fn describe(fixture: &Fixture, arn: &str) -> Task {
    let request = serde_json::from_value(json!({"cluster": "demo", "tasks": [arn]})).unwrap();
    ecs::describe_tasks(&fixture.world, &request).unwrap().tasks.remove(0)
}

fn finish(fixture: &mut Fixture, command: &str) -> Task {
    let arn = run(fixture, command).tasks[0].task_arn.clone();
    fixture.until(600.0, command, |it| describe(it, &arn).last_status == TaskStatus::Stopped);
    describe(fixture, &arn)
}

#[test]
fn a_command_ends_with_its_exit_code_and_writes_its_log() {
    let mut fixture = Fixture::empty(Setup::default());
    let good = finish(&mut fixture, "migrate.ts");
    assert_eq!(
        (good.containers[0].exit_code, good.stop_code),
        (Some(0), Some(StopCode::EssentialContainerExited))
    );
    assert_eq!(good.stopped_reason.as_deref(), Some("Essential container in task exited"));
    assert_eq!(good.group, "family:demo-api");
    let id = good.task_arn.rsplit('/').next().unwrap();
    let request = json!({"logGroupName": LOG_GROUP, "logStreamName": format!("api/api/{id}")});
    let lines =
        logs::get_log_events(&fixture.world, &serde_json::from_value(request).unwrap()).unwrap().events;
    assert_eq!(lines[0].message, "migrate says so");
    assert_eq!(finish(&mut fixture, "broken").containers[0].exit_code, Some(7));
}

#[test]
fn a_hanging_command_runs_until_it_is_stopped() {
    let mut fixture = Fixture::empty(Setup::default());
    let arn = run(&mut fixture, "hang").tasks[0].task_arn.clone();
    fixture.run(24.0 * 3600.0);
    assert_eq!(describe(&fixture, &arn).last_status, TaskStatus::Running);
    let stop = json!({"cluster": "demo", "task": arn, "reason": "too long"});
    ecs::stop_task(&mut fixture.world, serde_json::from_value(stop).unwrap()).unwrap();
    fixture.until(120.0, "STOPPED", |it| describe(it, &arn).last_status == TaskStatus::Stopped);
    let task = describe(&fixture, &arn);
    assert_eq!(
        (task.stop_code, task.stopped_reason.as_deref()),
        (Some(StopCode::UserInitiated), Some("too long"))
    );
    assert_eq!(task.containers[0].exit_code, Some(143));
}

#[test]
fn a_task_that_never_ran_has_no_exit_code() {
    let mut fixture = Fixture::empty(Setup::default());
    let definition = fixture.register(&format!("{}@sha256:{}", crate::fixture::REPOSITORY, "0".repeat(64)));
    let request = json!({"cluster": "demo", "taskDefinition": definition,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}});
    let arn = ecs::run_task(&mut fixture.world, serde_json::from_value(request).unwrap()).unwrap().tasks[0]
        .task_arn
        .clone();
    fixture.until(600.0, "STOPPED", |it| describe(it, &arn).last_status == TaskStatus::Stopped);
    let task = describe(&fixture, &arn);
    assert_eq!((task.containers[0].exit_code, task.stop_code), (None, Some(StopCode::TaskFailedToStart)));
    assert!(task.containers[0].reason.as_ref().unwrap().starts_with("CannotPullContainerError"));
}

#[test]
fn migration_faults_concern_migrations_alone() {
    let mut fixture = Fixture::empty(Setup::default());
    fixture.fault("migration-fails");
    assert_eq!(finish(&mut fixture, "migrate.ts").containers[0].exit_code, Some(1));
    assert_eq!(finish(&mut fixture, "seed.mjs").containers[0].exit_code, Some(0));
    fixture.world.faults.clear();
    fixture.fault("migration-hangs");
    let arn = run(&mut fixture, "migrate.ts").tasks[0].task_arn.clone();
    fixture.run(7200.0);
    assert_eq!(describe(&fixture, &arn).last_status, TaskStatus::Running);
}

#[test]
fn no_capacity_is_a_failure_of_run_task() {
    let mut fixture = Fixture::empty(Setup::default());
    fixture.fault("no-capacity");
    let output = run(&mut fixture, "migrate.ts");
    assert!(output.tasks.is_empty());
    assert!(output.failures[0].reason.as_ref().unwrap().starts_with("Capacity is unavailable at this time"));
}
