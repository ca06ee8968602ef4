//! A test per kind of fault: verdict, exit code, cause, time, and what is left behind.

use std::time::Duration;

use deploy_ops::failure::Failure;
use deploy_ops::operation::Whole;
use deploy_ops::resolve::Wanted;
use ops_cli::{Exit, Verdict};

use super::look::{Look, breaker_alone, look};
use super::scene::{Scene, block_on, options};

/// A deployment of a new commit under faults, with what ran before and after.
struct Run {
    outcome: Result<deploy_ops::deploy::Outcome, Failure>,
    before: Look,
    after: Look,
}

/// Each fault comes with the seconds after which it begins. Faults are gone when `after` is looked at, and `settle` has
/// passed.
fn run(scene: &Scene, environment: &str, faults: &[(&str, u64)], settle: Duration) -> Run {
    scene.commit("second");
    block_on(async {
        let session = scene.session(environment, &[]).await;
        let control = session.target.control().unwrap();
        let before = look(&session).await;
        for (fault, after_secs) in faults {
            control.add_fault(fault.parse().unwrap(), Duration::from_secs(*after_secs)).unwrap();
        }
        let outcome = Box::pin(deploy_ops::deploy::deploy(&session, &options(Wanted::Head))).await;
        control.remove_fault(None).unwrap();
        control.advance_by(settle).unwrap();
        let after = look(&session).await;
        session.session.target.close().await.unwrap();
        Run { outcome, before, after }
    })
}

/// A fault of a service that is called in time, earlier than the circuit breaker alone would have, and leaves everything
/// as it was.
fn is_rolled_back(scene: fn() -> Scene, environment: &str, fault: &str, kind: &str, within_secs: f64) {
    let Run { outcome, before, after } = run(&scene(), environment, &[(fault, 0)], Duration::ZERO);
    let outcome = outcome.unwrap();
    let (result, times) = (&outcome.result, outcome.times.unwrap());
    assert_eq!((result.verdict, result.exit_code), (Verdict::RolledBack, 20), "{:?}", result.cause);
    let cause = result.cause.as_ref().unwrap();
    assert_eq!((cause.kind.as_str(), cause.service.as_deref()), (kind, Some("mcp")), "{}", cause.detail);
    assert!(times.noticed_secs <= within_secs, "noticed after {} s", times.noticed_secs);
    let alone = breaker_alone(&scene(), environment, fault);
    println!("{environment} {fault}: {times:?}, circuit breaker alone {alone:?}");
    assert!(
        // ECS acts on an alarm the moment it fires: nothing is earlier than that.
        alone.is_none_or(|secs| times.noticed_secs < secs || (kind == "alarm" && times.noticed_secs <= secs)),
        "the breaker alone takes {alone:?} s, the verdict took {} s",
        times.noticed_secs
    );
    let Whole::After(whole) = times.whole else { panic!("the services are not seen whole again") };
    assert!(times.noticed_secs <= whole && whole <= times.ended_secs, "{times:?}");
    assert!(whole <= 600.0 && times.ended_secs <= 660.0, "{times:?}");
    // Visible first, then called; and the whole command takes longer than its rollout.
    assert!(result.detected_secs.unwrap() <= times.noticed_secs, "{:?}", result.detected_secs);
    assert!(result.elapsed_secs >= times.ended_secs, "{}", result.elapsed_secs);
    if outcome.records.len() == 2 {
        assert_eq!(after.services, before.services);
    } else {
        // Put back by a further update: the old images in new revisions of the task definitions.
        assert!(after.runs_as(&before), "{after:?} after {before:?}");
    }
    assert_eq!(after.database, before.database);
    assert!(after.is_usable(), "{}", after.stack_status);
}

#[test]
fn image_missing() {
    is_rolled_back(Scene::staging, "staging", "image-missing:mcp", "image_missing", 120.0);
}

#[test]
fn wrong_architecture() {
    is_rolled_back(Scene::staging, "staging", "wrong-architecture:mcp", "wrong_architecture", 120.0);
}

#[test]
fn secret_missing() {
    is_rolled_back(Scene::staging, "staging", "secret-missing:mcp", "secret_missing", 120.0);
}

#[test]
fn crash_on_start() {
    is_rolled_back(Scene::staging, "staging", "crash-on-start:mcp", "crash", 180.0);
}

#[test]
fn crash_on_start_of_two_tasks() {
    is_rolled_back(Scene::production, "production", "crash-on-start:mcp", "crash", 180.0);
}

#[test]
fn crash_after_start() {
    is_rolled_back(Scene::staging, "staging", "crash-after-start:mcp", "crash", 600.0);
}

#[test]
fn health_path() {
    is_rolled_back(Scene::staging, "staging", "health-path:mcp", "target_health", 360.0);
}

#[test]
fn health_path_of_two_tasks() {
    is_rolled_back(Scene::production, "production", "health-path:mcp", "target_health", 360.0);
}

#[test]
fn container_health() {
    is_rolled_back(Scene::staging, "staging", "container-health:mcp", "container_health", 360.0);
}

#[test]
fn slow_start() {
    is_rolled_back(Scene::staging, "staging", "slow-start:mcp", "target_health", 600.0);
}

#[test]
fn errors_after_deploy() {
    is_rolled_back(Scene::staging, "staging", "errors-after-deploy:mcp", "alarm", 600.0);
}

#[test]
fn no_capacity() {
    is_rolled_back(Scene::staging, "staging", "no-capacity:mcp", "no_capacity", 600.0);
}

#[test]
fn stack_fails() {
    is_rolled_back(Scene::staging, "staging", "stack-fails:mcp", "stack_resource", 600.0);
}

#[test]
fn a_stack_that_fails_before_the_services_leaves_them_alone() {
    let run = run(&Scene::staging(), "staging", &[("stack-fails", 0)], Duration::ZERO);
    let result = run.outcome.unwrap().result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::RolledBack, 20));
    assert_eq!(result.cause.unwrap().kind, "stack_resource");
    assert_eq!(run.after.services, run.before.services);
    assert!(run.after.is_usable());
}

#[test]
fn no_capacity_for_the_migration_leaves_the_services_alone() {
    let run = run(&Scene::staging(), "staging", &[("no-capacity", 0)], Duration::ZERO);
    let failure = run.outcome.unwrap_err();
    assert_eq!(failure.exit(), Exit::TaskFailed, "{failure}");
    assert_eq!(run.after.services, run.before.services);
    assert!(run.after.is_usable());
}

#[test]
fn migration_fails() {
    migration_ends_it("migration-fails", "exit code 1", 120.0);
}

#[test]
fn migration_hangs() {
    // The task's own time limit is 900 s.
    migration_ends_it("migration-hangs", "did not end in time", 1000.0);
}

fn migration_ends_it(fault: &str, detail: &str, within_secs: f64) {
    let run = run(&Scene::staging(), "staging", &[(fault, 0)], Duration::ZERO);
    let result = run.outcome.unwrap().result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::TaskFailed, 5));
    let cause = result.cause.unwrap();
    assert_eq!(cause.kind, "task_failed");
    assert!(cause.detail.contains(detail), "{}", cause.detail);
    assert!(result.elapsed_secs <= within_secs, "{}", result.elapsed_secs);
    assert_eq!(run.after.services, run.before.services);
    assert_eq!(run.after.database, run.before.database);
    assert!(run.after.is_usable());
}

#[test]
fn rollback_fails() {
    let run = run(&Scene::staging(), "staging", &[("rollback-fails:mcp", 0)], Duration::from_secs(600));
    let outcome = run.outcome.unwrap();
    let result = &outcome.result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::NeedsHuman, 21), "{:?}", result.cause);
    assert_eq!(result.next.as_deref(), Some("cargo xtask recover staging --local"));
    assert!(outcome.times.unwrap().ended_secs <= 600.0, "{:?}", outcome.times);
    assert_eq!(run.after.stack_status, "UPDATE_ROLLBACK_FAILED");
    assert_eq!(run.after.services, run.before.services);
    assert_eq!(run.after.database, run.before.database);
}

#[test]
fn throttled() {
    let run = run(&Scene::staging(), "staging", &[("throttled", 0)], Duration::ZERO);
    let result = run.outcome.unwrap().result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
    for service in &result.services {
        assert_eq!(service.running_digests, [service.digest.as_str()], "{}", service.name);
    }
}

#[test]
fn throttled_and_broken() {
    let faults = [("throttled", 0), ("image-missing:mcp", 0)];
    let run = run(&Scene::staging(), "staging", &faults, Duration::ZERO);
    let outcome = run.outcome.unwrap();
    assert_eq!(outcome.result.verdict, Verdict::RolledBack, "{:?}", outcome.result.cause);
    assert!(outcome.times.unwrap().noticed_secs <= 240.0, "{:?}", outcome.times);
    assert_eq!(run.after.services, run.before.services);
}

#[test]
fn access_denied() {
    let run = run(&Scene::staging(), "staging", &[("access-denied", 0)], Duration::ZERO);
    let failure = run.outcome.unwrap_err();
    assert_eq!(failure.exit(), Exit::Refused, "{failure}");
    assert!(failure.hint().unwrap().contains("needs the permission"), "{:?}", failure.hint());
    assert_eq!(run.after, run.before);
}

/// Seconds from the start of the command after which its rollout is under way.
const MID_ROLLOUT_SECS: u64 = 160;

#[test]
fn access_denied_while_the_services_roll() {
    let faults = [("access-denied", MID_ROLLOUT_SECS)];
    let run = run(&Scene::staging(), "staging", &faults, Duration::from_secs(1200));
    let result = run.outcome.unwrap().result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::NeedsHuman, 21), "{:?}", result.cause);
    let cause = result.cause.unwrap();
    assert_eq!(cause.kind, "access_denied");
    assert!(cause.detail.contains("what became of it is not known"), "{}", cause.detail);
    assert_eq!(result.next.as_deref(), Some("cargo xtask diagnose staging --local"));
    // Nobody stopped the update, and nothing was wrong with it.
    assert!(run.after.is_usable());
    assert!(run.after.services.iter().zip(&run.before.services).all(|(after, before)| after != before));
}

#[test]
fn api_outage() {
    let run = run(&Scene::staging(), "staging", &[("api-outage", 0)], Duration::ZERO);
    let failure = run.outcome.unwrap_err();
    assert_eq!(failure.exit(), Exit::Unexpected, "{failure}");
    assert_eq!(run.after, run.before);
}

#[test]
fn api_outage_while_the_services_roll() {
    let faults = [("api-outage", MID_ROLLOUT_SECS)];
    let run = run(&Scene::staging(), "staging", &faults, Duration::ZERO);
    let result = run.outcome.unwrap().result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Succeeded, 0), "{:?}", result.cause);
}

#[test]
fn old_code() {
    let run = run(&Scene::staging(), "staging", &[("old-code:mcp", 0)], Duration::ZERO);
    let result = run.outcome.unwrap().result;
    assert_eq!((result.verdict, result.exit_code), (Verdict::Unhealthy, 24));
    let cause = result.cause.unwrap();
    assert_eq!((cause.kind.as_str(), cause.service.as_deref()), ("wrong_release", Some("mcp")));
    assert!(result.next.is_some());
    assert!(run.after.is_usable());
}
