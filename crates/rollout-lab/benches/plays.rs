//! How fast whole rollouts are played: the environment's own template, CloudFormation, every service, the polls and the
//! verdict. `cargo bench -p rollout-lab --bench plays`
//!
//! Prints figures; judges nothing.
#![allow(missing_docs, clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used)]

use std::path::Path;
use std::time::{Duration, Instant};

use mimalloc::MiMalloc;
use rollout_lab::{Case, Play, Stage, Texts, Watcher, sample};
use rollout_sim::fault::Fault;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Wall time spent on one measurement.
const MEASURE: Duration = Duration::from_secs(2);
/// Runs of the sampled measurement.
const RUNS: usize = 10_000;

fn main() {
    let stage = Stage::set(case(None)).unwrap();
    println!("whole rollouts of staging, three services, on one core:");
    println!("  {:<28} {:>10} {:>14}", "fault", "plays/s", "us/play");
    for (fault, watcher) in [
        ("crash-on-start:mcp", Watcher::Tool),
        ("image-missing:mcp", Watcher::Tool),
        ("health-path", Watcher::Tool),
        ("crash-on-start:mcp", Watcher::Nobody),
        ("health-path", Watcher::Nobody),
    ] {
        let faults: Vec<Fault> = vec![fault.parse().unwrap()];
        let secs = secs_per_run(|| play(&stage, watcher, &faults));
        let who = if watcher == Watcher::Tool { "" } else { " (breaker alone)" };
        println!("  {:<28} {:>10.0} {:>14.0}", format!("{fault}{who}"), 1.0 / secs, secs * 1e6);
    }
    let faults: Vec<Fault> = vec!["crash-on-start:mcp".parse().unwrap()];
    let start = Instant::now();
    sample(&stage, &Play::new(Watcher::Tool, &faults), RUNS, 1).unwrap();
    println!(
        "{RUNS} sampled runs of crash-on-start:mcp on all cores: {:.1} s",
        start.elapsed().as_secs_f64()
    );
    println!("setting the stage: {:.0} ms", secs_per_run(|| drop(Stage::set(case(None)).unwrap())) * 1e3);
    println!("cost by number of tasks per service (health-path:mcp):");
    println!("  {:>6} {:>12} {:>14}", "tasks", "ms/play", "us/task");
    for tasks in [1, 10, 100, 1000] {
        let stage = Stage::set(case(Some(tasks))).unwrap();
        let faults: Vec<Fault> = vec!["health-path:mcp".parse().unwrap()];
        let secs = secs_per_run(|| play(&stage, Watcher::Tool, &faults));
        println!("  {tasks:>6} {:>12.2} {:>14.1}", secs * 1e3, secs * 1e6 / f64::from(tasks));
    }
}

fn play(stage: &Stage, watcher: Watcher, faults: &[Fault]) {
    let play = Play { detailed: false, ..Play::new(watcher, faults) };
    std::hint::black_box(stage.play(&play).unwrap());
}

/// Staging as the repository has it, with another number of tasks for `mcp` where one is given.
fn case(tasks: Option<u32>) -> Case {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra");
    let texts = Texts {
        platform: std::fs::read_to_string(infra.join("platform.toml")).unwrap(),
        environment_file: "staging.toml".to_owned(),
        environment: std::fs::read_to_string(infra.join("environments/staging.toml")).unwrap(),
    };
    let mut case = Case::new_release(texts.config(&[]).unwrap(), "staging");
    if let Some(tasks) = tasks {
        for config in [&mut case.before, &mut case.after] {
            config.environments.values_mut().for_each(|environment| environment.ecs.desired_count = tasks);
        }
    }
    case
}

fn secs_per_run(mut work: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut runs = 0_u32;
    while start.elapsed() < MEASURE {
        work();
        runs += 1;
    }
    start.elapsed().as_secs_f64() / f64::from(runs)
}
