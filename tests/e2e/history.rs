//! `history`: told from what AWS keeps, for whoever asks.

use deploy_ops::confirm::Ask;
use deploy_ops::history::{self, History};
use deploy_ops::recover;
use deploy_ops::resolve::Wanted;
use deploy_ops::rollback::Way;
use ops_cli::Verdict;

use super::scene::{Scene, block_on, close, options};
use super::two_releases::{of, two_releases};

fn read(scene: &Scene, limit: usize) -> History {
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let history = Box::pin(history::read(&session, limit)).await.unwrap();
        session.session.target.close().await.unwrap();
        history
    })
}

/// Outcome, release and length of every deployment, with the commits named.
fn table(scene: &Scene, history: &History) -> String {
    let mut text = history.to_string();
    for line in scene.git(&["log", "--all", "--format=%H %s"]).lines() {
        let (commit, subject) = line.split_once(' ').unwrap();
        text = text.replace(&commit[..12], &format!("{subject:<12}"));
    }
    text
}

fn deploy(scene: &Scene, faults: &[&str]) -> Verdict {
    block_on(scene.deploy("staging", &options(Wanted::Head), faults)).unwrap().result.verdict
}

#[test]
fn every_change_is_there_with_its_outcome_and_a_deployment_without_one_leaves_none() {
    let scene = Scene::staging();
    assert_eq!(deploy(&scene, &[]), Verdict::NoChange);
    scene.commit("second");
    assert_eq!(deploy(&scene, &[]), Verdict::Succeeded);
    scene.commit("third");
    assert_eq!(deploy(&scene, &["crash-on-start:api"]), Verdict::RolledBack);
    let history = read(&scene, 10);
    insta::assert_snapshot!(table(&scene, &history), @"
    staging: second       in service
      2026-01-05T09:28:40Z  third         rolled back  7m15s   ana  laptop
      2026-01-05T09:21:00Z  second        rolled out   7m35s   ana  laptop
      2026-01-05T09:03:50Z  first         rolled out   15m38s  ana  laptop
    ");
    assert_eq!(history.deployments[0].tokens.len(), 2, "infrastructure and services are one deployment");
    assert_eq!(read(&scene, 1).deployments, history.deployments[..1]);
}

#[test]
fn a_failed_migration_leaves_services_that_were_not_rolled() {
    let scene = Scene::staging();
    scene.commit("second");
    assert_eq!(deploy(&scene, &["migration-fails"]), Verdict::TaskFailed);
    insta::assert_snapshot!(table(&scene, &read(&scene, 10)), @"
    staging: first        in service
      2026-01-05T09:21:00Z  second        services not rolled (infrastructure)  7s      ana  laptop
      2026-01-05T09:03:50Z  first         rolled out                            15m38s  ana  laptop
    ");
}

#[test]
fn a_deployment_past_cloudformation_is_there_too() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        session.target.clock.sleep(std::time::Duration::from_secs(600)).await;
        let update =
            session.target.aws.ecs.update_service().cluster(session.names().cluster()).service("api");
        update.force_new_deployment(true).send().await.unwrap();
        session.target.clock.sleep(std::time::Duration::from_secs(600)).await;
        session.session.target.close().await.unwrap();
    });
    insta::assert_snapshot!(table(&scene, &read(&scene, 10)), @"
    staging: first        in service
      2026-01-05T09:31:00Z  first         rolled out (past CloudFormation)  5m18s   -    -
          services: api
      2026-01-05T09:03:50Z  first         rolled out                        15m38s  ana  laptop
    ");
}

#[test]
fn a_release_that_does_not_answer_was_rolled_out_all_the_same() {
    let scene = Scene::staging();
    scene.commit("second");
    assert_eq!(deploy(&scene, &["old-code"]), Verdict::Unhealthy);
    insta::assert_snapshot!(table(&scene, &read(&scene, 10)), @"
    staging: second       in service
      2026-01-05T09:21:00Z  second        rolled out  7m35s   ana  laptop
      2026-01-05T09:03:50Z  first         rolled out  15m38s  ana  laptop
    ");
}

#[test]
fn a_rollback_is_there_either_way_and_so_is_what_was_put_right() {
    let scene = two_releases();
    let rollback = |tag: &str, way: Way| {
        let outcome = block_on(scene.rollback(tag, way, &[])).unwrap();
        assert_eq!(outcome.result.verdict, Verdict::Succeeded, "{:?}", outcome.result.cause);
    };
    rollback("v0.1.0", Way::Stack);
    // What begins within the seconds by which clocks differ is part of the operation before.
    block_on(async {
        let session = scene.as_deploy_role(&[]).await;
        session.target.clock.sleep(std::time::Duration::from_secs(60)).await;
        close(session).await;
    });
    rollback("v0.2.0", Way::Ecs);
    let failed = block_on(scene.deploy("staging", &of("v0.3.0"), &["rollback-fails:api"])).unwrap();
    assert_eq!(failed.result.verdict, Verdict::NeedsHuman);
    block_on(async {
        let session = scene.as_deploy_role(&[]).await;
        let recovered = Box::pin(recover::environment(&session, Ask::Never)).await.unwrap();
        assert_eq!(recovered.verdict, Verdict::Succeeded, "{recovered}");
        close(session).await;
    });
    insta::assert_snapshot!(table(&scene, &read(&scene, 10)), @r#"
    staging: v0.1.0 in service
      2026-01-05T09:40:30Z  v0.3.0  rolled back                       7m44s   ana  laptop
          ApiService: Resource handler returned message: "Internal error reported from downstream service during operation 'AWS::ECS::Service'." (RequestToken: 914650bd-ddc1-f49a-58f0-b907069db55e, HandlerErrorCode: InternalFailure)
      2026-01-05T09:35:10Z  v0.2.0  rolled out (past CloudFormation)  5m18s   -    -
          services: api, frontend, mcp
      2026-01-05T09:28:40Z  v0.1.0  rolled out                        5m25s   ben  github-run-7
          https://github.com/specboard/doc-platform/actions/runs/7
      2026-01-05T09:21:00Z  v0.2.0  rolled out                        7m35s   ana  laptop
      2026-01-05T09:03:50Z  v0.1.0  rolled out                        15m38s  ana  laptop
    "#);
}
