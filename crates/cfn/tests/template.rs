//! What a template finds wrong with itself, and how it is written.
#![allow(clippy::unwrap_used)]

use cfn::ecs::{Cluster, ClusterSetting};
use cfn::iam::{PolicyDocument, Principal, Role, Statement};
use cfn::logs::LogGroup;
use cfn::{Options, Parameter, Removal, Tag, Template, Value};
use insta::assert_snapshot;

#[derive(Debug, Clone, serde::Serialize)]
struct Env;
impl cfn::Stack for Env {}

fn template(name: &str) -> Template<Env> {
    let tag = Tag { key: "Project".to_owned(), value: "example".to_owned() };
    Template::new(name, "An example", vec![tag])
}

fn logs(name: &str) -> LogGroup<Env> {
    LogGroup { log_group_name: name.into(), retention_in_days: 7 }
}

fn example() -> Template<Env> {
    let mut template = template("staging");
    let release: Value<Env, cfn::kind::Text> =
        template.parameter("Release", &Parameter { allowed_pattern: Some("^v".to_owned()), default: None });
    let logs = template.add_with(
        "Logs",
        logs("/example"),
        Options::new().removal(Removal::Retain, Removal::Snapshot).layer("service"),
    );
    let role = template.add_with(
        "Role",
        Role {
            assume_role_policy_document: PolicyDocument::new([Statement::allow(["sts:AssumeRole"])
                .by(Principal::Service("ecs-tasks.amazonaws.com"))
                .when("StringEquals", "aws:SourceAccount", [Value::account_id()])]),
            description: None,
            managed_policy_arns: Vec::new(),
            max_session_duration: None,
            permissions_boundary: None,
            policies: Vec::new(),
            role_name: "example".to_owned(),
            tags: Vec::new(),
        },
        Options::new().after(&logs),
    );
    template.output(
        "Role",
        Value::<Env, cfn::kind::Text>::concat(["${x} ".into(), role.arn().text(), " ".into(), release]),
    );
    template.output(
        "Logs",
        Value::<Env, cfn::kind::Text>::join(",", [logs.name().text(), "a".into(), "b".into()]),
    );
    template
}

#[test]
fn yaml_and_json_say_the_same() {
    let document = example().finish().unwrap();
    assert_snapshot!(document.yaml(), @r#"
    AWSTemplateFormatVersion: "2010-09-09"
    Description: An example
    Metadata:
      Tags:
        Project: example
    Outputs:
      Logs:
        Value:
          Fn::Join:
            - ","
            -
              -
                Ref: Logs
              - "a,b"
      Role:
        Value:
          Fn::Sub: "${!x} ${Role.Arn} ${Release}"
    Parameters:
      Release:
        AllowedPattern: "^v"
        Type: String
    Resources:
      Logs:
        DeletionPolicy: Retain
        Metadata:
          Layer: service
        Properties:
          LogGroupName: /example
          RetentionInDays: 7
        Type: AWS::Logs::LogGroup
        UpdateReplacePolicy: Snapshot
      Role:
        DependsOn: Logs
        Properties:
          AssumeRolePolicyDocument:
            Statement:
              -
                Action: sts:AssumeRole
                Condition:
                  StringEquals:
                    aws:SourceAccount:
                      Ref: AWS::AccountId
                Effect: Allow
                Principal:
                  Service: ecs-tasks.amazonaws.com
            Version: "2012-10-17"
          RoleName: example
        Type: AWS::IAM::Role
    "#);
    assert_snapshot!(document.compact(), @r#"{"AWSTemplateFormatVersion":"2010-09-09","Description":"An example","Metadata":{"Tags":{"Project":"example"}},"Outputs":{"Logs":{"Value":{"Fn::Join":[",",[{"Ref":"Logs"},"a,b"]]}},"Role":{"Value":{"Fn::Sub":"${!x} ${Role.Arn} ${Release}"}}},"Parameters":{"Release":{"AllowedPattern":"^v","Type":"String"}},"Resources":{"Logs":{"DeletionPolicy":"Retain","Metadata":{"Layer":"service"},"Properties":{"LogGroupName":"/example","RetentionInDays":7},"Type":"AWS::Logs::LogGroup","UpdateReplacePolicy":"Snapshot"},"Role":{"DependsOn":"Logs","Properties":{"AssumeRolePolicyDocument":{"Statement":[{"Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":{"Ref":"AWS::AccountId"}}},"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"}}],"Version":"2012-10-17"},"RoleName":"example"},"Type":"AWS::IAM::Role"}}}"#);
    assert_eq!(document.compact(), example().finish().unwrap().compact());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&document.pretty()).unwrap(), *document.json());
    assert_eq!(
        document.resource_types().collect::<Vec<_>>(),
        [("Logs", "AWS::Logs::LogGroup"), ("Role", "AWS::IAM::Role")]
    );
}

#[test]
fn every_problem_is_reported_at_once() {
    let mut other = template("production");
    let foreign = other.add("Logs", logs("/production"));
    let mut template = template("staging");
    template.add("Logs", logs("/one"));
    template.add("Logs", logs("/two"));
    template.add("Log-Group", logs("/three"));
    let removed = {
        let mut draft = self::template("staging");
        draft.add("Removed", logs("/draft"))
    };
    template.output("Dangling", removed.arn());
    template.add_with("After", logs("/four"), Options::new().after(&foreign));
    template.add(
        "Cluster",
        Cluster {
            cluster_name: Value::sub("${Logs}-cluster"),
            cluster_settings: vec![ClusterSetting { name: "containerInsights", value: "enabled".to_owned() }],
        },
    );
    assert_snapshot!(template.finish().unwrap_err(), @r"
    the template of `staging` cannot be deployed
      `Logs` is given twice
      `Log-Group` is not a logical id: 1 to 255 letters and digits
      `Dangling.Value` refers to `Removed`, which is not in the template
      `After.DependsOn` refers to `Logs` of stack `production`
      `Cluster.Properties.ClusterName` substitutes `Logs`: only pseudo parameters such as `AWS::Region` may be
    ");
}

#[test]
fn limits_are_checked() {
    let mut template = template("staging");
    for number in 0..501 {
        template.add(format!("Logs{number}"), logs(&format!("/{}/{number}", "x".repeat(2000))));
    }
    for number in 0..201 {
        template.output(format!("Output{number}"), Value::<Env, cfn::kind::Text>::from("x"));
    }
    assert_snapshot!(template.finish().unwrap_err(), @r"
    the template of `staging` cannot be deployed
      501 resources: at most 500
      201 outputs: at most 200
      1056631 bytes rendered compactly: at most 1000000
    ");
}
