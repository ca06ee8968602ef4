//! IAM Access Analyzer.

use rollout_sim::iam;

use super::access::Needs;
use super::{Operation, operations};

pub(super) const OPERATIONS: &[Operation] = operations! {
    read ValidatePolicy(world, input: iam::ValidatePolicyInput) {
        needs: Needs::any(),
        does: iam::validate_policy(world, &input),
    }
};
