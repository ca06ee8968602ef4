use serde_json::{Value, json};

use super::*;

fn template() -> Value {
    let definition = |cpu: &str| json!({"Type": "AWS::ECS::TaskDefinition", "Properties": {"Cpu": cpu}});
    let service = |definition: Value, desired: u32, most: u32| {
        json!({"Type": "AWS::ECS::Service", "Properties": {
            "TaskDefinition": definition,
            "DesiredCount": desired,
            "DeploymentConfiguration": {"MaximumPercent": most},
        }})
    };
    let subnet = |zone: u32| {
        json!({"Type": "AWS::EC2::Subnet", "Properties": {
            "AvailabilityZone": {"Fn::Select": [zone, {"Fn::GetAZs": ""}]},
        }})
    };
    let gateway =
        |subnet: &str| json!({"Type": "AWS::EC2::NatGateway", "Properties": {"SubnetId": {"Ref": subnet}}});
    let rule = json!({"Type": "AWS::EC2::SecurityGroupEgress", "Properties": {"GroupId": {"Ref": "Group"}}});
    json!({"Resources": {
        "WebDefinition": definition("512"),
        "WorkerDefinition": definition("256"),
        "MigrateDefinition": definition("1024"),
        "SeedDefinition": definition("256"),
        "Web": service(json!({"Fn::If": ["Given", {"Ref": "Revision"}, {"Ref": "WebDefinition"}]}), 3, 150),
        "Worker": service(json!({"Ref": "WorkerDefinition"}), 2, 200),
        "Subnet1": subnet(0),
        "Subnet2": subnet(1),
        "Nat1": gateway("Subnet1"),
        "Nat2": gateway("Subnet2"),
        "Nat3": gateway("Subnet1"),
        "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {}},
        "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {
            "SecurityGroupIngress": [{}],
            "SecurityGroupEgress": [{}],
        }},
        "Egress": rule,
    }})
}

fn of(code: &str, template: &Value) -> Peak {
    let quota = QUOTAS.iter().find(|quota| quota.quota_code == code).unwrap();
    Peak { quota, parts: (quota.measure)(template) }
}

#[test]
fn a_rollout_has_every_service_at_its_maximum_percent_and_one_task_beside_it() {
    let peak = of("L-3032A538", &template());
    // 150 % of 3 is 4 tasks: ECS rounds down.
    let parts = [("Web", 2.0), ("Worker", 1.0), ("MigrateDefinition", 1.0)];
    assert_eq!(peak.parts, parts.map(|(name, vcpu)| (name.to_owned(), vcpu)));
    assert!((peak.amount() - 4.0).abs() < f64::EPSILON);
}

#[test]
fn gateways_count_by_zone_and_rules_by_group() {
    let template = template();
    let gateways = of("L-FE5A380F", &template);
    assert_eq!(gateways.parts, [("zone 0".to_owned(), 2.0), ("zone 1".to_owned(), 1.0)]);
    assert!((gateways.amount() - 2.0).abs() < f64::EPSILON);
    let rules = of("L-0EA8095F", &template);
    assert_eq!(rules.parts, [("Group".to_owned(), 2.0)]);
    assert!((of("L-E79EC296", &template).amount() - 2.0).abs() < f64::EPSILON, "a VPC comes with a group");
}

#[test]
fn what_is_shared_adds_up_over_environments_and_what_is_not_does_not() {
    let template = template();
    for (code, expected) in [("L-3032A538", 8.0), ("L-FE5A380F", 4.0), ("L-0EA8095F", 2.0)] {
        let peaks = [of(code, &template), of(code, &template)];
        let sum = together(peaks[0].quota, &peaks);
        assert!((sum.amount() - expected).abs() < f64::EPSILON, "{code}: {sum:?}");
    }
}

#[test]
fn every_quota_has_a_code_of_its_own() {
    let mut codes: Vec<_> = QUOTAS.iter().map(|quota| quota.quota_code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), QUOTAS.len());
    assert!(QUOTAS.iter().all(|quota| quota.quota_code.starts_with("L-") && quota.quota_code.len() == 10));
}
