//! Health checks get through where security groups let them.

use rollout_sim::elb;
use rollout_sim::image::ImageBehaviour;
use serde_json::{Value, json};

use crate::fixture::{Fixture, SERVICE, input, parameters};

/// The service, in security groups of its own whose rule opens these ports to the load balancer.
fn template(ports: &str) -> String {
    let groups = format!(
        "
  Front: {{Type: AWS::EC2::SecurityGroup, Properties: {{VpcId: vpc-1, GroupDescription: front}}}}
  Tasks: {{Type: AWS::EC2::SecurityGroup, Properties: {{VpcId: vpc-1, GroupDescription: tasks}}}}
  Rule:
    Type: AWS::EC2::SecurityGroupIngress
    Properties: {{GroupId: !GetAtt Tasks.GroupId, IpProtocol: tcp, {ports}, SourceSecurityGroupId: !GetAtt Front.GroupId}}
"
    );
    let service = SERVICE.replace("SecurityGroups: [sg-1]", "SecurityGroups: [!GetAtt Front.GroupId]");
    let network = "{Subnets: [subnet-a, subnet-b]}";
    let own = "{Subnets: [subnet-a, subnet-b], SecurityGroups: [!GetAtt Tasks.GroupId]}";
    let service = service.replace(network, own).replace("DependsOn: Listener", "DependsOn: [Listener, Rule]");
    format!("{service}{groups}")
}

const OPEN: &str = "FromPort: 3001, ToPort: 3001";

fn started(template: &str) -> Fixture {
    let mut fixture = Fixture::new();
    fixture.execution_role();
    let digest = fixture.push(ImageBehaviour::default());
    fixture.create("demo", template, json!({"Parameters": parameters(&[("Digest", &digest)])})).unwrap();
    fixture
}

fn targets(fixture: &Fixture) -> Vec<Value> {
    let group = fixture.physical_id("Group").unwrap();
    let found =
        elb::describe_target_health(&fixture.world, &input(json!({"TargetGroupArn": group}))).unwrap();
    let health = found.target_health_descriptions.iter().map(|it| serde_json::to_value(&it.target_health));
    health.map(Result::unwrap).collect()
}

#[test]
fn a_health_check_whose_port_nobody_opens_times_out() {
    for closed in ["FromPort: 8080, ToPort: 8080", "FromPort: 1, ToPort: 3000"] {
        let mut fixture = started(&template(closed));
        let unhealthy = (0..600).any(|_| {
            fixture.run(1.0);
            fixture.physical_id("Group").is_some()
                && targets(&fixture)
                    .iter()
                    .any(|it| it["State"] == "unhealthy" && it["Reason"] == "Target.Timeout")
        });
        assert!(unhealthy, "{closed}: {:#?}", targets(&fixture));
        fixture.run(3600.0);
        assert_ne!(fixture.status(), "CREATE_COMPLETE", "{closed}");
    }
    for open in [OPEN, "FromPort: 3000, ToPort: 3100"] {
        let mut fixture = started(&template(open));
        fixture.until(3600.0, "CREATE_COMPLETE");
    }
}

#[test]
fn a_rule_for_another_source_opens_nothing_to_the_load_balancer() {
    let other =
        template(OPEN).replace("SourceSecurityGroupId: !GetAtt Front.GroupId", "SourceSecurityGroupId: sg-1");
    let mut fixture = started(&other);
    fixture.run(3600.0);
    assert_ne!(fixture.status(), "CREATE_COMPLETE");
    let range = template(OPEN).replace("SourceSecurityGroupId: !GetAtt Front.GroupId", "CidrIp: 10.0.0.0/8");
    started(&range).until(3600.0, "CREATE_COMPLETE");
}

#[test]
fn a_target_that_was_healthy_is_asked_again_when_its_rule_goes() {
    let mut fixture = started(&template(OPEN));
    fixture.until(3600.0, "CREATE_COMPLETE");
    assert!(targets(&fixture).iter().all(|it| it["State"] == "healthy"));
    let closed = template("FromPort: 8080, ToPort: 8080");
    let digest = json!([{"ParameterKey": "Digest", "UsePreviousValue": true}]);
    fixture.update(json!({"TemplateBody": closed, "Parameters": digest})).unwrap();
    let timed_out = (0..900).any(|_| {
        fixture.run(1.0);
        targets(&fixture).iter().any(|it| it["Reason"] == "Target.Timeout")
    });
    assert!(timed_out, "{:#?}", targets(&fixture));
}
