//! Service deployments and revisions (ECS:service-deployment, ECS:stop-service-deployment).

use rollout_sim::ecs::{self, RolloutState, ServiceDeploymentStatus as Status};
use rollout_sim::image::ImageBehaviour;
use serde_json::json;

use crate::fixture::{Fixture, Setup, crashing, without_health};

fn stop(fixture: &mut Fixture, arn: &str) -> Result<ecs::StopServiceDeploymentOutput, rollout_sim::ApiError> {
    let request = json!({"serviceDeploymentArn": arn, "stopType": "ROLLBACK"});
    ecs::stop_service_deployment(&mut fixture.world, serde_json::from_value(request).unwrap())
}

#[test]
fn a_deployment_goes_from_pending_to_successful() {
    let mut fixture = Fixture::new(Setup::default());
    fixture.deploy(ImageBehaviour::default());
    let mut seen = vec![fixture.latest().status];
    while seen.last() != Some(&Status::Successful) {
        fixture.run(1.0);
        if seen.last() != Some(&fixture.latest().status) {
            seen.push(fixture.latest().status);
        }
    }
    assert_eq!(seen, [Status::Pending, Status::InProgress, Status::Successful]);
    assert_eq!(fixture.service().current_service_deployment, None);
}

#[test]
fn a_newer_deployment_supersedes_the_one_under_way() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    let middle = fixture.deploy(ImageBehaviour { listen_after_secs: 3600.0, ..ImageBehaviour::default() });
    fixture.run(20.0);
    let newest = fixture.deploy(ImageBehaviour::default());
    let states =
        |fixture: &Fixture| fixture.service_deployments().iter().map(|one| one.status).collect::<Vec<_>>();
    assert_eq!(states(&fixture)[..2], [Status::Pending, Status::StopRequested]);
    fixture.run(10.0);
    assert_eq!(states(&fixture)[..2], [Status::InProgress, Status::Stopped]);
    fixture.until(900.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert!(fixture.tasks_of(&middle).iter().all(|task| task.stopping_at.is_some()));
    assert_eq!(fixture.service().task_definition, newest);
    assert!(
        fixture.events().iter().any(|event| event.starts_with("stopped 2 pending tasks.")),
        "{:#?}",
        fixture.events()
    );
}

#[test]
fn a_failure_after_a_superseded_deployment_goes_back_to_the_completed_one() {
    let mut fixture = Fixture::new(Setup::default());
    let old = fixture.service().task_definition;
    fixture.deploy(crashing(2.0));
    fixture.run(60.0);
    fixture.deploy(crashing(2.0));
    fixture.until(3600.0, "the rollback", |it| it.latest().status == Status::RollbackSuccessful);
    assert_eq!(fixture.service().task_definition, old);
}

#[test]
fn a_stop_rolls_back_also_where_no_rollback_is_configured() {
    let mut fixture =
        Fixture::new(Setup { breaker: json!({"enable": false, "rollback": false}), ..Setup::default() });
    let old = fixture.service().task_definition;
    fixture.deploy(without_health());
    fixture.run(60.0);
    let arn = fixture.latest().service_deployment_arn;
    assert_eq!(fixture.service().current_service_deployment.as_ref(), Some(&arn));
    stop(&mut fixture, &arn).unwrap();
    assert_eq!(fixture.latest().status, Status::RollbackRequested);
    fixture.run(10.0);
    assert_eq!(fixture.latest().status, Status::RollbackInProgress);
    assert_eq!(stop(&mut fixture, &arn).unwrap_err().code, "ConflictException");
    fixture.until(600.0, "the rollback", |it| it.latest().status == Status::RollbackSuccessful);
    assert_eq!(fixture.service().task_definition, old);
    assert_eq!(stop(&mut fixture, &arn).unwrap_err().code, "ConflictException");
}

#[test]
fn only_rollback_is_a_valid_stop_type() {
    let mut fixture = Fixture::new(Setup::default());
    fixture.deploy(ImageBehaviour::default());
    let arn = fixture.latest().service_deployment_arn;
    let request = json!({"serviceDeploymentArn": arn, "stopType": "ABORT"});
    let error = ecs::stop_service_deployment(&mut fixture.world, serde_json::from_value(request).unwrap())
        .unwrap_err();
    assert_eq!(error.code, "InvalidParameterException");
    assert_eq!(
        stop(&mut fixture, "arn:aws:ecs:us-west-2:123456789012:service-deployment/demo/api/x")
            .unwrap_err()
            .code,
        "ServiceDeploymentNotFoundException"
    );
}

#[test]
fn a_revision_names_the_digests() {
    let mut fixture = Fixture::new(Setup::default());
    let digest = fixture.push(ImageBehaviour::default());
    let definition = fixture.register(&format!("{}:v2", crate::fixture::REPOSITORY));
    fixture.update(json!({"taskDefinition": definition}));
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    let arn = fixture.latest().target_service_revision.arn;
    let request = serde_json::from_value(json!({"serviceRevisionArns": [arn]})).unwrap();
    let revision =
        ecs::describe_service_revisions(&fixture.world, &request).unwrap().service_revisions.remove(0);
    assert_eq!(revision.task_definition, definition);
    assert_eq!(revision.container_images[0].image_digest, Some(digest));
}

#[test]
fn the_history_is_paged_newest_first_and_filtered() {
    let mut fixture = Fixture::new(Setup::default());
    for _ in 0..24 {
        fixture.update(json!({"forceNewDeployment": true}));
        fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    }
    let list = |members: serde_json::Value| {
        let mut request = json!({"cluster": "demo", "service": "api"});
        request.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        ecs::list_service_deployments(&fixture.world, &serde_json::from_value(request).unwrap()).unwrap()
    };
    let first = list(json!({}));
    assert_eq!(first.service_deployments.len(), 20);
    let second = list(json!({"nextToken": first.next_token}));
    assert_eq!((second.service_deployments.len(), second.next_token), (5, None));
    assert!(first.service_deployments[0].created_at > second.service_deployments[0].created_at);
    assert!(list(json!({"status": ["IN_PROGRESS"]})).service_deployments.is_empty());
    assert_eq!(list(json!({"status": ["SUCCESSFUL"], "maxResults": 100})).service_deployments.len(), 25);
}

#[test]
fn a_page_has_at_most_100_service_deployments() {
    let mut fixture = Fixture::new(Setup::default());
    for _ in 0..104 {
        fixture.update(json!({"forceNewDeployment": true}));
        fixture.run(1.0);
    }
    let list = |size: u32| {
        let request = json!({"cluster": "demo", "service": "api", "maxResults": size});
        ecs::list_service_deployments(&fixture.world, &serde_json::from_value(request).unwrap())
    };
    let page = list(100).unwrap();
    assert_eq!((page.service_deployments.len(), page.next_token.is_some()), (100, true));
    assert_eq!(list(1).unwrap().service_deployments.len(), 1);
    for size in [0, 101] {
        let refused = list(size).unwrap_err();
        assert_eq!(refused.code, "InvalidParameterException", "{size}");
        assert_eq!(refused.message, "maxResults must be between 1 and 100.", "{size}");
    }
}

#[test]
fn eventbridge_is_told_about_state_changes() {
    let mut fixture = Fixture::new(Setup::default());
    let first = fixture.primary().id;
    fixture.deploy(crashing(2.0));
    let second = fixture.primary().id;
    fixture.until(3600.0, "the rollback", |it| it.latest().status == Status::RollbackSuccessful);
    let service = fixture.service().service_arn;
    let times: Vec<String> = ecs::deployment_state_changes(&fixture.world)
        .iter()
        .map(|event| event["time"].as_str().unwrap().to_owned())
        .collect();
    assert!(times.is_sorted() && times.first() < times.last(), "{times:?}");
    let told: Vec<[String; 4]> = ecs::deployment_state_changes(&fixture.world)
        .iter()
        .map(|event| {
            assert_eq!(event["detail-type"], "ECS Deployment State Change");
            assert_eq!((&event["source"], &event["account"]), (&json!("aws.ecs"), &json!("123456789012")));
            assert_eq!((&event["version"], &event["region"]), (&json!("0"), &json!("us-west-2")));
            assert_eq!(event["resources"], json!([service]));
            assert_eq!(event["time"], event["detail"]["updatedAt"]);
            let member = |name: &str| event["detail"][name].as_str().unwrap().to_owned();
            [member("eventType"), member("eventName"), member("deploymentId"), member("reason")]
        })
        .collect();
    let event = |kind: &str, name: &str, id: &str, reason: String| {
        [kind.to_owned(), format!("SERVICE_DEPLOYMENT_{name}"), id.to_owned(), reason]
    };
    let begun = |id: &str| event("INFO", "IN_PROGRESS", id, format!("ECS deployment {id} in progress."));
    let back = format!("ECS deployment circuit breaker: rolling back to deploymentId {first}.");
    let failed = "ECS deployment circuit breaker: tasks failed to start.".to_owned();
    let completed = || event("INFO", "COMPLETED", &first, format!("ECS deployment {first} completed."));
    assert_eq!(
        told,
        [
            begun(&first),
            completed(),
            begun(&second),
            event("ERROR", "FAILED", &second, failed),
            event("INFO", "IN_PROGRESS", &first, back),
            completed(),
        ]
    );
}

#[test]
fn the_latest_1000_state_changes_are_kept() {
    let mut fixture = Fixture::new(Setup::default());
    for _ in 0..1001 {
        fixture.update(json!({"forceNewDeployment": true}));
    }
    let told = ecs::deployment_state_changes(&fixture.world);
    assert_eq!(told.len(), 1000);
    assert_eq!(told[999]["detail"]["deploymentId"], json!(fixture.primary().id));
}
