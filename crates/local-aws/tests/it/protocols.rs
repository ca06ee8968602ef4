//! What clients see of the protocols, whatever the operation.

use ciborium::Value as Cbor;
use serde_json::json;

use crate::server::{Server, authorization};

const ECR: &str = "AmazonEC2ContainerRegistry_V20150921";

#[test]
fn json_calls_are_dispatched_by_their_target() {
    let server = Server::in_memory();
    let created =
        server.json("test", &format!("{ECR}.CreateRepository"), &json!({"repositoryName": "team/api"}));
    assert_eq!(created.status, 200);
    assert_eq!(created.header("content-type"), Some("application/x-amz-json-1.1"));
    assert!(created.header("x-amzn-requestid").is_some());
    assert_eq!(
        created.json()["repository"]["repositoryArn"],
        "arn:aws:ecr:us-west-2:123456789012:repository/team/api"
    );
}

#[test]
fn query_calls_are_dispatched_by_their_signature_and_action() {
    let server = Server::in_memory();
    let answer = server.query("test", "sts", "Action=GetCallerIdentity&Version=2011-06-15");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/xml")));
    let text = answer.text();
    assert!(text.starts_with(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>"
    ));
    assert!(text.contains("<Account>123456789012</Account>"), "{text}");
}

#[test]
fn request_ids_differ() {
    let server = Server::in_memory();
    let id = || {
        let answer = server.query("test", "sts", "Action=GetCallerIdentity");
        answer.header("x-amzn-requestid").unwrap().to_owned()
    };
    assert_ne!(id(), id());
}

#[test]
fn an_unknown_operation_is_named_in_an_explicit_error() {
    let server = Server::in_memory();
    let answer = server.json("test", &format!("{ECR}.StartLayerUpload"), &json!({}));
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (501, Some("NotImplemented")));
    assert_eq!(answer.json()["message"], "the local AWS does not implement ecr:StartLayerUpload");

    let answer = server.query("test", "sts", "Action=GetSessionToken");
    assert_eq!(answer.status, 501);
    assert!(
        answer.text().contains("<Message>the local AWS does not implement sts:GetSessionToken</Message>")
    );
}

#[test]
fn an_unknown_service_is_named_in_an_explicit_error() {
    let server = Server::in_memory();
    let answer = server.json("test", "DynamoDB_20120810.ListTables", &json!({}));
    assert_eq!(answer.json()["message"], "the local AWS does not implement DynamoDB_20120810:ListTables");

    let answer = server.query("test", "ec2", "Action=DescribeVpcs");
    assert!(answer.text().contains("does not implement ec2:DescribeVpcs"), "{}", answer.text());

    for (service, what) in [("lambda", "lambda:a REST call"), ("s3", "s3:GET /bucket")] {
        let authorization = authorization("test", service);
        let answer = server.request("GET", "/bucket", &[("Authorization", &authorization)], b"");
        assert!(answer.text().contains(&format!("does not implement {what}")), "{}", answer.text());
    }
}

#[test]
fn an_unmodelled_parameter_is_refused_by_name() {
    let server = Server::in_memory();
    let input = json!({"repositoryName": "a", "upstreamRegistry": "b"});
    let answer = server.json("test", &format!("{ECR}.CreateRepository"), &input);
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (501, Some("NotModelled")));
    assert_eq!(answer.json()["message"], "not modelled: parameter upstreamRegistry");
}

#[test]
fn broken_input_is_a_serialization_error() {
    let server = Server::in_memory();
    let answer = server.json("test", &format!("{ECR}.CreateRepository"), &json!({"repositoryName": 5}));
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (400, Some("SerializationException")));
}

#[test]
fn errors_of_the_service_keep_their_code() {
    let server = Server::in_memory();
    let answer = server.json("test", &format!("{ECR}.DescribeImages"), &json!({"repositoryName": "none"}));
    assert_eq!(
        (answer.status, answer.header("x-amzn-errortype")),
        (400, Some("RepositoryNotFoundException"))
    );
    assert_eq!(answer.json()["__type"], "RepositoryNotFoundException");
}

#[test]
fn a_call_without_a_signature_is_refused() {
    let server = Server::in_memory();
    let headers = [("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories")];
    let answer = server.request("POST", "/", &headers, b"{}");
    assert_eq!((answer.status, answer.header("x-amzn-errortype")), (403, Some("MissingAuthenticationToken")));
}

#[test]
fn an_oversized_body_is_refused() {
    let server = Server::in_memory();
    let answer = server.local("POST", "faults", &" ".repeat((8 << 20) + 1));
    assert_eq!(answer.status, 413);
}

#[test]
fn other_requests_are_traffic_for_a_load_balancer() {
    let server = Server::in_memory();
    let answer = server.request("GET", "/health", &[("Host", "nowhere.example:8080")], b"");
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("nowhere.example"), "{}", answer.text());
}

/// `PutMetricAlarm` and `DescribeAlarms` of the alarm `errors`, as the Rust SDK and current botocore say it.
fn cbor(server: &Server, operation: &str, input: &serde_json::Value) -> crate::server::Answer {
    let mut body = Vec::new();
    ciborium::into_writer(input, &mut body).unwrap();
    let authorization = authorization("test", "monitoring");
    let headers = [
        ("Content-Type", "application/cbor"),
        ("Smithy-Protocol", "rpc-v2-cbor"),
        ("Authorization", &authorization),
    ];
    let path = format!("/service/GraniteServiceVersion20100801/operation/{operation}");
    server.request("POST", &path, &headers, &body)
}

fn alarm() -> serde_json::Value {
    json!({
        "AlarmName": "errors", "Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_Target_5XX_Count",
        "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 2.5,
        "ComparisonOperator": "GreaterThanThreshold",
    })
}

fn field<'c>(map: &'c Cbor, name: &str) -> &'c Cbor {
    let found = map.as_map().unwrap().iter().find(|(key, _)| key.as_text() == Some(name));
    &found.unwrap_or_else(|| panic!("no {name} in {map:?}")).1
}

#[test]
fn cloudwatch_speaks_cbor() {
    let server = Server::in_memory();
    let put = cbor(&server, "PutMetricAlarm", &alarm());
    assert_eq!((put.status, put.header("smithy-protocol")), (200, Some("rpc-v2-cbor")));
    let found = cbor(&server, "DescribeAlarms", &json!({"AlarmNames": ["errors"]}));
    let found: Cbor = ciborium::from_reader(found.body.as_slice()).unwrap();
    let alarm = &field(&found, "MetricAlarms").as_array().unwrap()[0];
    assert_eq!(field(alarm, "Threshold").as_float(), Some(2.5));
    assert_eq!(field(alarm, "Period").as_integer(), Some(60.into()));
    let (tag, moment) = field(alarm, "StateUpdatedTimestamp").as_tag().unwrap();
    assert_eq!((tag, moment.as_float()), (1, Some(1_767_603_600.0)));

    let refused = cbor(&server, "DeleteAlarms", &json!({"AlarmNames": ["nothing"]}));
    assert_eq!(
        (refused.status, refused.header("x-amzn-query-error")),
        (404, Some("ResourceNotFound;Sender"))
    );
}

#[test]
fn cloudwatch_speaks_query_and_json_too() {
    let server = Server::in_memory();
    cbor(&server, "PutMetricAlarm", &alarm());
    let found = server.query("test", "monitoring", "Action=DescribeAlarms&AlarmNames.member.1=errors");
    let text = found.text();
    assert!(
        text.contains("<StateUpdatedTimestamp>2026-01-05T09:00:00.000Z</StateUpdatedTimestamp>"),
        "{text}"
    );
    assert!(text.contains("<Threshold>2.5</Threshold>"), "{text}");

    let authorization = authorization("test", "monitoring");
    let headers = [
        ("Content-Type", "application/x-amz-json-1.0"),
        ("X-Amz-Target", "GraniteServiceVersion20100801.DescribeAlarms"),
        ("Authorization", &authorization),
    ];
    let found = server.request("POST", "/", &headers, b"{}");
    assert_eq!(found.header("content-type"), Some("application/x-amz-json-1.0"));
    assert_eq!(found.json()["MetricAlarms"][0]["StateUpdatedTimestamp"], 1_767_603_600.0);

    let form = "Action=GetMetricStatistics&Namespace=n&MetricName=m&Period=60&Statistics.member.1=Sum\
        &StartTime=2026-01-05T09%3A00%3A00Z&EndTime=2026-01-05T10%3A00%3A00Z";
    let found = server.query("test", "monitoring", form);
    assert_eq!(found.status, 200, "{}", found.text());
}
