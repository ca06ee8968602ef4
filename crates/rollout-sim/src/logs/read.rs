//! Reading log groups.

use super::{
    DescribeLogGroupsInput, DescribeLogGroupsOutput, DescribeLogStreamsInput, DescribeLogStreamsOutput,
    FilterLogEventsInput, FilterLogEventsOutput, FilteredLogEvent, GetLogEventsInput, GetLogEventsOutput,
    Group, LogGroup, LogStream, OutputLogEvent, invalid, no_group, no_stream,
};
use crate::{ApiError, SimTime, World, wire};

fn invalid_token() -> ApiError {
    invalid("The specified nextToken is invalid.")
}

/// The group that a request means, by name or by ARN.
fn find<'a>(
    world: &'a World,
    name: Option<&'a str>,
    identifier: Option<&'a str>,
) -> Result<(&'a str, &'a Group), ApiError> {
    let name = match (name, identifier) {
        (Some(name), None) => name,
        (None, Some(identifier)) => match identifier.split_once(":log-group:") {
            Some((_, name)) => name.trim_end_matches(":*"),
            None => identifier,
        },
        _ => return Err(invalid("Specify either logGroupName or logGroupIdentifier, and not both.")),
    };
    world.logs.groups.get(name).map(|group| (name, group)).ok_or_else(no_group)
}

fn limit(limit: Option<usize>, max: usize) -> Result<usize, ApiError> {
    match limit {
        None => Ok(max),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(limit) => Err(invalid(format!(
            "1 validation error detected: Value '{limit}' at 'limit' failed to satisfy constraint: Member must have \
             value between 1 and {max}"
        ))),
    }
}

/// `GetLogEvents`. A token names a position in the stream, which new lines do not move.
///
/// # Errors
/// `ResourceNotFoundException`; `InvalidParameterException`.
pub fn get_log_events(world: &World, input: &GetLogEventsInput) -> Result<GetLogEventsOutput, ApiError> {
    let (_, group) = find(world, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    let stream = group.streams.get(&input.log_stream_name).ok_or_else(no_stream)?;
    let limit = limit(input.limit, 10_000)?;
    let from = input
        .start_time
        .map_or(SimTime::from_millis(0), SimTime::from_millis)
        .max(group.kept_since(world.now()));
    let first = stream.lines.partition_point(|line| line.at < from);
    let end = input
        .end_time
        .map_or(stream.lines.len(), |end| stream.lines.partition_point(|line| line.at.as_millis() < end));
    let end = end.max(first);
    let position = |text: &str| text.parse::<usize>().map_err(|_| invalid_token());
    let (start, stop) = match input.next_token.as_deref().map(|token| token.split_at_checked(2)) {
        Some(Some(("f/", text))) => {
            let start = position(text)?.clamp(first, end);
            (start, (start + limit).min(end))
        }
        Some(Some(("b/", text))) => {
            let stop = position(text)?.clamp(first, end);
            (stop.saturating_sub(limit).max(first), stop)
        }
        Some(_) => return Err(invalid_token()),
        None if input.start_from_head.unwrap_or(false) => (first, (first + limit).min(end)),
        None => (end.saturating_sub(limit).max(first), end),
    };
    let events = stream.lines[start..stop]
        .iter()
        .map(|line| OutputLogEvent {
            timestamp: line.at.as_millis(),
            message: line.message.clone(),
            ingestion_time: line.ingested_at.as_millis(),
        })
        .collect();
    Ok(GetLogEventsOutput {
        events,
        next_forward_token: format!("f/{stop}"),
        next_backward_token: format!("b/{start}"),
    })
}

/// A filter pattern of plain terms.
#[derive(Default)]
struct Pattern {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, ApiError> {
        let text = text.trim();
        if text.starts_with(['{', '[', '%']) {
            return Err(ApiError::not_modelled(
                "filter patterns for JSON, space-delimited lines or regular expressions",
            ));
        }
        let mut pattern = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let (list, term) = match rest.as_bytes()[0] {
                b'?' => (&mut pattern.any, &rest[1..]),
                b'-' => (&mut pattern.none, &rest[1..]),
                _ => (&mut pattern.all, rest),
            };
            let (word, after) = match term.strip_prefix('"') {
                Some(quoted) => quoted.split_once('"').ok_or_else(|| invalid("Invalid filter pattern"))?,
                None => term.split_once(char::is_whitespace).unwrap_or((term, "")),
            };
            list.push(word.to_owned());
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    fn matches(&self, message: &str) -> bool {
        let contains = |term: &String| message.contains(term.as_str());
        self.all.iter().all(contains)
            && !self.none.iter().any(contains)
            && (self.any.is_empty() || self.any.iter().any(contains))
    }
}

/// `FilterLogEvents`.
///
/// # Errors
/// `ResourceNotFoundException`; `InvalidParameterException`; patterns other than terms are not modelled.
pub fn filter_log_events(
    world: &World,
    input: &FilterLogEventsInput,
) -> Result<FilterLogEventsOutput, ApiError> {
    let (_, group) = find(world, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    if !input.log_stream_names.is_empty() && input.log_stream_name_prefix.is_some() {
        return Err(invalid("logStreamNames and logStreamNamePrefix cannot both be specified."));
    }
    if input.log_stream_names.iter().any(|name| !group.streams.contains_key(name)) {
        return Err(no_stream());
    }
    let pattern = Pattern::parse(input.filter_pattern.as_deref().unwrap_or_default())?;
    let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
    let kept_since = group.kept_since(world.now()).as_millis();
    let from = input.start_time.unwrap_or(0).max(kept_since);
    let until = input.end_time.unwrap_or(u64::MAX);
    let mut found: Vec<_> = group
        .streams
        .iter()
        .filter(|(name, _)| input.log_stream_names.is_empty() || input.log_stream_names.contains(name))
        .filter(|(name, _)| name.starts_with(prefix))
        .flat_map(|(name, stream)| {
            stream.lines.iter().enumerate().map(move |(index, line)| (line, name, index))
        })
        .filter(|(line, ..)| (from..=until).contains(&line.at.as_millis()) && pattern.matches(&line.message))
        .collect();
    found.sort_by_key(|(line, ..)| line.at);
    let (found, next_token) =
        wire::page(found, input.next_token.as_deref(), limit(input.limit, 10_000)?, invalid_token)?;
    let events = found
        .into_iter()
        .map(|(line, name, index)| FilteredLogEvent {
            log_stream_name: name.clone(),
            timestamp: line.at.as_millis(),
            message: line.message.clone(),
            ingestion_time: line.ingested_at.as_millis(),
            event_id: wire::sha256_hex(format!("{name}/{index}/{}", line.at.as_millis()).as_bytes())[..56]
                .to_owned(),
        })
        .collect();
    Ok(FilterLogEventsOutput { events, searched_log_streams: Vec::new(), next_token })
}

/// `DescribeLogGroups`.
///
/// # Errors
/// `InvalidParameterException`.
pub fn describe_log_groups(
    world: &World,
    input: &DescribeLogGroupsInput,
) -> Result<DescribeLogGroupsOutput, ApiError> {
    if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
        return Err(invalid(
            "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
        ));
    }
    let prefix = input.log_group_name_prefix.as_deref().unwrap_or_default();
    let pattern = input.log_group_name_pattern.as_deref().unwrap_or_default().to_lowercase();
    let groups = world
        .logs
        .groups
        .iter()
        .filter(|(name, _)| name.starts_with(prefix) && name.to_lowercase().contains(&pattern));
    let (page, next_token) =
        wire::page(groups, input.next_token.as_deref(), limit(input.limit, 50)?, invalid_token)?;
    let log_groups = page
        .into_iter()
        .map(|(name, group)| {
            let arn = world.arn("logs", &format!("log-group:{name}"));
            let lines = group.streams.values().flat_map(|stream| &stream.lines);
            LogGroup {
                log_group_name: name.clone(),
                creation_time: group.created_at.as_millis(),
                retention_in_days: group.retention_days,
                metric_filter_count: 0,
                arn: format!("{arn}:*"),
                log_group_arn: arn,
                stored_bytes: lines.map(|line| line.message.len() as u64).sum(),
                kms_key_id: group.kms_key.clone(),
                log_group_class: group.class.clone(),
                deletion_protection_enabled: group.protected,
            }
        })
        .collect();
    Ok(DescribeLogGroupsOutput { log_groups, next_token })
}

/// `DescribeLogStreams`.
///
/// # Errors
/// `ResourceNotFoundException`; `InvalidParameterException` for a prefix in order of time.
pub fn describe_log_streams(
    world: &World,
    input: &DescribeLogStreamsInput,
) -> Result<DescribeLogStreamsOutput, ApiError> {
    let (group_name, group) =
        find(world, input.log_group_name.as_deref(), input.log_group_identifier.as_deref())?;
    let by_time = match input.order_by.as_deref() {
        None | Some("LogStreamName") => false,
        Some("LastEventTime") => true,
        Some(other) => {
            return Err(invalid(format!(
                "1 validation error detected: Value '{other}' at 'orderBy' failed to satisfy constraint: Member must \
                 satisfy enum value set: [LogStreamName, LastEventTime]"
            )));
        }
    };
    if by_time && input.log_stream_name_prefix.is_some() {
        return Err(invalid("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let prefix = input.log_stream_name_prefix.as_deref().unwrap_or_default();
    let mut streams: Vec<_> = group.streams.iter().filter(|(name, _)| name.starts_with(prefix)).collect();
    if by_time {
        streams.sort_by_key(|(_, stream)| stream.lines.last().map(|line| line.at));
    }
    if input.descending.unwrap_or(false) {
        streams.reverse();
    }
    let (page, next_token) =
        wire::page(streams, input.next_token.as_deref(), limit(input.limit, 50)?, invalid_token)?;
    let log_streams = page
        .into_iter()
        .map(|(name, stream)| LogStream {
            log_stream_name: name.clone(),
            creation_time: stream.created_at.as_millis(),
            first_event_timestamp: stream.lines.first().map(|line| line.at.as_millis()),
            last_event_timestamp: stream.lines.last().map(|line| line.at.as_millis()),
            last_ingestion_time: stream.lines.last().map(|line| line.ingested_at.as_millis()),
            arn: world.arn("logs", &format!("log-group:{group_name}:log-stream:{name}")),
        })
        .collect();
    Ok(DescribeLogStreamsOutput { log_streams, next_token })
}
