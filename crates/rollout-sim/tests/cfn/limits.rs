//! Limits (CFN:cloudformation-limits) and templates that are refused as a whole.

use rollout_sim::{cfn, s3};
use serde_json::json;

use crate::fixture::{Fixture, input};

fn refusal(template: &str) -> String {
    Fixture::new().create("demo", template, json!({})).unwrap_err().message
}

fn many(section: &str, count: usize, item: impl Fn(usize) -> String) -> String {
    let items: String = (0..count).map(|number| format!("  X{number}: {}\n", item(number))).collect();
    format!("{section}:\n{items}")
}

const TOPIC: &str = "Resources: {T: {Type: AWS::SNS::Topic}}\n";

#[test]
fn an_inline_template_has_at_most_51200_bytes() {
    let fill = |bytes: usize| {
        let head = format!("{TOPIC}# ");
        format!("{head}{}", "x".repeat(bytes - head.len()))
    };
    assert!(Fixture::new().create("demo", &fill(51_200), json!({})).is_ok());
    assert!(refusal(&fill(51_201)).contains("less than or equal to 51200"));
    // Fewer characters than bytes.
    assert!(refusal(&fill(51_200).replacen('x', "é", 1)).contains("less than or equal to 51200"));
}

#[test]
fn a_template_has_at_most_500_resources_200_parameters_200_outputs_and_60_dynamic_references() {
    let topic = |_| "{Type: AWS::SNS::Topic}".to_owned();
    let told = refusal(&many("Resources", 501, topic));
    assert!(told.contains("Number of resources, 501, is greater than maximum allowed, 500"), "{told}");
    let told =
        refusal(&format!("{TOPIC}{}", many("Parameters", 201, |_| "{Type: String, Default: a}".to_owned())));
    assert!(told.contains("Number of parameters, 201"), "{told}");
    let told = refusal(&format!("{TOPIC}{}", many("Outputs", 201, |_| "{Value: a}".to_owned())));
    assert!(told.contains("Number of outputs, 201"), "{told}");
    let secret = |_| "{Value: '{{resolve:secretsmanager:a}}'}".to_owned();
    for most in [
        many("Resources", 500, topic),
        format!("{TOPIC}{}", many("Parameters", 200, |_| "{Type: String, Default: a}".to_owned())),
        format!("{TOPIC}{}", many("Outputs", 200, |_| "{Value: a}".to_owned())),
        format!("{TOPIC}{}", many("Outputs", 60, secret)),
    ] {
        Fixture::new().create("demo", &most, json!({})).unwrap();
    }
    let told = refusal(&format!("{TOPIC}{}", many("Outputs", 61, secret)));
    assert!(told.contains("the number of dynamic references, 61, exceeds the limit of 60"), "{told}");
}

#[test]
fn a_template_in_s3_has_at_most_a_megabyte() {
    let mut fixture =
        Fixture::with("Resources: {B: {Type: AWS::S3::Bucket, Properties: {BucketName: templates}}}");
    for (bytes, fits) in [(1_000_000, true), (1_000_001, false)] {
        let head = format!("{TOPIC}# ");
        let body = format!("{head}{}", "x".repeat(bytes - head.len()));
        let object = s3::PutObjectInput {
            bucket: "templates".to_owned(),
            key: "a.yaml".to_owned(),
            body,
            expected_bucket_owner: None,
        };
        s3::put_object(&mut fixture.world, object).unwrap();
        let url = "https://templates.s3.us-west-2.amazonaws.com/a.yaml";
        let request = json!({"StackName": format!("of-{bytes}"), "TemplateURL": url});
        assert_eq!(cfn::create_stack(&mut fixture.world, input(request)).is_ok(), fits, "{bytes}");
    }
}

#[test]
fn a_type_that_is_not_modelled_is_named_with_its_resource() {
    let told = refusal("Resources: {Table: {Type: AWS::DynamoDB::Table}}");
    assert_eq!(told, "not modelled: resource type AWS::DynamoDB::Table (resource Table)");
}

#[test]
fn dangling_references_cycles_and_unknown_attributes_are_found_before_anything_starts() {
    for (template, told) in [
        (
            "Resources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref B}}}",
            "Unresolved resource dependencies [B] in the Resources block",
        ),
        (
            "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: B}, B: {Type: AWS::SNS::Topic, DependsOn: A}}",
            "Circular dependency between resources: [A, B]",
        ),
        (
            "Resources: {A: {Type: AWS::SNS::Topic}}\nOutputs: {O: {Value: !GetAtt B.Arn}}",
            "references undefined resource B",
        ),
        (
            "Resources: {A: {Type: AWS::SNS::Topic, Properties: {DisplayName: !GetAtt B.Arn}}, B: {Type: AWS::SNS::Topic}}",
            "does not support attribute type Arn",
        ),
        ("Resources: {}", "At least one Resources member must be defined"),
        ("Resources: {A: {Type: AWS::SNS::Topic, Condition: No}}", "Unresolved dependencies [No]"),
    ] {
        let message = refusal(template);
        assert!(message.contains(told), "{message}");
    }
}

#[test]
fn a_template_is_validated_and_summarised_without_a_stack() {
    let template = "
AWSTemplateFormatVersion: '2010-09-09'
Description: roles
Parameters: {Key: {Type: String, NoEcho: true, AllowedValues: [a, b]}}
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: r, AssumeRolePolicyDocument: {}}}
  Topic: {Type: AWS::SNS::Topic}
";
    let body = json!({"TemplateBody": template});
    let world = Fixture::new().world;
    let valid = cfn::validate_template(&world, &input(body.clone())).unwrap();
    assert_eq!(valid.capabilities, ["CAPABILITY_NAMED_IAM"]);
    assert_eq!(
        valid.capabilities_reason.as_deref(),
        Some("The following resource(s) require capabilities: [AWS::IAM::Role]")
    );
    assert_eq!((valid.parameters[0].no_echo, valid.description.as_deref()), (Some(true), Some("roles")));
    let summary = cfn::get_template_summary(&world, &input(body)).unwrap();
    assert_eq!(summary.resource_types, ["AWS::IAM::Role", "AWS::SNS::Topic"]);
    assert_eq!(summary.version.as_deref(), Some("2010-09-09"));
    let constraints = summary.parameters[0].parameter_constraints.as_ref().unwrap();
    assert_eq!(constraints.allowed_values, ["a", "b"]);
    let broken = json!({"TemplateBody": "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: B}}"});
    assert_eq!(cfn::validate_template(&world, &input(broken)).unwrap_err().code, "ValidationError");
}

#[test]
fn stacks_events_and_resources_are_paged() {
    let topic = |_| "{Type: AWS::SNS::Topic}".to_owned();
    let mut fixture = Fixture::with(&many("Resources", 130, topic));
    let first = cfn::list_stack_resources(&fixture.world, &input(json!({"StackName": "demo"}))).unwrap();
    assert_eq!(first.stack_resource_summaries.len(), 100);
    let rest = json!({"StackName": "demo", "NextToken": first.next_token});
    let rest = cfn::list_stack_resources(&fixture.world, &input(rest)).unwrap();
    assert_eq!((rest.stack_resource_summaries.len(), rest.next_token), (30, None));
    assert!(fixture.events().len() > 260, "three events a resource over several pages");
    for number in 0..104 {
        fixture.create(&format!("more-{number}"), TOPIC, json!({})).unwrap();
    }
    let mut seen = std::collections::BTreeSet::new();
    let mut request = json!({});
    loop {
        let page = cfn::list_stacks(&fixture.world, &input(request)).unwrap();
        seen.extend(page.stack_summaries.into_iter().map(|stack| stack.stack_name));
        match page.next_token {
            Some(token) => request = json!({"NextToken": token}),
            None => break,
        }
    }
    assert_eq!(seen.len(), 105);
    let bad = json!({"NextToken": "elsewhere"});
    assert_eq!(cfn::list_stacks(&fixture.world, &input(bad)).unwrap_err().code, "ValidationError");
}
