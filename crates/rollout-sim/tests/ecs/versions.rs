//! Version consistency: which image the tasks of a deployment run (ECS:deployment-type-ecs).

use rollout_sim::ecr;
use rollout_sim::ecs::{self, RolloutState};
use rollout_sim::image::ImageBehaviour;
use serde_json::json;

use crate::fixture::{Fixture, REPOSITORY, Setup};

/// Moves the tag of the newest release to another image, and answers the digest of that.
fn move_tag(fixture: &mut Fixture, tag: &str) -> String {
    let push = ecr::PushInput {
        repository: "api".to_owned(),
        tags: vec![tag.to_owned()],
        content: "another build".to_owned(),
        architecture: None,
        size_bytes: 1 << 20,
    };
    ecr::push(&mut fixture.world, &push).unwrap()
}

/// Digests of the tasks of a task definition, oldest task first.
fn digests(fixture: &Fixture, definition: &str) -> Vec<Option<String>> {
    let tasks = fixture.tasks_of(definition).into_iter();
    tasks.map(|task| task.containers[0].image_digest.clone()).collect()
}

/// Stops the oldest task of a task definition, and waits until the one that takes its place runs.
fn replace_first(fixture: &mut Fixture, definition: &str) {
    let victim = fixture.tasks_of(definition)[0].task_arn.clone();
    let stop = json!({"cluster": "demo", "task": victim});
    ecs::stop_task(&mut fixture.world, serde_json::from_value(stop).unwrap()).unwrap();
    fixture.until(300.0, "the replacement", |it| {
        let tasks = it.tasks_of(definition);
        tasks.len() == 3 && tasks.last().is_some_and(|task| task.started_at.is_some())
    });
}

#[test]
fn a_digest_needs_no_resolution_and_all_tasks_start_together() {
    let mut fixture = Fixture::new(Setup { desired: 4, ..Setup::default() });
    let new = fixture.deploy(ImageBehaviour::default());
    fixture.until(60.0, "the first task", |it| !it.tasks_of(&new).is_empty());
    assert_eq!(fixture.tasks_of(&new).len(), 4);
}

#[test]
fn a_tag_is_resolved_once_per_deployment() {
    let mut fixture = Fixture::new(Setup { desired: 2, ..Setup::default() });
    let first = fixture.push(ImageBehaviour::default());
    let definition = fixture.register(&format!("{REPOSITORY}:v2"));
    fixture.update(json!({"taskDefinition": definition}));
    fixture.until(60.0, "the first pull", |it| digests(it, &definition).contains(&Some(first.clone())));
    assert_eq!(fixture.tasks_of(&definition).len(), 1, "the first task goes alone");
    assert_ne!(move_tag(&mut fixture, "v2"), first);
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    replace_first(&mut fixture, &definition);
    assert_eq!(digests(&fixture, &definition), vec![Some(first); 3]);
}

#[test]
fn version_consistency_can_be_turned_off() {
    let consistency =
        |value: &str| Setup { desired: 2, version_consistency: json!(value), ..Setup::default() };
    let mut fixture = Fixture::new(consistency("disabled"));
    let first = fixture.push(ImageBehaviour::default());
    let definition = fixture.register(&format!("{REPOSITORY}:v2"));
    fixture.update(json!({"taskDefinition": definition}));
    fixture.until(60.0, "the first task", |it| !it.tasks_of(&definition).is_empty());
    assert_eq!(fixture.tasks_of(&definition).len(), 2, "none waits for another to resolve the tag");
    fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    let second = move_tag(&mut fixture, "v2");
    replace_first(&mut fixture, &definition);
    assert_eq!(digests(&fixture, &definition), [Some(first.clone()), Some(first), Some(second)]);
    let request = json!({"serviceRevisionArns": [fixture.latest().target_service_revision.arn]});
    let request = serde_json::from_value(request).unwrap();
    let revision =
        ecs::describe_service_revisions(&fixture.world, &request).unwrap().service_revisions.remove(0);
    assert_eq!(revision.container_images[0].image_digest, None, "no digest is pinned");

    // A tag that nobody can resolve is a pull that fails, and as many of those trip the breaker as of others.
    let mut fixture = Fixture::new(Setup { desired: 25, ..consistency("disabled") });
    let definition = fixture.register(&format!("{REPOSITORY}:none"));
    fixture.update(json!({"taskDefinition": definition}));
    fixture.until(1200.0, "the trip", |it| it.latest().rollback.is_some());
    assert!(fixture.latest().deployment_circuit_breaker.failure_count >= 13);

    // It is on by default, and it has no third value.
    for (value, fits) in [("enabled", true), ("disabled", true), ("sometimes", false)] {
        let container = json!({"name": "c", "image": "nginx", "versionConsistency": value});
        let request = json!({"family": "f", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"],
            "cpu": "256", "memory": "512", "containerDefinitions": [container]});
        let answer =
            ecs::register_task_definition(&mut fixture.world, serde_json::from_value(request).unwrap());
        assert_eq!(answer.is_ok(), fits, "{value}");
    }
}

#[test]
fn three_failed_resolutions_of_a_tag_fail_the_deployment_where_the_breaker_is_on() {
    for (enable, failed) in [(true, true), (false, false)] {
        let breaker = json!({"enable": enable, "rollback": true});
        let mut fixture = Fixture::new(Setup { desired: 25, breaker, ..Setup::default() });
        let definition = fixture.register(&format!("{REPOSITORY}:none"));
        fixture.update(json!({"taskDefinition": definition}));
        fixture.run(1200.0);
        assert_eq!(fixture.latest().rollback.is_some(), failed, "the threshold of 25 tasks is 13");
        assert_eq!(
            fixture.tasks_of(&definition).len() == 3,
            failed,
            "without the breaker it goes on unresolved"
        );
    }
}
