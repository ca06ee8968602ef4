//! Watching: within the budget of calls, and bound to our own operation and deployments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deploy_ops::aws::Aws;
use deploy_ops::clock::{Boxed, Clock, Moment};
use deploy_ops::deploy;
use deploy_ops::resolve::Wanted;
use local_aws::SeenCall;
use ops_cli::Verdict;

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

/// A clock that lets somebody else act once, at a moment.
struct Meddled<F> {
    clock: Arc<dyn Clock>,
    at: Moment,
    done: AtomicBool,
    act: F,
}

impl<F> Clock for Meddled<F>
where
    F: Fn() -> Boxed<'static, ()> + Send + Sync,
{
    fn now(&self) -> Moment {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'_, ()> {
        Box::pin(async move {
            self.clock.sleep(duration).await;
            if self.now() >= self.at && !self.done.swap(true, Ordering::Relaxed) {
                (self.act)().await;
            }
        })
    }
}

/// Deploys while somebody else does something in the middle of the rollout.
fn meddled<F>(act: impl FnOnce(Aws, String) -> F) -> deploy::Outcome
where
    F: Fn() -> Boxed<'static, ()> + Send + Sync + 'static,
{
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        let mut session = scene.session("staging", &[]).await;
        let act = act(session.target.aws.clone(), session.names().cluster());
        let clock = session.target.clock.clone();
        let at = clock.now().plus_secs(160.0);
        session.session.target.clock = Arc::new(Meddled { clock, at, done: AtomicBool::new(false), act });
        let outcome = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap();
        session.session.target.close().await.unwrap();
        outcome
    })
}

#[test]
fn a_deployment_that_supersedes_ours_is_noticed() {
    let outcome = meddled(|aws, cluster| {
        move || -> Boxed<'static, ()> {
            let (aws, cluster) = (aws.clone(), cluster.clone());
            Box::pin(async move {
                let services =
                    aws.ecs.describe_services().cluster(&cluster).services("mcp").send().await.unwrap();
                let current = services.services()[0].task_definition().unwrap().to_owned();
                let found =
                    aws.ecs.describe_task_definition().task_definition(&current).send().await.unwrap();
                let definition = found.task_definition.unwrap();
                let registered = aws
                    .ecs
                    .register_task_definition()
                    .family(definition.family().unwrap())
                    .set_container_definitions(definition.container_definitions.clone())
                    .set_cpu(definition.cpu.clone())
                    .set_memory(Some("1024".to_owned()))
                    .set_network_mode(definition.network_mode.clone())
                    .set_requires_compatibilities(definition.requires_compatibilities.clone())
                    .set_execution_role_arn(definition.execution_role_arn.clone())
                    .set_task_role_arn(definition.task_role_arn.clone())
                    .set_runtime_platform(definition.runtime_platform.clone())
                    .send()
                    .await
                    .unwrap();
                let other = registered.task_definition.unwrap().task_definition_arn.unwrap();
                let update = aws.ecs.update_service().cluster(&cluster).service("mcp").task_definition(other);
                update.send().await.unwrap();
            })
        }
    });
    let result = outcome.result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Superseded, 23), "{:?}", result.cause);
    let cause = result.cause.unwrap();
    assert_eq!((cause.kind.as_str(), cause.service.as_deref()), ("superseded", Some("mcp")));
}

#[test]
fn an_update_that_somebody_else_cancels_is_no_failure_of_the_release() {
    let outcome = meddled(|aws, _| {
        move || -> Boxed<'static, ()> {
            let aws = aws.clone();
            Box::pin(async move {
                let call = aws.cloudformation.cancel_update_stack().stack_name("DocPlatform-staging");
                call.send().await.unwrap();
            })
        }
    });
    let result = outcome.result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Cancelled, 23), "{:?}", result.cause);
}
