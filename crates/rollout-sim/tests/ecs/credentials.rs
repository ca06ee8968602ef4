//! What a task needs of its roles is looked up when it starts.

use rollout_sim::ecs::{self, TaskStatus};
use rollout_sim::iam;
use rollout_sim::image::ImageBehaviour;
use serde_json::json;

use crate::fixture::{Fixture, LOG_GROUP, START, Setup, grant, input};

/// A service that is live, and reads a secret.
fn fixture() -> Fixture {
    Fixture::new(Setup { secret: true, ..Setup::default() })
}

/// The stopped reason of the next task that is started, as it is when one was stopped by hand.
fn next(fixture: &mut Fixture) -> String {
    let running = fixture.tasks().into_iter().find(|task| task.last_status == TaskStatus::Running).unwrap();
    let stop = json!({"cluster": "demo", "task": running.task_arn});
    ecs::stop_task(&mut fixture.world, input(stop)).unwrap();
    let is_new =
        |task: &ecs::Task| task.task_arn != running.task_arn && task.last_status == TaskStatus::Stopped;
    fixture.until(600.0, "the next task", |it| it.tasks().iter().any(is_new));
    let task = fixture.tasks().into_iter().find(is_new).unwrap();
    assert_eq!(task.stop_code, Some(ecs::StopCode::TaskFailedToStart));
    task.stopped_reason.unwrap()
}

#[test]
fn a_role_that_is_gone_stops_the_next_task() {
    let mut fixture = fixture();
    let policy = json!({"RoleName": "execution", "PolicyName": "start"});
    iam::delete_role_policy(&mut fixture.world, &input(policy)).unwrap();
    iam::delete_role(&mut fixture.world, &input(json!({"RoleName": "execution"}))).unwrap();
    let reason = next(&mut fixture);
    let words =
        "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/execution' that was provided for";
    assert!(reason.starts_with(words), "{reason}");
}

#[test]
fn a_role_that_does_not_trust_ecs_stops_the_next_task() {
    let mut fixture = fixture();
    let trust = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]});
    let change = json!({"RoleName": "execution", "PolicyDocument": trust.to_string()});
    iam::update_assume_role_policy(&mut fixture.world, input(change)).unwrap();
    assert!(next(&mut fixture).starts_with("ECS was unable to assume the role "));
}

#[test]
fn a_task_role_that_is_not_there_stops_a_task() {
    let mut fixture = fixture();
    let definition = fixture.release(ImageBehaviour::default());
    let request = json!({"cluster": "demo", "taskDefinition": definition,
        "overrides": {"taskRoleArn": "arn:aws:iam::123456789012:role/nobody"},
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}}});
    let arn = ecs::run_task(&mut fixture.world, input(request)).unwrap().tasks.remove(0).task_arn;
    fixture.run(600.0);
    let request = input(json!({"cluster": "demo", "tasks": [arn]}));
    let task = ecs::describe_tasks(&fixture.world, &request).unwrap().tasks.remove(0);
    let reason = task.stopped_reason.unwrap();
    assert!(
        reason.starts_with("ECS was unable to assume the role 'arn:aws:iam::123456789012:role/nobody'"),
        "{reason}"
    );
}

#[test]
fn every_right_that_is_missing_stops_the_next_task_in_words_of_its_own() {
    let retrieval = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource \
                     retrieval failed: unable to retrieve ";
    let log = format!("log-group:{LOG_GROUP}:log-stream:api/api/");
    let words = [
        (
            "ecr:GetAuthorizationToken",
            format!("{retrieval}ecr registry auth"),
            "ecr:GetAuthorizationToken on resource: *",
        ),
        ("ecr:BatchGetImage", "CannotPullContainerError: ".to_owned(), "403 Forbidden"),
        ("ecr:GetDownloadUrlForLayer", "CannotPullContainerError: ".to_owned(), "403 Forbidden"),
        (
            "secretsmanager:GetSecretValue",
            format!("{retrieval}secret from asm"),
            "AccessDeniedException: User: ",
        ),
        (
            "logs:CreateLogStream",
            "ResourceInitializationError: failed to validate logger args".to_owned(),
            log.as_str(),
        ),
    ];
    assert_eq!(words.each_ref().map(|(right, ..)| *right), START);
    for (right, start, part) in words {
        let mut fixture = fixture();
        let rest: Vec<&str> = START.into_iter().filter(|one| *one != right).collect();
        grant(&mut fixture.world, &rest);
        let reason = next(&mut fixture);
        assert!(reason.starts_with(&start) && reason.contains(part), "{right}: {reason}");
    }
}
