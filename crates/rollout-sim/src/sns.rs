//! SNS: subscriptions of topics, as far as they are made, listed and confirmed. Topics are those of stacks; messages, filters and
//! delivery are not modelled.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cfn::identifier;
use crate::scalar::lenient_opt;
use crate::wire::{self, inputs, outputs};
use crate::{ApiError, SimTime, World};

const TOPIC: &str = "AWS::SNS::Topic";
/// Subscriptions of one page (bc:sns/ListSubscriptionsByTopic).
const PAGE: usize = 100;
/// How long a subscription waits for its confirmation before it is deleted (SNS:sns-delete-subscription-topic).
const UNCONFIRMED: Duration = Duration::from_secs(48 * 3600);

/// Subscriptions, by ARN.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    subscriptions: BTreeMap<String, Held>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Held {
    topic: String,
    protocol: String,
    endpoint: String,
    confirmed: bool,
    /// When the last mail that asks for the confirmation was sent.
    asked_at: SimTime,
}

inputs! { "PascalCase"
    /// Input of `Subscribe`.
    pub struct SubscribeInput {
        /// Topic.
        pub topic_arn: String,
        /// `email` and others.
        pub protocol: String,
        /// Address.
        pub endpoint: String,
        /// Answer the ARN also of what waits for its confirmation.
        #[serde(deserialize_with = "lenient_opt")]
        pub return_subscription_arn: Option<bool>,
    }
    /// Input of `ListSubscriptionsByTopic`.
    pub struct ListInput {
        /// Topic.
        pub topic_arn: String,
        /// Page.
        pub next_token: Option<String>,
    }
}

outputs! { "PascalCase"
    /// Output of `Subscribe`.
    pub struct SubscribeOutput {
        /// ARN, or `pending confirmation`.
        pub subscription_arn: String,
    }
    /// A subscription.
    pub struct Subscription {
        /// ARN, or `PendingConfirmation`.
        pub subscription_arn: String,
        /// Account.
        pub owner: String,
        /// `email` and others.
        pub protocol: String,
        /// Address.
        pub endpoint: String,
        /// Topic.
        pub topic_arn: String,
    }
    /// Output of `ListSubscriptionsByTopic`.
    pub struct ListOutput {
        /// At most 100.
        pub subscriptions: Vec<Subscription>,
        /// Next page.
        #[serde(skip_serializing_if = "Option::is_none")]
        pub next_token: Option<String>,
    }
}

/// `Subscribe`: what exists is answered again, and an address that has not confirmed is asked again.
///
/// # Errors
/// `NotFound`: no such topic.
pub fn subscribe(world: &mut World, input: &SubscribeInput) -> Result<SubscribeOutput, ApiError> {
    check_topic(world, &input.topic_arn)?;
    forget_unconfirmed(world);
    let same = |held: &Held| {
        (&held.topic, &held.protocol, &held.endpoint) == (&input.topic_arn, &input.protocol, &input.endpoint)
    };
    let known = world.sns.subscriptions.iter().find(|(_, held)| same(held)).map(|(arn, _)| arn.clone());
    let arn = match known {
        Some(arn) => arn,
        None => {
            let hex = identifier::hex(&mut world.cfn, 32);
            let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
            format!("{}:{}", input.topic_arn, parts.join("-"))
        }
    };
    add(world, &arn, &input.topic_arn, &input.protocol, &input.endpoint);
    let confirmed = world.sns.subscriptions.get(&arn).is_some_and(|held| held.confirmed);
    let shown = confirmed || input.return_subscription_arn == Some(true);
    Ok(SubscribeOutput { subscription_arn: if shown { arn } else { "pending confirmation".to_owned() } })
}

fn add(world: &mut World, arn: &str, topic: &str, protocol: &str, endpoint: &str) {
    let asked_at = world.now();
    // Whoever reads mail or answers HTTP confirms; what belongs to the account does not (bc:sns/Subscribe).
    let confirmed = !matches!(protocol, "email" | "email-json" | "http" | "https");
    let [topic, protocol, endpoint] = [topic, protocol, endpoint].map(str::to_owned);
    let new = Held { topic, protocol, endpoint, confirmed, asked_at };
    world.sns.subscriptions.entry(arn.to_owned()).or_insert(new).asked_at = asked_at;
}

/// `ListSubscriptionsByTopic`
///
/// # Errors
/// `NotFound`: no such topic; a token of somebody else.
pub fn list_subscriptions(world: &World, input: &ListInput) -> Result<ListOutput, ApiError> {
    check_topic(world, &input.topic_arn)?;
    let now = world.now();
    let of_topic = world.sns.subscriptions.iter().filter(|(_, held)| held.topic == input.topic_arn);
    let listed = of_topic.filter(|(_, held)| !is_over(held, now)).map(|(arn, held)| Subscription {
        subscription_arn: if held.confirmed { arn.clone() } else { "PendingConfirmation".to_owned() },
        owner: world.account.clone(),
        protocol: held.protocol.clone(),
        endpoint: held.endpoint.clone(),
        topic_arn: held.topic.clone(),
    });
    let (subscriptions, next_token) = wire::page(listed, input.next_token.as_deref(), PAGE, || {
        ApiError::new("InvalidParameter", "Invalid parameter: NextToken")
    })?;
    Ok(ListOutput { subscriptions, next_token })
}

/// Somebody follows the link in the mails that an address got: all that wait for it are confirmed. How many there were.
pub fn confirm(world: &mut World, endpoint: &str) -> usize {
    forget_unconfirmed(world);
    let mut confirmed = 0;
    for held in world.sns.subscriptions.values_mut() {
        if !held.confirmed && held.endpoint == endpoint {
            held.confirmed = true;
            confirmed += 1;
        }
    }
    confirmed
}

fn is_over(held: &Held, now: SimTime) -> bool {
    !held.confirmed && now >= held.asked_at + UNCONFIRMED
}

fn forget_unconfirmed(world: &mut World) {
    let now = world.now();
    world.sns.subscriptions.retain(|_, held| !is_over(held, now));
}

fn check_topic(world: &World, arn: &str) -> Result<(), ApiError> {
    if world.cfn.bags.get(TOPIC).is_some_and(|bags| bags.contains_key(arn)) {
        return Ok(());
    }
    Err(ApiError::new("NotFound", "Topic does not exist").with_status(404))
}

/// A stack made a topic or a subscription.
pub(crate) fn made(world: &mut World, kind: &str, id: &str, properties: &Value) {
    if kind == "AWS::SNS::Subscription" {
        let text = |name: &str| properties.get(name).and_then(Value::as_str).unwrap_or_default();
        add(world, id, text("TopicArn"), text("Protocol"), text("Endpoint"));
    }
}

/// A stack removed a topic, and with it its subscriptions, or a subscription.
pub(crate) fn removed(world: &mut World, kind: &str, id: &str) {
    match kind {
        TOPIC => world.sns.subscriptions.retain(|_, held| held.topic != id),
        // One that waits cannot be deleted, and goes by itself (SNS:sns-delete-subscription-topic).
        "AWS::SNS::Subscription" if world.sns.subscriptions.get(id).is_some_and(|held| held.confirmed) => {
            world.sns.subscriptions.remove(id);
        }
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cfn::state::Bag;

    const ARN: &str = "arn:aws:sns:us-west-2:123456789012:alarms";

    fn world() -> World {
        let mut world = World::new("123456789012", "us-west-2", 1);
        world
            .cfn
            .bags
            .entry(TOPIC.to_owned())
            .or_default()
            .insert(ARN.to_owned(), Bag { properties: Value::Null, attributes: BTreeMap::new() });
        world
    }

    fn subscribe_email(world: &mut World) -> String {
        let input = SubscribeInput {
            topic_arn: ARN.to_owned(),
            protocol: "email".to_owned(),
            endpoint: "a@example.com".to_owned(),
            return_subscription_arn: None,
        };
        subscribe(world, &input).unwrap().subscription_arn
    }

    fn listed(world: &World) -> Vec<String> {
        let input = ListInput { topic_arn: ARN.to_owned(), next_token: None };
        let found = list_subscriptions(world, &input).unwrap().subscriptions;
        found.into_iter().map(|it| it.subscription_arn).collect()
    }

    #[test]
    fn an_address_that_does_not_confirm_is_forgotten_after_48_hours() {
        let mut world = world();
        assert_eq!(subscribe_email(&mut world), "pending confirmation");
        world.advance_by(UNCONFIRMED - Duration::from_secs(1));
        assert_eq!(listed(&world), ["PendingConfirmation"]);
        // Asked again: the time begins anew, and it stays one subscription.
        subscribe_email(&mut world);
        world.advance_by(Duration::from_secs(3600));
        assert_eq!(listed(&world), ["PendingConfirmation"]);
        world.advance_by(UNCONFIRMED);
        assert_eq!(listed(&world), [""; 0]);
        assert_eq!(confirm(&mut world, "a@example.com"), 0);
        subscribe_email(&mut world);
        assert_eq!(confirm(&mut world, "a@example.com"), 1);
        world.advance_by(UNCONFIRMED * 10);
        let confirmed = listed(&world);
        assert!(confirmed[0].starts_with(ARN), "{confirmed:?}");
        assert_eq!(subscribe_email(&mut world), confirmed[0]);
    }

    #[test]
    fn a_topic_that_does_not_exist_has_no_subscriptions() {
        let world = World::new("123456789012", "us-west-2", 1);
        let input = ListInput { topic_arn: ARN.to_owned(), next_token: None };
        assert_eq!(
            list_subscriptions(&world, &input).unwrap_err().to_string(),
            "NotFound: Topic does not exist"
        );
    }
}
