//! Deployment alarms (ECS:deployment-alarm-failure).

use rollout_sim::cloudwatch;
use rollout_sim::ecs::{self, MonitorStatus, RolloutState, ServiceDeploymentStatus, TaskStatus};
use rollout_sim::image::ImageBehaviour;
use serde_json::json;

use crate::fixture::{Fixture, Setup, crashing};

fn setup(rollback: bool) -> Setup {
    Setup {
        alarms: json!({"alarmNames": ["api-5xx"], "enable": true, "rollback": rollback}),
        ..Setup::default()
    }
}

/// A service with a deployment alarm on the 5xx answers of its targets, which is quiet.
fn fixture(setup: Setup) -> Fixture {
    let mut fixture = Fixture::empty(setup);
    let group =
        fixture.group.split_once("targetgroup/").map(|(_, tail)| format!("targetgroup/{tail}")).unwrap();
    let balancer = fixture.listener.split_once("listener/").unwrap().1.rsplit_once('/').unwrap().0.to_owned();
    let alarm = json!({
        "AlarmName": "api-5xx", "Namespace": "AWS/ApplicationELB", "MetricName": "HTTPCode_Target_5XX_Count",
        "Dimensions": [{"Name": "TargetGroup", "Value": group}, {"Name": "LoadBalancer", "Value": balancer}],
        "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 5.0,
        "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
    });
    cloudwatch::put_metric_alarm(&mut fixture.world, serde_json::from_value(alarm).unwrap()).unwrap();
    fixture.create_service(ImageBehaviour::default());
    fixture.until(3600.0, "the first release", |it| it.rollout() == RolloutState::Completed);
    fixture
}

#[test]
fn an_ordinary_rolling_update_does_not_trip_the_alarm() {
    let mut fixture = fixture(setup(true));
    fixture.deploy(ImageBehaviour::default());
    fixture.until(1800.0, "completion", |it| it.latest().status == ServiceDeploymentStatus::Successful);
    assert_eq!(fixture.latest().alarms.status, MonitorStatus::MonitoringComplete);
}

#[test]
fn errors_of_the_new_release_fire_the_alarm_and_roll_back() {
    let mut fixture = fixture(setup(true));
    let old = fixture.service().task_definition;
    fixture.run(5.0);
    fixture.fault("errors-after-deploy");
    fixture.deploy(ImageBehaviour::default());
    fixture.until(900.0, "the alarm", |it| it.latest().rollback.is_some());
    let latest = fixture.latest();
    assert_eq!(latest.alarms.status, MonitorStatus::Triggered);
    assert_eq!(latest.alarms.triggered_alarm_names, ["api-5xx"]);
    assert_ne!(latest.deployment_circuit_breaker.status, MonitorStatus::Triggered);
    fixture
        .until(900.0, "the rollback", |it| it.latest().status == ServiceDeploymentStatus::RollbackSuccessful);
    assert_eq!(fixture.service().task_definition, old);
    assert!(fixture.events().iter().any(|event| event.ends_with("deployment failed: alarm detected.")));
}

#[test]
fn each_method_decides_about_the_rollback_by_its_own_flag() {
    use ServiceDeploymentStatus::{RollbackSuccessful, Stopped};
    for (breaker, alarms, alarm_fires, end) in [
        (true, false, true, Stopped),
        (false, true, true, RollbackSuccessful),
        (true, false, false, RollbackSuccessful),
        (false, true, false, Stopped),
    ] {
        let breaker = json!({"enable": true, "rollback": breaker});
        let mut fixture = with_quiet_alarms(&["refusals"], Setup { breaker, ..rolling_back(alarms) });
        if alarm_fires {
            fixture.deploy(ImageBehaviour::default());
            fixture.run(30.0);
            set(&mut fixture, "refusals", "ALARM");
        } else {
            fixture.deploy(crashing(2.0));
        }
        fixture.until(3600.0, "the end", |it| it.latest().finished_at.is_some());
        let latest = fixture.latest();
        assert_eq!(latest.status, end);
        assert_eq!(latest.alarms.status == MonitorStatus::Triggered, alarm_fires);
        assert_eq!(latest.deployment_circuit_breaker.status == MonitorStatus::Triggered, !alarm_fires);
    }
}

/// Deployment alarms, which [`with_quiet_alarms`] names.
fn rolling_back(rollback: bool) -> Setup {
    Setup { alarms: json!({"enable": true, "rollback": rollback}), ..Setup::default() }
}

/// A service whose deployment alarms are `names`, on a metric that nobody ever sends: they are in the state they were
/// last set to, and until then in INSUFFICIENT_DATA.
fn with_quiet_alarms(names: &[&str], mut setup: Setup) -> Fixture {
    setup.alarms["alarmNames"] = json!(names);
    let mut fixture = Fixture::empty(setup);
    for name in names {
        let alarm = json!({
            "AlarmName": name, "Namespace": "Shop", "MetricName": "Refusals", "Statistic": "Sum", "Period": 60,
            "EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold",
        });
        cloudwatch::put_metric_alarm(&mut fixture.world, serde_json::from_value(alarm).unwrap()).unwrap();
    }
    fixture.create_service(ImageBehaviour::default());
    fixture.until(3600.0, "the first release", |it| it.rollout() == RolloutState::Completed);
    fixture
}

fn set(fixture: &mut Fixture, alarm: &str, state: &str) {
    let state = json!({"AlarmName": alarm, "StateValue": state, "StateReason": "test"});
    cloudwatch::set_alarm_state(&mut fixture.world, serde_json::from_value(state).unwrap()).unwrap();
}

#[test]
fn insufficient_data_is_no_alarm() {
    let mut fixture = with_quiet_alarms(&["refusals"], rolling_back(true));
    fixture.deploy(ImageBehaviour::default());
    assert_eq!(fixture.latest().alarms.status, MonitorStatus::Monitoring);
    fixture.until(1800.0, "completion", |it| it.latest().status == ServiceDeploymentStatus::Successful);
    assert_eq!(fixture.latest().alarms.status, MonitorStatus::MonitoringComplete);
    let request = serde_json::from_value(json!({"AlarmNames": ["refusals"]})).unwrap();
    let alarm = cloudwatch::describe_alarms(&fixture.world, &request).unwrap().metric_alarms.remove(0);
    assert_eq!(serde_json::to_value(alarm.state_value).unwrap(), "INSUFFICIENT_DATA");
}

#[test]
fn one_alarm_of_several_fails_the_deployment() {
    let mut fixture =
        with_quiet_alarms(&["refusals", "delays"], Setup { bake_minutes: Some(10), ..rolling_back(true) });
    fixture.deploy(ImageBehaviour::default());
    set(&mut fixture, "refusals", "OK");
    fixture.run(30.0);
    set(&mut fixture, "delays", "ALARM");
    fixture.until(120.0, "the rollback", |it| it.latest().rollback.is_some());
    assert_eq!(fixture.latest().alarms.triggered_alarm_names, ["delays"]);
}

#[test]
fn an_alarm_that_fires_already_is_ignored_for_the_whole_deployment() {
    let mut fixture =
        with_quiet_alarms(&["refusals"], Setup { bake_minutes: Some(10), ..rolling_back(true) });
    set(&mut fixture, "refusals", "ALARM");
    fixture.deploy(ImageBehaviour::default());
    assert_eq!(fixture.latest().alarms.status, MonitorStatus::Disabled);
    // It may end and begin anew: this deployment has stopped looking.
    fixture.run(60.0);
    set(&mut fixture, "refusals", "OK");
    fixture.run(60.0);
    set(&mut fixture, "refusals", "ALARM");
    assert_eq!(fixture.latest().status, ServiceDeploymentStatus::InProgress);
    fixture.until(1800.0, "completion", |it| it.latest().status == ServiceDeploymentStatus::Successful);
    assert_eq!(fixture.latest().alarms.status, MonitorStatus::Disabled);
    // The next one looks again.
    set(&mut fixture, "refusals", "OK");
    fixture.deploy(ImageBehaviour::default());
    fixture.run(30.0);
    set(&mut fixture, "refusals", "ALARM");
    fixture.until(120.0, "the rollback", |it| it.latest().rollback.is_some());
}

#[test]
fn a_throttled_poll_can_miss_an_alarm() {
    for (throttled, noticed) in [(false, true), (true, false)] {
        let mut fixture =
            with_quiet_alarms(&["refusals"], Setup { bake_minutes: Some(10), ..rolling_back(true) });
        fixture.deploy(ImageBehaviour::default());
        fixture.run(1.0);
        if throttled {
            fixture.fault("throttled:cloudwatch");
        }
        // Polls are 15 s apart: one falls into these 20 s, and two of three are refused.
        fixture.run(15.0);
        set(&mut fixture, "refusals", "ALARM");
        fixture.run(20.0);
        set(&mut fixture, "refusals", "OK");
        fixture.run(30.0);
        assert_eq!(fixture.latest().alarms.status == MonitorStatus::Triggered, noticed, "{throttled}");
        if throttled {
            // One that lasts is seen by a poll that gets through.
            set(&mut fixture, "refusals", "ALARM");
            fixture.until(45.0, "the rollback", |it| it.latest().rollback.is_some());
        }
    }
}

#[test]
fn controllers_other_than_ecs_have_no_alarms() {
    let mut fixture = with_quiet_alarms(&["refusals"], rolling_back(true));
    let definition = fixture.service().task_definition;
    let told = "Deployment alarms are supported by the ECS deployment controller only, not by CODE_DEPLOY.";
    for (controller, refused) in [("CODE_DEPLOY", true), ("ECS", false)] {
        let alarms = json!({"alarmNames": ["refusals"], "enable": true, "rollback": true});
        let request = json!({"cluster": "demo", "service": "api", "deploymentController": {"type": controller},
            "deploymentConfiguration": {"alarms": alarms}});
        let updated = ecs::update_service(&mut fixture.world, serde_json::from_value(request).unwrap());
        let request = json!({
            "cluster": "demo", "serviceName": "other", "taskDefinition": definition, "launchType": "FARGATE",
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-a"]}},
            "deploymentController": {"type": controller}, "deploymentConfiguration": {"alarms": alarms},
        });
        let created = ecs::create_service(&mut fixture.world, serde_json::from_value(request).unwrap());
        for error in [updated.err(), created.err()] {
            let error = error.map(|error| (error.code, error.message));
            let expected = refused.then(|| ("InvalidParameterException".to_owned(), told.to_owned()));
            assert_eq!(error, expected, "{controller}");
        }
    }
}

#[test]
fn the_deployment_completes_after_the_bake_time() {
    let mut fixture = fixture(Setup { bake_minutes: Some(10), ..setup(true) });
    let old = fixture.service().task_definition;
    fixture.deploy(ImageBehaviour::default());
    // The scheduler looks at the service while the old task drains: it is not at 0 yet.
    fixture.until(600.0, "draining", |it| it.targets().contains(&"draining"));
    fixture.update(json!({"healthCheckGracePeriodSeconds": 5}));
    fixture.until(600.0, "the bake", |it| it.latest().lifecycle_stage.as_deref() == Some("BAKE_TIME"));
    assert_eq!(fixture.service().running_count, 1, "the source is scaled to 0");
    let gone = |task: &ecs::Task| task.last_status == TaskStatus::Stopped;
    assert!(fixture.tasks_of(&old).iter().all(gone), "none of its tasks is on its way");
    assert_eq!(fixture.targets(), ["healthy"], "and no target of it drains");
    let secs = fixture.until(3600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert!((590.0..=600.0).contains(&secs), "{secs}");
}

#[test]
fn an_alarm_in_the_bake_time_rolls_back() {
    let mut fixture = fixture(Setup { bake_minutes: Some(10), ..setup(true) });
    let old = fixture.service().task_definition;
    fixture.deploy(ImageBehaviour::default());
    fixture.until(600.0, "the bake", |it| it.latest().lifecycle_stage.as_deref() == Some("BAKE_TIME"));
    let state = json!({"AlarmName": "api-5xx", "StateValue": "ALARM", "StateReason": "test"});
    cloudwatch::set_alarm_state(&mut fixture.world, serde_json::from_value(state).unwrap()).unwrap();
    fixture
        .until(900.0, "the rollback", |it| it.latest().status == ServiceDeploymentStatus::RollbackSuccessful);
    assert_eq!((fixture.service().task_definition, fixture.service().running_count), (old, 1));
}

#[test]
fn the_default_bake_time_with_alarms_is_under_five_minutes() {
    let mut fixture = fixture(setup(true));
    fixture.deploy(ImageBehaviour::default());
    fixture.until(600.0, "the bake", |it| it.latest().lifecycle_stage.as_deref() == Some("BAKE_TIME"));
    assert_eq!(fixture.latest().alarms.status, MonitorStatus::Monitoring);
    let secs = fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
    assert!((1.0..300.0).contains(&secs), "{secs}");
}

#[test]
fn whichever_of_breaker_and_alarms_trips_first_fails_the_deployment() {
    // The breaker needs three failures, and the alarm fires at the first, or when the breaker has tripped.
    for alarm_is_first in [true, false] {
        let mut fixture = with_quiet_alarms(&["refusals"], rolling_back(true));
        let old = fixture.service().task_definition;
        fixture.deploy(crashing(2.0));
        fixture.until(3600.0, "failures", |it| {
            if alarm_is_first { it.primary().failed_tasks == 1 } else { it.latest().rollback.is_some() }
        });
        set(&mut fixture, "refusals", "ALARM");
        fixture.until(3600.0, "the rollback", |it| {
            it.latest().status == ServiceDeploymentStatus::RollbackSuccessful
        });
        assert_eq!(fixture.service().task_definition, old);
        let latest = fixture.latest();
        let breaker = latest.deployment_circuit_breaker;
        let told = |text: &str| fixture.events().iter().any(|event| event.ends_with(text));
        let (first, second) = (MonitorStatus::Triggered, MonitorStatus::MonitoringComplete);
        if alarm_is_first {
            assert_eq!((latest.alarms.status, breaker.status), (first, second));
            assert_eq!(latest.alarms.triggered_alarm_names, ["refusals"]);
            assert!((1..3).contains(&breaker.failure_count), "{}", breaker.failure_count);
            assert!(told("deployment failed: alarm detected."));
        } else {
            assert_eq!((breaker.status, latest.alarms.status), (first, second));
            assert!(latest.alarms.triggered_alarm_names.is_empty());
            assert!(told("deployment failed: tasks failed to start."));
        }
    }
}

#[test]
fn a_service_without_alarms_has_a_disabled_monitor() {
    for alarms in [json!(null), json!({"alarmNames": ["refusals"], "enable": false, "rollback": true})] {
        let mut fixture = Fixture::new(Setup { alarms, ..Setup::default() });
        fixture.deploy(ImageBehaviour::default());
        let watch = fixture.latest().alarms;
        assert_eq!((watch.status, watch.alarm_names), (MonitorStatus::Disabled, Vec::new()));
        fixture.until(600.0, "completion", |it| it.rollout() == RolloutState::Completed);
        assert_eq!(fixture.latest().alarms.status, MonitorStatus::Disabled);
    }
}
