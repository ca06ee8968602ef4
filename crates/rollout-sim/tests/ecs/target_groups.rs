//! Settings of target groups (ALB:target-group-health-checks, ALB:edit-target-group-attributes).

use rollout_sim::elb;
use serde_json::{Value, json};

use crate::fixture::{Fixture, Setup};

fn input<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

#[test]
fn a_target_group_has_the_documented_defaults() {
    let mut fixture = Fixture::empty(Setup::default());
    let request =
        json!({"Name": "plain", "Protocol": "HTTP", "Port": 80, "VpcId": "vpc-1", "TargetType": "ip"});
    let group = elb::create_target_group(&mut fixture.world, input(request)).unwrap().target_groups.remove(0);
    assert_eq!(
        (group.health_check_interval_seconds, group.healthy_threshold_count, group.unhealthy_threshold_count),
        (30, 5, 2)
    );
    // The guide says 5 s, the API's model 6 s for HTTP: the guide is followed.
    assert_eq!(group.health_check_timeout_seconds, 5);
    assert_eq!((group.matcher.http_code.as_deref(), group.health_check_path.as_str()), (Some("200"), "/"));
    let request = json!({"TargetGroupArn": group.target_group_arn});
    let attributes =
        elb::describe_target_group_attributes(&fixture.world, &input(request)).unwrap().attributes;
    let value = |key: &str| attributes.iter().find(|one| one.key == key).unwrap().value.clone();
    assert_eq!(value("deregistration_delay.timeout_seconds"), "300");
    assert_eq!(value("slow_start.duration_seconds"), "0");
}

#[test]
fn settings_of_target_groups_have_their_ranges() {
    let mut fixture = Fixture::empty(Setup::default());
    let group = fixture.group.clone();
    for (member, low, high) in [
        ("HealthCheckIntervalSeconds", 5, 300),
        ("HealthyThresholdCount", 2, 10),
        ("UnhealthyThresholdCount", 2, 10),
    ] {
        for (value, fits) in [(low - 1, false), (low, true), (high, true), (high + 1, false)] {
            let request = json!({"TargetGroupArn": group, member: value});
            assert_eq!(
                elb::modify_target_group(&mut fixture.world, input(request)).is_ok(),
                fits,
                "{member} {value}"
            );
            let back = json!({"TargetGroupArn": group, "HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 4});
            elb::modify_target_group(&mut fixture.world, input(back)).unwrap();
        }
    }
    for (key, value, fits) in [
        ("deregistration_delay.timeout_seconds", "0", true),
        ("deregistration_delay.timeout_seconds", "3600", true),
        ("deregistration_delay.timeout_seconds", "3601", false),
        ("slow_start.duration_seconds", "29", false),
        ("slow_start.duration_seconds", "0", true),
        ("slow_start.duration_seconds", "30", true),
        ("slow_start.duration_seconds", "900", true),
        ("slow_start.duration_seconds", "901", false),
    ] {
        let request = json!({"TargetGroupArn": group, "Attributes": [{"Key": key, "Value": value}]});
        let result = elb::modify_target_group_attributes(&mut fixture.world, input(request));
        assert_eq!(result.is_ok(), fits, "{key} {value}");
    }
}

#[test]
fn slow_start_is_for_requests_in_turn_only() {
    let mut fixture = Fixture::empty(Setup::default());
    let mut modify = |key: &str, value: &str| {
        let request = json!({"TargetGroupArn": fixture.group, "Attributes": [{"Key": key, "Value": value}]});
        elb::modify_target_group_attributes(&mut fixture.world, input(request)).err().map(|error| error.code)
    };
    let (slow_start, algorithm) = ("slow_start.duration_seconds", "load_balancing.algorithm.type");
    let refused = Some("InvalidConfigurationRequest".to_owned());
    for other in ["least_outstanding_requests", "weighted_random"] {
        // Whichever of the two comes first, the second is refused.
        assert_eq!(modify(slow_start, "300"), None);
        assert_eq!(modify(algorithm, other), refused, "{other}");
        assert_eq!(modify(slow_start, "0"), None);
        assert_eq!(modify(algorithm, other), None, "{other}");
        assert_eq!(modify(slow_start, "300"), refused, "{other}");
        assert_eq!(modify(algorithm, "round_robin"), None);
    }
}
