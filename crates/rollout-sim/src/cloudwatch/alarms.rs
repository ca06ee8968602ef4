//! Operations on alarms.

use super::evaluate::{next_evaluation, remember, transition};
use super::metrics::{from_epoch_secs, key_of};
use super::{
    Alarm, AlarmHistoryItem, AlarmState, Comparison, DeleteAlarmsInput, DescribeAlarmHistoryInput,
    DescribeAlarmHistoryOutput, DescribeAlarmsInput, DescribeAlarmsOutput, EmptyOutput, Event, MetricAlarm,
    Missing, PutMetricAlarmInput, SetAlarmStateInput, Settings,
};
use crate::{ApiError, SimTime, World, wire};

fn validation(message: impl Into<String>) -> ApiError {
    ApiError::new("ValidationError", message)
}

fn required<T>(value: Option<T>, what: &str) -> Result<T, ApiError> {
    value.ok_or_else(|| {
        ApiError::new("MissingParameter", format!("The parameter {what} is required for a metric alarm."))
    })
}

fn settings(input: PutMetricAlarmInput) -> Result<Settings, ApiError> {
    let comparison = match input.comparison_operator.as_str() {
        "GreaterThanThreshold" => Comparison::Above,
        "GreaterThanOrEqualToThreshold" => Comparison::AtLeast,
        "LessThanThreshold" => Comparison::Below,
        "LessThanOrEqualToThreshold" => Comparison::AtMost,
        other => return Err(ApiError::not_modelled(format_args!("comparison operator {other}"))),
    };
    let missing = match input.treat_missing_data.as_deref() {
        None => None,
        Some("missing") => Some(Missing::Unknown),
        Some("notBreaching") => Some(Missing::NotBreaching),
        Some("breaching") => Some(Missing::Breaching),
        Some("ignore") => Some(Missing::Ignore),
        Some(other) => {
            return Err(validation(format!(
                "Option {other} is not supported for parameter TreatMissingData. Supported values are [breaching, \
                 notBreaching, ignore, missing]."
            )));
        }
    };
    let statistic = required(input.statistic, "Statistic")?;
    if !["Sum", "Average", "Minimum", "Maximum", "SampleCount"].contains(&statistic.as_str()) {
        return Err(validation(format!("Value '{statistic}' at 'statistic' failed to satisfy constraint")));
    }
    let period_secs = required(input.period, "Period")?;
    if period_secs < 60 {
        return Err(ApiError::not_modelled("alarms on high-resolution metrics"));
    }
    let evaluation_periods = required(input.evaluation_periods, "EvaluationPeriods")?;
    let valid = period_secs.is_multiple_of(60)
        && evaluation_periods > 0
        && period_secs.saturating_mul(evaluation_periods.into()) <= 86_400;
    if !valid {
        return Err(validation(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400), and Period \
             must be a multiple of 60.",
        ));
    }
    if input.datapoints_to_alarm.is_some_and(|to_alarm| !(1..=evaluation_periods).contains(&to_alarm)) {
        return Err(validation("DatapointsToAlarm must be between 1 and EvaluationPeriods."));
    }
    Ok(Settings {
        description: input.alarm_description,
        actions_enabled: input.actions_enabled.unwrap_or(true),
        ok_actions: input.ok_actions,
        alarm_actions: input.alarm_actions,
        insufficient_data_actions: input.insufficient_data_actions,
        namespace: required(input.namespace, "Namespace")?,
        metric_name: required(input.metric_name, "MetricName")?,
        dimensions: input.dimensions,
        statistic,
        unit: input.unit,
        period_secs,
        evaluation_periods,
        datapoints_to_alarm: input.datapoints_to_alarm,
        threshold: required(input.threshold, "Threshold")?,
        comparison,
        missing,
    })
}

/// `PutMetricAlarm`: a new alarm starts in `INSUFFICIENT_DATA`; one that exists keeps its state until the next
/// evaluation.
///
/// # Errors
/// `ValidationError`, `MissingParameter`; metric math, percentiles and high-resolution periods are not modelled.
pub fn put_metric_alarm(world: &mut World, input: PutMetricAlarmInput) -> Result<EmptyOutput, ApiError> {
    let name = input.alarm_name.clone();
    if name.is_empty() || name.len() > 255 {
        return Err(validation("AlarmName must have length between 1 and 255."));
    }
    let settings = settings(input)?;
    let metric = key_of(&settings.namespace, &settings.metric_name, &settings.dimensions);
    let now = world.now();
    let previous = world.cloudwatch.alarms.get(&name).cloned();
    let is_new = previous.is_none();
    forget_watch(world, &name);
    world.cloudwatch.watchers.entry(metric.clone()).or_default().push(name.clone());
    let alarm = match previous {
        Some(previous) => Alarm { settings, metric, updated_at: now, ..previous },
        None => Alarm {
            settings,
            metric,
            updated_at: now,
            state: AlarmState::InsufficientData,
            reason: "Unchecked: Initial alarm creation".to_owned(),
            reason_data: None,
            state_updated_at: now,
            state_changed_at: now,
            scheduled: false,
        },
    };
    world.cloudwatch.alarms.insert(name.clone(), alarm);
    let what = if is_new { "created" } else { "updated" };
    remember(world, &name, "ConfigurationUpdate", format!("Alarm \"{name}\" {what}"), "{}".to_owned());
    schedule(world, &name);
    Ok(EmptyOutput {})
}

/// Plans the next evaluation of an alarm, if none is planned.
pub(super) fn schedule(world: &mut World, name: &str) {
    let at = next_evaluation(world);
    if let Some(alarm) = world.cloudwatch.alarms.get_mut(name).filter(|alarm| !alarm.scheduled) {
        alarm.scheduled = true;
        world.schedule_at(at, crate::Event::CloudWatch(Event::Evaluate { alarm: name.to_owned() }));
    }
}

fn forget_watch(world: &mut World, name: &str) {
    if let Some(alarm) = world.cloudwatch.alarms.get(name)
        && let Some(names) = world.cloudwatch.watchers.get_mut(&alarm.metric)
    {
        names.retain(|other| other != name);
        if names.is_empty() {
            world.cloudwatch.watchers.remove(&alarm.metric);
        }
    }
}

/// State of an alarm; `None` where there is none of this name.
#[must_use]
pub fn alarm_state(world: &World, name: &str) -> Option<AlarmState> {
    world.cloudwatch.alarms.get(name).map(|alarm| alarm.state)
}

fn describe(world: &World, name: &str, alarm: &Alarm) -> MetricAlarm {
    let settings = &alarm.settings;
    MetricAlarm {
        alarm_name: name.to_owned(),
        alarm_arn: world.arn("cloudwatch", &format!("alarm:{name}")),
        alarm_description: settings.description.clone(),
        alarm_configuration_updated_timestamp: alarm.updated_at.as_epoch_secs(),
        actions_enabled: settings.actions_enabled,
        ok_actions: settings.ok_actions.clone(),
        alarm_actions: settings.alarm_actions.clone(),
        insufficient_data_actions: settings.insufficient_data_actions.clone(),
        state_value: alarm.state,
        state_reason: alarm.reason.clone(),
        state_reason_data: alarm.reason_data.clone(),
        state_updated_timestamp: alarm.state_updated_at.as_epoch_secs(),
        state_transitioned_timestamp: alarm.state_changed_at.as_epoch_secs(),
        metric_name: settings.metric_name.clone(),
        namespace: settings.namespace.clone(),
        statistic: settings.statistic.clone(),
        dimensions: settings.dimensions.clone(),
        period: settings.period_secs,
        unit: settings.unit.clone(),
        evaluation_periods: settings.evaluation_periods,
        datapoints_to_alarm: settings.datapoints_to_alarm,
        threshold: settings.threshold,
        comparison_operator: settings.comparison.name().to_owned(),
        treat_missing_data: settings.missing.map(|missing| {
            match missing {
                Missing::Unknown => "missing",
                Missing::NotBreaching => "notBreaching",
                Missing::Breaching => "breaching",
                Missing::Ignore => "ignore",
            }
            .to_owned()
        }),
    }
}

fn invalid_token() -> ApiError {
    ApiError::new("InvalidNextToken", "The next token is not valid.")
}

/// `DescribeAlarms`.
///
/// # Errors
/// `InvalidNextToken`; `ValidationError` for names and a prefix together, and for more than 100 names
/// (bc:cloudwatch/DescribeAlarms).
pub fn describe_alarms(world: &World, input: &DescribeAlarmsInput) -> Result<DescribeAlarmsOutput, ApiError> {
    if !input.alarm_names.is_empty() && input.alarm_name_prefix.is_some() {
        return Err(validation("AlarmNamePrefix and AlarmNames are mutually exclusive."));
    }
    if input.alarm_names.len() > 100 {
        return Err(validation(
            "1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: Member must have length \
             less than or equal to 100",
        ));
    }
    let prefix = input.alarm_name_prefix.as_deref().unwrap_or_default();
    let metric_alarms_wanted =
        input.alarm_types.is_empty() || input.alarm_types.iter().any(|kind| kind == "MetricAlarm");
    let with_action = |alarm: &Alarm| {
        input.action_prefix.as_deref().is_none_or(|prefix| {
            let settings = &alarm.settings;
            let actions =
                [&settings.ok_actions, &settings.alarm_actions, &settings.insufficient_data_actions];
            actions.into_iter().flatten().any(|action| action.starts_with(prefix))
        })
    };
    let found = world.cloudwatch.alarms.iter().filter(|(name, alarm)| {
        metric_alarms_wanted
            && name.starts_with(prefix)
            && (input.alarm_names.is_empty() || input.alarm_names.contains(name))
            && input.state_value.is_none_or(|state| state == alarm.state)
            && with_action(alarm)
    });
    let size = input.max_records.unwrap_or(50).clamp(1, 100);
    let (page, next_token) = wire::page(found, input.next_token.as_deref(), size, invalid_token)?;
    let metric_alarms = page.into_iter().map(|(name, alarm)| describe(world, name, alarm)).collect();
    Ok(DescribeAlarmsOutput { metric_alarms, composite_alarms: Vec::new(), next_token })
}

fn no_alarm() -> ApiError {
    ApiError::new("ResourceNotFound", "The alarm does not exist.").with_status(404)
}

/// `DeleteAlarms`: all or none.
///
/// # Errors
/// `ResourceNotFound` where one does not exist.
pub fn delete_alarms(world: &mut World, input: &DeleteAlarmsInput) -> Result<EmptyOutput, ApiError> {
    if input.alarm_names.iter().any(|name| !world.cloudwatch.alarms.contains_key(name)) {
        return Err(no_alarm());
    }
    for name in &input.alarm_names {
        forget_watch(world, name);
        world.cloudwatch.alarms.remove(name);
    }
    Ok(EmptyOutput {})
}

/// `SetAlarmState`: until the next evaluation.
///
/// # Errors
/// `ResourceNotFound`.
pub fn set_alarm_state(world: &mut World, input: SetAlarmStateInput) -> Result<EmptyOutput, ApiError> {
    let name = input.alarm_name;
    if !world.cloudwatch.alarms.contains_key(&name) {
        return Err(no_alarm());
    }
    transition(world, &name, input.state_value, input.state_reason, input.state_reason_data);
    schedule(world, &name);
    Ok(EmptyOutput {})
}

/// `DescribeAlarmHistory`.
///
/// # Errors
/// `InvalidNextToken`.
pub fn describe_alarm_history(
    world: &World,
    input: &DescribeAlarmHistoryInput,
) -> Result<DescribeAlarmHistoryOutput, ApiError> {
    let from = input.start_date.map_or(SimTime::from_millis(0), from_epoch_secs);
    let until = input.end_date.map_or(SimTime::from_millis(u64::MAX), from_epoch_secs);
    let wanted = |kind: &Option<String>, value: &str| kind.as_deref().is_none_or(|kind| kind == value);
    let mut items: Vec<_> = world
        .cloudwatch
        .history
        .iter()
        .filter(|item| wanted(&input.alarm_name, &item.alarm) && wanted(&input.history_item_type, &item.kind))
        .filter(|item| (from..=until).contains(&item.at))
        .collect();
    if input.scan_by.as_deref() != Some("TimestampAscending") {
        items.reverse();
    }
    let size = input.max_records.unwrap_or(50).clamp(1, 100);
    let (page, next_token) = wire::page(items, input.next_token.as_deref(), size, invalid_token)?;
    let alarm_history_items = page
        .into_iter()
        .map(|item| AlarmHistoryItem {
            alarm_name: item.alarm.clone(),
            alarm_type: "MetricAlarm".to_owned(),
            timestamp: item.at.as_epoch_secs(),
            history_item_type: item.kind.clone(),
            history_summary: item.summary.clone(),
            history_data: item.data.clone(),
        })
        .collect();
    Ok(DescribeAlarmHistoryOutput { alarm_history_items, next_token })
}
