//! Timings seen on AWS fall in the range of the model (OBS in the fact sheet).

use rollout_sim::Rng;
use rollout_sim::ecs::{RolloutState, ServiceDeploymentStatus};
use rollout_sim::image::ImageBehaviour;
use rollout_sim::params::Params;
use serde_json::json;

use crate::fixture::{Fixture, REPOSITORY, Setup, crashing, without_health};

/// Lowest and highest of `measure` over draws of the parameters.
pub(crate) fn range(measure: impl Fn(Params) -> f64) -> (f64, f64) {
    let mut rng = Rng::new(7);
    (0..60)
        .map(|_| measure(Params::sample(&mut rng)))
        .fold((f64::MAX, 0.0), |(low, high), secs| (low.min(secs), high.max(secs)))
}

#[test]
fn image_pull_failures_trip_after_8_to_12_minutes() {
    let trip = |params: Option<Params>| {
        let mut fixture = Fixture::new(Setup::default());
        fixture.world.params = params.unwrap_or_default();
        let missing = fixture.register(&format!("{REPOSITORY}@sha256:{}", "0".repeat(64)));
        fixture.update(json!({"taskDefinition": missing}));
        fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some())
    };
    let typical = trip(None);
    assert!((480.0..=720.0).contains(&typical), "{typical}");
    let (low, high) = range(|params| trip(Some(params)));
    assert!(low <= 480.0 && high >= 720.0, "{low}..{high}");
}

#[test]
fn the_breaker_trips_64_s_after_the_last_failed_check_within_its_range() {
    // From the stop of the task whose failed checks were one too many.
    let lag = |params: Params| {
        let mut fixture = Fixture::new(Setup::default());
        fixture.world.params = params;
        let new = fixture.deploy(without_health());
        let last_stop = |it: &Fixture| it.tasks_of(&new).get(2).and_then(|task| task.stopping_at);
        fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some() && last_stop(it).is_some());
        let reason = fixture.tasks_of(&new)[2].stopped_reason.clone().unwrap();
        assert!(reason.starts_with("Task failed ELB health checks in"), "{reason}");
        fixture.latest().rollback.unwrap().started_at - last_stop(&fixture).unwrap()
    };
    // Other reports have a few seconds: typical is what lies between them.
    let typical = lag(Params::default());
    assert!((0.0..=64.0).contains(&typical), "{typical}");
    let (low, high) = range(lag);
    assert!(low < typical && high > 64.0, "{low}..{high}");
}

#[test]
fn trips_come_between_less_than_1_and_15_minutes() {
    let fast = |params: Params| {
        let mut fixture = Fixture::new(Setup { desired: 4, ..Setup::default() });
        fixture.world.params = params;
        fixture.deploy(crashing(1.0));
        fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some())
    };
    let (low, high) = range(fast);
    let typical = fast(Params::default());
    assert!(low < 60.0 && (low..=high).contains(&typical), "{low}..{typical}..{high}");
    assert!(typical < 900.0, "{typical}");
    let slow = |params: Params| {
        let mut fixture = Fixture::new(Setup { drain_secs: 300, ..Setup::default() });
        fixture.world.params = params;
        fixture.deploy(without_health());
        fixture.until(7200.0, "the trip", |it| it.latest().rollback.is_some())
    };
    // With the default drain of 300 s one report has 15 minutes, another about 20 (`measured`).
    let (low, high) = range(slow);
    let typical = slow(Params::default());
    assert!(low <= 900.0 && high >= 1200.0, "{low}..{high}");
    assert!((900.0..1200.0).contains(&typical), "{typical}");
}

#[test]
fn a_slow_trip_comes_after_the_600_s_of_services_stable() {
    // The waiter asks 40 times, 15 s apart (bw:ecs), for one deployment with all its tasks.
    let mut fixture = Fixture::new(Setup { drain_secs: 300, ..Setup::default() });
    fixture.deploy(without_health());
    for _ in 0..40 {
        let service = fixture.service();
        assert!(service.deployments.len() > 1 || service.running_count != service.desired_count);
        assert!(service.deployments.iter().all(|one| one.rollout_state != Some(RolloutState::Failed)));
        fixture.run(15.0);
    }
    assert_eq!(fixture.rollout(), RolloutState::InProgress);
    assert_eq!(fixture.latest().status, ServiceDeploymentStatus::InProgress);
    let secs = fixture.until(600.0, "the trip", |it| it.latest().rollback.is_some());
    assert!(secs > 60.0, "{secs}");
}

/// Seconds from the trip until the failed deployment has left the list.
fn rollback_secs(setup: Setup, image: ImageBehaviour, params: Params) -> f64 {
    let mut fixture = Fixture::new(setup);
    fixture.world.params = params;
    fixture.deploy(image);
    fixture.until(7200.0, "the trip", |it| it.latest().rollback.is_some());
    let secs = fixture.until(3600.0, "the list", |it| it.service().deployments.len() == 1);
    assert_eq!(fixture.rollout(), RolloutState::Completed);
    secs
}

#[test]
fn a_failed_deployment_leaves_the_list_within_7_minutes_of_the_trip() {
    let slow = || Setup { drain_secs: 300, ..Setup::default() };
    let typical = rollback_secs(slow(), without_health(), Params::default());
    assert!(typical < 420.0, "{typical}");
    let (_, high) = range(|params| rollback_secs(slow(), without_health(), params));
    assert!((300.0..=420.0).contains(&high), "{high}");
    let (low, _) = range(|params| rollback_secs(Setup::default(), crashing(1.0), params));
    assert!(low < 60.0, "{low}");
}
