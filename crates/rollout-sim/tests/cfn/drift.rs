//! Drift: what was changed behind a stack's back (CFN:using-cfn-stack-drift).

use rollout_sim::{cfn, ecs, elb, logs};
use serde_json::{Value, json};

use crate::fixture::{Fixture, SERVICE, input};

/// Detects drift, waits for the end, and answers the drifts that are not in sync.
fn detect(fixture: &mut Fixture) -> (Value, Vec<Value>) {
    let started = cfn::detect_stack_drift(&mut fixture.world, &input(json!({"StackName": "demo"}))).unwrap();
    let status = |fixture: &Fixture| {
        let request = json!({"StackDriftDetectionId": started.stack_drift_detection_id});
        let found = cfn::describe_stack_drift_detection_status(&fixture.world, &input(request)).unwrap();
        serde_json::to_value(found).unwrap()
    };
    assert_eq!(status(fixture)["DetectionStatus"], "DETECTION_IN_PROGRESS");
    fixture.run(600.0);
    let done = status(fixture);
    assert_eq!(done["DetectionStatus"], "DETECTION_COMPLETE");
    let request = json!({"StackName": "demo", "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"]});
    let found = cfn::describe_stack_resource_drifts(&fixture.world, &input(request)).unwrap();
    let drifts = found.stack_resource_drifts.iter().map(|drift| serde_json::to_value(drift).unwrap());
    (done, drifts.collect())
}

#[test]
fn an_untouched_stack_is_in_sync() {
    let mut fixture = Fixture::with_service(SERVICE);
    let (done, drifts) = detect(&mut fixture);
    assert_eq!(
        (&done["StackDriftStatus"], done["DriftedStackResourceCount"].as_u64()),
        (&json!("IN_SYNC"), Some(0)),
        "{drifts:#?}"
    );
    assert_eq!(fixture.stack()["DriftInformation"]["StackDriftStatus"], "IN_SYNC");
}

#[test]
fn a_service_and_a_target_group_that_somebody_changed_are_modified() {
    let mut fixture = Fixture::with_service(SERVICE);
    let change = json!({"cluster": "demo", "service": "api", "desiredCount": 4,
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": false, "rollback": false}}});
    ecs::update_service(&mut fixture.world, input(change)).unwrap();
    let group = fixture.physical_id("Group").unwrap();
    let path = json!({"TargetGroupArn": group, "HealthCheckPath": "/moved"});
    elb::modify_target_group(&mut fixture.world, input(path)).unwrap();
    let delay = json!({"TargetGroupArn": group, "Attributes": [{"Key": "deregistration_delay.timeout_seconds", "Value": "300"}]});
    elb::modify_target_group_attributes(&mut fixture.world, input(delay)).unwrap();
    let (done, drifts) = detect(&mut fixture);
    assert_eq!(done["StackDriftStatus"], "DRIFTED");
    let differences = |name: &str| -> Vec<(String, String, String)> {
        let drift = drifts.iter().find(|drift| drift["LogicalResourceId"] == name).unwrap();
        assert_eq!(drift["StackResourceDriftStatus"], "MODIFIED");
        let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
        let all = drift["PropertyDifferences"].as_array().unwrap().iter();
        all.map(|one| (text(one, "PropertyPath"), text(one, "ExpectedValue"), text(one, "ActualValue")))
            .collect()
    };
    let breaker = "/DeploymentConfiguration/DeploymentCircuitBreaker";
    assert_eq!(
        differences("Service"),
        [
            (format!("{breaker}/Enable"), "true".into(), "false".into()),
            (format!("{breaker}/Rollback"), "true".into(), "false".into()),
            ("/DesiredCount".into(), "1".into(), "4".into()),
        ]
    );
    assert_eq!(
        differences("Group"),
        [
            ("/HealthCheckPath".into(), "/health".into(), "/moved".into()),
            ("/TargetGroupAttributes/0/Value".into(), "30".into(), "300".into()),
        ]
    );
    assert_eq!(drifts.len(), 2, "{drifts:#?}");
}

#[test]
fn what_was_deleted_is_deleted_and_the_next_update_of_it_fails() {
    let template = |days: u32| {
        format!(
            "Resources: {{Lines: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: /a, RetentionInDays: {days}}}}}}}"
        )
    };
    let mut fixture = Fixture::with(&template(7));
    logs::delete_log_group(&mut fixture.world, &input(json!({"logGroupName": "/a"}))).unwrap();
    let (_, drifts) = detect(&mut fixture);
    assert_eq!(drifts[0]["StackResourceDriftStatus"], "DELETED");
    fixture.update(json!({"TemplateBody": template(14)})).unwrap();
    fixture.run(600.0);
    assert_eq!(fixture.status(), "UPDATE_ROLLBACK_FAILED", "{:#?}", fixture.events());
}

#[test]
fn one_resource_can_be_looked_at_alone() {
    let template =
        "Resources: {Lines: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /a, RetentionInDays: 7}}}";
    let mut fixture = Fixture::with(template);
    logs::delete_retention_policy(&mut fixture.world, &input(json!({"logGroupName": "/a"}))).unwrap();
    let request = json!({"StackName": "demo", "LogicalResourceId": "Lines"});
    let found = cfn::detect_stack_resource_drift(&mut fixture.world, &input(request)).unwrap();
    let found = serde_json::to_value(found.stack_resource_drift).unwrap();
    assert_eq!(found["PropertyDifferences"][0]["DifferenceType"], "REMOVE");
    assert_eq!(found["PropertyDifferences"][0]["PropertyPath"], "/RetentionInDays");
}

#[test]
fn an_update_puts_the_task_definition_of_a_service_right() {
    let mut fixture = Fixture::with_service(SERVICE);
    let stack_says = fixture.service().task_definition;
    let other = fixture.push(rollout_sim::image::ImageBehaviour::default());
    let definition = json!({"family": "by-hand", "cpu": "256", "memory": "512", "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"], "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [{"name": "api", "essential": true, "portMappings": [{"containerPort": 3001}],
            "image": format!("123456789012.dkr.ecr.us-west-2.amazonaws.com/api@{other}")}]});
    ecs::register_task_definition(&mut fixture.world, input(definition)).unwrap();
    let by_hand = json!({"cluster": "demo", "service": "api", "taskDefinition": "by-hand"});
    ecs::update_service(&mut fixture.world, input(by_hand)).unwrap();
    fixture.run(600.0);
    let grace =
        SERVICE.replace("DesiredCount: 1", "DesiredCount: 1\n      HealthCheckGracePeriodSeconds: 30");
    let same = json!([{"ParameterKey": "Digest", "UsePreviousValue": true}]);
    fixture.update(json!({"TemplateBody": grace, "Parameters": same})).unwrap();
    fixture.until(1800.0, "UPDATE_COMPLETE");
    assert_eq!(fixture.service().task_definition, stack_says);
}
