//! `recover`, from each state that a stack can be stuck in.

use std::collections::BTreeSet;
use std::time::Duration;

use deploy_ops::confirm::Ask;
use deploy_ops::expand;
use deploy_ops::failure::Failure;
use deploy_ops::inputs;
use deploy_ops::recover::{self, Recovered};
use deploy_ops::resolve::{self, Wanted};
use deploy_ops::rollback::Way;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::stack;
use ops_cli::{Exit, Verdict};

use super::scene::{Scene, block_on, close};
use super::two_releases::{ENVIRONMENT, of, stack_status, two_releases};

/// Recovers the environment, as `cargo xtask recover staging --yes` does, by the deploy role.
async fn recover(scene: &Scene, faults: &[&str]) -> Result<Recovered, Failure> {
    let session = scene.as_deploy_role(faults).await;
    let recovered = Box::pin(recover::environment(&session, Ask::Never)).await;
    close(session).await;
    recovered
}

#[test]
fn a_stack_that_is_well_needs_nothing() {
    let scene = two_releases();
    let recovered = block_on(recover(&scene, &[])).unwrap();
    assert_eq!((recovered.verdict, recovered.exit_code), (Verdict::NoChange, 0));
    assert_eq!(recovered.next.as_deref(), Some("cargo xtask deploy staging --local"));
}

#[test]
fn a_change_set_that_nobody_executed_is_deleted_once_it_is_nobodys() {
    let scene = two_releases();
    block_on(async {
        scene.leave_change_set("rollback-1").await;
        let fresh = recover(&scene, &[]).await.unwrap();
        assert_eq!(fresh.verdict, Verdict::NoChange, "another run may be about to execute it: {fresh}");
        let session = scene.session(ENVIRONMENT, &[]).await;
        session.target.clock.sleep(Duration::from_secs(3600)).await;
        close(session).await;
        let recovered = recover(&scene, &[]).await.unwrap();
        assert_eq!(recovered.steps, ["deleted the change set rollback-1"], "{recovered}");
    });
}

#[test]
fn a_stuck_rollback_is_continued() {
    let scene = two_releases();
    block_on(async {
        let failed = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &["rollback-fails:api"]).await.unwrap();
        assert_eq!(failed.result.verdict, Verdict::NeedsHuman);
        let before = scene.untouchable().await;
        let recovered = recover(&scene, &[]).await.unwrap();
        assert_eq!(recovered.verdict, Verdict::Succeeded, "{recovered}");
        assert_eq!(recovered.steps, ["continued the rollback"]);
        assert_eq!(recovered.status.as_deref(), Some("UPDATE_ROLLBACK_COMPLETE"));
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

#[test]
fn what_cannot_be_put_back_is_left_out_by_name_and_the_services_are_next() {
    let scene = two_releases();
    block_on(async {
        let failed = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &["rollback-fails:api"]).await.unwrap();
        assert_eq!(failed.result.verdict, Verdict::NeedsHuman);
        let before = scene.untouchable().await;
        let recovered = recover(&scene, &["rollback-fails:api"]).await.unwrap();
        assert_eq!(recovered.verdict, Verdict::Succeeded, "{recovered}");
        assert_eq!(recovered.steps, ["continued the rollback", "left ApiService as it is"]);
        let next = recovered.next.unwrap();
        if next != "cargo xtask deploy staging --local" {
            assert_eq!(next, "cargo xtask rollback v0.2.0 --env staging --local");
            let result = scene.rollback("v0.2.0", Way::StackFirst, &[]).await.unwrap().result;
            assert_eq!(result.exit_code, 0, "{:?}", result.cause);
        }
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

#[test]
fn an_update_that_runs_is_not_stuck() {
    let scene = two_releases();
    block_on(async {
        scene.half_way_to_v0_3_0(&[]).await;
        let refused = recover(&scene, &[]).await.unwrap_err();
        assert_eq!(refused.exit(), Exit::Refused);
        assert_eq!(
            refused.to_string(),
            "stack DocPlatform-staging is in UPDATE_IN_PROGRESS: it is being updated, not stuck"
        );
    });
}

/// Somebody takes back what a creation made that failed.
pub(super) async fn take_back(session: &EnvironmentSession, stack: &str) {
    session.target.aws.cloudformation.rollback_stack().stack_name(stack).send().await.unwrap();
    session.target.clock.sleep(Duration::from_secs(2 * 3600)).await;
}

#[test]
fn a_stack_whose_creation_failed_is_deleted_and_can_be_made_again() {
    let scene = Scene::empty();
    block_on(async {
        scene.release("v0.1.0").await;
        let failed = scene.deploy(ENVIRONMENT, &of("v0.1.0"), &["stack-fails"]).await.unwrap().result;
        assert_ne!(failed.exit_code, 0);
        let session = scene.session(ENVIRONMENT, &[]).await;
        take_back(&session, "DocPlatform-staging").await;
        assert_eq!(stack_status(&session).await, "ROLLBACK_COMPLETE");
        close(session).await;
        let recovered = recover(&scene, &[]).await.unwrap();
        assert_eq!((recovered.verdict, &recovered.status), (Verdict::Succeeded, &None), "{recovered}");
        assert_eq!(recovered.steps[0], "deleted the stack");
        assert_eq!(
            recovered.next.as_deref(),
            Some("cargo xtask deploy staging --release v0.1.0 --bootstrap --local")
        );
        let again = scene.deploy(ENVIRONMENT, &of("v0.1.0"), &[]).await.unwrap().result;
        assert_eq!(again.verdict, Verdict::Succeeded, "{:?}", again.cause);
    });
}

#[test]
fn a_stack_that_keeps_its_data_can_be_made_again_too() {
    let scene = Scene::empty();
    block_on(async {
        scene.release("v0.1.0").await;
        let failed = scene.deploy("production", &of("v0.1.0"), &["stack-fails"]).await.unwrap().result;
        assert_ne!(failed.exit_code, 0);
        let session = scene.session("production", &[]).await;
        take_back(&session, "DocPlatform-production").await;
        let recovered = Box::pin(recover::environment(&session, Ask::Never)).await.unwrap();
        close(session).await;
        assert_eq!((recovered.verdict, &recovered.status), (Verdict::Succeeded, &None), "{recovered}");
        // Nothing was left behind whose name would be taken now.
        let again = scene.deploy("production", &of("v0.1.0"), &[]).await.unwrap().result;
        assert_eq!(again.verdict, Verdict::Succeeded, "{:?}", again.cause);
    });
}

#[test]
fn a_stack_that_was_only_proposed_is_cleaned_away() {
    let scene = Scene::empty();
    block_on(async {
        scene.release("v0.1.0").await;
        let session = scene.session(ENVIRONMENT, &[]).await;
        let (aws, clock) = (&session.target.aws, &*session.target.clock);
        let shared = inputs::Shared::read(aws, &session.config, &session.environment).await.unwrap();
        let repositories = inputs::repositories(&session.config);
        let wanted = Wanted::Tag("v0.1.0".parse().unwrap());
        let tags = session.target.tags;
        let release = resolve::resolve(aws, &session.root, &wanted, tags, &repositories).await.unwrap();
        let values = inputs::parameters(&session.config, &shared, &release);
        let template = inputs::environment_template(&session.config, &session.environment).unwrap();
        let template = expand::expand(&template, None).unwrap().template;
        let (name, role) = (session.environment.stack_name.as_str(), &shared.cloudformation_role_arn);
        let (kept, change_set) = (BTreeSet::new(), "deploy-expand-1".to_owned());
        let request = inputs::request(name, &template, &values, &kept, None, Some(role), change_set).unwrap();
        stack::propose(aws, clock, &session.template_bucket(), &request, false).await.unwrap();
        assert_eq!(stack_status(&session).await, "REVIEW_IN_PROGRESS");
        close(session).await;
        let recovered = recover(&scene, &[]).await.unwrap();
        assert_eq!((recovered.verdict, &recovered.status), (Verdict::Succeeded, &None), "{recovered}");
        assert_eq!(recovered.steps, ["deleted the change set deploy-expand-1", "deleted the stack"]);
    });
}
