//! How fast failing rollouts are simulated: rollouts per second on one core, and the cost as tasks grow.
//!
//! `cargo bench -p rollout-sim --bench rollouts`
#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, dead_code)]

#[path = "../tests/ecs/fixture.rs"]
mod fixture;

use std::time::{Duration, Instant};

use fixture::{Fixture, Setup, crashing, without_health};
use rollout_sim::World;
use rollout_sim::image::ImageBehaviour;

/// Virtual time in which every failing rollout here has tripped its breaker and gone back.
const LONG_ENOUGH: Duration = Duration::from_secs(3600);
/// Wall time spent on one measurement.
const MEASURE: Duration = Duration::from_secs(2);

fn main() {
    println!("failing rollouts of one service, start to end of the rollback, on one core:");
    for (name, image) in [("crash on start", crashing(1.0)), ("health check gets 404", without_health())] {
        let world = started(1, image);
        println!("  {name:<24} {:>8.0} rollouts/s", 1.0 / secs_per_run(&world));
    }
    println!("cost by number of tasks (health check gets 404):");
    println!("  {:>6} {:>12} {:>14}", "tasks", "ms/rollout", "us/task");
    for tasks in [1, 10, 100, 1000] {
        let secs = secs_per_run(&started(tasks, without_health()));
        println!("  {tasks:>6} {:>12.2} {:>14.1}", secs * 1e3, secs * 1e6 / f64::from(tasks));
    }
}

/// A world in which a failing release was just handed to a service of so many tasks.
fn started(tasks: u32, image: ImageBehaviour) -> World {
    let mut fixture = Fixture::new(Setup { desired: tasks, ..Setup::default() });
    fixture.deploy(image);
    fixture.world
}

fn secs_per_run(world: &World) -> f64 {
    let start = Instant::now();
    let mut runs = 0_u32;
    while start.elapsed() < MEASURE {
        let mut run = world.clone();
        run.advance_by(LONG_ENOUGH);
        std::hint::black_box(&run);
        runs += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(runs)
}
