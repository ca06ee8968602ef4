//! Route 53.

use rollout_sim::route53::{self, ChangeInput, CreateZoneInput, ListInput};

use super::access::Needs;
use super::{Operation, operations};

fn zone(id: &str) -> Needs {
    let id = id.rsplit('/').next().unwrap_or(id);
    Needs::on(format!("arn:aws:route53:::hostedzone/{id}"))
}

pub(super) const OPERATIONS: &[Operation] = operations! {
    write CreateHostedZone(world, input: CreateZoneInput) {
        needs: Needs::any(),
        does: route53::create_hosted_zone(world, &input),
    }
    read ListResourceRecordSets(world, input: ListInput) {
        needs: zone(&input.hosted_zone_id),
        does: route53::list_record_sets(world, &input),
    }
    write ChangeResourceRecordSets(world, input: ChangeInput) {
        needs: zone(&input.hosted_zone_id).not_for_roles("the condition keys of changes of record sets"),
        does: route53::change_record_sets(world, input),
    }
};
