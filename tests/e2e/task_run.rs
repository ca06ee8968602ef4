//! `task run`: the image in service or another, one at a time, and every way not to succeed.

use deploy_ops::failure::Failure;
use deploy_ops::resolve::Wanted;
use deploy_ops::task_run::{self, Options, TaskResult};
use deploy_ops::tasks::TaskError;
use ops_cli::{Exit, Verdict};

use super::scene::{Scene, block_on, interrupt_at, options};

fn task(name: &str) -> Options {
    Options { task: name.to_owned(), wanted: None, allow_seed: false }
}

fn run(scene: &Scene, options: &Options, faults: &[&str]) -> Result<TaskResult, Failure> {
    run_in(scene, "staging", options, faults)
}

fn run_in(
    scene: &Scene,
    environment: &str,
    options: &Options,
    faults: &[&str],
) -> Result<TaskResult, Failure> {
    block_on(async {
        let session = scene.session(environment, faults).await;
        let result = Box::pin(task_run::run(&session, options)).await;
        session.session.target.close().await.unwrap();
        result
    })
}

/// Kind and detail of the cause.
fn cause(result: &TaskResult) -> (&str, &str) {
    let cause = result.cause.as_ref().unwrap();
    (&cause.kind, &cause.detail)
}

#[test]
fn a_migration_runs_the_image_in_service() {
    let scene = Scene::staging();
    let result = run(&scene, &task("migrate"), &[]).unwrap();
    assert_eq!(
        (result.verdict, result.exit_code, result.program_exit_code),
        (Verdict::Succeeded, 0, Some(0))
    );
    assert_eq!(result.release, scene.git(&["rev-parse", "HEAD"]).trim());
    assert!(result.task_definition.ends_with("-migrate:1"), "the stack's own: {}", result.task_definition);
}

/// After a rollout that failed the stack's own task definition names the new release, the services run the old.
#[test]
fn after_a_failed_rollout_the_image_in_service_is_the_old_one() {
    let scene = Scene::staging();
    let old = scene.git(&["rev-parse", "HEAD"]).trim().to_owned();
    scene.commit("second");
    let failed = block_on(scene.deploy("staging", &options(Wanted::Head), &["crash-on-start:api"])).unwrap();
    assert_eq!(failed.result.verdict, Verdict::RolledBack);
    let result = run(&scene, &task("migrate"), &[]).unwrap();
    assert_eq!((result.verdict, &result.release), (Verdict::Succeeded, &old));
    assert!(
        result.task_definition.ends_with("-migrate:3"),
        "a revision of its own: {}",
        result.task_definition
    );
    assert_ne!(result.digest, failed.result.services[0].digest, "not the image of the failed release");
}

#[test]
fn a_migration_runs_the_image_of_a_release_by_name() {
    let scene = Scene::staging();
    let second = scene.commit("second");
    let missing = Options { wanted: Some(Wanted::Head), ..task("migrate") };
    let refused = run(&scene, &missing, &[]).unwrap_err();
    assert_eq!(refused.exit(), Exit::Refused, "{refused}");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let commit = second.parse().unwrap();
        deploy_ops::prepare::images(&session, &commit, Some("v0.2.0")).await.unwrap();
        session.session.target.close().await.unwrap();
    });
    let wanted = Some(Wanted::Tag("v0.2.0".parse().unwrap()));
    let result = run(&scene, &Options { wanted, ..task("migrate") }, &[]).unwrap();
    assert_eq!((result.verdict, result.release.as_str()), (Verdict::Succeeded, "v0.2.0"));
}

#[test]
fn a_failing_migration_is_a_failure_with_its_exit_code() {
    let result = run(&Scene::staging(), &task("migrate"), &["migration-fails"]).unwrap();
    assert_eq!((result.verdict, result.exit_code), (Verdict::TaskFailed, 5));
    assert_eq!(result.program_exit_code, Some(1));
    insta::assert_debug_snapshot!(cause(&result), @r#"
    (
        "task_failed",
        "migrate: exit code 1 (Essential container in task exited)",
    )
    "#);
}

#[test]
fn a_migration_that_hangs_is_stopped_at_its_timeout() {
    let result = run(&Scene::staging(), &task("migrate"), &["migration-hangs"]).unwrap();
    assert_eq!((result.verdict, result.program_exit_code), (Verdict::TaskFailed, None));
    assert!(result.elapsed_secs > 900.0 && result.elapsed_secs < 1000.0, "{}", result.elapsed_secs);
    insta::assert_debug_snapshot!(cause(&result), @r#"
    (
        "timed_out",
        "migrate: it did not end in time and was stopped",
    )
    "#);
}

#[test]
fn a_task_that_never_starts_is_explained() {
    let result = run(&Scene::staging(), &task("migrate"), &["image-missing:migrate"]).unwrap();
    assert_eq!((result.verdict, result.program_exit_code), (Verdict::TaskFailed, None));
    let (kind, detail) = cause(&result);
    assert_eq!(kind, "image_missing");
    assert!(detail.starts_with("migrate: its image does not exist: CannotPullContainerError"), "{detail}");
    assert!(result.advice.as_ref().unwrap().contains("build and push"), "{result:?}");
}

#[test]
fn without_capacity_nothing_runs_and_that_is_said() {
    let failure = run(&Scene::staging(), &task("migrate"), &["no-capacity:migrate"]).unwrap_err();
    assert_eq!(failure.exit(), Exit::TaskFailed);
    insta::assert_snapshot!(failure.chain(), @"ECS did not start the migrate task: Capacity is unavailable at this time. Please try again later or in a different availability zone");
}

#[test]
fn ctrl_c_stops_the_task() {
    let scene = Scene::staging();
    block_on(async {
        let mut session = scene.session("staging", &["migration-hangs"]).await;
        interrupt_at(&mut session, "migrate: running");
        let failure = Box::pin(task_run::run(&session, &task("migrate"))).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::Interrupted);
        let cluster = session.names().cluster();
        let running =
            session.target.aws.ecs.list_tasks().cluster(cluster).family("doc-platform-staging-migrate");
        assert!(running.send().await.unwrap().task_arns().is_empty(), "it goes on");
        session.session.target.close().await.unwrap();
    });
}

#[test]
fn of_two_migrations_at_once_one_is_refused_and_names_the_other() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let migrate = task("migrate");
        let (one, other) = tokio::join!(
            Box::pin(task_run::run(&session, &migrate)),
            Box::pin(task_run::run(&session, &migrate))
        );
        let (done, refused) = match (one, other) {
            (Ok(done), Err(refused)) | (Err(refused), Ok(done)) => (done, refused),
            both => panic!("not one of two: {both:?}"),
        };
        assert_eq!(done.verdict, Verdict::Succeeded);
        assert_eq!(refused.exit(), Exit::Refused);
        let Failure::Task(TaskError::AnotherRuns { arn, .. }) = &refused else { panic!("{refused:?}") };
        assert_eq!(*arn, done.task_arn);
        session.session.target.close().await.unwrap();
    });
}

#[test]
fn a_migration_is_refused_while_another_runs() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let aws = &session.target.aws;
        let view =
            deploy_ops::stack::describe(aws, session.environment.stack_name.as_str()).await.unwrap().unwrap();
        let (name, definition) = session.config.platform.tasks.get_key_value("migrate").unwrap();
        let request = task_run::task_request(&session, &view, name, definition.timeout_secs).unwrap();
        let network = aws_sdk_ecs::types::AwsVpcConfiguration::builder().subnets(&request.subnets[0]).build();
        let network = aws_sdk_ecs::types::NetworkConfiguration::builder()
            .awsvpc_configuration(network.unwrap())
            .build();
        let first = aws.ecs.run_task().cluster(&request.cluster).task_definition(&request.task_definition);
        let first = first.network_configuration(network).send().await.unwrap();
        let first = first.tasks()[0].task_arn().unwrap().to_owned();
        let refused = Box::pin(task_run::run(&session, &task("migrate"))).await.unwrap_err();
        assert_eq!(refused.exit(), Exit::Refused);
        assert!(refused.to_string().contains(&first), "{refused}");
        session.session.target.close().await.unwrap();
    });
}

#[test]
fn an_unknown_task_is_answered_with_those_there_are() {
    let failure = run(&Scene::staging(), &task("migrat"), &[]).unwrap_err();
    assert_eq!(failure.exit(), Exit::BadInput);
    insta::assert_snapshot!(format!("{failure}\n{}", failure.hint().unwrap()), @r"
    there is no task migrat
    the tasks of infra/platform.toml are migrate, seed
    ");
}

#[test]
fn production_is_seeded_only_when_it_is_said() {
    let scene = Scene::empty();
    let failure = run_in(&scene, "production", &task("seed"), &[]).unwrap_err();
    assert_eq!(failure.exit(), Exit::Refused);
    insta::assert_snapshot!(format!("{failure}\n{}", failure.hint().unwrap()), @r"
    production is never seeded (seed_on_deploy = false)
    if this is its first administrator, say so with --allow-seed
    ");
    // Said so, it gets past the guard: there is nothing deployed that could be seeded.
    let said = Options { allow_seed: true, ..task("seed") };
    assert_eq!(run_in(&scene, "production", &said, &[]).unwrap_err().exit(), Exit::BadInput);
}
