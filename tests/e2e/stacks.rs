//! `stack deploy|plan|delete`: infrastructure without deployments.

use deploy_ops::delete::{self, Deleted, Subject};
use deploy_ops::failure::Failure;
use deploy_ops::infrastructure::{self, StackPlan};
use deploy_ops::observe;
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use ops_cli::Verdict;

use super::scene::{Scene, block_on, close, options};

async fn prepared(session: &EnvironmentSession) -> infrastructure::Prepared {
    let name = session.environment.stack_name.as_str();
    let live = infrastructure::look(session, name).await.unwrap();
    infrastructure::environment(session, live).await.unwrap()
}

fn plan(scene: &Scene, environment: &str) -> StackPlan {
    block_on(async {
        let session = scene.session(environment, &[]).await;
        let plan = infrastructure::plan(&session, &prepared(&session).await).await.unwrap();
        session.session.target.close().await.unwrap();
        plan
    })
}

/// `stack deploy ENVIRONMENT --local`
fn stack_deploy(scene: &Scene, environment: &str) -> Verdict {
    block_on(async {
        let session = scene.session(environment, &[]).await;
        let prepared = prepared(&session).await;
        let protection = session.environment.protection.stack;
        let conclusion =
            infrastructure::change(&session, &prepared, environment, protection, &[]).await.unwrap();
        session.session.target.close().await.unwrap();
        conclusion.map_or(Verdict::NoChange, |conclusion| conclusion.verdict)
    })
}

fn delete(scene: &Scene, environment: &str, confirmation: Option<&str>) -> Result<Deleted, Failure> {
    block_on(async {
        let session = scene.session(environment, &[]).await;
        let subject = Subject::Environment(&session.environment);
        let deleted = delete::delete(&session, &subject, confirmation, true).await;
        session.session.target.close().await.unwrap();
        deleted
    })
}

/// What stands in the way, and how to go on.
fn refusal(outcome: Result<Deleted, Failure>) -> (String, String) {
    let failure = outcome.unwrap_err();
    assert_eq!(failure.exit(), ops_cli::Exit::Refused);
    (failure.to_string(), failure.hint().unwrap_or_default())
}

fn running_tasks(scene: &Scene) -> Vec<String> {
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let mut arns = Vec::new();
        for service in session.service_names() {
            let tasks = observe::tasks(&session.target.aws, "doc-platform-staging", &service).await.unwrap();
            let running = tasks.iter().filter(|task| task.last_status() == Some("RUNNING"));
            arns.extend(running.map(|task| task.task_arn().unwrap().to_owned()));
        }
        session.session.target.close().await.unwrap();
        arns.sort();
        arns
    })
}

#[test]
fn infrastructure_changes_while_tasks_go_on() {
    let scene = Scene::staging();
    assert!(!plan(&scene, "staging").has_differences());
    let before = running_tasks(&scene);
    assert_eq!(before.len(), 3);
    scene.edit("environments/staging.toml", "retention_days = 14", "retention_days = 30");
    let planned = plan(&scene, "staging");
    assert!(planned.plan.changes.iter().all(|change| change.resource_type == "AWS::Logs::LogGroup"));
    assert!(!planned.plan.changes.is_empty());
    assert!(planned.with_next_deployment.is_empty(), "{:?}", planned.with_next_deployment);
    assert_eq!(stack_deploy(&scene, "staging"), Verdict::Succeeded);
    assert_eq!(running_tasks(&scene), before, "no task was touched");
    assert!(!plan(&scene, "staging").has_differences());
    assert_eq!(stack_deploy(&scene, "staging"), Verdict::NoChange);
}

#[test]
fn what_a_service_sees_waits_for_its_next_deployment() {
    let scene = Scene::staging();
    let before = running_tasks(&scene);
    scene.edit("environments/staging.toml", "cpu = 256", "cpu = 512");
    scene.edit("environments/staging.toml", "memory_mib = 512", "memory_mib = 1024");
    let planned = plan(&scene, "staging");
    assert!(planned.plan.changes.is_empty(), "{:?}", planned.plan);
    let waiting: Vec<&str> = planned.with_next_deployment.iter().map(String::as_str).collect();
    assert_eq!(waiting, ["ApiTaskDefinition", "FrontendTaskDefinition", "McpTaskDefinition"]);
    assert_eq!(stack_deploy(&scene, "staging"), Verdict::NoChange);
    assert_eq!(running_tasks(&scene), before);
    let deployed = block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap().result;
    assert_eq!(deployed.verdict, Verdict::Succeeded, "{:?}", deployed.cause);
    assert!(!plan(&scene, "staging").has_differences());
}

#[test]
fn an_environment_that_does_not_exist_is_planned_without_a_trace() {
    let scene = Scene::staging();
    let planned = plan(&scene, "production");
    assert!(!planned.exists && planned.has_differences());
    assert!(planned.plan.changes.len() > 50);
    let again = block_on(async {
        let session = scene.session("production", &[]).await;
        let found = infrastructure::look(&session, "DocPlatform-production").await.unwrap();
        session.session.target.close().await.unwrap();
        found.is_some()
    });
    assert!(!again, "planning leaves no stack behind");
}

#[test]
fn a_protected_stack_is_not_deleted() {
    let scene = Scene::staging();
    let (reason, hint) = refusal(delete(&scene, "staging", None));
    assert_eq!(reason, "DocPlatform-staging is protected against termination");
    assert!(hint.contains("protection.stack = false in infra/environments/staging.toml"), "{hint}");
    scene.edit("environments/staging.toml", "stack = true", "stack = false");
    assert_eq!(stack_deploy(&scene, "staging"), Verdict::NoChange);
    let deleted = delete(&scene, "staging", None).unwrap();
    assert_eq!((deleted.exit_code, deleted.failed.len()), (0, 0), "{deleted:?}");
    assert!(deleted.remains.is_empty(), "staging keeps nothing: {:?}", deleted.remains);
    let again = delete(&scene, "staging", None).unwrap();
    assert!(!again.existed && again.exit_code == 0);
}

#[test]
fn production_is_deleted_only_by_name_and_leaves_its_data() {
    let scene = Scene::staging();
    assert_eq!(stack_deploy(&scene, "production"), Verdict::Succeeded);
    let (reason, hint) = refusal(delete(&scene, "production", None));
    assert_eq!(reason, "DocPlatform-production holds data that must not be lost by mistake");
    assert!(hint.ends_with("--confirm DocPlatform-production"), "{hint}");
    let (reason, _) = refusal(delete(&scene, "production", Some("DocPlatform-staging")));
    assert!(reason.contains("--confirm names DocPlatform-staging"), "{reason}");
    let name = Some("DocPlatform-production");
    assert!(refusal(delete(&scene, "production", name)).0.contains("protected against termination"));
    scene.edit("environments/production.toml", "stack = true", "stack = false");
    assert_eq!(stack_deploy(&scene, "production"), Verdict::NoChange);
    let (reason, _) = refusal(delete(&scene, "production", name));
    assert_eq!(reason, "deletion protection is on: Database, LoadBalancer");
    scene.edit("environments/production.toml", "deletion_protection = true", "deletion_protection = false");
    scene.edit("environments/production.toml", "load_balancer = true", "load_balancer = false");
    assert_eq!(stack_deploy(&scene, "production"), Verdict::Succeeded);
    let deleted = delete(&scene, "production", name).unwrap();
    assert_eq!(deleted.exit_code, 0, "{deleted:?}");
    let kept = |what: &str| {
        let kept = deleted.remains.iter().filter(|it| it.what == what);
        kept.map(|it| it.logical_id.as_str()).collect::<Vec<_>>()
    };
    assert_eq!(kept("snapshot"), ["Cache", "Database"]);
    assert!(kept("retained").contains(&"DatabaseSecret"), "{:?}", kept("retained"));
}

#[test]
fn what_early_validation_found_is_named() {
    let scene = Scene::empty();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let taken = session.log_groups()["api"].clone();
        session.target.aws.logs.create_log_group().log_group_name(&taken).send().await.unwrap();
        close(session).await;
        let refused = scene.deploy("staging", &options(Wanted::Head), &[]).await.unwrap_err();
        let says = format!(
            "ResourceExistenceCheck: /Resources/ApiLogGroup (AWS::Logs::LogGroup): Resource of type 'AWS::Logs::LogGroup' with identifier '{taken}' already exists."
        );
        assert!(refused.to_string().contains(&says), "{refused}");
    });
}
