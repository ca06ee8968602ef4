//! Whether the world's DNS leads to the hosted zone: the one thing that only whoever owns the domain can do.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::UdpSocket;

use crate::failure::Failure;
use crate::session::Session;
use crate::stack;

/// Longest wait for one name server.
const TIMEOUT: Duration = Duration::from_secs(5);

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
            Found::NotNeeded => true,
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
pub async fn of_zone(session: &Session) -> Result<Delegation, Failure> {
    let platform = &session.config.platform;
    let name = platform.shared_stack_name.as_str();
    let view = stack::describe(&session.target.aws, name).await?;
    let view = view.ok_or_else(|| Failure::NoSharedStack { stack: name.to_owned() })?;
    let wanted = match &platform.hosted_zone_id {
        Some(id) => Wanted::Existing(id.to_string()),
        None => Wanted::NameServers(view.output("HostedZoneNameServers")?.split(',').map(normal).collect()),
    };
    let zone = platform.hosted_zone.to_string();
    let found = match session.target.front {
        crate::target::Front::At(_) => Found::NotNeeded,
        crate::target::Front::Public => match system_resolver() {
            None => Found::Unknown("no name server in /etc/resolv.conf".to_owned()),
            Some(resolver) => match name_servers(SocketAddr::new(resolver, 53), &zone).await {
                Ok(found) => Found::NameServers(found),
                Err(reason) => Found::Unknown(reason),
            },
        },
    };
    Ok(Delegation { zone, wanted, found })
}

/// Names are compared without case and without the dot of the root.
fn normal(name: &str) -> String {
    name.trim().trim_end_matches('.').to_ascii_lowercase()
}

/// The first name server of this machine.
fn system_resolver() -> Option<IpAddr> {
    let text = std::fs::read_to_string("/etc/resolv.conf").ok()?;
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .find_map(|it| it.trim().parse().ok())
}

/// Asks a recursive resolver for the NS records of a zone (RFC 1035, section 4), over UDP: an answer with a
/// handful of names fits.
async fn name_servers(resolver: SocketAddr, zone: &str) -> Result<BTreeSet<String>, String> {
    let failed = |error: std::io::Error| error.to_string();
    let local: SocketAddr =
        if resolver.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(local).await.map_err(failed)?;
    socket.connect(resolver).await.map_err(failed)?;
    let query = query(zone);
    let mut answer = vec![0; 4096];
    // A packet may get lost.
    for _ in 0..2 {
        socket.send(&query).await.map_err(failed)?;
        if let Ok(received) = tokio::time::timeout(TIMEOUT, socket.recv(&mut answer)).await {
            let length = received.map_err(failed)?;
            return read(&answer[..length]);
        }
    }
    Err(format!("{resolver} does not answer"))
}

/// A question with recursion: one name, type NS (2), class IN (1).
fn query(zone: &str) -> Vec<u8> {
    let mut packet = vec![0x5a, 0x17, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in zone.trim_end_matches('.').split('.') {
        // Labels of the configuration are checked: at most 63 octets.
        packet.push(u8::try_from(label.len()).unwrap_or(63));
        packet.extend(label.bytes().take(63));
    }
    packet.extend([0, 0, 2, 0, 1]);
    packet
}

fn read(packet: &[u8]) -> Result<BTreeSet<String>, String> {
    const SHORT: &str = "the answer is cut off";
    let word = |at: usize| -> Result<usize, String> {
        let bytes = packet.get(at..at + 2).ok_or(SHORT)?;
        Ok(usize::from(u16::from_be_bytes([bytes[0], bytes[1]])))
    };
    if word(0)? != 0x5a17 {
        return Err("the answer belongs to another question".to_owned());
    }
    match word(2)? & 0xf {
        0 => {}
        // NXDOMAIN: nobody serves it.
        3 => return Ok(BTreeSet::new()),
        code => return Err(format!("the name server answers with error {code}")),
    }
    let (questions, answers) = (word(4)?, word(6)?);
    let mut at = 12;
    for _ in 0..questions {
        at = name(packet, at)?.1 + 4;
    }
    let mut found = BTreeSet::new();
    for _ in 0..answers {
        let after = name(packet, at)?.1;
        let (kind, length) = (word(after)?, word(after + 8)?);
        if kind == 2 {
            found.insert(normal(&name(packet, after + 10)?.0));
        }
        at = after + 10 + length;
    }
    Ok(found)
}

/// A name at an offset, which may continue elsewhere (compression), and where what follows it begins.
fn name(packet: &[u8], start: usize) -> Result<(String, usize), String> {
    let mut labels: Vec<String> = Vec::new();
    let (mut at, mut end) = (start, None);
    // A name has at most 127 labels; more steps mean a circle.
    for _ in 0..256 {
        let length = usize::from(*packet.get(at).ok_or("a name is cut off")?);
        match length {
            0 => return Ok((labels.join("."), end.unwrap_or(at + 1))),
            1..=63 => {
                let label = packet.get(at + 1..at + 1 + length).ok_or("a name is cut off")?;
                labels.push(String::from_utf8_lossy(label).into_owned());
                at += 1 + length;
            }
            192.. => {
                let low = usize::from(*packet.get(at + 1).ok_or("a name is cut off")?);
                end.get_or_insert(at + 2);
                at = (length & 0x3f) << 8 | low;
            }
            _ => return Err("a name is malformed".to_owned()),
        }
    }
    Err("a name points at itself".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// An answer to [`query`] with two NS records, the second one compressed.
    fn answer(zone: &str) -> Vec<u8> {
        let mut packet = query(zone);
        packet[2] = 0x81;
        packet[3] = 0x80;
        packet[7] = 2;
        for first in ["ns-1", "NS-2"] {
            packet.extend([0xc0, 12, 0, 2, 0, 1, 0, 0, 0, 60]);
            packet.extend([0, 7, 4]);
            packet.extend(first.bytes());
            // The rest of the name is that of the question.
            packet.extend([0xc0, 12]);
        }
        packet
    }

    #[test]
    fn name_servers_are_read_from_an_answer() {
        let found = read(&answer("example.com")).unwrap();
        assert_eq!(found, BTreeSet::from(["ns-1.example.com".to_owned(), "ns-2.example.com".to_owned()]));
        let mut unknown = query("example.com");
        unknown[3] = 0x83;
        assert_eq!(read(&unknown).unwrap(), BTreeSet::new());
        assert!(read(&answer("example.com")[..30]).is_err());
        let mut circle = answer("example.com");
        circle[29..31].copy_from_slice(&[0xc0, 29]);
        assert!(read(&circle).is_err());
    }

    #[tokio::test]
    async fn a_resolver_is_asked() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let asked = tokio::spawn(async move { name_servers(address, "example.com").await });
        let mut question = [0; 512];
        let (length, from) = server.recv_from(&mut question).await.unwrap();
        assert_eq!(question[..length], query("example.com"));
        server.send_to(&answer("example.com"), from).await.unwrap();
        assert_eq!(asked.await.unwrap().unwrap().len(), 2);
    }

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
}
