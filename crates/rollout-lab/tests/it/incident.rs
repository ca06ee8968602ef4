//! The incident of 2026-02-19: stuck for over an hour before, impossible now.

use env_config::{Scenario, Watcher};
use rollout_lab::{Case, Ending, Outcome, Play, Stage};
use rollout_sim::fault::FaultKind;

use crate::support::{root, texts};

const HOUR: f64 = 3600.0;

fn scenario() -> Scenario {
    let file = root().join("infra/scenarios/incident-2026-02-19.toml");
    let kinds: Vec<&str> = FaultKind::ALL.iter().map(|kind| kind.name()).collect();
    Scenario::read("incident-2026-02-19.toml", &std::fs::read_to_string(file).unwrap(), &kinds).unwrap()
}

fn played(side: usize) -> Outcome {
    let scenario = scenario();
    let side = &scenario.sides[side];
    let case = Case::of_scenario(&scenario, side, &texts("staging")).unwrap();
    let play = Play { guards: side.guards, ..Play::new(side.watcher, &[]) };
    Stage::set(case).unwrap().play(&play).unwrap()
}

#[test]
fn it_was_stuck_for_over_an_hour() {
    assert_eq!(scenario().sides[0].watcher, Watcher::Nobody);
    let outcome = played(0);
    let figures = &outcome.figures;
    assert!(figures.whole_secs.is_none() && figures.followed_secs > HOUR, "{figures:?}");
    assert!(matches!(figures.ending, Ending::NeedsHuman | Ending::StillRunning), "{figures:?}");
    assert!(figures.lowest.as_ref().is_some_and(|lowest| lowest.tasks == 0), "{figures:?}");
    // Tasks of the release that was in service fail the moved check too.
    let old = outcome.lanes.iter().filter(|lane| lane.service == "mcp" && !lane.new_revision);
    assert!(old.count() >= 2, "the old release was started again");
}

#[test]
fn with_todays_settings_and_verdict_it_is_over_in_minutes() {
    let figures = played(1).figures;
    assert_eq!(figures.ending, Ending::RolledBack, "{figures:?}");
    assert!(figures.verdict_secs.unwrap() < 600.0, "{figures:?}");
    assert!(figures.whole_secs.unwrap() < 1200.0, "{figures:?}");
}

#[test]
fn today_it_is_refused_before_anything_is_touched() {
    let figures = played(2).figures;
    assert_eq!(figures.ending, Ending::Refused, "{figures:?}");
    let detail = figures.detail.unwrap();
    assert!(detail.contains("mcp") && detail.contains("/mcp/health") && detail.contains("404"), "{detail}");
    assert!(figures.failed_request_secs < 0.001);
}
