//! Service Quotas.

use rollout_sim::World;
use rollout_sim::servicequotas;

use super::access::Needs;
use super::{Operation, operations};

/// Actions are authorised on the quota (service authorization reference).
fn quota(world: &World, input: &servicequotas::GetServiceQuotaInput) -> Needs {
    Needs::on(world.arn("servicequotas", &format!("{}/{}", input.service_code, input.quota_code)))
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    read GetAWSDefaultServiceQuota(world, input: servicequotas::GetServiceQuotaInput) {
        needs: Needs::any(),
        does: servicequotas::get_default_service_quota(world, &input),
    }
    read GetServiceQuota(world, input: servicequotas::GetServiceQuotaInput) {
        needs: quota(world, &input),
        does: servicequotas::get_service_quota(world, &input),
    }
    write RequestServiceQuotaIncrease(world, input: servicequotas::RequestServiceQuotaIncreaseInput) {
        needs: Needs::on(world.arn("servicequotas", &format!("{}/{}", input.service_code, input.quota_code))),
        does: servicequotas::request_increase(world, input),
    }
    read ListServiceQuotas(world, input: servicequotas::ListServiceQuotasInput) {
        needs: Needs::any(),
        does: servicequotas::list_service_quotas(world, &input),
    }
};
