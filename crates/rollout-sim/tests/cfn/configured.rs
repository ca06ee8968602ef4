//! Resources whose configuration is applied while their consistency is still checked
//! (CFN:stack-resource-configuration-complete).

use rollout_sim::cfn;
use serde_json::{Value, json};

use crate::fixture::{Fixture, SERVICE, input};

/// A log group; a topic that refers to it, and one that names it in `DependsOn`.
const GROUPS: &str = "
Parameters:
  Days: {Type: Number, Default: 7}
Resources:
  Group: {Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: !Ref Days}}
  Refers: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub 'of ${Group} ${Days}'}}
  Waits: {Type: AWS::SNS::Topic, DependsOn: Group, Properties: {DisplayName: !Sub 'of ${Group} ${Days}'}}
";

/// Seconds, status and detailed status of the events of a resource, or of the stack `demo`, oldest first.
fn course(fixture: &Fixture, name: &str) -> Vec<(f64, String)> {
    let request = json!({"StackName": "demo"});
    let events = cfn::describe_stack_events(&fixture.world, &input(request)).unwrap().stack_events;
    let mut events: Vec<Value> = events.iter().map(|event| serde_json::to_value(event).unwrap()).collect();
    events.reverse();
    let began = events[0]["Timestamp"].as_f64().unwrap();
    let of_it = events.iter().filter(|event| event["LogicalResourceId"] == name);
    of_it
        .map(|event| {
            let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
            let reason = text("ResourceStatusReason");
            let detailed = text("DetailedStatus");
            assert_eq!(
                detailed == "CONFIGURATION_COMPLETE",
                reason == "Eventual consistency check initiated"
            );
            let status = format!("{} {detailed}", text("ResourceStatus")).trim_end().to_owned();
            let secs = event["Timestamp"].as_f64().unwrap() - began;
            ((secs * 1000.0).round() / 1000.0, status)
        })
        .collect()
}

fn began(fixture: &Fixture, name: &str) -> f64 {
    course(fixture, name)[0].0
}

fn at(fixture: &Fixture, name: &str, status: &str) -> f64 {
    let course = course(fixture, name);
    course.iter().rev().find(|(_, found)| found == status).unwrap_or_else(|| panic!("{course:?}")).0
}

#[test]
fn what_refers_to_a_resource_begins_when_that_is_configured_and_what_depends_on_it_when_it_is_complete() {
    let mut fixture = Fixture::new();
    fixture.world.params.cfn_consistency_secs = 1.5;
    fixture.create("demo", GROUPS, json!({})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    let group = course(&fixture, "Group");
    assert_eq!(group[2], (1.5, "CREATE_IN_PROGRESS CONFIGURATION_COMPLETE".to_owned()));
    // The check is part of the time that it takes.
    assert_eq!(group[3], (3.0, "CREATE_COMPLETE".to_owned()));
    assert_eq!((began(&fixture, "Refers"), began(&fixture, "Waits")), (1.5, 3.0));

    fixture.world.params.cfn_consistency_secs = 2.0;
    fixture.update(json!({"Parameters": [{"ParameterKey": "Days", "ParameterValue": "14"}]})).unwrap();
    fixture.until(600.0, "UPDATE_COMPLETE");
    let start = at(&fixture, "Group", "UPDATE_IN_PROGRESS");
    assert_eq!(at(&fixture, "Group", "UPDATE_IN_PROGRESS CONFIGURATION_COMPLETE"), start + 1.0);
    assert_eq!(at(&fixture, "Refers", "UPDATE_IN_PROGRESS"), start + 1.0);
    assert_eq!(at(&fixture, "Waits", "UPDATE_IN_PROGRESS"), start + 3.0);
}

#[test]
fn without_a_consistency_check_nothing_begins_early() {
    let mut fixture = Fixture::new();
    fixture.world.params.cfn_consistency_secs = 0.0;
    fixture.create("demo", GROUPS, json!({})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    assert_eq!((began(&fixture, "Refers"), began(&fixture, "Waits")), (3.0, 3.0));
    assert!(!fixture.told("Group CREATE_IN_PROGRESS Eventual"), "{:#?}", fixture.events());
}

#[test]
fn a_service_that_is_new_is_configured_at_once_and_one_that_is_updated_at_the_end() {
    let mut fixture = Fixture::with_service(SERVICE);
    let configured = at(&fixture, "Service", "CREATE_IN_PROGRESS CONFIGURATION_COMPLETE");
    assert_eq!(configured, at(&fixture, "Service", "CREATE_IN_PROGRESS") + 1.0);
    assert!(configured + 10.0 < at(&fixture, "Service", "CREATE_COMPLETE"));
    // It refers to its task definition, which is complete later than the service begins.
    assert!(began(&fixture, "Definition") < began(&fixture, "Service"));

    let digest = fixture.push(rollout_sim::image::ImageBehaviour::default());
    fixture.update(json!({"Parameters": [
        {"ParameterKey": "Digest", "ParameterValue": digest}, {"ParameterKey": "Path", "UsePreviousValue": true}]}))
        .unwrap();
    fixture.until(3600.0, "UPDATE_COMPLETE");
    assert_eq!(
        at(&fixture, "Service", "UPDATE_IN_PROGRESS CONFIGURATION_COMPLETE"),
        at(&fixture, "Service", "UPDATE_COMPLETE")
    );
    assert!(at(&fixture, "Service", "UPDATE_IN_PROGRESS") < at(&fixture, "Definition", "UPDATE_COMPLETE"));
}

#[test]
fn a_new_stack_is_configured_when_only_checks_are_left() {
    let mut fixture = Fixture::new();
    let template = "Resources: {Group: {Type: AWS::Logs::LogGroup}, Topic: {Type: AWS::SNS::Topic}}";
    fixture.world.params.cfn_consistency_secs = 2.0;
    fixture.create("demo", template, json!({})).unwrap();
    fixture.run(1.5);
    assert!(fixture.stack().get("DetailedStatus").is_none());
    // The topic, which says nothing of the kind, takes 12 seconds; the group is complete before.
    fixture.until(600.0, "CREATE_COMPLETE");
    assert_eq!(course(&fixture, "demo").len(), 2);

    let group = "Resources: {Group: {Type: AWS::Logs::LogGroup}}";
    let mut fixture = Fixture::new();
    fixture.create("demo", group, json!({})).unwrap();
    fixture.run(1.5);
    assert_eq!(fixture.stack()["DetailedStatus"], "CONFIGURATION_COMPLETE");
    fixture.until(600.0, "CREATE_COMPLETE");
    assert!(fixture.stack().get("DetailedStatus").is_none());
    assert_eq!(
        course(&fixture, "demo").iter().map(|(_, status)| status.as_str()).collect::<Vec<_>>(),
        ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS CONFIGURATION_COMPLETE", "CREATE_COMPLETE"]
    );
}

/// AWS lists no types: these are those of its own picture, and of events that people showed.
#[test]
fn types_that_are_configured_early_are_those_seen() {
    let more = "
  Bucket: {Type: AWS::S3::Bucket}
  Logs: {Type: AWS::Logs::LogGroup}
  Nat: {Type: AWS::EC2::NatGateway, Properties: {SubnetId: subnet-a, AllocationId: eipalloc-1}}
  Repository: {Type: AWS::ECR::Repository}
  Topic: {Type: AWS::SNS::Topic}
  Queue: {Type: AWS::SQS::Queue}
";
    let fixture = Fixture::with_service(&format!("{}{more}", SERVICE.trim_end()));
    let request = json!({"StackName": "demo"});
    let events = cfn::describe_stack_events(&fixture.world, &input(request)).unwrap().stack_events;
    let configured = events.iter().filter(|event| event.detailed_status.is_some());
    let mut types: Vec<&str> = configured.filter_map(|event| event.resource_type.as_deref()).collect();
    types.sort_unstable();
    types.dedup();
    let seen = [
        "AWS::CloudFormation::Stack",
        "AWS::EC2::NatGateway",
        "AWS::ECR::Repository",
        "AWS::ECS::Cluster",
        "AWS::ECS::Service",
        "AWS::ECS::TaskDefinition",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
    ];
    assert_eq!(types, seen);
}
