//! The record of a deployment: complete, without secrets, and judged again.

use deploy_ops::call;
use deploy_ops::deploy;
use deploy_ops::record::{self, DeploymentRecord};
use deploy_ops::redact::Redactor;
use deploy_ops::replay;
use deploy_ops::resolve::Wanted;
use ops_cli::Verdict;
use serde_json::json;

use super::scene::{Scene, block_on, options};

/// Deploys as the command does, and makes its record.
fn record_of(scene: &Scene, faults: &[&str]) -> (DeploymentRecord, Redactor) {
    block_on(async {
        let session = scene.session("staging", faults).await;
        let options = options(Wanted::Head);
        let (outcome, calls) = call::counted(Box::pin(deploy::deploy(&session, &options))).await;
        let result = outcome.as_ref().map(|outcome| &outcome.result);
        let record = DeploymentRecord::new(&session, "deploy", json!({"faults": faults}), result, calls);
        let redactor = Redactor::new(&session.config.platform);
        session.session.target.close().await.unwrap();
        (record, redactor)
    })
}

#[test]
fn a_record_is_written_read_and_agreed_with() {
    let scene = Scene::staging();
    scene.commit("second");
    let (record, redactor) = record_of(&scene, &["crash-on-start:api"]);
    assert_eq!(record.result.as_ref().unwrap().verdict, Verdict::RolledBack);
    let path = record::write(scene.root(), &record, &redactor).unwrap();
    let read = record::read(&path).unwrap();
    assert_eq!(read, record, "nothing in it looks like a secret");
    assert!(read.calls["cloudformation:CancelUpdateStack"].calls == 1, "{:?}", read.calls);
    assert!(read.timeline.iter().any(|entry| entry.text == "cancelling the update"));
    assert_eq!(read.caller.who, "ana");
    let replayed = replay::replay(&read);
    assert!(replayed.agrees, "{replayed}");
    let last = replayed.operations.last().unwrap();
    assert_eq!((last.recorded, last.replayed), (Some(Verdict::RolledBack), Some(Verdict::RolledBack)));
    // A second record in the same second does not replace the first.
    assert_ne!(record::write(scene.root(), &record, &redactor).unwrap(), path);
}

#[test]
fn a_doctored_record_is_not_agreed_with() {
    let scene = Scene::staging();
    scene.commit("second");
    let (record, _) = record_of(&scene, &["crash-on-start:api"]);
    let mut other_verdict = record.clone();
    if let Some(result) = &mut other_verdict.result {
        result.verdict = Verdict::Succeeded;
    }
    assert!(!replay::replay(&other_verdict).agrees);
    let mut without_failures = record.clone();
    for snapshot in without_failures.operations.iter_mut().flat_map(|it| &mut it.record.snapshots) {
        snapshot
            .stack_events
            .retain(|event| !event.status.contains("FAILED") && !event.status.contains("ROLLBACK"));
        for service in &mut snapshot.services {
            service.tasks.retain(|task| task.last_status != "STOPPED");
        }
    }
    let replayed = replay::replay(&without_failures);
    assert!(!replayed.agrees, "{replayed}");
    let mut cut_short = record;
    if let Some(last) = cut_short.operations.last_mut() {
        last.record.snapshots.truncate(3);
    }
    let replayed = replay::replay(&cut_short);
    assert!(!replayed.agrees, "{replayed}");
}

#[test]
fn a_deployment_that_comes_to_no_result_leaves_a_record_too() {
    let scene = Scene::staging();
    scene.commit("second");
    let (record, _) = record_of(&scene, &["access-denied"]);
    assert_eq!((record.result, record.exit_code), (None, 4));
    assert!(record.error.unwrap().contains("AccessDenied"));
}

/// What programs write into their logs reaches a record only without what looks like a secret.
#[test]
fn no_secret_reaches_the_file() {
    let scene = Scene::staging();
    scene.commit("second");
    let (mut record, redactor) = record_of(&scene, &["crash-on-start:api"]);
    let secrets = [
        ("AKIAIOSFODNN7EXAMPLE", "caller AKIAIOSFODNN7EXAMPLE was denied"),
        (
            "5f6be4f2dc4b24607c99f3af041f4b60ec5f6be4f2dc4b24607c99f3af041f4b",
            "key 5f6be4f2dc4b24607c99f3af041f4b60ec5f6be4f2dc4b24607c99f3af041f4b does not decrypt",
        ),
        ("hunter2", "connect: DB_PASSWORD=hunter2 failed"),
        ("correct-horse", "connect postgres://app:correct-horse@db:5432/app failed"),
        // The shapes of the configuration: 40 and 32 letters and digits.
        (
            "Xk29sLq0ZtWv73BnMpRy61CdFgHj84TuQaEo5wIi",
            "auth failed for Xk29sLq0ZtWv73BnMpRy61CdFgHj84TuQaEo5wIi",
        ),
        ("Xk29sLq0ZtWv73BnMpRy61CdFgHj84Tu", r#"{"adminPassword": "Xk29sLq0ZtWv73BnMpRy61CdFgHj84Tu"}"#),
    ];
    let mut planted = 0;
    for operation in &mut record.operations {
        let services = operation.record.snapshots.iter_mut().flat_map(|snapshot| &mut snapshot.services);
        for task in services.flat_map(|service| &mut service.tasks).filter(|task| !task.log_tail.is_empty()) {
            task.log_tail.extend(secrets.iter().map(|(_, line)| (*line).to_owned()));
            planted += 1;
        }
    }
    assert!(planted > 0, "no dead task has a log");
    let path = record::write(scene.root(), &record, &redactor).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    for (secret, _) in secrets {
        assert!(!text.contains(secret), "{secret}");
    }
    assert!(text.contains("cannot read properties of undefined"), "the rest of the log stays");
    assert!(text.contains("sha256:"), "digests stay");
    assert!(replay::replay(&record::read(&path).unwrap()).agrees);
}
