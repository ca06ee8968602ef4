//! Rollback triggers (CFN:using-cfn-rollback-triggers).

use rollout_sim::cloudwatch;
use serde_json::{Value, json};

use crate::fixture::{Fixture, TOPICS, input, parameters};

const ALARM: &str = "arn:aws:cloudwatch:us-west-2:123456789012:alarm:errors";

fn triggers(minutes: u32) -> Value {
    json!({"RollbackTriggers": [{"Arn": ALARM, "Type": "AWS::CloudWatch::Alarm"}], "MonitoringTimeInMinutes": minutes})
}

fn fixture() -> Fixture {
    let mut fixture = Fixture::with(TOPICS);
    let alarm = json!({
        "AlarmName": "errors", "Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60,
        "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
    });
    cloudwatch::put_metric_alarm(&mut fixture.world, input(alarm)).unwrap();
    fixture
}

fn fire(fixture: &mut Fixture) {
    let state = json!({"AlarmName": "errors", "StateValue": "ALARM", "StateReason": "test"});
    cloudwatch::set_alarm_state(&mut fixture.world, input(state)).unwrap();
}

fn begin(fixture: &mut Fixture, label: &str, rollback: Option<Value>) {
    let mut members = json!({"Parameters": parameters(&[("Label", label)])});
    if let Some(rollback) = rollback {
        members["RollbackConfiguration"] = rollback;
    }
    fixture.update(members).unwrap();
}

#[test]
fn an_alarm_during_the_operation_rolls_it_back() {
    let mut fixture = fixture();
    begin(&mut fixture, "two", Some(triggers(0)));
    fixture.run(2.0);
    fire(&mut fixture);
    fixture.until(60.0, "UPDATE_ROLLBACK_IN_PROGRESS");
    // It fires still, and the rollback is not watched.
    fire(&mut fixture);
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(
        fixture.told(&format!("demo UPDATE_ROLLBACK_IN_PROGRESS Rollback trigger {ALARM} is in ALARM state"))
    );
}

#[test]
fn an_alarm_in_the_monitoring_time_rolls_back() {
    let mut fixture = fixture();
    begin(&mut fixture, "two", Some(triggers(30)));
    fixture.run(900.0);
    assert_eq!(fixture.status(), "UPDATE_IN_PROGRESS");
    fire(&mut fixture);
    fixture.until(60.0, "UPDATE_ROLLBACK_IN_PROGRESS");
}

#[test]
fn a_missing_alarm_fails_the_operation() {
    let mut fixture = Fixture::with(TOPICS);
    begin(&mut fixture, "two", Some(triggers(0)));
    fixture.until(600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(
        fixture.told(&format!("demo UPDATE_ROLLBACK_IN_PROGRESS Rollback trigger {ALARM} does not exist"))
    );
}

#[test]
fn triggers_persist_to_later_updates_until_replaced() {
    let mut fixture = fixture();
    begin(&mut fixture, "two", Some(triggers(10)));
    fixture.until(3600.0, "UPDATE_COMPLETE");
    begin(&mut fixture, "three", None);
    let secs = fixture.until(3600.0, "UPDATE_COMPLETE");
    assert!(secs > 600.0, "monitored for ten minutes again: {secs}");
    begin(&mut fixture, "again", None);
    fixture.run(60.0);
    fire(&mut fixture);
    fixture.until(3600.0, "UPDATE_ROLLBACK_COMPLETE");
    assert!(fixture.told(&format!("demo UPDATE_ROLLBACK_IN_PROGRESS Rollback trigger {ALARM} is in ALARM")));
    begin(&mut fixture, "four", Some(json!({"RollbackTriggers": [], "MonitoringTimeInMinutes": 0})));
    fire(&mut fixture);
    let secs = fixture.until(3600.0, "UPDATE_COMPLETE");
    assert!(secs < 120.0, "{secs}");
}

#[test]
fn monitoring_time_without_triggers_just_waits() {
    let mut fixture = Fixture::with(TOPICS);
    begin(&mut fixture, "two", Some(json!({"MonitoringTimeInMinutes": 20})));
    let secs = fixture.until(3600.0, "UPDATE_COMPLETE");
    assert!(secs > 1200.0, "{secs}");
}

#[test]
fn at_most_five_triggers_and_180_minutes() {
    let mut fixture = Fixture::with(TOPICS);
    let one = triggers(0)["RollbackTriggers"][0].clone();
    for (rollback, code) in [
        (json!({"RollbackTriggers": vec![one.clone(); 6]}), "ValidationError"),
        (json!({"MonitoringTimeInMinutes": 181}), "ValidationError"),
        (
            json!({"RollbackTriggers": [{"Arn": ALARM, "Type": "AWS::CloudWatch::CompositeAlarm"}]}),
            "NotModelled",
        ),
    ] {
        assert_eq!(fixture.update(json!({"RollbackConfiguration": rollback})).unwrap_err().code, code);
    }
    let most = json!({"RollbackTriggers": vec![one; 5], "MonitoringTimeInMinutes": 180});
    let members = json!({"RollbackConfiguration": most, "Parameters": parameters(&[("Label", "two")])});
    fixture.update(members).unwrap();
}
