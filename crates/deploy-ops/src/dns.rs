//! Questions to name servers: over UDP, and over TCP where UDP brings no whole answer (RFC 1035, section 4.2). Every wait
//! is bounded.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use hickory_proto::ProtoError;
use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

pub(crate) mod questions;
pub mod records;
#[cfg(test)]
pub(crate) mod tests;

/// Longest wait for one packet, and for a whole exchange over TCP.
const LIMIT: Duration = Duration::from_secs(3);
/// Name servers of one zone that are asked before the question is given up.
const SERVERS: usize = 4;

/// A name server could not be asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DnsError {
    /// It is silent, or the way to it is closed.
    #[error("{server} does not answer ({reason})")]
    Silent {
        /// Address.
        server: SocketAddr,
        /// What the socket said.
        reason: String,
    },
    /// It answers with an error.
    #[error("{server} answers `{code}` to the question for {name}")]
    Refused {
        /// Address.
        server: SocketAddr,
        /// Its words.
        code: ResponseCode,
        /// What was asked.
        name: Name,
    },
    /// What it sent is no answer to the question.
    #[error("{server} sends something that is no answer to the question")]
    Malformed {
        /// Address.
        server: SocketAddr,
    },
    /// It has nothing of the zone: that it answers without records says nothing about them.
    #[error("{server} does not serve {zone}")]
    NotServed {
        /// Address.
        server: SocketAddr,
        /// What was asked for.
        zone: Name,
    },
    /// A name that DNS cannot carry.
    #[error("`{0}` is no name in DNS")]
    Name(String, #[source] ProtoError),
    /// No address is known of any of the name servers.
    #[error("no address of {0} was found")]
    NoAddress(String),
}

/// A way into DNS.
#[derive(Debug, Clone)]
pub(crate) struct Dns {
    /// Recursive resolver: finds zones above and addresses of name servers, which seldom change.
    pub resolver: SocketAddr,
    /// Addresses of name servers that are not looked up.
    pub hosts: BTreeMap<String, SocketAddr>,
}

impl Dns {
    /// Of this machine: the first name server in /etc/resolv.conf.
    pub(crate) fn system() -> Option<Self> {
        let text = std::fs::read_to_string("/etc/resolv.conf").ok()?;
        let address: IpAddr = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("nameserver"))
            .find_map(|it| it.trim().parse().ok())?;
        Some(Self { resolver: SocketAddr::new(address, 53), hosts: BTreeMap::new() })
    }

    /// The delegation of a zone as the name servers of the zone above it have it; empty where they have none.
    ///
    /// They are asked without recursion and answer with a referral (authority section), or with the records themselves
    /// where the same servers serve both (RFC 1034, section 4.3.2).
    pub(crate) async fn delegation(&self, zone: &str) -> Result<BTreeSet<String>, DnsError> {
        let zone = name(zone)?;
        let answer = self.ask_any(&self.above(&zone).await?, &zone, RecordType::NS).await?.1;
        Ok(name_servers(answer.answers.iter().chain(&answer.authorities), &zone))
    }

    /// The same as a resolver has it, maybe from its cache.
    pub(crate) async fn resolved(&self, zone: &str) -> Result<BTreeSet<String>, DnsError> {
        let zone = name(zone)?;
        let answer = ask(self.resolver, &zone, RecordType::NS, true).await?;
        Ok(name_servers(&answer.answers, &zone))
    }

    /// Whether the zone above has keys of the zone on record (DS, RFC 4034, section 5): resolvers that validate then refuse
    /// a zone without signatures. `directly`: asked at the name servers above, and otherwise at the resolver.
    pub(crate) async fn is_signed(&self, zone: &str, directly: bool) -> Result<bool, DnsError> {
        let zone = name(zone)?;
        let answer = if directly {
            self.ask_any(&self.above(&zone).await?, &zone, RecordType::DS).await?.1
        } else {
            ask(self.resolver, &zone, RecordType::DS, true).await?
        };
        Ok(answer.answers.iter().any(|it| it.name == zone && it.record_type() == RecordType::DS))
    }

    /// One of these name servers that serves the zone, or the resolver where none are named.
    pub(crate) async fn serving(
        &self,
        zone: &Name,
        servers: Option<&BTreeSet<String>>,
    ) -> Result<SocketAddr, DnsError> {
        let (server, answer) = match servers {
            Some(servers) => self.ask_any(servers, zone, RecordType::SOA).await?,
            None => (self.resolver, ask(self.resolver, zone, RecordType::SOA, true).await?),
        };
        let served = answer.answers.iter().any(|it| it.name == *zone && it.record_type() == RecordType::SOA);
        if served { Ok(server) } else { Err(DnsError::NotServed { server, zone: zone.clone() }) }
    }

    /// Name servers of the closest zone above: the first name upward that has some.
    async fn above(&self, zone: &Name) -> Result<BTreeSet<String>, DnsError> {
        let mut above = zone.clone();
        while !above.is_root() {
            above = above.base_name();
            let answer = ask(self.resolver, &above, RecordType::NS, true).await?;
            let servers = name_servers(&answer.answers, &above);
            if !servers.is_empty() {
                return Ok(servers);
            }
        }
        Err(DnsError::NoAddress(format!("a zone above {zone}")))
    }

    /// Asks name servers one after the other, without recursion, until one answers; which one it was.
    pub(crate) async fn ask_any(
        &self,
        servers: &BTreeSet<String>,
        name: &Name,
        kind: RecordType,
    ) -> Result<(SocketAddr, Message), DnsError> {
        let names = servers.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let mut last = DnsError::NoAddress(names);
        for server in servers.iter().take(SERVERS) {
            let asked = async {
                let address = self.address(server).await?;
                Ok((address, ask(address, name, kind, false).await?))
            };
            match asked.await {
                Ok(answer) => return Ok(answer),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn address(&self, server: &str) -> Result<SocketAddr, DnsError> {
        if let Some(known) = self.hosts.get(server) {
            return Ok(*known);
        }
        let server_name = name(server)?;
        for kind in [RecordType::A, RecordType::AAAA] {
            let answer = ask(self.resolver, &server_name, kind, true).await?;
            let found = answer.answers.iter().find_map(|record| match &record.data {
                RData::A(address) => Some(IpAddr::V4(address.0)),
                RData::AAAA(address) => Some(IpAddr::V6(address.0)),
                _ => None,
            });
            if let Some(address) = found {
                return Ok(SocketAddr::new(address, 53));
            }
        }
        Err(DnsError::NoAddress(server.to_owned()))
    }
}

/// Names are compared without case and without the dot of the root.
#[must_use]
pub fn normal(name: &str) -> String {
    name.trim().trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a name lies below a zone, which is not below itself; both as [`normal`] writes them.
#[must_use]
pub fn is_below(name: &str, zone: &str) -> bool {
    name.strip_suffix(zone).is_some_and(|label| label.ends_with('.'))
}

/// A name from the root.
pub(crate) fn name(text: &str) -> Result<Name, DnsError> {
    let mut name = Name::from_ascii(text).map_err(|error| DnsError::Name(text.to_owned(), error))?;
    name.set_fqdn(true);
    Ok(name)
}

fn name_servers<'a>(records: impl IntoIterator<Item = &'a Record>, zone: &Name) -> BTreeSet<String> {
    records
        .into_iter()
        .filter(|record| record.name == *zone)
        .filter_map(|record| match &record.data {
            RData::NS(server) => Some(normal(&server.0.to_ascii())),
            _ => None,
        })
        .collect()
}

/// One question to one server. A name that does not exist is an answer without records.
pub(crate) async fn ask(
    server: SocketAddr,
    name: &Name,
    kind: RecordType,
    recursion: bool,
) -> Result<Message, DnsError> {
    let mut question = Message::query();
    question.metadata.recursion_desired = recursion;
    question.add_query(Query::query(name.clone(), kind));
    let packet = question.to_vec().map_err(|error| DnsError::Name(name.to_ascii(), error))?;
    let answer = match over_udp(server, &packet).await.map(|bytes| whole(&bytes, &question)) {
        Ok(Some(answer)) => answer,
        // Cut off, lost or not for this question.
        _ => {
            let silent = |error: std::io::Error| DnsError::Silent { server, reason: error.to_string() };
            let bytes = over_tcp(server, &packet).await.map_err(silent)?;
            whole(&bytes, &question).ok_or(DnsError::Malformed { server })?
        }
    };
    match answer.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => Ok(answer),
        code => Err(DnsError::Refused { server, code, name: name.clone() }),
    }
}

/// The answer, where it is one to this question and nothing of it is cut off.
fn whole(bytes: &[u8], question: &Message) -> Option<Message> {
    let answer = Message::from_vec(bytes).ok()?;
    let ours = answer.metadata.message_type == MessageType::Response
        && answer.metadata.id == question.metadata.id
        && answer.queries == question.queries;
    (ours && !answer.metadata.truncation).then_some(answer)
}

async fn over_udp(server: SocketAddr, packet: &[u8]) -> std::io::Result<Vec<u8>> {
    let local: SocketAddr = if server.is_ipv4() { ([0, 0, 0, 0], 0).into() } else { ([0_u16; 8], 0).into() };
    let socket = UdpSocket::bind(local).await?;
    socket.connect(server).await?;
    let mut answer = vec![0; 4096];
    socket.send(packet).await?;
    let length = timeout(LIMIT, socket.recv(&mut answer)).await??;
    answer.truncate(length);
    Ok(answer)
}

/// Two octets of length in front of each message (RFC 1035, section 4.2.2).
async fn over_tcp(server: SocketAddr, packet: &[u8]) -> std::io::Result<Vec<u8>> {
    let length = u16::try_from(packet.len()).map_err(std::io::Error::other)?;
    timeout(LIMIT, async {
        let mut stream = TcpStream::connect(server).await?;
        stream.write_all(&[&length.to_be_bytes()[..], packet].concat()).await?;
        let mut answer = vec![0; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut answer).await?;
        Ok(answer)
    })
    .await?
}
