//! Every kind of fault, and what must hold for each whatever the numbers are.

use rollout_lab::{Ending, Outcome, Watcher};
use rollout_sim::fault::FaultKind;

use crate::support::{case, play, staging};

/// How a rollout must end that has this fault, with the tool watching.
fn expected(kind: FaultKind) -> &'static [Ending] {
    use FaultKind as K;
    match kind {
        K::ImageMissing
        | K::WrongArchitecture
        | K::SecretMissing
        | K::CrashOnStart
        | K::HealthPath
        | K::ContainerHealth
        | K::SlowStart
        | K::ErrorsAfterDeploy
        | K::StackFails => &[Ending::RolledBack],
        // CloudFormation calls such an update complete. The tool then goes back by a further update, which is not
        // simulated: here it ends with what a person would find.
        K::CrashAfterStart => &[Ending::RolledBack, Ending::Unhealthy, Ending::NeedsHuman],
        // The way back needs tasks too, for which there is no capacity either.
        K::NoCapacity => &[Ending::RolledBack, Ending::NeedsHuman],
        K::MigrationFails | K::MigrationHangs => &[Ending::TaskFailed],
        K::RollbackFails => &[Ending::NeedsHuman],
        K::Throttled | K::ApiOutage => &[Ending::Succeeded],
        K::AccessDenied => &[Ending::Refused],
        K::OldCode => &[Ending::Unhealthy],
    }
}

fn check(kind: FaultKind, outcome: &Outcome) {
    let figures = &outcome.figures;
    let all = format!("{kind}: {figures:?}");
    assert!(expected(kind).contains(&figures.ending), "{all}");
    let failed = figures.ending != Ending::Succeeded;
    assert_eq!(figures.verdict_secs.is_some(), failed, "{all}");
    assert_eq!(figures.cause.is_some(), failed, "{all}");
    if let Some(verdict) = figures.verdict_secs {
        assert!(
            figures.first_failure_secs.unwrap() <= verdict,
            "a failure is seen before it is known: {all}"
        );
        // R1.3; a migration has a time-out of its own in the configuration.
        let limit = if kind == FaultKind::MigrationHangs { 1200.0 } else { 600.0 };
        assert!(verdict < limit, "known within ten minutes: {all}");
    }
    if let (Some(trip), Some(first)) = (figures.breaker_trip_secs, figures.first_failure_secs) {
        assert!(first <= trip, "the breaker counts what there is to see: {all}");
    }
    if let Some(lowest) = &figures.lowest {
        assert!(lowest.tasks <= lowest.desired, "{all}");
    }
    assert!(figures.failed_request_secs >= 0.0, "{all}");
    assert!(
        outcome.timeline.windows(2).all(|pair| pair[0].secs <= pair[1].secs),
        "the timeline goes forward: {kind}"
    );
    for lane in &outcome.lanes {
        assert!(
            lane.spans.windows(2).all(|pair| pair[0].until_secs <= pair[1].from_secs),
            "{kind}: a task is in one state at a time"
        );
    }
}

#[test]
fn every_fault_ends_as_it_must_and_is_known_in_time() {
    for &kind in FaultKind::ALL {
        check(kind, &play(staging(), Watcher::Tool, &[kind.name()]));
    }
}

#[test]
fn nothing_broken_succeeds_with_full_capacity_and_no_failed_request() {
    let outcome = play(staging(), Watcher::Tool, &[]);
    assert_eq!(outcome.figures.ending, Ending::Succeeded);
    assert_eq!(outcome.figures.first_failure_secs, None);
    assert!(outcome.figures.failed_request_secs < 0.001);
    let lowest = outcome.figures.lowest.unwrap();
    assert_eq!(lowest.tasks, lowest.desired);
    assert!(outcome.figures.whole_secs.unwrap() < f64::from(outcome.figures.deadline_secs));
}

#[test]
fn the_tool_knows_no_later_than_a_pipeline_that_waits_for_the_stack() {
    for fault in ["image-missing:mcp", "crash-on-start:api", "health-path", "container-health:frontend"] {
        let tool = play(staging(), Watcher::Tool, &[fault]).figures;
        let alone = play(staging(), Watcher::Nobody, &[fault]).figures;
        assert!(tool.verdict_secs.unwrap() <= alone.verdict_secs.unwrap(), "{fault}");
        // What happens before anybody acts is the same, up to how often somebody looks.
        assert!(alone.breaker_trip_secs.is_some(), "{fault}");
    }
}

#[test]
fn the_same_stage_and_faults_give_the_same_outcome() {
    let one = play(staging(), Watcher::Tool, &["health-path:mcp"]);
    let other = play(staging(), Watcher::Tool, &["health-path:mcp"]);
    assert_eq!(one.figures, other.figures);
    assert_eq!(one.timeline, other.timeline);
    assert_eq!(one.lanes, other.lanes);
    assert_eq!(one.record, other.record);
}

#[test]
fn a_fault_of_one_service_leaves_the_tasks_of_the_others_alone() {
    let outcome = play(staging(), Watcher::Tool, &["crash-on-start:mcp"]);
    let ends = |service: &str| {
        let lanes = outcome.lanes.iter().filter(|lane| lane.service == service);
        lanes.filter_map(|lane| lane.end.clone()).collect::<Vec<_>>()
    };
    assert!(ends("mcp").iter().any(|end| end.starts_with("exit code")), "{:?}", ends("mcp"));
    assert!(!ends("api").iter().any(|end| end.starts_with("exit code")), "{:?}", ends("api"));
    let new = outcome.lanes.iter().filter(|lane| lane.service == "mcp" && lane.new_revision);
    assert!(new.count() >= 2, "the same crash twice is certain");
}

#[test]
fn faults_that_break_nothing_here_are_refused_with_what_there_is() {
    let case = case("staging");
    let refused = |text: &str| format!("{:?}", case.faults(&[text]).unwrap_err());
    assert!(refused("crash-at-start").contains("crash-on-start"));
    assert!(refused("crash-on-start:worker").contains("api, frontend, mcp"));
    assert!(refused("throttled:ecs").contains("every call"));
    assert!(
        refused("no-capacity:eu-west-9a")
            .contains("api, frontend, mcp, migrate, seed, us-west-2a, us-west-2b")
    );
    assert!(refused("migration-fails:api").contains("migrate, seed"));
    assert!(refused("crash-on-start:nonsense").contains("api, frontend, mcp, migrate, seed"));
    assert!(refused("stack-fails:Databse").contains("Database"));
    let fine = ["crash-on-start:mcp", "no-capacity", "no-capacity:us-west-2a", "stack-fails:Database"];
    assert!(case.faults(&fine).is_ok());
}

#[test]
fn a_fault_of_what_is_not_rolled_out_is_missed() {
    let missed = |fault: &str| play(staging(), Watcher::Tool, &[fault]).missed.len();
    assert_eq!(missed("stack-fails:Database"), 1);
    assert_eq!(missed("image-missing:seed"), 1);
    for hit in ["stack-fails:api", "crash-on-start:mcp", "migration-fails", "no-capacity:us-west-2a"] {
        assert_eq!(missed(hit), 0, "{hit}");
    }
}
