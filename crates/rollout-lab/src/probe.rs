//! What users and services go through: the truth of the simulated world, between and apart from the tool's polls.

use rollout_sim::{ApiError, SimTime, World, elb};

use crate::figures::Capacity;
use crate::lanes::Recorder;
use crate::observe::{SeenService, light, moment};
use crate::stage::Stage;

/// Moments are looked at no closer than this.
const RESOLUTION_MILLIS: u64 = 1000;

/// Follows the world from moment to moment.
#[derive(Debug)]
pub(crate) struct Probe<'a> {
    stage: &'a Stage,
    services: Vec<Probed>,
    last: SimTime,
    whole_since: Option<SimTime>,
    recorder: Option<Recorder<'a>>,
}

#[derive(Debug)]
struct Probed {
    name: String,
    /// Target group and a path that users ask for; `None` for an internal service.
    public: Option<(String, String)>,
    desired: u32,
    lowest: u32,
    failed_millis: f64,
    /// Share of users' requests that fail, as of the last look.
    failing: f64,
}

impl<'a> Probe<'a> {
    pub(crate) fn new(stage: &'a Stage, world: &World, with_lanes: bool) -> Result<Self, ApiError> {
        let live = light(world, stage, moment(world.now()))?;
        let probed = stage.services.iter().map(|service| {
            let seen = live.iter().find(|seen| seen.view.name.as_str() == service.name);
            let target_group = seen.and_then(|seen| seen.target_groups.first().cloned());
            Probed {
                name: service.name.clone(),
                public: target_group.zip(service.user_path.clone()),
                desired: service.desired_count,
                lowest: service.desired_count,
                failed_millis: 0.0,
                failing: 0.0,
            }
        });
        Ok(Self {
            stage,
            services: probed.collect(),
            last: world.now(),
            whole_since: None,
            recorder: if with_lanes { Some(Recorder::new(stage, world)?) } else { None },
        })
    }

    /// Lets time pass until `until`, looking whenever something happens.
    pub(crate) fn advance(&mut self, world: &mut World, until: SimTime) -> Result<(), ApiError> {
        while let Some(next) = world.next_event_at().filter(|&next| next <= until) {
            let at = next.max(SimTime::from_millis(self.last.as_millis() + RESOLUTION_MILLIS)).min(until);
            world.advance_to(at);
            self.look(world)?;
        }
        world.advance_to(until);
        self.look(world)
    }

    fn look(&mut self, world: &World) -> Result<(), ApiError> {
        let now = world.now();
        #[expect(clippy::cast_precision_loss, reason = "hours in milliseconds")]
        let passed = now.since(self.last).as_millis() as f64;
        self.last = now;
        let live = if self.services.iter().any(|service| service.public.is_none()) {
            light(world, self.stage, moment(now))?
        } else {
            Vec::new()
        };
        let mut full = true;
        for service in &mut self.services {
            service.failed_millis += service.failing * passed;
            let (asked, good) = match &service.public {
                Some((target_group, path)) => elb::answering_targets(world, target_group, path),
                None => {
                    let running = running(&live, &service.name);
                    (running, running)
                }
            };
            service.failing = failing(asked, good, service.desired);
            let good = u32::try_from(good).unwrap_or(u32::MAX);
            service.lowest = service.lowest.min(good);
            full &= good >= service.desired;
        }
        self.whole_since = if full { self.whole_since.or(Some(now)) } else { None };
        if let Some(recorder) = &mut self.recorder {
            recorder.look(world)?;
        }
        Ok(())
    }

    /// The moment of the last look.
    pub(crate) fn until(&self) -> SimTime {
        self.last
    }

    /// Since when every service has had its desired number of answering tasks.
    pub(crate) fn whole_since(&self) -> Option<SimTime> {
        self.whole_since
    }

    /// The service that came closest to having no task left.
    pub(crate) fn lowest(&self) -> Option<Capacity> {
        let share = |service: &&Probed| (service.lowest * 1000).checked_div(service.desired).unwrap_or(1000);
        self.services.iter().min_by_key(share).map(|service| Capacity {
            service: service.name.clone(),
            tasks: service.lowest,
            desired: service.desired,
        })
    }

    /// Seconds of failed requests of the service that had most: time, weighted with the share that failed.
    pub(crate) fn failed_request_secs(&self) -> f64 {
        self.services.iter().map(|service| service.failed_millis / 1000.0).fold(0.0, f64::max)
    }

    pub(crate) fn into_recorder(self) -> Option<Recorder<'a>> {
        self.recorder
    }
}

fn running(live: &[SeenService], name: &str) -> usize {
    let seen = live.iter().find(|seen| seen.view.name.as_str() == name);
    seen.map_or(0, |seen| usize::try_from(seen.running_count).unwrap_or(usize::MAX))
}

#[expect(clippy::cast_precision_loss, reason = "numbers of tasks")]
fn failing(asked: usize, good: usize, desired: u32) -> f64 {
    if desired == 0 {
        return 0.0;
    }
    if asked == 0 { 1.0 } else { 1.0 - good as f64 / asked as f64 }
}
