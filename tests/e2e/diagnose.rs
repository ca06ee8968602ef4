//! `diagnose` in every state that a stack can be in.

use deploy_ops::diagnose::{self, Diagnosis};
use deploy_ops::resolve::Wanted;
use ops_cli::{Exit, Verdict};

use super::scene::{Scene, block_on, interrupt_at, options};

fn look(scene: &Scene) -> Diagnosis {
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let (diagnosis, exit) = Box::pin(diagnose::diagnose(&session)).await.unwrap();
        assert_eq!(diagnosis.exit_code, exit.code());
        session.session.target.close().await.unwrap();
        diagnosis
    })
}

/// Everything above the evidence, with the commits named.
fn head(scene: &Scene, diagnosis: &Diagnosis) -> String {
    let text = diagnosis.to_string();
    let head = text.split("\n\n").next().unwrap().to_owned();
    named(scene, &format!("{head}\n  exit     {}", diagnosis.exit_code))
}

/// Names commits by their message: their ids differ from run to run.
fn named(scene: &Scene, text: &str) -> String {
    let mut text = text.to_owned();
    for line in scene.git(&["log", "--all", "--format=%H %s"]).lines() {
        let (commit, subject) = line.split_once(' ').unwrap();
        let name = format!("[commit {subject}]");
        text = text.replace(commit, &name).replace(&commit[..12], &name);
    }
    // Digests follow from the commits, and request tokens from them.
    masked(&masked(&text, "@sha256:", 64), "RequestToken: ", 36)
}

/// Replaces what follows a mark.
fn masked(text: &str, mark: &str, length: usize) -> String {
    let mut parts = text.split(mark);
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| format!("{text}{mark}…{}", &part[length..]))
}

/// Deploys a new commit until the progress says `needle`, then leaves it alone.
fn interrupted(scene: &Scene, faults: &[&str], needle: &'static str) {
    scene.commit("second");
    block_on(async {
        let mut session = scene.session("staging", faults).await;
        interrupt_at(&mut session, needle);
        let ended = Box::pin(deploy_ops::deploy::deploy(&session, &options(Wanted::Head))).await;
        assert_eq!(ended.unwrap_err().exit(), Exit::Interrupted);
        session.session.target.close().await.unwrap();
    });
}

fn failed(scene: &Scene, faults: &[&str]) -> Verdict {
    scene.commit("second");
    block_on(scene.deploy("staging", &options(Wanted::Head), faults)).unwrap().result.verdict
}

#[test]
fn absent() {
    let scene = Scene::empty();
    insta::assert_snapshot!(head(&scene, &look(&scene)), @r"
    staging: nothing is deployed
      next     cargo xtask deploy staging --local
      exit     3
    ");
}

#[test]
fn healthy() {
    let scene = Scene::staging();
    insta::assert_snapshot!(head(&scene, &look(&scene)), @"
    staging: nothing is wrong: [commit first] is in service
      stack    DocPlatform-staging is UPDATE_COMPLETE
      change   began 2026-01-05T09:15:30Z, took 3m58s, by ana from laptop
      release  [commit first]
      api      1/1 tasks run, deployment completed, answers as [commit first]
      frontend 1/1 tasks run, deployment completed, answers as [commit first]
      mcp      1/1 tasks run, deployment completed, answers as [commit first]
      exit     0
    ");
}

#[test]
fn under_way() {
    let scene = Scene::staging();
    interrupted(&scene, &[], "api: 0/1 new tasks healthy");
    insta::assert_snapshot!(head(&scene, &look(&scene)), @"
    staging: a deployment is under way, and nothing speaks against it
      stack    DocPlatform-staging is UPDATE_IN_PROGRESS: User Initiated
      change   began 2026-01-05T09:23:10Z, runs for 10s, by ana from laptop
      release  [commit second], before it [commit first]
      api      1/1 tasks run, deployment in progress, answers as [commit first]
      frontend 1/1 tasks run, deployment in progress, answers as [commit first]
      mcp      1/1 tasks run, deployment in progress, answers as [commit first]
      next     cargo xtask diagnose staging --local
      exit     22
    ");
}

#[test]
fn under_way_and_hopeless() {
    let scene = Scene::staging();
    // The tool sees the failure, is interrupted before it cancels, and nobody watches any more.
    interrupted(&scene, &["crash-on-start:api"], "circuit breaker 1/3");
    block_on(async {
        let session = scene.session("staging", &[]).await;
        session.target.clock.sleep(std::time::Duration::from_secs(60)).await;
        session.session.target.close().await.unwrap();
    });
    let diagnosis = look(&scene);
    insta::assert_snapshot!(head(&scene, &diagnosis), @"
    staging: the deployment under way cannot succeed: api: its program exits by itself: exit code 1
      advice   read the last log lines; the exit code is the program's own
      breaker  api counted 2 of 3 failures and did not trip
      stack    DocPlatform-staging is UPDATE_IN_PROGRESS: User Initiated
      change   began 2026-01-05T09:23:10Z, runs for 3m10s, by ana from laptop
      release  [commit second], before it [commit first]
      api      1/1 tasks run, deployment in progress, answers as [commit first]
      frontend 1/1 tasks run, deployment in progress, answers as [commit second]
      mcp      1/1 tasks run, deployment in progress, answers as [commit second]
      next     cargo xtask deploy staging --commit [commit first] --local
      exit     21
    ");
    let evidence = serde_json::to_string(&diagnosis.evidence).unwrap();
    assert!(evidence.contains("cannot read properties of undefined"), "the log of the dead task: {evidence}");
}

#[test]
fn going_back() {
    let scene = Scene::staging();
    interrupted(&scene, &["image-missing:mcp"], "stack update rollback in progress");
    insta::assert_snapshot!(head(&scene, &look(&scene)), @"
    staging: the deployment failed and is going back: mcp: its image does not exist: CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref 123456789012.dkr.ecr.us-west-2.amazonaws.com/doc-platform/mcp@sha256:…: 123456789012.dkr.ecr.us-west-2.amazonaws.com/doc-platform/mcp@sha256:…: not found
      advice   build and push the image of this release, or deploy a release whose images exist
      breaker  mcp counted 1 of 3 failures and did not trip
      stack    DocPlatform-staging is UPDATE_ROLLBACK_IN_PROGRESS: User Initiated
      change   began 2026-01-05T09:23:10Z, runs for 1m40s, by ana from laptop
      release  [commit first]
      api      1/1 tasks run, deployment in progress, answers as [commit second]
      frontend 1/1 tasks run, deployment in progress, answers as [commit second]
      mcp      1/1 tasks run, deployment in progress, answers as [commit first]
      next     cargo xtask diagnose staging --local
      exit     22
    ");
}

#[test]
fn failed_and_back() {
    let scene = Scene::staging();
    assert_eq!(failed(&scene, &["health-path:api"]), Verdict::RolledBack);
    let diagnosis = look(&scene);
    insta::assert_snapshot!(head(&scene, &diagnosis), @"
    staging: the last deployment failed, and everything is back as it was: api: the load balancer's health check fails: Health checks failed with these codes: [404]
      advice   the release must answer the health-check path and port of the configuration; try it in the image. A program that starts slowly needs a longer `grace_period_secs`
      stack    DocPlatform-staging is UPDATE_ROLLBACK_COMPLETE
      change   began 2026-01-05T09:23:10Z, took 7m05s, by ana from laptop
      release  [commit first]
      api      1/1 tasks run, deployment completed, answers as [commit first]
      frontend 1/1 tasks run, deployment completed, answers as [commit first]
      mcp      1/1 tasks run, deployment completed, answers as [commit first]
      next     cargo xtask deploy staging --local
      exit     20
    ");
    let cause = diagnosis.cause.unwrap();
    assert_eq!((cause.kind.as_str(), cause.service.as_deref()), ("target_health", Some("api")));
}

#[test]
fn stuck() {
    let scene = Scene::staging();
    assert_eq!(failed(&scene, &["rollback-fails:api"]), Verdict::NeedsHuman);
    insta::assert_snapshot!(head(&scene, &look(&scene)), @r#"
    staging: stuck: the deployment failed and could not be taken back: a resource of the stack could not be changed: ApiService: Resource handler returned message: "The resource was changed or deleted outside of CloudFormation and cannot be restored." (RequestToken: …, HandlerErrorCode: NotFound)
      advice   correct the resource that failed first; those after it were only cancelled
      stack    DocPlatform-staging is UPDATE_ROLLBACK_FAILED: The following resource(s) failed to update: [ApiService]. 
      change   began 2026-01-05T09:23:10Z, took 5s, by ana from laptop
      release  [commit first]
      api      1/1 tasks run, deployment completed, answers as [commit first]
      frontend 1/1 tasks run, deployment completed, answers as [commit first]
      mcp      1/1 tasks run, deployment completed, answers as [commit first]
      next     cargo xtask recover staging --local
      exit     21
    "#);
}

#[test]
fn creation_failed() {
    let scene = Scene::empty();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        Box::pin(deploy_ops::infrastructure::change_shared(&session, true, &[])).await.unwrap();
        session.session.target.close().await.unwrap();
    });
    let ended = block_on(scene.deploy("staging", &options(Wanted::Head), &["stack-fails"])).unwrap();
    assert_eq!(ended.result.verdict, Verdict::NeedsHuman);
    let diagnosis = look(&scene);
    insta::assert_snapshot!(head(&scene, &diagnosis), @r#"
    staging: its creation stopped half-way, and what was made is kept: a resource of the stack could not be changed: SeedTaskDefinition (AWS::ECS::TaskDefinition): Resource handler returned message: "Internal error reported from downstream service during operation 'AWS::ECS::TaskDefinition'." (RequestToken: …, HandlerErrorCode: InternalFailure)
      advice   correct the resource that failed first; those after it were only cancelled
      stack    DocPlatform-staging is CREATE_FAILED: The following resource(s) failed to create: [DatabaseCpuAlarm, DatabaseStorageAlarm, MigrateTaskDefinition, SeedTaskDefinition]. 
      change   began 2026-01-05T09:03:50Z, took 9m30s, by ana from laptop
      release  [commit first]
      api      does not exist
      frontend does not exist
      mcp      does not exist
      next     cargo xtask deploy staging --commit [commit first] --local
      exit     21
    "#);
}

#[test]
fn deployed_and_the_old_release_answers() {
    let scene = Scene::staging();
    assert_eq!(failed(&scene, &["old-code:api"]), Verdict::Unhealthy);
    insta::assert_snapshot!(head(&scene, &look(&scene)), @"
    staging: api does not answer as it should: /api/health: release [commit first] answers, not [commit second]
      stack    DocPlatform-staging is UPDATE_COMPLETE
      change   began 2026-01-05T09:23:10Z, took 5m25s, by ana from laptop
      release  [commit second], before it [commit first]
      api      1/1 tasks run, deployment completed, release [commit first] answers, not [commit second]
      frontend 1/1 tasks run, deployment completed, answers as [commit second]
      mcp      1/1 tasks run, deployment completed, answers as [commit second]
      next     cargo xtask deploy staging --commit [commit first] --local
      exit     24
    ");
}
