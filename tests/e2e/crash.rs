//! The tool is killed, or a call goes wrong, at every single AWS call of a deployment and of a rollback; the same command,
//! run again, ends in the same state.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher as _};

use deploy_ops::deploy;
use deploy_ops::failure::Failure;
use deploy_ops::resolve::Wanted;
use deploy_ops::rollback::{self, Way};
use deploy_ops::session::EnvironmentSession;
use local_aws::{CoursePoint, Disruption};
use ops_cli::{DeployResult, Verdict};
use rollout_sim::World;

use super::scene::{Scene, block_on, options};
use super::two_releases::{ENVIRONMENT, Untouchable, back_to};

/// Release that the rollbacks go to.
const OLDER: &str = "v0.1.0";

/// The command that is killed.
#[derive(Debug, Clone, Copy)]
enum Command {
    /// `deploy ENVIRONMENT`, of a new commit.
    Deploy,
    /// `rollback v0.1.0`
    Rollback(Way),
}

impl Command {
    async fn run(self, session: &EnvironmentSession) -> Result<DeployResult, Failure> {
        let outcome = match self {
            Self::Deploy => Box::pin(deploy::deploy(session, &options(Wanted::Head))).await,
            Self::Rollback(way) => Box::pin(rollback::rollback(session, &back_to(OLDER, way))).await,
        };
        Ok(outcome?.result)
    }
}

/// A command, about to begin.
struct Stage {
    command: Command,
    environment: &'static str,
    scene: Scene,
    world: World,
    before: Untouchable,
    /// Accounts that are known to end well. Calls that only read leave the account as it was: killed before or after one
    /// of them is the same to whoever comes next, and need not be tried twice.
    converged: HashSet<u64>,
}

impl Stage {
    /// Before the deployment of a new commit.
    async fn deployment(environment: &'static str) -> Self {
        let scene = quick();
        let outcome = scene.deploy(environment, &options(Wanted::Head), &[]).await.unwrap();
        assert_eq!(outcome.result.verdict, Verdict::Succeeded, "{:?}", outcome.result.cause);
        scene.commit("second");
        Self::set(Command::Deploy, environment, scene).await
    }

    /// Before the rollback to the older of two releases.
    async fn rollback(way: Way) -> Self {
        let scene = quick();
        scene.deploy_two_releases().await;
        Self::set(Command::Rollback(way), ENVIRONMENT, scene).await
    }

    async fn set(command: Command, environment: &'static str, scene: Scene) -> Self {
        let session = scene.session(environment, &[]).await;
        let world = session.target.control().unwrap().inspect(World::clone);
        let before = Untouchable::read(&session).await;
        session.session.target.close().await.unwrap();
        Self { command, environment, scene, world, before, converged: HashSet::new() }
    }

    /// The command, on an account of its own that is in the state `world`.
    async fn session(&self, world: &World) -> EnvironmentSession {
        self.scene.session_in(world.clone(), self.environment).await
    }

    /// Runs the command; answers the account before and after each of its calls, and the operations that it called.
    async fn course(&self) -> (Vec<CoursePoint>, Vec<String>) {
        let session = self.session(&self.world).await;
        let control = session.target.control().unwrap();
        let before = control.seen_calls().len();
        control.record_course();
        let result = self.command.run(&session).await.unwrap();
        assert_eq!(result.verdict, Verdict::Succeeded, "{:?}", result.cause);
        let calls = control.seen_calls().into_iter().skip(before).map(|call| call.operation);
        (control.take_course(), calls.collect())
    }

    /// For each call of the command whether it is unlike all before it: another operation, or the same while CloudFormation or
    /// the services are elsewhere. The rest are the polls of somebody who waits.
    async fn unlike(&self) -> Vec<bool> {
        let (course, calls) = self.course().await;
        let mut states = course.iter().flat_map(|CoursePoint { world, points }| {
            let statuses = serde_json::to_string(&(&world.cfn, &world.ecs)).unwrap();
            let statuses =
                statuses.split('"').filter(|word| word.chars().all(|c| c.is_ascii_uppercase() || c == '_'));
            std::iter::repeat_n(hash(statuses.collect::<String>().as_bytes()), *points)
        });
        let mut seen = HashSet::new();
        let unlike = calls.into_iter().map(|operation| {
            let before = states.next().unwrap();
            states.next().unwrap();
            seen.insert((operation, before))
        });
        unlike.collect()
    }

    /// Runs the command to its end with its `nth` call disrupted. Answers the account as it is then, and whether the
    /// call was reached.
    async fn disrupted(&self, nth: u64, disruption: Disruption) -> (World, bool) {
        let session = self.session(&self.world).await;
        let control = session.target.control().unwrap();
        let before = control.calls();
        control.disrupt(nth, disruption);
        // How it ends is of no matter: an error or a verdict.
        let _ = self.command.run(&session).await;
        (control.inspect(World::clone), control.calls() - before >= nth)
    }

    /// Runs the command to its end on an account that is in the state `world`, and checks what it leaves.
    async fn converges(&mut self, world: &World, point: &str) {
        if !self.converged.insert(hash(&serde_json::to_vec(world).unwrap())) {
            return;
        }
        let session = self.session(world).await;
        let result = self.command.run(&session).await;
        let result = result.unwrap_or_else(|failure| panic!("{point}: {}", failure.chain()));
        let done = matches!(result.verdict, Verdict::Succeeded | Verdict::NoChange);
        assert!(done, "{point}: {:?}: {:?}", result.verdict, result.cause);
        for service in &result.services {
            let name = &service.name;
            assert_eq!(service.running_digests, [service.digest.as_str()], "{point}: {name} is between");
        }
        let after = Untouchable::read(&session).await;
        match self.command {
            Command::Deploy => {
                after.assert_database_as(&self.before);
                if !session.environment.seed_on_deploy {
                    after.assert_none_started("seed", &self.before);
                }
                assert!(migrated(&session, &result).await, "{point}: the release's migrations did not run");
            }
            Command::Rollback(_) => after.assert_as(&self.before),
        }
    }

    /// A killed process leaves the account as it was before or after one of its calls, whatever it was about to do.
    async fn killed_at_every_call(&mut self) {
        let mut points = 0;
        for CoursePoint { world, points: equal } in &self.course().await.0 {
            let side = if points % 2 == 0 { "before" } else { "after" };
            self.converges(world, &format!("killed {side} call {}", points / 2 + 1)).await;
            points += equal;
        }
        let command = self.command;
        assert!(points > 60, "{command:?} makes more calls than {}", points / 2);
        println!("{command:?} killed at {points} points, in {} different accounts", self.converged.len());
    }

    /// Each call that is unlike those before it meets one of the three; with `CRASH_POINTS=all` every call meets each of them.
    async fn disrupted_at_every_call(&mut self) {
        const DISRUPTIONS: [Disruption; 3] =
            [Disruption::Denied, Disruption::Throttled, Disruption::BrokenConnection];
        let all = std::env::var_os("CRASH_POINTS").is_some_and(|points| points == "all");
        let mut points = 0;
        let unlike = self.unlike().await;
        assert!(unlike.len() > 30, "{:?} makes more calls than {}", self.command, unlike.len());
        let mut only = DISRUPTIONS.iter().cycle();
        for (nth, unlike) in (1..).zip(unlike) {
            let disruptions = match unlike {
                _ if all => &DISRUPTIONS[..],
                true => std::slice::from_ref(only.next().unwrap()),
                false => continue,
            };
            for disruption in disruptions {
                let (world, reached) = self.disrupted(nth, *disruption).await;
                assert!(reached, "{:?} is not the same every time: call {nth}", self.command);
                points += 1;
                self.converges(&world, &format!("{disruption:?} at call {nth}")).await;
            }
        }
        let (command, accounts) = (self.command, self.converged.len());
        println!("{command:?} disrupted at {points} points, {accounts} different accounts after them");
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
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

/// A checkout whose rollouts are soon over: what they wait for is watched by polls that are all alike.
fn quick() -> Scene {
    let scene = Scene::empty();
    scene.edit("platform.toml", "bake_time_minutes = 3", "bake_time_minutes = 1");
    scene.edit("platform.toml", "evaluation_periods = 2", "evaluation_periods = 1");
    scene.edit("platform.toml", "deregistration_delay_secs = 30", "deregistration_delay_secs = 5");
    scene.commit("quick rollouts");
    scene
}

/// In production, where the seed task must not be among what runs again.
#[test]
fn a_deployment_killed_before_and_after_every_call() {
    block_on(async { Stage::deployment("production").await.killed_at_every_call().await });
}

#[test]
fn a_deployment_with_an_error_a_throttle_or_a_broken_connection_at_every_call() {
    block_on(async { Stage::deployment("staging").await.disrupted_at_every_call().await });
}

#[test]
fn a_rollback_killed_before_and_after_every_call() {
    block_on(async { Stage::rollback(Way::StackFirst).await.killed_at_every_call().await });
}

#[test]
fn a_rollback_with_an_error_a_throttle_or_a_broken_connection_at_every_call() {
    block_on(async { Stage::rollback(Way::StackFirst).await.disrupted_at_every_call().await });
}

#[test]
fn a_rollback_past_the_stack_killed_before_and_after_every_call() {
    block_on(async { Stage::rollback(Way::Ecs).await.killed_at_every_call().await });
}

#[test]
fn a_rollback_past_the_stack_with_an_error_a_throttle_or_a_broken_connection_at_every_call() {
    block_on(async { Stage::rollback(Way::Ecs).await.disrupted_at_every_call().await });
}
