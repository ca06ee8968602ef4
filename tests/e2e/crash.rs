//! The tool is killed, or a call goes wrong, at every single AWS call of a deployment; the same command, run again, ends
//! in the same state.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher as _};

use deploy_ops::deploy::{self, Options};
use deploy_ops::resolve::Wanted;
use deploy_ops::session::{EnvironmentSession, Session};
use deploy_ops::target::Target;
use env_config::Config;
use local_aws::{Disruption, LocalAws};
use ops_cli::{DeployResult, Verdict};
use rollout_sim::World;

use super::scene::{Scene, block_on, options, silent};

/// A deployment of a new commit to staging, about to begin.
struct Stage {
    scene: Scene,
    world: World,
    database: String,
    /// Accounts that are known to end well. Calls that only read leave the account as it was: killed before or after one
    /// of them is the same to whoever comes next, and need not be tried twice.
    converged: HashSet<u64>,
}

impl Stage {
    async fn set(scene: Scene) -> Self {
        let session = scene.session("staging", &[]).await;
        let world = session.target.control().unwrap().inspect(World::clone);
        let database = database(&session).await;
        session.session.target.close().await.unwrap();
        scene.commit("second");
        Self { scene, world, database, converged: HashSet::new() }
    }

    /// The command, on an account of its own that is in the state `world`.
    async fn session(&self, world: &World) -> EnvironmentSession {
        let config = Config::load(self.scene.root()).unwrap();
        let platform = &config.platform;
        let options = local_aws::Options::new(platform.account_id.as_str(), platform.region.as_str());
        let running = LocalAws::from_world(world.clone(), &options).start().await.unwrap();
        let target = Target::local(&config, running).await.unwrap();
        let environment = config.environment("staging").unwrap().clone();
        let report = silent(target.clock.clone());
        let root = self.scene.root().to_owned();
        let session = Session::connected(root, config, target, report);
        EnvironmentSession { session, environment }
    }

    /// Runs the command; answers the account before and after each of its calls.
    async fn course(&self) -> Vec<World> {
        let session = self.session(&self.world).await;
        let control = session.target.control().unwrap();
        control.record_course();
        let outcome = Box::pin(deploy::deploy(&session, &deployment())).await.unwrap();
        assert_eq!(outcome.result.verdict, Verdict::Succeeded, "{:?}", outcome.result.cause);
        control.take_course()
    }

    /// Runs the command to its end with its `nth` call disrupted. Answers the account as it is then, and whether the
    /// call was reached.
    async fn disrupted(&self, nth: u64, disruption: Disruption) -> (World, bool) {
        let session = self.session(&self.world).await;
        let control = session.target.control().unwrap();
        let before = control.calls();
        control.disrupt(nth, disruption);
        // How it ends is of no matter: an error or a verdict.
        let _ = Box::pin(deploy::deploy(&session, &deployment())).await;
        (control.inspect(World::clone), control.calls() - before >= nth)
    }

    /// Runs the command to its end on an account that is in the state `world`, and checks what it leaves.
    async fn converges(&mut self, world: &World) {
        let mut hasher = DefaultHasher::new();
        hasher.write(&serde_json::to_vec(world).unwrap());
        if !self.converged.insert(hasher.finish()) {
            return;
        }
        let session = self.session(world).await;
        let result = Box::pin(deploy::deploy(&session, &deployment())).await.unwrap().result;
        assert!(
            matches!(result.verdict, Verdict::Succeeded | Verdict::NoChange),
            "{:?}: {:?}",
            result.verdict,
            result.cause
        );
        for service in &result.services {
            assert_eq!(service.running_digests, [service.digest.as_str()], "{} is between", service.name);
        }
        assert_eq!(database(&session).await, self.database, "the database was replaced");
        assert!(migrated(&session, &result).await, "the release's migrations did not run");
    }
}

fn deployment() -> Options {
    options(Wanted::Head)
}

/// Identity of the database: its endpoint, which a replacement would change.
async fn database(session: &EnvironmentSession) -> String {
    let aws = &session.target.aws;
    let stack = session.environment.stack_name.as_str();
    let resources = aws.cloudformation.list_stack_resources().stack_name(stack).send().await.unwrap();
    let summaries = resources.stack_resource_summaries.unwrap_or_default();
    let found =
        summaries.into_iter().find(|one| one.resource_type() == Some("AWS::RDS::DBInstance")).unwrap();
    format!("{:?} {:?}", found.physical_resource_id, found.logical_resource_id)
}

/// Whether a migration of the release ended well.
async fn migrated(session: &EnvironmentSession, result: &DeployResult) -> bool {
    let (ecs, cluster) = (&session.target.aws.ecs, session.names().cluster());
    let wanted = &result.services.iter().find(|service| service.name == "api").unwrap().digest;
    let stopped = aws_sdk_ecs::types::DesiredStatus::Stopped;
    let mut tasks =
        ecs.list_tasks().cluster(&cluster).desired_status(stopped).into_paginator().items().send();
    while let Some(task) = tasks.next().await {
        let found = ecs.describe_tasks().cluster(&cluster).tasks(task.unwrap()).send().await.unwrap();
        for container in found.tasks().iter().flat_map(aws_sdk_ecs::types::Task::containers) {
            let ended_well = container.exit_code() == Some(0);
            if ended_well && container.name() == Some("migrate") && container.image_digest() == Some(wanted) {
                return true;
            }
        }
    }
    false
}

/// A killed process leaves the account as it was before or after one of its calls, whatever it was about to do.
#[test]
fn killed_before_and_after_every_call() {
    let scene = Scene::staging();
    block_on(async {
        let mut stage = Stage::set(scene).await;
        let course = stage.course().await;
        for world in &course {
            stage.converges(world).await;
        }
        assert!(course.len() > 100, "a deployment makes more calls than {}", course.len() / 2);
        println!("killed at {} points, in {} different accounts", course.len(), stage.converged.len());
    });
}

/// Each call meets one of the three; with `CRASH_POINTS=all` each call meets each of them.
#[test]
fn an_error_a_throttle_or_a_broken_connection_at_every_call() {
    const DISRUPTIONS: [Disruption; 3] =
        [Disruption::Denied, Disruption::Throttled, Disruption::BrokenConnection];
    let all = std::env::var_os("CRASH_POINTS").is_some_and(|points| points == "all");
    let scene = Scene::staging();
    block_on(async {
        let mut stage = Stage::set(scene).await;
        let mut points = 0;
        'calls: for (nth, only) in (1..).zip(DISRUPTIONS.into_iter().cycle()) {
            let disruptions = if all { &DISRUPTIONS[..] } else { &[only] };
            for disruption in disruptions {
                let (world, reached) = stage.disrupted(nth, *disruption).await;
                if !reached {
                    assert!(nth > 50, "a deployment makes more calls than {nth}");
                    break 'calls;
                }
                points += 1;
                stage.converges(&world).await;
            }
        }
        println!("disrupted at {points} points, {} different accounts after them", stage.converged.len());
    });
}
