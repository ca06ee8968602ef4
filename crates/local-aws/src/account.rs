//! The account that is served: the world, its clock, and its place on disk.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rollout_sim::elb::HttpAnswer;
use rollout_sim::fault::{ActiveFault, Fault};
use rollout_sim::{SimTime, World, ecs, iam, sns};

use crate::clock::{Clock, ClockMode};
use crate::command::{Command, CustomHealth, Existing, PushImage, SetQuota, push_image};
use crate::control::ControlError;
use crate::dispatch::{self, Effect};
use crate::disruption::{Disruption, Planned, Treatment};
use crate::faults;
use crate::protocol::Answer;
use crate::request::ApiCall;
use crate::state::{Entry, Journal, Lock, StateError, claim, read_snapshot, write_snapshot};
use crate::traffic::UserRequest;

/// Length of the journal at which a new snapshot replaces it, in bytes. Running 4 MiB of commands again
/// takes well under a second.
const MAX_JOURNAL: usize = 4 << 20;

/// API calls that are remembered, for who asks how often the account was called.
const MAX_CALLS: usize = 100_000;

/// Wall-clock-driven time is journalled at least this often, so that a kill does not turn it back far.
const TICK: Duration = Duration::from_secs(60);

/// Identity of a new account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) seed: u64,
}

#[derive(Debug)]
struct Store {
    dir: PathBuf,
    generation: u64,
    journal: Journal,
    _lock: Lock,
}

/// An API call that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenCall {
    /// When, in virtual time.
    pub at: SimTime,
    /// `service:Operation`, the spelling of IAM actions.
    pub operation: String,
}

/// The account at one or several points before and after calls, between which nothing changed it.
#[derive(Debug, Clone)]
pub struct CoursePoint {
    /// The account.
    pub world: World,
    /// How many points these are.
    pub points: usize,
}

#[derive(Debug)]
pub(crate) struct Account {
    seen_calls: VecDeque<SeenCall>,
    world: World,
    identity: Identity,
    clock: Clock,
    store: Option<Store>,
    /// Virtual moment of the last journalled command.
    saved_at: SimTime,
    requests: u64,
    planned: Option<Planned>,
    /// The world before and after every call, while somebody wants to know.
    course: Option<Vec<CoursePoint>>,
    /// Whether the world may be another one than at the last point of the course.
    moved: bool,
    /// Calls that the fault `throttled` refused and has not let through yet.
    throttled: faults::Refusals,
    /// Faults that calls were refused by, since the account was opened.
    refused_by: BTreeSet<Fault>,
    /// What is said of a record that a kill tore.
    torn: Option<String>,
}

impl Account {
    /// An account that exists only in memory.
    pub(crate) fn in_memory(identity: Identity, mode: ClockMode) -> Self {
        let world = World::new(&identity.account, &identity.region, identity.seed);
        Self::new(world, identity, mode, None)
    }

    /// A prepared world, in memory. A reset makes an empty one of the same identity.
    pub(crate) fn from_world(world: World, seed: u64, mode: ClockMode) -> Self {
        let identity = Identity { account: world.account.clone(), region: world.region.clone(), seed };
        Self::new(world, identity, mode, None)
    }

    /// The account in `dir`, which is created where it does not exist.
    pub(crate) fn open(
        dir: &Path,
        identity: Identity,
        mode: ClockMode,
        command: &str,
    ) -> Result<Self, StateError> {
        claim(dir)?;
        let lock = Lock::take(dir, command)?;
        let mut torn = None;
        let (mut generation, world, saved) = match read_snapshot::<World>(dir)? {
            None => {
                Journal::refuse_orphans(dir)?;
                (0, World::new(&identity.account, &identity.region, identity.seed), false)
            }
            Some((generation, mut world)) => {
                let of = |account: &str, region: &str| format!("account {account} in {region}");
                if (&world.account, &world.region) != (&identity.account, &identity.region) {
                    return Err(StateError::OtherAccount {
                        dir: dir.to_owned(),
                        found: of(&world.account, &world.region),
                        asked: of(&identity.account, &identity.region),
                    });
                }
                let read = Journal::read(dir, generation)?;
                torn = read.torn;
                for entry in &read.entries {
                    world.advance_to(entry.at);
                    apply(&mut world, &entry.command, "replay");
                }
                (generation, world, read.entries.is_empty())
            }
        };
        let journal = if saved {
            Journal::create(dir, generation)?
        } else {
            // The journal that follows must continue this very account.
            generation += 1;
            begin(dir, generation, &world)?
        };
        let store = Store { dir: dir.to_owned(), generation, journal, _lock: lock };
        Ok(Self { torn, ..Self::new(world, identity, mode, Some(store)) })
    }

    fn new(world: World, identity: Identity, mode: ClockMode, store: Option<Store>) -> Self {
        let now = world.now();
        Self {
            clock: Clock::new(mode, now),
            saved_at: now,
            world,
            identity,
            store,
            requests: 0,
            seen_calls: VecDeque::new(),
            planned: None,
            course: None,
            moved: false,
            throttled: faults::Refusals::new(),
            refused_by: BTreeSet::new(),
            torn: None,
        }
    }

    pub(crate) const fn world(&self) -> &World {
        &self.world
    }

    pub(crate) fn torn(&self) -> Option<&str> {
        self.torn.as_deref()
    }

    pub(crate) const fn clock_mode(&self) -> ClockMode {
        self.clock.mode()
    }

    /// An identifier in the form AWS gives requests.
    pub(crate) fn next_request_id(&mut self) -> String {
        self.requests += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.requests)
    }

    /// API calls so far, refused ones included.
    pub(crate) const fn calls(&self) -> u64 {
        self.requests
    }

    /// Disrupts the `nth` call from now on (1: the next).
    pub(crate) const fn disrupt(&mut self, nth: u64, disruption: Disruption) {
        self.planned = Some(Planned { disruption, call: self.requests + nth });
    }

    /// Keeps the world before and after every call from now on.
    pub(crate) fn record_course(&mut self) {
        self.course = Some(Vec::new());
    }

    /// The worlds kept so far; none are kept any longer.
    pub(crate) fn take_course(&mut self) -> Vec<CoursePoint> {
        self.course.take().unwrap_or_default()
    }

    fn note_course(&mut self) {
        let Some(course) = &mut self.course else { return };
        match course.last_mut() {
            Some(last) if !self.moved && last.world.now() == self.world.now() => last.points += 1,
            _ => course.push(CoursePoint { world: self.world.clone(), points: 1 }),
        }
        self.moved = false;
    }

    /// What the server does with the next call.
    pub(crate) fn treatment(&self) -> Treatment {
        self.planned.map_or(Treatment::Answer, |planned| planned.treatment(self.requests + 1))
    }

    /// Lets the time pass that passed on the wall.
    pub(crate) fn tick(&mut self) -> Result<(), StateError> {
        let now = self.clock.now(self.world.now());
        if now > self.world.now() {
            self.world.advance_to(now);
            if now.since(self.saved_at) >= TICK {
                self.save(Command::Tick, Effect::Write)?;
            }
        }
        Ok(())
    }

    /// Sets the clock forward and returns the moment it then is.
    pub(crate) fn advance_by(&mut self, duration: Duration) -> Result<SimTime, StateError> {
        self.tick()?;
        let until = self.world.now() + duration;
        self.world.advance_to(until);
        self.clock.jump_to(until);
        self.save(Command::Tick, Effect::Write)?;
        Ok(until)
    }

    /// The API calls of this process, oldest first, refused ones included.
    pub(crate) fn seen_calls(&self) -> Vec<SeenCall> {
        self.seen_calls.iter().cloned().collect()
    }

    /// Answers an API call.
    pub(crate) fn call(&mut self, call: ApiCall) -> Result<Answer, StateError> {
        self.tick()?;
        if self.seen_calls.len() == MAX_CALLS {
            self.seen_calls.pop_front();
        }
        let operation = format!("{}:{}", call.service.iam_prefix(), call.operation);
        self.seen_calls.push_back(SeenCall { at: self.world.now(), operation });
        let request_id = self.next_request_id();
        if let Some((fault, error)) = faults::refusal(&self.world, &call, &mut self.throttled) {
            self.refused_by.insert(fault);
            return Ok(call.protocol.error(Some(call.service), &request_id, &error));
        }
        self.note_course();
        let (answer, effect) = dispatch::run(&mut self.world, &call, &request_id);
        self.moved |= effect != Effect::Read;
        self.note_course();
        self.save(Command::Api(call), effect)?;
        Ok(answer)
    }

    /// Answers a user of the platform; `None` where no load balancer has the host's name.
    pub(crate) fn user_request(&mut self, request: UserRequest) -> Result<Option<HttpAnswer>, StateError> {
        self.tick()?;
        let answer = request.send(&mut self.world);
        let effect = if answer.is_some() { Effect::Write } else { Effect::Read };
        self.save(Command::User(request), effect)?;
        Ok(answer)
    }

    /// Faults that have broken nothing so far.
    pub(crate) fn missed_faults(&self) -> Vec<Fault> {
        let faults = self.world.faults.iter().filter(|active| !active.hit).map(|active| &active.fault);
        faults.filter(|fault| !self.refused_by.contains(*fault)).cloned().collect()
    }

    /// Breaks something `after` from now.
    pub(crate) fn add_fault(&mut self, fault: Fault, after: Duration) -> Result<(), StateError> {
        self.tick()?;
        let since = self.world.now() + after;
        self.run(Command::AddFault(ActiveFault::new(fault, since)))
    }

    /// Mends one fault, or all.
    pub(crate) fn remove_fault(&mut self, fault: Option<Fault>) -> Result<(), StateError> {
        self.tick()?;
        self.throttled.clear();
        self.run(Command::RemoveFault(fault))
    }

    /// Pushes a made-up image and returns its digest.
    pub(crate) fn push_image(&mut self, image: PushImage) -> Result<String, ControlError> {
        self.tick()?;
        let digest = push_image(&mut self.world, &image)?;
        self.save(Command::PushImage(image), Effect::Write)?;
        Ok(digest)
    }

    /// Tells the service registries how a task is.
    pub(crate) fn set_custom_health(&mut self, health: CustomHealth) -> Result<(), ControlError> {
        self.tick()?;
        ecs::set_custom_health(&mut self.world, &health.task, health.healthy)?;
        Ok(self.save(Command::SetCustomHealth(health), Effect::Write)?)
    }

    /// Follows the links in the mails of SNS to an address.
    pub(crate) fn confirm_subscriptions(&mut self, endpoint: &str) -> Result<usize, StateError> {
        self.tick()?;
        let confirmed = sns::confirm(&mut self.world, endpoint);
        self.save(Command::ConfirmSubscriptions(endpoint.to_owned()), Effect::Write)?;
        Ok(confirmed)
    }

    /// Has something exist that no stack made.
    pub(crate) fn provide(&mut self, existing: Existing) -> Result<(), StateError> {
        self.tick()?;
        existing.make(&mut self.world);
        self.save(Command::Provide(existing), Effect::Write)
    }

    /// Gives a quota another value; `false` where none of those modelled has the code.
    pub(crate) fn set_quota(&mut self, quota: SetQuota) -> Result<bool, StateError> {
        self.tick()?;
        if !self.world.quotas.set(&quota.quota_code, quota.value) {
            return Ok(false);
        }
        self.save(Command::SetQuota(quota), Effect::Write)?;
        Ok(true)
    }

    /// Keeps every different call of roles from now on; no part of the account.
    pub(crate) fn keep_calls(&mut self) {
        iam::keep_calls(&mut self.world);
    }

    /// Replaces the account by an empty one.
    pub(crate) fn reset(&mut self) -> Result<(), StateError> {
        self.world = World::new(&self.identity.account, &self.identity.region, self.identity.seed);
        self.clock.jump_to(self.world.now());
        self.save_snapshot()
    }

    /// Makes the journal obsolete, if anything is in it, and gives the directory up: the next may open it, whoever
    /// still holds a handle of this one.
    pub(crate) fn close(&mut self) -> Result<(), StateError> {
        let saved = match &self.store {
            Some(store) if store.journal.length() > 0 => self.save_snapshot(),
            _ => Ok(()),
        };
        self.store = None;
        saved
    }

    fn run(&mut self, command: Command) -> Result<(), StateError> {
        let effect = apply(&mut self.world, &command, "control");
        self.save(command, effect)
    }

    fn save(&mut self, command: Command, effect: Effect) -> Result<(), StateError> {
        self.moved |= effect != Effect::Read && !matches!(command, Command::Api(_));
        let Some(store) = &mut self.store else { return Ok(()) };
        match effect {
            Effect::Read => Ok(()),
            Effect::Write if store.journal.length() < MAX_JOURNAL => {
                self.saved_at = self.world.now();
                store.journal.append(&Entry { at: self.saved_at, command })
            }
            Effect::Write | Effect::WriteSecret => self.save_snapshot(),
        }
    }

    fn save_snapshot(&mut self) -> Result<(), StateError> {
        self.saved_at = self.world.now();
        let Some(store) = &mut self.store else { return Ok(()) };
        let generation = store.generation + 1;
        store.journal = begin(&store.dir, generation, &self.world)?;
        store.generation = generation;
        Ok(())
    }
}

/// Writes a snapshot, with an empty journal that continues it.
fn begin(dir: &Path, generation: u64, world: &World) -> Result<Journal, StateError> {
    let journal = Journal::create(dir, generation)?;
    write_snapshot(dir, generation, world)?;
    journal.remove_others(dir)?;
    Ok(journal)
}

/// Runs a command, now or again from the journal.
fn apply(world: &mut World, command: &Command, request_id: &str) -> Effect {
    match command {
        Command::Tick => {}
        Command::Api(call) => return dispatch::run(world, call, request_id).1,
        Command::AddFault(fault) => {
            world.faults.push(fault.clone());
        }
        Command::PushImage(image) => {
            // Only what succeeded is journalled, and a replay succeeds likewise.
            let _ = push_image(world, image);
        }
        Command::SetCustomHealth(health) => {
            // As above.
            let _ = ecs::set_custom_health(world, &health.task, health.healthy);
        }
        Command::ConfirmSubscriptions(endpoint) => {
            sns::confirm(world, endpoint);
        }
        Command::Provide(existing) => existing.make(world),
        Command::SetQuota(quota) => {
            world.quotas.set(&quota.quota_code, quota.value);
        }
        Command::User(request) => {
            request.send(world);
        }
        Command::RemoveFault(None) => world.faults.clear(),
        Command::RemoveFault(Some(fault)) => world.faults.retain(|active| active.fault != *fault),
    }
    Effect::Write
}
