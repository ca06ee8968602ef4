//! How tasks stop (ECS:task-lifecycle-explanation, ECS:load-balancer-connection-draining).

use rollout_sim::ecs::{self, TaskStatus};
use rollout_sim::image::ImageBehaviour;
use rollout_sim::params::Params;
use serde_json::json;

use crate::fixture::{Fixture, Setup};

/// Stops the only task; answers the states it goes through and how long each lasts.
fn stop(setup: Setup, image: ImageBehaviour) -> Vec<(TaskStatus, f64)> {
    let mut fixture = Fixture::empty(setup);
    fixture.create_service(image);
    fixture.until(600.0, "healthy", |it| {
        it.service().events.iter().any(|event| event.message.contains("steady"))
    });
    let arn = fixture.tasks()[0].task_arn.clone();
    let request = json!({"cluster": "demo", "task": arn, "reason": "by hand"});
    ecs::stop_task(&mut fixture.world, serde_json::from_value(request).unwrap()).unwrap();
    let mut states: Vec<(TaskStatus, f64)> = Vec::new();
    let mut since = fixture.world.now();
    loop {
        let status = fixture.tasks().iter().find(|task| task.task_arn == arn).unwrap().last_status;
        if states.last().is_none_or(|(last, _)| *last != status) {
            if let Some((_, secs)) = states.last_mut() {
                *secs = fixture.secs_since(since);
            }
            since = fixture.world.now();
            states.push((status, 0.0));
        }
        if status == TaskStatus::Stopped {
            return states;
        }
        fixture.world.advance_to(fixture.world.next_event_at().unwrap());
    }
}

#[test]
fn a_stop_drains_then_signals_then_deprovisions() {
    let states = stop(
        Setup { drain_secs: 120, ..Setup::default() },
        ImageBehaviour { stop_secs: 3.0, ..ImageBehaviour::default() },
    );
    use TaskStatus::{Deactivating, Deprovisioning, Stopped, Stopping};
    let Params { drained_lag_secs, deprovisioning_secs, .. } = Params::default();
    let deactivating = 120.0 + drained_lag_secs;
    assert_eq!(
        states,
        [
            (Deactivating, deactivating),
            (Stopping, 3.0),
            (Deprovisioning, deprovisioning_secs),
            (Stopped, 0.0)
        ]
    );
}

#[test]
fn draining_lasts_the_whole_deregistration_delay() {
    let states = stop(Setup { drain_secs: 300, ..Setup::default() }, ImageBehaviour::default());
    assert_eq!(states[0], (TaskStatus::Deactivating, 300.0 + Params::default().drained_lag_secs));
}

#[test]
fn a_deaf_program_is_killed_after_the_stop_timeout() {
    let deaf = ImageBehaviour { stop_secs: 1e6, ..ImageBehaviour::default() };
    let states = stop(Setup { stop_timeout_secs: 45, ..Setup::default() }, deaf);
    assert!(states.contains(&(TaskStatus::Stopping, 45.0)), "{states:?}");
}

#[test]
fn a_task_without_targets_is_signalled_at_once() {
    let states = stop(Setup { load_balancer: false, ..Setup::default() }, ImageBehaviour::default());
    assert_eq!(states[0].0, TaskStatus::Stopping);
}

#[test]
fn a_draining_target_gets_no_requests() {
    let mut fixture = Fixture::new(Setup { drain_secs: 300, ..Setup::default() });
    fixture.deploy(ImageBehaviour::default());
    fixture.until(300.0, "draining", |it| it.targets().contains(&"draining"));
    let host = fixture.host.clone();
    for _ in 0..10 {
        let answer =
            rollout_sim::elb::http_request(&mut fixture.world, &host, "/", "GET", &Default::default())
                .unwrap();
        assert_eq!((answer.status, answer.headers["x-release"].as_str()), (200, "v2"));
    }
}

#[test]
fn a_stopped_task_can_be_described_for_an_hour() {
    let mut fixture = Fixture::new(Setup::default());
    let arn = fixture.tasks()[0].task_arn.clone();
    let request = json!({"cluster": "demo", "task": arn});
    ecs::stop_task(&mut fixture.world, serde_json::from_value(request).unwrap()).unwrap();
    let status = |fixture: &Fixture| {
        fixture.tasks().iter().find(|task| task.task_arn == arn).map(|task| task.last_status)
    };
    fixture.until(600.0, "STOPPED", |it| status(it) == Some(TaskStatus::Stopped));
    fixture.run(3600.0);
    assert_eq!(status(&fixture), Some(TaskStatus::Stopped));
    fixture.run(3600.0);
    assert_eq!(status(&fixture), None);
    assert_eq!(fixture.service().running_count, 1, "the service replaced it");
}

#[test]
fn a_deleted_service_drains_and_becomes_inactive() {
    let mut fixture = Fixture::new(Setup::default());
    let plain = json!({"cluster": "demo", "service": "api"});
    let error = ecs::delete_service(&mut fixture.world, &serde_json::from_value(plain).unwrap()).unwrap_err();
    assert_eq!(error.code, "InvalidParameterException");
    let forced = json!({"cluster": "demo", "service": "api", "force": true});
    ecs::delete_service(&mut fixture.world, &serde_json::from_value(forced).unwrap()).unwrap();
    assert_eq!(fixture.service().status, ecs::ServiceStatus::Draining);
    fixture.until(300.0, "INACTIVE", |it| it.service().status == ecs::ServiceStatus::Inactive);
    fixture.create_service(ImageBehaviour::default());
    fixture.until(300.0, "a second life", |it| it.rollout() == ecs::RolloutState::Completed);
}
