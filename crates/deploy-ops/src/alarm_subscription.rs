//! Whether anybody hears of an alarm: the subscription of the alarm topic, which whoever reads the mail has to confirm.

use aws_sdk_sns::Client;
use aws_sdk_sns::operation::list_subscriptions_by_topic::ListSubscriptionsByTopicOutput as Page;
use env_config::{Config, Environment};

use crate::call::{CallError, Called as _};
use crate::pages::Pages;
use crate::target::Target;

/// What SNS lists in the place of an ARN (bc:sns/Subscribe calls it otherwise).
const PENDING: &str = "PendingConfirmation";

/// How the subscription stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is no topic yet.
    NoTopic,
    /// Confirmed.
    Confirmed,
    /// It waits for its confirmation.
    Pending,
    /// There is none: nobody confirmed it within 48 hours (SNS:sns-delete-subscription-topic), or it was taken away.
    Missing,
}

/// The subscription of an environment's alarms.
#[derive(Debug, Clone)]
pub struct Subscription {
    client: Client,
    topic: String,
    email: String,
}

impl Subscription {
    /// Of an environment; `None` where it has no address for alarms.
    #[must_use]
    pub fn of(config: &Config, environment: &Environment, target: &Target) -> Option<Self> {
        let email = environment.alarms.email.as_ref()?.to_string();
        let partition = target.identity.arn.split(':').nth(1).unwrap_or("aws");
        let (region, account) = (&config.platform.region, &config.platform.account_id);
        let topic =
            format!("arn:{partition}:sns:{region}:{account}:{}", config.names(environment).alarm_topic());
        Some(Self { client: crate::client!(&target.aws, aws_sdk_sns), topic, email })
    }

    /// The address.
    #[must_use]
    pub fn email(&self) -> &str {
        &self.email
    }

    /// Looks.
    ///
    /// # Errors
    /// The call fails, for instance as the caller may not list subscriptions.
    pub async fn standing(&self) -> Result<Standing, CallError> {
        let call = self.client.list_subscriptions_by_topic().topic_arn(&self.topic);
        let pages = Pages::of("sns:ListSubscriptionsByTopic", call.into_paginator().send()).all().await;
        let pages = match pages {
            Err(error) if error.is("NotFound") => return Ok(Standing::NoTopic),
            pages => pages?,
        };
        let own = pages.iter().flat_map(Page::subscriptions).filter(|it| {
            it.protocol() == Some("email")
                && it.endpoint().is_some_and(|it| it.eq_ignore_ascii_case(&self.email))
        });
        let arns: Vec<&str> = own.filter_map(aws_sdk_sns::types::Subscription::subscription_arn).collect();
        Ok(match arns.as_slice() {
            // One that was taken away is listed for a while.
            arns if arns.iter().any(|arn| arn.starts_with("arn:")) => Standing::Confirmed,
            arns if arns.contains(&PENDING) => Standing::Pending,
            _ => Standing::Missing,
        })
    }

    /// Subscribes the address again: AWS sends it a mail.
    ///
    /// # Errors
    /// The call fails.
    pub async fn renew(&self) -> Result<(), CallError> {
        let call = self.client.subscribe().topic_arn(&self.topic).protocol("email").endpoint(&self.email);
        call.send().await.called("sns:Subscribe").map(drop)
    }
}
