//! The public name of the environment.

use cfn::kind::HostedZoneId;
use cfn::route53::{AliasTarget, RecordSet};

use crate::load_balancer::Balancing;
use crate::scope::{Scope, Template, Value};

pub(crate) fn dns(t: &mut Template, scope: Scope<'_>, balancing: &Balancing, zone: &Value<HostedZoneId>) {
    t.add(
        "DnsRecord",
        RecordSet {
            alias_target: AliasTarget {
                dns_name: balancing.load_balancer.dns_name(),
                evaluate_target_health: false,
                hosted_zone_id: balancing.load_balancer.canonical_hosted_zone_id(),
            },
            hosted_zone_id: zone.clone(),
            name: scope.environment.domain.to_string(),
            kind: "A",
        },
    );
}
