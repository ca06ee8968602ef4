//! Wire shapes of the CloudWatch Logs API (JSON 1.1; botocore `logs/2014-03-28`). Timestamps are
//! milliseconds since the epoch. Members that are not modelled are absent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::wire::{inputs, outputs};

/// One line to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputLogEvent {
    /// Milliseconds since the epoch.
    pub timestamp: u64,
    /// Text.
    pub message: String,
}

inputs! { "camelCase"
    /// Input of `CreateLogGroup`.
    pub struct CreateLogGroupInput {
        /// Name, such as `/platform/staging/api`.
        pub log_group_name: String,
        /// Key that encrypts the group.
        pub kms_key_id: Option<String>,
        /// Tags.
        pub tags: BTreeMap<String, String>,
        /// `STANDARD` (default) or `INFREQUENT_ACCESS`.
        pub log_group_class: Option<String>,
        /// Refuse deletion.
        pub deletion_protection_enabled: Option<bool>,
    }
    /// Input of `DeleteLogGroup` and `DeleteRetentionPolicy`.
    pub struct LogGroupInput {
        /// Group.
        pub log_group_name: String,
    }
    /// Input of `PutRetentionPolicy`.
    pub struct PutRetentionPolicyInput {
        /// Group.
        pub log_group_name: String,
        /// One of the values AWS allows, 1 to 3653.
        pub retention_in_days: u32,
    }
    /// Input of `CreateLogStream` and `DeleteLogStream`.
    pub struct LogStreamInput {
        /// Group.
        pub log_group_name: String,
        /// Stream.
        pub log_stream_name: String,
    }
    /// Input of `PutLogEvents`.
    pub struct PutLogEventsInput {
        /// Group.
        pub log_group_name: String,
        /// Stream.
        pub log_stream_name: String,
        /// In order of time, at most 10,000.
        pub log_events: Vec<InputLogEvent>,
        /// Ignored by AWS since 2023.
        pub sequence_token: Option<String>,
    }
    /// Input of `GetLogEvents`.
    pub struct GetLogEventsInput {
        /// Group.
        pub log_group_name: Option<String>,
        /// Group by name or ARN, instead of the name.
        pub log_group_identifier: Option<String>,
        /// Stream.
        pub log_stream_name: String,
        /// From, inclusive.
        pub start_time: Option<u64>,
        /// Until, exclusive.
        pub end_time: Option<u64>,
        /// Page.
        pub next_token: Option<String>,
        /// 1 to 10,000 (default).
        pub limit: Option<usize>,
        /// Oldest first; by default the newest page comes first.
        pub start_from_head: Option<bool>,
    }
    /// Input of `FilterLogEvents`.
    pub struct FilterLogEventsInput {
        /// Group.
        pub log_group_name: Option<String>,
        /// Group by name or ARN, instead of the name.
        pub log_group_identifier: Option<String>,
        /// Streams; empty is all.
        pub log_stream_names: Vec<String>,
        /// Streams by prefix, instead of names.
        pub log_stream_name_prefix: Option<String>,
        /// From, inclusive.
        pub start_time: Option<u64>,
        /// Until, inclusive.
        pub end_time: Option<u64>,
        /// Terms, `"phrases"`, `?optional`, `-excluded`.
        pub filter_pattern: Option<String>,
        /// Page.
        pub next_token: Option<String>,
        /// 1 to 10,000 (default).
        pub limit: Option<usize>,
        /// Always interleaved; deprecated by AWS.
        pub interleaved: Option<bool>,
    }
    /// Input of `DescribeLogGroups`.
    pub struct DescribeLogGroupsInput {
        /// Names that start so.
        pub log_group_name_prefix: Option<String>,
        /// Names that contain this.
        pub log_group_name_pattern: Option<String>,
        /// Page.
        pub next_token: Option<String>,
        /// 1 to 50 (default).
        pub limit: Option<usize>,
    }
    /// Input of `DescribeLogStreams`.
    pub struct DescribeLogStreamsInput {
        /// Group.
        pub log_group_name: Option<String>,
        /// Group by name or ARN, instead of the name.
        pub log_group_identifier: Option<String>,
        /// Names that start so; only in order of names.
        pub log_stream_name_prefix: Option<String>,
        /// `LogStreamName` (default) or `LastEventTime`.
        pub order_by: Option<String>,
        /// Reverse order.
        pub descending: Option<bool>,
        /// Page.
        pub next_token: Option<String>,
        /// 1 to 50 (default).
        pub limit: Option<usize>,
    }
}

outputs! { "camelCase"
    /// Output of operations that return nothing.
    pub struct EmptyOutput {}
    /// Output of `PutLogEvents`.
    pub struct PutLogEventsOutput {
        /// Always valid; AWS ignores sequence tokens since 2023.
        pub next_sequence_token: String,
    }
    /// A line of a stream.
    pub struct OutputLogEvent {
        /// When it was written.
        pub timestamp: u64,
        /// Text.
        pub message: String,
        /// When it arrived.
        pub ingestion_time: u64,
    }
    /// Output of `GetLogEvents`.
    pub struct GetLogEventsOutput {
        /// The page, oldest first.
        pub events: Vec<OutputLogEvent>,
        /// The page after this; the same token again at the end.
        pub next_forward_token: String,
        /// The page before this; the same token again at the start.
        pub next_backward_token: String,
    }
    /// A line of a group.
    pub struct FilteredLogEvent {
        /// Stream.
        pub log_stream_name: String,
        /// When it was written.
        pub timestamp: u64,
        /// Text.
        pub message: String,
        /// When it arrived.
        pub ingestion_time: u64,
        /// Identifier.
        pub event_id: String,
    }
    /// Output of `FilterLogEvents`.
    pub struct FilterLogEventsOutput {
        /// The page, oldest first.
        pub events: Vec<FilteredLogEvent>,
        /// Empty since AWS deprecated it.
        pub searched_log_streams: Vec<String>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// A log group.
    pub struct LogGroup {
        /// Name.
        pub log_group_name: String,
        /// When it was created.
        pub creation_time: u64,
        /// Days; absent is for ever.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub retention_in_days: Option<u32>,
        /// Metric filters are not modelled: 0.
        pub metric_filter_count: u32,
        /// ARN with `:*` at its end.
        pub arn: String,
        /// ARN without.
        pub log_group_arn: String,
        /// Bytes of the messages.
        pub stored_bytes: u64,
        /// Key.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub kms_key_id: Option<String>,
        /// Class.
        pub log_group_class: String,
        /// Deletion is refused.
        pub deletion_protection_enabled: bool,
    }
    /// Output of `DescribeLogGroups`.
    pub struct DescribeLogGroupsOutput {
        /// The page, by name.
        pub log_groups: Vec<LogGroup>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
    /// A log stream.
    pub struct LogStream {
        /// Name.
        pub log_stream_name: String,
        /// When it was created.
        pub creation_time: u64,
        /// First line.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub first_event_timestamp: Option<u64>,
        /// Last line.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_event_timestamp: Option<u64>,
        /// When the last line arrived.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub last_ingestion_time: Option<u64>,
        /// ARN.
        pub arn: String,
    }
    /// Output of `DescribeLogStreams`.
    pub struct DescribeLogStreamsOutput {
        /// The page.
        pub log_streams: Vec<LogStream>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
}
