//! The deadline of a rollout, derived from the settings of its services.

use serde::{Deserialize, Serialize};

use crate::{Rollout, ServiceSettings};

/// One term of a sum of seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadlineTerm {
    /// What the time is for, in words.
    pub term: String,
    /// Seconds.
    pub secs: u32,
}

/// A deadline with its derivation: the terms add up to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// Seconds after the start of the rollout.
    pub secs: u32,
    /// The terms, in the order in which the time passes.
    pub terms: Vec<DeadlineTerm>,
}

/// CloudFormation: start of the operation, new task definitions, polls of the service's stability.
const STACK_OVERHEAD_SECS: u32 = 45;
/// One task: placement, network interface, image pull, start of the program. Typically 35 s.
const START_UP_SECS: u32 = 45;
/// One task: between the end of its container and `STOPPED`, and until the scheduler acts on it.
const DEPROVISION_SECS: u32 = 25;
/// One task behind a load balancer: until ECS notices that its targets have drained. Reports of rollouts in public have
/// it (docs/fact-sheet.md, "Times measured in public").
const DRAINED_SECS: u32 = 30;
/// One task behind a load balancer: until ECS acts on a target that is unhealthy after the grace period. As above.
const REACTION_SECS: u32 = 45;

/// A rollback replaces tasks as the update did, and CloudFormation polls slowly.
const ROLLBACK_FACTOR: f64 = 2.0;
/// Added to the rollback's bound, for CloudFormation itself.
const ROLLBACK_OVERHEAD_SECS: f64 = 900.0;
/// A rollout where all goes well, next to the limits above: the stack operation, the start of a task, its end.
const USUAL_STACK_SECS: u32 = 20;
const USUAL_START_UP_SECS: u32 = 30;
const USUAL_STOP_SECS: u32 = 5;

/// Seconds that a rollout takes when all goes well: tasks are healthy at their first check, programs exit when told to.
pub(crate) fn expected_secs(rollout: &Rollout) -> u32 {
    let additional: u32 = rollout.additional.iter().map(|term| term.secs).sum();
    let rolling = rollout.services.iter().filter(|service| service.rolls);
    let slowest = rolling.map(|service| {
        let settings = &service.settings;
        if settings.desired_count == 0 {
            return 0;
        }
        let rounds = settings.desired_count.div_ceil(settings.tasks_at_once());
        let target = settings.target_check.map_or(0, |check| check.interval_secs);
        let container = settings.container_check.map_or(0, |check| check.interval_secs);
        let drain = settings.target_check.map_or(0, |_| settings.deregistration_delay_secs);
        let start = USUAL_START_UP_SECS + target.max(container);
        let stop = drain + USUAL_STOP_SECS.min(settings.stop_timeout_secs) + going_secs(settings);
        rounds * (start + stop) + settings.bake_secs
    });
    additional + USUAL_STACK_SECS + slowest.max().unwrap_or(0)
}

impl Deadline {
    /// Seconds after the start at which nobody watches any longer: the deadline, and the time of a rollback.
    #[must_use]
    pub fn limit_secs(&self) -> f64 {
        let deadline = f64::from(self.secs);
        deadline + deadline * ROLLBACK_FACTOR + ROLLBACK_OVERHEAD_SECS
    }

    /// The longest that a rollout that still succeeds may take: every service replaces its tasks in as many
    /// rounds as its percentages demand, one task fails once and is replaced, the old tasks drain, and the
    /// alarms bake. Services of one stack update roll at the same time, so the slowest counts.
    #[must_use]
    pub fn of(rollout: &Rollout) -> Self {
        let slowest = rollout
            .services
            .iter()
            .filter(|service| service.rolls)
            .map(|service| Self::sum(terms(service.name.as_str(), &service.settings)))
            .max_by_key(|deadline| deadline.secs);
        let mut terms = rollout.additional.clone();
        terms.push(term("the stack operation itself".to_owned(), STACK_OVERHEAD_SECS));
        terms.extend(slowest.into_iter().flat_map(|deadline| deadline.terms));
        Self::sum(terms)
    }

    fn sum(terms: Vec<DeadlineTerm>) -> Self {
        Self { secs: terms.iter().map(|term| term.secs).sum(), terms }
    }
}

/// Seconds that a task takes to be gone, after its drain and the end of its programs.
fn going_secs(settings: &ServiceSettings) -> u32 {
    DEPROVISION_SECS + settings.target_check.map_or(0, |_| DRAINED_SECS)
}

/// Seconds of a running task until ECS acts on checks that fail.
fn known_secs(settings: &ServiceSettings) -> u32 {
    let target = settings.target_check.map_or(0, |check| {
        settings.grace_secs.max(check.interval_secs * check.unhealthy_threshold) + REACTION_SECS
    });
    target.max(settings.unhealthy_after_secs())
}

/// Seconds of a running task until each of its checks was made once.
fn first_check_secs(settings: &ServiceSettings) -> u32 {
    let target = settings.target_check.map_or(0, |check| check.interval_secs);
    target.max(settings.container_check.map_or(0, |check| check.interval_secs))
}

fn term(term: String, secs: u32) -> DeadlineTerm {
    DeadlineTerm { term, secs }
}

fn terms(service: &str, settings: &ServiceSettings) -> Vec<DeadlineTerm> {
    let desired = settings.desired_count;
    if desired == 0 {
        return Vec::new();
    }
    let rounds = desired.div_ceil(settings.tasks_at_once());
    let health = known_secs(settings);
    let answer = first_check_secs(settings);
    let stop = settings.stop_secs() + going_secs(settings);
    let mut terms = vec![
        term(
            format!("{service}: {rounds} round(s) of new tasks, {START_UP_SECS} s to start each"),
            rounds * START_UP_SECS,
        ),
        term(
            format!(
                "{service}: {rounds} round(s), {health} s until a failing task would be known (grace, checks)"
            ),
            rounds * health,
        ),
        term(
            format!("{service}: one task fails, stops, and its replacement passes its first check"),
            stop + START_UP_SECS + answer,
        ),
        term(
            format!("{service}: {rounds} round(s) of old tasks drain and stop, {stop} s each"),
            rounds * stop,
        ),
    ];
    if settings.bake_secs > 0 {
        terms.push(term(format!("{service}: deployment alarms bake"), settings.bake_secs));
    }
    terms
}
