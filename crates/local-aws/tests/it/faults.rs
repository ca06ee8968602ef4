//! Faults of the APIs themselves.

use serde_json::json;

use crate::server::{Answer, Server};

fn repositories(server: &Server) -> Answer {
    server.json("test", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", &json!({}))
}

fn log_groups(server: &Server) -> Answer {
    server.json("test", "Logs_20140328.DescribeLogGroups", &json!({}))
}

fn begin(server: &Server, fault: &str) {
    let answer = server.local("POST", "faults", &json!({"fault": fault}).to_string());
    assert_eq!((answer.status, &answer.json()["faults"]), (200, &json!([fault])));
}

#[test]
fn a_throttled_call_is_answered_at_the_third_attempt() {
    let server = Server::in_memory();
    begin(&server, "throttled:ecr");
    // Three attempts, as many as the SDKs make by default, always suffice.
    for _ in 0..3 {
        let statuses: Vec<u16> = (0..3).map(|_| repositories(&server).status).collect();
        assert_eq!(statuses, [400, 400, 200]);
    }
    let refused = repositories(&server);
    assert_eq!((refused.status, refused.header("x-amzn-errortype")), (400, Some("ThrottlingException")));
    assert_eq!(refused.json()["message"], "Rate exceeded");
    assert!((0..3).all(|_| log_groups(&server).status == 200), "other services are not concerned");
}

#[test]
fn calls_in_between_do_not_starve_a_throttled_one() {
    let server = Server::in_memory();
    begin(&server, "throttled");
    let images = || {
        let input = json!({"repositoryName": "none"});
        server.json("test", "AmazonEC2ContainerRegistry_V20150921.DescribeImages", &input)
    };
    let code = |answer: &Answer| answer.header("x-amzn-errortype").unwrap_or("none").to_owned();
    // Three clients whose attempts alternate: each is answered at its own third.
    let rounds: Vec<_> =
        (0..3).map(|_| (repositories(&server).status, log_groups(&server).status, code(&images()))).collect();
    assert_eq!(rounds[2], (200, 200, "RepositoryNotFoundException".to_owned()));
    assert_eq!((rounds[1].0, rounds[1].1, rounds[1].2.as_str()), (400, 400, "ThrottlingException"));
}

#[test]
fn a_query_service_throttles_under_its_own_code() {
    let server = Server::in_memory();
    begin(&server, "throttled");
    let texts = (0..3).map(|_| server.query("test", "sts", "Action=GetCallerIdentity").text().to_owned());
    assert!(texts.filter(|text| text.contains("<Code>Throttling</Code>")).count() == 2);
}

#[test]
fn an_outage_passes() {
    let server = Server::in_memory();
    begin(&server, "api-outage");
    assert_eq!(repositories(&server).status, 503);
    server.local("POST", "clock", r#"{"advance_secs": 90}"#);
    assert_eq!(repositories(&server).status, 200);
}

#[test]
fn a_fault_can_begin_later_and_end() {
    let server = Server::in_memory();
    server.local("POST", "faults", r#"{"fault": "access-denied:ecr", "after_secs": 10}"#);
    assert_eq!(repositories(&server).status, 200);
    server.local("POST", "clock", r#"{"advance_secs": 10}"#);
    let denied = repositories(&server);
    assert_eq!((denied.status, denied.header("x-amzn-errortype")), (400, Some("AccessDeniedException")));
    assert_eq!(server.query("test", "sts", "Action=GetCallerIdentity").status, 200);
    server.local("DELETE", "faults", "");
    assert_eq!(repositories(&server).status, 200);
}

#[test]
fn an_unknown_fault_is_refused_with_the_known_ones() {
    let server = Server::in_memory();
    let answer = server.local("POST", "faults", r#"{"fault": "gremlins"}"#);
    assert_eq!(answer.status, 400);
    let error = answer.json()["error"].as_str().unwrap().to_owned();
    assert!(error.contains("\"gremlins\"") && error.contains("crash-on-start"), "{error}");
}
