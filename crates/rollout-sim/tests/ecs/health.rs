//! Health checks of target groups (ALB:target-group-health-checks) and containers (bc:ecs/HealthCheck), and
//! what the scheduler makes of them.

use rollout_sim::ecs::{self, HealthStatus, RolloutState, TaskStatus};
use rollout_sim::elb;
use rollout_sim::image::ImageBehaviour;
use serde_json::json;

use crate::fixture::{Fixture, Setup, without_health};

/// Seconds from RUNNING until the task is told to stop.
fn lived(fixture: &Fixture, definition: &str) -> f64 {
    let task = &fixture.tasks_of(definition)[0];
    task.stopping_at.unwrap() - task.started_at.unwrap()
}

fn until_first_stop(fixture: &mut Fixture, definition: &str) -> f64 {
    fixture.until(7200.0, "the first stop", |it| {
        it.tasks_of(definition).iter().any(|task| task.stopping_at.is_some())
    });
    lived(fixture, definition)
}

#[test]
fn a_new_target_needs_one_success_whatever_the_threshold() {
    let mut fixture = Fixture::empty(Setup { healthy_threshold: 10, interval_secs: 30, ..Setup::default() });
    fixture.create_service(ImageBehaviour { listen_after_secs: 0.0, ..ImageBehaviour::default() });
    fixture.until(120.0, "RUNNING", |it| it.service().running_count == 1);
    let secs = fixture.until(120.0, "healthy", |it| it.targets() == ["healthy"]);
    assert!(secs <= 30.0, "{secs}: ten checks would take 300 s");
}

#[test]
fn a_target_is_unhealthy_after_the_unhealthy_threshold_of_failures() {
    for (interval, threshold) in [(10, 2), (10, 5), (30, 3)] {
        let setup = Setup { interval_secs: interval, unhealthy_threshold: threshold, ..Setup::default() };
        let mut fixture = Fixture::new(setup);
        let new = fixture.deploy(without_health());
        let secs = until_first_stop(&mut fixture, &new);
        let checks = f64::from(interval * (threshold - 1)) + fixture.world.params.health_lag_secs;
        assert!((checks..checks + 15.0).contains(&secs), "{interval}x{threshold}: {secs}");
    }
}

#[test]
fn the_scheduler_names_the_codes() {
    let mut fixture = Fixture::new(Setup::default());
    let new = fixture.deploy(without_health());
    until_first_stop(&mut fixture, &new);
    let events = fixture.events();
    let told = "due to (reason Health checks failed with these codes: [404]).";
    assert!(events.iter().any(|event| event.ends_with(told) && event.contains("(port 3001) is unhealthy in (target-group")), "{events:#?}");
}

#[test]
fn a_hanging_target_times_out() {
    let mut fixture = Fixture::new(Setup::default());
    let new = fixture.deploy(ImageBehaviour { answer_secs: 20.0, ..ImageBehaviour::default() });
    until_first_stop(&mut fixture, &new);
    assert!(fixture.events().iter().any(|event| event.ends_with("due to (reason Request timed out).")));

    // The time-out of the group is 4 s.
    let mut fixture = Fixture::new(Setup::default());
    fixture.deploy(ImageBehaviour { answer_secs: 3.9, ..ImageBehaviour::default() });
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    let mut fixture = Fixture::new(Setup::default());
    let new = fixture.deploy(ImageBehaviour { answer_secs: 4.1, ..ImageBehaviour::default() });
    until_first_stop(&mut fixture, &new);
    assert!(fixture.events().iter().any(|event| event.ends_with("due to (reason Request timed out).")));
}

#[test]
fn the_grace_period_ignores_failures_after_the_start() {
    let mut fixture = Fixture::new(Setup { grace_secs: 120, ..Setup::default() });
    let new = fixture.deploy(without_health());
    let secs = until_first_stop(&mut fixture, &new) - fixture.world.params.health_lag_secs;
    assert!((120.0..140.0).contains(&secs), "{secs}");
}

#[test]
fn the_grace_period_ignores_container_checks_too() {
    let check = json!({"command": ["CMD", "check"], "interval": 5, "retries": 2});
    let mut fixture = Fixture::new(Setup { grace_secs: 120, container_check: check, ..Setup::default() });
    let new = fixture.deploy(ImageBehaviour { container_check_passes: false, ..ImageBehaviour::default() });
    let secs = until_first_stop(&mut fixture, &new);
    assert!((120.0..140.0).contains(&secs), "{secs}");
}

#[test]
fn the_grace_period_lets_a_slow_program_come_up() {
    let mut fixture = Fixture::new(Setup { grace_secs: 120, healthy_threshold: 2, ..Setup::default() });
    let new = fixture.deploy(ImageBehaviour { listen_after_secs: 90.0, ..ImageBehaviour::default() });
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert_eq!(fixture.tasks_of(&new).len(), 1);
}

#[test]
fn a_container_is_unhealthy_after_start_period_and_retries() {
    let check = json!({"command": ["CMD", "check"], "interval": 10, "retries": 3, "startPeriod": 60});
    let mut fixture =
        Fixture::new(Setup { container_check: check, load_balancer: false, ..Setup::default() });
    let new = fixture.deploy(ImageBehaviour { container_check_passes: false, ..ImageBehaviour::default() });
    let secs = until_first_stop(&mut fixture, &new);
    assert!((90.0..100.0).contains(&secs), "{secs}");
    assert_eq!(fixture.tasks_of(&new)[0].health_status, HealthStatus::Unhealthy);
    assert!(fixture.events().iter().any(|event| event.ends_with("failed container health checks.")));
}

#[test]
fn an_early_pass_ends_the_immunity_of_the_start_period() {
    let check = json!({"command": ["CMD", "check"], "interval": 5, "retries": 3, "startPeriod": 300});
    let setup = || Setup { container_check: check.clone(), load_balancer: false, ..Setup::default() };
    let turning = |listen_after_secs| ImageBehaviour {
        listen_after_secs,
        fails_after_secs: Some(20.0),
        ..ImageBehaviour::default()
    };
    // The first passes after 5 s and fails three times from 20 s on, far inside the start period; the second never
    // passed and is immune to the end of the period.
    for (listen_after_secs, expected) in [(0.0, 30.0..40.0), (25.0, 305.0..320.0)] {
        let mut fixture = Fixture::new(setup());
        let new = fixture.deploy(turning(listen_after_secs));
        let first = |it: &Fixture| it.tasks_of(&new).into_iter().next();
        fixture.until(120.0, "RUNNING", |it| first(it).is_some_and(|task| task.started_at.is_some()));
        let secs = fixture.until(600.0, "UNHEALTHY", |it| {
            first(it).is_some_and(|task| task.health_status == HealthStatus::Unhealthy)
        });
        assert!(expected.contains(&secs), "{listen_after_secs}: {secs}");
    }
}

#[test]
fn a_program_that_goes_wrong_without_exiting_is_replaced() {
    let mut fixture = Fixture::new(Setup::default());
    let new = fixture.deploy(ImageBehaviour { fails_after_secs: Some(200.0), ..ImageBehaviour::default() });
    fixture.until(150.0, "completion", |it| it.rollout() == RolloutState::Completed);
    let secs = fixture.until(600.0, "unhealthy", |it| it.targets().contains(&"unhealthy"));
    assert!(secs < 200.0, "{secs}");
    let secs = until_first_stop(&mut fixture, &new);
    let secs = secs - fixture.world.params.health_lag_secs;
    assert!((210.0..300.0).contains(&secs), "two checks, 10 s apart, then a replacement first: {secs}");
    let told = "due to (reason Health checks failed with these codes: [500]).";
    assert!(fixture.events().iter().any(|event| event.ends_with(told)));
}

#[test]
fn container_checks_have_the_documented_defaults() {
    let plain = || Setup {
        container_check: json!({"command": ["CMD", "check"]}),
        load_balancer: false,
        ..Setup::default()
    };
    // Three checks, 30 s apart, and no start period.
    let mut fixture = Fixture::new(plain());
    let new = fixture.deploy(ImageBehaviour { container_check_passes: false, ..ImageBehaviour::default() });
    let secs = until_first_stop(&mut fixture, &new);
    assert!((90.0..100.0).contains(&secs), "{secs}");
    // A check may take 5 s.
    for (answer_secs, health) in [(4.9, HealthStatus::Healthy), (5.1, HealthStatus::Unhealthy)] {
        let mut fixture = Fixture::new(plain());
        let new = fixture.deploy(ImageBehaviour { answer_secs, ..ImageBehaviour::default() });
        fixture.until(600.0, "a verdict", |it| {
            it.tasks_of(&new).first().is_some_and(|task| task.health_status != HealthStatus::Unknown)
        });
        assert_eq!(fixture.tasks_of(&new)[0].health_status, health, "{answer_secs}");
    }
}

#[test]
fn a_task_without_checks_is_healthy_40_s_after_running() {
    let mut fixture = Fixture::empty(Setup { load_balancer: false, ..Setup::default() });
    fixture.create_service(ImageBehaviour::default());
    fixture.until(120.0, "RUNNING", |it| it.service().running_count == 1);
    let secs = fixture.until(120.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert!((40.0..60.0).contains(&secs), "{secs}");
}

#[test]
fn a_task_needs_all_configured_checks() {
    let check = json!({"command": ["CMD", "check"], "interval": 60, "retries": 3});
    let mut fixture = Fixture::empty(Setup { container_check: check, ..Setup::default() });
    fixture.create_service(ImageBehaviour::default());
    fixture.until(120.0, "the target is healthy", |it| it.targets() == ["healthy"]);
    assert_eq!(fixture.rollout(), RolloutState::InProgress);
    let secs = fixture.until(120.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert!(secs > 30.0, "{secs}");

    // The other way round the target is the last: its first check comes too early, and the next 60 s later.
    let check = json!({"command": ["CMD", "check"], "interval": 5, "retries": 3});
    let mut fixture = Fixture::empty(Setup { container_check: check, interval_secs: 60, ..Setup::default() });
    fixture.create_service(ImageBehaviour { listen_after_secs: 8.0, ..ImageBehaviour::default() });
    fixture.until(120.0, "the container is healthy", |it| {
        it.tasks().first().is_some_and(|task| task.health_status == HealthStatus::Healthy)
    });
    assert_eq!((fixture.targets(), fixture.rollout()), (vec!["initial"], RolloutState::InProgress));
    let secs = fixture.until(120.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert!(secs > 30.0, "{secs}");
}

#[test]
fn a_task_that_its_registry_calls_healthy_again_in_time_is_kept() {
    let registry = "arn:aws:servicediscovery:us-west-2:123456789012:service/srv-1";
    for (recovers, tasks) in [(true, 1), (false, 2)] {
        let mut fixture = Fixture::new(Setup { grace_secs: 300, ..Setup::default() });
        let definition = fixture.release(ImageBehaviour::default());
        fixture
            .update(json!({"taskDefinition": definition, "serviceRegistries": [{"registryArn": registry}]}));
        fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
        let task = fixture.tasks_of(&definition)[0].task_arn.clone();
        ecs::set_custom_health(&mut fixture.world, &task, false).unwrap();
        fixture.run(60.0);
        assert_eq!(fixture.tasks_of(&definition).len(), 1, "its grace is not over");
        if recovers {
            ecs::set_custom_health(&mut fixture.world, &task, true).unwrap();
        }
        fixture.run(300.0);
        assert_eq!(fixture.tasks_of(&definition).len(), tasks, "{recovers}");
    }
}

#[test]
fn health_checks_cannot_be_turned_off_for_addresses() {
    let mut fixture = Fixture::new(Setup::default());
    let request = json!({"TargetGroupArn": fixture.group, "HealthCheckEnabled": false});
    let refused =
        elb::modify_target_group(&mut fixture.world, serde_json::from_value(request).unwrap()).unwrap_err();
    assert_eq!(refused.code, "ValidationError");
}

#[test]
fn a_changed_health_check_reaches_running_tasks() {
    let mut fixture = Fixture::new(Setup::default());
    let definition = fixture.service().task_definition;
    let digest = fixture.tasks()[0].containers[0].image_digest.clone().unwrap();
    fixture.world.images.insert(
        digest,
        ImageBehaviour { paths: [("/health".to_owned(), 200)].into(), ..ImageBehaviour::default() },
    );
    fixture.run(600.0);
    assert_eq!(fixture.tasks_of(&definition).len(), 1, "nothing happens while the path is right");
    fixture.modify_group(json!({"HealthCheckPath": "/moved"}));
    fixture.until(60.0, "unhealthy", |it| it.targets().contains(&"unhealthy"));
    fixture.modify_group(json!({"HealthCheckPath": "/health"}));
    fixture.until(300.0, "healthy again", |it| it.targets().contains(&"healthy"));
}

#[test]
fn checks_run_only_while_a_rule_routes_to_the_group() {
    let mut fixture = Fixture::new(Setup::default());
    let request = json!({"ListenerArn": fixture.listener});
    let rules = elb::describe_rules(&fixture.world, &serde_json::from_value(request).unwrap()).unwrap().rules;
    let delete = json!({"RuleArn": rules[0].rule_arn});
    elb::delete_rule(&mut fixture.world, &serde_json::from_value(delete).unwrap()).unwrap();
    assert_eq!(fixture.targets(), ["unused"]);
    fixture.run(600.0);
    assert_eq!(fixture.tasks().iter().filter(|task| task.last_status == TaskStatus::Running).count(), 1);
    fixture.route(20, "/*");
    assert_eq!(fixture.targets(), ["initial"]);
    fixture.until(60.0, "healthy", |it| it.targets() == ["healthy"]);
}
