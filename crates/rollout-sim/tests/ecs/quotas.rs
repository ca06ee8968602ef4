//! What an account may run on Fargate, and how many rules a load balancer may have.

use rollout_sim::image::ImageBehaviour;
use rollout_sim::{cloudwatch, ecs, elb, servicequotas};
use serde_json::{Value, json};

use crate::fixture::{Fixture, Setup, input};

const VCPUS: &str = "L-3032A538";

fn run_task(fixture: &mut Fixture) -> ecs::RunTaskOutput {
    let definition = fixture.release(ImageBehaviour::default());
    let request = json!({
        "cluster": "demo", "taskDefinition": definition, "launchType": "FARGATE", "count": 10,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
    });
    ecs::run_task(&mut fixture.world, input(request)).unwrap()
}

#[test]
fn a_task_beyond_the_quota_of_vcpus_is_not_placed() {
    let mut fixture = Fixture::empty(Setup::default());
    assert!(fixture.world.quotas.set(VCPUS, 1));
    // A quarter of a vCPU each.
    let output = run_task(&mut fixture);
    assert_eq!((output.tasks.len(), output.failures.len()), (4, 1));
    let reason = output.failures[0].reason.as_deref();
    assert_eq!(
        reason,
        Some("You\u{2019}ve reached the limit on the number of vCPUs you can run concurrently")
    );
    for task in output.tasks {
        let stop = json!({"cluster": "demo", "task": task.task_arn});
        ecs::stop_task(&mut fixture.world, input(stop)).unwrap();
    }
    fixture.run(300.0);
    assert_eq!(run_task(&mut fixture).tasks.len(), 4, "stopped tasks make room");
}

#[test]
fn quotas_are_answered_with_their_codes_and_raised_on_request() {
    let mut fixture = Fixture::empty(Setup::default());
    let quota = json!({"ServiceCode": "fargate", "QuotaCode": VCPUS});
    let value = |fixture: &Fixture| {
        let answer = servicequotas::get_service_quota(&fixture.world, &input(quota.clone())).unwrap();
        serde_json::to_value(answer).unwrap()["Quota"].clone()
    };
    assert!(fixture.world.quotas.set(VCPUS, 6));
    let found = value(&fixture);
    assert_eq!(
        (&found["Value"], &found["QuotaName"]),
        (&json!(6.0), &json!("Fargate On-Demand vCPU resource count"))
    );
    let default = servicequotas::get_default_service_quota(&fixture.world, &input(quota.clone())).unwrap();
    assert_eq!(serde_json::to_value(default).unwrap()["Quota"]["Value"], 6.0);
    let request = |value: f64| json!({"ServiceCode": "fargate", "QuotaCode": VCPUS, "DesiredValue": value});
    let refused = servicequotas::request_increase(&mut fixture.world, input(request(6.0))).unwrap_err();
    assert_eq!(refused.code, "IllegalArgumentException");
    servicequotas::request_increase(&mut fixture.world, input(request(8.5))).unwrap();
    assert_eq!(value(&fixture)["Value"], 9.0);
    let unknown = json!({"ServiceCode": "fargate", "QuotaCode": "L-00000000"});
    let refused = servicequotas::get_service_quota(&fixture.world, &input(unknown)).unwrap_err();
    assert_eq!(refused.code, "NoSuchResourceException");
    let listed = json!({"ServiceCode": "vpc", "MaxResults": 2});
    let listed = servicequotas::list_service_quotas(&fixture.world, &input(listed)).unwrap();
    assert!(listed.quotas.len() == 2 && listed.next_token.is_some());
    // What runs can be read where Service Quotas says.
    run_task(&mut fixture);
    let metric = &found["UsageMetric"];
    let dimensions = metric["MetricDimensions"].as_object().unwrap();
    let dimensions: Vec<Value> =
        dimensions.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
    let now = fixture.world.now().as_epoch_secs();
    let request = json!({"Namespace": metric["MetricNamespace"], "MetricName": metric["MetricName"],
        "Dimensions": dimensions, "StartTime": now - 600.0, "EndTime": now + 1.0, "Period": 300,
        "Statistics": ["Maximum"]});
    let points = cloudwatch::get_metric_statistics(&fixture.world, &input(request)).unwrap().datapoints;
    assert_eq!(points.len(), 1);
    assert!((points[0].maximum - 2.5).abs() < f64::EPSILON, "ten tasks of a quarter of a vCPU");
}

#[test]
fn a_load_balancer_has_no_more_rules_than_its_quota() {
    let mut fixture = Fixture::empty(Setup::default());
    fixture.world.quotas.load_balancer_rules = 0;
    let rule = json!({"ListenerArn": fixture.listener, "Priority": 77,
        "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/more/*"]}}],
        "Actions": [{"Type": "forward", "TargetGroupArn": fixture.group}]});
    let refused = elb::create_rule(&mut fixture.world, input(rule)).unwrap_err();
    assert_eq!(refused.code, "TooManyRules");
}
