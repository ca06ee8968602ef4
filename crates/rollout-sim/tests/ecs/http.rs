//! Requests through the load balancer.

use std::collections::BTreeMap;

use rollout_sim::ecs::RolloutState;
use rollout_sim::elb::{self, HttpAnswer};
use rollout_sim::image::ImageBehaviour;
use serde_json::json;

use crate::fixture::{Fixture, Setup, crashing, without_health};

fn get(fixture: &mut Fixture, path: &str) -> HttpAnswer {
    let host = fixture.host.clone();
    elb::http_request(&mut fixture.world, &host, path, "GET", &BTreeMap::new()).unwrap()
}

#[test]
fn the_program_answers_with_its_release() {
    let mut fixture = Fixture::new(Setup::default());
    let answer = get(&mut fixture, "/anything?x=1");
    assert_eq!((answer.status, answer.headers["x-release"].as_str()), (200, "v1"));
}

#[test]
fn the_program_answers_with_its_release_at_an_endpoint() {
    let mut fixture = Fixture::new(Setup::default());
    let at = |pointer| ImageBehaviour::default().reporting_at("/version", pointer);
    for (image, content_type, body) in [
        (at(None), "text/plain", "v1\n"),
        (at(Some("/version")), "application/json", "{\"version\":\"v1\"}"),
        (ImageBehaviour { release: Some("v0".to_owned()), ..at(None) }, "text/plain", "v0\n"),
        (
            ImageBehaviour { paths: [("/version".to_owned(), 404)].into(), ..at(None) },
            "application/json",
            "{\"status\":404,\"release\":\"v1\"}",
        ),
    ] {
        fixture.world.images.values_mut().for_each(|it| *it = image.clone());
        let answer = get(&mut fixture, "/version?x=1");
        assert_eq!((answer.headers["content-type"].as_str(), answer.body.as_str()), (content_type, body));
        assert!(!answer.headers.contains_key("x-release"), "{answer:?}");
    }
}

#[test]
fn rules_are_evaluated_by_priority_and_the_default_last() {
    let mut fixture = Fixture::new(Setup::default());
    let rule = json!({
        "ListenerArn": fixture.listener, "Priority": 1,
        "Conditions": [{"Field": "path-pattern", "Values": ["/old/*"]}],
        "Actions": [{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Path": "/new"}}],
    });
    elb::create_rule(&mut fixture.world, serde_json::from_value(rule.clone()).unwrap()).unwrap();
    let answer = get(&mut fixture, "/old/page?q=1");
    assert_eq!(answer.status, 301);
    assert!(answer.headers["location"].ends_with(":443/new?q=1"), "{answer:?}");
    assert_eq!(get(&mut fixture, "/other").status, 200);
    let taken = elb::create_rule(&mut fixture.world, serde_json::from_value(rule).unwrap()).unwrap_err();
    assert_eq!(taken.code, "PriorityInUse");
}

#[test]
fn slow_start_sends_a_new_target_less() {
    let mut fixture = Fixture::empty(Setup::default());
    set_slow_start(&mut fixture, 300);
    fixture.create_service(ImageBehaviour::default());
    fixture.until(600.0, "the first release", |it| it.rollout() == RolloutState::Completed);
    // The first one stays beside it for a while.
    deploy_beside(&mut fixture);
    // Linearly from little to a full share, beside one that took the full load from the first: it was alone.
    let new = share(&mut fixture, "v2");
    assert!((3..=7).contains(&new), "{new}");
    fixture.run(150.0);
    let new = share(&mut fixture, "v2");
    assert!((32..=37).contains(&new), "{new}");
    fixture.run(150.0);
    assert_eq!(share(&mut fixture, "v2"), 50);
}

/// Sets how long targets of the group of a world start slowly.
fn set_slow_start(fixture: &mut Fixture, secs: u32) {
    let attribute = json!({"Key": "slow_start.duration_seconds", "Value": secs.to_string()});
    let request = json!({"TargetGroupArn": fixture.group, "Attributes": [attribute]});
    let request = serde_json::from_value(request).unwrap();
    elb::modify_target_group_attributes(&mut fixture.world, request).unwrap();
}

/// Deploys a release that becomes healthy and whose predecessor stays beside it.
fn deploy_beside(fixture: &mut Fixture) {
    let new = fixture.deploy(ImageBehaviour::default());
    fixture.until(60.0, "its task", |it| it.tasks_of(&new).len() == 1);
    fixture.world.params.scheduler_lag_secs = 1000.0;
    fixture.until(120.0, "both healthy", |it| it.targets() == ["healthy", "healthy"]);
}

/// How many of 100 requests a release answers.
fn share(fixture: &mut Fixture, release: &str) -> usize {
    (0..100).filter(|_| get(fixture, "/").headers["x-release"] == release).count()
}

#[test]
fn a_target_that_has_warmed_up_is_one_beside_which_others_start_slowly() {
    let mut fixture = Fixture::empty(Setup::default());
    set_slow_start(&mut fixture, 30);
    fixture.create_service(ImageBehaviour::default());
    fixture.until(600.0, "the first release", |it| it.rollout() == RolloutState::Completed);
    fixture.deploy(ImageBehaviour::default());
    fixture.until(600.0, "the second release", |it| it.rollout() == RolloutState::Completed);
    deploy_beside(&mut fixture);
    let new = share(&mut fixture, "v3");
    assert!((3..=7).contains(&new), "{new}");
}

#[test]
fn targets_that_are_healthy_when_slow_start_is_turned_on_keep_their_full_share() {
    let mut fixture = Fixture::new(Setup::default());
    deploy_beside(&mut fixture);
    set_slow_start(&mut fixture, 900);
    assert_eq!(share(&mut fixture, "v2"), 50);
}

#[test]
fn without_targets_the_load_balancer_answers_503() {
    let mut fixture = Fixture::empty(Setup::default());
    assert_eq!(get(&mut fixture, "/").status, 503);
}

#[test]
fn all_targets_unhealthy_fail_open() {
    let mut fixture = Fixture::new(Setup { grace_secs: 100_000, ..Setup::default() });
    fixture.modify_group(json!({"Matcher": {"HttpCode": "204"}}));
    fixture.until(60.0, "unhealthy", |it| it.targets() == ["unhealthy"]);
    assert_eq!(get(&mut fixture, "/").status, 200);

    // Beside one that is healthy it gets nothing.
    let mut fixture = Fixture::new(Setup { grace_secs: 100_000, ..Setup::default() });
    fixture.deploy(without_health());
    fixture.until(120.0, "one of each", |it| it.targets() == ["healthy", "unhealthy"]);
    for _ in 0..20 {
        assert_eq!(get(&mut fixture, "/").headers["x-release"], "v1");
    }
}

#[test]
fn a_target_that_does_not_listen_is_a_502() {
    let mut fixture = Fixture::empty(Setup::default());
    fixture.create_service(crashing(1e6));
    fixture.until(60.0, "registered", |it| it.targets() == ["initial"]);
    assert_eq!(get(&mut fixture, "/").status, 502);
}

#[test]
fn names_that_dns_points_at_it_are_answered() {
    let mut fixture = Fixture::new(Setup::default());
    let headers = BTreeMap::new();
    assert!(elb::http_request(&mut fixture.world, "app.example.com", "/", "GET", &headers).is_none());
    let name = fixture.host.clone();
    elb::point_host_at(&mut fixture.world, "app.example.com.", Some(&format!("dualstack.{name}.")));
    let answer = elb::http_request(&mut fixture.world, "App.example.com:443", "/", "GET", &headers).unwrap();
    assert_eq!(answer.status, 200);
}

#[test]
fn old_code_is_green_and_reports_the_old_release() {
    let mut fixture = Fixture::new(Setup::default());
    fixture.run(5.0);
    fixture.fault("old-code");
    fixture.deploy(ImageBehaviour::default());
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert_eq!(get(&mut fixture, "/").headers["x-release"], "v1");
    let images = fixture.world.images.values_mut();
    images.for_each(|image| *image = ImageBehaviour::default().reporting_at("/version", None));
    assert_eq!(get(&mut fixture, "/version").body, "v1\n");
}

#[test]
fn errors_after_deploy_spare_the_health_check() {
    let mut fixture = Fixture::new(Setup::default());
    fixture.run(5.0);
    fixture.fault("errors-after-deploy");
    fixture.deploy(ImageBehaviour::default());
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert_eq!((get(&mut fixture, "/health").status, get(&mut fixture, "/page").status), (200, 500));
    assert_eq!(elb::answering_targets(&fixture.world, &fixture.group, "/page"), (1, 0));
}
