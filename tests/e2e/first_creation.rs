//! A creation that fails at one resource costs one resource: the same command goes on when the reason is gone.

use deploy_ops::bootstrap::{self, Bootstrap};
use deploy_ops::delete::{self, Subject};
use deploy_ops::deploy::{self, Options};
use deploy_ops::diagnose;
use deploy_ops::failure::Failure;
use deploy_ops::infrastructure::{self, SharedEnd};
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::stages;
use deploy_ops::target::Front;
use deploy_ops::{confirm::Ask, recover, stack, stack_operations};
use env_config::Config;
use ops_cli::{Exit, Verdict};
use rollout_sim::cfn;
use serde_json::json;

use super::endpoint::Fate;
use super::scene::{Scene, block_on, close, options};
use super::two_releases::of;

/// One of so many resources is tried; all of them with `CRASH_POINTS=all`.
const SAMPLE: usize = 9;

/// Logical ids of a stack's resources, as its creation makes them: without what only a deployment of services brings.
fn resources(scene: &Scene, environment: Option<&str>) -> Vec<String> {
    let config = Config::load(scene.root()).unwrap();
    let document = match environment {
        None => stack_model::shared(&config).unwrap(),
        Some(name) => stack_model::environment(&config, config.environment(name).unwrap()).unwrap(),
    };
    let all = document.json()["Resources"].as_object().unwrap().clone();
    let infrastructure = all.iter().filter(|(_, resource)| resource["Metadata"]["Layer"] != "service");
    infrastructure.map(|(id, _)| id.clone()).collect()
}

fn sampled(ids: Vec<String>, offset: usize) -> Vec<String> {
    let all = std::env::var("CRASH_POINTS").is_ok_and(|value| value == "all");
    let step = if all { 1 } else { SAMPLE };
    ids.into_iter().skip(if all { 0 } else { offset }).step_by(step).collect()
}

/// Deploys with a fault at one resource.
async fn deployed(scene: &Scene, environment: &str, fault: Option<&str>) -> Result<deploy::Outcome, Failure> {
    let fault = fault.map(at);
    let faults: Vec<&str> = fault.as_deref().into_iter().collect();
    scene.deploy(environment, &options(Wanted::Head), &faults).await
}

/// The fault at a resource.
fn at(id: &str) -> String {
    format!("stack-fails:{id}")
}

/// What `diagnose` and `recover` say comes next, which is the same.
async fn next(session: &EnvironmentSession) -> String {
    let (diagnosis, _) = diagnose::diagnose(session).await.unwrap();
    let recovered = recover::environment(session, Ask::unless(true, session)).await.unwrap();
    assert_eq!(diagnosis.next, recovered.next, "{}: {recovered}", diagnosis.summary);
    diagnosis.next.unwrap()
}

/// The status of a stack.
async fn status(session: &EnvironmentSession, stack: &str) -> String {
    let view = stack::describe(&session.target.aws, stack).await.unwrap().unwrap();
    view.status.as_str().to_owned()
}

/// What a stack's events say of deletions.
async fn deleted(session: &EnvironmentSession, stack: &str) -> Vec<String> {
    let control = session.target.control().unwrap();
    control.inspect(|world| {
        let input = serde_json::from_value(json!({"StackName": stack})).unwrap();
        let answer = cfn::describe_stack_events(world, &input).unwrap();
        let events = serde_json::to_value(answer.stack_events).unwrap();
        let events = events.as_array().unwrap().iter();
        let gone = events.filter(|event| event["ResourceStatus"] == "DELETE_COMPLETE");
        gone.map(|event| event["LogicalResourceId"].as_str().unwrap().to_owned()).collect()
    })
}

#[test]
fn a_fault_at_a_resource_of_an_environment_costs_that_resource_and_the_same_command_goes_on() {
    for (environment, offset) in [("production", 0), ("staging", 4)] {
        let scene = Scene::empty();
        for id in sampled(resources(&scene, Some(environment)), offset) {
            let scene = Scene::empty();
            block_on(async {
                let outcome = deployed(&scene, environment, Some(&id)).await.unwrap();
                let result = outcome.result;
                let told = format!("{environment}, {id}: {:?}", result.cause);
                assert_eq!((result.verdict, result.exit_code), (Verdict::NeedsHuman, 21), "{told}");
                assert!(result.cause.as_ref().unwrap().detail.contains(&id), "{told}");
                let session = scene.session(environment, &[]).await;
                let name = session.environment.stack_name.to_string();
                assert_eq!(status(&session, &name).await, "CREATE_FAILED", "{told}");
                assert_eq!(deleted(&session, &name).await, Vec::<String>::new(), "{told}");
                let commit = scene.git(&["rev-parse", "HEAD"]);
                let again = format!("cargo xtask deploy {environment} --commit {} --local", commit.trim());
                assert_eq!(next(&session).await, again, "{told}");
                close(session).await;
                // The next thing that goes wrong costs no more.
                let twice = deployed(&scene, environment, Some(&id)).await.unwrap().result;
                assert_eq!(twice.verdict, Verdict::NeedsHuman, "{told}: {:?}", twice.cause);
                let result = deployed(&scene, environment, None).await.unwrap().result;
                assert_eq!(result.verdict, Verdict::Succeeded, "{told}: {:?}", result.cause);
                let session = scene.session(environment, &[]).await;
                let protected = session.environment.protection.load_balancer;
                let view = stack::describe(&session.target.aws, &name).await.unwrap().unwrap();
                assert_eq!(view.termination_protection, session.environment.protection.stack, "{told}");
                let live = stack::live_template(&session.target.aws, &name).await.unwrap();
                let (_, on) = deploy_ops::protection::taken_off(&live);
                assert_eq!(on.contains(&"LoadBalancer".to_owned()), protected, "{told}: {on:?}");
                close(session).await;
            });
        }
    }
}

#[test]
fn a_fault_at_a_resource_of_the_shared_stack_costs_that_resource_and_the_same_command_goes_on() {
    for id in sampled(resources(&Scene::empty(), None), 2) {
        let scene = Scene::empty();
        block_on(async {
            let failure = deployed(&scene, "staging", Some(&id)).await.unwrap_err();
            assert!(failure.chain().contains(&id), "{id}: {}", failure.chain());
            let session = scene.session("staging", &[]).await;
            let name = session.config.platform.shared_stack_name.to_string();
            assert_eq!(deleted(&session, &name).await, Vec::<String>::new(), "{id}");
            close(session).await;
            let result = deployed(&scene, "staging", None).await.unwrap().result;
            assert_eq!(result.verdict, Verdict::Succeeded, "{id}: {:?}", result.cause);
        });
    }
}

/// Resources of the shared stack's creation: the certificate comes by an update of its own, once the zone is delegated.
fn without_certificate(scene: &Scene) -> Vec<String> {
    let mut all = resources(scene, None);
    all.retain(|id| id != "Certificate");
    all
}

/// Resources that come without a release.
fn without_release(scene: &Scene, environment: &str) -> Vec<String> {
    let config = Config::load(scene.root()).unwrap();
    let document = stack_model::environment(&config, config.environment(environment).unwrap()).unwrap();
    let all = &document.json()["Resources"];
    let of_release = |id: &String| all[id]["Type"] == "AWS::ECS::TaskDefinition";
    resources(scene, Some(environment)).into_iter().filter(|id| !of_release(id)).collect()
}

#[test]
fn a_bootstrap_goes_on_where_a_resource_of_either_stack_failed() {
    let bootstrap = |wanted| Bootstrap { wanted, allow_replace: Vec::new() };
    let wanted = bootstrap(Wanted::Tag("v0.1.0".parse().unwrap()));
    let scene = Scene::empty();
    let shared = sampled(without_certificate(&scene), 5).into_iter().step_by(2).map(|id| (id, true));
    let own = sampled(without_release(&scene, "production"), 7).into_iter().step_by(2);
    for (id, is_shared) in shared.chain(own.map(|id| (id, false))) {
        let scene = Scene::empty();
        block_on(async {
            let mut session = scene.session("production", &[&at(&id)]).await;
            let result = Box::pin(bootstrap::run(&mut session, &wanted)).await.unwrap();
            let told = format!("{id}: {:?}", result.cause);
            assert_eq!(result.exit, Exit::NeedsHuman, "{told}");
            assert!(result.cause.as_ref().unwrap().contains(&id), "{told}");
            let again = "cargo xtask bootstrap production --release v0.1.0 --local";
            assert_eq!(result.next.as_deref(), Some(again), "{told}");
            let name = if is_shared {
                session.config.platform.shared_stack_name.to_string()
            } else {
                // Nothing says yet which release is to come.
                assert_eq!(next(&session).await, "cargo xtask bootstrap production --local", "{told}");
                session.environment.stack_name.to_string()
            };
            assert_eq!(status(&session, &name).await, "CREATE_FAILED", "{told}");
            assert_eq!(deleted(&session, &name).await, Vec::<String>::new(), "{told}");
            close(session).await;
            let mut session = scene.session("production", &[]).await;
            let head = bootstrap(Wanted::Head);
            let result = Box::pin(bootstrap::run(&mut session, &head)).await.unwrap();
            assert_eq!((result.exit, result.next), (Exit::Done, None), "{told}, {:?}", result.cause);
            close(session).await;
        });
    }
}

#[test]
fn a_deployment_of_the_shared_stack_goes_on_where_a_resource_failed() {
    for id in sampled(without_certificate(&Scene::empty()), 0) {
        let scene = Scene::empty();
        block_on(async {
            // The next thing that goes wrong costs no more.
            for expected in ["CREATE_FAILED", "UPDATE_FAILED"] {
                let session = scene.session("staging", &[&at(&id)]).await;
                let end = infrastructure::bring_shared(&session, &[]).await.unwrap();
                let SharedEnd::Failed(failed) = end else { panic!("{id} did not fail") };
                assert!(failed.cause.as_ref().unwrap().detail.contains(&id), "{id}: {:?}", failed.cause);
                let name = session.config.platform.shared_stack_name.to_string();
                assert_eq!(status(&session, &name).await, expected, "{id}");
                assert_eq!(deleted(&session, &name).await, Vec::<String>::new(), "{id}");
                close(session).await;
            }
            let session = scene.session("staging", &[]).await;
            let end = infrastructure::bring_shared(&session, &[]).await.unwrap();
            assert!(matches!(end, SharedEnd::Complete(Some(_))), "{id}");
            close(session).await;
        });
    }
}

/// On AWS nothing is replaced while a creation goes on, and another image is another task definition.
#[test]
fn a_later_commit_goes_on_with_a_creation() {
    let scene = Scene::empty();
    block_on(async {
        let failed = deployed(&scene, "staging", Some("SeedTaskDefinition")).await.unwrap().result;
        assert_eq!(failed.verdict, Verdict::NeedsHuman, "{:?}", failed.cause);
        let commit = scene.commit("second");
        let result = deployed(&scene, "staging", None).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        let session = scene.session("staging", &[]).await;
        let name = session.environment.stack_name.as_str();
        let view = stack::describe(&session.target.aws, name).await.unwrap().unwrap();
        assert_eq!((view.parameters["Release"].as_str(), result.commit.as_str()), (&*commit, &*commit));
        close(session).await;
    });
}

#[test]
fn a_creation_that_would_have_to_replace_something_begins_anew() {
    for environment in ["staging", "production"] {
        let scene = Scene::empty();
        block_on(async {
            scene.release("v0.1.0").await;
            // Its sibling is made in the same moment.
            let fault = at("SeedTaskDefinition");
            let failed = scene.deploy(environment, &of("v0.1.0"), &[&fault]).await.unwrap().result;
            assert_eq!(failed.verdict, Verdict::NeedsHuman, "{:?}", failed.cause);
            let session = scene.session(environment, &[]).await;
            let again = format!("cargo xtask deploy {environment} --release v0.1.0 --local");
            assert_eq!(next(&session).await, again);
            close(session).await;

            scene.edit("platform.toml", "cpu = 512, memory_mib = 1024", "cpu = 1024, memory_mib = 2048");
            let failed = scene.deploy(environment, &of("v0.1.0"), &[]).await.unwrap().result;
            assert_eq!(failed.verdict, Verdict::NeedsHuman, "{:?}", failed.cause);
            let session = scene.session(environment, &[]).await;
            let (diagnosis, _) = diagnose::diagnose(&session).await.unwrap();
            let name = session.environment.stack_name.as_str();
            let delete = format!("cargo xtask stack delete {environment} --confirm {name} --local");
            assert_eq!(diagnosis.next.as_deref(), Some(delete.as_str()), "{}", diagnosis.summary);
            let subject = Subject::Environment(&session.environment);
            let deleted = delete::delete(&session, &subject, Some(name), true).await.unwrap();
            assert_eq!((deleted.exit_code, deleted.remains), (0, Vec::new()), "{:?}", deleted.failed);
            close(session).await;
            let result = scene.deploy(environment, &of("v0.1.0"), &[]).await.unwrap().result;
            assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        });
    }
}

#[test]
fn the_plan_of_a_creation_shows_its_protection_as_a_step_of_its_own() {
    let scene = Scene::empty();
    block_on(async {
        let planned = Options { plan_only: true, ..options(Wanted::Head) };
        let shown = scene.deploy("production", &planned, &[]).await.unwrap().forecast.unwrap();
        insta::assert_snapshot!(stages::lines(&shown.infrastructure).join("\n"), @r"
        1. create the stack, with nothing in it that refuses its own deletion
        2. once the stack is complete, protect Database, LoadBalancer against deletion
        ");
        let outcome = deployed(&scene, "production", None).await.unwrap();
        assert_eq!(outcome.result.verdict, Verdict::Succeeded, "{:?}", outcome.result.cause);
        assert_eq!(outcome.forecast.unwrap().infrastructure, shown.infrastructure);
        let session = scene.session("production", &[]).await;
        let name = session.environment.stack_name.as_str();
        let done = stack_operations::read(&session.target.aws, name, 9).await.unwrap();
        let tokens = done.into_iter().filter_map(|operation| operation.token);
        let what: Vec<_> = tokens.map(|token| token.split('-').nth(1).unwrap().to_owned()).collect();
        assert_eq!(what, ["expand", "complete", "roll"]);
        let live = infrastructure::look(&session, name).await.unwrap();
        let complete = infrastructure::environment(&session, live).await.unwrap();
        let planned = infrastructure::plan(&session, &complete).await.unwrap();
        assert_eq!(planned.stages, [], "it is as configured");
        let absent = infrastructure::environment(&session, None).await.unwrap();
        assert_eq!(stages::lines(&absent.stages()), stages::lines(&shown.infrastructure));
        close(session).await;
    });
}

/// The domain of these tests leads to no zone of a local account, whatever DNS says of it, or whether it answers.
#[test]
fn a_deployment_with_bootstrap_asks_for_no_certificate_before_the_zone_is_delegated() {
    let scene = Scene::empty();
    block_on(async {
        for _ in 0..2 {
            let mut session = scene.through("staging", 0.0, |_, _| Fate::Answered).await;
            session.session.target.front = Front::Public;
            let bootstrap = Options { bootstrap: true, ..options(Wanted::Head) };
            let failure = Box::pin(deploy::deploy(&session, &bootstrap)).await.unwrap_err();
            assert_eq!((failure.exit(), failure.kind()), (Exit::NeedsHuman, "waits"), "{}", failure.chain());
            let hint = failure.hint().unwrap();
            assert!(
                hint.contains("set the name servers to ns-") && hint.contains("the same command"),
                "{hint}"
            );
            let name = session.config.platform.shared_stack_name.as_str();
            let view = stack::describe(&session.target.aws, name).await.unwrap().unwrap();
            assert!(view.was_complete() && !view.outputs.contains_key("CertificateArn"), "{view:?}");
            close(session).await;
        }
        // Delegated: the local account needs none.
        let result = deployed(&scene, "staging", None).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
    });
}
