//! A success needs its witnesses: what would show that a release is unwell, and that somebody took away.

use deploy_ops::aws::Aws;
use deploy_ops::deploy::{self, Options};
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::{commands, diagnose};
use ops_cli::{DeployResult, Exit, HealthArgs, OpsCommand, Verdict};

use super::meddled::meddle;
use super::scene::{Scene, block_on, close, options, target};

const ALARM: &str = "doc-platform-staging-api-target-5xx";

async fn delete_alarm(aws: &Aws) {
    let found = aws.cloudwatch.describe_alarms().alarm_names(ALARM).send().await.unwrap();
    assert_eq!(found.metric_alarms().len(), 1, "{ALARM} is there to be deleted");
    aws.cloudwatch.delete_alarms().alarm_names(ALARM).send().await.unwrap();
}

/// Deletes the rule of the first path that leads to api.
async fn delete_rule(session: &EnvironmentSession) {
    let stack = session.environment.stack_name.as_str();
    let resources = deploy_ops::stack_resources::list(&session.target.aws, stack).await.unwrap();
    let rule = resources.into_iter().find(|it| it.logical_id == "ApiRule1").unwrap();
    session.target.aws.elb.delete_rule().rule_arn(rule.physical_id.unwrap()).send().await.unwrap();
}

fn health(scene: &Scene) -> Exit {
    let args =
        HealthArgs { environment: "staging".to_owned(), release: None, target: target(&[]), json: false };
    block_on(async { commands::run(OpsCommand::Health(args), scene.root()).await.unwrap() })
}

fn diagnosed(scene: &Scene) -> (Exit, String) {
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let (found, exit) = diagnose::diagnose(&session).await.unwrap();
        close(session).await;
        (exit, found.summary)
    })
}

fn over() -> Options {
    Options { overrides: vec!["witnesses:api".parse().unwrap()], ..options(Wanted::Head) }
}

#[test]
fn a_deployment_alarm_that_is_gone_refuses_before_anything_changes_and_is_overridden_by_name() {
    let scene = Scene::staging();
    assert_eq!((health(&scene), diagnosed(&scene).0), (Exit::Done, Exit::Done));
    scene.commit("another");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        delete_alarm(&session.target.aws).await;
        let before = session.target.control().unwrap().calls();
        let failure = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Refused, "{}", failure.chain());
        let text = failure.chain();
        assert!(text.contains(&format!("its deployment alarm {ALARM} does not exist")), "{text}");
        assert!(failure.hint().unwrap().contains("--override witnesses:api"), "{:?}", failure.hint());
        assert!(session.target.control().unwrap().calls() > before);
        close(session).await;
    });
    assert_eq!(health(&scene), Exit::Unhealthy);
    let (exit, summary) = diagnosed(&scene);
    assert!(exit == Exit::Unhealthy && summary.contains(ALARM), "{summary}");
    let outcome = block_on(scene.deploy("staging", &over(), &[])).unwrap();
    let result = outcome.result;
    assert_eq!((result.verdict, result.overrides), (Verdict::Succeeded, vec!["witnesses:api".to_owned()]));
    // The same release again: nothing changes, and it is no success without its witness.
    let again = block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap().result;
    assert_eq!((again.exit_code, again.cause.unwrap().kind.as_str()), (24, "missing_witness"));
}

#[test]
fn errors_behind_a_healthy_check_are_seen_in_the_metrics_where_no_alarm_is_left() {
    let scene = Scene::staging();
    scene.commit("another");
    let result = block_on(async {
        let session = scene.session("staging", &["errors-after-deploy:api"]).await;
        delete_alarm(&session.target.aws).await;
        let outcome = Box::pin(deploy::deploy(&session, &over())).await.unwrap();
        let routes =
            deploy_ops::health::Checker::new(session.target.front, session.environment.domain.as_str());
        let probe = session.config.platform.probes().into_iter().next().unwrap();
        let answer = routes.unwrap().ask(&probe, None).await;
        assert!(answer.trouble.is_none(), "the health check answers: {answer:?}");
        let (found, exit) = diagnose::diagnose(&session).await.unwrap();
        assert!(exit == Exit::Unhealthy && found.summary.contains("with 5xx"), "{}", found.summary);
        close(session).await;
        outcome.result
    });
    let cause = result.cause.unwrap();
    assert_eq!(
        (result.exit_code, cause.kind.as_str(), cause.service.as_deref()),
        (24, "target_5xx", Some("api"))
    );
    assert_eq!(health(&scene), Exit::Unhealthy);
}

/// A deployment in whose middle somebody acts.
fn meddled<A>(secs: f64, act: fn(Aws, String) -> A) -> DeployResult
where
    A: Future<Output = ()> + Send + 'static,
{
    let scene = Scene::staging();
    scene.commit("another");
    block_on(async {
        let mut session = scene.session("staging", &[]).await;
        meddle(&mut session, secs, act);
        let outcome = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap();
        close(session).await;
        outcome.result
    })
}

#[test]
fn an_alarm_that_is_deleted_during_the_rollout_leaves_no_success() {
    let result = meddled(160.0, |aws, _| async move { delete_alarm(&aws).await });
    let cause = result.cause.unwrap();
    assert_eq!(
        (result.exit_code, cause.kind.as_str(), cause.service.as_deref()),
        (24, "missing_witness", Some("api"))
    );
    assert!(cause.detail.contains(ALARM), "{}", cause.detail);
    assert_eq!(result.next.as_deref(), Some("cargo xtask diagnose staging --local"));
}

#[test]
fn a_service_that_is_deleted_during_the_rollout_is_noticed_at_once() {
    let result = meddled(160.0, |aws, cluster| async move {
        aws.ecs.delete_service().cluster(cluster).service("mcp").force(true).send().await.unwrap();
    });
    let cause = result.cause.unwrap();
    assert_eq!(
        (cause.kind.as_str(), cause.service.as_deref()),
        ("service_gone", Some("mcp")),
        "{}",
        cause.detail
    );
    assert_ne!(result.exit_code, 0);
}

#[test]
fn a_rule_that_is_gone_is_missed() {
    let scene = Scene::staging();
    scene.commit("another");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        delete_rule(&session).await;
        let failure = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap_err();
        let text = failure.chain();
        assert!(text.contains("the rule ApiRule1 that leads to it does not exist"), "{text}");
        close(session).await;
    });
    assert_eq!(health(&scene), Exit::Unhealthy);
}
