//! Whether anybody hears of an alarm: confirmed, waiting, expired, and asked for again.

use std::time::Duration;

use deploy_ops::alarm_subscription::{Standing, Subscription};
use deploy_ops::bootstrap::{self, Bootstrap, Progress, State, Step};
use deploy_ops::doctor;
use deploy_ops::resolve::Wanted;
use deploy_ops::session::{EnvironmentSession, Session};
use deploy_ops::target::Target;
use env_config::Config;
use local_aws::{LocalAws, Options};
use rollout_sim::World;

use super::scene::{Scene, block_on};

const ENVIRONMENT: &str = "staging";
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A session on the account as on AWS: nobody makes anything up.
async fn session(scene: &Scene, world: World) -> EnvironmentSession {
    let config = Config::load(scene.root()).unwrap();
    let options = Options::new(config.platform.account_id.as_str(), config.platform.region.as_str());
    let running = LocalAws::from_world(world, &options).start().await.unwrap();
    let endpoint = running.endpoint_url();
    let target = Target::through(&config, running, &endpoint, 0.0).await.unwrap();
    let report = super::scene::silent(target.clock.clone());
    let environment = config.environment(ENVIRONMENT).unwrap().clone();
    let session = Session::connected(scene.root().to_owned(), config, target, report);
    EnvironmentSession { session, environment }
}

fn options() -> Bootstrap {
    Bootstrap { wanted: Wanted::Head, allow_replace: Vec::new() }
}

async fn standing(session: &EnvironmentSession) -> Standing {
    let subscription = Subscription::of(&session.config, &session.environment, &session.target).unwrap();
    subscription.standing().await.unwrap()
}

async fn listed(session: &EnvironmentSession) -> State {
    let list = bootstrap::inspect(session, &options()).await.unwrap();
    list.into_iter().find(|item| item.step == Step::Alarms).unwrap().state
}

async fn found(session: &EnvironmentSession) -> String {
    let finding = doctor::account::subscribed(&session.config, &session.environment, &session.target).await;
    finding.unwrap().to_string()
}

#[test]
fn an_unconfirmed_subscription_is_told_and_an_expired_one_is_renewed() {
    let scene = Scene::staging();
    block_on(async {
        let world = {
            let session = scene.session(ENVIRONMENT, &[]).await;
            let world = session.target.control().unwrap().inspect(World::clone);
            super::scene::close(session).await;
            world
        };
        let mut session = session(&scene, world).await;
        let control = session.target.control().unwrap();
        let email = session.environment.alarms.email.as_ref().unwrap().to_string();
        assert_eq!(standing(&session).await, Standing::Pending);
        let State::Attention(text) = listed(&session).await else { panic!("it is not told") };
        assert!(text.contains(&email), "{text}");
        assert!(found(&session).await.starts_with("warn  alarms"), "{}", found(&session).await);

        // Nobody confirms: the next bootstrap subscribes again, and nothing else.
        control.advance_by(2 * DAY).unwrap();
        assert_eq!(standing(&session).await, Standing::Missing);
        let text = found(&session).await;
        assert!(text.contains("fix: cargo xtask bootstrap staging --local"), "{text}");
        assert!(matches!(listed(&session).await, State::Open(_)));
        let took = Box::pin(bootstrap::advance(&mut session, &options())).await.unwrap();
        assert_eq!(took, Progress::Took(Step::Alarms));
        assert_eq!(standing(&session).await, Standing::Pending);
        assert!(matches!(listed(&session).await, State::Attention(_)));

        assert_eq!(control.confirm_subscriptions(&email).unwrap(), 1);
        control.advance_by(30 * DAY).unwrap();
        assert_eq!(standing(&session).await, Standing::Confirmed);
        assert!(matches!(listed(&session).await, State::Done(_)));
        assert!(found(&session).await.starts_with("ok    alarms"), "{}", found(&session).await);
    });
}
