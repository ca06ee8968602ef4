//! The world: state of every service, the clock and the queue of what happens next.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::fault::ActiveFault;
use crate::image::ImageBehaviour;
use crate::params::Params;
use crate::{
    Quotas, Rng, Shared, SimTime, acm, cfn, cloudwatch, ecr, ecs, elb, iam, logs, rds, route53, s3, secrets,
    sns,
};

/// Something that happens by itself at a moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// Task lifecycle, scheduler, breaker, bake.
    Ecs(ecs::Event),
    /// Health checks, end of draining.
    Elb(elb::Event),
    /// Resource operations that complete, stabilisation polls, time-outs.
    Cfn(cfn::Event),
    /// Alarm evaluation.
    CloudWatch(cloudwatch::Event),
    /// Lifecycle policies of image repositories.
    Ecr(ecr::Event),
    /// Instances and snapshots of databases that are complete.
    Rds(rds::Event),
    /// Rotation of secrets that another service manages.
    Secrets(secrets::Event),
}

/// Handle of a scheduled event, to cancel it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timer(SimTime, u64);

impl Timer {
    /// When the event is due.
    pub(crate) const fn at(self) -> SimTime {
        self.0
    }
}

/// The queue as a list of pairs: the keys of a JSON object are text.
mod queue_as_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Event, Timer};

    pub(super) fn serialize<S: Serializer>(
        queue: &BTreeMap<Timer, Event>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(queue)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<Timer, Event>, D::Error> {
        Vec::<(Timer, Event)>::deserialize(deserializer).map(|pairs| pairs.into_iter().collect())
    }
}

/// An AWS account in one region, in virtual time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    now: SimTime,
    /// Ties at one moment happen in the order in which they were scheduled.
    sequence: u64,
    #[serde(with = "queue_as_list")]
    queue: BTreeMap<Timer, Event>,
    /// Source of identifiers and of sampled parameters.
    pub rng: Rng,
    /// Twelve digits.
    pub account: String,
    /// Region name, such as `us-west-2`.
    pub region: String,
    /// The numbers AWS does not document.
    pub params: Params,
    /// How many resources of a kind the account may have.
    #[serde(default)]
    pub quotas: Quotas,
    /// What is broken on purpose.
    pub faults: Vec<ActiveFault>,
    /// How the program in an image behaves, by digest; an unknown digest gets the default behaviour.
    pub images: Shared<BTreeMap<String, ImageBehaviour>>,
    /// Elastic Container Service.
    pub ecs: ecs::State,
    /// Application load balancers.
    pub elb: elb::State,
    /// CloudFormation, with the resources that no other module models.
    pub cfn: cfn::State,
    /// Container registry.
    pub ecr: Shared<ecr::State>,
    /// Object storage.
    pub s3: Shared<s3::State>,
    /// Secrets Manager.
    pub secrets: Shared<secrets::State>,
    /// Databases, beyond the properties that CloudFormation keeps.
    #[serde(default)]
    pub rds: rds::State,
    /// Certificates that no stack made.
    #[serde(default)]
    pub acm: acm::State,
    /// Record sets of hosted zones.
    #[serde(default)]
    pub route53: route53::State,
    /// Subscriptions of topics.
    #[serde(default)]
    pub sns: sns::State,
    /// CloudWatch Logs.
    pub logs: logs::State,
    /// CloudWatch alarms and metrics.
    pub cloudwatch: cloudwatch::State,
    /// Roles and their policies.
    pub iam: Shared<iam::State>,
}

impl World {
    /// An empty account at [`SimTime::START`].
    #[must_use]
    pub fn new(account: &str, region: &str, seed: u64) -> Self {
        Self {
            now: SimTime::START,
            sequence: 0,
            queue: BTreeMap::new(),
            rng: Rng::new(seed),
            account: account.to_owned(),
            region: region.to_owned(),
            params: Params::default(),
            quotas: Quotas::default(),
            faults: Vec::new(),
            images: Shared::default(),
            ecs: ecs::State::default(),
            elb: elb::State::default(),
            cfn: cfn::State::default(),
            ecr: Shared::default(),
            s3: Shared::default(),
            secrets: Shared::default(),
            rds: rds::State::default(),
            acm: acm::State::default(),
            route53: route53::State::default(),
            sns: sns::State::default(),
            logs: logs::State::default(),
            cloudwatch: cloudwatch::State::default(),
            iam: Shared::default(),
        }
    }

    /// The present moment.
    #[must_use]
    pub const fn now(&self) -> SimTime {
        self.now
    }

    /// Schedules `event` after `delay`.
    pub fn schedule_in(&mut self, delay: Duration, event: Event) -> Timer {
        self.schedule_at(self.now + delay, event)
    }

    /// Schedules `event` at a moment; one in the past happens at once, when time next advances.
    pub fn schedule_at(&mut self, at: SimTime, event: Event) -> Timer {
        self.sequence += 1;
        let timer = Timer(at.max(self.now), self.sequence);
        self.queue.insert(timer, event);
        timer
    }

    /// Takes an event back; nothing happens where it already occurred.
    pub fn cancel(&mut self, timer: Timer) {
        self.queue.remove(&timer);
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_event_at(&self) -> Option<SimTime> {
        self.queue.first_key_value().map(|(timer, _)| timer.0)
    }

    /// Lets everything happen that is due until `until`, inclusive, and sets the clock to it.
    pub fn advance_to(&mut self, until: SimTime) {
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > until {
                break;
            }
            let (timer, event) = entry.remove_entry();
            self.now = timer.0;
            match event {
                Event::Ecs(event) => ecs::handle(self, event),
                Event::Elb(event) => elb::handle(self, event),
                Event::Cfn(event) => cfn::handle(self, event),
                Event::CloudWatch(event) => cloudwatch::handle(self, event),
                Event::Ecr(event) => ecr::handle(self, event),
                Event::Rds(event) => rds::handle(self, event),
                Event::Secrets(event) => secrets::handle(self, event),
            }
        }
        self.now = self.now.max(until);
    }

    /// [`World::advance_to`] `duration` from now.
    pub fn advance_by(&mut self, duration: Duration) {
        self.advance_to(self.now + duration);
    }

    /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE` of this account.
    #[must_use]
    pub fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }
}
