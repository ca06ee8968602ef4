//! How rollouts end.

use super::*;

fn done() -> ServiceView {
    let mut view = service(vec![task(1, NEW)], vec![target(1, "healthy", "")]);
    let primary = deployment("ecs-svc/2", "PRIMARY", NEW, "COMPLETED");
    view.deployments = vec![DeploymentView { running_count: 1, ..primary }];
    view
}

fn created() -> StackEventView {
    stack_event(10, "ApiTaskDefinition", "AWS::ECS::TaskDefinition", "UPDATE_COMPLETE", "")
}

#[test]
fn success_needs_the_stack_and_every_service() {
    let running = stack(130, vec![stack_status(1, "UPDATE_IN_PROGRESS", "User Initiated"), created()]);
    let complete = stack(150, vec![stack_status(140, "UPDATE_COMPLETE", "")]);
    let seen = judge(&rollout(1), [running.clone(), snapshot(130, done())]);
    assert_eq!((seen.state, seen.finished), (State::Progressing, false));
    assert!(seen.services[0].done);
    let seen =
        judge(&rollout(1), [running.clone(), complete.clone(), snapshot(130, service(vec![], vec![]))]);
    assert_eq!(seen.state, State::Progressing, "the service is not seen to be done yet");
    let seen = judge(&rollout(1), [running, complete, snapshot(150, done())]);
    assert_eq!((seen.state, seen.finished), (State::Succeeded, true));
    assert_eq!(seen.stack, Some(StackOutcome::Complete));
}

#[test]
fn an_update_without_services_succeeds_with_its_stack() {
    let rollout = Rollout { started_at: at(0), ..Rollout::default() };
    let seen =
        judge(&rollout, [stack(20, vec![stack_status(15, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")])]);
    assert_eq!(seen.state, State::Progressing);
    let seen = judge(&rollout, [stack(20, vec![stack_status(15, "UPDATE_COMPLETE", "")])]);
    assert_eq!((seen.state, seen.finished), (State::Succeeded, true));
}

#[test]
fn a_nested_stack_is_a_resource_of_its_stack() {
    let rollout = Rollout { started_at: at(0), ..Rollout::default() };
    let nested = |status, reason| {
        let event = stack_event(15, "Inner", "AWS::CloudFormation::Stack", status, reason);
        let arn = "arn:aws:cloudformation:us-west-2:123456789012:stack/Shop-staging-Inner-7Q2A/3c4d";
        stack(20, vec![StackEventView { physical_id: Some(arn.to_owned()), ..event }])
    };
    let seen = judge(&rollout, [nested("UPDATE_COMPLETE", "")]);
    assert_eq!((seen.state, seen.stack), (State::Progressing, None));
    let failed = nested("UPDATE_FAILED", "Embedded stack was not successfully updated");
    let back = vec![stack_status(16, "UPDATE_ROLLBACK_IN_PROGRESS", "The following failed: [Inner]")];
    let seen = judge(&rollout, [failed, stack(30, back)]);
    assert_eq!(failure(&seen), Some((CauseKind::StackResource, Certainty::Reported)));
}

#[test]
fn a_green_stack_over_an_old_revision_is_a_failure() {
    let mut back = service(vec![], vec![]);
    back.deployments = vec![deployment("ecs-svc/1", "PRIMARY", OLD, "COMPLETED")];
    let events = vec![created(), stack_status(200, "UPDATE_COMPLETE", "")];
    let seen =
        judge(&rollout(1), [snapshot(100, service(vec![], vec![])), stack(200, events), snapshot(205, back)]);
    assert_eq!(failure(&seen), Some((CauseKind::RolledBack, Certainty::Reported)));
    assert!(seen.finished);
}

#[test]
fn a_failed_resource_is_named_and_those_only_cancelled_are_not() {
    let events = vec![
        stack_event(30, "Alarm", "AWS::CloudWatch::Alarm", "UPDATE_FAILED", "Resource update cancelled"),
        stack_event(
            30,
            "Cache",
            "AWS::ElastiCache::ReplicationGroup",
            "UPDATE_FAILED",
            "Resource handler returned message: \"no such node type\"",
        ),
        stack_status(
            31,
            "UPDATE_ROLLBACK_IN_PROGRESS",
            "The following resource(s) failed to update: [Cache].",
        ),
    ];
    let seen = judge(&rollout(1), [stack(40, events.clone())]);
    assert_eq!(failure(&seen), Some((CauseKind::StackResource, Certainty::Reported)));
    assert_eq!(seen.rollback, Rollback::InProgress { trouble: None });
    assert!(!seen.finished);
    let back = stack(60, vec![stack_status(60, "UPDATE_ROLLBACK_COMPLETE", "")]);
    let seen = judge(&rollout(1), [stack(40, events.clone()), back]);
    assert_eq!(
        (seen.rollback, seen.stack, seen.finished),
        (Rollback::Complete, Some(StackOutcome::RolledBack), true)
    );
    let stuck = vec![
        stack_event(55, "ApiService", "AWS::ECS::Service", "UPDATE_FAILED", "Resource timed out"),
        stack_status(
            60,
            "UPDATE_ROLLBACK_FAILED",
            "The following resource(s) failed to update: [ApiService].",
        ),
    ];
    let seen = judge(&rollout(1), [stack(40, events), stack(60, stuck)]);
    let Rollback::Failed { cause } = &seen.rollback else { panic!("{seen:?}") };
    assert_eq!(cause.detail, "ApiService: Resource timed out");
    assert_eq!(
        failure(&seen),
        Some((CauseKind::StackResource, Certainty::Reported)),
        "the first failure stays the cause"
    );
    assert!(seen.finished);
}

#[test]
fn a_rollback_that_nobody_here_asked_for_is_a_cancellation() {
    let events = vec![stack_status(31, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")];
    let seen = judge(&rollout(1), [stack(40, events.clone())]);
    assert_eq!(seen.state, State::Cancelled { by_caller: false });
    let mut ours = stack(40, events);
    ours.cancel_requested_at = Some(at(30));
    assert_eq!(judge(&rollout(1), [ours]).state, State::Cancelled { by_caller: true });
}

#[test]
fn a_deployment_of_another_revision_supersedes_ours() {
    let other = "arn:aws:ecs:us-west-2:123456789012:task-definition/shop-staging-api:8";
    let mut view = service(vec![], vec![]);
    view.deployments = vec![
        deployment("ecs-svc/3", "PRIMARY", other, "IN_PROGRESS"),
        deployment("ecs-svc/2", "ACTIVE", NEW, "IN_PROGRESS"),
    ];
    let seen = judge(&rollout(1), [stack(50, vec![created()]), snapshot(60, view)]);
    assert_eq!(seen.state, State::Superseded { service: "api".into(), task_definition: other.to_owned() });
    assert!(seen.finished);
}

/// Services that refer to a task definition are updated as soon as it is configured, while its event still says that it is
/// in progress.
#[test]
fn a_task_definition_is_known_once_it_is_configured() {
    let other = "arn:aws:ecs:us-west-2:123456789012:task-definition/shop-staging-api:8";
    let superseded = |configured| {
        let event =
            stack_event(10, "ApiTaskDefinition", "AWS::ECS::TaskDefinition", "UPDATE_IN_PROGRESS", "");
        let mut view = service(vec![], vec![]);
        view.deployments = vec![
            deployment("ecs-svc/3", "PRIMARY", other, "IN_PROGRESS"),
            deployment("ecs-svc/2", "ACTIVE", NEW, "IN_PROGRESS"),
        ];
        let events = vec![StackEventView { configured, ..event }];
        let seen = judge(&rollout(1), [stack(50, events), snapshot(60, view)]);
        matches!(seen.state, State::Superseded { .. })
    };
    assert_eq!((superseded(true), superseded(false)), (true, false));
}

#[test]
fn the_deadline_adds_up_and_names_what_is_missing() {
    let rollout = rollout(1);
    let deadline = rollout.deadline();
    assert_eq!(deadline.secs, deadline.terms.iter().map(|term| term.secs).sum::<u32>());
    assert!(deadline.secs < 600, "{deadline:?}");
    let view = || service(vec![task(1, NEW)], vec![target(1, "initial", "")]);
    assert_eq!(judge(&rollout, [snapshot(deadline.secs - 1, view())]).state, State::Progressing);
    let seen = judge(&rollout, [snapshot(deadline.secs, view())]);
    let State::DeadlinePassed { cause } = &seen.state else { panic!("{seen:?}") };
    assert_eq!(cause.kind, CauseKind::Deadline);
    assert_eq!(cause.detail, format!("0 of 1 new tasks healthy after {} s", deadline.secs));
    assert_eq!(cause.evidence.len(), 2);
}

#[test]
fn a_forced_ecs_deployment_ends_with_its_services() {
    let mut rollout = rollout(1);
    rollout.via = Via::Ecs;
    rollout.services[0].new_task_definition = Some(NEW.into());
    assert_eq!(judge(&rollout, [snapshot(60, service(vec![], vec![]))]).state, State::Progressing);
    let seen = judge(&rollout, [snapshot(60, done())]);
    assert_eq!((seen.state, seen.finished), (State::Succeeded, true));
    let crashes = service(vec![crashed(1, 1, &[]), crashed(2, 1, &[])], vec![]);
    let mut back = crashes.clone();
    back.deployments = vec![deployment("ecs-svc/1", "PRIMARY", OLD, "COMPLETED")];
    let seen = judge(&rollout, [snapshot(90, crashes.clone())]);
    assert_eq!((failure(&seen), seen.finished), (Some((CauseKind::Crash, Certainty::Repeated)), false));
    let seen = judge(&rollout, [snapshot(90, crashes), snapshot(150, back)]);
    assert_eq!((seen.rollback, seen.finished), (Rollback::Complete, true));
}

#[test]
fn the_number_of_failures_that_trip_the_breaker_follows_the_documentation() {
    for (desired, failures) in [(1, 3), (25, 13), (400, 200)] {
        assert_eq!(Threshold::BoundedPercent(50).failures(desired), failures);
    }
    assert_eq!(Threshold::UnboundedPercent(50).failures(1), 1);
    assert_eq!(Threshold::Count(7).failures(1), 7);
}

/// A task crashed 60 s after its start, `secs` after the rollout began; ECS calls the deployment complete all the same.
fn completed_after_a_crash(secs: u32, replacement: TaskView) -> [Snapshot; 2] {
    let mut first = crashed(1, 1, &[]);
    first.stopping_at = first.started_at.map(|at| at.plus_secs(60.0));
    let mut view = done();
    view.tasks = vec![first, replacement];
    [stack(150, vec![created(), stack_status(140, "UPDATE_COMPLETE", "")]), snapshot(secs, view)]
}

#[test]
fn a_task_that_replaces_a_dead_one_has_to_outlive_it() {
    let young = completed_after_a_crash(150, task(50, NEW));
    assert_eq!(judge(&rollout(1), young).state, State::Progressing, "50 s old; the dead one lived for 60");
    let old = completed_after_a_crash(200, task(50, NEW));
    assert_eq!(judge(&rollout(1), old).state, State::Succeeded);
    let again = completed_after_a_crash(200, crashed(50, 1, &[]));
    let seen = judge(&rollout(1), again);
    assert_eq!(failure(&seen), Some((CauseKind::Crash, Certainty::Repeated)));
    assert_eq!((seen.stack, seen.finished), (Some(StackOutcome::Complete), true));
}

#[test]
fn success_waits_for_the_alarms_that_errors_of_the_new_tasks_would_raise() {
    let mut rollout = rollout(1);
    rollout.services[0].settings.alarm_secs = 240;
    let looked = |secs: u32, state: &str| {
        let mut view = done();
        view.alarms = vec![AlarmView { name: "5xx".to_owned(), state: state.to_owned(), reason: None }];
        snapshot(secs, view)
    };
    let complete = || stack(150, vec![created(), stack_status(140, "UPDATE_COMPLETE", "")]);
    let seen = judge(&rollout, [complete(), looked(60, "OK"), looked(299, "OK")]);
    assert_eq!(seen.state, State::Progressing, "healthy since 60");
    let open = Probation { service: "api".into(), proof: Proof::QuietAlarms, until: at(300) };
    assert_eq!(seen.probation, [open]);
    let seen = judge(&rollout, [looked(60, "OK"), looked(299, "OK")]);
    assert_eq!(seen.probation, [], "the stack is not complete: there is more to come than the alarms");
    let seen = judge(&rollout, [complete(), looked(60, "OK"), looked(300, "OK")]);
    assert_eq!((seen.state, seen.probation), (State::Succeeded, vec![]));
    let seen = judge(&rollout, [complete(), looked(60, "OK"), looked(300, "ALARM")]);
    assert_eq!(failure(&seen), Some((CauseKind::Alarm, Certainty::Reported)));
    assert_eq!(seen.probation, []);
}

#[test]
fn a_complete_deployment_without_its_tasks_is_no_success() {
    let mut empty = done();
    empty.deployments = vec![deployment("ecs-svc/2", "PRIMARY", NEW, "COMPLETED")];
    let complete = stack(150, vec![created(), stack_status(140, "UPDATE_COMPLETE", "")]);
    assert_eq!(judge(&rollout(1), [complete, snapshot(160, empty)]).state, State::Progressing);
}

#[test]
fn a_service_is_whole_when_the_old_revision_serves_alone() {
    let running = |running_count| DeploymentView {
        running_count,
        ..deployment("ecs-svc/1", "ACTIVE", OLD, "COMPLETED")
    };
    let whole = |old: DeploymentView, new_pending: u32| {
        let new = deployment("ecs-svc/2", "PRIMARY", NEW, "IN_PROGRESS");
        let mut view = service(vec![], vec![]);
        view.deployments = vec![DeploymentView { pending_count: new_pending, ..new }, old];
        judge(&rollout(1), [snapshot(60, view)]).services[0].whole
    };
    assert!(whole(running(1), 0));
    assert!(!whole(running(1), 1));
    assert!(!whole(running(0), 0));
}

#[test]
fn only_a_deployment_of_ours_that_is_under_way_can_be_stopped() {
    let of = |status: &str, definition: &str| {
        let mut view = service(vec![], vec![]);
        view.service_deployments = vec![ServiceDeploymentView {
            arn: "arn:aws:ecs:us-west-2:123456789012:service-deployment/shop-staging/api/1".into(),
            status: status.to_owned(),
            task_definition: Some(definition.into()),
            created_at: at(20),
            ..ServiceDeploymentView::default()
        }];
        judge(&rollout(1), [snapshot(60, view)]).services[0].stoppable.is_some()
    };
    assert!(of("IN_PROGRESS", NEW));
    assert!(!of("SUCCESSFUL", NEW));
    assert!(!of("IN_PROGRESS", OLD));
}

#[test]
fn a_stack_that_goes_back_for_a_reason_of_its_own_was_not_cancelled() {
    let went_back = |reason| {
        let events = vec![created(), stack_status(16, "UPDATE_ROLLBACK_IN_PROGRESS", reason)];
        judge(&rollout(1), [stack(30, events)])
    };
    let reason = "Export Shop-Vpc cannot be updated as it is in use by Shop-other";
    let seen = went_back(reason);
    assert_eq!(failure(&seen), Some((CauseKind::StackFailed, Certainty::Reported)));
    let State::Failed { cause, .. } = &seen.state else { panic!("{seen:?}") };
    assert_eq!(cause.to_string(), format!("the stack went back on its own: {reason}"));
    for asked in ["User Initiated", "Rollback requested by user", ""] {
        assert_eq!(went_back(asked).state, State::Cancelled { by_caller: false }, "{asked}");
    }
}
