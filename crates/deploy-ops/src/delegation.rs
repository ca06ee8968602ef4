//! Whether the world's DNS leads to the hosted zone: the one thing that only whoever owns the domain can do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use env_config::Config;

use crate::dns::{Dns, DnsError, normal};
use crate::failure::Failure;
use crate::stack;
use crate::target::{Front, Target};

/// Environment variable that says who is asked: [`Source`].
const VARIABLE: &str = "DELEGATION_CHECK";

/// How the zone is delegated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delegation {
    /// Zone, such as `example.com`.
    pub zone: String,
    /// Where the zone should be served.
    pub wanted: Wanted,
    /// What DNS says.
    pub found: Found,
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

    /// What a person does about it.
    #[must_use]
    pub fn instructions(&self) -> String {
        let servers = match &self.wanted {
            Wanted::NameServers(wanted) => wanted.iter().map(String::as_str).collect::<Vec<_>>().join(", "),
            Wanted::Existing(id) => format!(
                "those of the hosted zone {id} (aws route53 get-hosted-zone --id {id} --query \
                 DelegationSet.NameServers)"
            ),
        };
        format!(
            "at the registrar of {}, or in the zone above it, set the name servers to {servers}",
            self.zone
        )
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
    let found = match target.front {
        Front::At(_) => Found::NotNeeded,
        Front::Public => {
            let setting = std::env::var(VARIABLE).unwrap_or_default();
            look(&zone, setting.trim(), Dns::system()).await
        }
    };
    Ok(Delegation { zone, wanted, found })
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

async fn look(zone: &str, setting: &str, system: Option<Dns>) -> Found {
    let source = match setting.parse() {
        Ok(Source::Person) => return Found::Confirmed,
        Ok(source) => source,
        Err(reason) => return Found::Unknown(reason),
    };
    let dns = match source {
        Source::Resolver(Some(resolver)) => Some(Dns { resolver, hosts: BTreeMap::new() }),
        _ => system,
    };
    let Some(dns) = dns else {
        let other = format!("{VARIABLE}=ADDRESS names one");
        return Found::Unknown(format!("no name server in /etc/resolv.conf; {other}"));
    };
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::dns::tests::{Served, ns, serve};

    #[test]
    fn only_the_zones_own_name_servers_are_good() {
        let set = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let with = |found| Delegation {
            zone: "example.com".into(),
            wanted: Wanted::NameServers(set(&["a", "b"])),
            found,
        };
        assert!(with(Found::NameServers(set(&["a", "b"]))).is_good());
        assert!(!with(Found::NameServers(set(&["a", "old"]))).is_good());
        assert!(!with(Found::NameServers(set(&[]))).is_good());
        assert!(!with(Found::Unknown("offline".into())).is_good());
        let existing = |found| Delegation { wanted: Wanted::Existing("Z0123456789".into()), ..with(found) };
        assert!(existing(Found::NameServers(set(&["old"]))).is_good());
        let nobody = existing(Found::NameServers(set(&[])));
        assert!(!nobody.is_good() && nobody.instructions().contains("get-hosted-zone --id Z0123456789 "));
    }

    #[tokio::test]
    async fn who_is_asked_can_be_set_and_a_closed_port_names_the_ways_around_it() {
        let parent = |delegations| Served { delegations, ..Served::default() };
        let hosts = [
            ("a.nic.test".to_owned(), serve(parent(vec![ns("example.test", "new.example")])).await),
            ("gone.nic.test".to_owned(), SocketAddr::from(([127, 0, 0, 1], 1))),
        ];
        let answers =
            vec![ns("test", "a.nic.test"), ns("example.test", "old.example"), ns("closed", "gone.nic.test")];
        let resolver = serve(Served { answers, ..Served::default() }).await;
        let dns = Some(Dns { resolver, hosts: hosts.into() });
        let servers = |name: &str| Found::NameServers([name.to_owned()].into());
        assert_eq!(look("example.test", "", dns.clone()).await, servers("new.example"));
        assert_eq!(look("example.test", "resolver", dns.clone()).await, servers("old.example"));
        assert_eq!(look("example.test", &resolver.to_string(), None).await, servers("old.example"));
        assert_eq!(look("example.test", "confirmed", None).await, Found::Confirmed);
        let unknown = |found| match found {
            Found::Unknown(reason) => reason,
            other => panic!("{other:?}"),
        };
        let closed = unknown(look("example.closed", "parent", dns.clone()).await);
        for part in ["127.0.0.1:1 does not answer", "=resolver ", "=ADDRESS:PORT ", "=confirmed "] {
            assert!(closed.contains(part), "{part}: {closed}");
        }
        let typo = unknown(look("example.test", "parents", dns).await);
        assert!(typo.contains("DELEGATION_CHECK is `parents`: expected `parent`"), "{typo}");
        assert!(unknown(look("example.test", "", None).await).contains("/etc/resolv.conf"));
    }
}
