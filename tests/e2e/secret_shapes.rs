//! A deployment reads no value of a secret: it goes by what was recorded when the value was entered or checked.

use deploy_ops::call::{CallErrorKind, Called, counted};
use deploy_ops::deploy;
use deploy_ops::failure::Failure;
use deploy_ops::resolve::Wanted;
use deploy_ops::secrets::enter::{self, Input, Wanted as WantedSecret};
use deploy_ops::secrets::{self, SecretCheck, Standing, shape};
use deploy_ops::session::EnvironmentSession;
use ops_cli::{Exit, Verdict};

use super::role_limits::{seen, session_as};
use super::scene::{Scene, block_on, close, options};

const OAUTH: &str = "staging/doc-platform/oauth";
const FIT: &str = r#"{"client_id": "Iv1.0123456789", "client_secret": "Zq8-of-nobody-at-all-1"}"#;
const UNFIT: &str = r#"{"client_id": "Iv1.0123456789", "client_secret": "Zq8"}"#;

/// Enters a value past the tool, as the console does.
async fn put(session: &EnvironmentSession, path: &str, value: &str) {
    let call = session.target.aws.secrets.put_secret_value().secret_id(path).secret_string(value);
    call.send().await.unwrap();
}

async fn stages(session: &EnvironmentSession, path: &str) -> Vec<Vec<String>> {
    let found = session.target.aws.secrets.describe_secret().secret_id(path).send().await.unwrap();
    let mut stages: Vec<_> = found.version_ids_to_stages.unwrap_or_default().into_values().collect();
    stages.iter_mut().for_each(|stages| stages.sort());
    stages.sort();
    stages
}

fn standing(checks: &[SecretCheck], path: &str) -> Standing {
    checks.iter().find(|check| check.path == path).unwrap().standing
}

/// What refuses a deployment, and the command that is named.
async fn refused(session: &EnvironmentSession) -> (String, String) {
    let stack = session.environment.stack_name.as_str();
    let updated = async || {
        let call = session.target.aws.cloudformation.describe_stacks().stack_name(stack);
        call.send().await.unwrap().stacks()[0].last_updated_time
    };
    let before = updated().await;
    let failure = Box::pin(deploy::deploy(session, &options(Wanted::Head))).await.unwrap_err();
    assert_eq!(failure.exit(), Exit::Refused);
    assert_eq!(before, updated().await, "the stack was changed");
    let Failure::MissingSecrets { names, .. } = &failure else { panic!("{failure}") };
    (names.join("; "), failure.hint().unwrap())
}

#[test]
fn the_deploy_role_is_denied_every_value_and_deploys_all_the_same() {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        // What nobody but the administrator of an account of its own does.
        let admin = scene.session("staging", &[]).await;
        let commit = deploy_ops::git::head(scene.root()).unwrap();
        deploy_ops::prepare::images(&admin, &commit, None).await.unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), FIT).unwrap();
        let wanted = WantedSecret::find(&admin, "oauth", None).unwrap();
        enter::set(&admin, &wanted, &Input::File(file.path().to_owned()), false).await.unwrap();
        close(admin).await;
        let session = session_as(&scene, "doc-platform-staging-deploy", "staging").await;
        for name in session.config.platform.secrets.keys() {
            let path = session.environment.secret_path(name);
            let call = session.target.aws.secrets.get_secret_value().secret_id(&path).send().await;
            let error = call.called("secretsmanager:GetSecretValue").unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Denied, "{path}: {error}");
        }
        let error = secrets::check(&session).await.unwrap_err();
        let hint = Failure::from(error).hint().unwrap();
        assert!(hint.starts_with("values are read with a person's credentials"), "{hint}");
        let (outcome, calls) = counted(Box::pin(deploy::deploy(&session, &options(Wanted::Head)))).await;
        assert_eq!(outcome.unwrap().result.verdict, Verdict::Succeeded);
        assert!(!calls.contains_key("secretsmanager:GetSecretValue"), "{calls:?}");
        // Once each: the infrastructure made none of them.
        let looks = calls["secretsmanager:DescribeSecret"].calls;
        assert_eq!(usize::try_from(looks).unwrap(), session.config.platform.secrets.len());
        session.session.target.close().await.unwrap();
    });
}

#[test]
fn a_value_that_nobody_checked_is_refused_until_a_person_has_checked_it() {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        put(&session, OAUTH, FIT).await;
        let (names, hint) = refused(&session).await;
        assert_eq!(names, format!("{OAUTH} (its value has not been checked)"));
        assert_eq!(hint, "cargo xtask secrets check staging --local");
        // The check records what it finds, and the deployment goes by that.
        assert_eq!(standing(&secrets::check(&session).await.unwrap(), OAUTH), Standing::Good);
        assert_eq!(standing(&seen(&session).await.unwrap(), OAUTH), Standing::Good);
        let outcome = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap();
        assert_eq!(outcome.result.verdict, Verdict::Succeeded);
        close(session).await;
    });
}

#[test]
fn a_value_of_the_wrong_shape_is_never_on_record_as_fit() {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        put(&session, OAUTH, UNFIT).await;
        for _ in 0..2 {
            let (_, hint) = refused(&session).await;
            assert_eq!(hint, "cargo xtask secrets check staging --local");
            let checks = secrets::check(&session).await.unwrap();
            assert_eq!(standing(&checks, OAUTH), Standing::Unfit);
            assert_eq!(standing(&seen(&session).await.unwrap(), OAUTH), Standing::Unchecked);
        }
        close(session).await;
    });
}

#[test]
fn a_generated_value_is_fit_by_construction_until_somebody_puts_another_in_its_place() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let path = "staging/doc-platform/session";
        assert_eq!(stages(&session, path).await, [["AWSCURRENT"]]);
        assert_eq!(standing(&seen(&session).await.unwrap(), path), Standing::Good);
        let fit = format!(r#"{{"key": "{}"}}"#, "0123456789abcdef".repeat(4));
        session.target.clock.sleep(std::time::Duration::from_secs(3600)).await;
        put(&session, path, &fit).await;
        assert_eq!(standing(&seen(&session).await.unwrap(), path), Standing::Unchecked);
        secrets::check(&session).await.unwrap();
        assert_eq!(standing(&seen(&session).await.unwrap(), path), Standing::Good);
        close(session).await;
    });
}

#[test]
fn what_is_on_record_moves_with_the_value_and_keeps_no_old_value_alive() {
    let scene = Scene::staging();
    block_on(async {
        let mut session = scene.session("staging", &[]).await;
        let path = "staging/doc-platform/session";
        let generate = async |session: &EnvironmentSession| {
            let wanted = WantedSecret::find(session, "session", None).unwrap();
            enter::set(session, &wanted, &Input::Generate, false).await.unwrap();
        };
        generate(&session).await;
        let first = shape::stage(&session.config.platform.secrets["session"]);
        assert_eq!(
            stages(&session, path).await,
            [vec!["AWSCURRENT".to_owned(), first.clone()], vec!["AWSPREVIOUS".to_owned()]]
        );
        generate(&session).await;
        assert_eq!(
            stages(&session, path).await,
            [vec!["AWSCURRENT".to_owned(), first.clone()], vec!["AWSPREVIOUS".to_owned()]]
        );
        // Another shape: what was recorded names the old one, and a value of the new one leaves no trace of it.
        session.session.config.platform.secrets["session"].keys["key"].length = Some(32);
        assert_eq!(standing(&seen(&session).await.unwrap(), path), Standing::OtherShape);
        assert_eq!(standing(&secrets::check(&session).await.unwrap(), path), Standing::Unfit);
        generate(&session).await;
        let second = shape::stage(&session.config.platform.secrets["session"]);
        assert_ne!(first, second);
        assert_eq!(
            stages(&session, path).await,
            [vec!["AWSCURRENT".to_owned(), second], vec!["AWSPREVIOUS".to_owned()]]
        );
        close(session).await;
    });
}
