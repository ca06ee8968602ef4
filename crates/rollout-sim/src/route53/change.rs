//! Changes of record sets: all of a batch or none (bc:route53/ChangeResourceRecordSets).

use super::{Change, ChangeInfo, ChangeInput, ChangeOutput, RecordSet, normal, short, zone_name};
use crate::cfn::identifier;
use crate::{ApiError, World};

/// Most `ResourceRecord` elements of one batch, and most characters of their values; an UPSERT counts twice (Route 53: Quotas).
const MOST_RECORDS: usize = 1000;
const MOST_CHARACTERS: usize = 32_000;
/// Longest string in a value of TXT, in characters (Route 53: ResourceRecordTypes).
const LONGEST_STRING: usize = 255;

/// `ChangeResourceRecordSets`
///
/// # Errors
/// `NoSuchHostedZone`, `InvalidChangeBatch` with every reason.
pub fn change_record_sets(world: &mut World, input: ChangeInput) -> Result<ChangeOutput, ApiError> {
    carry_out(world, &input.hosted_zone_id, input.change_batch.changes)?;
    Ok(ChangeOutput { change_info: insync(world) })
}

/// Changes the zone, or nothing.
pub(super) fn carry_out(world: &mut World, zone: &str, changes: Vec<Change>) -> Result<(), ApiError> {
    let id = short(zone).to_owned();
    let zone = zone_name(world, &id)?;
    limits(&changes)?;
    let mut sets = world.route53.record_sets.get(&id).cloned().unwrap_or_default();
    let mut reasons = Vec::new();
    for change in changes {
        if let Err(reason) = apply(&mut sets, &zone, change) {
            reasons.push(reason);
        }
    }
    if !reasons.is_empty() {
        return Err(ApiError::new("InvalidChangeBatch", format!("[{}]", reasons.join(", "))));
    }
    world.route53.record_sets.insert(id, sets);
    Ok(())
}

/// Servers have a change within about a minute; here they are no part of the model, and it is there at once.
pub(super) fn insync(world: &mut World) -> ChangeInfo {
    let digits = identifier::hex(&mut world.cfn, 20).to_ascii_uppercase();
    let submitted_at = world.now().as_epoch_secs();
    ChangeInfo { id: format!("/change/C{digits}"), status: "INSYNC".to_owned(), submitted_at }
}

fn limits(changes: &[Change]) -> Result<(), ApiError> {
    let weigh = |count: fn(&RecordSet) -> usize| {
        let weights = changes
            .iter()
            .map(|change| count(&change.resource_record_set) * if change.action == "UPSERT" { 2 } else { 1 });
        weights.sum::<usize>()
    };
    let records = weigh(|set| set.resource_records.len());
    let characters = weigh(|set| set.resource_records.iter().map(|it| it.value.chars().count()).sum());
    for (what, found, most) in
        [("records", records, MOST_RECORDS), ("characters", characters, MOST_CHARACTERS)]
    {
        if found > most {
            let message = format!("[Number of {what} limit of {most} exceeded.]");
            return Err(ApiError::new("InvalidChangeBatch", message));
        }
    }
    Ok(())
}

fn apply(sets: &mut Vec<RecordSet>, zone: &str, change: Change) -> Result<(), String> {
    let Change { action, resource_record_set: mut set } = change;
    set.name = normal(&set.name);
    check(zone, &set)?;
    let RecordSet { name, kind, .. } = &set;
    let at = sets.iter().position(|it| it.name == *name && it.kind == *kind);
    let what = format!("resource record set [name='{name}', type='{kind}']");
    let other =
        |it: &RecordSet| it.name == *name && it.kind != *kind && (it.kind == "CNAME" || kind == "CNAME");
    match (action.as_str(), at) {
        ("CREATE", Some(_)) => Err(format!("Tried to create {what} but it already exists")),
        ("CREATE" | "UPSERT", _) if sets.iter().any(other) => Err(format!(
            "RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with other records with the same DNS \
             name in zone {zone}"
        )),
        ("CREATE" | "UPSERT", None) => {
            sets.push(set);
            Ok(())
        }
        ("UPSERT", Some(at)) => {
            sets[at] = set;
            Ok(())
        }
        ("DELETE", Some(at)) if sets[at] == set => {
            sets.remove(at);
            Ok(())
        }
        ("DELETE", Some(_)) => {
            Err(format!("Tried to delete {what} but the values provided do not match the current values"))
        }
        ("DELETE", None) => Err(format!("Tried to delete {what} but it was not found")),
        (other, _) => Err(format!("Invalid action {other}")),
    }
}

fn check(zone: &str, set: &RecordSet) -> Result<(), String> {
    let RecordSet { name, kind, .. } = set;
    if name != zone && !name.ends_with(&format!(".{zone}")) {
        return Err(format!("RRSet with DNS name {name} is not permitted in zone {zone}"));
    }
    if name == zone && kind == "CNAME" {
        return Err(format!(
            "RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}"
        ));
    }
    if name == zone && matches!(kind.as_str(), "NS" | "SOA") {
        return Err(format!(
            "A HostedZone must contain exactly one {kind} record, and it is not changed here"
        ));
    }
    if set.alias_target.is_none() && (set.ttl.is_none() || set.resource_records.is_empty()) {
        return Err(format!("Invalid request: {name} {kind} has no TTL or no values"));
    }
    if kind == "TXT" {
        set.resource_records.iter().try_for_each(|record| text(&record.value))?;
    }
    Ok(())
}

/// Strings in quotes, separated by spaces, none too long.
fn text(value: &str) -> Result<(), String> {
    let fatal = |problem: &str| {
        Err(format!("Invalid Resource Record: 'FATAL problem: {problem} encountered with '{value}''"))
    };
    let mut length = None;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match (character, length) {
            ('"', None) => length = Some(0),
            ('"', Some(_)) => length = None,
            (' ' | '\t', None) => {}
            (_, None) => {
                return fatal("InvalidCharacterString (Value should be enclosed in quotation marks)");
            }
            (character, Some(before)) => {
                if character == '\\' && characters.next().is_some_and(|it| it.is_ascii_digit()) {
                    // The other two digits of a character in octal.
                    characters.by_ref().take(2).for_each(drop);
                }
                if before >= LONGEST_STRING {
                    return fatal("CharacterStringTooLong (Value is too long)");
                }
                length = Some(before + 1);
            }
        }
    }
    if length.is_some() {
        return fatal("InvalidCharacterString (Value should be enclosed in quotation marks)");
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::route53::{ListInput, list_record_sets, make_zone};

    fn change(world: &mut World, changes: &serde_json::Value) -> Result<(), String> {
        let input = json!({ "HostedZoneId": "Z1", "ChangeBatch": { "Changes": changes } });
        let input: ChangeInput = serde_json::from_value(input).unwrap();
        change_record_sets(world, input).map(drop).map_err(|error| error.to_string())
    }

    fn set(action: &str, name: &str, kind: &str, value: &str) -> serde_json::Value {
        json!({ "Action": action, "ResourceRecordSet": {
            "Name": name, "Type": kind, "TTL": "60", "ResourceRecords": [{ "Value": value }],
        } })
    }

    fn world() -> World {
        let mut world = World::new("123456789012", "us-west-2", 1);
        make_zone(&mut world, "Z1", "example.com");
        world
    }

    #[test]
    fn what_would_overwrite_or_does_not_fit_is_refused_and_nothing_of_its_batch_done() {
        let mut world = world();
        change(&mut world, &json!([set("CREATE", "www.example.com", "A", "192.0.2.1")])).unwrap();
        for (bad, reason) in [
            (
                set("CREATE", "WWW.example.com.", "A", "192.0.2.2"),
                "[name='www.example.com.', type='A'] but it already exists",
            ),
            (set("CREATE", "www.example.com", "CNAME", "a.example."), "conflicts with other records"),
            (set("CREATE", "example.com", "CNAME", "a.example."), "not permitted at apex"),
            (set("CREATE", "www.example.org", "A", "192.0.2.2"), "not permitted in zone example.com."),
            (set("CREATE", "example.com", "TXT", "v=spf1"), "enclosed in quotation marks"),
            (
                set("CREATE", "example.com", "TXT", &format!("\"{}\"", "x".repeat(256))),
                "CharacterStringTooLong",
            ),
            (set("DELETE", "www.example.com", "A", "192.0.2.9"), "do not match the current values"),
        ] {
            let batch = json!([set("CREATE", "new.example.com", "A", "192.0.2.3"), bad]);
            let error = change(&mut world, &batch).unwrap_err();
            assert!(error.starts_with("InvalidChangeBatch: ") && error.contains(reason), "{error}");
        }
        let listed =
            list_record_sets(&world, &ListInput { hosted_zone_id: "Z1".into(), ..ListInput::default() });
        let kinds: Vec<String> = listed.unwrap().resource_record_sets.into_iter().map(|it| it.kind).collect();
        assert_eq!(kinds, ["NS", "SOA", "A"]);
    }

    #[test]
    fn a_batch_has_limits() {
        let mut world = world();
        let many = |count: usize, length: usize| {
            let value = format!("\"{}\"", "x".repeat(length - 2));
            let sets = (0..count).map(|n| set("CREATE", &format!("n{n}.example.com"), "TXT", &value));
            serde_json::Value::from(sets.collect::<Vec<_>>())
        };
        assert!(change(&mut world, &many(1001, 2)).unwrap_err().contains("records limit of 1000"));
        assert!(change(&mut world, &many(161, 200)).unwrap_err().contains("characters limit of 32000"));
        change(&mut world, &many(160, 200)).unwrap();
    }

    #[test]
    fn pages_cover_every_set_once_and_an_unknown_zone_has_none() {
        let mut world = world();
        for name in ["b.example.com", "a.z.example.com", "example.com"] {
            change(&mut world, &json!([set("CREATE", name, "A", "192.0.2.1")])).unwrap();
        }
        let mut input =
            ListInput { hosted_zone_id: "/hostedzone/Z1".into(), max_items: Some(2), ..ListInput::default() };
        let mut names = Vec::new();
        for _ in 0..3 {
            let page = list_record_sets(&world, &input).unwrap();
            names.extend(page.resource_record_sets.iter().map(|it| format!("{} {}", it.name, it.kind)));
            (input.start_record_name, input.start_record_type) =
                (page.next_record_name, page.next_record_type);
        }
        assert_eq!(
            names,
            [
                "example.com. A",
                "example.com. NS",
                "example.com. SOA",
                "b.example.com. A",
                "a.z.example.com. A",
            ]
        );
        input.hosted_zone_id = "Z2".to_owned();
        assert_eq!(
            list_record_sets(&world, &input).unwrap_err().to_string(),
            "NoSuchHostedZone: No hosted zone found with ID: Z2"
        );
    }
}
