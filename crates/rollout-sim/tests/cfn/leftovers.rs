//! What is left of a resource that is gone goes too, although policies ask for the tags of what is gone.

use rollout_sim::{cfn, iam};
use serde_json::{Value, json};

use crate::fixture::{Fixture, input, merged, parameters};

const ROLE: &str = "arn:aws:iam::123456789012:role/exec";

/// A world with the role `exec`, which may do everything in EC2, but takes nothing away from what has not the tag of staging.
fn fixture() -> Fixture {
    let mut fixture = Fixture::new();
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "cloudformation.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let role = json!({"RoleName": "exec", "AssumeRolePolicyDocument": trust.to_string()});
    iam::create_role(&mut fixture.world, input(role)).unwrap();
    let condition = json!({"StringNotEquals": {"aws:ResourceTag/Environment": "staging"}});
    let takes = ["ec2:DeleteRoute", "ec2:DisassociateRouteTable", "ec2:RevokeSecurityGroupIngress"];
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
        {"Effect": "Deny", "Action": takes, "Resource": "*", "Condition": condition}]});
    let put = json!({"RoleName": "exec", "PolicyName": "p", "PolicyDocument": policy.to_string()});
    iam::put_role_policy(&mut fixture.world, input(put)).unwrap();
    fixture
}

fn staging(members: Value) -> Value {
    merged(json!({"RoleARN": ROLE, "Tags": [{"Key": "Environment", "Value": "staging"}]}), members)
}

const NETWORK: &str = "
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Vpc, GroupDescription: d}}
Outputs:
  Table: {Value: !Ref Table}
  Group: {Value: !GetAtt Group.GroupId}
";

const PARTS: &str = "
Parameters:
  Table: {Type: String}
  Group: {Type: String}
Resources:
  Route:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, NatGatewayId: nat-1}
  Rule:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {GroupId: !Ref Group, IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8}
";

#[test]
fn parts_of_what_was_deleted_a_moment_before_are_deleted() {
    let mut fixture = fixture();
    fixture.create("network", NETWORK, staging(json!({}))).unwrap();
    fixture.run(600.0);
    let outputs = fixture.stack_named("network")["Outputs"].clone();
    let output = |key: &str| {
        let found = outputs.as_array().unwrap().iter().find(|it| it["OutputKey"] == key).unwrap();
        found["OutputValue"].as_str().unwrap().to_owned()
    };
    let (table, group) = (output("Table"), output("Group"));
    let values = parameters(&[("Table", &table), ("Group", &group)]);
    fixture.create("demo", PARTS, staging(json!({"Parameters": values}))).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
    for stack in ["network", "demo"] {
        cfn::delete_stack(&mut fixture.world, input(json!({"StackName": stack}))).unwrap();
        fixture.run(600.0);
    }
    // Its name is free again: nothing was denied.
    fixture.create("demo", NETWORK, staging(json!({}))).unwrap();
    fixture.until(600.0, "CREATE_COMPLETE");
}

#[test]
fn nothing_is_made_on_what_nobody_has() {
    let mut fixture = fixture();
    let deny = json!({"StringNotEquals": {"aws:ResourceTag/Environment": "staging"}});
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"},
        {"Effect": "Deny", "Action": "ec2:CreateRoute", "Resource": "*", "Condition": deny}]});
    let put = json!({"RoleName": "exec", "PolicyName": "p", "PolicyDocument": policy.to_string()});
    iam::put_role_policy(&mut fixture.world, input(put)).unwrap();
    let values = parameters(&[("Table", "rtb-of-nobody"), ("Group", "sg-of-nobody")]);
    fixture.create("demo", PARTS, staging(json!({"Parameters": values}))).unwrap();
    fixture.run(600.0);
    let events = fixture.events();
    let denied = "is not authorized to perform: ec2:CreateRoute on resource";
    assert!(
        events.iter().any(|it| it.starts_with("Route CREATE_FAILED") && it.contains(denied)),
        "{events:#?}"
    );
}
