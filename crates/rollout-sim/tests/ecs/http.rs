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
    let request =
        |key: &str, value: &str| json!({"TargetGroupArn": "", "Attributes": [{"Key": key, "Value": value}]});
    let modify = |fixture: &mut Fixture, mut request: serde_json::Value| {
        request["TargetGroupArn"] = fixture.group.clone().into();
        elb::modify_target_group_attributes(&mut fixture.world, serde_json::from_value(request).unwrap())
    };
    modify(&mut fixture, request("slow_start.duration_seconds", "300")).unwrap();
    fixture.create_service(ImageBehaviour::default());
    fixture.until(600.0, "the first release", |it| it.rollout() == RolloutState::Completed);
    let new = fixture.deploy(ImageBehaviour::default());
    fixture.until(60.0, "the second task", |it| it.tasks_of(&new).len() == 1);
    // The first one stays beside it for a while.
    fixture.world.params.scheduler_lag_secs = 1000.0;
    fixture.until(120.0, "both healthy", |it| it.targets() == ["healthy", "healthy"]);
    let share = |fixture: &mut Fixture| {
        let new = (0..100).filter(|_| get(fixture, "/").headers["x-release"] == "v2");
        new.count()
    };
    // Linearly from little to a full share, beside one that took the full load from the first: it was alone.
    assert!((3..=7).contains(&share(&mut fixture)), "{}", share(&mut fixture));
    fixture.run(150.0);
    assert!((32..=37).contains(&share(&mut fixture)), "{}", share(&mut fixture));
    fixture.run(150.0);
    assert_eq!(share(&mut fixture), 50);
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
