//! Public addresses and the internet gateway of their VPC.

use rollout_sim::cfn;
use serde_json::json;

use crate::fixture::{Fixture, input};

/// A VPC with a gateway, and `more` in it; `AFTER` in it says that something comes after the attachment.
fn template(more: &str, after: bool) -> String {
    let more = more.replace("AFTER", if after { "DependsOn: Attachment" } else { "Metadata: {}" });
    format!(
        "Resources:
  Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16}}}}
  Gateway: {{Type: AWS::EC2::InternetGateway}}
  Attachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {{VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  SubnetA:
    Type: AWS::EC2::Subnet
    Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-west-2a}}
  SubnetB:
    Type: AWS::EC2::Subnet
    Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-west-2b}}
{more}"
    )
}

const BALANCER: &str = "
  Balancer:
    Type: AWS::ElasticLoadBalancingV2::LoadBalancer
    AFTER
    Properties: {Name: demo, Scheme: SCHEME, Subnets: [!Ref SubnetA, !Ref SubnetB]}
";

const NAT: &str = "
  Address: {Type: AWS::EC2::EIP, DependsOn: Attachment, Properties: {Domain: vpc}}
  Nat:
    Type: AWS::EC2::NatGateway
    AFTER
    Properties: {SubnetId: !Ref SubnetA, AllocationId: !GetAtt Address.AllocationId}
";

const ROUTE: &str = "
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Route:
    Type: AWS::EC2::Route
    AFTER
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
";

/// The reasons for which resources could not be created; none where the stack is complete.
fn refused(template: &str) -> Vec<String> {
    let mut fixture = Fixture::new();
    fixture.create("demo", template, json!({})).unwrap();
    fixture.run(3600.0);
    let failed = fixture.events().into_iter().filter(|event| event.contains("CREATE_FAILED"));
    failed.filter(|event| !event.contains("Resource creation cancelled")).collect()
}

#[test]
fn a_public_load_balancer_comes_after_the_attachment_of_the_gateway() {
    let public = BALANCER.replace("SCHEME", "internet-facing");
    let reasons = refused(&template(&public, false));
    assert_eq!(reasons.len(), 1, "{reasons:#?}");
    assert!(
        reasons[0].contains("has no internet gateway") && reasons[0].contains("InvalidSubnet"),
        "{reasons:#?}"
    );
    assert_eq!(refused(&template(&public, true)), Vec::<String>::new());
    let internal = BALANCER.replace("SCHEME", "internal");
    assert_eq!(refused(&template(&internal, false)), Vec::<String>::new());
}

#[test]
fn a_nat_gateway_comes_after_the_attachment_by_itself_or_by_its_address() {
    // Its address waits, and so does it.
    assert_eq!(refused(&template(NAT, false)), Vec::<String>::new());
    let free = NAT.replace("DependsOn: Attachment, ", "");
    let reasons = refused(&template(&free, false));
    assert!(reasons.len() == 1 && reasons[0].contains("has no Internet gateway attached"), "{reasons:#?}");
}

#[test]
fn a_route_to_the_gateway_comes_after_its_attachment() {
    let reasons = refused(&template(ROUTE, false));
    assert!(reasons.len() == 1 && reasons[0].contains("belong to different networks"), "{reasons:#?}");
    assert_eq!(refused(&template(ROUTE, true)), Vec::<String>::new());
}

#[test]
fn a_gateway_stays_attached_while_the_vpc_has_public_addresses() {
    // The address alone can be made before the attachment; nothing says then that it is released before.
    let loose = "
  Address: {Type: AWS::EC2::EIP, AFTER, Properties: {Domain: vpc}}
";
    for (after, left) in [(true, "DELETE_COMPLETE"), (false, "DELETE_FAILED")] {
        let mut fixture = Fixture::with(&template(loose, after));
        let id = fixture.stack()["StackId"].as_str().unwrap().to_owned();
        cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
        fixture.run(3600.0);
        let stack = fixture.stack_named(&id);
        assert_eq!(stack["StackStatus"], left, "{stack:#}");
        let answer = cfn::describe_stack_events(&fixture.world, &input(json!({"StackName": id}))).unwrap();
        let events = serde_json::to_string(&answer.stack_events).unwrap();
        assert_eq!(events.contains("mapped public address"), !after, "{events}");
    }
}
