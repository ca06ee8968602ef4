//! Tasks over availability zones (ECS:service-rebalancing).

use rollout_sim::ecs::{RolloutState, TaskStatus};
use rollout_sim::image::ImageBehaviour;
use serde_json::json;

use crate::fixture::{Fixture, Setup};

#[test]
fn tasks_are_spread_over_the_zones() {
    let fixture = Fixture::new(Setup { desired: 4, ..Setup::default() });
    let zones = |zone: &str| fixture.tasks().iter().filter(|task| task.availability_zone == zone).count();
    assert_eq!((zones("us-west-2a"), zones("us-west-2b")), (2, 2));
}

/// Running tasks in the first and the second zone.
fn zones(fixture: &Fixture) -> (usize, usize) {
    let tasks = fixture.tasks();
    let count = |zone: &str| {
        let running = tasks.iter().filter(|task| task.last_status == TaskStatus::Running);
        running.filter(|task| task.availability_zone == zone).count()
    };
    (count("us-west-2a"), count("us-west-2b"))
}

#[test]
fn tasks_start_in_the_zones_that_have_capacity() {
    let mut fixture = Fixture::empty(Setup { desired: 4, ..Setup::default() });
    fixture.fault("no-capacity:us-west-2a");
    fixture.create_service(ImageBehaviour::default());
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert_eq!(zones(&fixture), (0, 4));
}

#[test]
fn rebalancing_moves_tasks_outside_deployments() {
    let mut fixture = Fixture::empty(Setup { desired: 4, ..Setup::default() });
    fixture.fault("no-capacity:us-west-2a");
    fixture.create_service(ImageBehaviour::default());
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    fixture.run(600.0);
    assert_eq!(zones(&fixture), (0, 4));
    let deployments = fixture.service_deployments().len();
    fixture.world.faults.clear();
    let mut lowest = usize::MAX;
    while !fixture.events().iter().any(|event| event.starts_with("is AZ balanced with ")) {
        let next = fixture.world.next_event_at().unwrap();
        fixture.world.advance_to(next);
        lowest = lowest.min(fixture.targets().iter().filter(|state| **state == "healthy").count());
        assert!(fixture.tasks().len() < 10, "{:#?}", fixture.events());
    }
    assert_eq!((zones(&fixture), lowest), ((2, 2), 4), "the new one is healthy before an old one stops");
    assert_eq!(fixture.service_deployments().len(), deployments);
    let told = |text: &str| assert!(fixture.events().iter().any(|event| event.starts_with(text)), "{text}");
    told(
        "is not AZ balanced with 0 tasks in us-west-2a, and 4 tasks in us-west-2b. AZ Rebalancing in progress.",
    );
    told("has started 1 tasks in us-west-2a to AZ Rebalance: (task ");
    told("has stopped 1 running tasks in us-west-2b due to AZ rebalancing: (task ");
    told("is AZ balanced with 2 tasks in us-west-2a, and 2 tasks in us-west-2b.");
}

#[test]
fn without_rebalancing_tasks_stay_where_they_are() {
    let mut fixture = Fixture::empty(Setup { desired: 4, ..Setup::default() });
    fixture.fault("no-capacity:us-west-2a");
    fixture.create_service(ImageBehaviour::default());
    fixture.update(json!({"availabilityZoneRebalancing": "DISABLED"}));
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    fixture.world.faults.clear();
    fixture.run(3600.0);
    assert_eq!(zones(&fixture), (0, 4));
}

/// A service all of whose tasks are in the second zone, although the first has capacity again.
fn lopsided(setup: Setup) -> Fixture {
    let mut fixture = Fixture::empty(setup);
    fixture.fault("no-capacity:us-west-2a");
    fixture.create_service(ImageBehaviour::default());
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    fixture.world.faults.clear();
    fixture
}

fn tells_of_rebalancing(fixture: &Fixture) -> bool {
    fixture.events().iter().any(|event| event.contains("AZ"))
}

#[test]
fn a_task_is_not_moved_from_one_crowded_zone_to_another() {
    let mut fixture = Fixture::empty(Setup { desired: 4, ..Setup::default() });
    fixture.fault("no-capacity:us-west-2a");
    fixture.create_service(ImageBehaviour::default());
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    fixture.run(3600.0);
    assert!(tells_of_rebalancing(&fixture));
    assert_eq!((fixture.tasks().len(), zones(&fixture)), (4, (0, 4)), "it waits for the zone");
}

#[test]
fn rebalancing_needs_room_for_one_more_task() {
    // 110 percent of four are four.
    let mut fixture = lopsided(Setup { desired: 4, minimum: 50, maximum: 110, ..Setup::default() });
    fixture.run(3600.0);
    assert_eq!((fixture.tasks().len(), zones(&fixture)), (4, (0, 4)));
    assert!(!tells_of_rebalancing(&fixture));
    // 125 percent are five.
    let mut fixture = lopsided(Setup { desired: 4, maximum: 125, ..Setup::default() });
    fixture.until(3600.0, "balance", |it| zones(it) == (2, 2));
}

#[test]
fn an_odd_task_is_no_imbalance() {
    let mut fixture = Fixture::new(Setup { desired: 3, ..Setup::default() });
    fixture.run(3600.0);
    assert_eq!((fixture.tasks().len(), zones(&fixture)), (3, (2, 1)));
    assert!(!tells_of_rebalancing(&fixture));
}
