//! Amazon CloudWatch Logs.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{LogGroupArn, LogGroupName, Text};
use crate::value::Value;

/// `AWS::Logs::LogGroup`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogGroup<S> {
    pub log_group_name: Value<S, Text>,
    /// One of the periods that CloudWatch Logs knows.
    pub retention_in_days: u32,
}
resource!(
    LogGroup = "AWS::Logs::LogGroup",
    ref name: LogGroupName,
    "Arn" arn: LogGroupArn,
);
