//! The database over its life: restored to a time or from a snapshot, whatever stops the command meanwhile.

use std::collections::HashSet;

use account_ops::database::list;
use account_ops::database::plan::{Source, Step};
use account_ops::database::restore::{self, Restored};
use deploy_ops::failure::Failure;
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::{clock, drift};
use local_aws::{CoursePoint, Disruption};
use ops_cli::{Exit, Verdict};
use rollout_sim::{World, rds};
use serde_json::{Value, json};

use super::scene::{Scene, block_on, close, options};

const ENVIRONMENT: &str = "staging";

/// All instances, by name.
pub(super) fn instances(session: &EnvironmentSession) -> Vec<Value> {
    let control = session.target.control().unwrap();
    control
        .inspect(|world| rds::describe_instances(world, &rds::DescribeInput::default()).unwrap().db_instances)
}

pub(super) fn named<'a>(instances: &'a [Value], name: &str) -> &'a Value {
    let found = instances.iter().find(|it| it["DBInstanceIdentifier"] == name);
    found.unwrap_or_else(|| panic!("{name} in {instances:#?}"))
}

/// A time that the backups cover.
pub(super) fn some_time(session: &EnvironmentSession) -> Source {
    Source::time(&clock::rfc3339(session.target.clock.now().minus_secs(600.0))).unwrap()
}

pub(super) async fn run(session: &EnvironmentSession, source: Source) -> Result<Restored, Failure> {
    let planned = restore::prepare(session, source).await?;
    if planned.is_done() {
        return Ok(planned.result(false));
    }
    restore::carry_out(session, planned).await
}

/// The restored instance is in service under the old name, the old one is kept, and nothing else is different.
async fn assert_restored(session: &EnvironmentSession, before: &[Value], point: &str) {
    let name = session.names().database();
    let (old, now) = (named(before, &name), instances(session));
    assert_eq!(now.len(), 2, "{point}: {now:#?}");
    let new = named(&now, &name);
    assert_ne!(new["DbiResourceId"], old["DbiResourceId"], "{point}");
    let kept = now.iter().find(|it| it["DbiResourceId"] == old["DbiResourceId"]).unwrap();
    assert!(
        kept["DBInstanceIdentifier"].as_str().unwrap().starts_with(&format!("{name}-before-")),
        "{point}"
    );
    // What may differ are its identity and its tags.
    let settings = |instance: &Value| {
        let mut settings = instance.clone();
        for own in ["DbiResourceId", "TagList", "InstanceCreateTime", "LatestRestorableTime"] {
            settings.as_object_mut().unwrap().remove(own);
        }
        settings
    };
    assert_eq!(settings(new), settings(old), "{point}");
    let drift = drift::detect(session, session.environment.stack_name.as_str(), ENVIRONMENT).await.unwrap();
    assert!(drift.drifted.is_empty(), "{point}: {:?}", drift.drifted);
    for service in session.services_before().await.unwrap() {
        assert!(service.desired_count > 0, "{point}: {} stands still", service.view.name);
        assert_eq!(service.running_count, service.desired_count, "{point}: {}", service.view.name);
    }
}

#[test]
fn a_database_is_restored_to_a_time_and_the_stack_does_not_notice() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let (before, source) = (instances(&session), some_time(&session));
        let restored = run(&session, source.clone()).await.unwrap();
        assert!(restored.done && restored.steps.len() == 7, "{restored:?}");
        assert_restored(&session, &before, "restored").await;
        // The same command again has nothing to do.
        let again = run(&session, source).await.unwrap();
        assert_eq!((again.steps, again.done), (Vec::new(), false));
        let listing = list::list(&session).await.unwrap();
        let names: Vec<_> = listing.instances.iter().map(|it| (it.in_service, it.status.as_str())).collect();
        assert_eq!(names, [(true, "available"), (false, "available")], "{listing:?}");
        close(session).await;
        // And the next deployment goes as any other.
        scene.commit("after the restoration");
        let outcome = scene.deploy(ENVIRONMENT, &options(Wanted::Head), &[]).await.unwrap();
        assert_eq!(outcome.result.verdict, Verdict::Succeeded, "{:?}", outcome.result.cause);
    });
}

#[test]
fn a_database_is_restored_from_a_snapshot_with_the_settings_that_a_snapshot_loses() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let (before, name) = (instances(&session), session.names().database());
        let mut world = session.target.control().unwrap().inspect(World::clone);
        let input = json!({ "DBInstanceIdentifier": name, "DBSnapshotIdentifier": "before-the-mistake" });
        rds::create_snapshot(&mut world, serde_json::from_value(input).unwrap()).unwrap();
        close(session).await;
        let session = scene.session_in(world, ENVIRONMENT).await;
        // A snapshot that is not complete yet is refused, and nothing is changed.
        let early = run(&session, Source::Snapshot("before-the-mistake".to_owned())).await.unwrap_err();
        assert!(early.chain().contains("InvalidDBSnapshotState"), "{}", early.chain());
        assert_eq!(instances(&session).len(), 1);
        session.target.clock.sleep(std::time::Duration::from_secs(600)).await;
        run(&session, Source::Snapshot("before-the-mistake".to_owned())).await.unwrap();
        assert_restored(&session, &before, "from a snapshot").await;
        close(session).await;
    });
}

#[test]
fn what_is_in_the_way_is_named_and_nothing_is_changed() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let before = instances(&session);
        let refused = |failure: &Failure| (failure.exit(), failure.chain());
        let (exit, text) = refused(&Source::time("yesterday").unwrap_err());
        assert!(exit == Exit::BadInput && text.contains("\"yesterday\""), "{text}");
        let unknown = run(&session, Source::Snapshot("nowhere".to_owned())).await.unwrap_err();
        assert!(unknown.chain().contains("DBSnapshotNotFound"), "{}", unknown.chain());
        let early = run(&session, Source::time("2020-01-01T00:00:00Z").unwrap()).await.unwrap_err();
        assert!(early.chain().contains("InvalidRestoreFault"), "{}", early.chain());
        assert_eq!(instances(&session), before);
        close(session).await;
    });
}

#[test]
fn another_restoration_under_way_is_named_with_the_command_that_goes_on() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let (before, source) = (instances(&session), some_time(&session));
        let planned = restore::prepare(&session, source.clone()).await.unwrap();
        let control = session.target.control().unwrap();
        // The call after the restoration began does not get through any more.
        control.disrupt(3, Disruption::Denied);
        let _ = restore::carry_out(&session, planned).await;
        let other = run(&session, Source::Snapshot("nowhere".to_owned())).await.unwrap_err();
        let hint = other.hint().unwrap();
        let next = format!("cargo xtask database restore staging {} --yes --local", source.option());
        assert!(hint.contains(&next), "{hint}");
        run(&session, source).await.unwrap();
        assert_restored(&session, &before, "taken up").await;
        close(session).await;
    });
}

#[test]
fn the_plan_shows_the_steps_and_does_none() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let before = instances(&session);
        let planned = restore::prepare(&session, some_time(&session)).await.unwrap();
        let result = planned.result(false);
        let (first, last) = (result.steps.first().unwrap(), result.steps.last().unwrap());
        assert!(matches!(first, Step::Copy { .. }) && *last == Step::Note, "{result:?}");
        assert_eq!(instances(&session), before);
        close(session).await;
    });
}

/// A killed process leaves the account as it was before or after one of its calls; the same command goes on from each.
#[test]
fn a_restoration_that_is_killed_at_any_call_goes_on() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let (before, source) = (instances(&session), some_time(&session));
        let control = session.target.control().unwrap();
        control.record_course();
        run(&session, source.clone()).await.unwrap();
        let course = control.take_course();
        close(session).await;
        let (mut points, mut seen) = (0, HashSet::new());
        for CoursePoint { world, points: equal } in &course {
            points += equal;
            // The waits between are long: of worlds that differ in time alone one is enough.
            if !seen.insert(serde_json::to_string(&(&world.rds, &world.cfn)).unwrap() + &desired(world)) {
                continue;
            }
            let session = scene.session_in(world.clone(), ENVIRONMENT).await;
            let point = format!("killed at point {points}");
            let restored = run(&session, source.clone()).await;
            restored.unwrap_or_else(|failure| panic!("{point}: {}", failure.chain()));
            assert_restored(&session, &before, &point).await;
            close(session).await;
        }
        assert!(points > 60 && seen.len() > 8, "{points} points, {} accounts", seen.len());
        println!("killed at {points} points, in {} different accounts", seen.len());
    });
}

/// How many tasks each service is to run and runs.
pub(super) fn desired(world: &World) -> String {
    let mut text = String::new();
    let all = serde_json::to_value(&world.ecs).unwrap().to_string();
    for part in all.split("\"desired_count\":").skip(1) {
        text.push_str(part.split([',', '}']).next().unwrap_or_default());
        text.push(' ');
    }
    text
}
