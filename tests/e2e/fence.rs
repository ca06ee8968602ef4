//! The shared stack is told the subnets of the environments, and keeps what it was told.

use std::collections::BTreeMap;

use deploy_ops::bootstrap::{self, Bootstrap, State, Step};
use deploy_ops::delete::{self, Subject};
use deploy_ops::doctor::{self, Finding};
use deploy_ops::resolve::Wanted;
use deploy_ops::session::EnvironmentSession;
use deploy_ops::{fence, infrastructure, prepare, stack};

use super::scene::{Scene, Told, block_on, close, options};

const SHARED: &str = "DocPlatform-shared";
const STAGING: &str = "StagingSubnets";

/// What the shared stack was told of staging, and of production.
async fn told(session: &EnvironmentSession) -> [String; 2] {
    let view = stack::describe(&session.target.aws, SHARED).await.unwrap().unwrap();
    [STAGING, "ProductionSubnets"].map(|name| view.parameters[name].clone())
}

/// Tells the shared stack something else of staging.
async fn tell(session: &EnvironmentSession, subnets: &str) {
    let live = infrastructure::look(session, SHARED).await.unwrap();
    let values = BTreeMap::from([(STAGING.to_owned(), subnets.to_owned())]);
    let prepared = infrastructure::shared_with(session, live, true, &values).unwrap();
    infrastructure::change(session, &prepared, "shared", true, &[]).await.unwrap().unwrap();
    assert_eq!(told(session).await[0], subnets);
}

async fn subnets(session: &EnvironmentSession) -> String {
    let ids = fence::subnets(&session.target.aws, &session.environment).await.unwrap();
    assert_eq!(ids.len(), 6, "{ids:?}");
    ids.into_iter().collect::<Vec<_>>().join(",")
}

/// How the checklist of the environment shows it.
async fn item(session: &EnvironmentSession) -> State {
    let options = Bootstrap { wanted: Wanted::Head, allow_replace: Vec::new() };
    let list = bootstrap::inspect(session, &options).await.unwrap();
    let [item] =
        list.into_iter().filter(|item| item.step == Step::Fence).collect::<Vec<_>>().try_into().unwrap();
    item.state
}

async fn doctors(session: &EnvironmentSession) -> Finding {
    let target = Some(&session.target);
    let findings = doctor::account::environment(&session.config, &session.environment, target).await;
    findings.into_iter().find(|finding| finding.check == "subnets").unwrap()
}

#[test]
fn subnets_that_the_shared_stack_does_not_name_are_seen_and_named() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let own = subnets(&session).await;
        assert_eq!(told(&session).await, [own.clone(), "none".to_owned()], "the deployment told it");
        assert!(matches!(item(&session).await, State::Done(_)));
        assert_eq!(doctors(&session).await.state, doctor::State::Ok);

        let (first, rest) = own.split_once(',').unwrap();
        tell(&session, rest).await;
        let State::Open(text) = item(&session).await else { panic!("{first} is open") };
        assert!(text.contains("does not name 1 of 6 subnets of staging"), "{text}");
        assert!(text.contains("cargo xtask stack deploy shared"), "{text}");
        let finding = doctors(&session).await;
        assert_eq!(finding.state, doctor::State::Warn);
        assert!(finding.fix.unwrap().contains("cargo xtask stack deploy shared --local"));

        infrastructure::bring_shared(&session, &[]).await.unwrap();
        assert_eq!(told(&session).await[0], own);
        assert!(matches!(item(&session).await, State::Done(_)));
        close(session).await;
    });
}

/// A deploy role may not change the shared stack: its deployment says who can.
#[test]
fn a_deployment_by_its_role_warns_of_subnets_that_are_open() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let own = subnets(&session).await;
        let quiet = warnings_of_the_role(&scene, &session).await;
        assert!(quiet.is_empty(), "{quiet:?}");
        tell(&session, own.split_once(',').unwrap().1).await;
        let [warning] = warnings_of_the_role(&scene, &session).await.try_into().unwrap();
        assert!(warning.contains("does not name 1 of 6 subnets of staging"), "{warning}");
        let who = "an administrator keeps them out with cargo xtask stack deploy shared --local";
        assert!(warning.ends_with(who), "{warning}");
        close(session).await;
    });
}

/// What staging's deploy role is warned of after it has changed the infrastructure, in a copy of the account.
async fn warnings_of_the_role(scene: &Scene, session: &EnvironmentSession) -> Vec<String> {
    let world = session.target.control().unwrap().inspect(Clone::clone);
    let config = &session.config;
    let role = env_config::SharedNames::new(&config.platform).deploy_role(&session.environment.name);
    let mut session = scene.session_as(world, "staging", &local_aws::role_access_key(&role)).await;
    let told = Told::default();
    told.listen(&mut session);
    prepare::fence(&session, &options(Wanted::Head)).await.unwrap();
    close(session).await;
    told.warnings()
}

#[test]
fn what_was_said_of_a_stack_that_is_gone_is_kept() {
    let scene = Scene::staging();
    block_on(async {
        let session = scene.session("staging", &[]).await;
        let own = subnets(&session).await;
        let stack = session.environment.stack_name.as_str();
        let view = stack::describe(&session.target.aws, stack).await.unwrap().unwrap();
        stack::protect(&session.target.aws, &view, false).await.unwrap();
        delete::delete(&session, &Subject::Environment(&session.environment), Some(stack), true)
            .await
            .unwrap();
        assert!(fence::subnets(&session.target.aws, &session.environment).await.unwrap().is_empty());
        let values = fence::parameters(&session.target.aws, &session.config, None).await.unwrap();
        assert_eq!(values[STAGING], "none", "nothing was said before");

        infrastructure::bring_shared(&session, &[]).await.unwrap();
        // A change of anything else does not lose it either.
        let live = infrastructure::look(&session, SHARED).await.unwrap();
        let mut prepared = infrastructure::shared(&session, live, true).await.unwrap();
        prepared.request.tags.insert("Checked".to_owned(), "yes".to_owned());
        infrastructure::change(&session, &prepared, "shared", true, &[]).await.unwrap().unwrap();
        assert_eq!(told(&session).await[0], own);
        close(session).await;
    });
}
