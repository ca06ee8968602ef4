//! Amazon SNS.
#![allow(missing_docs, reason = "each field is the property of the same name in the struct's type reference")]

use serde::Serialize;

use crate::handle::resource;
use crate::kind::{Text, TopicArn};
use crate::value::Value;

/// `AWS::SNS::Topic`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Topic<S> {
    pub topic_name: Value<S, Text>,
}
resource!(Topic = "AWS::SNS::Topic", ref arn: TopicArn);

/// `AWS::SNS::Subscription`
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Subscription<S> {
    pub endpoint: String,
    pub protocol: &'static str,
    pub topic_arn: Value<S, TopicArn>,
}
resource!(Subscription = "AWS::SNS::Subscription");
