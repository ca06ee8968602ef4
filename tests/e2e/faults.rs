//! A test per kind of fault.
use deploy_ops::resolve::Wanted;
use rollout_verdict::{State, replay};

use super::scene::{Scene, block_on, options};

#[test]
fn explore() {
    let faults = std::env::var("FAULTS").unwrap_or_default();
    for fault in faults.split(',') {
        let scene = Scene::staging();
        scene.commit("second");
        let wall = std::time::Instant::now();
        let outcome = block_on(scene.deploy("staging", &options(Wanted::Head), &[fault]));
        match outcome {
            Ok(outcome) => {
                let r = &outcome.result;
                println!("== {fault}: {:?} exit {} elapsed {} detected {:?} cause {:?} wall {:?}", r.verdict, r.exit_code, r.elapsed_secs, r.detected_secs, r.cause, wall.elapsed());
                std::fs::write(format!("/tmp/rec-{}.json", fault.replace(':', "-")), serde_json::to_string(&outcome.records).unwrap()).unwrap();
                for record in &outcome.records {
                    let start = record.rollout.started_at;
                    let mut said = String::new();
                    for a in replay(record) {
                        let text = match &a.state { State::Progressing => "progressing".to_owned(), other => format!("{other:?}") };
                        let text: String = text.chars().take(200).collect();
                        if text != said { println!("   {:>7.0}s {text} first_failure {:?} stack {:?}", a.elapsed_secs, a.first_failure_at.map(|m| m.secs_since(start)), a.stack); said = text; }
                    }
                    println!("   end {:?} deadline {}", record.snapshots.last().map(|s| s.at.secs_since(start)), record.rollout.deadline().secs);
                }
            }
            Err(error) => println!("== {fault}: failure exit {:?}: {error} wall {:?}", error.exit(), wall.elapsed()),
        }
    }
}
