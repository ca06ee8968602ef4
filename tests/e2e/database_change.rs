//! What a change of the configuration does to the database that is there: a new major version as a step of its own, and what no
//! update can do, refused with the one reason.

use account_ops::database::plan::Source;
use account_ops::database::{restore, snapshot};
use deploy_ops::deploy::{self, Options};
use deploy_ops::failure::Failure;
use deploy_ops::infrastructure;
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::{drift, stack};
use ops_cli::{Exit, Verdict};
use serde_json::Value;

use super::database::{instances, named};
use super::look::look;
use super::scene::{Scene, Told, block_on, close, options};

const ENVIRONMENT: &str = "staging";

/// Staging in service with PostgreSQL 16.
fn on_16() -> Scene {
    let scene = Scene::empty();
    scene.edit("platform.toml", "version = \"18\"", "version = \"16\"");
    scene.commit("sixteen");
    let result = block_on(scene.deploy(ENVIRONMENT, &options(Wanted::Head), &[])).unwrap().result;
    assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
    scene
}

fn overriding() -> Options {
    Options { overrides: vec!["database-upgrade".parse().unwrap()], ..options(Wanted::Head) }
}

fn version(session: &EnvironmentSession) -> Value {
    named(&instances(session), &session.names().database())["EngineVersion"].clone()
}

/// Refused with exit code 4 by deployment, plan and stack alike, and nothing is different; the reason and the hint.
fn is_refused(scene: &Scene) -> String {
    block_on(async {
        let session = scene.session(ENVIRONMENT, &[]).await;
        let before = look(&session).await;
        let told = |failure: Failure| {
            assert_eq!(failure.exit(), Exit::Refused, "{failure}");
            format!("{failure}\n{}", failure.hint().unwrap())
        };
        let deployed = told(Box::pin(deploy::deploy(&session, &overriding())).await.unwrap_err());
        let plan = Options { plan_only: true, ..overriding() };
        assert_eq!(told(Box::pin(deploy::deploy(&session, &plan)).await.unwrap_err()), deployed);
        let live = infrastructure::look(&session, session.environment.stack_name.as_str()).await.unwrap();
        let Err(failure) = infrastructure::environment(&session, live).await else { panic!("not refused") };
        assert_eq!(told(failure), deployed);
        assert_eq!(look(&session).await, before);
        close(session).await;
        deployed
    })
}

#[test]
fn a_downgrade_is_refused_with_the_key_behind_it() {
    let scene = Scene::staging();
    scene.edit("platform.toml", "version = \"18\"", "version = \"17\"");
    scene.commit("back");
    let told = is_refused(&scene);
    assert!(
        told.starts_with(
            "the version of the database doc-platform-staging cannot change from 18 to 17: RDS upgrades"
        ),
        "{told}"
    );
    assert!(told.contains("`database.version` in infra/platform.toml\nset it back to 18;"), "{told}");
}

#[test]
fn other_addresses_under_a_database_are_refused_with_the_one_reason() {
    let scene = Scene::staging();
    scene.edit("environments/staging.toml", "10.10.0.0/16", "10.77.0.0/16");
    scene.commit("moved");
    let told = is_refused(&scene);
    assert!(
        told.contains("the VPC of the database doc-platform-staging cannot change from 10.10.0.0/16"),
        "{told}"
    );
    assert!(told.contains("`network.cidr` in infra/environments/staging.toml"), "{told}");
    assert!(!told.contains("--allow-replace") && !told.contains("would replace"), "{told}");
}

#[test]
fn another_owner_of_a_database_is_refused() {
    let scene = Scene::staging();
    scene.edit("platform.toml", "username = \"specboard\"", "username = \"owner\"");
    scene.commit("owner");
    assert!(is_refused(&scene).contains("`database.username` in infra/platform.toml"));
}

#[test]
fn a_major_version_is_a_step_of_its_own_behind_a_guard() {
    let scene = on_16();
    scene.edit("platform.toml", "version = \"16\"", "version = \"17\"");
    scene.commit("seventeen");
    block_on(async {
        let mut session = scene.session(ENVIRONMENT, &[]).await;
        assert_eq!(version(&session), "16.11");
        let taken = snapshot::take(&session).await.unwrap().snapshot;
        let before = look(&session).await;
        let refused = Box::pin(deploy::deploy(&session, &options(Wanted::Head))).await.unwrap_err();
        assert_eq!(refused.exit(), Exit::Refused, "{refused}");
        assert!(refused.to_string().contains("from PostgreSQL 16 to 17: there is no way back"), "{refused}");
        let hint = refused.hint().unwrap();
        assert!(hint.contains("`cargo xtask database snapshot staging --local`"), "{hint}");
        assert!(hint.contains("--override database-upgrade"), "{hint}");
        // What brings the infrastructure alone leaves it to a deployment, and says so.
        let stack_name = session.environment.stack_name.as_str().to_owned();
        let live = infrastructure::look(&session, &stack_name).await.unwrap();
        let prepared = infrastructure::environment(&session, live).await.unwrap();
        let refused = infrastructure::change(&session, &prepared, ENVIRONMENT, true, &[]).await.unwrap_err();
        assert!(refused.hint().unwrap().contains("cargo xtask deploy staging --local"), "{refused}");
        assert_eq!(look(&session).await, before);

        let told = Told::default();
        told.listen(&mut session);
        let outcome = Box::pin(deploy::deploy(&session, &overriding())).await.unwrap();
        assert_eq!(outcome.result.verdict, Verdict::Succeeded, "{:?}", outcome.result.cause);
        assert_eq!(outcome.result.overrides, ["database-upgrade"]);
        assert_eq!(version(&session), "17.7");
        assert!(told.text().contains("PostgreSQL 16 to 17"), "{}", told.text());
        // The permission was for that one update.
        let template = stack::live_template(&session.target.aws, &stack_name).await.unwrap();
        assert!(!template.to_body().contains("AllowMajorVersionUpgrade"));
        let found = drift::detect(&session, &stack_name, ENVIRONMENT).await.unwrap();
        assert!(found.drifted.is_empty(), "{:?}", found.drifted);
        // The snapshot from before does not fit any more as it is.
        let planned = restore::prepare(&session, Source::Snapshot(taken)).await.unwrap();
        let refused = restore::carry_out(&session, planned).await.unwrap_err();
        assert!(
            refused.to_string().contains("is of PostgreSQL 16, and the database in service is 17"),
            "{refused}"
        );
        assert!(refused.hint().unwrap().contains("--engine-version 17.7"), "{:?}", refused.hint());
        assert_eq!(instances(&session).len(), 1);
        close(session).await;
        let again = scene.deploy(ENVIRONMENT, &options(Wanted::Head), &[]).await.unwrap().result;
        assert_eq!(again.verdict, Verdict::NoChange, "{:?}", again.cause);
    });
}

/// Whatever was done of it by then, the same command brings it to its end.
#[test]
fn an_upgrade_that_is_killed_goes_on() {
    let scene = on_16();
    scene.edit("platform.toml", "version = \"16\"", "version = \"18\"");
    scene.commit("eighteen");
    block_on(async {
        let mut session = scene.session(ENVIRONMENT, &[]).await;
        super::scene::interrupt_at(&mut session, "PostgreSQL 16 to 18");
        let ended = Box::pin(deploy::deploy(&session, &overriding())).await;
        assert!(!matches!(&ended, Ok(outcome) if outcome.result.verdict == Verdict::Succeeded));
        close(session).await;
        let result = scene.deploy(ENVIRONMENT, &overriding(), &[]).await.unwrap().result;
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        let session = scene.session(ENVIRONMENT, &[]).await;
        assert_eq!(version(&session), "18.1");
        close(session).await;
    });
}
