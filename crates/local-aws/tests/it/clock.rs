//! Virtual time: it stands still, is advanced, or follows the wall.

use std::time::Duration;

use local_aws::{ClockMode, LocalAws};
use rollout_sim::SimTime;

use crate::server::{Server, options};

#[test]
fn a_manual_clock_moves_only_when_told() {
    let server = Server::in_memory();
    assert_eq!(server.local("GET", "status", "").json()["now"], "2026-01-05T09:00:00.000Z");
    let answer = server.local("POST", "clock", r#"{"advance_secs": 90.5}"#);
    assert_eq!(answer.json()["now"], "2026-01-05T09:01:30.500Z");
    assert_eq!(server.control().now().since(SimTime::START), Duration::from_millis(90_500));
    assert_eq!(server.local("GET", "clock", "").json()["now"], "2026-01-05T09:01:30.500Z");
}

#[test]
fn a_fast_clock_follows_the_wall_and_can_be_advanced() {
    let mut fast = options();
    fast.clock = ClockMode::Speed(1e6);
    let server = Server::start(LocalAws::in_memory(&fast));
    let status = || server.local("GET", "status", "").json();
    assert_eq!(status()["speed"], 1e6);
    let before = status()["now_epoch_secs"].as_f64().unwrap();
    // No request is answered within a microsecond.
    let after = status()["now_epoch_secs"].as_f64().unwrap();
    assert!(after > before);
    let jumped = server.local("POST", "clock", r#"{"advance_secs": 3e7}"#).json();
    assert!(jumped["now_epoch_secs"].as_f64().unwrap() >= after + 3e7);
}

#[test]
fn impossible_durations_are_refused() {
    let server = Server::in_memory();
    for body in [r#"{"advance_secs": -1}"#, r#"{"advance_secs": "soon"}"#, r#"{"advance": 1}"#, ""] {
        let answer = server.local("POST", "clock", body);
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.json()["error"].is_string());
    }
    assert_eq!(server.control().now(), SimTime::START);
}

#[test]
fn registries_and_eventbridge_have_endpoints() {
    let server = Server::in_memory();
    assert_eq!(server.local("GET", "events", "").json(), serde_json::json!([]));
    let answer = server.local("POST", "registries", r#"{"task": "none", "healthy": false}"#);
    let told = answer.json()["error"].as_str().map(str::to_owned);
    assert_eq!(answer.status, 400);
    assert!(told.is_some_and(|told| told.contains("none is not an instance of a service registry")));
}

#[test]
fn an_unknown_control_endpoint_is_named() {
    let server = Server::in_memory();
    let answer = server.local("PUT", "clock", "{}");
    assert_eq!(
        (answer.status, answer.json()["error"].as_str()),
        (404, Some("no control endpoint PUT /_local/clock"))
    );
}
