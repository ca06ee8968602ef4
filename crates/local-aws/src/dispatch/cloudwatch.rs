//! CloudWatch alarms and metrics.

use rollout_sim::World;
use rollout_sim::cloudwatch;

use super::access::Needs;
use super::{Operation, operations};

fn alarm_arn(world: &World, name: &str) -> String {
    world.arn("cloudwatch", &format!("alarm:{name}"))
}

fn alarms(world: &World, names: &[String]) -> Needs {
    if names.is_empty() {
        return Needs::on(alarm_arn(world, "*"));
    }
    Needs::on_each(names.iter().map(|name| alarm_arn(world, name)))
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read DescribeAlarmHistory(world, input: cloudwatch::DescribeAlarmHistoryInput) {
        needs: Needs::on(alarm_arn(world, input.alarm_name.as_deref().unwrap_or("*"))),
        does: cloudwatch::describe_alarm_history(world, &input),
    }
    read DescribeAlarms(world, input: cloudwatch::DescribeAlarmsInput) {
        needs: alarms(world, &input.alarm_names),
        does: cloudwatch::describe_alarms(world, &input),
    }
    read GetMetricStatistics(world, input: cloudwatch::GetMetricStatisticsInput) {
        needs: Needs::any(),
        does: cloudwatch::get_metric_statistics(world, &input),
    }
    write DeleteAlarms(world, input: cloudwatch::DeleteAlarmsInput) {
        needs: alarms(world, &input.alarm_names),
        does: cloudwatch::delete_alarms(world, &input),
    }
    write PutMetricAlarm(world, input: cloudwatch::PutMetricAlarmInput) {
        needs: Needs::on(alarm_arn(world, &input.alarm_name)),
        does: cloudwatch::put_metric_alarm(world, input),
    }
    write PutMetricData(world, input: cloudwatch::PutMetricDataInput) {
        needs: Needs::any().with("cloudwatch:namespace", input.namespace.as_str()),
        does: cloudwatch::put_metric_data(world, input),
    }
    write SetAlarmState(world, input: cloudwatch::SetAlarmStateInput) {
        needs: Needs::on(alarm_arn(world, &input.alarm_name)),
        does: cloudwatch::set_alarm_state(world, input),
    }
};
