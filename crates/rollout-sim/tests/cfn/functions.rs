//! Intrinsic functions, pseudo parameters and conditions (CFN:intrinsic-function-reference).

use serde_json::json;

use crate::fixture::{Fixture, parameters};

/// Value of the only output of a template with this expression.
fn value(expression: &str) -> String {
    let template = format!(
        "
Transform: AWS::LanguageExtensions
Parameters:
  Names: {{Type: CommaDelimitedList, Default: 'a, b,c'}}
  Size: {{Type: Number, Default: 2}}
Mappings: {{Sizes: {{us-west-2: {{small: s, list: [x, y]}}}}}}
Conditions:
  Big: !Equals [!Ref Size, 2]
  Small: !Not [!Condition Big]
  Both: !And [!Condition Big, !Not [!Condition Small]]
  Either: !Or [!Condition Small, !Condition Big]
Resources:
  Topic: {{Type: AWS::SNS::Topic, Properties: {{TopicName: bell}}}}
Outputs:
  Out: {{Value: {expression}}}
"
    );
    let mut fixture = Fixture::new();
    let capable = json!({"Capabilities": ["CAPABILITY_AUTO_EXPAND"]});
    fixture.create("demo", &template, capable).unwrap_or_else(|error| panic!("{expression}: {error}"));
    fixture.run(600.0);
    fixture.output("Out").unwrap_or_else(|| panic!("{expression}: {:#?}", fixture.events()))
}

#[test]
fn every_intrinsic_function_gives_what_the_reference_says() {
    for (expression, expected) in [
        ("!Ref Size", "2"),
        ("!Ref Topic", "arn:aws:sns:us-west-2:123456789012:bell"),
        ("!GetAtt Topic.TopicName", "bell"),
        ("{'Fn::GetAtt': [Topic, TopicName]}", "bell"),
        ("!Sub 'x-${Size}-${Topic.TopicName}-${!Literal}'", "x-2-bell-${Literal}"),
        ("!Sub ['${One}/${AWS::Region}', {One: !Ref Size}]", "2/us-west-2"),
        ("!Join ['-', !Ref Names]", "a-b-c"),
        ("!Join ['', [a, !Ref Size]]", "a2"),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select [2, !Split ['.', 'a.b.c']]", "c"),
        ("!FindInMap [Sizes, !Ref 'AWS::Region', small]", "s"),
        ("!Select [1, !FindInMap [Sizes, us-west-2, list]]", "y"),
        ("!FindInMap [Sizes, nowhere, small, {DefaultValue: d}]", "d"),
        ("!If [Big, yes, no]", "yes"),
        ("!If [Small, yes, no]", "no"),
        ("!If [Both, yes, no]", "yes"),
        ("!If [Either, yes, no]", "yes"),
        ("{'Fn::Base64': 'Ab1'}", "QWIx"),
        ("!Select [3, !Cidr ['10.0.0.0/16', 6, 8]]", "10.0.3.0/24"),
        ("!Select [0, !Cidr ['10.9.0.0/16', 2, 5]]", "10.9.0.0/27"),
        ("!Select [1, !GetAZs '']", "us-west-2b"),
        ("!Select [0, !GetAZs us-east-1]", "us-east-1a"),
        ("!Length [a, b]", "2"),
        ("!ToJsonString {a: !Ref Size}", "{\"a\":\"2\"}"),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn every_pseudo_parameter_is_known() {
    for (name, expected) in [
        ("AccountId", "123456789012"),
        ("Partition", "aws"),
        ("Region", "us-west-2"),
        ("StackName", "demo"),
        ("URLSuffix", "amazonaws.com"),
    ] {
        assert_eq!(value(&format!("!Ref 'AWS::{name}'")), expected);
    }
    assert!(
        value("!Ref 'AWS::StackId'").starts_with("arn:aws:cloudformation:us-west-2:123456789012:stack/demo/")
    );
    assert_eq!(value("!Join [',', !Ref 'AWS::NotificationARNs']"), "");
    assert_eq!(value("!Join [',', [a, !If [Small, b, !Ref 'AWS::NoValue']]]"), "a");
}

/// The error of a template with this resource property.
fn refusal(head: &str, value: &str) -> String {
    let template = format!(
        "{head}\nResources:\n  Topic: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: {value}}}}}\n"
    );
    Fixture::new().create("demo", &template, json!({})).unwrap_err().to_string()
}

#[test]
fn functions_of_the_language_extensions_need_their_transform() {
    let told = refusal("", "!Length [a]");
    assert!(told.contains("Encountered unsupported function: Fn::Length"), "{told}");
    let told = refusal("", "!ToJsonString {a: b}");
    assert!(told.contains("Encountered unsupported function: Fn::ToJsonString"), "{told}");
    let told = refusal("Transform: AWS::LanguageExtensions", "!Length [a]");
    assert!(told.contains("Requires capabilities : [CAPABILITY_AUTO_EXPAND]"), "{told}");
}

#[test]
fn macros_loops_and_unknown_functions_are_refused_by_name() {
    for (head, value, what) in [
        (
            "Transform: AWS::Serverless-2016-10-31",
            "x",
            "not modelled: the transform AWS::Serverless-2016-10-31",
        ),
        ("", "!Transform {Name: X}", "not modelled: the function Fn::Transform"),
        ("", "{'Fn::ForEach::Loop': [A, [b], {c: d}]}", "not modelled: the loop Fn::ForEach::Loop"),
        ("", "{'Fn::Imaginary': x}", "not modelled: the function Fn::Imaginary"),
    ] {
        let told = refusal(head, value);
        assert!(told.contains(what), "{told}");
    }
}

#[test]
fn a_resource_without_its_condition_is_not_made() {
    let template = "
Parameters: {Wanted: {Type: String, Default: 'no'}}
Conditions: {IsWanted: !Equals [!Ref Wanted, 'yes']}
Resources:
  Always: {Type: AWS::SNS::Topic}
  Sometimes: {Type: AWS::SNS::Topic, Condition: IsWanted}
Outputs:
  Name: {Condition: IsWanted, Value: !GetAtt Sometimes.TopicName}
";
    let mut fixture = Fixture::with(template);
    assert_eq!((fixture.physical_id("Sometimes"), fixture.output("Name")), (None, None));
    fixture.set("Wanted", "yes");
    fixture.until(600.0, "UPDATE_COMPLETE");
    assert!(fixture.physical_id("Sometimes").is_some() && fixture.output("Name").is_some());
    fixture.set("Wanted", "no");
    fixture.run(1.0);
    fixture.until(600.0, "UPDATE_COMPLETE");
    assert!(fixture.told("Sometimes DELETE_COMPLETE"));
}

#[test]
fn resources_wait_for_what_they_depend_on_and_no_longer() {
    let template = "
Resources:
  A: {Type: AWS::SNS::Topic}
  B: {Type: AWS::SNS::Topic}
  C: {Type: AWS::SNS::Topic, DependsOn: [A]}
";
    let fixture = Fixture::with(template);
    let events = fixture.events();
    let at = |event: &str| events.iter().position(|one| one == event).unwrap();
    assert!(at("B CREATE_IN_PROGRESS") < at("A CREATE_COMPLETE"), "A and B at once");
    assert!(at("C CREATE_IN_PROGRESS") > at("A CREATE_COMPLETE"));
}

#[test]
fn parameters_are_checked_before_anything_starts() {
    let template = "
Parameters:
  Count: {Type: Number, MinValue: 1, MaxValue: 4, Default: 1}
  Name: {Type: String, AllowedPattern: '[a-z]+', Default: a}
  Size: {Type: String, AllowedValues: [s, m], Default: s}
Resources:
  Topic: {Type: AWS::SNS::Topic}
";
    for (key, value, told) in [
        ("Count", "5", "must be a number not greater than 4"),
        ("Count", "many", "must be a number"),
        ("Name", "A", "must match pattern [a-z]+"),
        ("Size", "l", "must be one of AllowedValues"),
        ("Other", "x", "Parameters: [Other] do not exist in the template"),
    ] {
        let mut fixture = Fixture::new();
        let error = fixture.create("demo", template, json!({"Parameters": parameters(&[(key, value)])}));
        assert!(error.unwrap_err().to_string().contains(told), "{key}={value}");
    }
}

#[test]
fn json_and_yaml_make_the_same_stack() {
    let json =
        r#"{"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "bell"}}}}"#;
    let yaml = "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: bell}}}";
    assert_eq!(Fixture::with(json).physical_id("Topic"), Fixture::with(yaml).physical_id("Topic"));
}
