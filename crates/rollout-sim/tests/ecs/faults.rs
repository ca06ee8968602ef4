//! Every fault that concerns tasks, with the words AWS has for it.

use rollout_sim::ecs::{RolloutState, ServiceDeploymentStatus};
use rollout_sim::image::ImageBehaviour;

use crate::fixture::{Fixture, REPOSITORY, Setup};

/// Deploys under a fault until the rollback is over; answers the stopped reason of the first new task.
fn reason(setup: Setup, fault: &str) -> String {
    let mut fixture = Fixture::new(setup);
    fixture.run(5.0);
    fixture.fault(fault);
    let new = fixture.deploy(ImageBehaviour::default());
    fixture.until(7200.0, fault, |it| it.latest().status == ServiceDeploymentStatus::RollbackSuccessful);
    fixture.tasks_of(&new)[0].stopped_reason.clone().unwrap()
}

#[test]
fn image_missing_cannot_pull() {
    let reason = reason(Setup::default(), "image-missing:api");
    assert!(
        reason.starts_with("CannotPullContainerError: pull image manifest has been retried 5 time(s)"),
        "{reason}"
    );
    assert!(reason.ends_with(": not found"), "{reason}");
}

#[test]
fn wrong_architecture_cannot_pull() {
    let reason = reason(Setup::default(), "wrong-architecture");
    assert!(
        reason.contains("image Manifest does not contain descriptor matching platform 'linux/arm64'"),
        "{reason}"
    );
}

#[test]
fn secret_missing_fails_to_initialise() {
    let reason = reason(Setup::default(), "secret-missing");
    assert!(
        reason.starts_with("ResourceInitializationError: unable to pull secrets or registry auth"),
        "{reason}"
    );
}

#[test]
fn crash_on_start_exits_before_it_listens() {
    assert_eq!(reason(Setup::default(), "crash-on-start"), "Essential container in task exited");
}

#[test]
fn health_path_fails_the_load_balancer() {
    assert!(
        reason(Setup::default(), "health-path")
            .starts_with("Task failed ELB health checks in (target-group arn:")
    );
}

#[test]
fn container_health_fails_the_container_check() {
    let check =
        serde_json::json!({"command": ["CMD", "check"], "interval": 5, "retries": 3, "startPeriod": 10});
    let setup = Setup { container_check: check, ..Setup::default() };
    assert_eq!(reason(setup, "container-health"), "Task failed container health checks");
}

#[test]
fn slow_start_fails_the_load_balancer() {
    assert!(
        reason(Setup::default(), "slow-start")
            .starts_with("Task failed ELB health checks in (target-group arn:")
    );
}

#[test]
fn crash_after_start_comes_back_for_ever_once_healthy() {
    let mut fixture = Fixture::new(Setup::default());
    fixture.run(5.0);
    fixture.fault("crash-after-start");
    let new = fixture.deploy(ImageBehaviour::default());
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    fixture.run(1800.0);
    assert!(fixture.tasks_of(&new).len() > 3);
}

#[test]
fn no_capacity_starts_nothing_and_trips_nothing() {
    let mut fixture = Fixture::new(Setup::default());
    fixture.fault("no-capacity:api");
    let new = fixture.deploy(ImageBehaviour::default());
    fixture.run(3600.0);
    assert!(fixture.tasks_of(&new).is_empty());
    assert_eq!((fixture.rollout(), fixture.primary().failed_tasks), (RolloutState::InProgress, 0));
    let events = fixture.events();
    let told = "was unable to place a task. Reason: Capacity is unavailable at this time.";
    let times = events.iter().filter(|event| event.starts_with(told)).count();
    assert_eq!(times, 1, "an event that repeats another one is left out: {events:#?}");
    fixture.run(6.0 * 3600.0);
    assert_eq!(
        fixture.events().iter().filter(|event| event.starts_with(told)).count(),
        2,
        "and sent again after six hours"
    );
    // It is over: the service comes up.
    fixture.world.faults.clear();
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
}

#[test]
fn faults_spare_other_services_and_earlier_task_definitions() {
    let mut fixture = Fixture::new(Setup::default());
    let before = fixture.release(ImageBehaviour::default());
    fixture.run(5.0);
    fixture.fault("crash-on-start");
    fixture.update(serde_json::json!({"taskDefinition": before}));
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    fixture.world.faults.clear();
    fixture.run(5.0);
    fixture.fault("crash-on-start:other");
    fixture.deploy(ImageBehaviour::default());
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
}

#[test]
fn a_missing_log_group_fails_to_initialise() {
    let mut fixture = Fixture::new(Setup::default());
    let group = serde_json::json!({"logGroupName": crate::fixture::LOG_GROUP});
    rollout_sim::logs::delete_log_group(&mut fixture.world, &serde_json::from_value(group).unwrap()).unwrap();
    let new = fixture.deploy(ImageBehaviour::default());
    fixture
        .until(600.0, "a failure", |it| it.tasks_of(&new).iter().any(|task| task.stopped_reason.is_some()));
    let reason = fixture.tasks_of(&new)[0].stopped_reason.clone().unwrap();
    assert!(reason.starts_with("ResourceInitializationError: failed to validate logger args"), "{reason}");
    assert!(reason.contains("The specified log group does not exist."), "{reason}");
}

#[test]
fn a_secret_without_the_json_key_fails_to_initialise() {
    let mut fixture = Fixture::new(Setup::default());
    let value = serde_json::json!({"SecretId": "demo/token", "SecretString": "{\"other\":\"x\"}"});
    rollout_sim::secrets::put_secret_value(&mut fixture.world, serde_json::from_value(value).unwrap())
        .unwrap();
    let new = fixture.deploy(ImageBehaviour::default());
    fixture
        .until(600.0, "a failure", |it| it.tasks_of(&new).iter().any(|task| task.stopped_reason.is_some()));
    let reason = fixture.tasks_of(&new)[0].stopped_reason.clone().unwrap();
    assert!(reason.ends_with("did not contain json key key"), "{reason}");
}

/// Kinds that concern the tasks of a service, with what a first new task shows under them.
const OF_TASKS: &[&str] =
    &["image-missing", "wrong-architecture", "secret-missing", "crash-on-start", "health-path", "slow-start"];

#[test]
fn every_fault_of_tasks_is_scripted_by_service() {
    for fault in OF_TASKS {
        let mut fixture = Fixture::new(Setup::default());
        fixture.run(5.0);
        fixture.fault(&format!("{fault}:other"));
        fixture.deploy(ImageBehaviour::default());
        fixture.until(600.0, fault, |it| it.rollout() == RolloutState::Completed);
        reason(Setup::default(), &format!("{fault}:api"));
    }
}

#[test]
fn every_fault_of_tasks_is_scripted_by_moment() {
    for fault in OF_TASKS {
        let mut fixture = Fixture::new(Setup::default());
        let begins = fixture.world.now() + std::time::Duration::from_secs(600);
        let active = rollout_sim::fault::ActiveFault::new(fault.parse().unwrap(), begins);
        fixture.world.faults.push(active);
        fixture.deploy(ImageBehaviour::default());
        fixture.until(600.0, fault, |it| it.rollout() == RolloutState::Completed);
        fixture.run(600.0);
        fixture.deploy(ImageBehaviour::default());
        fixture.until(7200.0, fault, |it| it.latest().status == ServiceDeploymentStatus::RollbackSuccessful);
    }
}

#[test]
fn every_fault_gives_the_same_world_every_time() {
    for kind in rollout_sim::fault::FaultKind::ALL {
        let run = || {
            let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
            fixture.run(5.0);
            fixture.fault(kind.name());
            fixture.deploy(ImageBehaviour::default());
            fixture.run(3600.0);
            serde_json::to_string(&fixture.world).unwrap()
        };
        assert_eq!(run(), run(), "{kind}");
    }
}

#[test]
fn the_same_release_under_the_same_fault_fails_again() {
    let faults = [
        "image-missing",
        "wrong-architecture",
        "secret-missing",
        "crash-on-start",
        "health-path",
        "container-health",
        "slow-start",
    ];
    for fault in faults {
        let check =
            serde_json::json!({"command": ["CMD", "check"], "interval": 5, "retries": 3, "startPeriod": 10});
        let mut fixture = Fixture::new(Setup { container_check: check, ..Setup::default() });
        let digest = fixture.push(ImageBehaviour::default());
        let mut reasons = Vec::new();
        for drill in 0..2 {
            fixture.run(5.0);
            fixture.world.faults.clear();
            fixture.fault(fault);
            let new = fixture.register(&format!("{REPOSITORY}@{digest}"));
            fixture.update(serde_json::json!({"taskDefinition": new}));
            fixture.until(20_000.0, fault, |it| it.latest().finished_at.is_some());
            assert_eq!(
                fixture.latest().status,
                ServiceDeploymentStatus::RollbackSuccessful,
                "{fault}, {drill}"
            );
            let reason = fixture.tasks_of(&new)[0].stopped_reason.clone().unwrap();
            reasons.push(reason.split(" (").next().unwrap().to_owned());
        }
        assert_eq!(reasons[0], reasons[1], "{fault}");
        // Without the fault the same release is good.
        fixture.world.faults.clear();
        let new = fixture.register(&format!("{REPOSITORY}@{digest}"));
        fixture.update(serde_json::json!({"taskDefinition": new}));
        fixture.until(20_000.0, fault, |it| it.latest().finished_at.is_some());
        assert_eq!(fixture.latest().status, ServiceDeploymentStatus::Successful, "{fault}");
    }
}
