#![allow(clippy::unwrap_used)]

use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    stack_name: String,
    #[serde(default)]
    capabilities: Vec<String>,
    #[serde(default)]
    parameters: Vec<Parameter>,
    disable_rollback: Option<bool>,
    limit: Option<u32>,
    #[serde(default)]
    identifier: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    parameter_key: String,
    parameter_value: Option<String>,
}

#[test]
fn a_form_spells_lists_maps_and_scalars() {
    let body = b"Action=X&Version=2010-05-15&StackName=a+b%26c&Parameters.member.10.ParameterKey=last\
        &Parameters.member.2.ParameterKey=second&Parameters.member.2.ParameterValue=\
        &DisableRollback=true&Limit=5&Identifier.entry.1.key=Id&Identifier.entry.1.value=x&Capabilities=";
    let input: Input = Protocol::Query.decode(body).unwrap();
    assert_eq!(
        input,
        Input {
            stack_name: "a b&c".into(),
            capabilities: vec![],
            parameters: vec![
                Parameter { parameter_key: "second".into(), parameter_value: Some(String::new()) },
                Parameter { parameter_key: "last".into(), parameter_value: None },
            ],
            disable_rollback: Some(true),
            limit: Some(5),
            identifier: [("Id".to_owned(), "x".to_owned())].into(),
        }
    );
}

#[test]
fn a_form_with_a_wrong_scalar_is_a_validation_error() {
    let error = Protocol::Query.decode::<Input>(b"StackName=a&Limit=many").unwrap_err();
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("ValidationError", "\"many\" is not a non-negative integer")
    );
}

#[test]
fn members_that_are_not_modelled_are_refused_by_name() {
    for (protocol, body) in [
        (Protocol::Query, b"StackName=a&HookName=b".as_slice()),
        (Protocol::Json11, br#"{"StackName":"a","HookName":"b"}"#),
    ] {
        let error = protocol.decode::<Input>(body).unwrap_err();
        assert_eq!(
            (error.code.as_str(), error.message.as_str()),
            ("NotModelled", "not modelled: parameter HookName")
        );
    }
}

#[test]
fn xml_escapes_wraps_lists_and_writes_timestamps_as_rfc3339() {
    let output = json!({
        "Stacks": [{"StackName": "a<b>&\"c\"", "CreationTime": 1_767_603_600.5, "DisableRollback": false, "Gone": null}],
        "Empty": [],
    });
    let body = Protocol::Query.encode(Service::CloudFormation, "DescribeStacks", "id-1", &output).unwrap();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        "<DescribeStacksResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
         <DescribeStacksResult><Empty></Empty><Stacks><member><CreationTime>2026-01-05T09:00:00.500Z</CreationTime>\
         <DisableRollback>false</DisableRollback><StackName>a&lt;b&gt;&amp;&quot;c&quot;</StackName></member></Stacks>\
         </DescribeStacksResult><ResponseMetadata><RequestId>id-1</RequestId></ResponseMetadata></DescribeStacksResponse>"
    );
}

#[test]
fn cbor_tags_timestamps_and_reads_its_own_writing() {
    let output = json!({"MetricAlarms": [{"AlarmName": "a", "StateUpdatedTimestamp": 1.5, "Period": 60, "Threshold": -2}]});
    let body = Protocol::Cbor.encode(Service::CloudWatch, "DescribeAlarms", "id", &output).unwrap();
    // Tag 1, then 1.5 as a half-precision float.
    assert!(body.windows(4).any(|part| part == [0xc1, 0xf9, 0x3e, 0x00]));
    let read: Value = Protocol::Cbor.decode(&body).unwrap();
    assert_eq!(read, output);
}

#[test]
fn errors_have_the_shape_of_their_protocol() {
    let error = ApiError::new("ClientException", "it <broke>");
    let json = Protocol::Json11.error(Some(Service::Ecs), "id", &error);
    assert_eq!(json.status, 400);
    assert!(json.headers.contains(&("x-amzn-errortype".into(), "ClientException".into())));
    let body: Value = serde_json::from_slice(&json.body).unwrap();
    assert_eq!((&body["__type"], &body["message"]), (&json!("ClientException"), &json!("it <broke>")));

    let query = Protocol::Query.error(Some(Service::Sts), "id", &error);
    assert_eq!(
        String::from_utf8(query.body).unwrap(),
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender</Type>\
         <Code>ClientException</Code><Message>it &lt;broke&gt;</Message></Error><RequestId>id</RequestId></ErrorResponse>"
    );

    let cbor = Protocol::Cbor.error(Some(Service::CloudWatch), "id", &error);
    assert!(cbor.headers.contains(&("smithy-protocol".into(), "rpc-v2-cbor".into())));
    let body: Value = ciborium::from_reader(cbor.body.as_slice()).unwrap();
    assert_eq!(body["__type"], json!("ClientException"));
}
