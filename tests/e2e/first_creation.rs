//! A creation that fails at one resource costs one resource: the same command goes on when the reason is gone.

use deploy_ops::deploy;
use deploy_ops::diagnose;
use deploy_ops::failure::Failure;
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::target::Front;
use deploy_ops::{confirm::Ask, recover, stack};
use env_config::Config;
use ops_cli::{Exit, Verdict};
use rollout_sim::cfn;
use serde_json::json;

use super::endpoint::Fate;
use super::scene::{Scene, block_on, close, options};

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
    let fault = fault.map(|id| format!("stack-fails:{id}"));
    let faults: Vec<&str> = fault.as_deref().into_iter().collect();
    scene.deploy(environment, &options(Wanted::Head), &faults).await
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
                let view = stack::describe(&session.target.aws, &name).await.unwrap().unwrap();
                assert_eq!(view.status.as_str(), "CREATE_FAILED", "{told}");
                assert_eq!(deleted(&session, &name).await, Vec::<String>::new(), "{told}");
                let again = format!("cargo xtask deploy {environment} --local");
                let (diagnosis, _) = diagnose::diagnose(&session).await.unwrap();
                assert_eq!(diagnosis.next.as_deref(), Some(again.as_str()), "{}", diagnosis.summary);
                let recovered = recover::environment(&session, Ask::unless(true, &session)).await.unwrap();
                assert_eq!(recovered.next.as_deref(), Some(again.as_str()), "{recovered}");
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

/// The domain of these tests leads to no zone of a local account, whatever DNS says of it, or whether it answers.
#[test]
fn a_deployment_with_bootstrap_asks_for_no_certificate_before_the_zone_is_delegated() {
    let scene = Scene::empty();
    block_on(async {
        for _ in 0..2 {
            let mut session = scene.through("staging", 0.0, |_, _| Fate::Answered).await;
            session.session.target.front = Front::Public;
            let bootstrap = deploy::Options { bootstrap: true, ..options(Wanted::Head) };
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
