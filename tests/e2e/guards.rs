//! What is refused before anything is touched, what may be overridden, and what the plan says.

use std::path::Path;

use deploy_ops::deploy::{self, Options, Outcome};
use deploy_ops::failure::Failure;
use deploy_ops::infrastructure;
use deploy_ops::prepare;
use deploy_ops::report::{Report, Style};
use deploy_ops::resolve::Wanted;
use deploy_ops::session::{EnvironmentSession, Session};
use deploy_ops::target::{Target, TargetError};
use env_config::Config;
use local_aws::LocalAws;
use ops_cli::{Exit, Verdict};
use serde_json::json;

use super::look::{Look, look};
use super::scene::{Scene, block_on, close, options};

/// Deploys with what was there before and after.
async fn deploy_and_look(
    session: EnvironmentSession,
    options: &Options,
) -> (Result<Outcome, Failure>, Look, Look) {
    let before = look(&session).await;
    let outcome = Box::pin(deploy::deploy(&session, options)).await;
    let after = look(&session).await;
    session.session.target.close().await.unwrap();
    (outcome, before, after)
}

/// Refused with exit code 4, and nothing is different.
fn is_refused(scene: &Scene, options: &Options) -> (String, String) {
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let (outcome, before, after) = deploy_and_look(session, options).await;
        let failure = outcome.unwrap_err();
        assert_eq!(failure.exit(), Exit::Refused, "{failure}");
        assert_eq!(after, before);
        (failure.to_string(), failure.hint().unwrap())
    })
}

fn overriding(guard: &str) -> Options {
    Options { overrides: vec![guard.parse().unwrap()], ..options(Wanted::Head) }
}

/// An image of mcp for the current commit, whose program knows `/mcp/live` and not `/mcp/health`.
async fn push_stale_image(scene: &Scene, content: &str) {
    let commit = scene.git(&["rev-parse", "HEAD"]).trim().to_owned();
    let session = scene.session("staging", &[]).await;
    infrastructure::change_shared(&session, true, &[]).await.unwrap();
    let image = json!({
        "repository": "doc-platform/mcp",
        "tags": [commit],
        "content": content,
        "behaviour": {"paths": {"/mcp/live": 200, "/mcp": 200}},
    });
    session.target.control().unwrap().push_image(serde_json::from_value(image).unwrap()).unwrap();
    session.session.target.close().await.unwrap();
}

/// The incident of 2026-02-19: the health check of mcp moves to `/mcp/health`, which neither the release in service nor the
/// stale image that is deployed with it answers.
fn incident() -> Scene {
    let scene = Scene::empty();
    scene.edit("platform.toml", "path = \"/mcp/health\"", "path = \"/mcp/live\"");
    scene.commit("in service");
    block_on(async {
        push_stale_image(&scene, "stale").await;
        let result = scene.deploy("staging", &options(Wanted::Head), &[]).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        scene.edit("platform.toml", "path = \"/mcp/live\"", "path = \"/mcp/health\"");
        scene.commit("incident");
        push_stale_image(&scene, "stale").await;
    });
    scene
}

#[test]
fn incident_2026_02_19_is_refused() {
    let (reason, hint) = is_refused(&incident(), &options(Wanted::Head));
    assert!(
        reason.starts_with(
            "the health check of mcp would move from /mcp/live to /mcp/health, but the release in service does not \
             answer it: the program answers 404"
        ),
        "{reason}"
    );
    assert!(hint.contains("in two steps") && hint.contains("--override health-path:mcp"), "{hint}");
}

#[test]
fn incident_2026_02_19_when_forced_ends_within_minutes() {
    let scene = incident();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let (outcome, before, after) = deploy_and_look(session, &overriding("health-path:mcp")).await;
        let outcome = outcome.unwrap();
        let (result, times) = (&outcome.result, outcome.times.unwrap());
        assert_eq!((result.verdict, result.exit_code), (Verdict::RolledBack, 20), "{:?}", result.cause);
        assert_eq!(result.cause.as_ref().unwrap().kind, "target_health");
        assert_eq!(result.overrides, ["health-path:mcp"]);
        assert!(times.noticed_secs <= 360.0 && times.ended_secs <= 600.0, "{times:?}");
        assert_eq!(after.services, before.services);
        assert!(after.is_usable());
    });
}

/// Two releases wait for approval, the newer one is approved first: the older one is no news any more.
#[test]
fn a_release_that_is_older_than_the_one_in_service_is_refused() {
    let scene = Scene::staging();
    scene.git(&["tag", "v1.0.0"]);
    let second = scene.commit("second");
    scene.git(&["tag", "v1.0.1"]);
    block_on(async {
        let session = scene.session("staging", &[]).await;
        prepare::images(&session, &second.parse().unwrap(), None).await.unwrap();
        close(session).await;
    });
    let release = |tag: &str| Options::plain(Wanted::Tag(tag.parse().unwrap()));
    let result = block_on(scene.deploy("staging", &release("v1.0.1"), &[])).unwrap().result;
    assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
    let (reason, hint) = is_refused(&scene, &release("v1.0.0"));
    assert_eq!(reason, "release v1.0.0 is older than v1.0.1, which is in service");
    assert!(hint.contains("cargo xtask rollback v1.0.0 --env staging --local"), "{hint}");
    assert!(hint.ends_with("--override older-release"), "{hint}");
    // A count that somebody set by hand says nothing about the release.
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let update = session.target.aws.ecs.update_service().cluster(session.names().cluster());
        update.service("api").desired_count(2).send().await.unwrap();
        close(session).await;
    });
    assert_eq!(is_refused(&scene, &release("v1.0.0")).0, reason);
    let options = Options { overrides: vec!["older-release".parse().unwrap()], ..release("v1.0.0") };
    let result = block_on(scene.deploy("staging", &options, &[])).unwrap().result;
    assert_eq!(
        (result.verdict, result.release.as_str()),
        (Verdict::Succeeded, "v1.0.0"),
        "{:?}",
        result.cause
    );
    // What has no version has no order.
    let result = block_on(scene.deploy("staging", &Options::plain(Wanted::Head), &[])).unwrap().result;
    assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
}

/// Only git knows: the registry has no tag of the release.
#[test]
fn a_tag_that_was_moved_is_refused_whoever_knows_where_it_was() {
    let scene = Scene::staging();
    scene.git(&["tag", "v1.0.0"]);
    let release = Options::plain(Wanted::Tag("v1.0.0".parse().unwrap()));
    let result = block_on(scene.deploy("staging", &release, &[])).unwrap().result;
    assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
    let first = scene.git(&["rev-parse", "HEAD"]);
    let second = scene.commit("second");
    scene.git(&["tag", "--force", "v1.0.0"]);
    block_on(async {
        let session = scene.session("staging", &[]).await;
        prepare::images(&session, &second.parse().unwrap(), None).await.unwrap();
        close(session).await;
    });
    let (reason, hint) = is_refused(&scene, &release);
    let (first, second) = (&first[..8], &second[..8]);
    let moved = |place: &str| format!("release v1.0.0 is commit {second} in this clone, but {first} {place}");
    assert_eq!(reason, moved("in the record of DocPlatform-staging"));
    assert_eq!(hint, "release tags never move: make a new release");
    // The remote knows it before anything of the environment is read.
    let origin = tempfile::tempdir().unwrap();
    let origin = origin.path().to_str().unwrap();
    scene.git(&["init", "--quiet", "--bare", origin]);
    scene.git(&["push", "--quiet", origin, &format!("{first}:refs/tags/v1.0.0")]);
    scene.git(&["remote", "add", "origin", origin]);
    assert_eq!(is_refused(&scene, &release).0, moved("at origin"));
}

#[test]
fn a_path_that_the_running_release_answers_may_become_its_health_check() {
    let scene = Scene::staging();
    // Images answer every path unless they say otherwise.
    scene.edit("platform.toml", "path = \"/mcp/health\"", "path = \"/mcp/status\"");
    scene.commit("second");
    let result = block_on(scene.deploy("staging", &options(Wanted::Head), &[])).unwrap().result;
    assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
    assert!(result.overrides.is_empty());
}

#[test]
fn a_path_that_is_not_public_cannot_be_proven() {
    let scene = Scene::staging();
    scene.edit("platform.toml", "path = \"/api/health\"", "path = \"/internal/health\"");
    scene.commit("second");
    let (reason, _) = is_refused(&scene, &options(Wanted::Head));
    assert!(reason.contains("the public routes do not lead there"), "{reason}");
}

#[test]
fn another_port_is_refused() {
    let scene = Scene::staging();
    scene.edit("platform.toml", "port = 3000", "port = 3100");
    scene.commit("second");
    let (reason, hint) = is_refused(&scene, &options(Wanted::Head));
    assert!(reason.starts_with("frontend would move from port 3000 to 3100"), "{reason}");
    assert!(hint.contains("under a new name"), "{hint}");
}

#[test]
fn an_override_for_an_unknown_service_is_a_mistake() {
    let scene = Scene::staging();
    let failure = block_on(scene.deploy("staging", &overriding("health-path:mpc"), &[])).unwrap_err();
    assert_eq!(failure.exit(), Exit::BadInput);
    assert!(failure.to_string().contains("api, frontend, mcp"), "{failure}");
}

#[test]
fn credentials_that_end_before_the_deadline_are_refused() {
    let scene = Scene::staging();
    scene.commit("second");
    block_on(async {
        let mut session = scene.session("staging", &[]).await;
        let soon = session.target.clock.now().plus_secs(300.0);
        session.session.target.credentials_expire_at = Some(soon);
        let (outcome, before, after) = deploy_and_look(session, &options(Wanted::Head)).await;
        let failure = outcome.unwrap_err();
        assert_eq!(failure.exit(), Exit::Refused);
        assert!(failure.to_string().starts_with("the credentials end at "), "{failure}");
        assert_eq!(after, before);
        let mut session = scene.session("staging", &[]).await;
        let later = session.target.clock.now().plus_secs(3600.0);
        session.session.target.credentials_expire_at = Some(later);
        let (outcome, _, _) = deploy_and_look(session, &options(Wanted::Head)).await;
        assert_eq!(outcome.unwrap().result.verdict, Verdict::Succeeded);
    });
}

#[test]
fn a_plan_says_what_rolls_and_why_and_changes_nothing() {
    let scene = Scene::staging();
    let plan = Options { plan_only: true, ..options(Wanted::Head) };
    block_on(async {
        let (outcome, ..) = deploy_and_look(scene.session("staging", &[]).await, &plan).await;
        assert_eq!(outcome.unwrap().forecast, None, "nothing to do");
        scene.edit("environments/staging.toml", "memory_mib = 512", "memory_mib = 1024");
        let commit = scene.commit("second");
        let (outcome, before, after) = deploy_and_look(scene.session("staging", &[]).await, &plan).await;
        assert_eq!(after, before);
        let forecast = outcome.unwrap().forecast.unwrap();
        assert_eq!(forecast.commit, commit);
        let services: Vec<_> = forecast.services.iter().map(|it| (it.name.as_str(), it.rolls)).collect();
        assert_eq!(services, [("api", true), ("frontend", true), ("mcp", true)]);
        assert_eq!(forecast.services[0].reasons, ["environment (COMMIT, RELEASE)", "image", "size"]);
        let secs: u32 = forecast.deadline.terms.iter().map(|term| term.secs).sum();
        assert_eq!(secs, forecast.deadline.secs);
        assert!(forecast.deadline.secs <= 600, "{:?}", forecast.deadline);
        // What was predicted is about what it takes.
        let (outcome, ..) =
            deploy_and_look(scene.session("staging", &[]).await, &options(Wanted::Head)).await;
        let outcome = outcome.unwrap();
        let record = outcome.records.last().unwrap();
        let took = record.snapshots.last().unwrap().at.secs_since(record.rollout.started_at);
        let predicted = f64::from(forecast.predicted_secs);
        assert!((took - predicted).abs() <= 0.25 * took, "predicted {predicted} s, took {took} s");
    });
}

/// A target of an account, called with an access key.
async fn target(root: &Path, account: &str, access_key: &str) -> Result<Target, TargetError> {
    let config = Config::load(root).unwrap();
    let local = local_aws::Options::new(account, config.platform.region.as_str());
    let running = LocalAws::in_memory(&local).start().await.unwrap();
    Target::local_as(&config, running, access_key).await
}

#[test]
fn another_account_is_refused() {
    let scene = Scene::empty();
    block_on(async {
        let refused = target(scene.root(), "999999999999", local_aws::ADMIN_ACCESS_KEY).await;
        let failure = Failure::from(refused.err().unwrap());
        assert_eq!(failure.exit(), Exit::Refused);
        assert_eq!(
            failure.to_string(),
            "the credentials belong to account 999999999999, but infra/platform.toml names 123456789012"
        );
    });
}

#[test]
fn the_role_of_another_environment_is_refused() {
    let scene = Scene::staging();
    block_on(async {
        // The role exists: the shared stack makes the roles of all environments.
        let session = scene.session("staging", &[]).await;
        let world = session.target.control().unwrap().inspect(Clone::clone);
        let config = Config::load(scene.root()).unwrap();
        let role = env_config::SharedNames::new(&config.platform)
            .deploy_role(&config.environment("production").unwrap().name);
        let local =
            local_aws::Options::new(config.platform.account_id.as_str(), config.platform.region.as_str());
        let running = LocalAws::from_world(world, &local).start().await.unwrap();
        let target = Target::local_as(&config, running, &local_aws::role_access_key(&role)).await.unwrap();
        let report = Report::new(Style::Plain, false, target.clock.clone(), Box::new(std::io::sink()));
        let root = scene.root().to_owned();
        let connected = Session::connected(root, config, target, report);
        let failure = EnvironmentSession::of(connected, "staging").err().unwrap();
        assert_eq!(failure.exit(), Exit::Refused);
        assert!(matches!(failure, Failure::WrongRole { .. }), "{failure}");
    });
}
