//! Rolling updates (ECS:deployment-type-ecs).

use rollout_sim::ecs::{self, DeploymentStatus, RolloutState, Task, TaskStatus};
use rollout_sim::image::ImageBehaviour;
use serde_json::json;

use crate::fixture::{Fixture, Setup, crashing, without_health};

#[test]
fn a_service_reaches_a_steady_state() {
    let fixture = Fixture::new(Setup::default());
    let service = fixture.service();
    assert_eq!((service.running_count, service.pending_count, service.deployments.len()), (1, 0, 1));
    assert_eq!(fixture.targets(), ["healthy"]);
    let events = fixture.events();
    let told = |text: &str| {
        events.iter().position(|event| event.contains(text)).unwrap_or_else(|| panic!("{text}: {events:#?}"))
    };
    assert!(told("has started 1 tasks: (task ") < told("registered 1 targets in (target-group arn:"));
    assert!(told("deployment completed.") < told("has reached a steady state."));
}

#[test]
fn a_task_walks_through_its_states() {
    let mut fixture = Fixture::empty(Setup::default());
    fixture.create_service(ImageBehaviour::default());
    let mut seen: Vec<TaskStatus> = Vec::new();
    fixture.until(300.0, "the task runs", |it| it.service().running_count == 1);
    let mut fixture = Fixture::empty(Setup::default());
    fixture.create_service(ImageBehaviour::default());
    for _ in 0..60 {
        fixture.run(1.0);
        if let Some(task) = fixture.tasks().first()
            && seen.last() != Some(&task.last_status)
        {
            seen.push(task.last_status);
        }
    }
    use TaskStatus::{Activating, Pending, Provisioning, Running};
    assert_eq!(seen, [Provisioning, Pending, Activating, Running]);
}

#[test]
fn new_tasks_are_healthy_before_old_ones_stop() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    let new = fixture.deploy(ImageBehaviour::default());
    let mut lowest = usize::MAX;
    let mut most = 0;
    while fixture.rollout() == RolloutState::InProgress {
        let next = fixture.world.next_event_at().unwrap();
        fixture.world.advance_to(next);
        lowest = lowest.min(fixture.targets().iter().filter(|state| **state == "healthy").count());
        most =
            most.max(fixture.tasks().iter().filter(|task| task.last_status != TaskStatus::Stopped).count());
    }
    assert_eq!(lowest, 2, "minimum healthy percent 100 keeps both");
    assert_eq!(most, 4, "maximum percent 200 allows four");
    assert_eq!(fixture.service().task_definition, new);
}

#[test]
fn max_100_stops_an_old_task_before_it_starts_a_new_one() {
    let mut fixture = Fixture::new(Setup { desired: 2, minimum: 50, maximum: 100, ..Setup::default() });
    fixture.deploy(ImageBehaviour::default());
    let mut most = 0;
    let mut lowest = usize::MAX;
    while fixture.rollout() == RolloutState::InProgress {
        let next = fixture.world.next_event_at().unwrap();
        fixture.world.advance_to(next);
        most =
            most.max(fixture.tasks().iter().filter(|task| task.last_status != TaskStatus::Stopped).count());
        lowest = lowest.min(fixture.targets().iter().filter(|state| **state == "healthy").count());
    }
    assert_eq!((most, lowest), (2, 1));
}

#[test]
fn minimum_is_rounded_up_and_maximum_down() {
    // 3 tasks, 50..150 percent: at least 2 healthy, at most 4 in all.
    let mut fixture = Fixture::new(Setup { desired: 3, minimum: 50, maximum: 150, ..Setup::default() });
    fixture.deploy(ImageBehaviour::default());
    let (mut most, mut lowest) = (0, usize::MAX);
    while fixture.rollout() == RolloutState::InProgress {
        let next = fixture.world.next_event_at().unwrap();
        fixture.world.advance_to(next);
        most =
            most.max(fixture.tasks().iter().filter(|task| task.last_status != TaskStatus::Stopped).count());
        lowest = lowest.min(fixture.targets().iter().filter(|state| **state == "healthy").count());
    }
    assert_eq!((most, lowest), (4, 2));
}

#[test]
fn a_deployment_completes_only_when_the_old_tasks_have_drained() {
    let mut fixture = Fixture::new(Setup { drain_secs: 300, ..Setup::default() });
    fixture.deploy(ImageBehaviour::default());
    fixture.until(300.0, "draining", |it| it.targets().contains(&"draining"));
    let deployments = fixture.service().deployments;
    assert_eq!(deployments.len(), 2);
    assert_eq!(deployments[1].status, DeploymentStatus::Active);
    let rest = fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    let rest = rest - fixture.world.params.drained_lag_secs;
    assert!((300.0..360.0).contains(&rest), "{rest}");
}

#[test]
fn an_unhealthy_task_is_replaced_first_if_the_maximum_allows() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    let definition = fixture.service().task_definition;
    fixture.modify_group(json!({"HealthCheckPath": "/health2"}));
    // All images answer everything with 200, so the change harms nobody.
    fixture.run(120.0);
    assert_eq!(fixture.tasks_of(&definition).len(), 2);

    let digest = fixture.tasks()[0].containers[0].image_digest.clone().unwrap();
    fixture.world.images.insert(digest, without_health());
    fixture.modify_group(json!({"HealthCheckPath": "/health3"}));
    fixture.until(300.0, "replacements start", |it| it.tasks_of(&definition).len() == 4);
    assert!(fixture.tasks().iter().take(2).all(|task| task.last_status == TaskStatus::Running));
}

#[test]
fn a_task_that_stops_is_replaced_while_it_drains_if_the_maximum_allows() {
    for exits in [true, false] {
        let mut fixture = Fixture::empty(Setup { drain_secs: 300, ..Setup::default() });
        let behaviour = if exits { crashing(200.0) } else { ImageBehaviour::default() };
        fixture.create_service(behaviour);
        fixture.until(150.0, "completion", |it| it.rollout() == RolloutState::Completed);
        let first = fixture.tasks()[0].task_arn.clone();
        if !exits {
            let stop = json!({"cluster": "demo", "task": first});
            ecs::stop_task(&mut fixture.world, serde_json::from_value(stop).unwrap()).unwrap();
        }
        fixture.until(300.0, "draining", |it| it.targets() == ["draining"]);
        fixture.until(30.0, "the replacement", |it| it.tasks().len() == 2);
        assert_eq!(fixture.tasks()[0].last_status, TaskStatus::Deactivating);
    }
}

#[test]
fn unhealthy_tasks_stop_first_one_at_a_time_where_the_maximum_leaves_no_room() {
    let mut fixture = Fixture::new(Setup { desired: 3, minimum: 50, maximum: 100, ..Setup::default() });
    let digest = fixture.tasks()[0].containers[0].image_digest.clone().unwrap();
    fixture.world.images.insert(digest, without_health());
    fixture.modify_group(json!({"HealthCheckPath": "/health3"}));
    for _ in 0..200 {
        fixture.run(1.0);
        let tasks = fixture.tasks();
        let present = |task: &&Task| task.last_status != TaskStatus::Stopped;
        let leaving = |task: &&Task| present(task) && task.stopping_at.is_some();
        assert!(tasks.iter().filter(leaving).count() <= 1);
        assert!(tasks.iter().filter(present).count() <= 3, "the maximum of 100 percent");
    }
    assert!(fixture.tasks().len() > 3);
}

#[test]
fn scaling_starts_no_deployment() {
    let mut fixture = Fixture::new(Setup::default());
    let id = fixture.primary().id;
    fixture.update(json!({"desiredCount": 3}));
    fixture.until(300.0, "three tasks", |it| it.service().running_count == 3);
    assert_eq!(fixture.primary().id, id);
    fixture.update(json!({"desiredCount": 1}));
    fixture.until(300.0, "one task", |it| {
        it.tasks().iter().filter(|t| t.last_status != TaskStatus::Stopped).count() == 1
    });
    assert_eq!(fixture.service_deployments().len(), 1);
}

#[test]
fn a_changed_grace_period_or_configuration_starts_no_deployment() {
    let mut fixture = Fixture::new(Setup::default());
    let id = fixture.primary().id;
    let definition = fixture.service().task_definition;
    fixture.update(json!({"healthCheckGracePeriodSeconds": 60, "taskDefinition": definition,
        "deploymentConfiguration": {"minimumHealthyPercent": 50}}));
    assert_eq!(fixture.primary().id, id);
    let config = fixture.service().deployment_configuration;
    assert_eq!(
        (config.minimum_healthy_percent, config.maximum_percent),
        (Some(50), Some(200)),
        "the rest keeps its value"
    );
}

#[test]
fn a_forced_deployment_replaces_every_task() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    let before: Vec<_> = fixture.tasks().into_iter().map(|task| task.task_arn).collect();
    fixture.update(json!({"forceNewDeployment": true}));
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    let running: Vec<_> =
        fixture.tasks().into_iter().filter(|task| task.last_status == TaskStatus::Running).collect();
    assert_eq!(running.len(), 2);
    assert!(running.iter().all(|task| !before.contains(&task.task_arn)));
}

#[test]
fn surplus_tasks_that_fail_in_their_grace_period_are_stopped_first() {
    let mut fixture = Fixture::new(Setup { desired: 2, grace_secs: 3600, ..Setup::default() });
    let healthy: Vec<String> = fixture.tasks().into_iter().map(|task| task.task_arn).collect();
    for image in fixture.world.images.values_mut() {
        *image = without_health();
    }
    fixture.update(json!({"desiredCount": 4}));
    fixture.until(300.0, "two that fail", |it| {
        it.targets().iter().filter(|state| **state == "unhealthy").count() == 2
    });
    fixture.run(300.0);
    assert_eq!(fixture.tasks().len(), 4, "their grace is not over");
    fixture.update(json!({"desiredCount": 2}));
    fixture.run(300.0);
    let left = fixture.tasks().into_iter().filter(|task| task.last_status == TaskStatus::Running);
    assert_eq!(left.map(|task| task.task_arn).collect::<Vec<_>>(), healthy);
}

#[test]
fn tasks_that_drain_count_against_the_maximum() {
    let mut fixture = Fixture::new(Setup { desired: 2, drain_secs: 300, ..Setup::default() });
    let old = fixture.service().task_definition;
    let new = fixture.deploy(ImageBehaviour::default());
    fixture.until(300.0, "both old tasks drain", |it| {
        it.targets().iter().filter(|state| **state == "draining").count() == 2
    });
    let victim = fixture.tasks_of(&new)[0].task_arn.clone();
    let stop = json!({"cluster": "demo", "task": victim});
    ecs::stop_task(&mut fixture.world, serde_json::from_value(stop).unwrap()).unwrap();
    // Only one task is RUNNING or PENDING, in the sense that its stop was not ordered; but none of four is STOPPED.
    let present = |it: &Fixture| it.tasks().iter().filter(|t| t.last_status != TaskStatus::Stopped).count();
    let waited = fixture.until(900.0, "the replacement", |it| {
        assert!(present(it) <= 4, "the maximum of 200 percent of two");
        it.tasks_of(&new).len() == 3
    });
    assert!(waited > 290.0, "{waited}");
    assert!(fixture.tasks_of(&old).iter().any(|task| task.last_status == TaskStatus::Stopped));
}
