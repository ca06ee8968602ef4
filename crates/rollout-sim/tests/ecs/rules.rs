//! Rules of the fact sheet that the other files do not name.

use rollout_sim::ApiError;
use rollout_sim::ecs::{
    self, DeploymentStatus, MonitorStatus, RolloutState, ServiceDeploymentStatus as Status, StopCode,
    TaskStatus,
};
use rollout_sim::image::ImageBehaviour;
use serde_json::{Value, json};

use crate::fixture::{Fixture, REPOSITORY, Setup, crashing, without_health};

fn input<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

// Circuit breaker (ECS:deployment-circuit-breaker).

#[test]
fn a_percentage_of_a_threshold_is_between_1_and_100() {
    let mut fixture = Fixture::new(Setup::default());
    for (value, fits) in [(0, false), (1, true), (100, true), (101, false)] {
        let breaker = json!({"enable": true, "rollback": true,
            "thresholdConfiguration": {"type": "UNBOUNDED_PERCENT", "value": value}});
        let request = json!({"cluster": "demo", "service": "api",
            "deploymentConfiguration": {"deploymentCircuitBreaker": breaker}});
        assert_eq!(ecs::update_service(&mut fixture.world, input(request)).is_ok(), fits, "{value}");
    }
}

#[test]
fn the_deployment_that_is_gone_back_to_is_no_target_until_it_completed_again() {
    let mut fixture = Fixture::new(Setup { drain_secs: 300, ..Setup::default() });
    let first = fixture.primary().id;
    fixture.deploy(crashing(2.0));
    fixture.until(3600.0, "the rollback begins", |it| it.primary().id == first);
    assert_eq!(fixture.rollout(), RolloutState::InProgress);
    // A third, failing deployment begins before the first is COMPLETED again: there is nothing to go back to.
    fixture.deploy(crashing(2.0));
    fixture.until(3600.0, "the end", |it| it.latest().status == Status::RollbackFailed);
    assert_eq!(fixture.rollout(), RolloutState::Failed);

    // Once it has completed again it is one: twice it is gone back to under the same id.
    let mut fixture = Fixture::new(Setup { drain_secs: 300, ..Setup::default() });
    let first = fixture.primary().id;
    for _ in 0..2 {
        fixture.deploy(crashing(2.0));
        fixture.until(3600.0, "the rollback ends", |it| it.latest().status == Status::RollbackSuccessful);
        assert_eq!((fixture.primary().id, fixture.rollout()), (first.clone(), RolloutState::Completed));
    }
}

#[test]
fn rollout_reasons_are_those_of_the_deployment_state_events() {
    let mut fixture = Fixture::new(Setup::default());
    let id = fixture.primary().id;
    assert_eq!(fixture.primary().rollout_state_reason, Some(format!("ECS deployment {id} completed.")));
    fixture.deploy(ImageBehaviour::default());
    let id = fixture.primary().id;
    assert_eq!(fixture.primary().rollout_state_reason, Some(format!("ECS deployment {id} in progress.")));
}

#[test]
fn a_task_that_is_unhealthy_is_replaced_without_delay() {
    let mut fixture =
        Fixture::new(Setup { breaker: json!({"enable": false, "rollback": false}), ..Setup::default() });
    let new = fixture.deploy(without_health());
    fixture.run(3600.0);
    let starts: Vec<f64> = fixture.tasks_of(&new).iter().map(|task| task.created_at).collect();
    let gaps: Vec<f64> = starts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.len() > 10 && gaps.iter().all(|gap| *gap < 180.0), "{gaps:?}");
}

#[test]
fn unhealthy_tasks_are_replaced_on_their_own_revision() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    let old = fixture.service().task_definition;
    let new = fixture.deploy(ImageBehaviour { listen_after_secs: 1e6, ..ImageBehaviour::default() });
    fixture.modify_group(json!({"HealthCheckIntervalSeconds": 300}));
    fixture.until(120.0, "the new tasks run", |it| it.service().running_count == 4);
    let victim = fixture.tasks_of(&old)[0].task_arn.clone();
    ecs::stop_task(&mut fixture.world, input(json!({"cluster": "demo", "task": victim}))).unwrap();
    fixture.until(600.0, "a replacement", |it| it.tasks_of(&old).len() == 3);
    assert_eq!(fixture.tasks_of(&new).len(), 2);
}

#[test]
fn the_grace_period_is_0_by_default() {
    let fixture = Fixture::new(Setup::default());
    assert_eq!(fixture.service().health_check_grace_period_seconds, Some(0));
}

// Service events, in the words that were observed.

#[test]
fn events_are_worded_as_observed() {
    let mut fixture = Fixture::new(Setup::default());
    let id = fixture.primary().id;
    fixture.deploy(without_health());
    let failing = fixture.primary().id;
    fixture.until(3600.0, "the rollback", |it| it.latest().status == Status::RollbackSuccessful);
    let messages: Vec<String> =
        fixture.service().events.into_iter().rev().map(|event| event.message).collect();
    let group = fixture.group.clone();
    let task = "(task ";
    for (start, end) in [
        (format!("(service api) has started 1 tasks: {task}"), ").".to_owned()),
        ("(service api) registered 1 targets in ".to_owned(), format!("(target-group {group})")),
        (
            format!("(service api) {task}"),
            format!(
                ") (port 3001) is unhealthy in (target-group {group}) due to (reason Health checks failed with these codes: [404])."
            ),
        ),
        (format!("(service api) has stopped 1 running tasks: {task}"), ").".to_owned()),
        ("(service api) deregistered 1 targets in ".to_owned(), format!("(target-group {group})")),
        (
            format!("(service api, taskSet {failing}) has begun draining connections on 1 tasks."),
            String::new(),
        ),
        (
            format!("(service api) (deployment {failing}) deployment failed: tasks failed to start."),
            String::new(),
        ),
        (format!("(service api) rolling back to deployment {id}."), String::new()),
        (format!("(service api) (deployment {id}) deployment completed."), String::new()),
        ("(service api) has reached a steady state.".to_owned(), String::new()),
    ] {
        let told = messages.iter().any(|message| message.starts_with(&start) && message.ends_with(&end));
        assert!(told, "{start}…{end}: {messages:#?}");
    }
}

#[test]
fn a_replacement_says_how_many_were_unhealthy() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    for image in fixture.world.images.values_mut() {
        *image = without_health();
    }
    fixture.modify_group(json!({"HealthCheckPath": "/moved"}));
    let told = " Amazon ECS replaced 2 tasks due to an unhealthy status.";
    fixture.until(300.0, "a replacement", |it| it.events().iter().any(|event| event.ends_with(told)));
}

// Images that are gone (ECR:LifecyclePolicies, ECS:task_cannot_pull_image).

#[test]
fn archiving_and_age_by_pull_are_refused() {
    let mut fixture = Fixture::empty(Setup::default());
    for (count, action, code, what) in [
        (
            json!({"countType": "sinceImagePulled", "countUnit": "days", "countNumber": 1}),
            "expire",
            "NotModelled",
            "sinceImagePulled",
        ),
        (
            json!({"countType": "sinceImageTransitioned", "countUnit": "days", "countNumber": 1}),
            "expire",
            "NotModelled",
            "sinceImageTransitioned",
        ),
        (
            json!({"countType": "imageCountMoreThan", "countNumber": 1}),
            "transition",
            "NotModelled",
            "lifecycle action transition",
        ),
    ] {
        let mut selection = json!({"tagStatus": "any"});
        selection.as_object_mut().unwrap().extend(count.as_object().unwrap().clone());
        let rule = json!({"rulePriority": 1, "selection": selection, "action": {"type": action}});
        let request =
            json!({"repositoryName": "api", "lifecyclePolicyText": json!({"rules": [rule]}).to_string()});
        let refused = rollout_sim::ecr::put_lifecycle_policy(&mut fixture.world, input(request)).unwrap_err();
        assert_eq!((refused.code.as_str(), refused.message.contains(what)), (code, true), "{refused}");
    }
}

// Service deployments (ECS:service-deployment).

#[test]
fn a_service_deployment_carries_the_breaker_and_the_rollback() {
    let mut fixture = Fixture::new(Setup::default());
    let target = fixture.latest().target_service_revision.arn;
    fixture.deploy(crashing(2.0));
    fixture.until(3600.0, "the trip", |it| it.latest().rollback.is_some());
    let latest = fixture.latest();
    let breaker = latest.deployment_circuit_breaker;
    assert_eq!((breaker.status, breaker.failure_count, breaker.threshold), (MonitorStatus::Triggered, 3, 3));
    let rollback = latest.rollback.unwrap();
    assert_eq!(rollback.service_revision_arn, Some(target));
    assert!(
        rollback.reason.contains("because the circuit breaker threshold was exceeded."),
        "{}",
        rollback.reason
    );
}

#[test]
fn service_deployments_are_filtered_by_creation_and_described_20_at_a_time() {
    let mut fixture = Fixture::new(Setup::default());
    fixture.run(3600.0);
    let moment = fixture.world.now().as_epoch_secs();
    fixture.deploy(ImageBehaviour::default());
    let list = |fixture: &Fixture, created: Value| {
        let request = json!({"cluster": "demo", "service": "api", "createdAt": created});
        ecs::list_service_deployments(&fixture.world, &input(request)).unwrap().service_deployments
    };
    let (old, new) =
        (list(&fixture, json!({"before": moment})), list(&fixture, json!({"after": moment - 1.0})));
    assert_eq!((old.len(), new.len()), (1, 1));
    assert_ne!(old[0].service_deployment_arn, new[0].service_deployment_arn);
    let describe = |count: usize| {
        let arns = vec![old[0].service_deployment_arn.clone(); count];
        ecs::describe_service_deployments(&fixture.world, &input(json!({"serviceDeploymentArns": arns})))
    };
    assert_eq!(describe(20).unwrap().service_deployments.len(), 20);
    assert_eq!(describe(21).unwrap_err().code, "InvalidParameterException");
}

#[test]
fn service_deployments_are_remembered_for_90_days_and_go_with_their_service() {
    let mut fixture = Fixture::new(Setup::default());
    fixture.run(89.0 * 24.0 * 3600.0);
    fixture.deploy(ImageBehaviour::default());
    assert_eq!(fixture.service_deployments().len(), 2, "the first is still known");
    fixture.run(2.0 * 24.0 * 3600.0);
    assert_eq!(fixture.service_deployments().len(), 1, "the first is forgotten");
    let forced = json!({"cluster": "demo", "service": "api", "force": true});
    ecs::delete_service(&mut fixture.world, &input(forced)).unwrap();
    fixture.run(600.0);
    fixture.create_service(ImageBehaviour::default());
    assert_eq!(fixture.service_deployments().len(), 1);
}

#[test]
fn other_strategies_hooks_and_early_success_are_refused_by_name() {
    let mut fixture = Fixture::new(Setup::default());
    for strategy in ["BLUE_GREEN", "LINEAR", "CANARY"] {
        let request =
            json!({"cluster": "demo", "service": "api", "deploymentConfiguration": {"strategy": strategy}});
        let error: ApiError = ecs::update_service(&mut fixture.world, input(request)).unwrap_err();
        assert_eq!((error.code.as_str(), error.message.contains(strategy)), ("NotModelled", true));
    }
    for member in ["lifecycleHooks", "earlySuccessCriteria", "canaryConfiguration", "linearConfiguration"] {
        let request = json!({"service": "api", "deploymentConfiguration": {member: {}}});
        let error = serde_json::from_value::<ecs::UpdateServiceInput>(request).unwrap_err();
        assert!(error.to_string().contains(member), "{error}");
    }
}

#[test]
fn rebalancing_is_on_by_default_kept_by_updates_and_needs_room() {
    let rebalancing = |fixture: &Fixture| fixture.service().availability_zone_rebalancing.unwrap();
    let mut fixture = Fixture::new(Setup::default());
    assert_eq!(rebalancing(&fixture), ecs::AvailabilityZoneRebalancing::Enabled);
    fixture.update(json!({"availabilityZoneRebalancing": "DISABLED"}));
    fixture.update(json!({"desiredCount": 2}));
    assert_eq!(rebalancing(&fixture), ecs::AvailabilityZoneRebalancing::Disabled);

    let mut fixture = Fixture::new(Setup { minimum: 0, maximum: 100, ..Setup::default() });
    assert_eq!(rebalancing(&fixture), ecs::AvailabilityZoneRebalancing::Disabled);
    let request = json!({"cluster": "demo", "service": "api", "availabilityZoneRebalancing": "ENABLED"});
    let refused = ecs::update_service(&mut fixture.world, input(request)).unwrap_err();
    assert_eq!(refused.code, "InvalidParameterException");
}

#[test]
fn an_image_that_the_registry_expired_cannot_be_pulled() {
    let mut fixture = Fixture::new(Setup::default());
    let definition = fixture.release(ImageBehaviour::default());
    let digest = fixture.tasks()[0].containers[0].image_digest.clone().unwrap();
    let delete = json!({"repositoryName": "api", "imageIds": [{"imageDigest": digest}]});
    rollout_sim::ecr::batch_delete_image(&mut fixture.world, &input(delete)).unwrap();
    // The running release is not disturbed, and its tasks cannot be replaced.
    fixture.run(600.0);
    assert_eq!(fixture.service().running_count, 1);
    let old = fixture.service().task_definition;
    let victim = fixture.tasks()[0].task_arn.clone();
    ecs::stop_task(&mut fixture.world, input(json!({"cluster": "demo", "task": victim}))).unwrap();
    fixture.until(900.0, "a failed start", |it| {
        it.tasks_of(&old).iter().any(|task| task.stop_code == Some(StopCode::TaskFailedToStart))
    });
    fixture.update(json!({"taskDefinition": definition}));
    fixture.until(600.0, "another image", |it| it.rollout() == RolloutState::Completed);
}

// Containers (ECS:task-lifecycle-explanation, bc:ecs/HealthCheck).

/// Whether a container definition with these members can be registered.
fn registers(fixture: &mut Fixture, members: Value) -> bool {
    let mut container = json!({"name": "c", "image": "nginx"});
    container.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let request = json!({"family": "f", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "containerDefinitions": [container]});
    ecs::register_task_definition(&mut fixture.world, input(request)).is_ok()
}

#[test]
fn settings_of_containers_have_their_ranges() {
    let mut fixture = Fixture::empty(Setup::default());
    for (value, fits) in [(1, false), (2, true), (120, true), (121, false)] {
        assert_eq!(registers(&mut fixture, json!({"stopTimeout": value})), fits, "stopTimeout {value}");
    }
    for (member, low, high) in
        [("interval", 5, 300), ("timeout", 2, 60), ("retries", 1, 10), ("startPeriod", 0, 300)]
    {
        for (value, fits) in [(low - 1, low == 0), (low, true), (high, true), (high + 1, false)] {
            if value < 0 {
                continue;
            }
            let check = json!({"healthCheck": {"command": ["CMD", "x"], member: value}});
            assert_eq!(registers(&mut fixture, check), fits, "{member} {value}");
        }
    }
}

#[test]
fn a_deaf_program_is_killed_after_30_s_by_default() {
    let mut fixture = Fixture::empty(Setup::default());
    let deaf = fixture.push(ImageBehaviour { stop_secs: 1e6, ..ImageBehaviour::default() });
    let request = json!({"family": "plain", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
        "cpu": "256", "memory": "512", "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
        "containerDefinitions": [{"name": "api", "image": format!("{REPOSITORY}@{deaf}")}]});
    ecs::register_task_definition(&mut fixture.world, input(request)).unwrap();
    let request = json!({"cluster": "demo", "taskDefinition": "plain",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}});
    let task = ecs::run_task(&mut fixture.world, input(request)).unwrap().tasks.remove(0).task_arn;
    let describe = |it: &Fixture| {
        let request = json!({"cluster": "demo", "tasks": [task]});
        ecs::describe_tasks(&it.world, &input(request)).unwrap().tasks.remove(0)
    };
    fixture.run(120.0);
    ecs::stop_task(&mut fixture.world, input(json!({"cluster": "demo", "task": task}))).unwrap();
    fixture.run(29.0);
    assert_eq!(describe(&fixture).last_status, TaskStatus::Stopping);
    fixture.run(1.0);
    assert_eq!(describe(&fixture).last_status, TaskStatus::Deprovisioning);
    fixture.run(60.0);
    assert_eq!(describe(&fixture).containers[0].exit_code, Some(137));
}

// Waiters (bw:ecs/ServicesStable).

#[test]
fn services_stable_is_satisfied_by_a_rollback() {
    let mut fixture = Fixture::new(Setup::default());
    let old = fixture.service().task_definition;
    let new = fixture.deploy(crashing(2.0));
    fixture.until(3600.0, "the rollback", |it| it.latest().status == Status::RollbackSuccessful);
    fixture.run(300.0);
    let service = fixture.service();
    // What the waiter asks is true, and the new release is not there.
    assert_eq!((service.deployments.len(), service.running_count), (1, service.desired_count));
    assert_eq!(service.deployments[0].status, DeploymentStatus::Primary);
    assert_eq!(service.task_definition, old);
    assert_ne!(service.task_definition, new);
}

// Eventual consistency (bc:ecs/RunTask).

#[test]
fn a_task_that_was_just_started_may_be_missing() {
    let mut fixture = Fixture::empty(Setup::default());
    fixture.world.params.run_task_visible_secs = 3.0;
    let definition = fixture.release(ImageBehaviour::default());
    let request = json!({"cluster": "demo", "taskDefinition": definition,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}});
    let task = ecs::run_task(&mut fixture.world, input(request)).unwrap().tasks.remove(0).task_arn;
    let describe = |it: &Fixture| {
        ecs::describe_tasks(&it.world, &input(json!({"cluster": "demo", "tasks": [task]}))).unwrap()
    };
    let list =
        |it: &Fixture| ecs::list_tasks(&it.world, &input(json!({"cluster": "demo"}))).unwrap().task_arns;
    assert_eq!(describe(&fixture).failures[0].reason.as_deref(), Some("MISSING"));
    assert!(list(&fixture).is_empty());
    fixture.run(3.0);
    assert_eq!(describe(&fixture).tasks.len(), 1);
    assert_eq!(list(&fixture), std::slice::from_ref(&task));
}

#[test]
fn a_listener_names_a_certificate_that_exists() {
    let mut f = Fixture::new(Setup::default());
    let modify = |f: &mut Fixture, arn: &str| {
        let members = json!({ "ListenerArn": f.listener, "Certificates": [{ "CertificateArn": arn }] });
        let answer =
            rollout_sim::elb::modify_listener(&mut f.world, serde_json::from_value(members).unwrap());
        answer.map(drop).map_err(|error| error.to_string())
    };
    let arn = "arn:aws:acm:us-west-2:123456789012:certificate/2";
    assert_eq!(
        modify(&mut f, arn).unwrap_err(),
        format!("CertificateNotFound: Certificate '{arn}' not found")
    );
    rollout_sim::acm::make_certificate(&mut f.world, arn);
    modify(&mut f, arn).unwrap();
}
