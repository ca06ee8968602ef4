//! States of a stack that no fault of the local AWS leads to: updates without a rollback, and a rollback that never ends.

use std::time::Duration;

use deploy_ops::confirm::Ask;
use deploy_ops::infrastructure;
use deploy_ops::recover;
use deploy_ops::rollback::{self, Way};
use ops_cli::Verdict;
use rollout_sim::World;

use super::scene::{Scene, block_on, close};
use super::two_releases::{ENVIRONMENT, Untouchable, back_to, of, stack_status, two_releases};

/// Somebody executed a change set past the tool with its rollback disabled, and it failed.
async fn update_failed(scene: &Scene) {
    scene.leave_change_set("by-hand").await;
    let session = scene.session(ENVIRONMENT, &["stack-fails:api"]).await;
    let stack = session.environment.stack_name.as_str();
    let execute = session.target.aws.cloudformation.execute_change_set();
    execute.stack_name(stack).change_set_name("by-hand").disable_rollback(true).send().await.unwrap();
    session.target.clock.sleep(Duration::from_secs(3600)).await;
    assert_eq!(stack_status(&session).await, "UPDATE_FAILED");
    close(session).await;
}

#[test]
fn an_update_that_failed_with_its_rollback_disabled_is_rolled_back() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        update_failed(&scene).await;
        let session = scene.as_deploy_role(&[]).await;
        let recovered = Box::pin(recover::environment(&session, Ask::Never)).await.unwrap();
        close(session).await;
        assert_eq!((recovered.verdict, recovered.before.as_str()), (Verdict::Succeeded, "UPDATE_FAILED"));
        assert_eq!(recovered.status.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"), "{recovered}");
        assert_eq!(recovered.steps, ["rolled back to the last stable state"]);
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

#[test]
fn a_deployment_from_there_takes_it_back_and_goes_on() {
    let scene = two_releases();
    block_on(async {
        update_failed(&scene).await;
        let result = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        for service in &result.services {
            assert_eq!(service.running_digests, [service.digest.as_str()], "{}", service.name);
        }
    });
}

#[test]
fn a_rollback_from_there_goes_to_its_release() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        update_failed(&scene).await;
        let result = scene.rollback("v0.1.0", Way::Stack, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
    });
}

/// The account with the environment's stack going back, and nothing that ever ends that.
async fn going_back_for_ever(scene: &Scene) -> World {
    let session = scene.session(ENVIRONMENT, &[]).await;
    let mut world = session.target.control().unwrap().inspect(|world| serde_json::to_value(world).unwrap());
    let name = session.environment.stack_name.to_string();
    let stacks = world["cfn"]["stacks"].as_array_mut().unwrap();
    let stack = stacks.iter_mut().find(|stack| stack["name"] == name.as_str()).unwrap();
    stack["status"] = "UPDATE_ROLLBACK_IN_PROGRESS".into();
    close(session).await;
    serde_json::from_value(world).unwrap()
}

#[test]
fn a_rollback_goes_past_a_stack_that_does_not_come_to_rest() {
    let scene = two_releases();
    block_on(async {
        let world = going_back_for_ever(&scene).await;
        let session = scene.session_in(world, ENVIRONMENT).await;
        let before = Untouchable::read(&session).await;
        let outcome = Box::pin(rollback::rollback(&session, &back_to("v0.1.0", Way::StackFirst))).await;
        let result = outcome.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        for service in &result.services {
            assert_eq!(service.running_digests, [service.digest.as_str()], "{}", service.name);
        }
        let told = session.report.timeline();
        assert!(
            told.iter().any(|entry| entry.text
                == "warning: DocPlatform-staging is in UPDATE_ROLLBACK_IN_PROGRESS and cannot be updated: going past \
                    CloudFormation"),
            "{told:#?}"
        );
        let next = "cargo xtask rollback v0.1.0 --env staging --via stack --local";
        assert_eq!(result.next.as_deref(), Some(next));
        assert_eq!(stack_status(&session).await, "UPDATE_ROLLBACK_IN_PROGRESS");
        Untouchable::read(&session).await.assert_as(&before);
        close(session).await;
    });
}

#[test]
fn by_the_stack_or_not_at_all_it_needs_a_person_and_touches_nothing() {
    let scene = two_releases();
    block_on(async {
        let world = going_back_for_ever(&scene).await;
        let session = scene.session_in(world, ENVIRONMENT).await;
        let before = Untouchable::read(&session).await;
        let outcome = Box::pin(rollback::rollback(&session, &back_to("v0.1.0", Way::Stack))).await;
        let result = outcome.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::NeedsHuman, 21));
        assert_eq!(result.cause.unwrap().kind, "stack_unusable");
        let next = "cargo xtask rollback v0.1.0 --env staging --via ecs --local";
        assert_eq!(result.next.as_deref(), Some(next));
        for service in &result.services {
            assert_ne!(service.running_digests, [service.digest.as_str()], "{} was touched", service.name);
        }
        Untouchable::read(&session).await.assert_as(&before);
        close(session).await;
    });
}

#[test]
fn a_shared_stack_whose_creation_failed_is_deleted_and_made_again() {
    let scene = Scene::empty();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &["stack-fails"]).await;
        let failed = infrastructure::bring_shared(&session, &[]).await.unwrap();
        assert!(matches!(failed, infrastructure::SharedEnd::Failed(_)));
        close(session).await;
        let session = scene.session(ENVIRONMENT, &[]).await;
        super::recover::take_back(&session, "DocPlatform-shared").await;
        let recovered = Box::pin(recover::shared(&session, Ask::Never)).await.unwrap();
        assert_eq!((recovered.verdict, &recovered.status), (Verdict::Succeeded, &None), "{recovered}");
        assert_eq!(recovered.next.as_deref(), Some("cargo xtask stack deploy shared --local"));
        let again = infrastructure::bring_shared(&session, &[]).await.unwrap();
        assert!(!matches!(again, infrastructure::SharedEnd::Failed(_)));
        let well = Box::pin(recover::shared(&session, Ask::Never)).await.unwrap();
        assert_eq!((well.verdict, well.steps), (Verdict::NoChange, vec![]));
        close(session).await;
    });
}
