//! Rollbacks by the stack, from every state that an environment can be in.

use std::sync::Arc;

use deploy_ops::alignment;
use deploy_ops::infrastructure;
use deploy_ops::revisions;
use deploy_ops::rollback::{self, Way};
use ops_cli::Verdict;
use tokio::sync::Notify;

use super::scene::{block_on, close};
use super::two_releases::{ENVIRONMENT, back_to, kill_at, of, stack_status, telling, two_releases};

#[test]
fn from_a_healthy_environment() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.1.0", Way::StackFirst, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
    });
}

#[test]
fn to_what_already_runs_is_done_at_once() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        for way in [Way::StackFirst, Way::Stack, Way::Ecs] {
            let result = scene.rollback("v0.2.0", way, &[]).await.unwrap().result;
            assert_eq!((result.verdict, result.exit_code), (Verdict::NoChange, 0), "{:?}", result.cause);
            assert!(result.elapsed_secs < 1.0, "{}", result.elapsed_secs);
        }
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

#[test]
fn while_a_deployment_is_in_progress_to_the_release_before_it() {
    let scene = two_releases();
    block_on(async {
        scene.half_way_to_v0_3_0(&[]).await;
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.2.0", Way::StackFirst, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

#[test]
fn while_a_bad_deployment_is_in_progress_to_an_older_release() {
    let scene = two_releases();
    block_on(async {
        scene.half_way_to_v0_3_0(&["health-path:api"]).await;
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.1.0", Way::StackFirst, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
    });
}

#[test]
fn while_the_stack_is_going_back_by_itself() {
    let scene = two_releases();
    block_on(async {
        scene.half_way_to_v0_3_0(&[]).await;
        let before = scene.untouchable().await;
        let session = scene.session(ENVIRONMENT, &[]).await;
        let cancel = session.target.aws.cloudformation.cancel_update_stack();
        cancel.stack_name(session.environment.stack_name.as_str()).send().await.unwrap();
        assert_eq!(stack_status(&session).await, "UPDATE_ROLLBACK_IN_PROGRESS");
        close(session).await;
        let result = scene.rollback("v0.1.0", Way::StackFirst, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
    });
}

#[test]
fn after_a_deployment_failed_and_was_rolled_back() {
    let scene = two_releases();
    block_on(async {
        let failed = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &["crash-on-start:api"]).await.unwrap();
        assert_eq!(failed.result.verdict, Verdict::RolledBack);
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.2.0", Way::StackFirst, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::NoChange, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
        let result = scene.rollback("v0.1.0", Way::StackFirst, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
    });
}

#[test]
fn from_a_rollback_that_failed_and_can_be_continued() {
    let scene = two_releases();
    block_on(async {
        let failed = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &["rollback-fails:api"]).await.unwrap();
        assert_eq!(failed.result.verdict, Verdict::NeedsHuman, "{:?}", failed.result.cause);
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.1.0", Way::Stack, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
    });
}

#[test]
fn from_a_rollback_that_fails_again_without_what_fails() {
    let scene = two_releases();
    block_on(async {
        let failed = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &["rollback-fails:api"]).await.unwrap();
        assert_eq!(failed.result.verdict, Verdict::NeedsHuman, "{:?}", failed.result.cause);
        let before = scene.untouchable().await;
        let session = scene.as_deploy_role(&["rollback-fails:api"]).await;
        let outcome = Box::pin(rollback::rollback(&session, &back_to("v0.2.0", Way::Stack))).await;
        let result = outcome.unwrap().result;
        let told = session.report.timeline();
        assert!(
            told.iter().any(|entry| entry.text.contains("continuing the rollback without ApiService")),
            "{told:#?}"
        );
        assert_eq!(stack_status(&session).await, "UPDATE_ROLLBACK_COMPLETE");
        close(session).await;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

/// Somebody brought one service to the other release and stopped another.
async fn change_by_hand(scene: &super::scene::Scene) {
    let session = scene.session(ENVIRONMENT, &[]).await;
    let (aws, cluster) = (&session.target.aws, session.names().cluster());
    let repositories = deploy_ops::inputs::repositories(&session.config);
    let wanted = deploy_ops::resolve::Wanted::Tag("v0.1.0".parse().unwrap());
    let tags = session.target.tags;
    let release =
        deploy_ops::resolve::resolve(aws, &session.root, &wanted, tags, &repositories).await.unwrap();
    let services = aws.ecs.describe_services().cluster(&cluster).services("api").send().await.unwrap();
    let present = services.services()[0].task_definition().unwrap();
    let base = revisions::describe(aws, present).await.unwrap().unwrap();
    let old = revisions::register(aws, &base, "api", &release, &release.digests["api"]).await.unwrap();
    let update = aws.ecs.update_service().cluster(&cluster).service("api").task_definition(&old);
    update.send().await.unwrap();
    let update = aws.ecs.update_service().cluster(&cluster).service("frontend").desired_count(0);
    update.send().await.unwrap();
    session.target.clock.sleep(std::time::Duration::from_secs(900)).await;
    close(session).await;
}

/// What `stack plan` says of services.
async fn past_the_stack(scene: &super::scene::Scene) -> Vec<String> {
    let session = scene.session(ENVIRONMENT, &[]).await;
    let live = infrastructure::look(&session, session.environment.stack_name.as_str()).await.unwrap();
    let (view, template) = live.unwrap();
    let found = alignment::differences(&session, &view, &template).await.unwrap();
    close(session).await;
    found
}

#[test]
fn services_changed_by_hand_come_to_the_release_on_record() {
    let scene = two_releases();
    block_on(async {
        assert_eq!(past_the_stack(&scene).await, [""; 0]);
        change_by_hand(&scene).await;
        let found = past_the_stack(&scene).await;
        assert!(found[0].starts_with("api runs doc-platform-staging-api:"), "{found:?}");
        assert_eq!(found[1], "frontend is to run 0 tasks, not 1");
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.2.0", Way::Stack, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}

#[test]
fn services_on_mixed_releases_all_come_to_the_older_one() {
    let scene = two_releases();
    block_on(async {
        change_by_hand(&scene).await;
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.1.0", Way::Stack, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
    });
}

#[test]
fn a_killed_rollback_is_done_by_the_same_command_again() {
    // Killed as the update begins, which may be before or after it has begun, and half-way through it.
    for moment in ["plan: ", "api: 1/1 new tasks healthy"] {
        let scene = two_releases();
        block_on(async {
            let before = scene.untouchable().await;
            let mut session = scene.as_deploy_role(&[]).await;
            let signal = Arc::new(Notify::new());
            session.session.report = telling(&session, moment, &signal);
            kill_at(&signal, rollback::rollback(&session, &back_to("v0.1.0", Way::Stack))).await;
            close(session).await;
            let session = scene.as_deploy_role(&[]).await;
            let result =
                Box::pin(rollback::rollback(&session, &back_to("v0.1.0", Way::Stack))).await.unwrap().result;
            let told = session.report.timeline();
            let taken_up = told.iter().any(|entry| entry.text.contains("taking up the watch"));
            assert!(taken_up || moment == "plan: ", "{told:#?}");
            close(session).await;
            assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
            scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
        });
    }
}

#[test]
fn a_change_set_that_a_killed_rollback_left_behind_is_in_nobodys_way() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        scene.leave_change_set("rollback-1").await;
        let result = scene.rollback("v0.1.0", Way::Stack, &[]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
        scene.assert_all_on("v0.1.0", "v0.1.0", &before).await;
    });
}

#[test]
fn a_rollback_to_a_release_that_does_not_start_leaves_every_service_where_it_was() {
    let scene = two_releases();
    block_on(async {
        let before = scene.untouchable().await;
        let result = scene.rollback("v0.1.0", Way::StackFirst, &["no-capacity:mcp"]).await.unwrap().result;
        assert_eq!((result.verdict, result.exit_code), (Verdict::RolledBack, 20));
        let cause = result.cause.unwrap();
        assert_eq!((cause.kind.as_str(), cause.service.as_deref()), ("no_capacity", Some("mcp")));
        scene.assert_all_on("v0.2.0", "v0.2.0", &before).await;
    });
}
