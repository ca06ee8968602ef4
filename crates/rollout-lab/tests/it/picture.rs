//! The picture.

use rollout_lab::{Outcome, Watcher, svg};

use crate::support::{play, staging};

/// One service's part of a rollout that fails.
fn small() -> Outcome {
    let mut outcome = play(staging(), Watcher::Tool, &["crash-on-start:mcp"]);
    outcome.tracks.retain(|track| track.service == "mcp");
    outcome
}

/// Every element is closed, in order, and no text holds markup of its own.
fn assert_well_formed(xml: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in xml.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').expect("every tag ends");
        assert!(!text.contains('>'), "unescaped text: {text}");
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes: {tag}");
        let entities = text.split('&').skip(1);
        entities.for_each(|rest| {
            let known = ["amp;", "lt;", "gt;", "quot;"].iter().any(|name| rest.starts_with(name));
            assert!(known, "{text}");
        });
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

#[test]
fn it_is_well_formed_and_escapes_what_it_is_given() {
    let mut outcome = small();
    outcome.figures.detail = Some("a < b & \"c\"".to_owned());
    assert_well_formed(&svg("<title> & more", &[("one", &outcome), ("two", &outcome)]));
    assert_well_formed(&svg("nothing", &[]));
}

#[test]
fn it_knows_dark_surroundings_and_marks_what_matters() {
    let picture = svg("staging", &[("with this tool", &small())]);
    for part in [
        "prefers-color-scheme:dark",
        "first failure 0:",
        "verdict, rollback begins",
        "whole again",
        "exit code",
    ] {
        assert!(picture.contains(part), "{part} is missing");
    }
}

#[test]
fn a_thousand_lanes_do_not_make_a_wall() {
    let mut outcome = small();
    let lane = outcome.lanes.iter().find(|lane| lane.service == "mcp").unwrap().clone();
    outcome.lanes = vec![lane; 1000];
    let picture = svg("many", &[("one", &outcome)]);
    assert!(picture.contains("984 more tasks"), "the rest is counted");
}

#[test]
fn a_small_one_looks_like_this() {
    insta::assert_snapshot!(svg("staging, crash-on-start:mcp", &[("with this tool", &small())]));
}
