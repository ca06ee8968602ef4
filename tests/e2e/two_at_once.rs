//! Two people deploy at once: two migrations never run at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use deploy_ops::confirm::Ask;
use deploy_ops::deploy;
use deploy_ops::origin::Origin;
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::{diagnose, recover, stack, status, task_run, task_stop};
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
        let stop = "cargo xtask task stop migrate --env staging --local";
        assert!(failure.hint().unwrap().contains(stop), "{:?}", failure.hint());
        close(session).await;
    });
}

/// A migration of the release in service runs, started by a run of the tool that set it this limit and is gone.
async fn orphan(session: &EnvironmentSession, limit_secs: u32) -> String {
    let aws = &session.target.aws;
    let stack_name = session.environment.stack_name.as_str();
    let view = stack::describe(aws, stack_name).await.unwrap().unwrap();
    let (name, _) = session.config.platform.tasks.get_key_value("migrate").unwrap();
    let request = task_run::task_request(session, &view, name, limit_secs).unwrap();
    let hangs = "migration-hangs".parse().unwrap();
    session.target.control().unwrap().add_fault(hangs, std::time::Duration::ZERO).unwrap();
    let network = aws_sdk_ecs::types::AwsVpcConfiguration::builder().subnets(&request.subnets[0]).build();
    let network =
        aws_sdk_ecs::types::NetworkConfiguration::builder().awsvpc_configuration(network.unwrap()).build();
    let first = aws.ecs.run_task().cluster(&request.cluster).task_definition(&request.task_definition);
    let first = first.started_by(format!("deploy-ops/migrate/{limit_secs}"));
    let first = first.network_configuration(network).send().await.unwrap();
    session.target.control().unwrap().remove_fault(None).unwrap();
    first.tasks()[0].task_arn().unwrap().to_owned()
}

#[test]
fn a_migration_of_another_release_is_followed_to_its_limit_and_stopped_there() {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let orphan = orphan(&session, 600).await;
        let began = session.target.clock.now();
        let result = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        let (known, running) = migrations(&session).await;
        assert!(known.contains(&orphan) && running.is_empty(), "{running:?}");
        assert!(session.target.clock.now().secs_since(began) > 600.0, "it was stopped before its limit");
        close(session).await;
    });
}

#[test]
fn a_migration_that_should_have_ended_is_known_to_all_and_stopped_by_recover() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let orphan = orphan(&session, 600).await;
        let status = status::read(&session).await.unwrap();
        assert_eq!(
            status.tasks.iter().map(|task| (&task.arn, task.overdue)).collect::<Vec<_>>(),
            [(&orphan, false)]
        );
        let (diagnosis, exit) = diagnose::diagnose(&session).await.unwrap();
        assert_eq!(exit, Exit::StillRunning, "{}", diagnosis.summary);
        // A day later, with nobody there.
        session.target.clock.sleep(std::time::Duration::from_secs(24 * 3600)).await;
        let (diagnosis, exit) = diagnose::diagnose(&session).await.unwrap();
        assert_eq!(exit, Exit::NeedsHuman, "{}", diagnosis.summary);
        let stop = "cargo xtask task stop migrate --env staging --local";
        assert_eq!(diagnosis.next.as_deref(), Some(stop));
        let recovered = recover::environment(&session, Ask::unless(true, &session)).await.unwrap();
        assert_eq!(recovered.exit_code, 0, "{recovered}");
        assert!(recovered.steps[0].contains("stopped the one-off task migrate"), "{:?}", recovered.steps);
        assert!(migrations(&session).await.1.is_empty());
        close(session).await;
    });
}

#[test]
fn task_stop_ends_a_task_at_once_and_says_when_none_runs() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let orphan = orphan(&session, 600).await;
        let stopped = task_stop::stop(&session, "migrate").await.unwrap();
        assert_eq!(stopped.lines(), [format!("staging: {orphan} is stopped")]);
        assert!(migrations(&session).await.1.is_empty());
        let again = task_stop::stop(&session, "migrate").await.unwrap();
        assert_eq!(again.lines(), ["staging: no migrate task runs"]);
        let unknown = task_stop::stop(&session, "migrat").await.unwrap_err();
        assert_eq!(unknown.exit(), Exit::BadInput);
        close(session).await;
    });
}
