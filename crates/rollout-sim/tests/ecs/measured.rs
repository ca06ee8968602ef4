//! Times of rollouts that were measured in public: the typical value of the model is within what the reports have, and
//! what they have is within the range of the model ("Times measured in public" in the fact sheet).

use rollout_sim::Rng;
use rollout_sim::image::ImageBehaviour;
use rollout_sim::params::Params;

use crate::fixture::{Fixture, Setup, without_health};
use crate::observed::range;

/// The service of the reports: checks every 15 s, unhealthy after three, 60 s of grace, the default breaker.
fn setup(desired: u32, drain_secs: u32) -> Setup {
    Setup {
        desired,
        drain_secs,
        interval_secs: 15,
        unhealthy_threshold: 3,
        grace_secs: 60,
        ..Setup::default()
    }
}

struct Trip {
    /// From one failed task to the next.
    between_secs: Vec<f64>,
    /// From the last failed task that counts to the trip.
    after_last_secs: f64,
    /// From the deployment to the trip.
    total_secs: f64,
}

/// A deployment whose health check never passes.
fn trip(setup: Setup, params: Params) -> Trip {
    let mut fixture = Fixture::new(setup);
    fixture.world.params = params;
    let new = fixture.deploy(without_health());
    let total_secs = fixture.until(7200.0, "the trip", |it| it.latest().rollback.is_some());
    let tripped_at = fixture.latest().rollback.unwrap().started_at;
    let mut stops: Vec<f64> = fixture.tasks_of(&new).iter().filter_map(|task| task.stopping_at).collect();
    stops.retain(|&at| at < tripped_at);
    Trip {
        between_secs: stops.windows(2).map(|pair| pair[1] - pair[0]).collect(),
        after_last_secs: tripped_at - stops.last().unwrap(),
        total_secs,
    }
}

#[test]
fn two_failures_lie_205_to_227_s_apart() {
    let between = |params: Params| trip(setup(1, 10), params).between_secs;
    let typical = between(Params::default());
    assert_eq!(typical.len(), 2);
    assert!(typical.iter().all(|secs| (205.0..=227.0).contains(secs)), "{typical:?}");
    let (low, high) = range(|params| between(params)[0]);
    assert!(low < 205.0 && high > 227.0, "{low}..{high}");
}

#[test]
fn the_breaker_trips_45_s_after_the_third_failure() {
    let after = |params: Params| trip(setup(1, 10), params).after_last_secs;
    // Another report has 64 s, others a few seconds.
    let typical = after(Params::default());
    assert!((30.0..=64.0).contains(&typical), "{typical}");
    let (low, high) = range(after);
    assert!(low < 45.0 && high > 45.0, "{low}..{high}");
}

#[test]
fn a_check_that_never_passes_trips_after_10_minutes_12() {
    let total = |params: Params| trip(setup(1, 10), params).total_secs;
    let typical = total(Params::default());
    assert!((typical - 612.0).abs() <= 0.05 * 612.0, "{typical}");
    let (low, high) = range(total);
    assert!(low < 612.0 && high > 612.0, "{low}..{high}");
}

#[test]
fn with_the_default_drain_it_takes_20_minutes() {
    let total = |params: Params| trip(setup(1, 300), params).total_secs;
    let typical = total(Params::default());
    assert!((typical - 1200.0).abs() <= 0.05 * 1200.0, "{typical}");
    let (low, high) = range(total);
    assert!(low < 1200.0 && high > 1200.0, "{low}..{high}");
}

#[test]
fn five_tasks_trip_within_3_to_5_minutes() {
    let total = |params: Params| trip(setup(5, 300), params).total_secs;
    let typical = total(Params::default());
    assert!((180.0..=300.0).contains(&typical), "{typical}");
    let (low, high) = range(total);
    assert!(low < 180.0 && high > 180.0, "{low}..{high}");
}

#[test]
fn a_target_is_registered_28_to_49_s_after_the_start_of_its_task() {
    let registered = |params: Params| {
        let mut fixture = Fixture::new(Setup::default());
        fixture.world.params = params;
        fixture.deploy(ImageBehaviour::default());
        fixture.until(600.0, "a start", |it| it.service().pending_count == 1);
        fixture.until(600.0, "a target", |it| it.targets().len() == 2)
    };
    // 180 MiB are pulled here; the reports do not say how large their images are.
    let typical = registered(Params::default());
    assert!((20.0..=49.0).contains(&typical), "{typical}");
    let (low, high) = range(registered);
    assert!(low < 28.4 && high > 49.0, "{low}..{high}");
}

#[test]
fn what_one_service_of_aws_does_is_slow_together() {
    let mut rng = Rng::new(3);
    let draws: Vec<Params> = (0..2000).map(|_| Params::sample(&mut rng)).collect();
    let correlation = |one: fn(&Params) -> f64, other: fn(&Params) -> f64| {
        let number = draws.len() as f64;
        let mean = |of: fn(&Params) -> f64| draws.iter().map(of).sum::<f64>() / number;
        let (one_mean, other_mean) = (mean(one), mean(other));
        let sum = |of: &dyn Fn(&Params) -> f64| draws.iter().map(of).sum::<f64>();
        let both = sum(&|it| (one(it) - one_mean) * (other(it) - other_mean));
        let squares = |of: fn(&Params) -> f64, mean: f64| sum(&|it| (of(it) - mean).powi(2));
        both / (squares(one, one_mean) * squares(other, other_mean)).sqrt()
    };
    let ecs = correlation(|it| it.health_lag_secs, |it| it.drained_lag_secs);
    assert!(ecs > 0.7, "{ecs}");
    let fargate = correlation(|it| it.pull_mib_per_sec, |it| it.provisioning_secs);
    assert!(fargate < -0.7, "{fargate}");
    let apart = correlation(|it| it.health_lag_secs, |it| it.provisioning_secs);
    assert!(apart.abs() < 0.1, "{apart}");
    for (name, low, _, high) in Params::RANGES {
        let values = draws.iter().map(|draw| serde_json::to_value(draw).unwrap()[name].as_f64().unwrap());
        assert!(values.into_iter().all(|value| (*low..=*high).contains(&value)), "{name}");
    }
}
