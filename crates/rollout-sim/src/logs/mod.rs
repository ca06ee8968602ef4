//! CloudWatch Logs: groups, streams, retention, reading and filtering.
//!
//! Error codes, limits and shapes from botocore `logs/2014-03-28`. Lines older than the retention period
//! are gone at once; AWS takes up to 72 hours.

mod api;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use api::*;
pub use read::{describe_log_groups, describe_log_streams, filter_log_events, get_log_events};

use crate::{ApiError, SimTime, World};

/// State of the service.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    groups: BTreeMap<String, Group>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Group {
    created_at: SimTime,
    retention_days: Option<u32>,
    kms_key: Option<String>,
    class: String,
    protected: bool,
    tags: BTreeMap<String, String>,
    streams: BTreeMap<String, Stream>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Stream {
    created_at: SimTime,
    /// In order of time.
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Line {
    at: SimTime,
    ingested_at: SimTime,
    message: String,
}

impl Group {
    fn stream(&mut self, name: &str, now: SimTime) -> &mut Stream {
        self.streams.entry(name.to_owned()).or_insert_with(|| Stream { created_at: now, lines: Vec::new() })
    }

    /// The oldest moment of which lines are still kept.
    fn kept_since(&self, now: SimTime) -> SimTime {
        let age = self.retention_days.map_or(u64::MAX, |days| u64::from(days) * 24 * 3600 * 1000);
        SimTime::from_millis(now.as_millis().saturating_sub(age))
    }
}

fn no_group() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log group does not exist.")
}

fn no_stream() -> ApiError {
    ApiError::new("ResourceNotFoundException", "The specified log stream does not exist.")
}

fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", message)
}

fn group_mut<'a>(world: &'a mut World, name: &str) -> Result<&'a mut Group, ApiError> {
    world.logs.groups.get_mut(name).ok_or_else(no_group)
}

/// Whether there is a log group of this name.
#[must_use]
pub fn group_exists(world: &World, group: &str) -> bool {
    world.logs.groups.contains_key(group)
}

/// Writes a line now, and creates the stream where it does not exist: what the `awslogs` driver does.
///
/// # Errors
/// `ResourceNotFoundException` without the group.
pub fn put(world: &mut World, group: &str, stream: &str, message: &str) -> Result<(), ApiError> {
    let now = world.now();
    let group = group_mut(world, group)?;
    let kept_since = group.kept_since(now);
    let stream = group.stream(stream, now);
    let expired = stream.lines.partition_point(|line| line.at < kept_since);
    stream.lines.drain(..expired);
    let position = stream.lines.partition_point(|line| line.at <= now);
    stream.lines.insert(position, Line { at: now, ingested_at: now, message: message.to_owned() });
    Ok(())
}

/// `CreateLogGroup`.
///
/// # Errors
/// `ResourceAlreadyExistsException`; `InvalidParameterException`.
pub fn create_log_group(world: &mut World, input: CreateLogGroupInput) -> Result<EmptyOutput, ApiError> {
    let name = input.log_group_name;
    let valid = |c: char| c.is_ascii_alphanumeric() || "_-/.#".contains(c);
    if !(1..=512).contains(&name.len()) || !name.chars().all(valid) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{name}' at 'logGroupName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
        )));
    }
    let class = input.log_group_class.unwrap_or_else(|| "STANDARD".to_owned());
    if !["STANDARD", "INFREQUENT_ACCESS"].contains(&class.as_str()) {
        return Err(ApiError::not_modelled(format_args!("log group class {class}")));
    }
    if world.logs.groups.contains_key(&name) {
        return Err(ApiError::new(
            "ResourceAlreadyExistsException",
            "The specified log group already exists",
        ));
    }
    let group = Group {
        created_at: world.now(),
        retention_days: None,
        kms_key: input.kms_key_id,
        class,
        protected: input.deletion_protection_enabled.unwrap_or(false),
        tags: input.tags,
        streams: BTreeMap::new(),
    };
    world.logs.groups.insert(name, group);
    Ok(EmptyOutput {})
}

/// `DeleteLogGroup`, with its streams.
///
/// # Errors
/// `ResourceNotFoundException`; `ValidationException` while deletion protection is on.
pub fn delete_log_group(world: &mut World, input: &LogGroupInput) -> Result<EmptyOutput, ApiError> {
    if group_mut(world, &input.log_group_name)?.protected {
        return Err(ApiError::new(
            "ValidationException",
            "The log group cannot be deleted because deletion protection is enabled.",
        ));
    }
    world.logs.groups.remove(&input.log_group_name);
    Ok(EmptyOutput {})
}

/// The days that AWS accepts (botocore `PutRetentionPolicyRequest.retentionInDays`).
const RETENTION_DAYS: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// `PutRetentionPolicy`.
///
/// # Errors
/// `ResourceNotFoundException`; `InvalidParameterException` for a number of days AWS does not offer.
pub fn put_retention_policy(
    world: &mut World,
    input: &PutRetentionPolicyInput,
) -> Result<EmptyOutput, ApiError> {
    let days = input.retention_in_days;
    let group = group_mut(world, &input.log_group_name)?;
    if !RETENTION_DAYS.contains(&days) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{days}' at 'retentionInDays' failed to satisfy constraint: Member must \
             satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, \
             2557, 2922, 3288, 3653]"
        )));
    }
    group.retention_days = Some(days);
    Ok(EmptyOutput {})
}

/// `DeleteRetentionPolicy`: keep lines for ever.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn delete_retention_policy(world: &mut World, input: &LogGroupInput) -> Result<EmptyOutput, ApiError> {
    group_mut(world, &input.log_group_name)?.retention_days = None;
    Ok(EmptyOutput {})
}

/// `CreateLogStream`.
///
/// # Errors
/// `ResourceAlreadyExistsException`; `ResourceNotFoundException`; `InvalidParameterException`.
pub fn create_log_stream(world: &mut World, input: &LogStreamInput) -> Result<EmptyOutput, ApiError> {
    let now = world.now();
    let name = &input.log_stream_name;
    if !(1..=512).contains(&name.len()) || name.contains([':', '*']) {
        return Err(invalid(format!(
            "1 validation error detected: Value '{name}' at 'logStreamName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: [^:*]*"
        )));
    }
    let group = group_mut(world, &input.log_group_name)?;
    if group.streams.contains_key(name) {
        return Err(ApiError::new(
            "ResourceAlreadyExistsException",
            "The specified log stream already exists",
        ));
    }
    group.stream(name, now);
    Ok(EmptyOutput {})
}

/// `DeleteLogStream`.
///
/// # Errors
/// `ResourceNotFoundException`.
pub fn delete_log_stream(world: &mut World, input: &LogStreamInput) -> Result<EmptyOutput, ApiError> {
    let group = group_mut(world, &input.log_group_name)?;
    group.streams.remove(&input.log_stream_name).map(|_| EmptyOutput {}).ok_or_else(no_stream)
}

/// How far a line may lie ahead of the clock (botocore `PutLogEvents`).
const MAX_AHEAD: Duration = Duration::from_secs(2 * 3600);

/// `PutLogEvents`.
///
/// # Errors
/// `ResourceNotFoundException`; `InvalidParameterException` for none or too many lines, lines out of order,
/// or more than two hours ahead (AWS rejects the latter one by one; here the batch is refused).
pub fn put_log_events(world: &mut World, input: PutLogEventsInput) -> Result<PutLogEventsOutput, ApiError> {
    let now = world.now();
    let group = group_mut(world, &input.log_group_name)?;
    let stream = group.streams.get_mut(&input.log_stream_name).ok_or_else(no_stream)?;
    let events = input.log_events;
    if !(1..=10_000).contains(&events.len()) {
        return Err(invalid(
            "1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length \
             between 1 and 10000",
        ));
    }
    if !events.is_sorted_by_key(|event| event.timestamp) {
        return Err(invalid("Log events in a single PutLogEvents request must be in chronological order."));
    }
    if events.last().is_some_and(|event| SimTime::from_millis(event.timestamp) > now + MAX_AHEAD) {
        return Err(invalid("Log events cannot be more than 2 hours in the future."));
    }
    for event in events {
        let line =
            Line { at: SimTime::from_millis(event.timestamp), ingested_at: now, message: event.message };
        let position = stream.lines.partition_point(|other| other.at <= line.at);
        stream.lines.insert(position, line);
    }
    Ok(PutLogEventsOutput { next_sequence_token: world.rng.hex(56) })
}
