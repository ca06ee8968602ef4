//! `rollback --via ecs`, and how the stack gets back in line.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use deploy_ops::observe;
use deploy_ops::rollback::{self, Way};
use deploy_ops::session::EnvironmentSession;
use ops_cli::Verdict;

use super::meddled::{deploy_another_revision, meddle};
use super::scene::{Scene, block_on, close};
use super::two_releases::{ENVIRONMENT, back_to, of, stack_status, two_releases};

async fn services(session: &EnvironmentSession) -> Vec<observe::SeenService> {
    let (cluster, names) = (session.names().cluster(), session.service_names());
    observe::services(&session.target.aws, &cluster, &names, session.target.clock.now()).await.unwrap()
}

/// Primary deployment of each service.
async fn deployments(scene: &Scene) -> BTreeMap<String, String> {
    let session = scene.session(ENVIRONMENT, &[]).await;
    let primary = |it: &observe::SeenService| {
        let primary = it.view.deployments.iter().find(|deployment| deployment.status == "PRIMARY");
        primary.unwrap().id.to_string()
    };
    let seen = services(&session).await;
    let found = seen.iter().map(|it| (it.view.name.to_string(), primary(it))).collect();
    close(session).await;
    found
}

#[test]
fn it_leaves_the_stack_alone_and_says_how_it_gets_back_in_line() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.1.0", Way::Ecs, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        assert_eq!(
            result.next.as_deref(),
            Some("cargo xtask rollback v0.1.0 --env staging --via stack --local")
        );
        scene.assert_all_on("v0.1.0", "v0.2.0", &before).await;

        let again = scene.rollback("v0.1.0", Way::Ecs, &[]).await.unwrap().result;
        assert_eq!(again.verdict, Verdict::NoChange);

        let settled = deployments(&scene).await;
        let in_line = scene.rollback("v0.1.0", Way::Stack, &[]).await.unwrap().result;
        assert_eq!((in_line.verdict, in_line.next), (Verdict::Succeeded, None), "{:?}", in_line.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
        assert_eq!(deployments(&scene).await, settled, "bringing the stack in line restarted a service");
        let again = scene.rollback("v0.1.0", Way::Stack, &[]).await.unwrap().result;
        assert_eq!(again.verdict, Verdict::NoChange);
    });
}

#[test]
fn the_next_deployment_of_what_runs_brings_the_stack_in_line_and_restarts_nothing() {
    let scene = two_releases();
    block_on(async {
        scene.rollback("v0.1.0", Way::Ecs, &[]).await.unwrap();
        let settled = deployments(&scene).await;
        let deployed = scene.deploy(ENVIRONMENT, &of("v0.1.0"), &[]).await.unwrap();
        let (forecast, result) = (deployed.forecast.unwrap(), deployed.result);
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        assert!(forecast.services.iter().all(|service| !service.rolls), "{:?}", forecast.services);
        assert_eq!(deployments(&scene).await, settled, "a service restarted");
        let again = scene.deploy(ENVIRONMENT, &of("v0.1.0"), &[]).await.unwrap().result;
        assert_eq!(again.verdict, Verdict::NoChange);

        // From there on as ever: a release that fails goes back to what was taken over, one that works leaves it.
        let failed = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &["crash-on-start:api"]).await.unwrap().result;
        assert_eq!(failed.verdict, Verdict::RolledBack, "{:?}", failed.cause);
        let before = scene.untouchable().await;
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
        let next = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &[]).await.unwrap().result;
        assert_eq!((next.verdict, next.exit_code), (Verdict::Succeeded, 0), "{:?}", next.cause);
        for service in &next.services {
            assert_eq!(service.running_digests, [service.digest.as_str()], "{}", service.name);
        }
        assert!(deployments(&scene).await.iter().all(|(name, id)| settled.get(name) != Some(id)));
    });
}

#[test]
fn the_next_deployment_of_what_the_stack_has_on_record_brings_the_services_back_to_it() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        scene.rollback("v0.1.0", Way::Ecs, &[]).await.unwrap();
        let result = scene.deploy(ENVIRONMENT, &of("v0.2.0"), &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

#[test]
fn the_next_deployment_of_another_release_rolls_each_service_once() {
    let scene = two_releases();
    block_on(async {
        scene.rollback("v0.1.0", Way::Ecs, &[]).await.unwrap();
        let result = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        for service in &result.services {
            assert_eq!(service.running_digests, [service.digest.as_str()], "{}", service.name);
        }
    });
}

#[test]
fn it_works_while_the_stack_is_stuck() {
    let scene = two_releases();
    block_on(async {
        let failed = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &["rollback-fails:api"]).await.unwrap();
        assert_eq!(failed.result.verdict, Verdict::NeedsHuman, "{:?}", failed.result.cause);
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.1.0", Way::Ecs, &["rollback-fails:api"]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.1.0", "v0.2.0", &before).await;
        let session = scene.session(ENVIRONMENT, &[]).await;
        assert_eq!(stack_status(&session).await, "UPDATE_ROLLBACK_FAILED");
        close(session).await;

        let in_line = scene.rollback("v0.1.0", Way::Stack, &[]).await.unwrap().result;
        assert_eq!(in_line.verdict, Verdict::Succeeded, "{:?}", in_line.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
    });
}

#[test]
fn it_works_while_a_deployment_is_in_progress() {
    let scene = two_releases();
    block_on(async {
        scene.half_way_to_v0_3_0(&["health-path:api"]).await;
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.2.0", Way::Ecs, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        assert_eq!(result.next, None, "the stack goes back to the same release");
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

#[test]
fn when_one_service_fails_all_go_back() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.1.0", Way::Ecs, &["crash-on-start:api"]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::RolledBack, 20), "{:?}", result.cause);
        let cause = result.cause.unwrap();
        assert_eq!((cause.kind.as_str(), cause.service.as_deref()), ("crash", Some("api")));
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

/// How a rollback ended in the midst of which somebody deployed another revision of `mcp`.
struct Superseded {
    verdict: Verdict,
    cause: Option<String>,
    /// What `mcp` was given by somebody.
    foreign: String,
    /// Task definitions by service, before and after.
    before: BTreeMap<String, String>,
    after: BTreeMap<String, String>,
}

fn superseded(faults: &[&str], secs: f64) -> Superseded {
    let scene = two_releases();
    let foreign = Arc::new(Mutex::new(String::new()));
    let (verdict, cause, before, after) = block_on(async {
        let mut session = scene.session(ENVIRONMENT, faults).await;
        let before = task_definitions(&session).await;
        let noted = foreign.clone();
        meddle(&mut session, secs, move |aws, cluster| {
            let noted = noted.clone();
            async move {
                let deployed = deploy_another_revision(&aws, &cluster, "mcp").await;
                *noted.lock().unwrap() = deployed;
            }
        });
        let options = back_to("v0.1.0", Way::Ecs);
        let result = Box::pin(rollback::rollback(&session, &options)).await.unwrap().result;
        let after = task_definitions(&session).await;
        close(session).await;
        (result.verdict, result.cause.map(|cause| cause.kind), before, after)
    });
    let foreign = foreign.lock().unwrap().clone();
    Superseded { verdict, cause, foreign, before, after }
}

async fn task_definitions(session: &EnvironmentSession) -> BTreeMap<String, String> {
    let seen = services(session).await.into_iter();
    seen.map(|it| (it.view.name.to_string(), it.task_definition)).collect()
}

#[test]
fn a_newer_deployment_of_somebody_else_is_not_overwritten() {
    let ended = superseded(&[], 60.0);
    assert_eq!((ended.verdict, ended.cause.as_deref()), (Verdict::Superseded, Some("superseded")));
    assert_eq!(ended.after["mcp"], ended.foreign, "the other deployment was taken back");
}

#[test]
fn where_a_service_fails_too_the_others_go_back_and_the_foreign_one_stays() {
    // By then the crashes are certain, and the services on their way back.
    let ended = superseded(&["crash-on-start:api"], 175.0);
    assert_eq!((ended.verdict, ended.cause.as_deref()), (Verdict::RolledBack, Some("crash")));
    assert_eq!(ended.after["mcp"], ended.foreign, "the other deployment was taken back");
    for service in ["api", "frontend"] {
        assert_eq!(ended.after[service], ended.before[service], "{service}");
    }
}
