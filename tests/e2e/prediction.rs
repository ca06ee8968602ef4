//! What `simulate` predicts is what the deployment then shows, to the second: the laboratory and the tool, which goes
//! through the AWS SDK and HTTP, roll out the same release with the same fault.

use std::path::Path;
use std::sync::OnceLock;

use deploy_ops::resolve::Wanted;
use ops_cli::Verdict;
use rollout_lab::{Case, Ending, Outcome, Play, Stage, Texts, Watcher};
use rollout_sim::fault::Fault;
use rollout_verdict::{CauseKind, Observations, Record, ServiceName, State, assess};

use super::scene::{Scene, block_on, options};

/// A rollout in seconds from its start, as its polls tell it.
#[derive(Debug, PartialEq)]
struct Course {
    polls: Vec<f64>,
    first_failure: Option<f64>,
    /// The first poll after which the rollout was known to have failed.
    verdict: Option<f64>,
    cause: Option<(CauseKind, Option<ServiceName>)>,
    cancelled: Option<f64>,
    end: f64,
}

fn course(record: &Record) -> Course {
    let start = record.rollout.started_at;
    let mut observations = Observations::default();
    let mut assessment = assess(&record.rollout, &observations);
    let (mut verdict, mut cause) = (None, None);
    for snapshot in &record.snapshots {
        observations.absorb(snapshot.clone());
        assessment = assess(&record.rollout, &observations);
        let failed = match &assessment.state {
            State::Failed { cause, .. } | State::DeadlinePassed { cause } => cause,
            _ => continue,
        };
        if verdict.is_none() {
            verdict = Some(snapshot.at.secs_since(start));
            // Its words name resources, whose identifiers differ between the two accounts.
            cause = Some((failed.kind, failed.service.clone()));
        }
    }
    let polls: Vec<f64> = record.snapshots.iter().map(|snapshot| snapshot.at.secs_since(start)).collect();
    let cancelled = record.snapshots.iter().find_map(|snapshot| snapshot.cancel_requested_at);
    Course {
        first_failure: assessment.first_failure_at.map(|at| at.secs_since(start)),
        cancelled: cancelled.map(|at| at.secs_since(start)),
        end: polls.last().copied().unwrap_or_default(),
        polls,
        verdict,
        cause,
    }
}

fn stage() -> &'static Stage {
    static STAGE: OnceLock<Stage> = OnceLock::new();
    STAGE.get_or_init(|| stage_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra")))
}

/// The laboratory's stage, with the configuration of a folder.
pub(super) fn stage_of(infra: &Path) -> Stage {
    let read = |file: &str| std::fs::read_to_string(infra.join(file)).unwrap();
    let texts = Texts {
        platform: read("platform.toml"),
        environment_file: "staging.toml".to_owned(),
        environment: read("environments/staging.toml"),
    };
    Stage::set(Case::new_release(texts.config(&[]).unwrap(), "staging")).unwrap()
}

/// Staging whose deployments are complete before a program has come to its end twice.
pub(super) fn baking_briefly() -> Scene {
    let scene = Scene::staging();
    scene.edit("platform.toml", "bake_time_minutes = 3", "bake_time_minutes = 1");
    scene.edit("platform.toml", "evaluation_periods = 2", "evaluation_periods = 1");
    scene.edit("platform.toml", "deregistration_delay_secs = 30", "deregistration_delay_secs = 5");
    scene.commit("bake for a minute, drain for seconds");
    block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap();
    scene
}

/// Deploys with the faults, simulates the same, and holds both against each other.
fn predicts(broken: &[&str]) -> Outcome {
    predicts_in(&Scene::staging(), stage(), broken)
}

/// The same where staging and the stage are of another configuration.
pub(crate) fn predicts_in(scene: &Scene, stage: &Stage, broken: &[&str]) -> Outcome {
    let fault = broken.join(" and ");
    scene.commit("broken");
    let deployed = block_on(scene.deploy("staging", &options(Wanted::Head), broken)).unwrap();
    let is_roll = |record: &&Record| record.rollout.services.iter().any(|service| service.rolls);
    // The rollout, and the update that puts the old release back where the stack was complete already.
    let mut shown: Vec<&Record> = deployed.records.iter().filter(is_roll).collect();
    shown.sort_by_key(|record| record.rollout.started_at);
    let first = shown.first().expect("the rollout was watched");
    let faults: Vec<Fault> = broken.iter().map(|fault| fault.parse().unwrap()).collect();
    // Load balancers report by the minute: the second at which a rollout starts decides when an alarm fires.
    let starts_at_millis = Some(first.rollout.started_at.as_millis() % 60_000);
    let play = Play { starts_at_millis, ..Play::new(Watcher::Tool, &faults) };
    let predicted = stage.play(&play).unwrap();

    let foreseen: Vec<Course> = [&predicted.record].into_iter().chain(&predicted.back).map(course).collect();
    let courses: Vec<Course> = shown.iter().copied().map(course).collect();
    assert_eq!(foreseen, courses, "{fault}: predicted and shown");
    let seen = &courses[0];
    let figures = &predicted.figures;
    let verdict = match figures.ending {
        Ending::Succeeded => Verdict::Succeeded,
        Ending::RolledBack => Verdict::RolledBack,
        Ending::NeedsHuman => Verdict::NeedsHuman,
        Ending::Unhealthy => Verdict::Unhealthy,
        Ending::Refused | Ending::TaskFailed | Ending::StillRunning => panic!("{figures:?}"),
    };
    assert_eq!(verdict, deployed.result.verdict, "{fault}: {:?}", deployed.result.cause);
    if verdict != Verdict::Unhealthy {
        assert_eq!(figures.first_failure_secs, seen.first_failure, "{fault}");
        assert_eq!(figures.verdict_secs, seen.verdict, "{fault}");
        let detected =
            figures.verdict_secs.zip(figures.first_failure_secs).map(|(known, first)| known - first);
        assert_eq!(detected, deployed.result.detected_secs, "{fault}");
    }
    predicted
}

#[test]
fn a_missing_image() {
    predicts(&["image-missing:mcp"]);
}

#[test]
fn a_missing_secret() {
    predicts(&["secret-missing:api"]);
}

#[test]
fn a_crash() {
    predicts(&["crash-on-start:mcp"]);
}

#[test]
fn a_crash_of_every_service() {
    predicts(&["crash-on-start"]);
}

/// The stack is complete when the tasks die: only a further update puts the old release back.
#[test]
fn a_crash_after_the_start() {
    let scene = baking_briefly();
    let stage = stage_of(&scene.root().join("infra"));
    let predicted = predicts_in(&scene, &stage, &["crash-after-start:mcp"]);
    assert_eq!(predicted.figures.ending, Ending::RolledBack);
    assert!(predicted.back.is_some(), "{:?}", predicted.figures);
}

#[test]
fn a_health_check_that_gets_404() {
    predicts(&["health-path:mcp"]);
}

#[test]
fn a_container_health_check_that_fails() {
    predicts(&["container-health:frontend"]);
}

#[test]
fn errors_that_fire_the_alarm() {
    predicts(&["errors-after-deploy:api"]);
}

#[test]
fn a_resource_that_fails() {
    predicts(&["stack-fails:mcp"]);
}

#[test]
fn a_rollback_that_fails() {
    predicts(&["rollback-fails:mcp"]);
}

#[test]
fn old_code() {
    predicts(&["old-code:mcp"]);
}

#[test]
fn nothing_broken() {
    predicts(&[]);
}
