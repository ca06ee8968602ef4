//! Evaluation of alarms: M out of N periods, with missing data.

use super::metrics::MINUTE_MS;
use super::{Alarm, AlarmState, Comparison, Event, HistoryItem, Missing, Settings, alarms};
use crate::{SimTime, World, wire};

/// Periods an alarm looks at beyond `EvaluationPeriods`, so that late samples are not taken for missing ones.
/// The number is not documented ("the evaluation range"); two is what the examples of `CW:AlarmThatSendsEmail`
/// use (N = 3, range 5).
const EXTRA_PERIODS: u64 = 2;

/// State changes kept for `DescribeAlarmHistory`.
const HISTORY_LIMIT: usize = 1000;

impl Comparison {
    fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Above => value > threshold,
            Self::AtLeast => value >= threshold,
            Self::Below => value < threshold,
            Self::AtMost => value <= threshold,
        }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Above => "GreaterThanThreshold",
            Self::AtLeast => "GreaterThanOrEqualToThreshold",
            Self::Below => "LessThanThreshold",
            Self::AtMost => "LessThanOrEqualToThreshold",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Above => "greater than",
            Self::AtLeast => "greater than or equal to",
            Self::Below => "less than",
            Self::AtMost => "less than or equal to",
        }
    }
}

/// What an evaluation finds: the new state (`None` keeps the present one) and why.
struct Finding {
    state: Option<AlarmState>,
    reason: String,
}

impl Settings {
    fn to_alarm(&self) -> usize {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods) as usize
    }

    /// Minutes that an evaluation looks at.
    fn range_minutes(&self) -> u64 {
        (u64::from(self.evaluation_periods) + EXTRA_PERIODS) * self.period_secs / 60
    }

    /// `points` are the newest samples, newest first, at most N of them.
    fn judge(&self, points: &[f64]) -> Finding {
        let n = self.evaluation_periods as usize;
        let beyond = points.iter().filter(|value| self.comparison.breaches(**value, self.threshold)).count();
        let absent = n - points.len();
        let missing = self.missing.unwrap_or_default();
        let (beyond, needed) = match missing {
            Missing::Breaching => (beyond + absent, self.to_alarm()),
            Missing::NotBreaching => (beyond, self.to_alarm()),
            // What there is decides.
            Missing::Unknown | Missing::Ignore => (beyond, self.to_alarm().min(points.len().max(1))),
        };
        let state = match missing {
            Missing::Unknown if points.is_empty() => Some(AlarmState::InsufficientData),
            // The state is kept unless the samples alone can decide it.
            Missing::Ignore if beyond < self.to_alarm() && points.len() - beyond <= n - self.to_alarm() => {
                None
            }
            _ if beyond >= needed => Some(AlarmState::Alarm),
            _ => Some(AlarmState::Ok),
        };
        Finding { state, reason: self.reason(points, state, absent) }
    }

    fn reason(&self, points: &[f64], state: Option<AlarmState>, absent: usize) -> String {
        let n = self.evaluation_periods;
        let plural = |count: usize| if count == 1 { "" } else { "s" };
        if state == Some(AlarmState::InsufficientData) {
            let were = if absent == 1 { "datapoint was" } else { "datapoints were" };
            return format!("Insufficient Data: {absent} {were} unknown.");
        }
        if points.is_empty() {
            let treated = if state == Some(AlarmState::Alarm) { "Breaching" } else { "NonBreaching" };
            return format!(
                "Threshold Crossed: no datapoints were received for {n} period{} and {absent} missing datapoint{} was \
                 treated as [{treated}].",
                plural(n as usize),
                plural(absent),
            );
        }
        let alarm = state == Some(AlarmState::Alarm);
        let beyond = self.comparison;
        let shown: Vec<f64> =
            points.iter().copied().filter(|value| beyond.breaches(*value, self.threshold) == alarm).collect();
        let list = shown.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
        format!(
            "Threshold Crossed: {} out of the last {n} datapoint{} [{list}] {} {}{} the threshold ({:?}) (minimum {} \
             datapoint{} for {} transition).",
            shown.len(),
            plural(n as usize),
            if shown.len() == 1 { "was" } else { "were" },
            if alarm { "" } else { "not " },
            beyond.words(),
            self.threshold,
            self.to_alarm(),
            plural(self.to_alarm()),
            if alarm { "OK -> ALARM" } else { "ALARM -> OK" },
        )
    }
}

/// Minutes since the epoch before which every sample counts.
fn complete_until(world: &World) -> u64 {
    let delay = wire::secs(world.params.metric_delay_secs);
    world.now().since(SimTime::from_millis(0)).saturating_sub(delay).as_secs() / 60
}

pub(crate) fn handle(world: &mut World, event: Event) {
    let Event::Evaluate { alarm: name } = event;
    let until = complete_until(world);
    let Examination { finding, settled } = {
        let Some(alarm) = world.cloudwatch.alarms.get(&name) else { return };
        examine(world, alarm, until)
    };
    if let Some(alarm) = world.cloudwatch.alarms.get_mut(&name) {
        alarm.scheduled = false;
    }
    if let Some(state) = finding.state {
        transition(world, &name, state, finding.reason, None);
    }
    if !settled {
        alarms::schedule(world, &name);
    }
}

struct Examination {
    finding: Finding,
    /// Nothing that is recorded so far can change the state any more.
    settled: bool,
}

fn examine(world: &World, alarm: &Alarm, until: u64) -> Examination {
    let settings = &alarm.settings;
    let Some(series) = world.cloudwatch.series.get(&alarm.metric) else {
        return Examination { finding: settings.judge(&[]), settled: true };
    };
    let step = settings.period_secs / 60;
    let oldest = until.saturating_sub(settings.range_minutes());
    let mut points = Vec::new();
    let mut end = until;
    while end >= oldest + step && points.len() < settings.evaluation_periods as usize {
        points.extend(series.sum(end - step, end).map(|samples| samples.statistic(&settings.statistic)));
        end -= step;
    }
    let settled = series.newest().is_none_or(|newest| newest < oldest);
    Examination { finding: settings.judge(&points), settled }
}

/// Puts an alarm into a state, and writes it down where it is another one.
pub(super) fn transition(
    world: &mut World,
    name: &str,
    state: AlarmState,
    reason: String,
    reason_data: Option<String>,
) {
    let now = world.now();
    let Some(alarm) = world.cloudwatch.alarms.get_mut(name) else { return };
    let before = alarm.state;
    if before == state && reason_data.is_none() {
        return;
    }
    let data = serde_json::json!({
        "version": "1.0",
        "oldState": { "stateValue": before, "stateReason": alarm.reason },
        "newState": { "stateValue": state, "stateReason": reason },
    });
    alarm.state = state;
    alarm.reason = reason;
    alarm.reason_data = reason_data;
    alarm.state_updated_at = now;
    if before != state {
        alarm.state_changed_at = now;
        let summary = format!("Alarm updated from {} to {}", before.name(), state.name());
        remember(world, name, "StateUpdate", summary, data.to_string());
    }
}

pub(super) fn remember(world: &mut World, alarm: &str, kind: &str, summary: String, data: String) {
    let at = world.now();
    let history = &mut world.cloudwatch.history;
    history.push_back(HistoryItem { alarm: alarm.to_owned(), at, kind: kind.to_owned(), summary, data });
    if history.len() > HISTORY_LIMIT {
        history.pop_front();
    }
}

/// When the minute that runs now will count, at the earliest.
pub(super) fn next_evaluation(world: &World) -> SimTime {
    let minute_ends = (world.now().as_millis() / MINUTE_MS + 1) * MINUTE_MS;
    SimTime::from_millis(minute_ends) + wire::secs(world.params.metric_delay_secs)
}
