//! Route 53: hosted zones and their record sets, as far as they are listed and changed through the API and by stacks.
//!
//! Zones of stacks are those that CloudFormation keeps. Record sets with a routing policy, private zones, health checks and
//! DNS itself are not modelled. Codes are those of `bc:route53`; the words of errors are those that users report, UNCONFIRMED
//! by AWS's text.

mod api;
mod change;
mod stack;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use api::*;
pub use change::change_record_sets;
pub(crate) use stack::{record_changed, record_made, record_removed};

use crate::cfn::identifier;
use crate::{ApiError, World};

const KIND: &str = "AWS::Route53::HostedZone";
/// Most record sets of one page (bc:route53/ListResourceRecordSets).
const PAGE: usize = 300;

/// What is in zones, and the zones that no stack made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct State {
    /// Names of zones that no stack made, by id.
    without_stack: BTreeMap<String, String>,
    /// Record sets by id of the zone, without the NS and SOA that every zone has.
    record_sets: BTreeMap<String, Vec<RecordSet>>,
}

/// Makes a zone that no stack has, for whoever sets a scene; one that is there stays.
pub fn make_zone(world: &mut World, id: &str, name: &str) {
    world.route53.without_stack.entry(id.to_owned()).or_insert_with(|| normal(name));
}

/// In lower case and with the dot of the root.
fn normal(name: &str) -> String {
    format!("{}.", name.trim_end_matches('.').to_ascii_lowercase())
}

/// Name of a zone, with the dot of the root.
///
/// # Errors
/// `NoSuchHostedZone`
pub(crate) fn zone_name(world: &World, id: &str) -> Result<String, ApiError> {
    let id = short(id);
    let of_stack = || {
        let bag = world.cfn.bags.get(KIND)?.get(id)?;
        bag.properties.get("Name").and_then(Value::as_str).map(normal)
    };
    let found = world.route53.without_stack.get(id).cloned().or_else(of_stack);
    found.ok_or_else(|| {
        ApiError::new("NoSuchHostedZone", format!("No hosted zone found with ID: {id}")).with_status(404)
    })
}

/// Ids come with and without `/hostedzone/` in front.
fn short(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// `CreateHostedZone`: a public zone.
///
/// # Errors
/// A zone in a VPC, which is not modelled.
pub fn create_hosted_zone(world: &mut World, input: &CreateZoneInput) -> Result<CreateZoneOutput, ApiError> {
    if input.vpc.is_some() || input.hosted_zone_config.as_ref().is_some_and(|it| it.private_zone.is_some()) {
        return Err(ApiError::not_modelled("private hosted zones"));
    }
    let digits = identifier::hex(&mut world.cfn, 20).to_ascii_uppercase();
    let id = format!("Z{digits}");
    make_zone(world, &id, &input.name);
    let hosted_zone = HostedZone {
        id: format!("/hostedzone/{id}"),
        name: normal(&input.name),
        caller_reference: input.caller_reference.clone(),
        resource_record_set_count: 2,
    };
    let delegation_set = DelegationSet { name_servers: name_servers(&id) };
    Ok(CreateZoneOutput { hosted_zone, change_info: change::insync(world), delegation_set })
}

/// Four, as every zone has; those of a zone that no stack made follow from its id.
fn name_servers(id: &str) -> Vec<String> {
    let number = id.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 512);
    [(0, "com"), (512, "net"), (1024, "org"), (1536, "co.uk")]
        .map(|(offset, domain)| format!("ns-{}.awsdns-{:02}.{domain}", number + offset, number % 64))
        .to_vec()
}

/// `ListResourceRecordSets`, in the order of the names read from the right.
///
/// # Errors
/// `NoSuchHostedZone`, a start by identifier, which is not modelled.
pub fn list_record_sets(world: &World, input: &ListInput) -> Result<ListOutput, ApiError> {
    if input.start_record_identifier.is_some() {
        return Err(ApiError::not_modelled("record sets with an identifier"));
    }
    let all = all(world, &input.hosted_zone_id)?;
    let start = input.start_record_name.as_deref().map(normal);
    let kind = input.start_record_type.as_deref().unwrap_or_default();
    let before = |set: &RecordSet| {
        start.as_deref().is_some_and(|start| by_labels((&set.name, &set.kind), (start, kind)).is_lt())
    };
    let mut rest = all.into_iter().skip_while(before);
    let size = input.max_items.unwrap_or(PAGE).clamp(1, PAGE);
    let resource_record_sets: Vec<RecordSet> = rest.by_ref().take(size).collect();
    let next = rest.next();
    Ok(ListOutput {
        resource_record_sets,
        is_truncated: next.is_some(),
        max_items: size,
        next_record_name: next.as_ref().map(|set| set.name.clone()),
        next_record_type: next.map(|set| set.kind),
    })
}

/// All record sets of a zone, its NS and SOA included, in the order of the API.
fn all(world: &World, id: &str) -> Result<Vec<RecordSet>, ApiError> {
    let name = zone_name(world, id)?;
    let of_stack = world.cfn.bags.get(KIND).and_then(|bags| bags.get(short(id)));
    let listed = of_stack.and_then(|bag| bag.attributes.get("NameServers")).and_then(Value::as_array);
    let servers: Vec<String> = match listed {
        Some(listed) => listed.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => name_servers(short(id)),
    };
    let own = |kind: &str, ttl, values: Vec<String>| RecordSet {
        name: name.clone(),
        kind: kind.to_owned(),
        ttl: Some(ttl),
        resource_records: values.into_iter().map(|value| Record { value }).collect(),
        ..RecordSet::default()
    };
    let first = servers.first().cloned().unwrap_or_default();
    let soa = format!("{first}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400");
    let mut all = vec![
        own("NS", 172_800, servers.iter().map(|server| format!("{server}.")).collect()),
        own("SOA", 900, vec![soa]),
    ];
    all.extend(world.route53.record_sets.get(short(id)).into_iter().flatten().cloned());
    all.sort_by(|a, b| by_labels((&a.name, &a.kind), (&b.name, &b.kind)));
    Ok(all)
}

fn by_labels(a: (&str, &str), b: (&str, &str)) -> Ordering {
    let key = |name: &str| name.trim_end_matches('.').rsplit('.').map(str::to_owned).collect::<Vec<_>>();
    key(a.0).cmp(&key(b.0)).then_with(|| a.1.cmp(b.1))
}
