//! Certificate Manager.

use rollout_sim::acm;

use super::access::Needs;
use super::{Operation, operations};

pub(super) const OPERATIONS: &[Operation] = operations! {
    read DescribeCertificate(world, input: acm::DescribeCertificateInput) {
        needs: Needs::on(input.certificate_arn.clone()),
        does: acm::describe_certificate(world, &input),
    }
};
