//! Amazon CloudWatch alarms.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{AlarmArn, AlarmName, Text, TopicArn};
use crate::value::Value;

/// `AWS::CloudWatch::Alarm` on one metric.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Alarm<S> {
    pub alarm_actions: Vec<Value<S, TopicArn>>,
    pub alarm_description: String,
    pub alarm_name: String,
    pub comparison_operator: &'static str,
    pub dimensions: Vec<Dimension<S>>,
    pub evaluation_periods: u32,
    pub metric_name: &'static str,
    pub namespace: &'static str,
    /// Seconds.
    pub period: u32,
    pub statistic: &'static str,
    pub threshold: f64,
    pub treat_missing_data: &'static str,
}
resource!(Alarm = "AWS::CloudWatch::Alarm", ref name: AlarmName, "Arn" arn: AlarmArn);

/// A dimension of a metric.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Dimension<S> {
    pub name: &'static str,
    pub value: Value<S, Text>,
}
