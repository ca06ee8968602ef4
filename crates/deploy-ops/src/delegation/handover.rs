//! What would be gone with other name servers: the answers of the zone in service beside those of the new one. Both are
//! asked for the same names and types, so that wildcards and aliases count as what they answer.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::rr::{Name, Record, RecordType};
use tokio::task::JoinSet;

use crate::dns::questions::{pointed_at, questions};
use crate::dns::records::{self, RecordSet};
use crate::dns::{Dns, DnsError, ask, name};

/// What copies records into the platform's zone.
const COPY: &str = "cargo xtask dns copy";
/// Names that are asked for at one time.
const AT_ONCE: usize = 16;
/// Longest wait for all answers of one zone.
const LIMIT: Duration = Duration::from_secs(60);
/// Most hosts that values point at and that are asked for too.
const MOST_HOSTS: usize = 50;

/// The answers of two zones of one name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Handover {
    /// What the new zone lacks, or answers otherwise though it is no address.
    pub missing: Vec<RecordSet>,
    /// Those of [`Handover::missing`] for which the new zone has other values: copying would overwrite them.
    pub taken: Vec<RecordSet>,
    /// Addresses that the new zone answers otherwise: in service, then new.
    pub differing: Vec<(RecordSet, RecordSet)>,
    /// Addresses of the environments, which their stacks make, and whether the new zone has some already.
    pub own: Vec<(RecordSet, bool)>,
    /// Whether the zone above says that the zone in service is signed.
    pub signed: bool,
}

impl Handover {
    /// Compares. `own` are names whose addresses the stacks of the platform make.
    #[must_use]
    pub fn compare(in_service: &[RecordSet], new: &[RecordSet], own: &BTreeSet<String>) -> Self {
        let mut found = Self::default();
        for old in in_service {
            let others: Vec<&RecordSet> = new.iter().filter(|it| it.name == old.name).collect();
            let same_kind = others.iter().find(|it| it.kind == old.kind);
            if old.is_address() && own.contains(&old.name) {
                found.own.push((old.clone(), others.iter().any(|it| it.is_address())));
                continue;
            }
            // An alias takes the place of all other types of its name, and they of it.
            let instead = others.iter().find(|it| it.kind == "CNAME" || old.kind == "CNAME");
            match same_kind.or(instead) {
                Some(it) if it.says_the_same(old) => {}
                Some(it) if old.is_address() && it.is_address() => {
                    found.differing.push((old.clone(), (*it).clone()));
                }
                Some(_) => {
                    found.missing.push(old.clone());
                    found.taken.push(old.clone());
                }
                None => found.missing.push(old.clone()),
            }
        }
        found
    }

    /// Whether nothing that was found stands against the new name servers.
    #[must_use]
    pub const fn is_safe(&self) -> bool {
        self.missing.is_empty() && !self.signed
    }

    /// What a person does before the name servers change, and what changes with them; one line each.
    #[must_use]
    pub fn lines(&self, zone: &str, zone_id: &str) -> Vec<String> {
        let mut lines = Vec::new();
        if self.signed {
            lines.push(format!(
                "{zone} is signed, and the new zone is not: take the DS record away at the registrar and wait until resolvers \
                 have forgotten it (its TTL, a day or two), or nobody finds the zone"
            ));
        }
        if !self.missing.is_empty() {
            lines.push(format!("the new zone {zone_id} does not have what the zone in service answers:"));
            lines.extend(self.missing.iter().map(|set| {
                let taken = self.taken.contains(set);
                format!("  {set}{}", if taken { " (it has other values: change them by hand)" } else { "" })
            }));
        }
        if self.missing.len() > self.taken.len() {
            lines.push(format!(
                "to copy them: `{COPY} --from-name-servers`, or all of the zone at once with `{COPY} --from-zone-file FILE` from \
                 an export of where it is served today"
            ));
        }
        for (old, new) in &self.differing {
            lines.push(format!("differs: {old} in service, {new} in the new zone"));
        }
        for (old, there) in &self.own {
            let after =
                if *there { "the platform's own" } else { "nothing until its environment is deployed" };
            lines.push(format!("changes: {old} in service, then {after}"));
        }
        lines
    }
}

impl Dns {
    /// What a zone answers to the questions, asked at its own name servers, or where none are named of the resolver.
    pub(crate) async fn answers(
        &self,
        zone: &str,
        servers: Option<&BTreeSet<String>>,
        hosts: &BTreeSet<String>,
    ) -> Result<Vec<RecordSet>, DnsError> {
        let (apex, recursion) = (name(zone)?, servers.is_none());
        let server = self.serving(&apex, servers).await?;
        let all = async {
            let asked = questions(zone, hosts);
            let mut found = ask_all(server, &apex, recursion, &asked).await?;
            let values = found.values().flat_map(|set| &set.values);
            let more = values.filter_map(|value| pointed_at(value, zone));
            let more = more.filter(|(host, _)| !asked.contains_key(host)).take(MOST_HOSTS).collect();
            found.extend(ask_all(server, &apex, recursion, &more).await?);
            Ok(without_repeats(&found, zone))
        };
        let late =
            |_| DnsError::Silent { server, reason: format!("not all answers in {} s", LIMIT.as_secs()) };
        tokio::time::timeout(LIMIT, all).await.map_err(late)?
    }
}

type Found = BTreeMap<(String, String), RecordSet>;

async fn ask_all(
    server: SocketAddr,
    zone: &Name,
    recursion: bool,
    questions: &BTreeMap<String, &'static [RecordType]>,
) -> Result<Found, DnsError> {
    let (mut waiting, mut running, mut found) = (questions.iter(), JoinSet::new(), Found::new());
    loop {
        while running.len() < AT_ONCE
            && let Some((owner, kinds)) = waiting.next()
        {
            let (owner, zone, kinds) = (name(owner)?, zone.clone(), *kinds);
            running.spawn(async move { one_name(server, &owner, &zone, kinds, recursion).await });
        }
        let Some(answered) = running.join_next().await else { return Ok(found) };
        // A question that panics is a defect; what it would have found is not known.
        let sets = answered.unwrap_or_else(|error| {
            Err(DnsError::Silent { server, reason: format!("the question failed: {error}") })
        });
        found.extend(sets?.into_iter().map(|set| ((set.name.clone(), set.kind.clone()), set)));
    }
}

/// All types of one name. A CNAME and a delegation stand for all of them.
async fn one_name(
    server: SocketAddr,
    owner: &Name,
    zone: &Name,
    kinds: &[RecordType],
    recursion: bool,
) -> Result<Vec<RecordSet>, DnsError> {
    let mut found = Vec::new();
    for kind in kinds {
        let answer = ask(server, owner, *kind, recursion).await?;
        let own = |record: &&Record| record.name == *owner;
        let cname = |record: &&Record| own(record) && record.record_type() == RecordType::CNAME;
        let below = |record: &&Record| {
            record.record_type() == RecordType::NS && record.name != *zone && record.name.zone_of(owner)
        };
        let aliases: Vec<&Record> = answer.answers.iter().filter(cname).collect();
        let delegated: Vec<&Record> = answer.authorities.iter().filter(below).collect();
        if !aliases.is_empty() {
            return Ok(records::sets(aliases).0);
        }
        if !recursion && answer.answers.is_empty() && !delegated.is_empty() {
            return Ok(records::sets(delegated).0);
        }
        let wanted = answer.answers.iter().filter(|it| own(it) && it.record_type() == *kind);
        found.extend(records::sets(wanted).0);
    }
    Ok(found)
}

/// What a wildcard answers is one record, not one of each name that is asked for.
fn without_repeats(found: &Found, zone: &str) -> Vec<RecordSet> {
    let wildcard = format!("*.{zone}");
    let repeats = |set: &RecordSet| {
        let general = found.get(&(wildcard.clone(), set.kind.clone()));
        set.name != wildcard && set.name != zone && general.is_some_and(|it| it.says_the_same(set))
    };
    found.values().filter(|set| !repeats(set)).cloned().collect()
}
