//! What the deploy role of an environment may look at: images and secrets of its own, not those of another.

use deploy_ops::call::{CallError, CallErrorKind};
use deploy_ops::git;
use deploy_ops::images::verify;
use deploy_ops::report::{Report, Style};
use deploy_ops::secrets::look::{Recipes, look};
use deploy_ops::secrets::{self, SecretCheck};
use deploy_ops::session::{EnvironmentSession, Session};
use deploy_ops::target::{Target, local_state};
use deploy_ops::{inputs, stack};
use env_config::Config;
use local_aws::{LocalAws, Options, role_access_key};

use super::scene::{Scene, block_on};

/// A session of `role` on `environment`, without the check that the two belong together.
pub(super) async fn session_as(scene: &Scene, role: &str, environment: &str) -> EnvironmentSession {
    let config = Config::load(scene.root()).unwrap();
    let options = Options::new(config.platform.account_id.as_str(), config.platform.region.as_str());
    let running = LocalAws::open(&local_state(scene.root()), &options).unwrap().start().await.unwrap();
    let target = Target::local_as(&config, running, &role_access_key(role)).await.unwrap();
    let report = Report::new(Style::Plain, false, target.clock.clone(), Box::new(std::io::sink()));
    let environment = config.environment(environment).unwrap().clone();
    let root = scene.root().to_owned();
    EnvironmentSession { session: Session::connected(root, config, target, report), environment }
}

/// How the secrets stand, as a deployment sees it.
pub(super) async fn seen(session: &EnvironmentSession) -> Result<Vec<SecretCheck>, CallError> {
    let name = session.environment.stack_name.as_str();
    let live = stack::live_template(&session.target.aws, name).await.unwrap();
    let wanted = inputs::environment_template(&session.config, &session.environment).unwrap();
    let found = look(session, &Recipes { live: &live, wanted: &wanted }, |_| true).await?;
    Ok(found.into_values().collect())
}

#[test]
fn the_deploy_role_verifies_images_and_checks_secrets() {
    let scene = Scene::staging();
    block_on(async {
        let session = session_as(&scene, "doc-platform-staging-deploy", "staging").await;
        let commit = git::head(scene.root()).unwrap();
        let verification = verify::verify(&session, None, commit).await.unwrap();
        assert!(verification.deployable, "{verification}");
        assert!(verification.images.iter().all(|image| image.platforms == ["linux/arm64"]), "{verification}");
        let checks = seen(&session).await.unwrap();
        assert!(checks.iter().all(|check| check.is_ready(true)), "{checks:?}");
        session.session.target.close().await.unwrap();
    });
}

#[test]
fn the_deploy_role_of_another_environment_reads_no_secret() {
    let scene = Scene::staging();
    block_on(async {
        let session = session_as(&scene, "doc-platform-production-deploy", "staging").await;
        let refused = secrets::check(&session).await;
        assert!(matches!(refused, Err(CallError { kind: CallErrorKind::Denied, .. })), "{refused:?}");
        session.session.target.close().await.unwrap();
    });
}
