//! A checkout and a local account for each test, so that no test sees another.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use deploy_ops::clock::Clock;
use deploy_ops::deploy::{self, Options, Outcome};
use deploy_ops::failure::Failure;
use deploy_ops::interrupt::Interrupt;
use deploy_ops::origin::Origin;
use deploy_ops::report::{Report, Style};
use deploy_ops::resolve::Wanted;
use deploy_ops::session::{EnvironmentSession, Session};
use deploy_ops::target::{Target, TargetError};
use env_config::Config;
use local_aws::{LocalAws, StateError};
use ops_cli::TargetArgs;
use rollout_sim::World;
use tempfile::TempDir;

/// A checkout with the project's own configuration, and the local account in it.
pub(crate) struct Scene {
    dir: TempDir,
}

impl Scene {
    /// One commit, and an account that does not exist yet.
    pub(crate) fn empty() -> Self {
        let scene = Self { dir: tempfile::tempdir().unwrap() };
        copy(&repository().join("infra"), &scene.root().join("infra"));
        scene.git(&["init", "--quiet", "--initial-branch=main"]);
        scene.commit("first");
        scene
    }

    /// A checkout whose account runs the current commit in staging. Made once; every call gets a copy.
    pub(crate) fn staging() -> Self {
        static MADE: OnceLock<Scene> = OnceLock::new();
        Self::copied(&MADE, "staging")
    }

    /// The same in production.
    pub(crate) fn production() -> Self {
        static MADE: OnceLock<Scene> = OnceLock::new();
        Self::copied(&MADE, "production")
    }

    fn copied(made: &OnceLock<Self>, environment: &str) -> Self {
        let made = made.get_or_init(|| {
            let scene = Self::empty();
            let outcome =
                block_on(async { scene.deploy(environment, &options(Wanted::Head), &[]).await.unwrap() });
            assert_eq!(outcome.result.exit_code, 0, "{:?}", outcome.result.cause);
            scene
        });
        let scene = Self { dir: tempfile::tempdir().unwrap() };
        copy(made.root(), scene.root());
        scene
    }

    /// An empty directory, to copy a made scene into.
    pub(crate) fn unborn() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// Top of the checkout.
    pub(crate) fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Commits everything; answers the commit id.
    pub(crate) fn commit(&self, message: &str) -> String {
        let author = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
        let commit = ["commit", "--quiet", "--allow-empty", "--message", message];
        self.git(&["add", "--all", "--", "infra"]);
        self.git(&[&author[..], &commit[..]].concat());
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Runs git in the checkout; answers what it prints.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        let mut command = Command::new("git");
        command.args(args).current_dir(self.root()).stdin(Stdio::null()).stderr(Stdio::inherit());
        for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
            command.env_remove(variable);
        }
        let output = command.output().expect("git starts");
        assert!(output.status.success(), "git {args:?} failed");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Replaces text in a file of the configuration; it must be there.
    #[allow(dead_code, reason = "for the tests that change the configuration")]
    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.root().join("infra").join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from:?}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// A command on an environment of the local account, with faults; its progress is discarded.
    pub(crate) async fn session(&self, environment: &str, faults: &[&str]) -> EnvironmentSession {
        let mut session = self.open(environment, faults).await;
        session.session.report = silent(session.target.clock.clone());
        session.session.origin = Origin::new("ana", "laptop");
        session
    }

    /// A command on an account of its own, in memory, that is in the state `world`.
    pub(crate) async fn session_in(&self, world: World, environment: &str) -> EnvironmentSession {
        self.session_as(world, environment, local_aws::ADMIN_ACCESS_KEY).await
    }

    /// The same, called with this access key.
    pub(crate) async fn session_as(&self, world: World, environment: &str, key: &str) -> EnvironmentSession {
        let config = Config::load(self.root()).unwrap();
        let platform = &config.platform;
        let options = local_aws::Options::new(platform.account_id.as_str(), platform.region.as_str());
        let running = LocalAws::from_world(world, &options).start().await.unwrap();
        let target = Target::local_as(&config, running, key).await.unwrap();
        let environment = config.environment(environment).unwrap().clone();
        let report = silent(target.clock.clone());
        let session = Session::connected(self.root().to_owned(), config, target, report);
        EnvironmentSession { session, environment }
    }

    /// A child process of another test holds every lock of this process from its fork to its exec: a moment,
    /// in which the lock that was just given up is still taken.
    async fn open(&self, environment: &str, faults: &[&str]) -> EnvironmentSession {
        for _ in 0..500 {
            match EnvironmentSession::open(self.root(), environment, &target(faults)).await {
                Err(Failure::Target(TargetError::Local(StateError::Locked { .. }))) => {
                    std::thread::sleep(Duration::from_millis(10));
                }
                opened => return opened.unwrap(),
            }
        }
        panic!("the local account stays locked");
    }

    /// Deploys, as `cargo xtask deploy ENVIRONMENT --local` does.
    pub(crate) async fn deploy(
        &self,
        environment: &str,
        options: &Options,
        faults: &[&str],
    ) -> Result<Outcome, Failure> {
        let session = self.session(environment, faults).await;
        let outcome = Box::pin(deploy::deploy(&session, options)).await;
        close(session).await;
        outcome
    }
}

/// Ends a command: everything of it goes, and with it the lock of the account.
pub(crate) async fn close(session: EnvironmentSession) {
    let Session { target, report, .. } = session.session;
    drop(report);
    target.close().await.unwrap();
}

/// The arguments `--local --fault …`.
pub(crate) fn target(faults: &[&str]) -> TargetArgs {
    TargetArgs { local: true, faults: faults.iter().map(ToString::to_string).collect() }
}

/// Options of a plain deployment.
pub(crate) fn options(wanted: Wanted) -> Options {
    Options::plain(wanted)
}

/// Runs a future to its end, as the binary does.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(future)
}

/// Interrupts a command, as Ctrl-C does, when its progress says `needle`.
pub(crate) fn interrupt_at(session: &mut EnvironmentSession, needle: &'static str) {
    let out = TripWire { needle, interrupt: session.session.interrupt.clone() };
    session.session.report =
        Report::new(Style::Plain, false, session.session.target.clock.clone(), Box::new(out));
}

struct TripWire {
    needle: &'static str,
    interrupt: Interrupt,
}

impl Write for TripWire {
    fn write(&mut self, text: &[u8]) -> std::io::Result<usize> {
        if String::from_utf8_lossy(text).contains(self.needle) {
            self.interrupt.request();
        }
        Ok(text.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Progress that the test reads.
#[derive(Clone, Default)]
pub(crate) struct Told(Arc<Mutex<Vec<u8>>>);

impl Told {
    pub(crate) fn listen(&self, session: &mut EnvironmentSession) {
        let clock = session.target.clock.clone();
        session.session.report = Report::new(Style::Plain, false, clock, Box::new(self.clone()));
    }

    /// What was said so far.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The warnings so far, without their times.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let text = self.text();
        let warnings = text.lines().filter_map(|line| line.split_once("warning: "));
        warnings.map(|(_, warning)| warning.to_owned()).collect()
    }
}

impl Write for Told {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Progress that nobody reads.
pub(crate) fn silent(clock: Arc<dyn Clock>) -> Report {
    Report::new(Style::Plain, false, clock, Box::new(std::io::sink()))
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
