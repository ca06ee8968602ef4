//! The role that CloudFormation assumes (CFN:using-iam-servicerole).

use rollout_sim::iam;
use serde_json::{Value, json};

use crate::fixture::{Fixture, TOPICS, input};

const ROLE: &str = "arn:aws:iam::123456789012:role/exec";

/// A world with the role `exec`, which may do these statements.
fn fixture(statements: Value) -> Fixture {
    let mut fixture = Fixture::new();
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = json!({"RoleName": "exec", "AssumeRolePolicyDocument": trust.to_string()});
    iam::create_role(&mut fixture.world, input(role)).unwrap();
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let put = json!({"RoleName": "exec", "PolicyName": "p", "PolicyDocument": policy});
    iam::put_role_policy(&mut fixture.world, input(put)).unwrap();
    fixture
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

#[test]
fn the_execution_role_needs_the_permissions_of_the_resources() {
    let mut fixture =
        fixture(json!([allow("sns:CreateTopic", "arn:aws:sns:us-west-2:123456789012:demo-First-*")]));
    fixture.create("demo", TOPICS, json!({"RoleARN": ROLE})).unwrap();
    fixture.run(600.0);
    assert!(fixture.told("First CREATE_COMPLETE"));
    let events = fixture.events();
    let failed = events.iter().find(|event| event.starts_with("Second CREATE_FAILED")).unwrap();
    assert!(failed.contains("User: arn:aws:sts::123456789012:assumed-role/exec/"), "{failed}");
    assert!(failed.contains("is not authorized to perform: sns:CreateTopic on resource: arn:aws:sns:us-west-2:123456789012:demo-Second-"), "{failed}");
    assert!(failed.ends_with("HandlerErrorCode: AccessDenied)"), "{failed}");
    // It may not delete what it made either.
    assert_eq!(fixture.status(), "ROLLBACK_FAILED");
}

#[test]
fn a_role_once_attached_is_used_by_every_later_operation() {
    let mut fixture = fixture(json!([allow("sns:*", "*")]));
    fixture.create("demo", TOPICS, json!({"RoleARN": ROLE})).unwrap();
    fixture.run(600.0);
    let narrow = json!({"Version": "2012-10-17", "Statement": [allow("sns:CreateTopic", "*")]}).to_string();
    let put = json!({"RoleName": "exec", "PolicyName": "p", "PolicyDocument": narrow});
    iam::put_role_policy(&mut fixture.world, input(put)).unwrap();
    fixture.set("Label", "two");
    fixture.run(600.0);
    assert_eq!(fixture.stack()["RoleARN"], ROLE);
    assert!(fixture.told("First UPDATE_FAILED Resource handler returned message: \"User: arn:aws:sts::123456789012:assumed-role/exec/"));
}

#[test]
fn a_rollback_without_the_permissions_fails() {
    let mut fixture = fixture(json!([allow("sns:*", "*")]));
    fixture.create("demo", TOPICS, json!({"RoleARN": ROLE})).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    fixture.fault("stack-fails");
    fixture.set("Label", "two");
    let narrow = json!({"Version": "2012-10-17", "Statement": [allow("sns:CreateTopic", "*")]}).to_string();
    let put = json!({"RoleName": "exec", "PolicyName": "p", "PolicyDocument": narrow});
    iam::put_role_policy(&mut fixture.world, input(put)).unwrap();
    fixture.until(600.0, "UPDATE_ROLLBACK_FAILED");
    let denied = "is not authorized to perform: sns:SetTopicAttributes on resource: ";
    let events = fixture.events();
    assert!(events.iter().any(|event| event.starts_with("First UPDATE_FAILED") && event.contains(denied)));
}

#[test]
fn the_execution_role_must_be_allowed_to_pass_the_roles_of_a_task() {
    let template = "
Resources:
  Definition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: demo
      Cpu: '256'
      Memory: '512'
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      TaskRoleArn: arn:aws:iam::123456789012:role/task
      ContainerDefinitions: [{Name: api, Image: nginx, Essential: true}]
";
    let register = allow("ecs:RegisterTaskDefinition", "*");
    let mut denied = fixture(json!([register]));
    denied.create("demo", template, json!({"RoleARN": ROLE})).unwrap();
    denied.run(60.0);
    assert!(denied.told("Definition CREATE_FAILED"));
    let events = denied.events().join("\n");
    assert!(
        events.contains(
            "is not authorized to perform: iam:PassRole on resource: arn:aws:iam::123456789012:role/task"
        ),
        "{events}"
    );

    let pass = json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*",
        "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}});
    let mut allowed = fixture(json!([register, pass]));
    allowed.create("demo", template, json!({"RoleARN": ROLE})).unwrap();
    allowed.run(60.0);
    assert_eq!(allowed.status(), "CREATE_COMPLETE", "{:#?}", allowed.events());
}

#[test]
fn the_execution_role_places_services_in_the_subnets_that_it_may_use() {
    let template = "
Parameters:
  Subnets: {Type: CommaDelimitedList}
Resources:
  Cluster: {Type: 'AWS::ECS::Cluster', Properties: {ClusterName: demo}}
  Definition:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: demo
      Cpu: '256'
      Memory: '512'
      NetworkMode: awsvpc
      RequiresCompatibilities: [FARGATE]
      ContainerDefinitions: [{Name: api, Image: nginx, Essential: true}]
  Service:
    Type: AWS::ECS::Service
    Properties:
      ServiceName: api
      Cluster: {Ref: Cluster}
      TaskDefinition: {Ref: Definition}
      DesiredCount: 0
      LaunchType: FARGATE
      NetworkConfiguration: {AwsvpcConfiguration: {Subnets: {Ref: Subnets}}}
";
    let condition = json!({"ForAnyValue:StringEquals": {"ecs:subnet": "subnet-b"}});
    let deny = json!({"Effect": "Deny", "Action": "ecs:*", "Resource": "*", "Condition": condition});
    let start = |subnets: &str| {
        let mut fixture = fixture(json!([allow("ecs:*", "*"), deny]));
        let subnets = json!([{"ParameterKey": "Subnets", "ParameterValue": subnets}]);
        fixture.create("demo", template, json!({"RoleARN": ROLE, "Parameters": subnets})).unwrap();
        fixture.run(3600.0);
        fixture
    };
    let refused = |fixture: &Fixture, action: &str| {
        let denied = format!("is not authorized to perform: ecs:{action} on resource: ");
        fixture.events().iter().any(|event| event.starts_with("Service ") && event.contains(&denied))
    };
    let created = start("subnet-a,subnet-b");
    assert!(refused(&created, "CreateService"), "{:#?}", created.events());
    let mut fixture = start("subnet-a");
    assert_eq!(fixture.status(), "CREATE_COMPLETE", "{:#?}", fixture.events());
    fixture.set("Subnets", "subnet-b");
    fixture.run(3600.0);
    assert_eq!(fixture.status(), "UPDATE_ROLLBACK_COMPLETE");
    assert!(refused(&fixture, "UpdateService"), "{:#?}", fixture.events());
    fixture.set("Subnets", "subnet-c");
    fixture.run(3600.0);
    assert_eq!(fixture.status(), "UPDATE_COMPLETE", "{:#?}", fixture.events());
}

#[test]
fn a_role_that_is_not_there_or_does_not_trust_cloudformation_is_no_role_of_a_stack() {
    let mut fixture = fixture(json!([allow("sns:*", "*")]));
    fixture.execution_role();
    for absent in ["arn:aws:iam::123456789012:role/nobody", "arn:aws:iam::123456789012:role/execution"] {
        let refused = format!("Role {absent} is invalid or cannot be assumed");
        let error = fixture.create("demo", TOPICS, json!({"RoleARN": absent})).unwrap_err();
        assert_eq!((error.code.as_str(), error.message.as_str()), ("ValidationError", refused.as_str()));
        let create = json!({"RoleARN": absent, "ChangeSetType": "CREATE", "TemplateBody": TOPICS});
        assert_eq!(fixture.change_set("first", create).unwrap_err().message, refused);
    }
    fixture.create("demo", TOPICS, json!({"RoleARN": ROLE})).unwrap();
    fixture.run(600.0);
    let policy = json!({"RoleName": "exec", "PolicyName": "p"});
    iam::delete_role_policy(&mut fixture.world, &input(policy)).unwrap();
    iam::delete_role(&mut fixture.world, &input(json!({"RoleName": "exec"}))).unwrap();
    let error =
        fixture.update(json!({"Parameters": crate::fixture::parameters(&[("Label", "two")])})).unwrap_err();
    assert_eq!(error.message, format!("Role {ROLE} is invalid or cannot be assumed"));
}
