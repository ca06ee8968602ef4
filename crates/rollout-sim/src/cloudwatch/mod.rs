//! CloudWatch: samples of metrics, and alarms on them, evaluated in virtual time.
//!
//! Sources: `CW:AlarmThatSendsEmail` (states, M out of N, missing data), botocore `cloudwatch/2010-08-01`.
//! While nothing is recorded nothing is evaluated: an alarm sleeps once its state can no longer change.

mod alarms;
mod api;
mod evaluate;
mod metrics;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

pub use alarms::{
    alarm_state, delete_alarms, describe_alarm_history, describe_alarms, put_metric_alarm, set_alarm_state,
};
pub use api::*;
pub(crate) use evaluate::handle;
pub use metrics::{get_metric_statistics, put_metric_data, record, record_many};

use crate::SimTime;

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    alarms: BTreeMap<String, Alarm>,
    series: BTreeMap<String, metrics::Series>,
    /// Names of the alarms on each metric.
    watchers: BTreeMap<String, Vec<String>>,
    /// Oldest first.
    history: VecDeque<HistoryItem>,
}

/// What happens by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// An alarm is evaluated over the minutes that are complete.
    Evaluate {
        /// Alarm name.
        alarm: String,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Alarm {
    settings: Settings,
    /// Key of its metric.
    metric: String,
    updated_at: SimTime,
    state: AlarmState,
    reason: String,
    reason_data: Option<String>,
    state_updated_at: SimTime,
    state_changed_at: SimTime,
    /// An evaluation is planned.
    scheduled: bool,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Settings {
    description: Option<String>,
    actions_enabled: bool,
    ok_actions: Vec<String>,
    alarm_actions: Vec<String>,
    insufficient_data_actions: Vec<String>,
    namespace: String,
    metric_name: String,
    dimensions: Vec<Dimension>,
    statistic: String,
    unit: Option<String>,
    period_secs: u64,
    evaluation_periods: u32,
    datapoints_to_alarm: Option<u32>,
    threshold: f64,
    comparison: Comparison,
    missing: Option<Missing>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum Comparison {
    Above,
    AtLeast,
    Below,
    AtMost,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Missing {
    /// `missing`: too little is known.
    #[default]
    #[serde(rename = "missing")]
    Unknown,
    NotBreaching,
    Breaching,
    Ignore,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct HistoryItem {
    alarm: String,
    at: SimTime,
    kind: String,
    summary: String,
    data: String,
}
