//! How long until a failing deployment is FAILED: R*detect + (R-1)*gap + lag with R rounds of at most S tasks at once
//! (fact sheet, section 4). T is the threshold of the breaker, D the desired count.

use rollout_sim::ecs::StopCode;
use rollout_sim::image::ImageBehaviour;
use rollout_sim::params::Params;
use serde_json::json;

use crate::fixture::{Fixture, REPOSITORY, Setup, crashing, without_health};

/// From the order to start a task until it is RUNNING: `u`.
fn start_secs(params: &Params) -> f64 {
    let pull = params.pull_base_secs + 180.0 / params.pull_mib_per_sec;
    params.provisioning_secs + params.pending_secs + pull + params.activating_secs
}

fn trip(fixture: &mut Fixture) -> f64 {
    fixture.until(7200.0, "the trip", |it| it.latest().rollback.is_some())
}

fn assert_near(secs: f64, expected: f64, tolerance: f64) {
    assert!((secs - expected).abs() <= tolerance, "{secs}, by the formula {expected}");
}

#[test]
fn the_formula_for_crashing_tasks_holds() {
    let mut fixture = Fixture::new(Setup { load_balancer: false, ..Setup::default() });
    let params = fixture.world.params.clone();
    fixture.deploy(crashing(2.0));
    let secs = trip(&mut fixture);
    let detect = start_secs(&params) + 2.0;
    // The maximum leaves no room for a third task: the next start waits until the last one is STOPPED.
    let gap = params.scheduler_lag_secs + params.deprovisioning_secs;
    let expected = params.scheduler_lag_secs + 3.0 * detect + 2.0 * gap + params.breaker_lag_secs;
    assert_near(secs, expected, 3.0 * params.scheduler_lag_secs);
}

#[test]
fn the_formula_for_images_that_cannot_be_pulled_holds() {
    let mut fixture = Fixture::new(Setup::default());
    let params = fixture.world.params.clone();
    let missing = fixture.register(&format!("{REPOSITORY}@sha256:{}", "0".repeat(64)));
    fixture.update(json!({"taskDefinition": missing}));
    let secs = trip(&mut fixture);
    let detect = params.provisioning_secs + params.pending_secs + params.pull_failure_secs;
    let backoff = params.throttle_base_secs * (1.0 + 2.0);
    let expected = params.scheduler_lag_secs + 3.0 * detect + backoff + params.breaker_lag_secs;
    assert_near(secs, expected, 4.0 * params.scheduler_lag_secs);
    assert!(
        fixture.tasks_of(&missing).iter().all(|task| task.stop_code == Some(StopCode::TaskFailedToStart))
    );
}

#[test]
fn the_formula_for_failing_load_balancer_checks_holds() {
    let (drain, interval, threshold) = (60.0, 10.0, 2.0);
    let mut fixture = Fixture::new(Setup { drain_secs: 60, ..Setup::default() });
    let params = fixture.world.params.clone();
    fixture.deploy(without_health());
    let secs = trip(&mut fixture);
    let detect = start_secs(&params) + threshold * interval + params.health_lag_secs;
    let stop = drain + params.drained_lag_secs + 1.0 + params.deprovisioning_secs;
    let expected = 3.0 * detect + 2.0 * (stop + 2.0 * params.scheduler_lag_secs) + params.breaker_lag_secs;
    assert_near(secs, expected, 3.0 * interval);
}

#[test]
fn the_formula_for_failing_load_balancer_checks_in_a_grace_period_holds() {
    let mut fixture = Fixture::new(Setup { grace_secs: 90, ..Setup::default() });
    let params = fixture.world.params.clone();
    fixture.deploy(without_health());
    let secs = trip(&mut fixture);
    let detect = start_secs(&params) + 90.0 + params.health_lag_secs;
    let stop = 30.0 + params.drained_lag_secs + 1.0 + params.deprovisioning_secs;
    let expected = 3.0 * detect + 2.0 * (stop + 2.0 * params.scheduler_lag_secs) + params.breaker_lag_secs;
    assert_near(secs, expected, 30.0);
}

#[test]
fn the_formula_for_failing_container_checks_holds() {
    let check = json!({"command": ["CMD", "check"], "interval": 10, "retries": 3, "startPeriod": 60});
    let mut fixture =
        Fixture::new(Setup { container_check: check, load_balancer: false, ..Setup::default() });
    let params = fixture.world.params.clone();
    fixture.deploy(ImageBehaviour { container_check_passes: false, ..ImageBehaviour::default() });
    let secs = trip(&mut fixture);
    let detect = start_secs(&params) + 60.0 + 3.0 * 10.0;
    let stop = 1.0 + params.deprovisioning_secs;
    let expected = 3.0 * detect + 2.0 * (stop + 2.0 * params.scheduler_lag_secs) + params.breaker_lag_secs;
    assert_near(secs, expected, 30.0);
}

#[test]
fn one_task_fails_in_three_rounds_two_in_two_and_three_in_one() {
    for (desired, rounds, tasks) in [(1, 3.0, 3), (2, 2.0, 4), (3, 1.0, 3)] {
        let mut fixture = Fixture::new(Setup { desired, ..Setup::default() });
        let params = fixture.world.params.clone();
        let new = fixture.deploy(without_health());
        let secs = trip(&mut fixture);
        let detect = start_secs(&params) + 20.0 + params.health_lag_secs;
        let gap =
            31.0 + params.drained_lag_secs + params.deprovisioning_secs + 2.0 * params.scheduler_lag_secs;
        let expected = rounds * detect + (rounds - 1.0) * gap + params.breaker_lag_secs;
        assert_near(secs, expected, 30.0);
        let judged = fixture.tasks_of(&new).iter().filter(|task| task.started_at.is_some()).count();
        assert!((3..=tasks).contains(&judged), "{desired}: {judged}");
    }
}

#[test]
fn a_tag_is_tried_by_one_task_at_a_time() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    let definition = fixture.register(&format!("{REPOSITORY}:none"));
    fixture.update(json!({"taskDefinition": definition}));
    trip(&mut fixture);
    let tasks = fixture.tasks_of(&definition);
    assert_eq!(tasks.len(), 3);
    for pair in tasks.windows(2) {
        assert!(pair[0].stopped_at.is_some_and(|stopped| stopped <= pair[1].created_at));
    }
}

#[test]
fn the_formula_for_crashing_tasks_behind_a_load_balancer_holds() {
    let mut fixture = Fixture::new(Setup { drain_secs: 60, ..Setup::default() });
    let params = fixture.world.params.clone();
    fixture.deploy(crashing(2.0));
    let secs = trip(&mut fixture);
    let detect = start_secs(&params) + 2.0;
    // A task that exits keeps its place until its target has drained.
    let gap = params.scheduler_lag_secs + 60.0 + params.drained_lag_secs + params.deprovisioning_secs;
    let expected = params.scheduler_lag_secs + 3.0 * detect + 2.0 * gap + params.breaker_lag_secs;
    assert_near(secs, expected, 3.0 * params.scheduler_lag_secs);
}

#[test]
fn a_target_that_hangs_takes_a_time_out_longer_than_one_that_answers_404() {
    let timed = |image: ImageBehaviour| {
        let mut fixture = Fixture::new(Setup { unhealthy_threshold: 3, ..Setup::default() });
        fixture.deploy(image);
        trip(&mut fixture)
    };
    let hanging = timed(ImageBehaviour { answer_secs: 20.0, ..ImageBehaviour::default() });
    // In each of the three rounds the last check takes the time-out of 4 s to fail.
    assert_near(hanging - timed(without_health()), 3.0 * 4.0, 1.0);
}

#[test]
fn a_maximum_of_125_percent_lets_one_of_four_tasks_fail_at_a_time() {
    let mut fixture = Fixture::new(Setup { desired: 4, maximum: 125, ..Setup::default() });
    let params = fixture.world.params.clone();
    let new = fixture.deploy(without_health());
    let secs = trip(&mut fixture);
    let detect = start_secs(&params) + 20.0 + params.health_lag_secs;
    let gap = 31.0 + params.drained_lag_secs + params.deprovisioning_secs + 2.0 * params.scheduler_lag_secs;
    assert_near(secs, 3.0 * detect + 2.0 * gap + params.breaker_lag_secs, 30.0);
    let tasks = fixture.tasks_of(&new);
    assert_eq!(tasks.len(), 3);
    for pair in tasks.windows(2) {
        assert!(pair[0].stopped_at.is_some_and(|stopped| stopped <= pair[1].created_at));
    }
}
