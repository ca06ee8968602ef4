#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::*;
use crate::World;

const NAMESPACE: &str = "AWS/ApplicationELB";
const METRIC: &str = "HTTPCode_Target_5XX_Count";
const DIMENSIONS: [(&str, &str); 2] = [("LoadBalancer", "app/shop/1"), ("TargetGroup", "targetgroup/api/1")];

fn alarm(n: u32, m: u32, missing: Option<&str>) -> PutMetricAlarmInput {
    PutMetricAlarmInput {
        alarm_name: "api-5xx".to_owned(),
        namespace: Some(NAMESPACE.to_owned()),
        metric_name: Some(METRIC.to_owned()),
        // Another order than that of the samples.
        dimensions: DIMENSIONS
            .iter()
            .rev()
            .map(|(name, value)| Dimension { name: (*name).to_owned(), value: (*value).to_owned() })
            .collect(),
        statistic: Some("Sum".to_owned()),
        period: Some(60),
        evaluation_periods: Some(n),
        datapoints_to_alarm: Some(m),
        threshold: Some(5.0),
        comparison_operator: "GreaterThanOrEqualToThreshold".to_owned(),
        treat_missing_data: missing.map(str::to_owned),
        ..Default::default()
    }
}

fn world(n: u32, m: u32, missing: Option<&str>) -> World {
    let mut world = World::new("123456789012", "us-west-2", 7);
    put_metric_alarm(&mut world, alarm(n, m, missing)).unwrap();
    world
}

fn errors(world: &mut World, count: f64) {
    record_many(world, NAMESPACE, METRIC, &DIMENSIONS, 1.0, count);
}

fn minutes(world: &mut World, count: u64) {
    world.advance_by(Duration::from_secs(60 * count));
}

fn state(world: &World) -> AlarmState {
    alarm_state(world, "api-5xx").unwrap()
}

#[test]
fn a_new_alarm_waits_for_its_first_evaluation() {
    let mut world = world(1, 1, Some("notBreaching"));
    assert_eq!(state(&world), AlarmState::InsufficientData);
    minutes(&mut world, 3);
    assert_eq!(state(&world), AlarmState::Ok);
}

#[test]
fn an_alarm_without_samples_is_not_evaluated_again() {
    let mut world = world(1, 1, Some("notBreaching"));
    minutes(&mut world, 3);
    assert_eq!(world.next_event_at(), None);
    errors(&mut world, 1.0);
    assert!(world.next_event_at().is_some());
    minutes(&mut world, 10);
    assert_eq!(world.next_event_at(), None);
}

#[test]
fn the_threshold_is_crossed_after_the_minute_and_its_delay() {
    let mut world = world(1, 1, Some("notBreaching"));
    minutes(&mut world, 3);
    errors(&mut world, 6.0);
    world.advance_by(Duration::from_secs(119));
    assert_eq!(state(&world), AlarmState::Ok);
    world.advance_by(Duration::from_secs(1));
    assert_eq!(state(&world), AlarmState::Alarm);
    let input = DescribeAlarmsInput::default();
    let described = describe_alarms(&world, &input).unwrap().metric_alarms.remove(0);
    assert_eq!(
        described.state_reason,
        "Threshold Crossed: 1 out of the last 1 datapoint [6.0] was greater than or equal to the threshold (5.0) \
         (minimum 1 datapoint for OK -> ALARM transition)."
    );
    minutes(&mut world, 5);
    assert_eq!(state(&world), AlarmState::Ok);
}

#[test]
fn m_out_of_n_periods_must_be_beyond_the_threshold() {
    for (counts, expected) in [
        ([9.0, 0.0, 9.0], AlarmState::Alarm),
        ([9.0, 1.0, 1.0], AlarmState::Ok),
        ([0.0, 9.0, 9.0], AlarmState::Alarm),
    ] {
        let mut world = world(3, 2, Some("notBreaching"));
        for count in counts {
            record_many(&mut world, NAMESPACE, METRIC, &DIMENSIONS, 1.0, count);
            minutes(&mut world, 1);
        }
        world.advance_by(Duration::from_secs(60));
        assert_eq!(state(&world), expected, "{counts:?}");
    }
}

#[test]
fn missing_data_is_treated_as_configured() {
    for (missing, expected) in [
        (None, AlarmState::InsufficientData),
        (Some("missing"), AlarmState::InsufficientData),
        (Some("notBreaching"), AlarmState::Ok),
        (Some("breaching"), AlarmState::Alarm),
        (Some("ignore"), AlarmState::InsufficientData),
    ] {
        let mut world = world(3, 3, missing);
        minutes(&mut world, 10);
        assert_eq!(state(&world), expected, "{missing:?} from the start");
    }
    for (missing, expected) in [
        ("missing", AlarmState::InsufficientData),
        ("notBreaching", AlarmState::Ok),
        ("breaching", AlarmState::Alarm),
        ("ignore", AlarmState::Alarm),
    ] {
        let mut world = world(1, 1, Some(missing));
        errors(&mut world, 9.0);
        minutes(&mut world, 3);
        assert_eq!(state(&world), AlarmState::Alarm, "{missing} after a sample");
        minutes(&mut world, 20);
        assert_eq!(state(&world), expected, "{missing} long after it");
    }
}

#[test]
fn a_state_set_by_hand_lasts_until_the_next_evaluation() {
    let mut world = world(1, 1, Some("notBreaching"));
    minutes(&mut world, 3);
    let set = SetAlarmStateInput {
        alarm_name: "api-5xx".to_owned(),
        state_value: AlarmState::Alarm,
        state_reason: "a drill".to_owned(),
        state_reason_data: None,
    };
    set_alarm_state(&mut world, set).unwrap();
    assert_eq!(state(&world), AlarmState::Alarm);
    minutes(&mut world, 3);
    assert_eq!(state(&world), AlarmState::Ok);
    let input =
        DescribeAlarmHistoryInput { history_item_type: Some("StateUpdate".to_owned()), ..Default::default() };
    let history = describe_alarm_history(&world, &input).unwrap().alarm_history_items;
    let summaries: Vec<_> = history.iter().map(|item| item.history_summary.as_str()).collect();
    assert_eq!(
        summaries,
        [
            "Alarm updated from ALARM to OK",
            "Alarm updated from OK to ALARM",
            "Alarm updated from INSUFFICIENT_DATA to OK",
        ]
    );
}

#[test]
fn an_alarm_that_is_put_again_keeps_its_state_and_watches_the_new_metric() {
    let mut world = world(1, 1, Some("notBreaching"));
    errors(&mut world, 9.0);
    minutes(&mut world, 2);
    assert_eq!(state(&world), AlarmState::Alarm);
    let moved = PutMetricAlarmInput {
        metric_name: Some("RequestCount".to_owned()),
        ..alarm(1, 1, Some("notBreaching"))
    };
    put_metric_alarm(&mut world, moved).unwrap();
    assert_eq!(state(&world), AlarmState::Alarm);
    minutes(&mut world, 3);
    assert_eq!(state(&world), AlarmState::Ok);
    errors(&mut world, 9.0);
    minutes(&mut world, 3);
    assert_eq!(state(&world), AlarmState::Ok);
}

#[test]
fn alarms_are_deleted_all_or_none() {
    let mut world = world(1, 1, None);
    let mut input = DeleteAlarmsInput { alarm_names: vec!["api-5xx".to_owned(), "no-such".to_owned()] };
    assert_eq!(delete_alarms(&mut world, &input).unwrap_err().code, "ResourceNotFound");
    assert!(alarm_state(&world, "api-5xx").is_some());
    input.alarm_names.pop();
    delete_alarms(&mut world, &input).unwrap();
    assert_eq!(alarm_state(&world, "api-5xx"), None);
    minutes(&mut world, 5);
}

#[test]
fn settings_that_aws_refuses_are_refused() {
    let mut world = World::new("123456789012", "us-west-2", 7);
    let mut put = |change: fn(&mut PutMetricAlarmInput)| {
        let mut input = alarm(1, 1, None);
        change(&mut input);
        put_metric_alarm(&mut world, input).unwrap_err().code
    };
    assert_eq!(put(|input| input.datapoints_to_alarm = Some(2)), "ValidationError");
    assert_eq!(put(|input| input.evaluation_periods = Some(1441)), "ValidationError");
    assert_eq!(put(|input| input.period = Some(90)), "ValidationError");
    assert_eq!(put(|input| input.threshold = None), "MissingParameter");
    assert_eq!(put(|input| input.period = Some(10)), "NotModelled");
    assert_eq!(put(|input| input.treat_missing_data = Some("zero".to_owned())), "ValidationError");
}

#[test]
fn numbers_may_arrive_as_text() {
    let input: PutMetricAlarmInput = serde_json::from_str(
        r#"{"AlarmName":"a","Period":"60","Threshold":"0.5","EvaluationPeriods":"2","ActionsEnabled":"false",
            "ComparisonOperator":"GreaterThanThreshold"}"#,
    )
    .unwrap();
    assert_eq!((input.period, input.threshold, input.actions_enabled), (Some(60), Some(0.5), Some(false)));
    let error = serde_json::from_str::<PutMetricAlarmInput>(r#"{"AlarmName":"a","Metrics":[]}"#).unwrap_err();
    assert!(error.to_string().contains("unknown field `Metrics`"), "{error}");
}

#[test]
fn statistics_are_summed_by_period() {
    let mut world = world(1, 1, None);
    errors(&mut world, 2.0);
    minutes(&mut world, 1);
    errors(&mut world, 3.0);
    let input = GetMetricStatisticsInput {
        namespace: NAMESPACE.to_owned(),
        metric_name: METRIC.to_owned(),
        dimensions: alarm(1, 1, None).dimensions,
        start_time: SimTime::START.as_epoch_secs(),
        end_time: SimTime::START.as_epoch_secs() + 300.0,
        period: 300,
        statistics: vec!["Sum".to_owned()],
        unit: None,
    };
    let output = get_metric_statistics(&world, &input).unwrap();
    assert_eq!(output.datapoints.iter().map(|point| point.sum).collect::<Vec<_>>(), [5.0]);
}
