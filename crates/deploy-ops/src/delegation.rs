//! Whether the world's DNS leads to the hosted zone: the one thing that only whoever owns the domain can do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use env_config::Config;

use crate::dns::records::RecordSet;
use crate::dns::{Dns, DnsError, normal};
use crate::failure::Failure;
use crate::stack;
use crate::target::{Front, Target};

use handover::Handover;

pub mod handover;

/// Environment variable that says who is asked: [`Source`].
const VARIABLE: &str = "DELEGATION_CHECK";

/// How the zone is delegated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Zone, such as `example.com`.
    pub zone: String,
    /// Where the zone should be served.
    pub wanted: Wanted,
    /// Id of that hosted zone.
    pub zone_id: String,
    /// What DNS says.
    pub found: Found,
    /// What other name servers than those of today would change.
    pub records: Records,
}

/// What the zone in service answers, beside what the new one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Records {
    /// There is nothing to compare: no other zone is in service, or none was made.
    NotCompared,
    /// As DNS answers.
    Compared(Handover),
    /// One of the two could not be asked.
    Unknown(String),
}

/// Where a zone should be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// By the name servers of the hosted zone that the shared stack made, sorted.
    NameServers(BTreeSet<String>),
    /// By those of a hosted zone with this id, which exists outside the stacks: any that serve it count.
    Existing(String),
}

/// What DNS says about the name servers of a zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// The target has no DNS: nothing to delegate.
    NotNeeded,
    /// A person looked, and says that it is right.
    Confirmed,
    /// These name servers, sorted; none where nobody serves the zone.
    NameServers(BTreeSet<String>),
    /// It could not be asked.
    Unknown(String),
}

impl Delegation {
    /// Whether users and certificate authorities find the zone: every name server that DNS names is the zone's.
    #[must_use]
    pub fn is_good(&self) -> bool {
        match &self.found {
            Found::NotNeeded | Found::Confirmed => true,
            Found::NameServers(found) => match &self.wanted {
                Wanted::NameServers(wanted) => !found.is_empty() && found.is_subset(wanted),
                Wanted::Existing(_) => !found.is_empty(),
            },
            Found::Unknown(_) => false,
        }
    }

    /// What a person does about it, one line after the other.
    #[must_use]
    pub fn instructions(&self) -> String {
        let servers = match &self.wanted {
            Wanted::NameServers(wanted) => wanted.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            Wanted::Existing(id) => format!(
                "those of the hosted zone {id} (aws route53 get-hosted-zone --id {id} --query \
                 DelegationSet.NameServers)"
            ),
        };
        let zone = &self.zone;
        let change =
            format!("at the registrar of {zone}, or in the zone above it, set the name servers to {servers}");
        let lines = match &self.records {
            Records::NotCompared => return change,
            Records::Unknown(reason) => vec![
                format!(
                    "do not change the name servers yet: what would change with them is not known ({reason})"
                ),
                format!(
                    "compare the records of {zone} where it is served today with those of the hosted zone {}, mail and \
                     verification first, and add what is missing; then {change}",
                    self.zone_id
                ),
            ],
            Records::Compared(found) => {
                let (first, last) = if found.is_safe() {
                    ("the new zone answers what was found of the zone in service".to_owned(), change)
                } else {
                    let first = "do not change the name servers yet: what follows would be gone with them";
                    (first.to_owned(), format!("after that, look again; then {change}"))
                };
                let note = "DNS lists no zone: a record under a name that was not asked for is not seen here, so compare with \
                            the list of records where the zone is served today";
                let middle = found.lines(zone, &self.zone_id);
                std::iter::once(first).chain(middle).chain([note.to_owned(), last]).collect()
            }
        };
        lines.join("\n      ")
    }
}

impl fmt::Display for Delegation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Found::NotNeeded => f.write_str("the local account has no DNS, so there is nothing to delegate"),
            Found::Confirmed => write!(f, "not asked: {VARIABLE}=confirmed says that it is right"),
            Found::NameServers(found) if found.is_empty() => {
                write!(f, "nobody serves {} yet", self.zone)
            }
            Found::NameServers(found) => {
                let names: Vec<&str> = found.iter().map(String::as_str).collect();
                write!(f, "{} is served by {}", self.zone, names.join(", "))
            }
            Found::Unknown(reason) => write!(f, "DNS could not be asked ({reason})"),
        }
    }
}

/// The delegation of the platform's zone; the shared stack has to be there.
pub async fn of_zone(config: &Config, target: &Target) -> Result<Delegation, Failure> {
    let platform = &config.platform;
    let name = platform.shared_stack_name.as_str();
    let view = stack::describe(&target.aws, name).await?;
    let view = view.ok_or_else(|| Failure::NoSharedStack { stack: name.to_owned() })?;
    let wanted = match &platform.hosted_zone_id {
        Some(id) => Wanted::Existing(id.to_string()),
        None => Wanted::NameServers(view.output("HostedZoneNameServers")?.split(',').map(normal).collect()),
    };
    let zone = platform.hosted_zone.to_string();
    let (found, records) = match target.front {
        Front::At(_) => (Found::NotNeeded, Records::NotCompared),
        Front::Public => {
            let setting = std::env::var(VARIABLE).unwrap_or_default();
            // The stack of an environment makes its record in the platform's zone, unless it has a zone of its own.
            let own = config.environments.values().filter(|it| it.hosted_zone_id.is_none());
            let own = own.map(|it| normal(it.domain.as_str())).collect();
            let others = config.environments.values().map(|it| normal(it.domain.as_str())).collect();
            between(&zone, &wanted, &Names { own, all: others }, setting.trim(), Dns::system()).await
        }
    };
    Ok(Delegation { zone, wanted, zone_id: view.output("HostedZoneId")?.to_owned(), found, records })
}

/// What the zone in service answers, to be copied into the new one.
///
/// # Errors
/// There is no zone in service beside the platform's, or it cannot be asked.
pub async fn in_service(config: &Config, target: &Target) -> Result<Vec<RecordSet>, Failure> {
    let refuse = |reason: String| Failure::Guard {
        reason,
        hint: "copy an export of the zone: cargo xtask dns copy --from-zone-file FILE".to_owned(),
    };
    if let Front::At(_) = target.front {
        return Err(refuse("the local account has no DNS that could be asked".to_owned()));
    }
    let delegation = of_zone(config, target).await?;
    let zone = delegation.zone.clone();
    let today: BTreeSet<String> = match (&delegation.found, &delegation.wanted) {
        (Found::NameServers(today), Wanted::NameServers(new)) => today.difference(new).cloned().collect(),
        (Found::NameServers(today), Wanted::Existing(_)) => today.clone(),
        _ => return Err(refuse(format!("the name servers in service are not known: {delegation}"))),
    };
    if today.is_empty() {
        return Err(refuse(format!("no other name servers than the platform's serve {zone}")));
    }
    let names = config.environments.values().map(|it| normal(it.domain.as_str())).collect();
    let setting = std::env::var(VARIABLE).unwrap_or_default();
    // The delegation was asked for in the same way a moment ago.
    let (source, dns) = way(setting.trim(), Dns::system())
        .map_err(|_| refuse(format!("the name servers in service are not known: {delegation}")))?;
    let answers = dns.answers(&zone, (source == Source::Parent).then_some(&today), &names).await;
    answers.map_err(|error| refuse(trouble(&error, source)))
}

/// Names of environments.
struct Names {
    /// Those whose addresses stacks of the platform make.
    own: BTreeSet<String>,
    /// All of them.
    all: BTreeSet<String>,
}

/// What DNS says of the zone, and what it would say.
async fn between(
    zone: &str,
    wanted: &Wanted,
    names: &Names,
    setting: &str,
    system: Option<Dns>,
) -> (Found, Records) {
    let (source, dns) = match way(setting, system) {
        Ok(way) => way,
        Err(found) => return (found, Records::NotCompared),
    };
    let found = look(zone, source, &dns).await;
    let records = match (&found, wanted) {
        (Found::NameServers(today), Wanted::NameServers(new)) => {
            let old: BTreeSet<String> = today.difference(new).cloned().collect();
            if old.is_empty() {
                Records::NotCompared
            } else {
                let compared =
                    dns.handover(zone, (source == Source::Parent).then_some(&old), new, names).await;
                compared.map_or_else(|error| Records::Unknown(trouble(&error, source)), Records::Compared)
            }
        }
        _ => Records::NotCompared,
    };
    (found, records)
}

impl Dns {
    /// Asks the zone in service, at its own name servers or those that the resolver knows, and the new one.
    async fn handover(
        &self,
        zone: &str,
        in_service: Option<&BTreeSet<String>>,
        new: &BTreeSet<String>,
        names: &Names,
    ) -> Result<Handover, DnsError> {
        let old = self.answers(zone, in_service, &names.all).await?;
        let signed = self.is_signed(zone, in_service.is_some()).await?;
        let new = self.answers(zone, Some(new), &names.all).await?;
        Ok(Handover { signed, ..Handover::compare(&old, &new, &names.own) })
    }
}

/// Who is asked for the delegation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// The name servers of the zone above.
    Parent,
    /// A recursive resolver, this machine's where no other is named: for machines that reach no other port 53.
    Resolver(Option<SocketAddr>),
    /// Nobody: a person looked.
    Person,
}

impl FromStr for Source {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let at = || text.parse().ok().or_else(|| Some(SocketAddr::new(text.parse().ok()?, 53)));
        match text {
            "" | "parent" => Ok(Self::Parent),
            "resolver" => Ok(Self::Resolver(None)),
            "confirmed" => Ok(Self::Person),
            _ => at().map(|address| Self::Resolver(Some(address))).ok_or_else(|| {
                format!(
                    "{VARIABLE} is `{text}`: expected `parent`, `resolver`, the address of a resolver (with or without \
                     port) or `confirmed`"
                )
            }),
        }
    }
}

/// Who is asked, and how; or what is said instead.
fn way(setting: &str, system: Option<Dns>) -> Result<(Source, Dns), Found> {
    let source = match setting.parse() {
        Ok(Source::Person) => return Err(Found::Confirmed),
        Ok(source) => source,
        Err(reason) => return Err(Found::Unknown(reason)),
    };
    let dns = match source {
        Source::Resolver(Some(resolver)) => Some(Dns { resolver, hosts: BTreeMap::new() }),
        _ => system,
    };
    let dns = dns.ok_or_else(|| {
        let other = format!("{VARIABLE}=ADDRESS names one");
        Found::Unknown(format!("no name server in /etc/resolv.conf; {other}"))
    })?;
    Ok((source, dns))
}

async fn look(zone: &str, source: Source, dns: &Dns) -> Found {
    let found = match source {
        Source::Parent => dns.delegation(zone).await,
        _ => dns.resolved(zone).await,
    };
    found.map_or_else(|error| Found::Unknown(trouble(&error, source)), Found::NameServers)
}

/// What stood in the way, and the way around it.
fn trouble(error: &DnsError, source: Source) -> String {
    let confirmed =
        format!("{VARIABLE}=confirmed goes on without asking, once a person has seen the delegation");
    match source {
        Source::Parent => format!(
            "{error}; where port 53 is closed, {VARIABLE}=resolver asks this machine's resolver, whose cache may be old, \
             {VARIABLE}=ADDRESS:PORT another one, and {confirmed}"
        ),
        _ => format!("{error}; {confirmed}"),
    }
}

#[cfg(test)]
mod tests;
