//! AWS WAF.

use rollout_sim::wafv2;

use super::access::Needs;
use super::{Operation, operations};

pub(super) const OPERATIONS: &[Operation] = operations! {
    read CheckCapacity(world, input: wafv2::CheckCapacityInput) {
        needs: Needs::any(),
        does: wafv2::check_capacity(world, &input),
    }
};
