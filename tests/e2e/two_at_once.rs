//! Two people deploy at once: two migrations never run at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use deploy_ops::deploy;
use deploy_ops::failure::Failure;
use deploy_ops::origin::Origin;
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::tasks::TaskError;
use deploy_ops::{stack, task_run};
use ops_cli::{Exit, Verdict};
use tokio::sync::Notify;

use super::scene::{Scene, block_on, close, interrupt_at, options};
use super::two_releases::{kill_at, telling};

/// Migrations that ECS knows, and those of them that run.
async fn migrations(session: &EnvironmentSession) -> (BTreeSet<String>, BTreeSet<String>) {
    let mut found = [BTreeSet::new(), BTreeSet::new()];
    for (status, found) in ["STOPPED", "RUNNING"].into_iter().zip(&mut found) {
        let call = session.target.aws.ecs.list_tasks().cluster(session.names().cluster());
        let call = call.family("doc-platform-staging-migrate").desired_status(status.into());
        found.extend(call.send().await.unwrap().task_arns.unwrap_or_default());
    }
    let [stopped, running] = found;
    (stopped.union(&running).cloned().collect(), running)
}

/// Somebody's deployment of a new commit got as far as its migration, and is not heard of any more.
async fn somebody_migrates(scene: &Scene) {
    let mut session = scene.session("staging", &[]).await;
    let signal = Arc::new(Notify::new());
    // Early enough: until the kill takes effect, the run may get a few looks further.
    session.session.report = telling(&session, "migrate: provisioning", &signal);
    kill_at(&signal, deploy::deploy(&session, &options(Wanted::Head))).await;
    assert_eq!(migrations(&session).await.1.len(), 1);
    close(session).await;
}

#[test]
fn a_deployment_of_the_same_commit_follows_the_migration_that_runs() {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        somebody_migrates(&scene).await;
        let mut session = scene.session("staging", &[]).await;
        session.session.origin = Origin::new("ben", "another laptop");
        let (before, _) = migrations(&session).await;
        let result = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        assert_eq!(migrations(&session).await.0, before, "it migrated once more");
        let told = session.report.timeline();
        assert!(told.iter().any(|entry| entry.text == "migrate is already running: following it"));
        close(session).await;
    });
}

#[test]
fn ctrl_c_leaves_a_migration_alone_that_another_run_started() {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        somebody_migrates(&scene).await;
        let mut session = scene.session("staging", &[]).await;
        interrupt_at(&mut session, "migrate is already running");
        let failure = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Interrupted, "{failure}");
        let (_, running) = migrations(&session).await;
        let running = running.first().expect("it goes on");
        assert!(failure.to_string().contains(running), "{failure}");
        assert!(failure.hint().unwrap().contains(&format!("--task {running}")), "{:?}", failure.hint());
        close(session).await;
    });
}

#[test]
fn a_deployment_is_refused_while_a_migration_of_another_release_runs() {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let aws = &session.target.aws;
        let stack_name = session.environment.stack_name.as_str();
        let view = stack::describe(aws, stack_name).await.unwrap().unwrap();
        let (name, definition) = session.config.platform.tasks.get_key_value("migrate").unwrap();
        let request = task_run::task_request(&view, name, definition.timeout_secs).unwrap();
        let hangs = "migration-hangs".parse().unwrap();
        session.target.control().unwrap().add_fault(hangs, std::time::Duration::ZERO).unwrap();
        let network = aws_sdk_ecs::types::AwsVpcConfiguration::builder().subnets(&request.subnets[0]).build();
        let network = aws_sdk_ecs::types::NetworkConfiguration::builder()
            .awsvpc_configuration(network.unwrap())
            .build();
        let first = aws.ecs.run_task().cluster(&request.cluster).task_definition(&request.task_definition);
        first.network_configuration(network).send().await.unwrap();
        let (before, running) = migrations(&session).await;
        let refused = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap_err();
        let Failure::Task(TaskError::AnotherRuns { arn, .. }) = &refused else { panic!("{refused:?}") };
        assert_eq!((refused.exit(), Some(arn)), (Exit::Refused, running.first()));
        assert_eq!(migrations(&session).await.0, before, "a second one was started");
        close(session).await;
    });
}
