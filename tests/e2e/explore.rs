use deploy_ops::resolve::Wanted;
use rollout_verdict::{State, replay};

use super::scene::{Scene, block_on, options};

#[test]
fn explore() {
    let faults = std::env::var("FAULTS").unwrap_or_default();
    for fault in faults.split(',') {
        let scene = Scene::staging();
        scene.commit("second");
        let outcome = block_on(scene.deploy("staging", &options(Wanted::Head), &[fault])).unwrap();
        let r = &outcome.result;
        println!("== {fault}: {:?} exit {} elapsed {} detected {:?} cause {:?}", r.verdict, r.exit_code, r.elapsed_secs, r.detected_secs, r.cause);
        std::fs::write(format!("/tmp/rec-{}.json", fault.replace(':', "-")), serde_json::to_string(&outcome.records).unwrap()).unwrap();
        for record in &outcome.records {
            let mut said = String::new();
            for a in replay(record) {
                let text = match &a.state { State::Progressing => "progressing".to_owned(), other => format!("{other:?}") };
                let text: String = text.chars().take(300).collect();
                if text != said { println!("   {:>7.0}s {text} stack {:?} finished {}", a.elapsed_secs, a.stack, a.finished); said = text; }
            }
            println!("   end {:?}", record.snapshots.last().map(|s| s.at.secs_since(record.rollout.started_at)));
        }
    }
}
