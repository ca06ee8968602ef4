//! Name servers on loopback.

#![allow(clippy::unwrap_used)]

use hickory_proto::rr::rdata::{A, NS, SOA};
use tokio::net::TcpListener;

use super::*;

/// What a name server knows, and how it speaks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Served {
    /// Records in the answer section, by name and type; CNAME for every type.
    pub answers: Vec<Record>,
    /// NS records of the authority section: what is delegated.
    pub delegations: Vec<Record>,
    /// Answers over UDP are cut off.
    pub only_tcp: bool,
    /// It answers with an error.
    pub refuses: bool,
}

/// A record that lives a minute.
pub(crate) fn record(owner: &str, data: RData) -> Record {
    Record::from_rdata(name(owner).unwrap(), 60, data)
}

/// An NS record.
pub(crate) fn ns(owner: &str, server: &str) -> Record {
    record(owner, RData::NS(NS(name(server).unwrap())))
}

/// An SOA record: whoever has it serves the zone.
pub(crate) fn soa(zone: &str) -> Record {
    let (server, person) = (name("ns.example").unwrap(), name("person.example").unwrap());
    record(zone, RData::SOA(SOA::new(server, person, 1, 3600, 600, 86_400, 60)))
}

/// Serves until the test ends, at a port of its own, over UDP and TCP.
pub(crate) async fn serve(served: Served) -> SocketAddr {
    let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = tcp.local_addr().unwrap();
    let udp = UdpSocket::bind(address).await.unwrap();
    let over_udp = served.clone();
    tokio::spawn(async move {
        let mut packet = [0; 512];
        while let Ok((length, from)) = udp.recv_from(&mut packet).await {
            let mut answer = over_udp.answer(&packet[..length]);
            if over_udp.only_tcp {
                answer = answer.truncate();
                answer.metadata.truncation = true;
            }
            udp.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
        }
    });
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = tcp.accept().await {
            let mut packet = vec![0; usize::from(stream.read_u16().await.unwrap())];
            stream.read_exact(&mut packet).await.unwrap();
            let answer = served.answer(&packet).to_vec().unwrap();
            stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
            stream.write_all(&answer).await.unwrap();
        }
    });
    address
}

impl Served {
    fn answer(&self, packet: &[u8]) -> Message {
        let question = Message::from_vec(packet).unwrap();
        let asked = question.queries[0].clone();
        let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
        answer.add_query(asked.clone());
        if self.refuses {
            answer.metadata.response_code = ResponseCode::Refused;
            return answer;
        }
        let fits = |record: &&Record| {
            record.name == asked.name && [asked.query_type, RecordType::CNAME].contains(&record.record_type())
        };
        answer.add_answers(self.answers.iter().filter(fits).cloned());
        let below = |record: &&Record| record.name.zone_of(&asked.name);
        answer.add_authorities(self.delegations.iter().filter(below).cloned());
        if answer.answers.is_empty() && answer.authorities.is_empty() {
            answer.metadata.response_code = ResponseCode::NXDomain;
        }
        answer
    }
}

/// A resolver with a stale cache, and the name servers of `test.` that it knows: one that refuses, and one that answers.
async fn world(parent: Served) -> Dns {
    let broken = serve(Served { refuses: true, ..Served::default() }).await;
    let parent = serve(parent).await;
    let resolver = Served {
        answers: vec![ns("test", "a.nic.test"), ns("test", "b.nic.test"), ns("example.test", "old.example")],
        ..Served::default()
    };
    Dns {
        resolver: serve(resolver).await,
        hosts: [("a.nic.test".to_owned(), broken), ("b.nic.test".to_owned(), parent)].into(),
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn the_name_servers_of_the_zone_above_are_asked_not_the_cache() {
    let delegations = vec![ns("example.test", "NS-1.new.example"), ns("example.test", "ns-2.new.example")];
    let dns = world(Served { delegations, ..Served::default() }).await;
    assert_eq!(dns.delegation("example.test").await.unwrap(), set(&["ns-1.new.example", "ns-2.new.example"]));
    assert_eq!(dns.resolved("example.test").await.unwrap(), set(&["old.example"]));
    assert_eq!(dns.delegation("other.test").await.unwrap(), set(&[]));
}

#[tokio::test]
async fn a_zone_several_labels_below_is_asked_of_the_closest_zone_above() {
    let delegations = vec![ns("stage.dev.test", "ns.new.example")];
    let dns = world(Served { delegations, ..Served::default() }).await;
    assert_eq!(dns.delegation("stage.dev.test").await.unwrap(), set(&["ns.new.example"]));
}

#[tokio::test]
async fn a_server_of_both_zones_answers_with_the_records_themselves() {
    let answers = vec![ns("example.test", "ns.new.example")];
    let dns = world(Served { answers, ..Served::default() }).await;
    assert_eq!(dns.delegation("example.test").await.unwrap(), set(&["ns.new.example"]));
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_asked_for_again_over_tcp() {
    let delegations = vec![ns("example.test", "ns.new.example")];
    let dns = world(Served { delegations, only_tcp: true, ..Served::default() }).await;
    assert_eq!(dns.delegation("example.test").await.unwrap(), set(&["ns.new.example"]));
}

#[tokio::test]
async fn servers_that_refuse_or_are_not_there_are_an_error() {
    let dns = world(Served { refuses: true, ..Served::default() }).await;
    let error = dns.delegation("example.test").await.unwrap_err().to_string();
    assert!(error.contains("refused") || error.contains("Refused"), "{error}");
    // Nobody listens at a port that was given back.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let dns = Dns { resolver: free, ..dns };
    let error = dns.delegation("example.test").await.unwrap_err();
    assert!(matches!(error, DnsError::Silent { server, .. } if server == free), "{error}");
}

#[tokio::test]
async fn addresses_of_name_servers_come_from_the_resolver() {
    let address = record("ns.new.example", RData::A(A([192, 0, 2, 7].into())));
    let resolver = serve(Served { answers: vec![address], ..Served::default() }).await;
    let dns = Dns { resolver, hosts: BTreeMap::new() };
    assert_eq!(dns.address("ns.new.example").await.unwrap(), "192.0.2.7:53".parse().unwrap());
    assert!(matches!(dns.address("ns.gone.example").await, Err(DnsError::NoAddress(_))));
}
