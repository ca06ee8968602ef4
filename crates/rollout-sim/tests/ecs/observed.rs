//! Timings seen on AWS fall in the range of the model (OBS in the fact sheet).

use rollout_sim::Rng;
use rollout_sim::ecs::{RolloutState, ServiceDeploymentStatus};
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

#[test]
fn a_failed_deployment_leaves_the_list_within_7_minutes_of_the_trip() {
    let mut fixture = Fixture::new(Setup { drain_secs: 300, ..Setup::default() });
    fixture.deploy(without_health());
    fixture.until(7200.0, "the trip", |it| it.latest().rollback.is_some());
    let secs = fixture.until(3600.0, "the list", |it| it.service().deployments.len() == 1);
    assert!(secs < 420.0, "{secs}");
    assert_eq!(fixture.rollout(), RolloutState::Completed);
}

#[test]
fn the_formula_for_failing_load_balancer_checks_holds() {
    // FAILED after R*detect + (R-1)*gap + lag, D=1, T=3: R=3 (fact sheet, section 4, case c).
    let (drain, interval, threshold) = (60.0, 10.0, 2.0);
    let setup = Setup { drain_secs: 60, ..Setup::default() };
    let mut fixture = Fixture::new(setup);
    let params = fixture.world.params.clone();
    fixture.deploy(without_health());
    let secs = fixture.until(7200.0, "the trip", |it| it.latest().rollback.is_some());
    let pull = params.pull_base_secs + 180.0 / params.pull_mib_per_sec;
    let start = params.provisioning_secs + params.pending_secs + pull + params.activating_secs;
    let detect = start + threshold * interval;
    let stop = drain + 1.0 + params.deprovisioning_secs;
    let expected = 3.0 * detect + 2.0 * (stop + 2.0 * params.scheduler_lag_secs) + params.breaker_lag_secs;
    assert!((secs - expected).abs() < 3.0 * interval, "{secs}, by the formula {expected}");
    fixture
        .until(600.0, "the rollback", |it| it.latest().status == ServiceDeploymentStatus::RollbackSuccessful);
}
