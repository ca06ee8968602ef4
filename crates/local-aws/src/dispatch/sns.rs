//! Simple Notification Service.

use rollout_sim::sns::{self, ListInput, SubscribeInput};

use super::access::Needs;
use super::{Operation, operations};

pub(super) const OPERATIONS: &[Operation] = operations! {
    read ListSubscriptionsByTopic(world, input: ListInput) {
        needs: Needs::on(input.topic_arn.clone()),
        does: sns::list_subscriptions(world, &input),
    }
    write Subscribe(world, input: SubscribeInput) {
        needs: Needs::on(input.topic_arn.clone())
            .with("sns:Endpoint", input.endpoint.as_str())
            .with("sns:Protocol", input.protocol.as_str()),
        does: sns::subscribe(world, &input),
    }
};
