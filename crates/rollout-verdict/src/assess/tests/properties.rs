//! What holds for every sequence of observations.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

const REASONS: [(&str, &str); 6] = [
    ("TaskFailedToStart", "CannotPullContainerError: not found"),
    ("TaskFailedToStart", "ResourceInitializationError: i/o timeout"),
    ("ServiceSchedulerInitiated", "Task failed ELB health checks in (target-group arn:x)"),
    ("ServiceSchedulerInitiated", "Task failed container health checks"),
    ("ServiceSchedulerInitiated", "Scaling activity initiated by (deployment ecs-svc/2)"),
    ("UserInitiated", "by hand"),
];

/// Anything one poll may see in one second: plausible or not.
fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    let alive = (1..6u32, select(vec!["HEALTHY", "UNHEALTHY", "UNKNOWN"])).prop_map(|(n, health)| TaskView {
        health_status: Some(health.to_owned()),
        ..task(n, if n < 3 { OLD } else { NEW })
    });
    // What a task died of is a function of the task: AWS does not change its mind.
    let stopped = (10..40u32).prop_map(|n| {
        let (code, reason) = REASONS[n as usize % REASONS.len()];
        dead(n, code, reason)
    });
    let crash = (1000..1004u32).prop_map(|n| crashed(n, (n % 2) as i32, &["boom"]));
    let tasks = prop::collection::vec(prop_oneof![alive, stopped, crash], 0..4);
    let targets = prop::collection::vec(
        (1..6u32, select(vec!["initial", "healthy", "unhealthy", "draining"]), select(vec!["404", "503"]))
            .prop_map(|(n, state, code)| target(n, state, code)),
        0..3,
    );
    let deployments = select(vec![
        vec![deployment("ecs-svc/1", "PRIMARY", OLD, "COMPLETED")],
        rolling(),
        vec![deployment("ecs-svc/2", "PRIMARY", NEW, "COMPLETED")],
        vec![deployment("ecs-svc/2", "PRIMARY", NEW, "FAILED")],
    ]);
    let events = select(vec![
        vec![],
        vec![stack_status(1, "UPDATE_IN_PROGRESS", "")],
        vec![stack_event(10, "ApiTaskDefinition", "AWS::ECS::TaskDefinition", "UPDATE_COMPLETE", "")],
        vec![stack_event(40, "Cache", "AWS::RDS::DBInstance", "UPDATE_FAILED", "no")],
        vec![stack_status(41, "UPDATE_ROLLBACK_IN_PROGRESS", "")],
        vec![stack_status(300, "UPDATE_COMPLETE", "")],
        vec![stack_status(320, "UPDATE_ROLLBACK_COMPLETE", "")],
    ]);
    (tasks, targets, deployments, events).prop_map(|(tasks, targets, deployments, stack_events)| Snapshot {
        stack_events,
        services: vec![ServiceView { deployments, ..service(tasks, targets) }],
        ..Snapshot::default()
    })
}

/// A history: snapshots a few seconds apart.
fn history() -> impl Strategy<Value = Vec<Snapshot>> {
    prop::collection::vec((any_snapshot(), 5..60u32), 1..25).prop_map(|snapshots| {
        let mut secs = 20;
        snapshots
            .into_iter()
            .map(|(snapshot, pause)| {
                secs += pause;
                Snapshot { at: at(secs), ..snapshot }
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_certain_failure_never_becomes_a_success(history in history(), desired in 1..4u32) {
        let rollout = rollout(desired);
        let mut failed = None;
        let mut observations = Observations::default();
        for snapshot in history {
            observations.absorb(snapshot);
            let seen = assess(&rollout, &observations);
            if let Some(kind) = failed {
                prop_assert_ne!(&seen.state, &State::Succeeded, "after {:?}", kind);
                // Only the finding that a service went back depends on the stack's own end.
                let failed = matches!(seen.state, State::Failed { .. });
                prop_assert!(failed || kind == CauseKind::RolledBack, "{kind:?} became {:?}", seen.state);
            }
            if let State::Failed { cause, .. } = seen.state {
                failed = Some(cause.kind);
            }
        }
    }

    #[test]
    fn the_order_of_observations_does_not_matter(
        history in history(),
        swaps in prop::collection::vec((any::<Index>(), any::<Index>()), 0..30),
    ) {
        let mut shuffled = history.clone();
        for (one, other) in swaps {
            let (one, other) = (one.index(history.len()), other.index(history.len()));
            shuffled.swap(one, other);
        }
        shuffled.extend(history.first().cloned());
        prop_assert_eq!(judge(&rollout(2), history), judge(&rollout(2), shuffled));
    }

    #[test]
    fn a_record_replays_to_the_same_assessments(history in history()) {
        let record = Record { rollout: rollout(2), snapshots: history };
        let read: Record = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
        prop_assert_eq!(&read, &record);
        let prefix = record.snapshots.len().div_ceil(2);
        let all: Vec<_> = replay(&record).collect();
        prop_assert_eq!(all.get(prefix - 1), Some(&judge(&record.rollout, read.snapshots[..prefix].to_vec())));
    }

    #[test]
    fn success_is_never_claimed_without_the_new_revision_in_service(history in history()) {
        let seen = judge(&rollout(1), history);
        if seen.state == State::Succeeded {
            prop_assert!(seen.services.iter().all(|service| service.done));
            prop_assert_eq!(seen.stack, Some(StackOutcome::Complete));
        }
    }
}
