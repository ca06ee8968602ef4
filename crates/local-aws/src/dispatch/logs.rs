//! CloudWatch Logs.

use rollout_sim::World;
use rollout_sim::logs;

use super::access::Needs;
use super::{Operation, operations};

/// Actions on a group are authorised on `log-group:NAME:*` (service authorization reference).
fn group(world: &World, name: &str) -> Needs {
    Needs::on(world.arn("logs", &format!("log-group:{name}:*")))
}

/// The name of a group that is given by name or by ARN.
fn group_name<'n>(name: Option<&'n str>, identifier: Option<&'n str>) -> &'n str {
    let name = name.or(identifier).unwrap_or_default();
    name.rsplit(":log-group:").next().unwrap_or(name).trim_end_matches(":*")
}

fn stream(world: &World, group: &str, stream: &str) -> Needs {
    Needs::on(world.arn("logs", &format!("log-group:{group}:log-stream:{stream}")))
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read DescribeLogGroups(world, input: logs::DescribeLogGroupsInput) {
        needs: group(world, "*"),
        does: logs::describe_log_groups(world, &input),
    }
    read DescribeLogStreams(world, input: logs::DescribeLogStreamsInput) {
        needs: group(world, group_name(input.log_group_name.as_deref(), input.log_group_identifier.as_deref())),
        does: logs::describe_log_streams(world, &input),
    }
    read FilterLogEvents(world, input: logs::FilterLogEventsInput) {
        needs: group(world, group_name(input.log_group_name.as_deref(), input.log_group_identifier.as_deref())),
        does: logs::filter_log_events(world, &input),
    }
    read GetLogEvents(world, input: logs::GetLogEventsInput) {
        needs: stream(
            world,
            group_name(input.log_group_name.as_deref(), input.log_group_identifier.as_deref()),
            &input.log_stream_name,
        ),
        does: logs::get_log_events(world, &input),
    }
    write CreateLogGroup(world, input: logs::CreateLogGroupInput) {
        needs: group(world, &input.log_group_name),
        does: logs::create_log_group(world, input),
    }
    write CreateLogStream(world, input: logs::LogStreamInput) {
        needs: group(world, &input.log_group_name),
        does: logs::create_log_stream(world, &input),
    }
    write DeleteLogGroup(world, input: logs::LogGroupInput) {
        needs: group(world, &input.log_group_name),
        does: logs::delete_log_group(world, &input),
    }
    write DeleteLogStream(world, input: logs::LogStreamInput) {
        needs: stream(world, &input.log_group_name, &input.log_stream_name),
        does: logs::delete_log_stream(world, &input),
    }
    write DeleteRetentionPolicy(world, input: logs::LogGroupInput) {
        needs: group(world, &input.log_group_name),
        does: logs::delete_retention_policy(world, &input),
    }
    write PutLogEvents(world, input: logs::PutLogEventsInput) {
        needs: stream(world, &input.log_group_name, &input.log_stream_name),
        does: logs::put_log_events(world, input),
    }
    write PutRetentionPolicy(world, input: logs::PutRetentionPolicyInput) {
        needs: group(world, &input.log_group_name),
        does: logs::put_retention_policy(world, &input),
    }
};
