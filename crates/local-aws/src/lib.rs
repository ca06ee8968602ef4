//! The HTTP face of the simulator: AWS wire protocols, IAM callers, state on disk.
//!
//! [`LocalAws::open`] takes the account in a directory, [`LocalAws::start`] serves it on the loopback
//! interface. Any AWS client works against it with `endpoint_url` set to [`Running::endpoint_url`] and the
//! access key `test` (the administrator) or that of a role ([`role_access_key`]). Requests that are none of
//! AWS's APIs go through the simulated load balancer, by their `Host`. What is no part of AWS (time, faults,
//! images) is under `/_local/`, and on [`Running`] for who embeds the server.
//!
//! What the simulator does not model is answered with an error that names it, never with a stub success.

mod account;
mod caller;
mod clock;
mod command;
mod control;
mod dispatch;
mod disruption;
mod faults;
mod judge;
mod origin;
mod protocol;
mod request;
mod rest;
mod rest_xml;
mod server;
mod state;
mod traffic;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

pub use rollout_sim::ecs::zone_name;
pub use rollout_sim::fault::{Breakable, Fault, NothingNamed, Subject, UnknownFault};
pub use rollout_sim::image::{Architecture, ImageBehaviour};
use rollout_sim::{SimTime, World, iam};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use account::{Account, Identity};
use server::Shared;

pub use account::{CoursePoint, SeenCall};
pub use caller::{ADMIN_ACCESS_KEY, role_access_key};
pub use clock::ClockMode;
pub use command::{Existing, PushImage, SetQuota};
pub use control::{ControlError, Status};
pub use disruption::Disruption;
pub use judge::Judge;
pub use protocol::API_PREFIXES;
pub use rollout_sim::cfn::HandledResource;
pub use rollout_sim::iam::{DecidedCall, RoleDocuments, UnusedGrant, Usage};
pub use state::{STATE_VERSION, StateError};

/// How an account is opened and served.
#[derive(Debug, Clone)]
pub struct Options {
    /// Account id, twelve digits.
    pub account: String,
    /// Region name.
    pub region: String,
    /// Seed of a new account's randomness; an existing one keeps its own.
    pub seed: u64,
    /// What moves the clock.
    pub clock: ClockMode,
    /// Address to listen on; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Command line of this process, to name it to a second one that wants the same directory.
    pub command: String,
}

impl Options {
    /// A manual clock, seed 1, any port of the loopback interface, the command line of this process.
    #[must_use]
    pub fn new(account: &str, region: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            seed: 1,
            clock: ClockMode::Manual,
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            command: command_line(),
        }
    }
}

/// The command line of this process, the program without its directories.
fn command_line() -> String {
    let mut args = std::env::args();
    let program = args.next().unwrap_or_default();
    let program = Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
    std::iter::once(program).chain(args).collect::<Vec<_>>().join(" ")
}

/// An account, opened and not yet served.
#[derive(Debug)]
pub struct LocalAws {
    account: Account,
    listen: SocketAddr,
}

impl LocalAws {
    /// Opens the account in `dir` and locks the directory; an absent one is created with an empty account.
    ///
    /// # Errors
    /// The directory is locked by another process, its state is damaged, of another version or of another
    /// account, or it cannot be read or written.
    pub fn open(dir: &Path, options: &Options) -> Result<Self, StateError> {
        let account = Account::open(dir, identity(options), options.clock, &options.command)?;
        Ok(Self { account, listen: options.listen })
    }

    /// What to say of the last command before a kill, if it was recorded in part only and is therefore dropped.
    #[must_use]
    pub fn torn(&self) -> Option<&str> {
        self.account.torn()
    }

    /// An empty account that exists only in memory.
    #[must_use]
    pub fn in_memory(options: &Options) -> Self {
        Self { account: Account::in_memory(identity(options), options.clock), listen: options.listen }
    }

    /// A prepared account that exists only in memory; the account and region of `options` do not matter.
    #[must_use]
    pub fn from_world(world: World, options: &Options) -> Self {
        Self { account: Account::from_world(world, options.seed, options.clock), listen: options.listen }
    }

    /// Serves the account until [`Running::shutdown`] or until the result is dropped. Needs a tokio runtime.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn start(self) -> std::io::Result<Running> {
        let (listener, addr) = server::bind(self.listen).await?;
        let shared = Shared::new(self.account);
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(server::serve(listener, shared.clone(), stopped));
        Ok(Running { addr, shared, stop, task })
    }
}

fn identity(options: &Options) -> Identity {
    Identity { account: options.account.clone(), region: options.region.clone(), seed: options.seed }
}

/// Removes the account in `dir`, and `dir` if nothing else is in it. An absent one is fine.
///
/// # Errors
/// The directory is not an account's, it is locked by another process, or a file cannot be removed.
pub fn reset(dir: &Path) -> Result<(), StateError> {
    state::clear(dir, &command_line())
}

/// A served account. Dropping it stops the server; nothing answered is lost.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    shared: Shared,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where the server listens.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// `http://ADDR`, for every AWS client.
    #[must_use]
    pub fn endpoint_url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// A handle for whoever moves time or breaks things, usable while the server runs.
    #[must_use]
    pub fn control(&self) -> Control {
        Control { shared: self.shared.clone() }
    }

    /// Stops serving after the open requests and writes the final snapshot.
    ///
    /// # Errors
    /// The snapshot cannot be written; the journal still holds everything.
    pub async fn shutdown(self) -> Result<(), StateError> {
        let _ = self.stop.send(());
        // The task ends by itself; it can only have failed by a panic, and the account is written all the same.
        let _ = self.task.await;
        self.shared.lock().close()
    }
}

/// What the `/_local/` endpoints do, for who embeds the server.
#[derive(Debug, Clone)]
pub struct Control {
    shared: Shared,
}

impl Control {
    /// The virtual moment it is.
    #[must_use]
    pub fn now(&self) -> SimTime {
        self.shared.lock().world().now()
    }

    /// Account, time, clock and faults.
    #[must_use]
    pub fn status(&self) -> Status {
        Status::of(&self.shared.lock())
    }

    /// Lets `duration` of virtual time pass, with all that happens in it, and returns the moment it then is.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn advance_by(&self, duration: Duration) -> Result<SimTime, StateError> {
        self.shared.lock().advance_by(duration)
    }

    /// Breaks something, `after` from now.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn add_fault(&self, fault: Fault, after: Duration) -> Result<(), StateError> {
        self.shared.lock().add_fault(fault, after)
    }

    /// Faults that have broken nothing so far.
    #[must_use]
    pub fn missed_faults(&self) -> Vec<Fault> {
        self.shared.lock().missed_faults()
    }

    /// Mends one fault, or all.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn remove_fault(&self, fault: Option<Fault>) -> Result<(), StateError> {
        self.shared.lock().remove_fault(fault)
    }

    /// Pushes a made-up image and returns its digest. What is there already stays and is no error.
    ///
    /// # Errors
    /// The registry refuses it (no such repository, an immutable tag that names another image), or the journal
    /// cannot be written.
    pub fn push_image(&self, image: PushImage) -> Result<String, ControlError> {
        self.shared.lock().push_image(image)
    }

    /// Follows the links in the mails that SNS sent to an address: how many subscriptions were confirmed.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn confirm_subscriptions(&self, endpoint: &str) -> Result<usize, StateError> {
        self.shared.lock().confirm_subscriptions(endpoint)
    }

    /// Has a zone or certificate exist that no stack made; what is there stays.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn provide(&self, existing: Existing) -> Result<(), StateError> {
        self.shared.lock().provide(existing)
    }

    /// Gives a service quota another value, as AWS does on request; `false` where no modelled quota has the code.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn set_quota(&self, quota: SetQuota) -> Result<bool, StateError> {
        self.shared.lock().set_quota(quota)
    }

    /// API calls so far, refused ones included.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared.lock().calls()
    }

    /// Disrupts the `nth` API call from now on (1: the next).
    pub fn disrupt(&self, nth: u64, disruption: Disruption) {
        self.shared.lock().disrupt(nth, disruption);
    }

    /// Keeps the account as it is before and after every call from now on.
    pub fn record_course(&self) {
        self.shared.lock().record_course();
    }

    /// The account before and after every call since [`Control::record_course`], in order.
    #[must_use]
    pub fn take_course(&self) -> Vec<CoursePoint> {
        self.shared.lock().take_course()
    }

    /// The API calls since the server was started, oldest first, refused ones and retries included; the latest 100,000.
    #[must_use]
    pub fn seen_calls(&self) -> Vec<SeenCall> {
        self.shared.lock().seen_calls()
    }

    /// The account as it is now, in memory, to be served on its own: what happens there happens there only.
    #[must_use]
    pub fn copy(&self, options: &Options) -> LocalAws {
        LocalAws::from_world(self.inspect(World::clone), options)
    }

    /// How often a role (by name) used each action, and how often it was denied.
    #[must_use]
    pub fn used_actions(&self, role: &str) -> BTreeMap<String, Usage> {
        self.inspect(|world| iam::used_actions(world, role))
    }

    /// The parts of a role's (by name) policies that no call so far has needed.
    #[must_use]
    pub fn unused_grants(&self, role: &str) -> BTreeSet<UnusedGrant> {
        self.inspect(|world| iam::unused_grants(world, role))
    }

    /// Keeps every different call of roles from now on, also in copies.
    pub fn keep_calls(&self) {
        self.shared.lock().keep_calls();
    }

    /// The different calls of a role (by name) since [`Control::keep_calls`].
    #[must_use]
    pub fn kept_calls(&self, role: &str) -> BTreeSet<DecidedCall> {
        self.inspect(|world| iam::kept_calls(world, role))
    }

    /// The policies, the boundary and the trust of a role (by name).
    #[must_use]
    pub fn role_documents(&self, role: &str) -> Option<RoleDocuments> {
        self.inspect(|world| iam::role_documents(world, role))
    }

    /// A copy of the account that says what its roles may do.
    #[must_use]
    pub fn judge(&self) -> Judge {
        Judge::new(self.inspect(World::clone))
    }

    /// Looks at the account from the inside.
    pub fn inspect<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(self.shared.lock().world())
    }
}
