//! A new environment from an empty account, stopped and killed on the way.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use deploy_ops::bootstrap::{self, Bootstrap, Item, Progress, State, Step};
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use ops_cli::{Exit, Verdict};

use super::scene::{Scene, block_on};

fn options() -> Bootstrap {
    Bootstrap { wanted: Wanted::Head, allow_replace: Vec::new() }
}

/// The checklist now.
fn checklist(scene: &Scene) -> Vec<Item> {
    block_on(async {
        let session = scene.session("production", &[]).await;
        let list = bootstrap::inspect(&session, &options()).await.unwrap();
        session.session.target.close().await.unwrap();
        list
    })
}

fn all_done(list: &[Item]) -> bool {
    list.iter().all(|item| matches!(item.state, State::Done(_)))
}

/// How many seed tasks have ever started: each leaves a log stream.
async fn seeds(session: &EnvironmentSession) -> usize {
    let logs = &session.target.aws.logs;
    let answer = logs.describe_log_streams().log_group_name("/doc-platform/production/seed").send().await;
    answer.unwrap().log_streams().len()
}

fn seeded(scene: &Scene) -> usize {
    block_on(async {
        let session = scene.session("production", &[]).await;
        let count = seeds(&session).await;
        session.session.target.close().await.unwrap();
        count
    })
}

/// Runs it to its end; answers the exit code and the cause.
fn run(scene: &Scene, fault: Option<&str>) -> (Exit, Option<String>) {
    block_on(async {
        let mut session = scene.session("production", fault.as_slice()).await;
        let result = Box::pin(bootstrap::run(&mut session, &options())).await.unwrap();
        session.target.control().unwrap().remove_fault(None).unwrap();
        session.session.target.close().await.unwrap();
        (result.exit, result.cause)
    })
}

#[test]
fn stopped_after_every_step_it_goes_on_where_it_was() {
    let scene = Scene::empty();
    let mut taken = Vec::new();
    // Every step is taken by a process of its own, which knows nothing of the others.
    for _ in 0..20 {
        let progress = block_on(async {
            let mut session = scene.session("production", &[]).await;
            let progress = Box::pin(bootstrap::advance(&mut session, &options())).await.unwrap();
            session.session.target.close().await.unwrap();
            progress
        });
        match progress {
            Progress::Took(step) => taken.push(step),
            Progress::Finished => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(
        taken,
        [Step::Shared, Step::Infrastructure, Step::Secrets, Step::Images, Step::Services],
        "the shared stack brings the certificate along, and the services the administrator"
    );
    let list = checklist(&scene);
    assert!(all_done(&list), "{list:?}");
    assert_eq!(seeded(&scene), 1);
    assert_eq!(run(&scene, None), (Exit::Done, None));
    assert_eq!(seeded(&scene), 1, "a finished bootstrap does nothing");
}

/// Drops the future after it was polled this often, as a kill would. Whether it got to its end.
async fn killed_after(polls: usize, future: impl Future<Output = ()>) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    std::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        future.as_mut().poll(context).map(|()| true)
    })
    .await
}

#[test]
fn killed_anywhere_it_ends_the_same_and_seeds_once() {
    let scene = Scene::empty();
    let mut kills = 0;
    // Each kill comes later than the one before, so that together they hit every step.
    for round in 1..200 {
        let finished = block_on(async {
            let mut session = scene.session("production", &[]).await;
            killed_after(round * 13, async {
                Box::pin(bootstrap::run(&mut session, &options())).await.unwrap();
            })
            .await
        });
        if finished {
            break;
        }
        kills += 1;
    }
    assert!(kills > 5, "{kills} kills prove nothing");
    let list = checklist(&scene);
    assert!(all_done(&list), "{list:?}");
    assert_eq!(seeded(&scene), 1, "after {kills} kills");
}

#[test]
fn a_release_that_fails_leaves_an_administrator_who_is_not_made_again() {
    let scene = Scene::empty();
    let (exit, cause) = run(&scene, Some("migration-fails"));
    assert_eq!(exit, Verdict::TaskFailed.exit(), "{cause:?}");
    let (exit, cause) = run(&scene, Some("crash-on-start:api"));
    assert_eq!(exit, Verdict::RolledBack.exit(), "{cause:?}");
    assert_eq!(seeded(&scene), 1);
    let list = checklist(&scene);
    let open: Vec<Step> =
        list.iter().filter(|item| matches!(item.state, State::Open(_))).map(|item| item.step).collect();
    assert_eq!(open, [Step::Services]);
    assert_eq!(run(&scene, None), (Exit::Done, None));
    assert_eq!(seeded(&scene), 1);
}

#[test]
fn an_old_seed_task_whose_end_nobody_knows_is_left_to_a_person() {
    let scene = Scene::empty();
    assert_eq!(run(&scene, Some("crash-on-start:api")).0, Verdict::RolledBack.exit());
    block_on(async {
        let session = scene.session("production", &[]).await;
        let ecs = &session.target.aws.ecs;
        let clusters = ecs.describe_clusters().clusters("doc-platform-production").send().await.unwrap();
        let arn = clusters.clusters()[0].cluster_arn().unwrap();
        // As if the tool had been killed before it recorded it, and an hour had passed since.
        ecs.untag_resource().resource_arn(arn).tag_keys("SeededAt").send().await.unwrap();
        session.target.control().unwrap().advance_by(std::time::Duration::from_secs(7200)).unwrap();
        session.session.target.close().await.unwrap();
    });
    assert_eq!(run(&scene, None), (Exit::Done, None), "the services do not wait for it");
    let list = checklist(&scene);
    let admin = list.iter().find(|item| item.step == Step::Admin).unwrap();
    let State::Attention(text) = &admin.state else { panic!("{admin:?}") };
    assert!(text.contains("bootstrap production --admin-exists"), "{text}");
    assert_eq!(seeded(&scene), 1);
    block_on(async {
        let session = scene.session("production", &[]).await;
        bootstrap::record_admin(&session).await.unwrap();
        session.session.target.close().await.unwrap();
    });
    assert!(all_done(&checklist(&scene)));
}
