//! What refers to each other is in one VPC.

use serde_json::json;

use crate::fixture::Fixture;

/// Two VPCs with two subnets and a security group each, `One…` and `Two…`, and `more`.
fn template(more: &str) -> String {
    let network = |name: &str, net: u8| {
        format!(
            "  {name}Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.{net}.0.0/16}}}}
  {name}A:
    Type: AWS::EC2::Subnet
    Properties: {{VpcId: !Ref {name}Vpc, CidrBlock: 10.{net}.0.0/24, AvailabilityZone: us-west-2a}}
  {name}B:
    Type: AWS::EC2::Subnet
    Properties: {{VpcId: !Ref {name}Vpc, CidrBlock: 10.{net}.1.0/24, AvailabilityZone: us-west-2b}}
  {name}Group:
    Type: AWS::EC2::SecurityGroup
    Properties: {{VpcId: !Ref {name}Vpc, GroupDescription: {name}}}
"
        )
    };
    format!("Resources:\n{}{}{more}", network("One", 0), network("Two", 1))
}

/// Why resources could not be made or changed; none where the stack is complete.
fn reasons(fixture: &Fixture) -> Vec<String> {
    let failed = |event: &String| event.contains("CREATE_FAILED") || event.contains("UPDATE_FAILED");
    let failed = fixture.events().into_iter().filter(failed);
    failed.filter(|event| !event.contains(" cancelled")).collect()
}

fn created(more: &str) -> Vec<String> {
    let mut fixture = Fixture::new();
    fixture.create("demo", &template(more), json!({})).unwrap();
    fixture.run(3600.0);
    reasons(&fixture)
}

#[track_caller]
fn refused(more: &str, name: &str, words: &[&str]) {
    let reasons = created(more);
    let told = |reason: &String| reason.starts_with(name) && words.iter().all(|words| reason.contains(words));
    assert!(reasons.len() == 1 && told(&reasons[0]), "{reasons:#?}");
}

const SUBNET_GROUP: &str = "
  Subnets:
    Type: AWS::RDS::DBSubnetGroup
    Properties: {DBSubnetGroupName: main, DBSubnetGroupDescription: d, SubnetIds: [!Ref OneA, !Ref OneB]}
";

const DATABASE: &str = "
  Db:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceIdentifier: main
      Engine: postgres
      DBInstanceClass: db.t4g.micro
      AllocatedStorage: '20'
      MasterUsername: app
      MasterUserPassword: correct-horse
      DBSubnetGroupName: !Ref Subnets
      VPCSecurityGroups: [!GetAtt OneGroup.GroupId]
";

#[test]
fn a_subnet_group_of_a_database_stays_in_its_vpc() {
    let mixed = SUBNET_GROUP.replace("!Ref OneB", "!Ref TwoB");
    refused(&mixed, "Subnets CREATE_FAILED", &["The subnets are not all in a common VPC."]);
    let mut fixture = Fixture::with(&template(&format!("{SUBNET_GROUP}{DATABASE}")));
    let moved = format!("{}{DATABASE}", SUBNET_GROUP.replace("!Ref One", "!Ref Two"));
    fixture.update(json!({"TemplateBody": template(&moved)})).unwrap();
    fixture.run(3600.0);
    assert_eq!(fixture.status(), "UPDATE_ROLLBACK_COMPLETE");
    let reasons = reasons(&fixture);
    assert!(
        reasons.len() == 1
            && reasons[0].starts_with("Subnets UPDATE_FAILED")
            && reasons[0].contains("The new Subnets are not in the same Vpc as the existing subnet group"),
        "{reasons:#?}"
    );
}

#[test]
fn security_groups_of_a_database_are_in_its_vpc() {
    let other = format!("{SUBNET_GROUP}{}", DATABASE.replace("OneGroup", "TwoGroup"));
    let words = ["The DB instance and EC2 security group are in different VPCs. The DB instance is in vpc-"];
    refused(&other, "Db CREATE_FAILED", &words);
    assert_eq!(created(&format!("{SUBNET_GROUP}{DATABASE}")), Vec::<String>::new());
}

const BALANCER: &str = "
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    Properties:
      Name: demo
      Scheme: internal
      Subnets: [!Ref OneA, !Ref OneB]
      SecurityGroups: [!GetAtt OneGroup.GroupId]
";

#[test]
fn security_groups_of_a_load_balancer_are_in_its_vpc() {
    let other = BALANCER.replace("OneGroup", "TwoGroup");
    refused(&other, "Balancer CREATE_FAILED", &["does not belong to VPC"]);
    assert_eq!(created(BALANCER), Vec::<String>::new());
}

const LISTENER: &str = "
  Targets:
    Type: AWS::ElasticLoadBalancingV2::TargetGroup
    Properties: {VpcId: !Ref OneVpc, Port: 80, Protocol: HTTP, TargetType: ip}
  Listener:
    Type: AWS::ElasticLoadBalancingV2::Listener
    Properties:
      LoadBalancerArn: !Ref Balancer
      Port: 80
      Protocol: HTTP
      DefaultActions: [{Type: fixed-response, FixedResponseConfig: {StatusCode: '404'}}]
  Rule:
    Type: AWS::ElasticLoadBalancingV2::ListenerRule
    Properties:
      ListenerArn: !Ref Listener
      Priority: 1
      Conditions: [{Field: path-pattern, PathPatternConfig: {Values: ['/*']}}]
      Actions: [{Type: forward, TargetGroupArn: !Ref Targets}]
";

#[test]
fn a_target_group_is_in_the_vpc_of_its_load_balancer() {
    let words = ["is in a different VPC than load balancer 'arn:"];
    let other = LISTENER.replace("!Ref OneVpc", "!Ref TwoVpc");
    refused(&format!("{BALANCER}{other}"), "Rule CREATE_FAILED", &words);
    let default = "{Type: fixed-response, FixedResponseConfig: {StatusCode: '404'}}";
    let default = other.replace(default, "{Type: forward, TargetGroupArn: !Ref Targets}");
    refused(&format!("{BALANCER}{default}"), "Listener CREATE_FAILED", &words);
    assert_eq!(created(&format!("{BALANCER}{LISTENER}")), Vec::<String>::new());
}

const SERVICE: &str = "
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
      Cluster: !Ref Cluster
      TaskDefinition: !Ref Definition
      DesiredCount: 0
      LaunchType: FARGATE
      NetworkConfiguration:
        AwsvpcConfiguration: {Subnets: [!Ref OneA], SecurityGroups: [!GetAtt OneGroup.GroupId]}
";

#[test]
fn security_groups_of_a_service_are_in_the_vpc_of_its_subnets() {
    let words = ["CreateService error: Security group sg-", "same VPC as the input subnets"];
    refused(&SERVICE.replace("OneGroup", "TwoGroup"), "Service CREATE_FAILED", &words);
    let mut fixture = Fixture::with(&template(SERVICE));
    fixture.update(json!({"TemplateBody": template(&SERVICE.replace("OneGroup", "TwoGroup"))})).unwrap();
    fixture.run(3600.0);
    let reasons = reasons(&fixture);
    assert!(
        reasons.iter().any(|reason| reason.contains("UpdateService error: Security group sg-")),
        "{reasons:#?}"
    );
}
