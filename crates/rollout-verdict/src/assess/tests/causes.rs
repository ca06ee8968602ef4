//! A case per cause, in the words of AWS.

use super::*;
use crate::Certainty::{Hopeless, Persistent, Repeated, Reported};

const PULL: &str = "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
    123456789012.dkr.ecr.us-west-2.amazonaws.com/shop/api@sha256:0f1e: ";
const INIT: &str = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource \
    retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): ";

#[test]
fn a_task_that_cannot_start_is_told_by_its_first_stopped_reason() {
    use CauseKind as K;
    let cases: &[(String, K)] = &[
        (format!("{PULL}123456789012.dkr.ecr.us-west-2.amazonaws.com/shop/api@sha256:0f1e: not found"), K::ImageMissing),
        ("CannotPullContainerError: The task can’t find the image with the tag 'v9' in the repository.".to_owned(), K::ImageMissing),
        ("CannotPullContainerError: Error response from daemon: manifest unknown: Requested image not found".to_owned(), K::ImageMissing),
        ("CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'".to_owned(), K::WrongArchitecture),
        (format!("{PULL}unexpected status from HEAD request to https://example: 403 Forbidden"), K::AccessDenied),
        (format!("{INIT}failed to fetch secret arn:aws:secretsmanager:us-west-2:123456789012:secret:staging/shop/key from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."), K::SecretMissing),
        (format!("{INIT}retrieved secret from Secrets Manager did not contain json key password"), K::SecretMissing),
        (format!("{INIT}failed to fetch secret arn:aws:secretsmanager:us-west-2:123456789012:secret:staging/shop/key: AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/shop-staging-api-execution/0f is not authorized to perform: secretsmanager:GetSecretValue"), K::AccessDenied),
        ("ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1".to_owned(), K::LogGroupMissing),
        ("ECS was unable to assume the role 'arn:aws:iam::123456789012:role/shop-staging-api-execution' that was provided for this task.".to_owned(), K::AccessDenied),
    ];
    for (reason, kind) in cases {
        let seen =
            judge(&rollout(2), [snapshot(60, service(vec![dead(1, "TaskFailedToStart", reason)], vec![]))]);
        assert_eq!(failure(&seen), Some((*kind, Hopeless)), "{reason}");
    }
}

#[test]
fn an_unreachable_registry_may_come_back_once_but_not_twice() {
    let reason = "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry \
        auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. i/o timeout";
    let tasks = |n: u32| (1..=n).map(|n| dead(n, "TaskFailedToStart", reason)).collect::<Vec<_>>();
    let seen = judge(&rollout(1), [snapshot(60, service(tasks(1), vec![]))]);
    assert_eq!(seen.state, State::Progressing);
    assert_eq!(seen.findings.first().map(|finding| finding.cause.kind), Some(CauseKind::Unreachable));
    let seen = judge(&rollout(1), [snapshot(60, service(tasks(2), vec![]))]);
    assert_eq!(failure(&seen), Some((CauseKind::Unreachable, Repeated)));
}

#[test]
fn the_reason_of_a_container_counts_like_that_of_its_task() {
    let mut task = dead(1, "TaskFailedToStart", "Task failed to start");
    let reason = Some(format!("{PULL}not found"));
    task.containers = vec![ContainerView { name: "api".to_owned(), reason, ..Default::default() }];
    let seen = judge(&rollout(1), [snapshot(60, service(vec![task], vec![]))]);
    assert_eq!(failure(&seen), Some((CauseKind::ImageMissing, Hopeless)));
}

#[test]
fn an_exec_format_error_in_the_log_is_a_wrong_architecture() {
    let task = crashed(1, 255, &["exec /usr/local/bin/docker-entrypoint.sh: exec format error"]);
    let seen = judge(&rollout(1), [snapshot(60, service(vec![task], vec![]))]);
    assert_eq!(failure(&seen), Some((CauseKind::WrongArchitecture, Hopeless)));
}

#[test]
fn the_same_crash_again_is_certain_and_another_one_is_not() {
    let lines = ["starting", "Error: DATABASE_URL is not set"];
    let seen = judge(&rollout(1), [snapshot(60, service(vec![crashed(1, 1, &lines)], vec![]))]);
    assert_eq!(seen.state, State::Progressing);
    let mixed = vec![crashed(1, 1, &lines), crashed(2, 2, &lines)];
    assert_eq!(judge(&rollout(1), [snapshot(60, service(mixed, vec![]))]).state, State::Progressing);

    let same = vec![crashed(1, 1, &lines), crashed(2, 1, &lines)];
    let seen = judge(&rollout(1), [snapshot(60, service(same, vec![]))]);
    assert_eq!(failure(&seen), Some((CauseKind::Crash, Repeated)));
    let State::Failed { cause, .. } = &seen.state else { panic!("{seen:?}") };
    assert_eq!(cause.to_string(), "api: its program exits by itself: exit code 1");
    assert!(cause.evidence.contains(&"log: Error: DATABASE_URL is not set".to_owned()), "{cause:?}");
    assert_eq!(seen.first_failure_at, Some(at(61)));
}

#[test]
fn a_killed_container_says_whether_it_was_memory() {
    let killed = |n| {
        let mut task = crashed(n, 137, &[]);
        task.containers[0].reason = Some("OutOfMemoryError: Container killed due to memory usage".to_owned());
        task
    };
    let seen = judge(&rollout(1), [snapshot(90, service(vec![killed(1), killed(2)], vec![]))]);
    assert_eq!(failure(&seen), Some((CauseKind::OutOfMemory, Repeated)));
    let seen =
        judge(&rollout(1), [snapshot(90, service(vec![crashed(1, 137, &[]), crashed(2, 137, &[])], vec![]))]);
    assert_eq!(failure(&seen), Some((CauseKind::Crash, Repeated)));
}

#[test]
fn a_wrong_answer_to_the_health_check_is_certain_at_the_second_task() {
    let first = snapshot(85, service(vec![task(1, NEW)], vec![target(1, "unhealthy", "404")]));
    let seen = judge(&rollout(1), [first.clone()]);
    assert_eq!(seen.state, State::Progressing);
    assert_eq!(seen.first_failure_at, Some(at(85)), "404 counts in the grace period");
    let stopped = dead(
        1,
        "ServiceSchedulerInitiated",
        "Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:…)",
    );
    let second = snapshot(200, service(vec![stopped, task(2, NEW)], vec![target(2, "unhealthy", "404")]));
    let seen = judge(&rollout(1), [first, second]);
    assert_eq!(failure(&seen), Some((CauseKind::TargetHealth, Repeated)));
    assert_eq!(seen.findings[0].tasks.len(), 2);
    let both = service(
        vec![task(1, NEW), task(2, NEW)],
        vec![target(1, "unhealthy", "404"), target(2, "unhealthy", "404")],
    );
    assert_eq!(failure(&judge(&rollout(2), [snapshot(85, both)])), Some((CauseKind::TargetHealth, Repeated)));
}

#[test]
fn a_server_error_in_the_grace_period_does_not_count() {
    let early = snapshot(
        90,
        service(
            vec![task(1, NEW), task(2, NEW)],
            vec![target(1, "unhealthy", "503"), target(2, "unhealthy", "503")],
        ),
    );
    let seen = judge(&rollout(2), [early]);
    assert_eq!((seen.state, seen.findings.len()), (State::Progressing, 0));
    let late = snapshot(
        113,
        service(
            vec![task(1, NEW), task(2, NEW)],
            vec![target(1, "unhealthy", "503"), target(2, "unhealthy", "503")],
        ),
    );
    assert_eq!(failure(&judge(&rollout(2), [late])), Some((CauseKind::TargetHealth, Repeated)));
}

#[test]
fn a_service_event_that_names_the_task_is_enough() {
    let event = |n: u32| ServiceEventView {
        id: n.to_string(),
        at: at(100 + n),
        message: format!(
            "(service api) (task {n:032x}) (port 3001) is unhealthy in (target-group arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/api/1) due to (reason Health checks failed with these codes: [404])."
        ),
    };
    let mut view = service(vec![task(1, NEW), task(2, NEW)], vec![]);
    view.events = vec![event(1), event(2)];
    let seen = judge(&rollout(2), [snapshot(110, view)]);
    assert_eq!(failure(&seen), Some((CauseKind::TargetHealth, Repeated)));
    let State::Failed { cause, .. } = seen.state else { panic!("failed") };
    assert_eq!(cause.detail, "Health checks failed with these codes: [404]");
}

#[test]
fn a_failing_check_at_one_task_is_certain_when_it_lasts() {
    let until = |secs: u32| {
        let snapshots = (11..=secs / 10)
            .map(|n| snapshot(n * 10, service(vec![task(1, NEW)], vec![target(1, "unhealthy", "503")])));
        judge(&rollout(1), snapshots)
    };
    assert_eq!(until(230).state, State::Progressing);
    assert_eq!(failure(&until(260)), Some((CauseKind::TargetHealth, Persistent)));
    let once = snapshot(120, service(vec![task(1, NEW)], vec![target(1, "unhealthy", "503")]));
    let later = |secs| snapshot(secs, service(vec![task(1, NEW)], vec![target(1, "initial", "")]));
    assert_eq!(judge(&rollout(1), [once.clone(), later(320)]).state, State::Progressing);
    assert_eq!(failure(&judge(&rollout(1), [once, later(330)])), Some((CauseKind::TargetHealth, Persistent)));
}

#[test]
fn container_health_checks_count_after_the_grace_period() {
    let unhealthy = |n| TaskView { health_status: Some("UNHEALTHY".to_owned()), ..task(n, NEW) };
    let early = snapshot(100, service(vec![unhealthy(1), unhealthy(2)], vec![]));
    assert_eq!(judge(&rollout(2), [early]).state, State::Progressing);
    let late = snapshot(113, service(vec![unhealthy(1), unhealthy(2)], vec![]));
    assert_eq!(failure(&judge(&rollout(2), [late])), Some((CauseKind::ContainerHealth, Repeated)));
    let stopped = |n| dead(n, "ServiceSchedulerInitiated", "Task failed container health checks");
    let seen = judge(&rollout(2), [snapshot(120, service(vec![stopped(1), stopped(2)], vec![]))]);
    assert_eq!(failure(&seen), Some((CauseKind::ContainerHealth, Repeated)));
}

#[test]
fn no_capacity_is_certain_when_it_lasts() {
    let event = |n: u32| {
        ServiceEventView {
        id: n.to_string(),
        at: at(30 * n),
        message: "(service api) was unable to place a task. Reason: Capacity is unavailable at this time. Please try \
            again later or in a different availability zone."
            .to_owned(),
    }
    };
    let with = |secs: u32, tasks: Vec<TaskView>| {
        let mut view = service(tasks, vec![]);
        view.events = vec![event(1)];
        judge(&rollout(1), [snapshot(secs, view)])
    };
    assert_eq!(with(200, vec![]).state, State::Progressing, "170 s after the only event that ECS sends");
    assert_eq!(failure(&with(240, vec![])), Some((CauseKind::NoCapacity, Persistent)));
    let came = TaskView { created_at: at(90), ..task(1, NEW) };
    assert_eq!(with(240, vec![came]).state, State::Progressing, "a task came after it");
}

#[test]
fn an_alarm_counts_unless_it_fired_before() {
    let mut view = service(vec![task(1, NEW)], vec![target(1, "healthy", "")]);
    view.alarms = vec![AlarmView {
        name: "shop-staging-api-target-5xx".to_owned(),
        state: "ALARM".to_owned(),
        reason: Some("Threshold Crossed: 3 datapoints were greater than the threshold (5.0).".to_owned()),
    }];
    let seen = judge(&rollout(1), [snapshot(120, view.clone())]);
    assert_eq!(failure(&seen), Some((CauseKind::Alarm, Reported)));
    let mut ignored = rollout(1);
    ignored.services[0].alarms_firing_before = vec!["shop-staging-api-target-5xx".to_owned()];
    assert_eq!(judge(&ignored, [snapshot(120, view)]).state, State::Progressing);
}

#[test]
fn a_tripped_breaker_is_explained_by_what_the_tasks_died_of() {
    let mut view =
        service(vec![crashed(1, 1, &[]), crashed(2, 2, &[]), crashed(3, 2, &["out of ideas"])], vec![]);
    view.service_deployments = vec![ServiceDeploymentView {
        arn: "arn:aws:ecs:us-west-2:123456789012:service-deployment/shop-staging/api/2".into(),
        status: "ROLLBACK_IN_PROGRESS".to_owned(),
        task_definition: Some(NEW.into()),
        created_at: at(20),
        breaker: Some(BreakerView { status: "TRIGGERED".to_owned(), failure_count: 3, threshold: 3 }),
        ..ServiceDeploymentView::default()
    }];
    view.tasks.remove(2);
    let seen = judge(&rollout(1), [snapshot(200, view)]);
    let State::Failed { cause, certainty } = &seen.state else { panic!("{seen:?}") };
    assert_eq!((cause.kind, *certainty), (CauseKind::Crash, Reported));
    assert!(cause.evidence.contains(&"circuit breaker: 3 of 3 failures counted".to_owned()), "{cause:?}");
    assert_eq!((seen.services[0].breaker_count, seen.services[0].breaker_threshold), (3, 3));
}

#[test]
fn tasks_stopped_on_purpose_are_no_failures() {
    let tasks = vec![
        dead(1, "ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)"),
        dead(2, "UserInitiated", "Task stopped by an operator"),
    ];
    let seen = judge(&rollout(1), [snapshot(90, service(tasks, vec![]))]);
    assert_eq!((seen.state, seen.findings.len()), (State::Progressing, 0));
}

#[test]
fn failures_of_the_old_revision_are_told_but_decide_nothing() {
    let failing = TaskView { task_definition: OLD.into(), ..crashed(1, 1, &[]) };
    let again = TaskView { task_definition: OLD.into(), ..crashed(2, 1, &[]) };
    let seen = judge(&rollout(1), [snapshot(90, service(vec![failing, again], vec![]))]);
    assert_eq!(seen.state, State::Progressing);
    assert_eq!(
        seen.findings.iter().map(|finding| (finding.count, finding.new_revision)).collect::<Vec<_>>(),
        [(2, false)]
    );
    assert_eq!(seen.first_failure_at, None);
}

#[test]
fn a_quota_has_to_last_and_settings_without_room_are_certain_at_once() {
    let told = |secs: &[u32], message: &str| {
        let snapshots: Vec<_> = secs
            .iter()
            .map(|&secs| {
                let mut view = service(vec![], vec![]);
                view.events = vec![ServiceEventView {
                    id: format!("e{secs}"),
                    at: at(secs),
                    message: message.to_owned(),
                }];
                snapshot(secs, view)
            })
            .collect();
        failure(&judge(&rollout(1), snapshots))
    };
    let quota = "(service api) was unable to place a task. Reason: You've reached the limit on the number of vCPUs you can run concurrently.";
    assert_eq!(told(&[60], quota), None);
    assert_eq!(told(&[60, 400], quota), Some((CauseKind::QuotaReached, Persistent)));
    let unknown = "(service api) was unable to place a task. Reason: something new.";
    assert_eq!(told(&[60, 70], unknown), None);
    assert_eq!(told(&[60, 400], unknown), Some((CauseKind::StartFailed, Persistent)));
    let settings = "(service api) was unable to stop or start tasks during a deployment because of the service deployment \
                    configuration. Update the minimumHealthyPercent or maximumPercent value and try again.";
    assert_eq!(told(&[60], settings), Some((CauseKind::DeploymentSettings, Hopeless)));
}

#[test]
fn a_service_that_was_there_and_is_gone_is_called_at_the_second_look() {
    let without = |secs: u32| Snapshot { at: at(secs), absent: vec!["api".into()], ..Snapshot::default() };
    let there = || snapshot(60, service(vec![], vec![]));
    assert_eq!(judge(&rollout(1), [there(), without(65)]).state, State::Progressing, "one answer may lag");
    let seen = judge(&rollout(1), [there(), without(65), without(70)]);
    assert_eq!(failure(&seen), Some((CauseKind::ServiceGone, Reported)));
    // One that is only being created is absent until it is there.
    let mut new = rollout(1);
    new.services[0].old_task_definition = None;
    let created = judge(&new, [without(10), without(20), there()]);
    assert_eq!(created.state, State::Progressing);
    let gone = judge(&new, [without(10), there(), without(65), without(70)]);
    assert_eq!(failure(&gone), Some((CauseKind::ServiceGone, Reported)));
}
