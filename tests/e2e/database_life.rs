//! Drills, snapshots and kept instances of the database, wherever the command is stopped.

use std::collections::HashSet;

use account_ops::database::drill::{self, DrillSource, Drilled};
use account_ops::database::plan::Source;
use account_ops::database::{drop_kept, list, restore, snapshot};
use deploy_ops::failure::Failure;
use deploy_ops::session::EnvironmentSession;
use local_aws::{CoursePoint, Disruption};
use ops_cli::Exit;
use rollout_sim::{World, rds};
use serde_json::{Value, json};

use super::database::{desired, instances, named, run, some_time};
use super::scene::{Scene, block_on, close};

const ENVIRONMENT: &str = "staging";

async fn drill_it(session: &EnvironmentSession) -> Result<Drilled, Failure> {
    Box::pin(drill::drill(session, &DrillSource::Latest)).await
}

/// The worlds of a run that differ in more than time.
fn differing(course: Vec<CoursePoint>) -> Vec<World> {
    let mut seen = HashSet::new();
    let worlds = course.into_iter().map(|point| point.world);
    worlds
        .filter(|world| {
            seen.insert(serde_json::to_string(&(&world.rds, &world.cfn)).unwrap() + &desired(world))
        })
        .collect()
}

#[test]
fn a_drill_restores_looks_and_leaves_nothing() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let before = instances(&session);
        let drilled = drill_it(&session).await.unwrap();
        assert_eq!(drilled.exit_code, Exit::Done.code(), "{drilled:?}");
        assert!(drilled.differences.is_empty() && drilled.checked.len() == 7, "{drilled:?}");
        // The backups are some minutes behind, and an instance takes a while.
        let (loss, recovery) = (drilled.data_loss_secs.unwrap(), drilled.recovery_secs.unwrap());
        assert!((1.0..=600.0).contains(&loss) && recovery >= 60.0, "{drilled:?}");
        let lines = drilled.lines().join("\n");
        assert!(lines.contains("not checked") && lines.contains("need a client in the VPC"), "{lines}");
        let settings = |all: &[Value]| {
            let mut all = all.to_vec();
            for instance in &mut all {
                instance.as_object_mut().unwrap().remove("LatestRestorableTime");
            }
            all
        };
        assert_eq!(settings(&instances(&session)), settings(&before));
        close(session).await;
    });
}

#[test]
fn a_drill_from_a_snapshot_says_how_old_it_is() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let taken = snapshot::take(&session).await.unwrap();
        assert!(taken.restore.contains(&format!("database restore staging --snapshot {}", taken.snapshot)));
        session.target.clock.sleep(std::time::Duration::from_secs(7200)).await;
        let source = DrillSource::Snapshot(taken.snapshot.clone());
        let drilled = Box::pin(drill::drill(&session, &source)).await.unwrap();
        assert!(drilled.data_loss_secs.unwrap() >= 7200.0, "{drilled:?}");
        let unknown = DrillSource::Snapshot("nowhere".to_owned());
        let failure = Box::pin(drill::drill(&session, &unknown)).await.unwrap_err();
        assert!(failure.chain().contains("DBSnapshotNotFound"), "{}", failure.chain());
        assert_eq!(instances(&session).len(), 1);
        close(session).await;
    });
}

#[test]
fn a_drill_that_is_killed_is_listed_and_removed_from_any_point() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let name = session.names().database();
        session.target.control().unwrap().record_course();
        drill_it(&session).await.unwrap();
        let worlds = differing(session.target.control().unwrap().take_course());
        close(session).await;
        let mut left = 0;
        for world in worlds {
            let session = scene.session_in(world.clone(), ENVIRONMENT).await;
            let listing = list::list(&session).await.unwrap();
            let notes: Vec<&String> = listing.instances.iter().filter_map(|it| it.note.as_ref()).collect();
            if listing.instances.len() > 1 {
                left += 1;
                let command = "`cargo xtask database drill staging --remove --local` removes it";
                assert!(notes.len() == 1 && notes[0].contains(command), "{notes:?}");
            } else {
                assert!(notes.is_empty(), "{notes:?}");
            }
            drill::remove_leftover(&session).await.unwrap();
            let left: Vec<Value> = instances(&session);
            assert!(left.len() == 1 && left[0]["DBInstanceIdentifier"] == name.as_str(), "{left:?}");
            close(session).await;
            // The drill itself goes on as well.
            let session = scene.session_in(world, ENVIRONMENT).await;
            assert_eq!(drill_it(&session).await.unwrap().exit_code, 0);
            assert_eq!(instances(&session).len(), 1);
            close(session).await;
        }
        assert!(left > 2, "the drill was killed at {left} points with an instance of its own");
    });
}

#[test]
fn a_drill_that_fails_names_the_command_that_removes_what_is_left() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        // Two looks and the restoration get through.
        session.target.control().unwrap().disrupt(4, Disruption::Denied);
        let failure = drill_it(&session).await.unwrap_err();
        assert_eq!(failure.exit(), Exit::NeedsHuman, "{}", failure.chain());
        let hint = failure.hint().unwrap();
        assert!(hint.contains("cargo xtask database drill staging --remove --local"), "{hint}");
        drill::remove_leftover(&session).await.unwrap();
        assert_eq!(instances(&session).len(), 1);
        close(session).await;
    });
}

#[test]
fn an_instance_that_no_drill_made_is_not_touched() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let name = session.names().database();
        let mut world = session.target.control().unwrap().inspect(World::clone);
        close(session).await;
        let input = json!({
            "SourceDBInstanceIdentifier": name,
            "TargetDBInstanceIdentifier": format!("{name}-drill"),
            "UseLatestRestorableTime": true,
        });
        rds::restore_to_point_in_time(&mut world, &serde_json::from_value(input).unwrap()).unwrap();
        let session = scene.session_in(world, ENVIRONMENT).await;
        for failure in
            [drill_it(&session).await.unwrap_err(), drill::remove_leftover(&session).await.unwrap_err()]
        {
            assert_eq!(failure.exit(), Exit::Refused);
            assert!(failure.to_string().contains("that no drill made"), "{failure}");
        }
        assert_eq!(instances(&session).len(), 2);
        close(session).await;
    });
}

/// Whoever may only deploy cannot restore, drill, take or delete anything of a database: the rights are the administrator's.
#[test]
fn a_deploy_role_does_nothing_to_a_database() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let world = session.target.control().unwrap().inspect(World::clone);
        let name = session.names().database();
        close(session).await;
        let key = local_aws::role_access_key("doc-platform-staging-deploy");
        let session = scene.session_as(world, ENVIRONMENT, &key).await;
        let before = instances(&session);
        let drilled = drill_it(&session).await.map(|_| ());
        let taken = snapshot::take(&session).await.map(|_| ());
        let dropped = drop_kept::drop_kept(&session, Some(&name), true).await.map(|_| ());
        for (what, outcome) in [("drill", drilled), ("snapshot", taken), ("drop-kept", dropped)] {
            let failure = outcome.unwrap_err();
            assert!(
                failure.exit() == Exit::Refused && failure.kind() == "access_denied",
                "{what}: {failure}"
            );
        }
        assert_eq!(instances(&session), before);
        close(session).await;
    });
}

/// An account in which a restoration has come to its end, with the protection of the kept instance on.
async fn restored(scene: &Scene) -> (World, String) {
    let session = scene.session(ENVIRONMENT, &[]).await;
    run(&session, some_time(&session)).await.unwrap();
    let kept = list::list(&session).await.unwrap().instances.into_iter().find(|it| !it.in_service).unwrap();
    let mut world = session.target.control().unwrap().inspect(World::clone);
    close(session).await;
    let input = json!({
        "DBInstanceIdentifier": kept.name,
        "DeletionProtection": true,
        "ApplyImmediately": true,
    });
    rds::modify_instance(&mut world, &serde_json::from_value(input).unwrap()).unwrap();
    (world, kept.name)
}

#[test]
fn only_a_kept_instance_is_dropped_and_only_by_its_name() {
    let scene = Scene::staging();
    block_on(async {
        let (world, kept) = restored(&scene).await;
        let session = scene.session_in(world, ENVIRONMENT).await;
        let in_service = session.names().database();
        let unnamed = drop_kept::drop_kept(&session, None, true).await.unwrap_err();
        let command = format!("cargo xtask database drop-kept staging --confirm {kept} --yes --local");
        assert!(unnamed.hint().unwrap().contains(&command), "{:?}", unnamed.hint());
        for other in [in_service.as_str(), "nobody"] {
            let refused = drop_kept::drop_kept(&session, Some(other), true).await.unwrap_err();
            assert_eq!(refused.exit(), Exit::Refused, "{other}");
            assert!(refused.to_string().contains("is no instance that a completed restoration"), "{refused}");
        }
        assert_eq!(instances(&session).len(), 2);
        let note = list::list(&session).await.unwrap().instances.into_iter().find_map(|it| it.note).unwrap();
        assert!(note.contains(command.strip_suffix(" --yes --local").unwrap()), "{note}");
        close(session).await;
        // Nothing is kept before a restoration.
        let fresh = Scene::staging();
        let session = fresh.session(ENVIRONMENT, &[]).await;
        let nothing = drop_kept::drop_kept(&session, None, true).await.unwrap();
        assert!(nothing.lines()[0].contains("nothing to do"), "{nothing:?}");
        close(session).await;
    });
}

#[test]
fn dropping_goes_on_wherever_it_is_killed_and_leaves_a_snapshot() {
    let scene = Scene::staging();
    block_on(async {
        let (world, kept) = restored(&scene).await;
        let session = scene.session_in(world, ENVIRONMENT).await;
        session.target.control().unwrap().record_course();
        drop_kept::drop_kept(&session, Some(&kept), true).await.unwrap();
        let worlds = differing(session.target.control().unwrap().take_course());
        let name = session.names().database();
        close(session).await;
        assert!(worlds.len() > 4, "{} accounts", worlds.len());
        for world in worlds {
            let session = scene.session_in(world, ENVIRONMENT).await;
            let dropped = drop_kept::drop_kept(&session, Some(&kept), true).await.unwrap();
            assert_eq!(dropped.snapshot, Some(format!("{kept}-last")));
            let left = instances(&session);
            assert!(left.len() == 1 && named(&left, &name)["DBInstanceStatus"] == "available", "{left:?}");
            let snapshots = session.target.control().unwrap().inspect(|world| {
                rds::describe_snapshots(world, &rds::DescribeInput::default()).unwrap().db_snapshots
            });
            assert!(snapshots.iter().any(|it| it["Status"] == "available"), "{snapshots:?}");
            close(session).await;
        }
    });
}

/// The data that were restored are in service: a snapshot that was taken before is a source as any other.
#[test]
fn a_snapshot_that_the_tool_took_can_be_restored() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let taken = snapshot::take(&session).await.unwrap();
        let planned = restore::prepare(&session, Source::Snapshot(taken.snapshot.clone())).await.unwrap();
        assert!(restore::carry_out(&session, planned).await.unwrap().done);
        let listing = list::list(&session).await.unwrap();
        assert!(listing.snapshots.iter().any(|it| it.name == taken.snapshot && it.status == "available"));
        close(session).await;
    });
}
