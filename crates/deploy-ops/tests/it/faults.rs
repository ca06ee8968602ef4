//! `--fault`: a drill in which nothing could fail does not pass.

use serde_json::Value;

use super::scene::Scene;

fn deploys(scene: &Scene) -> usize {
    let run = scene.run(&["history", "staging", "--local", "--json"]).expect(0);
    let history: Value = serde_json::from_str(&run.stdout).unwrap();
    history["deployments"].as_array().unwrap().len()
}

#[test]
fn a_fault_that_names_nothing_it_can_break_is_refused_with_what_there_is() {
    let scene = Scene::staging();
    scene.commit("second");
    let before = deploys(&scene);
    for (fault, reason) in [
        ("migration-fails:api", "there is no task of this name, only migrate, seed"),
        (
            "crash-on-start:nonsense",
            "there is no service or task of this name, only api, frontend, mcp, migrate, seed",
        ),
        ("health-path:migrate", "there is no service of this name, only api, frontend, mcp"),
        ("no-capacity:us-west-2z", "migrate, seed, us-west-2a"),
        ("stack-fails:Databse", "there is no service or resource of this name"),
        ("throttled:esc", "there is no API of this name, only access-analyzer, acm, cloudformation"),
    ] {
        let run = scene.run(&["deploy", "staging", "--local", "--yes", "--fault", fault]).expect(3);
        assert!(
            run.stderr.contains(&format!("fault {fault}: ")) && run.stderr.contains(reason),
            "{}",
            run.stderr
        );
    }
    assert_eq!(deploys(&scene), before);
}

#[test]
fn a_fault_on_a_commit_that_already_runs_broke_nothing() {
    let scene = Scene::staging();
    for fault in ["crash-on-start:api", "crash-on-start", "migration-fails", "stack-fails", "no-capacity"] {
        let args = ["deploy", "staging", "--local", "--yes", "--fault", fault, "--json"];
        let run = scene.run(&args).expect(3);
        assert!(run.stderr.contains(&format!("the fault {fault} broke nothing")), "{}", run.stderr);
        let object: Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!((&object["exit_code"], &object["cause"]["kind"]), (&3.into(), &"input".into()));
    }
    // The calls are made all the same.
    scene.run(&["deploy", "staging", "--local", "--yes", "--fault", "throttled:ecs"]).expect(0);
}

#[test]
fn a_fault_of_what_a_deployment_leaves_alone_broke_nothing() {
    let scene = Scene::staging();
    for fault in ["stack-fails:Database", "stack-fails:Vpc"] {
        scene.commit("another");
        let run = scene.run(&["deploy", "staging", "--local", "--yes", "--fault", fault]).expect(3);
        assert!(run.stderr.contains(&format!("the fault {fault} broke nothing")), "{}", run.stderr);
    }
    let args = ["task", "run", "migrate", "--env", "staging", "--local", "--fault"];
    let run = scene.run(&[&args[..], &["image-missing:seed"]].concat()).expect(3);
    assert!(run.stderr.contains("the fault image-missing:seed broke nothing"), "{}", run.stderr);
    scene.run(&[&args[..], &["migration-fails:migrate"]].concat()).expect(5);
}
