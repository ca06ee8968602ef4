//! A scene with two releases, v0.1.0 and the newer v0.2.0 that runs, and what a rollback must leave alone.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use deploy_ops::confirm::Ask;
use deploy_ops::ending::Outcome;
use deploy_ops::failure::Failure;
use deploy_ops::infrastructure;
use deploy_ops::origin::Origin;
use deploy_ops::prepare;
use deploy_ops::report::{Report, Style};
use deploy_ops::resolve::Wanted;
use deploy_ops::rollback::{self, Options, Way};
use deploy_ops::session::{EnvironmentSession, Session};
use deploy_ops::stack;
use deploy_ops::stack_resources;
use deploy_ops::target::{LOCAL_STATE, Target};
use env_config::{Config, SharedNames};
use local_aws::{LocalAws, StateError};
use ops_cli::Verdict;
use tokio::sync::Notify;

use super::scene::{Scene, block_on, close, copy, options};

/// The environment of these tests.
pub(crate) const ENVIRONMENT: &str = "staging";

/// v0.1.0 was deployed, then v0.2.0. Made once; every call gets a copy.
pub(crate) fn two_releases() -> Scene {
    static MADE: OnceLock<Scene> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let scene = Scene::empty();
        block_on(async {
            scene.deploy_two_releases().await;
            scene.release("v0.3.0").await;
        });
        scene
    });
    let scene = Scene::unborn();
    copy(made.root(), scene.root());
    scene
}

/// Options of a deployment of a release.
pub(crate) fn of(tag: &str) -> deploy_ops::deploy::Options {
    options(Wanted::Tag(tag.parse().unwrap()))
}

impl Scene {
    /// Makes v0.1.0 and v0.2.0, and deploys the one after the other.
    pub(crate) async fn deploy_two_releases(&self) {
        for tag in ["v0.1.0", "v0.2.0"] {
            self.release(tag).await;
            let outcome = self.deploy(ENVIRONMENT, &of(tag), &[]).await.unwrap();
            assert_eq!(outcome.result.verdict, Verdict::Succeeded, "{:?}", outcome.result.cause);
        }
    }

    /// Commits, and records a release of that commit with its images.
    pub(crate) async fn release(&self, tag: &str) {
        let commit = self.commit(tag);
        let session = self.session(ENVIRONMENT, &[]).await;
        infrastructure::change_shared(&session, true, &[]).await.unwrap();
        prepare::images(&session, &commit.parse().unwrap(), Some(tag)).await.unwrap();
        close(session).await;
    }

    /// A command in the environment, called by its deploy role: what the role may not do, the command cannot.
    pub(crate) async fn as_deploy_role(&self, faults: &[&str]) -> EnvironmentSession {
        let config = Config::load(self.root()).unwrap();
        let platform = &config.platform;
        let place = local_aws::Options::new(platform.account_id.as_str(), platform.region.as_str());
        let local = open(&self.root().join(LOCAL_STATE), &place);
        let running = local.start().await.unwrap();
        running.control().remove_fault(None).unwrap();
        for fault in faults {
            running.control().add_fault(fault.parse().unwrap(), Duration::ZERO).unwrap();
        }
        let environment = config.environment(ENVIRONMENT).unwrap().clone();
        let role = SharedNames::new(platform).deploy_role(&environment.name);
        let key = local_aws::role_access_key(&role);
        let target = Target::local_as(&config, running, &key).await.unwrap();
        let shown = std::env::var_os("SHOW_PROGRESS").is_some();
        let out: Box<dyn Write + Send> =
            if shown { Box::new(std::io::stderr()) } else { Box::new(std::io::sink()) };
        let report = Report::new(Style::Plain, false, target.clock.clone(), out);
        let root: &Path = self.root();
        let mut session = Session::connected(root.to_owned(), config, target, report);
        session.origin = Origin::new("ben", "github-run-7");
        EnvironmentSession { session, environment }
    }

    /// Rolls back, as `cargo xtask rollback TAG --env staging --yes` does, by the deploy role.
    pub(crate) async fn rollback(&self, tag: &str, way: Way, faults: &[&str]) -> Result<Outcome, Failure> {
        let session = self.as_deploy_role(faults).await;
        let outcome = Box::pin(rollback::rollback(&session, &back_to(tag, way))).await;
        close(session).await;
        outcome
    }

    /// Deploys v0.3.0 until its services are half-way, and leaves the update running.
    pub(crate) async fn half_way_to_v0_3_0(&self, faults: &[&str]) {
        self.half_way(ENVIRONMENT, &of("v0.3.0"), faults).await;
    }

    /// Deploys until the services are half-way, and leaves the update running.
    pub(crate) async fn half_way(
        &self,
        environment: &str,
        wanted: &deploy_ops::deploy::Options,
        faults: &[&str],
    ) {
        let mut session = self.session(environment, faults).await;
        let signal = Arc::new(Notify::new());
        session.session.report = telling(&session, "api: 0/", &signal);
        kill_at(&signal, deploy_ops::deploy::deploy(&session, wanted)).await;
        assert_eq!(stack_status(&session).await, "UPDATE_IN_PROGRESS");
        close(session).await;
    }

    /// Proposes a change of the release, and neither executes nor discards it.
    pub(crate) async fn leave_change_set(&self, name: &str) {
        self.leave_change_sets(&[name.to_owned()]).await;
    }

    /// Several of them.
    pub(crate) async fn leave_change_sets(&self, names: &[String]) {
        let session = self.session(ENVIRONMENT, &[]).await;
        let (aws, clock) = (&session.target.aws, &*session.target.clock);
        let stack_name = session.environment.stack_name.as_str();
        let view = stack::describe(aws, stack_name).await.unwrap();
        let live = stack::live_template(aws, stack_name).await.unwrap();
        let values = BTreeMap::from([("Release".to_owned(), "v0.0.9".to_owned())]);
        let (kept, role) = (BTreeSet::new(), view.as_ref().unwrap().role_arn.clone());
        for name in names {
            let request = deploy_ops::inputs::request(
                stack_name,
                &live,
                &values,
                &kept,
                view.as_ref(),
                role.as_deref(),
                name.clone(),
            );
            stack::propose(aws, clock, &session.template_bucket(), &request.unwrap(), true).await.unwrap();
        }
        close(session).await;
    }

    /// What must be the same after a rollback as before it.
    pub(crate) async fn untouchable(&self) -> Untouchable {
        let session = self.session(ENVIRONMENT, &[]).await;
        let found = Untouchable::read(&session).await;
        close(session).await;
        found
    }

    /// Every service of `outcome` runs `tag` and nothing else, the stack says so too where it should, and
    /// nothing that a rollback must leave alone has changed.
    pub(crate) async fn assert_all_on(&self, tag: &str, on_record: &str, before: &Untouchable) {
        let session = self.session(ENVIRONMENT, &[]).await;
        let repositories = deploy_ops::inputs::repositories(&session.config);
        let wanted = Wanted::Tag(tag.parse().unwrap());
        let (aws, tags) = (&session.target.aws, session.target.tags);
        let release =
            deploy_ops::resolve::resolve(aws, &session.root, &wanted, tags, &repositories).await.unwrap();
        let services = deploy_ops::status::service_results(&session, &release.digests).await.unwrap();
        assert_eq!(services.len(), 3);
        for service in &services {
            assert_eq!(service.running_digests, [service.digest.as_str()], "{} on {tag}", service.name);
        }
        let view = stack::describe(aws, session.environment.stack_name.as_str()).await.unwrap().unwrap();
        assert_eq!(view.parameters["Release"], on_record);
        Untouchable::read(&session).await.assert_as(before);
        close(session).await;
    }
}

/// As [`Scene::session`] does: a lock is held for a moment longer by child processes of other tests.
fn open(state: &Path, options: &local_aws::Options) -> LocalAws {
    for _ in 0..500 {
        match LocalAws::open(state, options) {
            Err(StateError::Locked { .. }) => std::thread::sleep(Duration::from_millis(10)),
            opened => return opened.unwrap(),
        }
    }
    panic!("the local account stays locked");
}

/// Options of a rollback that asks nothing.
pub(crate) fn back_to(tag: &str, way: Way) -> Options {
    Options { tag: tag.parse().unwrap(), way, ask: Ask::Never }
}

/// Status of the environment's stack.
pub(crate) async fn stack_status(session: &EnvironmentSession) -> String {
    let name = session.environment.stack_name.as_str();
    stack::describe(&session.target.aws, name).await.unwrap().unwrap().status.as_str().to_owned()
}

/// What a rollback must not touch, and a deployment only in part.
#[derive(Debug)]
pub(crate) struct Untouchable {
    /// Identifier of the database, and when CloudFormation last did something to it.
    database: (String, String),
    /// ARNs of the one-off tasks that ECS knows, by name of the task.
    one_off_tasks: BTreeMap<String, BTreeSet<String>>,
}

impl Untouchable {
    pub(crate) async fn read(session: &EnvironmentSession) -> Self {
        let (aws, name) = (&session.target.aws, session.environment.stack_name.as_str());
        let resources = stack_resources::list(aws, name).await.unwrap();
        let database = resources.iter().find(|it| it.resource_type == "AWS::RDS::DBInstance").unwrap();
        let answer = aws.cloudformation.describe_stack_resources().stack_name(name);
        let answer = answer.logical_resource_id(&database.logical_id).send().await.unwrap();
        let at = answer.stack_resources()[0].timestamp().unwrap().to_string();
        let mut one_off_tasks: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for task in session.config.platform.tasks.keys() {
            for status in ["RUNNING", "STOPPED"] {
                let call = aws.ecs.list_tasks().cluster(session.names().cluster());
                let call = call.family(session.names().task_family(task)).desired_status(status.into());
                let found = call.send().await.unwrap().task_arns.unwrap_or_default();
                one_off_tasks.entry(task.to_string()).or_default().extend(found);
            }
        }
        Self { database: (database.physical_id.clone().unwrap(), at), one_off_tasks }
    }

    /// Nothing was touched.
    pub(crate) fn assert_as(&self, before: &Self) {
        self.assert_database_as(before);
        self.one_off_tasks.keys().for_each(|task| self.assert_none_started(task, before));
    }

    /// The database is the one of before, as it was.
    pub(crate) fn assert_database_as(&self, before: &Self) {
        assert_eq!(self.database, before.database, "the database was touched");
    }

    /// No one-off task of this name was started since.
    pub(crate) fn assert_none_started(&self, task: &str, before: &Self) {
        let started: Vec<_> = self.one_off_tasks[task].difference(&before.one_off_tasks[task]).collect();
        assert!(started.is_empty(), "{task} was started: {started:?}");
    }
}

/// Drops `work` the next time that it waits after `signal`, as a killed process drops it.
pub(crate) async fn kill_at<T>(signal: &Notify, work: impl Future<Output = T>) {
    tokio::select! {
        _ = Box::pin(work) => panic!("it ended before it was killed"),
        () = signal.notified() => {}
    }
}

/// A report that signals when it is told `text`.
pub(crate) fn telling(session: &Session, text: &str, signal: &Arc<Notify>) -> Report {
    let out = Telling { text: text.to_owned(), signal: signal.clone() };
    Report::new(Style::Plain, false, session.target.clock.clone(), Box::new(out))
}

struct Telling {
    text: String,
    signal: Arc<Notify>,
}

impl Write for Telling {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if String::from_utf8_lossy(bytes).contains(&self.text) {
            self.signal.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
