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

/// The stack `demo` deleted: its status then, and whether a mapped address was in the way.
fn deleted(fixture: &mut Fixture) -> (String, bool) {
    let id = fixture.stack()["StackId"].as_str().unwrap().to_owned();
    cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "demo"}))).unwrap();
    fixture.run(3600.0);
    let status = fixture.stack_named(&id)["StackStatus"].as_str().unwrap().to_owned();
    let answer = cfn::describe_stack_events(&fixture.world, &input(json!({"StackName": id}))).unwrap();
    let events = serde_json::to_string(&answer.stack_events).unwrap();
    (status, events.contains("has some mapped public address"))
}

const COMPLETE: &str = "DELETE_COMPLETE";
const FAILED: &str = "DELETE_FAILED";

#[test]
fn an_address_that_nothing_uses_keeps_no_gateway_attached() {
    let loose = "
  Address: {Type: AWS::EC2::EIP, AFTER, Properties: {Domain: vpc}}
";
    for after in [true, false] {
        let mut fixture = Fixture::with(&template(loose, after));
        assert_eq!(deleted(&mut fixture), (COMPLETE.to_owned(), false), "{after}");
    }
}

#[test]
fn a_gateway_stays_attached_while_its_stack_deletes_a_public_load_balancer_without_an_order() {
    let public = BALANCER.replace("SCHEME", "internet-facing");
    for after in [true, false] {
        let mut fixture = Fixture::with(&template(&public, true));
        // Dependencies alone are no update: a topic is.
        let more = format!("{public}\n  Topic: {{Type: AWS::SNS::Topic}}\n");
        fixture.update(json!({"TemplateBody": template(&more, after)})).unwrap();
        fixture.until(600.0, "UPDATE_COMPLETE");
        let expected = if after { (COMPLETE.to_owned(), false) } else { (FAILED.to_owned(), true) };
        assert_eq!(deleted(&mut fixture), expected);
    }
}

#[test]
fn a_gateway_stays_attached_while_another_stack_has_a_public_load_balancer_in_its_vpc() {
    for (scheme, first) in
        [("internet-facing", (FAILED.to_owned(), true)), ("internal", (COMPLETE.to_owned(), false))]
    {
        let mut fixture = Fixture::with(&template("", true));
        let subnets = ["SubnetA", "SubnetB"].map(|name| fixture.physical_id(name).unwrap());
        let foreign = format!(
            "Resources:{}",
            BALANCER
                .replace("SCHEME", scheme)
                .replace("    AFTER\n", "")
                .replace("!Ref SubnetA, !Ref SubnetB", &subnets.join(", "))
        );
        fixture.create("other", &foreign, json!({})).unwrap();
        fixture.run(600.0);
        assert_eq!(fixture.stack_named("other")["StackStatus"], "CREATE_COMPLETE");
        // What keeps the subnets of a load balancer that stays is no matter of the gateway.
        assert_eq!(deleted(&mut fixture).1, first.1, "{scheme}");
        if first.1 {
            cfn::delete_stack(&mut fixture.world, input(json!({"StackName": "other"}))).unwrap();
            fixture.run(600.0);
            assert_eq!(deleted(&mut fixture).0, COMPLETE, "{scheme}");
        }
    }
}

#[test]
fn a_nat_gateway_keeps_the_gateway_of_its_own_vpc_attached_alone() {
    // The second VPC has a gateway too, and the NAT gateway is in the first.
    let second = format!(
        "{}
  OtherVpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.1.0.0/16}}}}
  OtherGateway: {{Type: AWS::EC2::InternetGateway}}
  OtherAttachment:
    Type: AWS::EC2::VPCGatewayAttachment
    Properties: {{VpcId: !Ref OtherVpc, InternetGatewayId: !Ref OtherGateway}}
",
        NAT.replace("AFTER", "DependsOn: Attachment")
    );
    let mut fixture = Fixture::with(&template(&second, true));
    assert_eq!(deleted(&mut fixture), (COMPLETE.to_owned(), false));
}
