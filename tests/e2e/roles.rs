//! The deploy role may do everything that its commands do; the local AWS enforces its policy.

use deploy_ops::report::{Report, Style};
use deploy_ops::resolve::Wanted;
use deploy_ops::session::{EnvironmentSession, Session};
use deploy_ops::target::{Target, local_state};
use deploy_ops::{diagnose, history, task_run};
use env_config::Config;
use local_aws::{LocalAws, role_access_key};
use ops_cli::{Exit, Verdict};

use super::scene::{Scene, block_on, options};

async fn as_deploy_role(scene: &Scene) -> EnvironmentSession {
    let config = Config::load(scene.root()).unwrap();
    let account =
        local_aws::Options::new(config.platform.account_id.as_str(), config.platform.region.as_str());
    let running = LocalAws::open(&local_state(scene.root()), &account).unwrap().start().await.unwrap();
    let key = role_access_key("doc-platform-staging-deploy");
    let target = Target::local_as(&config, running, &key).await.unwrap();
    let environment = config.environment("staging").unwrap().clone();
    let report = Report::new(Style::Plain, false, target.clock.clone(), Box::new(std::io::sink()));
    let session = Session::connected(scene.root().to_owned(), config, target, report);
    EnvironmentSession { session, environment }
}

#[test]
fn the_deploy_role_diagnoses_reads_history_and_runs_tasks() {
    let scene = Scene::staging();
    scene.commit("second");
    let failed = block_on(scene.deploy("staging", &options(Wanted::Head), &["crash-on-start:api"])).unwrap();
    assert_eq!(failed.result.verdict, Verdict::RolledBack);
    block_on(async {
        let session = as_deploy_role(&scene).await;
        assert!(session.target.identity.arn.contains("assumed-role/doc-platform-staging-deploy/"));
        let (_, exit) = Box::pin(diagnose::diagnose(&session)).await.unwrap();
        assert_eq!(exit, Exit::RolledBack);
        let history = Box::pin(history::read(&session, 10)).await.unwrap();
        assert_eq!(history.deployments.len(), 2);
        // The image in service is no longer the one of the stack's own definition: a revision is registered.
        let migrate = task_run::Options { task: "migrate".to_owned(), wanted: None, allow_seed: false };
        let result = Box::pin(task_run::run(&session, &migrate)).await.unwrap();
        assert_eq!(result.verdict, Verdict::Succeeded);
        session.session.target.close().await.unwrap();
    });
}
