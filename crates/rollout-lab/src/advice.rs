//! Which setting dominates the time, and what changing it would buy: every setting is changed once, and the
//! rollout played again.

use env_config::Config;
use serde::{Deserialize, Serialize};

use crate::{Case, Figures, LabError, Play, Stage};

/// A setting that decides how long a failing rollout takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lever {
    /// `deployment.deregistration_delay_secs`
    Drain,
    /// `deployment.health_check.grace_period_secs`
    Grace,
    /// `deployment.health_check.interval_secs`
    Interval,
    /// `deployment.health_check.unhealthy_threshold`
    UnhealthyThreshold,
    /// `services.*.container_health_check.interval_secs`
    ContainerInterval,
    /// `deployment.circuit_breaker.threshold_count`
    BreakerThreshold,
    /// `deployment.bake_time_minutes`
    BakeTime,
}

impl Lever {
    const ALL: [Self; 7] = [
        Self::Drain,
        Self::Grace,
        Self::Interval,
        Self::UnhealthyThreshold,
        Self::ContainerInterval,
        Self::BreakerThreshold,
        Self::BakeTime,
    ];

    /// The setting's key in `infra/platform.toml`.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Drain => "deployment.deregistration_delay_secs",
            Self::Grace => "deployment.health_check.grace_period_secs",
            Self::Interval => "deployment.health_check.interval_secs",
            Self::UnhealthyThreshold => "deployment.health_check.unhealthy_threshold",
            Self::ContainerInterval => "services.*.container_health_check.interval_secs",
            Self::BreakerThreshold => "deployment.circuit_breaker.threshold_count",
            Self::BakeTime => "deployment.bake_time_minutes",
        }
    }

    /// The setting in this configuration, and what it is changed to for comparison; `None` where it is at its least.
    fn pull(self, config: &mut Config) -> Option<(u32, u32)> {
        let deployment = &mut config.platform.deployment;
        let (value, least) = match self {
            Self::Drain => (&mut deployment.deregistration_delay_secs, 0),
            Self::Grace => (&mut deployment.health_check.grace_period_secs, 0),
            // The load balancer takes no shorter interval, and the time-out must stay below it.
            Self::Interval => {
                deployment.health_check.timeout_secs = deployment.health_check.timeout_secs.min(4);
                (&mut deployment.health_check.interval_secs, 5)
            }
            Self::UnhealthyThreshold => (&mut deployment.health_check.unhealthy_threshold, 2),
            Self::BreakerThreshold => (&mut deployment.circuit_breaker.threshold_count, 1),
            Self::BakeTime => (&mut deployment.bake_time_minutes, 0),
            // Every service has its own.
            Self::ContainerInterval => return pull_container_interval(config),
        };
        let was = *value;
        *value = (was / 2).max(least);
        (*value < was).then_some((was, *value))
    }
}

/// Container checks of all services at once; the first one's interval stands for all (bc:ecs/HealthCheck: at least 5 s).
fn pull_container_interval(config: &mut Config) -> Option<(u32, u32)> {
    let mut first = None;
    for service in config.platform.services.values_mut() {
        let Some(check) = &mut service.container_health_check else { continue };
        let was = check.interval_secs;
        check.interval_secs = (was / 2).max(5);
        check.timeout_secs = check.timeout_secs.min(check.interval_secs - 1);
        first = first.or(Some((was, check.interval_secs)));
    }
    first.filter(|(was, now)| now < was)
}

/// What changing one setting would buy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Advice {
    /// The setting.
    pub lever: Lever,
    /// Its value.
    pub value: u32,
    /// The value it was changed to.
    pub instead: u32,
    /// Seconds by which the failure would be known earlier.
    pub verdict_gain_secs: f64,
    /// Seconds by which every service would be whole again earlier.
    pub whole_gain_secs: f64,
}

impl Advice {
    fn gain(&self) -> f64 {
        self.verdict_gain_secs + self.whole_gain_secs
    }
}

/// Plays the case once more for every setting, with that setting halved; what buys most comes first.
///
/// # Errors
/// As [`Stage::set`] and [`Stage::play`].
pub fn advise(case: &Case, play: &Play<'_>, figures: &Figures) -> Result<Vec<Advice>, LabError> {
    let play = Play { detailed: false, ..play.clone() };
    let mut advice = Vec::new();
    for lever in Lever::ALL {
        let mut changed = case.clone();
        let Some((value, instead)) = lever.pull(&mut changed.after) else { continue };
        if lever.pull(&mut changed.before).is_none() {
            continue;
        }
        let other = Stage::set(changed)?.play(&play)?.figures;
        let gain =
            |one: Option<f64>, other: Option<f64>| one.zip(other).map_or(0.0, |(one, other)| one - other);
        advice.push(Advice {
            lever,
            value,
            instead,
            verdict_gain_secs: gain(figures.verdict_secs, other.verdict_secs),
            whole_gain_secs: gain(figures.whole_secs, other.whole_secs),
        });
    }
    advice.sort_by(|one, other| other.gain().total_cmp(&one.gain()));
    Ok(advice)
}
