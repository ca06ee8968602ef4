//! Samples of metrics, summed by minute.

use std::collections::VecDeque;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

use super::{
    Datapoint, Dimension, EmptyOutput, GetMetricStatisticsInput, GetMetricStatisticsOutput,
    PutMetricDataInput, StatisticSet, alarms,
};
use crate::servicequotas::FARGATE_USAGE;
use crate::{ApiError, SimTime, World, ecs};

/// Length of a summed interval.
pub(super) const MINUTE_MS: u64 = 60_000;

/// The longest an alarm may look back (botocore `PutMetricAlarm.EvaluationPeriods`); older samples go.
const KEPT_MINUTES: u64 = 24 * 60 + 5;

/// Samples of one metric with one set of dimensions.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Series {
    /// By time; minutes without samples are absent.
    minutes: VecDeque<Minute>,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Minute {
    /// Minutes since the epoch.
    minute: u64,
    samples: StatisticSet,
}

impl StatisticSet {
    fn add(&mut self, other: &Self) {
        self.sample_count += other.sample_count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }

    /// `Sum`, `Average`, `Minimum`, `Maximum` or `SampleCount`.
    pub(super) fn statistic(&self, name: &str) -> f64 {
        match name {
            "Average" => self.sum / self.sample_count,
            "Minimum" => self.minimum,
            "Maximum" => self.maximum,
            "SampleCount" => self.sample_count,
            _ => self.sum,
        }
    }
}

impl Series {
    fn add(&mut self, minute: u64, samples: StatisticSet) {
        let position = self.minutes.partition_point(|other| other.minute < minute);
        match self.minutes.get_mut(position) {
            Some(found) if found.minute == minute => found.samples.add(&samples),
            _ => self.minutes.insert(position, Minute { minute, samples }),
        }
        let newest = self.minutes.back().map_or(0, |last| last.minute);
        while self.minutes.front().is_some_and(|first| first.minute + KEPT_MINUTES < newest) {
            self.minutes.pop_front();
        }
    }

    /// The samples from `from` to `until` (minutes since the epoch, end exclusive) in one.
    pub(super) fn sum(&self, from: u64, until: u64) -> Option<StatisticSet> {
        let start = self.minutes.partition_point(|minute| minute.minute < from);
        let mut samples = self.minutes.range(start..).take_while(|minute| minute.minute < until);
        let mut sum = samples.next()?.samples;
        for minute in samples {
            sum.add(&minute.samples);
        }
        Some(sum)
    }

    /// The last minute with samples.
    pub(super) fn newest(&self) -> Option<u64> {
        self.minutes.back().map(|last| last.minute)
    }
}

/// One text per metric and set of dimensions, whose order does not matter.
pub(super) fn key<'a>(
    namespace: &str,
    metric: &str,
    dimensions: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut dimensions: Vec<_> = dimensions.into_iter().collect();
    dimensions.sort_unstable();
    let mut key = format!("{namespace}\n{metric}");
    for (name, value) in dimensions {
        // Writing to a string cannot fail.
        let _ = write!(key, "\n{name}={value}");
    }
    key
}

pub(super) fn key_of(namespace: &str, metric: &str, dimensions: &[Dimension]) -> String {
    key(namespace, metric, dimensions.iter().map(|it| (it.name.as_str(), it.value.as_str())))
}

/// Records one sample now, such as `("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", …, 1.0)`. Alarms on
/// this metric are evaluated once the minute is over.
pub fn record(world: &mut World, namespace: &str, metric: &str, dimensions: &[(&str, &str)], value: f64) {
    record_many(world, namespace, metric, dimensions, value, 1.0);
}

/// Records `count` samples of the same value now.
pub fn record_many(
    world: &mut World,
    namespace: &str,
    metric: &str,
    dimensions: &[(&str, &str)],
    value: f64,
    count: f64,
) {
    let samples = StatisticSet { sample_count: count, sum: value * count, minimum: value, maximum: value };
    let at = world.now();
    add(world, key(namespace, metric, dimensions.iter().copied()), at, samples);
}

fn add(world: &mut World, key: String, at: SimTime, samples: StatisticSet) {
    let watched = world.cloudwatch.watchers.get(&key).cloned();
    world.cloudwatch.series.entry(key).or_default().add(at.as_millis() / MINUTE_MS, samples);
    for alarm in watched.into_iter().flatten() {
        alarms::schedule(world, &alarm);
    }
}

/// `PutMetricData`.
///
/// # Errors
/// `InvalidParameterValue` for the namespaces of AWS; `MissingParameter` for a datum without samples.
pub fn put_metric_data(world: &mut World, input: PutMetricDataInput) -> Result<EmptyOutput, ApiError> {
    if input.namespace.starts_with("AWS/") {
        return Err(ApiError::new(
            "InvalidParameterValue",
            "The value AWS/ for parameter Namespace is invalid. Custom metric namespaces cannot begin with AWS/.",
        ));
    }
    for (index, datum) in input.metric_data.into_iter().enumerate() {
        let samples = match (datum.statistic_values, datum.value) {
            (Some(samples), None) => samples,
            (None, Some(value)) => {
                StatisticSet { sample_count: 1.0, sum: value, minimum: value, maximum: value }
            }
            _ => {
                return Err(ApiError::new(
                    "MissingParameter",
                    format!(
                        "At least one of the parameters MetricData.member.{}.Value must be specified.",
                        index + 1
                    ),
                ));
            }
        };
        let at = datum.timestamp.map_or(world.now(), from_epoch_secs);
        add(world, key_of(&input.namespace, &datum.metric_name, &datum.dimensions), at, samples);
    }
    Ok(EmptyOutput {})
}

/// A moment from seconds since the epoch; negative ones are the epoch.
pub(super) fn from_epoch_secs(secs: f64) -> SimTime {
    // A float casts to an integer by saturation.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    SimTime::from_millis((secs * 1000.0) as u64)
}

/// `GetMetricStatistics`.
///
/// # Errors
/// `InvalidParameterValue` for a period that is no multiple of 60 s, or more than 1,440 periods.
pub fn get_metric_statistics(
    world: &World,
    input: &GetMetricStatisticsInput,
) -> Result<GetMetricStatisticsOutput, ApiError> {
    if input.period == 0 || !input.period.is_multiple_of(60) {
        return Err(ApiError::new(
            "InvalidParameterValue",
            "The parameter Period must be a multiple of 60: high-resolution metrics are not modelled.",
        ));
    }
    let step = input.period / 60;
    let start = from_epoch_secs(input.start_time).as_millis() / MINUTE_MS / step * step;
    let end = from_epoch_secs(input.end_time).as_millis().div_ceil(MINUTE_MS);
    if end.saturating_sub(start) / step > 1440 {
        return Err(ApiError::new(
            "InvalidParameterCombination",
            "You have requested more than 1,440 datapoints, which is the limit.",
        ));
    }
    if input.namespace == "AWS/Usage" {
        return usage(world, input, step);
    }
    let series =
        world.cloudwatch.series.get(&key_of(&input.namespace, &input.metric_name, &input.dimensions));
    let mut datapoints = Vec::new();
    let mut from = start;
    while from < end {
        if let Some(samples) = series.and_then(|series| series.sum(from, from + step)) {
            datapoints.push(Datapoint {
                timestamp: SimTime::from_millis(from * MINUTE_MS).as_epoch_secs(),
                sample_count: samples.sample_count,
                average: samples.statistic("Average"),
                sum: samples.sum,
                minimum: samples.minimum,
                maximum: samples.maximum,
                unit: "None".to_owned(),
            });
        }
        from += step;
    }
    Ok(GetMetricStatisticsOutput { label: input.metric_name.clone(), datapoints })
}

/// What is in use now, in the period that now is in: earlier ones are not kept.
fn usage(
    world: &World,
    input: &GetMetricStatisticsInput,
    step: u64,
) -> Result<GetMetricStatisticsOutput, ApiError> {
    let wanted = key_of(&input.namespace, &input.metric_name, &input.dimensions);
    if wanted != key("AWS/Usage", "ResourceCount", FARGATE_USAGE) {
        return Err(ApiError::not_modelled("usage metrics of others than Fargate (On-Demand)"));
    }
    let minute = world.now().as_millis() / MINUTE_MS / step * step;
    let used = ecs::used_vcpus(world);
    let now = Datapoint {
        timestamp: SimTime::from_millis(minute * MINUTE_MS).as_epoch_secs(),
        sample_count: 1.0,
        average: used,
        sum: used,
        minimum: used,
        maximum: used,
        unit: "None".to_owned(),
    };
    let asked = (input.start_time..=input.end_time).contains(&now.timestamp);
    // A service without a running task has no samples.
    let datapoints = if asked && used > 0.0 { vec![now] } else { Vec::new() };
    Ok(GetMetricStatisticsOutput { label: input.metric_name.clone(), datapoints })
}
