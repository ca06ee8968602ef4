//! Services that name their release at a version endpoint and send no header: asserted over the load balancer, and wrong
//! where another release, or no release at all, answers there.

use std::process::Command;
use std::sync::OnceLock;

use deploy_ops::bootstrap::{self, Bootstrap, State, Step};
use deploy_ops::deploy::{Outcome, deploy};
use deploy_ops::diagnose::diagnose;
use deploy_ops::doctor::{self, account};
use deploy_ops::health::{Checker, Trouble};
use deploy_ops::resolve::Wanted;
use env_config::{Probe, ReleaseSource, Unnamed};
use ops_cli::{Exit, Verdict};
use rollout_lab::Ending;
use serde_json::{Value, json};

use super::prediction::{predicts_in, stage_of};
use super::scene::{Scene, Told, block_on, close, copy, options};
use crate::workflows::harness::programs;

/// Staging, of which no service sends a header: one names its release in JSON, one as plain text, one in the answer to its
/// health check. Made once; every call gets a copy.
fn staging() -> Scene {
    static MADE: OnceLock<Scene> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let scene = Scene::empty();
        scene.edit("platform.toml", "release_header = \"x-release\"\n", "");
        for (service, endpoint) in [
            ("api", r#"{ path = "/api/version", json_pointer = "/build/version" }"#),
            ("frontend", r#"{ path = "/version" }"#),
            ("mcp", r#"{ path = "/mcp/health", json_pointer = "/version" }"#),
        ] {
            let table = format!("[services.{service}]\n");
            scene.edit("platform.toml", &table, &format!("{table}version_endpoint = {endpoint}\n"));
        }
        scene.commit("first");
        let outcome = block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap();
        assert_eq!(outcome.result.verdict, Verdict::Succeeded, "{:?}", outcome.result.cause);
        scene
    });
    let scene = Scene::unborn();
    copy(made.root(), scene.root());
    scene
}

/// Deploys a new commit of which one service has this image.
fn deploy_with_image(scene: &Scene, service: &str, behaviour: &Value) -> Outcome {
    let commit = scene.commit("second");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let image = json!({
            "repository": format!("doc-platform/{service}"),
            "tags": [commit],
            "content": "of this test",
            "behaviour": behaviour,
        });
        session.target.control().unwrap().push_image(serde_json::from_value(image).unwrap()).unwrap();
        let outcome = Box::pin(deploy(&session, &options(Wanted::Head))).await.unwrap();
        close(session).await;
        outcome
    })
}

/// An image whose program answers this at the version endpoint of `api`.
fn answering(text: &str) -> Value {
    let body = json!({ "content_type": "application/json", "text": text });
    json!({ "release_header": null, "bodies": { "/api/version": body } })
}

/// The deployment is complete, and not what was wanted: what is said of `api`.
fn unhealthy(outcome: &Outcome) -> (String, String) {
    let result = &outcome.result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Unhealthy, 24), "{:?}", result.cause);
    assert_eq!(result.next.as_deref(), Some("cargo xtask diagnose staging --local"));
    let cause = result.cause.clone().unwrap();
    assert_eq!(cause.service.as_deref(), Some("api"));
    let (address, words) = cause.detail.split_once(": ").unwrap();
    assert_eq!(address, "https://staging.specboard.io/api/version");
    (cause.kind, words.to_owned())
}

#[test]
fn a_new_release_is_asserted_at_the_endpoints() {
    let scene = staging();
    let commit = scene.commit("second");
    let result = block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap().result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let checker = Checker::new(session.target.front, session.environment.domain.as_str()).unwrap();
        let mut named = Vec::new();
        for probe in session.config.platform.probes() {
            let answer = checker.ask(&probe, Some(&commit)).await;
            assert_eq!(answer.trouble, None, "{probe:?}");
            named.push((probe.path.clone(), answer.release));
            // Nothing but the body names it.
            let header = Some(ReleaseSource::Header("x-release".to_owned()));
            let answer = checker.ask(&Probe { release: header, ..probe }, Some(&commit)).await;
            assert!(matches!(answer.trouble, Some(Trouble::NoRelease(Unnamed::NoHeader(_)))), "{answer:?}");
        }
        let release = || Some(commit.clone());
        let expected = [
            ("/api/health", None),
            ("/api/version", release()),
            ("/health", None),
            ("/version", release()),
            ("/mcp/health", release()),
        ];
        assert_eq!(named, expected.map(|(path, release)| (path.to_owned(), release)));
        close(session).await;
    });
}

#[test]
fn an_image_of_an_older_release_fails_the_deployment_and_is_diagnosed() {
    let scene = staging();
    let mut image = answering(r#"{"build":{"version":"{release}"}}"#);
    image["release"] = json!("v0.0.9");
    let outcome = deploy_with_image(&scene, "api", &image);
    let commit = &outcome.result.commit[..12];
    let expected = format!("release v0.0.9 answers, not {commit}");
    assert_eq!(unhealthy(&outcome), ("wrong_release".to_owned(), expected.clone()));
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let (diagnosis, exit) = Box::pin(diagnose(&session)).await.unwrap();
        assert_eq!(exit, Exit::Unhealthy);
        assert_eq!(diagnosis.summary, format!("api does not answer as it should: /api/version: {expected}"));
        let seen: Vec<_> = diagnosis.services.iter().map(|it| it.answers.as_deref().unwrap()).collect();
        assert_eq!(seen, ["v0.0.9", &outcome.result.commit, &outcome.result.commit]);
        assert_eq!(diagnosis.services[0].trouble.as_ref(), Some(&expected));
        close(session).await;
    });
}

#[test]
fn old_code_fails_the_deployment() {
    let scene = staging();
    scene.commit("second");
    let result = block_on(scene.deploy("staging", &options(Wanted::Head), &["old-code:mcp"])).unwrap().result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Unhealthy, 24));
    let cause = result.cause.unwrap();
    assert_eq!((cause.kind.as_str(), cause.service.as_deref()), ("wrong_release", Some("mcp")));
}

#[test]
fn an_image_without_the_endpoint_fails_the_deployment() {
    let image = json!({ "release_header": "x-release", "paths": { "/api/health": 200 } });
    let outcome = deploy_with_image(&staging(), "api", &image);
    assert_eq!(unhealthy(&outcome), ("application".to_owned(), "the program answers 404".to_owned()));
}

#[test]
fn an_endpoint_that_names_no_release_fails_the_deployment() {
    let outcome = deploy_with_image(&staging(), "api", &answering(r#"{"version":"{release}"}"#));
    let words = "the answer names no release: its JSON has nothing at /build/version, only the keys version";
    assert_eq!(unhealthy(&outcome), ("no_release".to_owned(), words.to_owned()));
}

#[test]
fn the_health_command_shows_the_endpoints() {
    let scene = staging();
    let health = |release: &[&str]| {
        let mut command = Command::new(programs().join("deploy-ops"));
        command.args(["health", "staging", "--json"]).args(release).current_dir(scene.root());
        let output = command.env("DEPLOY_TARGET", "local").output().unwrap();
        let object: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.code(), object)
    };
    let (code, object) = health(&[]);
    assert_eq!((code, object["healthy"].as_bool()), (Some(0), Some(true)), "{object}");
    let answers: Vec<_> = object["answers"].as_array().unwrap().iter().collect();
    assert_eq!(answers.len(), 5);
    assert_eq!((&answers[1]["path"], &answers[1]["release"]), (&json!("/api/version"), &object["release"]));
    assert_eq!((&answers[0]["path"], &answers[0]["release"]), (&json!("/api/health"), &Value::Null));
    let (code, object) = health(&["--release", "v9.9.9"]);
    assert_eq!(code, Some(24), "{object}");
    let troubles: Vec<_> = object["answers"].as_array().unwrap().iter().map(|it| &it["trouble"]).collect();
    let wrong = &json!("wrong_release");
    assert_eq!(troubles, [&Value::Null, wrong, &Value::Null, wrong, wrong]);
}

#[test]
fn doctor_and_bootstrap_ask_the_endpoints() {
    let scene = staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let (config, environment) = (&session.config, &session.environment);
        let findings = account::environment(config, environment, Some(&session.target)).await;
        let asked: Vec<_> = findings.iter().filter(|finding| finding.check == "https").collect();
        assert_eq!(asked.len(), 5, "{findings:?}");
        assert!(asked.iter().all(|finding| finding.state == doctor::State::Ok), "{findings:?}");
        let wanted = Bootstrap { wanted: Wanted::Head, allow_replace: Vec::new() };
        let list = bootstrap::inspect(&session, &wanted).await.unwrap();
        let health = list.iter().find(|item| item.step == Step::Health).map(|item| &item.state);
        assert!(matches!(health, Some(State::Done(_))), "{list:?}");
        close(session).await;
    });
}

#[test]
fn a_guard_names_the_release_in_service_from_its_endpoint() {
    let scene = staging();
    let first = scene.git(&["rev-parse", "HEAD"]).trim().to_owned();
    scene.edit("platform.toml", "path = \"/api/health\"", "path = \"/api/live\"");
    scene.commit("another health path");
    let said = Told::default();
    block_on(async {
        let mut session = scene.session("staging", &[]).await;
        said.listen(&mut session);
        let outcome = Box::pin(deploy(&session, &options(Wanted::Head))).await.unwrap();
        assert_eq!(outcome.result.verdict, Verdict::Succeeded, "{:?}", outcome.result.cause);
        close(session).await;
    });
    let said = said.text();
    assert!(said.contains(&format!("api: release {first} answers /api/live already")), "{said}");
}

#[test]
fn what_simulate_predicts_is_what_the_endpoints_show() {
    let stage = stage_of(&staging().root().join("infra"));
    let well = predicts_in(&staging(), &stage, &[]);
    assert_eq!(well.figures.ending, Ending::Succeeded, "{:?}", well.figures);
    for fault in ["old-code:api", "old-code:frontend", "old-code:mcp"] {
        let predicted = predicts_in(&staging(), &stage, &[fault]);
        assert_eq!(predicted.figures.ending, Ending::Unhealthy, "{fault}: {:?}", predicted.figures);
    }
}
