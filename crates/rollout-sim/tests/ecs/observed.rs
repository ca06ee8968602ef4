//! Timings seen on AWS fall in the range of the model (OBS in the fact sheet).

use rollout_sim::Rng;
use rollout_sim::ecs::RolloutState;
use rollout_sim::image::ImageBehaviour;
use rollout_sim::params::Params;
use serde_json::json;

use crate::fixture::{Fixture, REPOSITORY, Setup, crashing, without_health};

/// Lowest and highest of `measure` over draws of the parameters.
fn range(measure: impl Fn(Params) -> f64) -> (f64, f64) {
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
    let lag = |params: Params| {
        let mut fixture = Fixture::new(Setup::default());
        fixture.world.params = params;
        fixture.deploy(without_health());
        fixture.until(3600.0, "three failures", |it| it.primary().failed_tasks == 3);
        fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some())
    };
    let (low, high) = range(lag);
    assert!(low < 64.0 && high > 64.0, "{low}..{high}");
}

#[test]
fn trips_come_between_less_than_1_and_15_minutes() {
    let fast = |params: Params| {
        let mut fixture = Fixture::new(Setup { desired: 4, ..Setup::default() });
        fixture.world.params = params;
        fixture.deploy(crashing(1.0));
        fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some())
    };
    let (low, _) = range(fast);
    assert!(low < 60.0, "{low}");
    let slow = |params: Params| {
        let mut fixture = Fixture::new(Setup { drain_secs: 300, ..Setup::default() });
        fixture.world.params = params;
        fixture.deploy(without_health());
        fixture.until(7200.0, "the trip", |it| it.latest().rollback.is_some())
    };
    let (_, high) = range(slow);
    assert!(high > 840.0, "{high}");
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
