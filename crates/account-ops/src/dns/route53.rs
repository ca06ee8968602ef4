//! Calls to Route 53.

use aws_sdk_route53::Client;
use aws_sdk_route53::error::BuildError;
use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecord, ResourceRecordSet, RrType};
use deploy_ops::call::{CallError, CallErrorKind, Called as _};
use deploy_ops::dns::records::RecordSet;
use deploy_ops::pages::Tokens;
use deploy_ops::session::Session;

use super::plan::Held;

/// The Route 53 client of a session.
pub(super) fn client(session: &Session) -> Client {
    deploy_ops::client!(&session.target.aws, aws_sdk_route53)
}

/// Everything in a hosted zone. The SDK has no paginator for it: three members together say where the next page begins.
pub(super) async fn record_sets(client: &Client, zone_id: &str) -> Result<Vec<Held>, CallError> {
    const OPERATION: &str = "route53:ListResourceRecordSets";
    let (mut tokens, mut held) = (Tokens::of(OPERATION), Vec::new());
    let mut start = (None, None, None);
    loop {
        let call = client
            .list_resource_record_sets()
            .hosted_zone_id(zone_id)
            .set_start_record_name(start.0)
            .set_start_record_type(start.1)
            .set_start_record_identifier(start.2);
        let answer = call.send().await.called(OPERATION)?;
        held.extend(answer.resource_record_sets.into_iter().map(seen));
        if !answer.is_truncated {
            return Ok(held);
        }
        start = (answer.next_record_name, answer.next_record_type, answer.next_record_identifier);
        tokens.note(&format!("{start:?}"))?;
    }
}

fn seen(set: ResourceRecordSet) -> Held {
    let (name, kind) = (plain(&set.name), set.r#type.as_str().to_owned());
    let special = if set.alias_target.is_some() {
        Some("an alias")
    } else if set.set_identifier.is_some() {
        Some("one of several with a routing policy")
    } else if set.ttl.is_none() {
        Some("without a TTL")
    } else {
        None
    };
    if let Some(what) = special {
        return Held::Special { name, kind, what: what.to_owned() };
    }
    let values = set.resource_records.unwrap_or_default().into_iter().map(|it| it.value);
    let lower = !matches!(kind.as_str(), "TXT" | "CAA" | "SPF" | "NAPTR");
    Held::Records(RecordSet {
        name,
        ttl_secs: set.ttl.and_then(|ttl| u32::try_from(ttl).ok()).unwrap_or_default(),
        values: values.map(|value| if lower { rooted(&value, &kind) } else { value }).collect(),
        kind,
    })
}

/// Route 53 writes what is no letter, digit, `-` or `_` of a name as three octal digits (Route 53: DomainNameFormat).
fn plain(name: &str) -> String {
    name.trim_end_matches('.').replace("\\052", "*").to_ascii_lowercase()
}

/// Names in values, in lower case and with the dot of the root, which Route 53 takes for granted.
fn rooted(value: &str, kind: &str) -> String {
    let value = value.to_ascii_lowercase();
    let is_name = matches!(kind, "CNAME" | "MX" | "NS" | "PTR" | "SRV");
    if is_name && !value.ends_with('.') { format!("{value}.") } else { value }
}

/// Makes record sets, all of them or none. One that exists is refused.
pub(super) async fn create(client: &Client, zone_id: &str, sets: &[RecordSet]) -> Result<(), CallError> {
    const OPERATION: &str = "route53:ChangeResourceRecordSets";
    let batch = batch(sets).map_err(|error| CallError {
        operation: OPERATION,
        kind: CallErrorKind::Service,
        code: String::new(),
        message: error.to_string(),
    })?;
    let call = client.change_resource_record_sets().hosted_zone_id(zone_id).change_batch(batch);
    call.send().await.called(OPERATION).map(drop)
}

fn batch(sets: &[RecordSet]) -> Result<ChangeBatch, BuildError> {
    let mut batch = ChangeBatch::builder();
    for set in sets {
        let mut wanted = ResourceRecordSet::builder()
            .name(&set.name)
            .r#type(RrType::from(set.kind.as_str()))
            .ttl(i64::from(set.ttl_secs));
        for value in &set.values {
            wanted = wanted.resource_records(ResourceRecord::builder().value(value).build()?);
        }
        let change = Change::builder().action(ChangeAction::Create).resource_record_set(wanted.build()?);
        batch = batch.changes(change.build()?);
    }
    batch.build()
}
