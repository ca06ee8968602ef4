//! What a command does on the user's own local AWS and not on AWS is marked: in what is shown, in the object of `--json`, in
//! the record.

use deploy_ops::call;
use deploy_ops::confirm::Ask;
use deploy_ops::deploy;
use deploy_ops::record::{DeploymentRecord, Outcome};
use deploy_ops::resolve::Wanted;
use ops_cli::{DeployResult, LocalOnly, LocalOnlyKind};
use serde_json::json;

use super::scene::{Scene, block_on, close, options};

/// Deploys as the command does: its result, and its record.
fn deployed(scene: &Scene) -> (DeployResult, DeploymentRecord) {
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let options = options(Wanted::Head);
        let (outcome, calls) = call::counted(Box::pin(deploy::deploy(&session, &options))).await;
        let result = outcome.as_ref().unwrap().result.clone();
        let outcome = Ok(Outcome::Release(result.clone()));
        let record = DeploymentRecord::new(&session, "staging", ("deploy", json!({})), outcome, calls);
        close(session).await;
        (result, record)
    })
}

fn kinds(all: &[LocalOnly]) -> Vec<LocalOnlyKind> {
    all.iter().map(|one| one.kind).collect()
}

#[test]
fn a_first_deployment_marks_what_nobody_would_do_for_it_on_aws() {
    use LocalOnlyKind::{Images, Secrets, SharedStack};
    let (result, record) = deployed(&Scene::empty());
    let found = kinds(&result.local_only);
    for kind in [SharedStack, Images, Secrets] {
        assert!(found.contains(&kind), "{found:?}");
    }
    assert_eq!(record.local_only, result.local_only);
    for one in &result.local_only {
        let told = format!("local only: {one}");
        assert!(record.timeline.iter().any(|entry| entry.text == told), "{told}");
        assert!(!one.on_aws.is_empty() && told.contains("; on AWS "), "{told}");
    }
    let printed = serde_json::to_value(&result).unwrap();
    assert_eq!(printed["local_only"][0]["kind"], "shared_stack", "{printed}");
    let secrets = result.local_only.iter().find(|one| one.kind == Secrets).unwrap();
    assert!(secrets.detail.contains("staging"), "the secrets are named: {}", secrets.detail);
}

#[test]
fn nothing_is_marked_where_nothing_is_made_up() {
    let (result, record) = deployed(&Scene::staging());
    let made_up = |one: &LocalOnly| one.kind != LocalOnlyKind::Unasked;
    assert!(!result.local_only.iter().any(made_up), "{:?}", result.local_only);
    assert_eq!(record.local_only, result.local_only);
}

#[test]
fn a_deploy_role_is_used_as_on_aws() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.as_deploy_role(&[]).await;
        assert_eq!(Ask::unless(false, &session), Ask::Always);
        assert!(session.report.local_only().is_empty());
        close(session).await;
        let session = scene.session("staging", &[]).await;
        assert_eq!(Ask::unless(true, &session), Ask::Never);
        assert!(session.report.local_only().is_empty(), "--yes is the same on AWS");
        assert_eq!(Ask::unless(false, &session), Ask::Never);
        assert_eq!(kinds(&session.report.local_only()), [LocalOnlyKind::Unasked]);
        close(session).await;
    });
}
