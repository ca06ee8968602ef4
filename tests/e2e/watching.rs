//! Watching: within the budget of calls, and bound to our own operation and deployments.

use deploy_ops::aws::Aws;
use deploy_ops::clock::Moment;
use deploy_ops::deploy;
use deploy_ops::resolve::Wanted;
use local_aws::SeenCall;
use ops_cli::Verdict;

use super::meddled::{deploy_another_revision, meddle};
use super::scene::{Scene, block_on, options};

/// Most calls in any minute of the rollout, and how many there were at all.
fn busiest_minute(fault: Option<&str>) -> (usize, usize) {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        let faults: Vec<&str> = fault.into_iter().collect();
        let session = scene.session("staging", &faults).await;
        let outcome = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap();
        assert_eq!(outcome.result.exit_code == 0, fault.is_none(), "{:?}", outcome.result.cause);
        let rollout = outcome.records.iter().find(|record| !record.rollout.services.is_empty()).unwrap();
        let secs = |moment: Moment| moment.as_millis() as f64 / 1000.0;
        let (from, to) = (secs(rollout.rollout.started_at), secs(rollout.snapshots.last().unwrap().at));
        let mut calls = session.target.control().unwrap().seen_calls();
        session.session.target.close().await.unwrap();
        let at = |call: &SeenCall| call.at.as_epoch_secs();
        // Virtual time stands still while the update is prepared: what came before it was started is not of the rollout.
        let started =
            calls.iter().rposition(|call| call.operation == "cloudformation:ExecuteChangeSet").unwrap();
        calls.drain(..started);
        calls.retain(|call| (from..to).contains(&at(call)));
        let in_minute =
            |start: f64| calls.iter().filter(move |call| (start..start + 60.0).contains(&at(call)));
        let busiest = calls.iter().map(at).max_by_key(|start| in_minute(*start).count()).unwrap();
        for call in in_minute(busiest) {
            println!("{:>5} s  {}", at(call) - from, call.operation);
        }
        (in_minute(busiest).count(), calls.len())
    })
}

#[test]
fn a_rollout_of_three_services_needs_at_most_forty_calls_a_minute() {
    let (busiest, all) = busiest_minute(None);
    println!("success: {busiest} calls in the busiest minute, {all} in all");
    assert!(busiest <= 40, "{busiest}");
    let (busiest, all) = busiest_minute(Some("crash-on-start:mcp"));
    println!("failure: {busiest} calls in the busiest minute, {all} in all");
    assert!(busiest <= 40, "{busiest}");
}

/// Deploys while somebody else does something in the middle of the rollout.
fn meddled<F, A>(act: F) -> deploy::Outcome
where
    F: Fn(Aws, String) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        let mut session = scene.session("staging", &[]).await;
        meddle(&mut session, 160.0, act);
        let outcome = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap();
        session.session.target.close().await.unwrap();
        outcome
    })
}

#[test]
fn a_deployment_that_supersedes_ours_is_noticed() {
    let outcome = meddled(|aws, cluster| async move {
        deploy_another_revision(&aws, &cluster, "mcp").await;
    });
    let result = outcome.result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Superseded, 23), "{:?}", result.cause);
    let cause = result.cause.unwrap();
    assert_eq!((cause.kind.as_str(), cause.service.as_deref()), ("superseded", Some("mcp")));
}

#[test]
fn an_update_that_somebody_else_cancels_is_no_failure_of_the_release() {
    let outcome = meddled(|aws, _| async move {
        let call = aws.cloudformation.cancel_update_stack().stack_name("DocPlatform-staging");
        call.send().await.unwrap();
    });
    let result = outcome.result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Cancelled, 23), "{:?}", result.cause);
}
