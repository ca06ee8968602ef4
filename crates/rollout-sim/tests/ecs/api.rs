//! Errors and shapes of the API.

use rollout_sim::{ApiError, ecs};
use serde_json::{Value, json};

use crate::fixture::{Fixture, Setup};

fn update(fixture: &mut Fixture, members: Value) -> ApiError {
    let mut request = json!({"cluster": "demo", "service": "api"});
    request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    ecs::update_service(&mut fixture.world, serde_json::from_value(request).unwrap()).unwrap_err()
}

#[test]
fn unknown_things_are_refused_in_the_words_of_aws() {
    let mut fixture = Fixture::new(Setup::default());
    let error = update(&mut fixture, json!({"service": "none"}));
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("ServiceNotFoundException", "Service not found.")
    );
    let error = update(&mut fixture, json!({"cluster": "none"}));
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("ClusterNotFoundException", "Cluster not found.")
    );
    let error = update(&mut fixture, json!({"taskDefinition": "none:1"}));
    assert_eq!(
        (error.code.as_str(), error.message.as_str()),
        ("ClientException", "TaskDefinition not found.")
    );
}

#[test]
fn settings_out_of_range_are_refused() {
    let mut fixture = Fixture::new(Setup::default());
    for config in [
        json!({"minimumHealthyPercent": 100, "maximumPercent": 100}),
        json!({"bakeTimeInMinutes": 1441}),
        json!({"deploymentCircuitBreaker": {"enable": true, "rollback": true, "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 101}}}),
        json!({"alarms": {"alarmNames": [], "enable": true, "rollback": true}}),
    ] {
        assert_eq!(
            update(&mut fixture, json!({"deploymentConfiguration": config})).code,
            "InvalidParameterException"
        );
    }
}

#[test]
fn a_bake_lasts_from_0_to_1440_minutes() {
    let mut fixture = Fixture::new(Setup::default());
    for (minutes, fits) in [(0, true), (1440, true), (1441, false)] {
        let request = json!({"cluster": "demo", "service": "api",
            "deploymentConfiguration": {"bakeTimeInMinutes": minutes}});
        let answer = ecs::update_service(&mut fixture.world, serde_json::from_value(request).unwrap());
        let message = answer.err().map(|error| error.message);
        let expected = (!fits).then(|| "bakeTimeInMinutes must be between 0 and 1440.".to_owned());
        assert_eq!(message, expected, "{minutes}");
    }
}

#[test]
fn a_threshold_needs_its_type_and_its_value() {
    let mut fixture = Fixture::new(Setup::default());
    let definition = fixture.service().task_definition;
    for (threshold, missing) in [
        (json!({"value": 50}), Some("type")),
        (json!({"type": "COUNT"}), Some("value")),
        (json!({}), Some("type")),
        (json!({"type": "COUNT", "value": 50}), None),
    ] {
        let breaker = json!({"enable": true, "rollback": true, "thresholdConfiguration": threshold});
        let config = json!({"deploymentCircuitBreaker": breaker});
        let request = json!({"cluster": "demo", "service": "api", "deploymentConfiguration": config});
        let updated = ecs::update_service(&mut fixture.world, serde_json::from_value(request).unwrap());
        let request = json!({
            "cluster": "demo", "serviceName": "other", "taskDefinition": definition, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
            "deploymentConfiguration": config,
        });
        let created = ecs::create_service(&mut fixture.world, serde_json::from_value(request).unwrap());
        for error in [updated.err(), created.err()] {
            let told = error.map(|error| (error.code, error.message));
            let expected = missing.map(|member| {
                ("InvalidParameterException".to_owned(), format!("thresholdConfiguration requires {member}."))
            });
            assert_eq!(told, expected, "{threshold}");
        }
    }
}

#[test]
fn what_is_not_modelled_is_refused_by_name() {
    let mut fixture = Fixture::new(Setup::default());
    let error = update(&mut fixture, json!({"deploymentConfiguration": {"strategy": "CANARY"}}));
    assert_eq!((error.code.as_str(), error.status), ("NotModelled", 501));
    assert!(error.message.contains("CANARY"));
    let request = json!({"service": "api", "volumeConfigurations": []});
    let error = serde_json::from_value::<ecs::UpdateServiceInput>(request).unwrap_err();
    assert!(error.to_string().contains("volumeConfigurations"), "{error}");
}

#[test]
fn a_service_needs_a_target_group_that_a_load_balancer_uses() {
    let mut fixture = Fixture::empty(Setup::default());
    let request = json!({"ListenerArn": fixture.listener});
    let rules = rollout_sim::elb::describe_rules(&fixture.world, &serde_json::from_value(request).unwrap())
        .unwrap()
        .rules;
    let delete = json!({"RuleArn": rules[0].rule_arn});
    rollout_sim::elb::delete_rule(&mut fixture.world, &serde_json::from_value(delete).unwrap()).unwrap();
    let definition = fixture.release(Default::default());
    let request = json!({
        "cluster": "demo", "serviceName": "api", "taskDefinition": definition, "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
        "loadBalancers": [{"targetGroupArn": fixture.group, "containerName": "api", "containerPort": 3001}],
    });
    let error =
        ecs::create_service(&mut fixture.world, serde_json::from_value(request).unwrap()).unwrap_err();
    assert!(error.message.ends_with("does not have an associated load balancer."), "{error}");
}

#[test]
fn task_definitions_must_fit_fargate() {
    let mut fixture = Fixture::empty(Setup::default());
    let container = json!({"name": "api", "image": "nginx"});
    let mut register = |cpu: &str, memory: &str| {
        let request = json!({"family": "f", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": cpu, "memory": memory, "containerDefinitions": [container]});
        ecs::register_task_definition(&mut fixture.world, serde_json::from_value(request).unwrap())
    };
    assert!(
        register("256", "4096")
            .unwrap_err()
            .message
            .starts_with("No Fargate configuration exists for given values: 256 CPU, 4096 memory.")
    );
    assert_eq!(register("256", "1024").unwrap().task_definition.revision, 1);
    assert_eq!(register("1024", "3072").unwrap().task_definition.revision, 2);
}

#[test]
fn a_deregistered_task_definition_starts_no_service_but_can_be_described() {
    let mut fixture = Fixture::new(Setup::default());
    let definition = fixture.release(Default::default());
    let request = json!({"taskDefinition": definition});
    ecs::deregister_task_definition(&mut fixture.world, &serde_json::from_value(request.clone()).unwrap())
        .unwrap();
    assert_eq!(
        update(&mut fixture, json!({"taskDefinition": definition})).message,
        "TaskDefinition is inactive"
    );
    let described =
        ecs::describe_task_definition(&fixture.world, &serde_json::from_value(request).unwrap()).unwrap();
    assert_eq!(described.task_definition.status, ecs::TaskDefinitionStatus::Inactive);
}

#[test]
fn missing_services_and_tasks_are_failures_of_the_answer() {
    let fixture = Fixture::new(Setup::default());
    let request = serde_json::from_value(json!({"cluster": "demo", "services": ["none"]})).unwrap();
    let failures = ecs::describe_services(&fixture.world, &request).unwrap().failures;
    assert_eq!(failures[0].reason.as_deref(), Some("MISSING"));
    assert_eq!(failures[0].arn.as_deref(), Some("arn:aws:ecs:us-west-2:123456789012:service/demo/none"));
    let request = serde_json::from_value(json!({"cluster": "demo", "tasks": ["0123"]})).unwrap();
    assert_eq!(
        ecs::describe_tasks(&fixture.world, &request).unwrap().failures[0].reason.as_deref(),
        Some("MISSING")
    );
}
