//! The record of a deployment: complete, without secrets, and judged again.

use deploy_ops::call;
use deploy_ops::confirm::Ask;
use deploy_ops::deploy;
use deploy_ops::record::{self, DeploymentRecord, Outcome};
use deploy_ops::recover;
use deploy_ops::redact::Redactor;
use deploy_ops::replay;
use deploy_ops::resolve::Wanted;
use deploy_ops::rollback::{self, Way};
use ops_cli::Verdict;
use serde_json::json;

use super::prediction::baking_briefly;
use super::scene::{Scene, block_on, close, options};
use super::two_releases::{ENVIRONMENT, back_to, of, two_releases};

/// Deploys as the command does, and makes its record.
fn record_of(scene: &Scene, faults: &[&str]) -> (DeploymentRecord, Redactor) {
    block_on(async {
        let session = scene.session("staging", faults).await;
        let options = options(Wanted::Head);
        let (outcome, calls) = call::counted(Box::pin(deploy::deploy(&session, &options))).await;
        let result = outcome.as_ref().map(|outcome| Outcome::Release(outcome.result.clone()));
        let command = ("deploy", json!({"faults": faults}));
        let record = DeploymentRecord::new(&session, "staging", command, result, calls);
        let redactor = Redactor::new(&session.config.platform);
        close(session).await;
        (record, redactor)
    })
}

/// Rolls back to v0.1.0 as the command does; answers its record as it is read from its file.
async fn record_of_rollback(scene: &Scene, way: Way, faults: &[&str]) -> DeploymentRecord {
    let session = scene.as_deploy_role(faults).await;
    let options = back_to("v0.1.0", way);
    let (outcome, calls) = call::counted(Box::pin(rollback::rollback(&session, &options))).await;
    let result = outcome.as_ref().map(|outcome| Outcome::Release(outcome.result.clone()));
    let path = record::leave(&session, ENVIRONMENT, ("rollback", json!({})), result, calls).unwrap();
    close(session).await;
    record::read(&path).unwrap()
}

/// The rules agree with the record; answers its verdict and those of its operations.
fn agreed(record: &DeploymentRecord) -> (Option<Verdict>, Vec<Option<Verdict>>) {
    let replayed = replay::replay(record);
    assert!(replayed.agrees, "{replayed}");
    let verdicts = replayed.operations.iter().map(|operation| operation.replayed).collect();
    (replayed.recorded, verdicts)
}

#[test]
fn a_record_is_written_read_and_agreed_with() {
    let scene = Scene::staging();
    scene.commit("second");
    let (record, redactor) = record_of(&scene, &["crash-on-start:api"]);
    assert_eq!(record.result.as_ref().unwrap().verdict(), Verdict::RolledBack);
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
    if let Some(Outcome::Release(result)) = &mut other_verdict.result {
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

/// A complete update that is taken back by a further one is one failure that was rolled back.
#[test]
fn a_deployment_that_was_taken_back_is_judged_with_what_took_it_back() {
    let scene = baking_briefly();
    scene.commit("second");
    let (mut record, _) = record_of(&scene, &["crash-after-start:mcp"]);
    let (whole, operations) = agreed(&record);
    assert_eq!(whole, Some(Verdict::RolledBack));
    let [.., failed, back] = operations[..] else { panic!("{operations:?}") };
    assert_eq!((failed, back), (Some(Verdict::NeedsHuman), Some(Verdict::Succeeded)));
    assert!(record.operations.last().unwrap().takes_back);
    record.operations.pop();
    assert!(!replay::replay(&record).agrees, "nothing took it back");
}

#[test]
fn a_rollback_leaves_a_record_that_is_agreed_with() {
    let scene = two_releases();
    block_on(async {
        let record = record_of_rollback(&scene, Way::Stack, &["no-capacity:mcp"]).await;
        assert_eq!((record.command.as_str(), record.exit_code), ("rollback", 20));
        assert_eq!(agreed(&record), (Some(Verdict::RolledBack), vec![Some(Verdict::RolledBack)]));
        let record = record_of_rollback(&scene, Way::StackFirst, &[]).await;
        assert_eq!(agreed(&record), (Some(Verdict::Succeeded), vec![Some(Verdict::Succeeded)]));
        assert!(record.operations[0].change_set.starts_with("deploy-rollback-"), "{record:?}");
        assert_eq!(record.calls["cloudformation:ExecuteChangeSet"].calls, 1);
        let mut doctored = record;
        doctored.operations.clear();
        assert!(!replay::replay(&doctored).agrees);
    });
}

#[test]
fn a_rollback_past_the_stack_leaves_one_too() {
    let scene = two_releases();
    block_on(async {
        let record = record_of_rollback(&scene, Way::Ecs, &["crash-on-start:mcp"]).await;
        let both = vec![Some(Verdict::NeedsHuman), Some(Verdict::Succeeded)];
        assert_eq!(agreed(&record), (Some(Verdict::RolledBack), both));
        assert!(!record.operations[0].takes_back && record.operations[1].takes_back);
        let record = record_of_rollback(&scene, Way::Ecs, &[]).await;
        assert_eq!(agreed(&record), (Some(Verdict::Succeeded), vec![Some(Verdict::Succeeded)]));
    });
}

/// To the release before a deployment that is under way, cancelling is all there is to do.
#[test]
fn a_rollback_that_only_cancels_is_agreed_with() {
    let scene = two_releases();
    block_on(async {
        scene.rollback("v0.1.0", Way::Stack, &[]).await.unwrap();
        scene.half_way_to_v0_3_0(&[]).await;
        let record = record_of_rollback(&scene, Way::Stack, &[]).await;
        assert_eq!(agreed(&record), (Some(Verdict::Succeeded), vec![]));
    });
}

#[test]
fn a_recovery_leaves_a_record_that_is_agreed_with() {
    let scene = two_releases();
    block_on(async {
        let failed = scene.deploy(ENVIRONMENT, &of("v0.3.0"), &["rollback-fails:api"]).await.unwrap();
        assert_eq!(failed.result.verdict, Verdict::NeedsHuman);
        let session = scene.as_deploy_role(&[]).await;
        let (outcome, calls) = call::counted(Box::pin(recover::environment(&session, Ask::Never))).await;
        let outcome = outcome.as_ref().map(|recovered| Outcome::Recovery(recovered.clone()));
        let path = record::leave(&session, ENVIRONMENT, ("recover", json!({})), outcome, calls).unwrap();
        close(session).await;
        let mut record = record::read(&path).unwrap();
        assert_eq!(record.calls["cloudformation:ContinueUpdateRollback"].calls, 1);
        assert_eq!(agreed(&record), (Some(Verdict::Succeeded), vec![]));
        if let Some(Outcome::Recovery(recovered)) = &mut record.result {
            recovered.status = Some("UPDATE_ROLLBACK_FAILED".to_owned());
        }
        assert!(!replay::replay(&record).agrees);
    });
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
