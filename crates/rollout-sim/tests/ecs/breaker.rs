//! The deployment circuit breaker (ECS:deployment-circuit-breaker) and start throttling
//! (ECS:service-throttle-logic).

use rollout_sim::ecs::{
    self, DeploymentStatus, MonitorStatus, RolloutState, ServiceDeploymentStatus, StopCode,
};
use rollout_sim::image::ImageBehaviour;
use serde_json::{Value, json};

use crate::fixture::{Fixture, Setup, crashing, without_health};

/// Failures counted when the first, failing deployment of a service with these settings is FAILED.
fn failures_at_trip(desired: u32, threshold: Value) -> u32 {
    let breaker = json!({"enable": true, "rollback": false, "thresholdConfiguration": threshold});
    let mut fixture = Fixture::empty(Setup { desired, breaker, load_balancer: false, ..Setup::default() });
    // Nothing else fails while the breaker takes its time.
    fixture.world.params.breaker_lag_secs = 5.0;
    fixture.create_service(crashing(1.0));
    fixture.until(7200.0, "the trip", |it| it.rollout() == RolloutState::Failed);
    let breaker = fixture.latest().deployment_circuit_breaker;
    assert_eq!(breaker.status, MonitorStatus::Triggered);
    assert!(breaker.failure_count >= breaker.threshold);
    if desired == 1 {
        assert_eq!(breaker.failure_count, breaker.threshold, "one after the other: none fails beyond it");
    }
    breaker.threshold
}

#[test]
fn bounded_percent_is_rounded_up_and_clamped_between_3_and_200() {
    assert_eq!(failures_at_trip(1, Value::Null), 3);
    assert_eq!(failures_at_trip(25, Value::Null), 13);
    assert_eq!(failures_at_trip(400, Value::Null), 200);
    assert_eq!(failures_at_trip(10, json!({"type": "BOUNDED_PERCENT", "value": 100})), 10);
    assert_eq!(failures_at_trip(600, json!({"type": "BOUNDED_PERCENT", "value": 50})), 200);
}

#[test]
fn unbounded_percent_is_not_clamped() {
    assert_eq!(failures_at_trip(1, json!({"type": "UNBOUNDED_PERCENT", "value": 50})), 1);
    assert_eq!(failures_at_trip(600, json!({"type": "UNBOUNDED_PERCENT", "value": 50})), 300);
}

#[test]
fn count_is_the_number_of_failures() {
    assert_eq!(failures_at_trip(1, json!({"type": "COUNT", "value": 5})), 5);
    assert_eq!(failures_at_trip(40, json!({"type": "COUNT", "value": 1})), 1);
}

#[test]
fn the_threshold_follows_the_latest_desired_count() {
    let mut fixture = Fixture::empty(Setup { desired: 10, load_balancer: false, ..Setup::default() });
    fixture.create_service(ImageBehaviour::default());
    fixture.update(json!({"desiredCount": 25}));
    assert_eq!(fixture.latest().deployment_circuit_breaker.threshold, 13);

    // It is what trips, too. With a maximum of 104 percent new tasks fail two, then one at a time.
    let mut fixture =
        Fixture::new(Setup { desired: 50, maximum: 104, load_balancer: false, ..Setup::default() });
    fixture.deploy(crashing(1.0));
    fixture.until(3600.0, "some failures", |it| it.primary().failed_tasks >= 6);
    fixture.update(json!({"desiredCount": 25}));
    fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some());
    let breaker = fixture.latest().deployment_circuit_breaker;
    assert_eq!(breaker.threshold, 13);
    assert!((13..20).contains(&breaker.failure_count), "of 50 it would be 25: {}", breaker.failure_count);
}

#[test]
fn tasks_that_never_run_count_in_the_first_stage() {
    let mut fixture = Fixture::new(Setup::default());
    let missing = fixture.register(&format!("{}@sha256:{}", crate::fixture::REPOSITORY, "0".repeat(64)));
    fixture.update(json!({"taskDefinition": missing}));
    fixture.until(1800.0, "the trip", |it| it.latest().rollback.is_some());
    assert_eq!(fixture.latest().deployment_circuit_breaker.failure_count, 3);
    assert_eq!(fixture.tasks_of(&missing).len(), 3);
    assert!(
        fixture.tasks_of(&missing).iter().all(|task| task.stop_code == Some(StopCode::TaskFailedToStart))
    );
}

#[test]
fn a_failed_start_does_not_count_once_a_task_has_run() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    let new = fixture.deploy(ImageBehaviour { listen_after_secs: 100_000.0, ..ImageBehaviour::default() });
    fixture.modify_group(json!({"HealthCheckIntervalSeconds": 300}));
    fixture.until(120.0, "both run", |it| it.service().running_count == 4);
    // The image disappears; a task of the running deployment is stopped by hand and cannot come back.
    let digest = fixture.tasks_of(&new)[0].containers[0].image_digest.clone().unwrap();
    let delete = json!({"repositoryName": "api", "imageIds": [{"imageDigest": digest}]});
    rollout_sim::ecr::batch_delete_image(&mut fixture.world, &serde_json::from_value(delete).unwrap())
        .unwrap();
    let victim = fixture.tasks_of(&new)[0].task_arn.clone();
    let stop = json!({"cluster": "demo", "task": victim});
    ecs::stop_task(&mut fixture.world, serde_json::from_value(stop).unwrap()).unwrap();
    fixture.until(600.0, "a failed start", |it| {
        it.tasks_of(&new).iter().any(|task| task.stop_code == Some(StopCode::TaskFailedToStart))
    });
    assert_eq!(fixture.primary().failed_tasks, 0);
}

#[test]
fn tasks_replaced_for_failing_load_balancer_checks_count_in_the_second_stage() {
    let mut fixture = Fixture::new(Setup::default());
    let old = fixture.service().task_definition;
    let new = fixture.deploy(without_health());
    fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some());
    let tasks = fixture.tasks_of(&new);
    assert_eq!(tasks.len(), 3, "strictly one after the other");
    for task in &tasks[..2] {
        assert_eq!(task.stop_code, Some(StopCode::ServiceSchedulerInitiated));
        assert!(
            task.stopped_reason
                .as_ref()
                .unwrap()
                .starts_with("Task failed ELB health checks in (target-group arn:")
        );
    }
    fixture
        .until(600.0, "the rollback", |it| it.latest().status == ServiceDeploymentStatus::RollbackSuccessful);
    assert_eq!(fixture.service().task_definition, old);
}

#[test]
fn tasks_replaced_for_failing_cloud_map_checks_count_in_the_second_stage() {
    let mut fixture = Fixture::new(Setup { desired: 3, ..Setup::default() });
    let definition = fixture.release(ImageBehaviour::default());
    let registry = "arn:aws:servicediscovery:us-west-2:123456789012:service/srv-1";
    // Without a registry there is nothing to say about a task.
    let outside = fixture.tasks()[0].task_arn.clone();
    assert!(ecs::set_custom_health(&mut fixture.world, &outside, false).is_err());
    fixture.update(json!({"taskDefinition": definition, "serviceRegistries": [{"registryArn": registry}]}));
    fixture.until(120.0, "RUNNING", |it| it.service().running_count == 6);
    let tasks: Vec<String> = fixture.tasks_of(&definition).into_iter().map(|task| task.task_arn).collect();
    for (place, task) in tasks.iter().enumerate() {
        assert_eq!(fixture.primary().failed_tasks, u32::try_from(place).unwrap());
        ecs::set_custom_health(&mut fixture.world, task, false).unwrap();
    }
    assert_eq!(fixture.primary().failed_tasks, 3);
    fixture.until(600.0, "the rollback", |it| it.latest().rollback.is_some());
}

#[test]
fn tasks_replaced_for_failing_container_checks_count_in_the_second_stage() {
    let check = json!({"command": ["CMD-SHELL", "true"], "interval": 5, "retries": 2});
    let mut fixture = Fixture::new(Setup { container_check: check, ..Setup::default() });
    let new = fixture.deploy(ImageBehaviour { container_check_passes: false, ..ImageBehaviour::default() });
    fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some());
    let first = &fixture.tasks_of(&new)[0];
    assert_eq!(first.stopped_reason.as_deref(), Some("Task failed container health checks"));
}

#[test]
fn an_exit_before_the_first_healthy_moment_counts() {
    let mut fixture = Fixture::new(Setup::default());
    let new = fixture.deploy(crashing(2.0));
    fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some());
    let first = &fixture.tasks_of(&new)[0];
    assert_eq!(first.stop_code, Some(StopCode::EssentialContainerExited));
    assert_eq!(first.stopped_reason.as_deref(), Some("Essential container in task exited"));
    assert_eq!(first.containers[0].exit_code, Some(1));
}

#[test]
fn an_exit_after_being_healthy_does_not_count() {
    // Nothing sets the count back, so that one exit would show.
    let breaker = json!({"enable": true, "rollback": true, "resetOnHealthyTask": false});
    let mut fixture = Fixture::new(Setup { breaker, bake_minutes: Some(1440), ..Setup::default() });
    let new = fixture.deploy(crashing(60.0));
    fixture.until(3600.0, "exits", |it| it.tasks_of(&new).len() > 10);
    let exited = |task: &&ecs::Task| task.stop_code == Some(StopCode::EssentialContainerExited);
    assert!(fixture.tasks_of(&new).iter().filter(exited).count() >= 10);
    assert_eq!(fixture.rollout(), RolloutState::InProgress);
    assert_eq!(fixture.primary().failed_tasks, 0);
}

#[test]
fn a_healthy_task_resets_the_count_unless_that_is_turned_off() {
    // Two of three tasks fail once and their replacements are healthy: the image recovers.
    for (reset, expected) in [(true, 0), (false, 2)] {
        let breaker = json!({"enable": true, "rollback": true, "resetOnHealthyTask": reset});
        let mut fixture =
            Fixture::new(Setup { desired: 2, breaker, bake_minutes: Some(60), ..Setup::default() });
        let new = fixture.deploy(crashing(2.0));
        fixture.until(600.0, "two failures", |it| it.primary().failed_tasks == 2);
        let digest = fixture.tasks_of(&new)[0].containers[0].image_digest.clone().unwrap();
        fixture.world.images.insert(digest, ImageBehaviour::default());
        fixture.until(600.0, "the bake", |it| it.latest().lifecycle_stage.as_deref() == Some("BAKE_TIME"));
        assert_eq!(fixture.primary().failed_tasks, expected, "reset {reset}");
    }
}

#[test]
fn the_rollback_goes_to_the_last_completed_deployment_under_its_old_id() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    // Two have completed: the more recent one is gone back to.
    let oldest = fixture.primary().id;
    fixture.deploy(ImageBehaviour::default());
    fixture.until(600.0, "the second release", |it| it.rollout() == RolloutState::Completed);
    let (id, old) = (fixture.primary().id, fixture.service().task_definition);
    assert_ne!(id, oldest);
    fixture.deploy(crashing(2.0));
    let failing = fixture.primary().id;
    fixture.until(3600.0, "the rollback begins", |it| it.primary().id == id);
    let deployments = fixture.service().deployments;
    assert_eq!(deployments[0].rollout_state, Some(RolloutState::InProgress));
    let reason = deployments[0].rollout_state_reason.clone().unwrap();
    assert_eq!(reason, format!("ECS deployment circuit breaker: rolling back to deploymentId {id}."));
    assert_eq!(
        (deployments[1].id.as_str(), deployments[1].status),
        (failing.as_str(), DeploymentStatus::Active)
    );
    assert_eq!(deployments[1].rollout_state, Some(RolloutState::Failed));
    assert_eq!(
        deployments[1].rollout_state_reason.as_deref(),
        Some("ECS deployment circuit breaker: tasks failed to start.")
    );
    fixture.until(600.0, "the rollback ends", |it| it.rollout() == RolloutState::Completed);
    let service = fixture.service();
    assert_eq!((service.deployments.len(), service.task_definition, service.running_count), (1, old, 2));
    let events = fixture.events().join("\n");
    assert!(
        events.contains(&format!("(deployment {failing}) deployment failed: tasks failed to start.")),
        "{events}"
    );
    assert!(events.contains(&format!("rolling back to deployment {id}.")), "{events}");
}

#[test]
fn without_a_completed_deployment_nothing_more_starts() {
    let mut fixture = Fixture::empty(Setup::default());
    fixture.create_service(crashing(2.0));
    fixture.until(3600.0, "the trip", |it| it.rollout() == RolloutState::Failed);
    let started = fixture.tasks().len();
    fixture.run(1800.0);
    assert_eq!(fixture.tasks().len(), started);
    let service = fixture.service();
    assert_eq!((service.deployments.len(), service.running_count, service.pending_count), (1, 0, 0));
    assert_eq!(service.deployments[0].status, DeploymentStatus::Primary);
    assert_eq!(fixture.latest().status, ServiceDeploymentStatus::RollbackFailed);
}

#[test]
fn without_rollback_the_deployment_fails_and_starts_nothing_more() {
    let mut fixture =
        Fixture::new(Setup { breaker: json!({"enable": true, "rollback": false}), ..Setup::default() });
    let old = fixture.service().task_definition;
    let new = fixture.deploy(crashing(2.0));
    fixture.until(3600.0, "the trip", |it| it.rollout() == RolloutState::Failed);
    assert_eq!(fixture.latest().status, ServiceDeploymentStatus::StopRequested);
    fixture.run(60.0);
    let started = fixture.tasks_of(&new).len();
    fixture.run(1800.0);
    assert_eq!(fixture.tasks_of(&new).len(), started);
    assert_eq!(fixture.latest().status, ServiceDeploymentStatus::Stopped);
    assert_eq!(
        fixture.tasks_of(&old).iter().filter(|task| task.stopping_at.is_none()).count(),
        1,
        "the old task serves on"
    );
}

#[test]
fn without_a_breaker_it_retries_for_ever() {
    let mut fixture =
        Fixture::new(Setup { breaker: json!({"enable": false, "rollback": false}), ..Setup::default() });
    fixture.deploy(crashing(2.0));
    fixture.run(4.0 * 3600.0);
    assert_eq!(fixture.rollout(), RolloutState::InProgress);
    assert!(fixture.primary().failed_tasks > 50, "crashes after RUNNING are not throttled");
    assert_eq!(fixture.latest().deployment_circuit_breaker.status, MonitorStatus::Disabled);
}

#[test]
fn a_rollback_that_fails_too_stalls() {
    // The incident: the health check moved, and neither release answers the new path.
    let setup = Setup { drain_secs: 300, interval_secs: 30, unhealthy_threshold: 5, ..Setup::default() };
    let mut fixture = Fixture::new(setup);
    let digest = fixture.tasks()[0].containers[0].image_digest.clone().unwrap();
    fixture.world.images.insert(digest, without_health());
    fixture.modify_group(json!({"HealthCheckPath": "/moved"}));
    fixture.deploy(without_health());
    let secs = fixture
        .until(4.0 * 3600.0, "the end", |it| it.latest().status == ServiceDeploymentStatus::RollbackFailed);
    assert!(secs > 2000.0, "{secs}");
    assert_eq!(fixture.rollout(), RolloutState::Failed);
    let end = fixture.world.now().as_epoch_secs();
    fixture.run(1800.0);
    assert!(fixture.tasks().iter().all(|task| task.created_at <= end), "nothing more starts");
    assert_eq!(fixture.service().running_count, 0, "and what failed its checks is gone");
}

#[test]
fn starts_that_never_run_are_throttled_up_to_27_minutes() {
    let mut fixture =
        Fixture::new(Setup { breaker: json!({"enable": false, "rollback": false}), ..Setup::default() });
    let missing = fixture.register(&format!("{}@sha256:{}", crate::fixture::REPOSITORY, "0".repeat(64)));
    fixture.update(json!({"taskDefinition": missing}));
    let mut starts: Vec<f64> = Vec::new();
    for _ in 0..(6 * 3600 / 10) {
        fixture.run(10.0);
        if let Some(task) = fixture.tasks_of(&missing).last()
            && starts.last() != Some(&task.created_at)
        {
            starts.push(task.created_at);
        }
    }
    let gaps: Vec<f64> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.windows(2).all(|pair| pair[1] >= pair[0] - 1.0), "never shorter: {gaps:?}");
    let last = gaps.last().unwrap();
    assert!((1620.0..1620.0 + 120.0).contains(last), "{gaps:?}");
    assert!(
        fixture.events().iter().any(|event| event == "is unable to consistently start tasks successfully.")
    );
    // A new task definition resets it.
    fixture.deploy(ImageBehaviour::default());
    let secs = fixture.until(600.0, "the good release", |it| it.rollout() == RolloutState::Completed);
    assert!(secs < 180.0, "{secs}");
}
