//! Many plays, with the numbers that AWS does not document drawn from their ranges.

use std::num::NonZeroUsize;
use std::thread;

use rollout_sim::Rng;
use rollout_sim::params::Params;
use serde::{Deserialize, Serialize};

use crate::{Ending, Figures, LabError, Play, Stage};

/// Percentiles of one figure, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Half of the runs were below.
    pub p50: f64,
    /// Nine of ten runs were below.
    pub p90: f64,
    /// Ninety-nine of a hundred runs were below.
    pub p99: f64,
    /// The highest.
    pub max: f64,
    /// Runs that have the figure at all.
    pub runs: usize,
}

/// Figures of many plays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampled {
    /// Number of plays.
    pub runs: usize,
    /// Seed of the draws.
    pub seed: u64,
    /// When the first failure became visible.
    pub first_failure_secs: Option<Percentiles>,
    /// When the circuit breaker tripped.
    pub breaker_trip_secs: Option<Percentiles>,
    /// When the failure was known.
    pub verdict_secs: Option<Percentiles>,
    /// When every service was whole again.
    pub whole_secs: Option<Percentiles>,
    /// Seconds of failed requests.
    pub failed_request_secs: Option<Percentiles>,
    /// How often it ended how, most frequent first.
    pub endings: Vec<(Ending, usize)>,
}

/// Plays a rollout `runs` times on all cores; the same seed gives the same figures, however many cores there are.
///
/// Every run draws the parameters, and the second of the minute at which the rollout starts.
///
/// # Errors
/// The first error of a play.
pub fn sample(stage: &Stage, play: &Play<'_>, runs: usize, seed: u64) -> Result<Sampled, LabError> {
    let threads = thread::available_parallelism().map_or(1, NonZeroUsize::get).min(runs.max(1));
    let base = Rng::new(seed).next_u64();
    let one = |run: usize| -> Result<Figures, LabError> {
        let mut rng = Rng::new(base ^ (run as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let params = Some(Params::sample(&mut rng));
        let starts_at_millis = Some(rng.next_u64() % 60_000);
        let play = Play { params, starts_at_millis, detailed: false, ..play.clone() };
        Ok(stage.play(&play)?.figures)
    };
    let results: Vec<Result<Vec<Figures>, LabError>> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| scope.spawn(move || (worker..runs).step_by(threads).map(one).collect()))
            .collect();
        let join = |worker: thread::ScopedJoinHandle<'_, _>| {
            worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        workers.into_iter().map(join).collect()
    });
    let mut figures = Vec::with_capacity(runs);
    for result in results {
        figures.extend(result?);
    }
    Ok(summary(&figures, seed))
}

fn summary(figures: &[Figures], seed: u64) -> Sampled {
    let of = |figure: fn(&Figures) -> Option<f64>| percentiles(figures.iter().filter_map(figure).collect());
    let mut endings: Vec<(Ending, usize)> = Vec::new();
    for ending in figures.iter().map(|figures| figures.ending) {
        match endings.iter_mut().find(|(known, _)| *known == ending) {
            Some((_, count)) => *count += 1,
            None => endings.push((ending, 1)),
        }
    }
    endings.sort_by_key(|(ending, count)| (std::cmp::Reverse(*count), ending.words()));
    Sampled {
        runs: figures.len(),
        seed,
        first_failure_secs: of(|figures| figures.first_failure_secs),
        breaker_trip_secs: of(|figures| figures.breaker_trip_secs),
        verdict_secs: of(|figures| figures.verdict_secs),
        whole_secs: of(|figures| figures.whole_secs),
        failed_request_secs: of(|figures| Some(figures.failed_request_secs)),
        endings,
    }
}

fn percentiles(mut values: Vec<f64>) -> Option<Percentiles> {
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let at = |percent: usize| values[(last * percent).div_ceil(100)];
    Some(Percentiles { p50: at(50), p90: at(90), p99: at(99), max: values[last], runs: values.len() })
}

#[cfg(test)]
mod tests {
    use super::percentiles;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let hundred: Vec<f64> = (1..=101).rev().map(f64::from).collect();
        let seen = percentiles(hundred).map(|p| (p.p50, p.p90, p.p99, p.max, p.runs));
        assert_eq!(seen, Some((51.0, 91.0, 100.0, 101.0, 101)));
        assert_eq!(percentiles(Vec::new()), None);
    }
}
