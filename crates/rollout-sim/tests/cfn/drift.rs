//! Drift: what was changed behind a stack's back (CFN:using-cfn-stack-drift).

use rollout_sim::{cfn, ecs, elb, iam, logs};
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

/// Path, expected and actual value of every difference of a resource.
fn differences(drifts: &[Value], name: &str) -> Vec<(String, String, String)> {
    let drift = drifts.iter().find(|drift| drift["LogicalResourceId"] == name);
    let drift = drift.unwrap_or_else(|| panic!("{name} has not drifted: {drifts:#?}"));
    assert_eq!(drift["StackResourceDriftStatus"], "MODIFIED");
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let all = drift["PropertyDifferences"].as_array().unwrap().iter();
    all.map(|one| (text(one, "PropertyPath"), text(one, "ExpectedValue"), text(one, "ActualValue"))).collect()
}

/// Path and kind of every difference of a resource.
fn kinds(drifts: &[Value], name: &str) -> Vec<String> {
    let drift = drifts.iter().find(|drift| drift["LogicalResourceId"] == name);
    let drift = drift.unwrap_or_else(|| panic!("{name} has not drifted: {drifts:#?}"));
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let all = drift["PropertyDifferences"].as_array().unwrap().iter();
    all.map(|one| format!("{} {}", text(one, "DifferenceType"), text(one, "PropertyPath"))).collect()
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
    let differences = |name: &str| differences(&drifts, name);
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

const ROLES: &str = "
Resources:
  Managed:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      ManagedPolicyName: logs
      PolicyDocument: {Version: '2012-10-17', Statement: {Effect: Allow, Action: 'logs:*', Resource: '*'}}
      Roles: [!Ref Role]
  Extra:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: extra
      PolicyDocument: {Version: '2012-10-17', Statement: {Effect: Allow, Action: 'sns:Publish', Resource: '*'}}
      Roles: [!Ref Role]
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: worker
      Description: works
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: ecs-tasks.amazonaws.com}, Action: 'sts:AssumeRole'}]
      ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy']
      Policies:
        - PolicyName: write
          PolicyDocument: {Version: '2012-10-17', Statement: {Effect: Allow, Action: 's3:Put*', Resource: '*'}}
        - PolicyName: read
          PolicyDocument: {Version: '2012-10-17', Statement: {Effect: Allow, Action: ['s3:Get*'], Resource: '*'}}
";

fn with_roles() -> Fixture {
    let mut fixture = Fixture::new();
    fixture.create("demo", ROLES, json!({"Capabilities": ["CAPABILITY_NAMED_IAM"]})).unwrap();
    fixture.run(3600.0);
    assert_eq!(fixture.status(), "CREATE_COMPLETE", "{:#?}", fixture.events());
    fixture
}

#[test]
fn roles_and_policies_that_nobody_touched_are_in_sync() {
    let mut fixture = with_roles();
    // The same trust, otherwise written: documents are JSON, not text.
    let same = r#"{ "Statement": [ {"Action": "sts:AssumeRole", "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"}} ], "Version": "2012-10-17" }"#;
    let request = json!({"RoleName": "worker", "PolicyDocument": same});
    iam::update_assume_role_policy(&mut fixture.world, input(request)).unwrap();
    let (done, drifts) = detect(&mut fixture);
    assert_eq!(done["StackDriftStatus"], "IN_SYNC", "{drifts:#?}");
    let all = cfn::describe_stack_resource_drifts(&fixture.world, &input(json!({"StackName": "demo"})));
    let all = serde_json::to_value(all.unwrap().stack_resource_drifts).unwrap();
    for drift in all.as_array().unwrap() {
        assert_eq!(drift["StackResourceDriftStatus"], "IN_SYNC", "{drift:#}");
    }
    assert_eq!(all.as_array().unwrap().len(), 3);
}

#[test]
fn a_policy_that_somebody_changed_is_modified() {
    let mut fixture = with_roles();
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}}}]});
    let request = json!({"RoleName": "worker", "PolicyDocument": trust.to_string()});
    iam::update_assume_role_policy(&mut fixture.world, input(request)).unwrap();
    let put = |fixture: &mut Fixture, name: &str, action: Value| {
        let policy = json!({"Version": "2012-10-17",
            "Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}});
        let request = json!({"RoleName": "worker", "PolicyName": name, "PolicyDocument": policy.to_string()});
        iam::put_role_policy(&mut fixture.world, input(request)).unwrap();
    };
    put(&mut fixture, "read", json!(["s3:Get*", "s3:List*"]));
    put(&mut fixture, "sneaky", json!("*"));
    put(&mut fixture, "extra", json!("sns:*"));
    let admin = json!({"RoleName": "worker", "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"});
    iam::attach_role_policy(&mut fixture.world, input(admin)).unwrap();
    let logs = json!({"RoleName": "worker", "PolicyArn": "arn:aws:iam::123456789012:policy/logs"});
    iam::detach_role_policy(&mut fixture.world, &input(logs)).unwrap();

    let (done, drifts) = detect(&mut fixture);
    assert_eq!(done["StackDriftStatus"], "DRIFTED");
    assert_eq!(
        kinds(&drifts, "Role"),
        [
            "ADD /AssumeRolePolicyDocument/Statement/0/Condition",
            "ADD /ManagedPolicyArns/1",
            "ADD /Policies/1/PolicyDocument/Statement/Action/1",
            "ADD /Policies/1",
        ]
    );
    assert_eq!(
        differences(&drifts, "Extra"),
        [("/PolicyDocument/Statement/Action".into(), "sns:Publish".into(), "sns:*".into())]
    );
    assert_eq!(kinds(&drifts, "Managed"), ["REMOVE /Roles/0"]);

    let write = json!({"RoleName": "worker", "PolicyName": "write"});
    iam::delete_role_policy(&mut fixture.world, &input(write)).unwrap();
    let (_, drifts) = detect(&mut fixture);
    assert!(kinds(&drifts, "Role").contains(&"REMOVE /Policies/0".to_owned()), "{drifts:#?}");
}

#[test]
fn a_tag_that_somebody_changed_is_modified() {
    let tags = |resource: &str, at: &str| {
        (
            at.to_owned(),
            format!("{at}      Tags: [{{Key: team, Value: {resource}}}, {{Key: cost, Value: '7'}}]\n"),
        )
    };
    let mut template = SERVICE.to_owned();
    for (from, to) in [
        tags("service", "      ServiceName: api\n"),
        tags("definition", "      Family: demo\n"),
        tags("group", "      VpcId: vpc-1\n"),
    ] {
        assert!(template.contains(&from), "{from}");
        template = template.replace(&from, &to);
    }
    let mut fixture = Fixture::with_service(&template);
    assert_eq!(detect(&mut fixture).0["StackDriftStatus"], "IN_SYNC");

    let service = fixture.service().service_arn;
    let tag = |key: &str, value: &str| json!([{"key": key, "value": value}]);
    let changed = json!({"resourceArn": service, "tags": tag("team", "others")});
    ecs::tag_resource(&mut fixture.world, input(changed)).unwrap();
    let definition = fixture.physical_id("Definition").unwrap();
    let added = json!({"resourceArn": definition, "tags": tag("extra", "1")});
    ecs::tag_resource(&mut fixture.world, input(added)).unwrap();
    let group = fixture.physical_id("Group").unwrap();
    let removed = json!({"ResourceArns": [group], "TagKeys": ["cost"]});
    elb::remove_tags(&mut fixture.world, &input(removed)).unwrap();

    let (done, drifts) = detect(&mut fixture);
    assert_eq!((&done["StackDriftStatus"], drifts.len()), (&json!("DRIFTED"), 3), "{drifts:#?}");
    let found = differences(&drifts, "Service");
    let path = found[0].0.clone();
    assert_eq!(found, [(path.clone(), "service".into(), "others".into())]);
    assert!(path.starts_with("/Tags/") && path.ends_with("/Value"), "{path}");
    let found = kinds(&drifts, "Definition");
    assert!(found.len() == 1 && found[0].starts_with("ADD /Tags/"), "{found:?}");
    let found = kinds(&drifts, "Group");
    assert!(found.len() == 1 && found[0].starts_with("REMOVE /Tags/"), "{found:?}");
}
