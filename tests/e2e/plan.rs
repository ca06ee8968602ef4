//! What is not there is found out before anything is made for it, and a plan changes nothing.

use deploy_ops::deploy::{self, Options};
use deploy_ops::resolve::Wanted;
use ops_cli::{Exit, Verdict};
use serde_json::Value;

use super::scene::{Scene, block_on, close, options};
use super::two_releases::{ENVIRONMENT, of, two_releases};

fn plan(wanted: Wanted) -> Options {
    Options { plan_only: true, ..options(wanted) }
}

/// The whole account, without the time.
async fn account(scene: &Scene) -> Value {
    let session = scene.session(ENVIRONMENT, &[]).await;
    let mut world = session.target.control().unwrap().inspect(|world| serde_json::to_value(world).unwrap());
    close(session).await;
    world.as_object_mut().unwrap().retain(|key, _| key != "now");
    world
}

#[test]
fn a_release_that_does_not_exist_leaves_an_empty_account_empty() {
    let scene = Scene::empty();
    block_on(async {
        let before = account(&scene).await;
        let failure = scene.deploy(ENVIRONMENT, &of("v9.9.9"), &[]).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::BadInput);
        insta::assert_snapshot!(format!("{failure}\n{}", failure.hint().unwrap()), @r"
        there is no release v9.9.9
        make the release: cargo xtask release v9.9.9 --local
        ");
        assert!(account(&scene).await == before, "something was made for it");
    });
}

#[test]
fn a_plan_changes_nothing_in_an_account_that_has_to_be_prepared_for_one() {
    let scene = Scene::empty();
    block_on(async {
        let before = account(&scene).await;
        let outcome = scene.deploy(ENVIRONMENT, &plan(Wanted::Head), &[]).await.unwrap();
        assert!(outcome.forecast.is_some(), "everything is to be made");
        assert!(account(&scene).await == before, "the plan made something");
    });
}

#[test]
fn a_plan_changes_nothing_in_an_environment_that_runs() {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        let before = account(&scene).await;
        let outcome = scene.deploy(ENVIRONMENT, &plan(Wanted::Head), &[]).await.unwrap();
        let forecast = outcome.forecast.unwrap();
        assert!(forecast.services.iter().all(|service| service.rolls), "{forecast:?}");
        assert!(account(&scene).await == before, "the plan made something");
        let result = scene.deploy(ENVIRONMENT, &options(Wanted::Head), &[]).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
    });
}

/// A deployment waits for the one that is under way; a plan does not, and puts nothing right either.
#[test]
fn a_plan_of_a_stack_that_is_not_at_rest_is_refused() {
    let scene = two_releases();
    block_on(async {
        scene.half_way_to_v0_3_0(&[]).await;
        let before = account(&scene).await;
        let failure = scene.deploy(ENVIRONMENT, &plan(Wanted::Head), &[]).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Refused);
        insta::assert_snapshot!(format!("{failure}\n{}", failure.hint().unwrap()), @r"
        stack DocPlatform-staging is in UPDATE_IN_PROGRESS: what would change is known when that is over
        follow it with `cargo xtask diagnose staging --local`
        ");
        assert!(account(&scene).await == before);

        scene.deploy(ENVIRONMENT, &of("v0.3.0"), &[]).await.unwrap();
        scene.commit("fourth");
        let failed =
            scene.deploy(ENVIRONMENT, &options(Wanted::Head), &["rollback-fails:api"]).await.unwrap();
        assert_eq!(failed.result.verdict, Verdict::NeedsHuman);
        let session = scene.session(ENVIRONMENT, &[]).await;
        let failure = Box::pin(deploy::deploy(&session, &plan(Wanted::Head))).await.unwrap_err();
        close(session).await;
        assert_eq!(failure.hint().as_deref(), Some("cargo xtask recover staging --local"), "{failure}");
    });
}
