//! Wire shapes of the CloudWatch API (CBOR, JSON or query; botocore `cloudwatch/2010-08-01`). Timestamps are
//! seconds since the epoch. Members that are not modelled are absent: metric math, percentiles, anomaly
//! detection, composite alarms.

use serde::{Deserialize, Serialize};

use crate::scalar::{lenient, lenient_opt};
use crate::wire::{inputs, outputs};

/// A dimension of a metric.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Dimension {
    /// Name.
    pub name: String,
    /// Value.
    pub value: String,
}

/// A tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Key.
    pub key: String,
    /// Value.
    pub value: String,
}

/// State of an alarm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AlarmState {
    /// The metric is within the threshold.
    Ok,
    /// The metric is beyond the threshold.
    Alarm,
    /// Too little is known.
    #[default]
    InsufficientData,
}

impl AlarmState {
    /// `OK`, `ALARM` or `INSUFFICIENT_DATA`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "OK",
            Self::Alarm => "ALARM",
            Self::InsufficientData => "INSUFFICIENT_DATA",
        }
    }
}

/// Samples in sum.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct StatisticSet {
    /// How many.
    #[serde(deserialize_with = "lenient")]
    pub sample_count: f64,
    /// Their sum.
    #[serde(deserialize_with = "lenient")]
    pub sum: f64,
    /// The least.
    #[serde(deserialize_with = "lenient")]
    pub minimum: f64,
    /// The greatest.
    #[serde(deserialize_with = "lenient")]
    pub maximum: f64,
}

inputs! { "PascalCase"
    /// Input of `PutMetricAlarm`.
    pub struct PutMetricAlarmInput {
        /// Name.
        pub alarm_name: String,
        /// Free text.
        pub alarm_description: Option<String>,
        /// Default true.
        #[serde(deserialize_with = "lenient_opt")]
        pub actions_enabled: Option<bool>,
        /// ARNs; nothing is sent.
        #[serde(rename = "OKActions")]
        pub ok_actions: Vec<String>,
        /// ARNs; nothing is sent.
        pub alarm_actions: Vec<String>,
        /// ARNs; nothing is sent.
        pub insufficient_data_actions: Vec<String>,
        /// Metric.
        pub metric_name: Option<String>,
        /// Such as `AWS/ApplicationELB`.
        pub namespace: Option<String>,
        /// `Sum`, `Average`, `Minimum`, `Maximum` or `SampleCount`.
        pub statistic: Option<String>,
        /// Dimensions.
        pub dimensions: Vec<Dimension>,
        /// Seconds, a multiple of 60.
        #[serde(deserialize_with = "lenient_opt")]
        pub period: Option<u64>,
        /// Kept, not compared.
        pub unit: Option<String>,
        /// Periods to look at.
        #[serde(deserialize_with = "lenient_opt")]
        pub evaluation_periods: Option<u32>,
        /// How many of them must be beyond the threshold; all by default.
        #[serde(deserialize_with = "lenient_opt")]
        pub datapoints_to_alarm: Option<u32>,
        /// Threshold.
        #[serde(deserialize_with = "lenient_opt")]
        pub threshold: Option<f64>,
        /// `GreaterThanThreshold`, `GreaterThanOrEqualToThreshold`, `LessThanThreshold` or
        /// `LessThanOrEqualToThreshold`.
        pub comparison_operator: String,
        /// `missing` (default), `notBreaching`, `breaching` or `ignore`.
        pub treat_missing_data: Option<String>,
        /// Tags.
        pub tags: Vec<Tag>,
    }
    /// Input of `DescribeAlarms`.
    pub struct DescribeAlarmsInput {
        /// Names; those that do not exist are left out.
        pub alarm_names: Vec<String>,
        /// Names that start so.
        pub alarm_name_prefix: Option<String>,
        /// `MetricAlarm`, `CompositeAlarm`; there are no composite ones.
        pub alarm_types: Vec<String>,
        /// In this state.
        pub state_value: Option<AlarmState>,
        /// With an action that starts so.
        pub action_prefix: Option<String>,
        /// 1 to 100, default 50.
        #[serde(deserialize_with = "lenient_opt")]
        pub max_records: Option<usize>,
        /// Page.
        pub next_token: Option<String>,
    }
    /// Input of `DeleteAlarms`.
    pub struct DeleteAlarmsInput {
        /// Up to 100; one that does not exist fails the call, and none is deleted.
        pub alarm_names: Vec<String>,
    }
    /// Input of `SetAlarmState`.
    pub struct SetAlarmStateInput {
        /// Alarm.
        pub alarm_name: String,
        /// State until the next evaluation.
        pub state_value: AlarmState,
        /// Sentence.
        pub state_reason: String,
        /// JSON.
        pub state_reason_data: Option<String>,
    }
    /// One sample, or several, of a metric.
    pub struct MetricDatum {
        /// Metric.
        pub metric_name: String,
        /// Dimensions.
        pub dimensions: Vec<Dimension>,
        /// Now by default.
        #[serde(deserialize_with = "lenient_opt")]
        pub timestamp: Option<f64>,
        /// One sample.
        #[serde(deserialize_with = "lenient_opt")]
        pub value: Option<f64>,
        /// Samples in sum, instead of `value`.
        pub statistic_values: Option<StatisticSet>,
        /// Not compared.
        pub unit: Option<String>,
    }
    /// Input of `PutMetricData`.
    pub struct PutMetricDataInput {
        /// Anything but `AWS/…`.
        pub namespace: String,
        /// Samples.
        pub metric_data: Vec<MetricDatum>,
    }
    /// Input of `DescribeAlarmHistory`.
    pub struct DescribeAlarmHistoryInput {
        /// Alarm; all by default.
        pub alarm_name: Option<String>,
        /// `MetricAlarm`, `CompositeAlarm`.
        pub alarm_types: Vec<String>,
        /// `StateUpdate` or `ConfigurationUpdate`.
        pub history_item_type: Option<String>,
        /// From.
        #[serde(deserialize_with = "lenient_opt")]
        pub start_date: Option<f64>,
        /// Until.
        #[serde(deserialize_with = "lenient_opt")]
        pub end_date: Option<f64>,
        /// 1 to 100, default 50.
        #[serde(deserialize_with = "lenient_opt")]
        pub max_records: Option<usize>,
        /// Page.
        pub next_token: Option<String>,
        /// `TimestampDescending` (default) or `TimestampAscending`.
        pub scan_by: Option<String>,
    }
    /// Input of `GetMetricStatistics`.
    pub struct GetMetricStatisticsInput {
        /// Namespace.
        pub namespace: String,
        /// Metric.
        pub metric_name: String,
        /// Dimensions.
        pub dimensions: Vec<Dimension>,
        /// From, inclusive.
        #[serde(deserialize_with = "lenient")]
        pub start_time: f64,
        /// Until, exclusive.
        #[serde(deserialize_with = "lenient")]
        pub end_time: f64,
        /// Seconds, a multiple of 60.
        #[serde(deserialize_with = "lenient")]
        pub period: u64,
        /// As in `PutMetricAlarm`; every statistic is returned.
        pub statistics: Vec<String>,
        /// Not compared.
        pub unit: Option<String>,
    }
}

outputs! { "PascalCase"
    /// Output of operations that return nothing.
    pub struct EmptyOutput {}
    /// An alarm.
    pub struct MetricAlarm {
        /// Name.
        pub alarm_name: String,
        /// ARN.
        pub alarm_arn: String,
        /// Free text.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub alarm_description: Option<String>,
        /// When it was put.
        pub alarm_configuration_updated_timestamp: f64,
        /// Whether actions would be taken.
        pub actions_enabled: bool,
        /// ARNs.
        #[serde(rename = "OKActions")]
        pub ok_actions: Vec<String>,
        /// ARNs.
        pub alarm_actions: Vec<String>,
        /// ARNs.
        pub insufficient_data_actions: Vec<String>,
        /// State.
        pub state_value: AlarmState,
        /// Sentence.
        pub state_reason: String,
        /// JSON.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub state_reason_data: Option<String>,
        /// When the state or its reason changed.
        pub state_updated_timestamp: f64,
        /// When the state changed.
        pub state_transitioned_timestamp: f64,
        /// Metric.
        pub metric_name: String,
        /// Namespace.
        pub namespace: String,
        /// Statistic.
        pub statistic: String,
        /// Dimensions.
        pub dimensions: Vec<Dimension>,
        /// Seconds.
        pub period: u64,
        /// Unit.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub unit: Option<String>,
        /// Periods.
        pub evaluation_periods: u32,
        /// Of them.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub datapoints_to_alarm: Option<u32>,
        /// Threshold.
        pub threshold: f64,
        /// Comparison.
        pub comparison_operator: String,
        /// Missing samples.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub treat_missing_data: Option<String>,
    }
    /// Output of `DescribeAlarms`.
    pub struct DescribeAlarmsOutput {
        /// By name.
        pub metric_alarms: Vec<MetricAlarm>,
        /// Never any.
        pub composite_alarms: Vec<String>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// Something that happened to an alarm.
    pub struct AlarmHistoryItem {
        /// Alarm.
        pub alarm_name: String,
        /// `MetricAlarm`.
        pub alarm_type: String,
        /// When.
        pub timestamp: f64,
        /// `StateUpdate` or `ConfigurationUpdate`.
        pub history_item_type: String,
        /// Sentence.
        pub history_summary: String,
        /// JSON.
        pub history_data: String,
    }
    /// Output of `DescribeAlarmHistory`.
    pub struct DescribeAlarmHistoryOutput {
        /// The page.
        pub alarm_history_items: Vec<AlarmHistoryItem>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// One period of a metric.
    pub struct Datapoint {
        /// Its start.
        pub timestamp: f64,
        /// How many samples.
        pub sample_count: f64,
        /// Mean.
        pub average: f64,
        /// Sum.
        pub sum: f64,
        /// Least.
        pub minimum: f64,
        /// Greatest.
        pub maximum: f64,
        /// Unit; `None` where nobody said.
        pub unit: String,
    }
    /// Output of `GetMetricStatistics`.
    pub struct GetMetricStatisticsOutput {
        /// Metric.
        pub label: String,
        /// Periods with samples, oldest first.
        pub datapoints: Vec<Datapoint>,
    }
}
