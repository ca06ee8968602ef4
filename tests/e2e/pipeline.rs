//! The main job, from an empty account on.

use deploy_ops::resolve::Wanted;
use ops_cli::Verdict;

use super::scene::{Scene, block_on, options};

#[test]
fn a_deployment_ends_healthy_and_a_second_one_has_nothing_to_do() {
    let scene = Scene::staging();
    let again = block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap().result;
    assert_eq!(again.verdict, Verdict::NoChange);
    assert_eq!(again.services.len(), 3);
    for service in &again.services {
        assert_eq!(service.running_digests, [service.digest.as_str()], "{}", service.name);
    }
}

#[test]
fn a_new_commit_rolls_every_service() {
    let scene = Scene::staging();
    let commit = scene.commit("second");
    let result = block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap().result;
    assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
    assert_eq!(result.commit, commit);
    for service in &result.services {
        assert_eq!(service.running_digests, [service.digest.as_str()], "{}", service.name);
    }
}
