#![allow(clippy::unwrap_used, clippy::panic)]
//! One rollout of one service, told in snapshots.

mod causes;
mod endings;
mod properties;

use super::{Assessment, Certainty, State, assess};
use crate::*;

pub(super) const OLD: &str = "arn:aws:ecs:us-west-2:123456789012:task-definition/shop-staging-api:6";
pub(super) const NEW: &str = "arn:aws:ecs:us-west-2:123456789012:task-definition/shop-staging-api:7";

/// `secs` after the start.
pub(super) fn at(secs: u32) -> Moment {
    Moment::from_millis(1_767_603_600_000).plus_secs(f64::from(secs))
}

pub(super) fn rollout(desired_count: u32) -> Rollout {
    let settings = ServiceSettings {
        desired_count,
        target_check: Some(TargetCheck { interval_secs: 10, timeout_secs: 5, unhealthy_threshold: 3 }),
        container_check: Some(ContainerCheck {
            interval_secs: 10,
            timeout_secs: 5,
            retries: 3,
            start_period_secs: 30,
        }),
        grace_secs: 60,
        deregistration_delay_secs: 30,
        breaker: Some(Breaker::default()),
        ..ServiceSettings::default()
    };
    Rollout {
        started_at: at(0),
        services: vec![ExpectedService {
            name: "api".into(),
            rolls: true,
            old_task_definition: Some(OLD.into()),
            task_definition_logical_id: Some("ApiTaskDefinition".to_owned()),
            service_logical_id: Some("ApiService".to_owned()),
            known_deployments: vec!["ecs-svc/1".into()],
            settings,
            ..ExpectedService::default()
        }],
        ..Rollout::default()
    }
}

pub(super) fn deployment(id: &str, status: &str, definition: &str, state: &str) -> DeploymentView {
    DeploymentView {
        id: id.into(),
        status: status.to_owned(),
        task_definition: definition.into(),
        rollout_state: Some(state.to_owned()),
        created_at: if id == "ecs-svc/1" { Moment::from_millis(1) } else { at(20) },
        desired_count: 1,
        ..DeploymentView::default()
    }
}

/// Ours rolls out, the old one still runs.
pub(super) fn rolling() -> Vec<DeploymentView> {
    vec![
        deployment("ecs-svc/2", "PRIMARY", NEW, "IN_PROGRESS"),
        deployment("ecs-svc/1", "ACTIVE", OLD, "COMPLETED"),
    ]
}

pub(super) fn task(n: u32, definition: &str) -> TaskView {
    TaskView {
        arn: format!("arn:aws:ecs:us-west-2:123456789012:task/shop-staging/{n:032x}").as_str().into(),
        task_definition: definition.into(),
        last_status: "RUNNING".to_owned(),
        created_at: at(20 + n),
        started_at: Some(at(50 + n)),
        address: Some(format!("10.0.0.{n}")),
        ..TaskView::default()
    }
}

pub(super) fn dead(n: u32, stop_code: &str, reason: &str) -> TaskView {
    TaskView {
        last_status: "STOPPED".to_owned(),
        stop_code: Some(stop_code.to_owned()),
        stopped_reason: Some(reason.to_owned()),
        stopped_at: Some(at(60 + n)),
        ..task(n, NEW)
    }
}

pub(super) fn crashed(n: u32, code: i32, log: &[&str]) -> TaskView {
    TaskView {
        containers: vec![ContainerView {
            name: "api".to_owned(),
            exit_code: Some(code),
            ..Default::default()
        }],
        log_tail: log.iter().map(|&line| line.to_owned()).collect(),
        ..dead(n, "EssentialContainerExited", "Essential container in task exited")
    }
}

pub(super) fn target(n: u32, state: &str, code: &str) -> TargetView {
    let failing = state == "unhealthy";
    TargetView {
        target_group: "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/api/1".to_owned(),
        id: format!("10.0.0.{n}"),
        port: 3001,
        state: state.to_owned(),
        reason: failing.then(|| "Target.ResponseCodeMismatch".to_owned()),
        description: failing.then(|| format!("Health checks failed with these codes: [{code}]")),
    }
}

pub(super) fn service(tasks: Vec<TaskView>, targets: Vec<TargetView>) -> ServiceView {
    ServiceView { name: "api".into(), deployments: rolling(), tasks, targets, ..ServiceView::default() }
}

pub(super) fn snapshot(secs: u32, service: ServiceView) -> Snapshot {
    Snapshot { at: at(secs), services: vec![service], ..Snapshot::default() }
}

pub(super) fn stack_event(
    secs: u32,
    logical_id: &str,
    kind: &str,
    status: &str,
    reason: &str,
) -> StackEventView {
    StackEventView {
        id: format!("{secs}-{logical_id}-{status}").as_str().into(),
        at: at(secs),
        logical_id: logical_id.to_owned(),
        physical_id: match kind {
            "AWS::ECS::TaskDefinition" => Some(NEW.to_owned()),
            "AWS::CloudFormation::Stack" => {
                Some("arn:aws:cloudformation:us-west-2:123456789012:stack/Shop-staging/1a2b".to_owned())
            }
            _ => None,
        },
        resource_type: kind.to_owned(),
        status: status.to_owned(),
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
        configured: false,
    }
}

pub(super) fn stack_status(secs: u32, status: &str, reason: &str) -> StackEventView {
    stack_event(secs, "Shop-staging", "AWS::CloudFormation::Stack", status, reason)
}

pub(super) fn stack(secs: u32, events: Vec<StackEventView>) -> Snapshot {
    Snapshot { at: at(secs), stack_events: events, ..Snapshot::default() }
}

pub(super) fn judge(rollout: &Rollout, snapshots: impl IntoIterator<Item = Snapshot>) -> Assessment {
    let mut observations = Observations::default();
    for snapshot in snapshots {
        observations.absorb(snapshot);
    }
    assess(rollout, &observations)
}

/// Kind and certainty of a failed state.
pub(super) fn failure(assessment: &Assessment) -> Option<(CauseKind, Certainty)> {
    match &assessment.state {
        State::Failed { cause, certainty } => Some((cause.kind, *certainty)),
        _ => None,
    }
}
