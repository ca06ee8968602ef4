//! The machine itself: deterministic, saved and restored in the middle, linear in its tasks.

use rollout_sim::World;
use rollout_sim::ecs::RolloutState;
use rollout_sim::image::ImageBehaviour;
use serde_json::json;

use crate::fixture::{Fixture, Setup, without_health};

fn failing() -> Fixture {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    fixture.deploy(without_health());
    fixture
}

#[test]
fn the_same_calls_give_the_same_world() {
    let run = || {
        let mut fixture = failing();
        fixture.run(3600.0);
        serde_json::to_string(&fixture.world).unwrap()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_world_saved_in_the_middle_goes_on_as_if_nothing_had_happened() {
    let mut fixture = failing();
    fixture.run(77.0);
    let saved = serde_json::to_vec(&fixture.world).unwrap();
    let mut restored: World = serde_json::from_slice(&saved).unwrap();
    fixture.run(3600.0);
    restored.advance_to(fixture.world.now());
    assert_eq!(serde_json::to_string(&restored).unwrap(), serde_json::to_string(&fixture.world).unwrap());
}

#[test]
fn a_steady_service_costs_nothing() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    fixture.run(2.0 * 3600.0);
    assert_eq!(fixture.world.next_event_at(), None);
}

#[test]
fn a_thousand_tasks_roll() {
    let mut fixture = Fixture::new(Setup { desired: 1000, ..Setup::default() });
    fixture.deploy(ImageBehaviour::default());
    fixture.until(7200.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert_eq!(fixture.service().running_count, 1000);
}

#[test]
fn a_service_keeps_its_latest_100_events() {
    let mut fixture =
        Fixture::new(Setup { breaker: json!({"enable": false, "rollback": false}), ..Setup::default() });
    fixture.deploy(crate::fixture::crashing(2.0));
    fixture.run(6.0 * 3600.0);
    let events = fixture.service().events;
    assert_eq!(events.len(), 100);
    assert!(events.windows(2).all(|pair| pair[0].created_at >= pair[1].created_at), "newest first");
}
