#![allow(clippy::unwrap_used)]

use super::*;
use crate::dns::tests::{Served, ns, serve, soa};

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

fn delegation(found: Found) -> Delegation {
    Delegation {
        zone: "example.test".into(),
        wanted: Wanted::NameServers(set(&["a", "b"])),
        zone_id: "Z0123456789".into(),
        found,
        records: Records::NotCompared,
    }
}

#[test]
fn only_the_zones_own_name_servers_are_good() {
    assert!(delegation(Found::NameServers(set(&["a", "b"]))).is_good());
    assert!(!delegation(Found::NameServers(set(&["a", "old"]))).is_good());
    assert!(!delegation(Found::NameServers(set(&[]))).is_good());
    assert!(!delegation(Found::Unknown("offline".into())).is_good());
    let existing = |found| Delegation { wanted: Wanted::Existing("Z0123456789".into()), ..delegation(found) };
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
    let look = async |zone: &str, setting: &str, system| {
        let names = Names { own: BTreeSet::new(), all: BTreeSet::new() };
        between(zone, &Wanted::Existing("Z0123456789".into()), &names, setting, system).await.0
    };
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

/// A zone in service at `ns.old.example`, with `old` in it, and one at `ns.new.example` with `new` in it. `None` is a server
/// that does not have the zone.
async fn two_zones(old: Vec<hickory_proto::rr::Record>, new: Option<Vec<hickory_proto::rr::Record>>) -> Dns {
    let parent = Served { delegations: vec![ns("example.test", "ns.old.example")], ..Served::default() };
    let with_soa = |mut answers: Vec<_>| {
        answers.push(soa("example.test"));
        Served { answers, ..Served::default() }
    };
    let resolver = Served { answers: vec![ns("test", "a.nic.test")], ..Served::default() };
    let new = new.map_or_else(Served::default, with_soa);
    Dns {
        resolver: serve(resolver).await,
        hosts: [
            ("a.nic.test".to_owned(), serve(parent).await),
            ("ns.old.example".to_owned(), serve(with_soa(old)).await),
            ("ns.new.example".to_owned(), serve(new).await),
        ]
        .into(),
    }
}

async fn compared(dns: Dns) -> Delegation {
    let wanted = Wanted::NameServers(set(&["ns.new.example"]));
    let hosts = set(&["stage.example.test"]);
    let names = Names { own: hosts.clone(), all: hosts };
    let (found, records) = between("example.test", &wanted, &names, "", Some(dns)).await;
    Delegation { wanted, found, records, ..delegation(Found::NotNeeded) }
}

mod records {
    use hickory_proto::rr::rdata::{A, CNAME, MX, TXT};
    use hickory_proto::rr::{RData, Record};

    use super::*;
    use crate::dns::name;
    use crate::dns::tests::record;

    fn a(owner: &str, last: u8) -> Record {
        record(owner, RData::A(A::new(192, 0, 2, last)))
    }

    fn mx(exchange: &str) -> Record {
        record("example.test", RData::MX(MX::new(10, name(exchange).unwrap())))
    }

    fn txt(owner: &str, text: &str) -> Record {
        record(owner, RData::TXT(TXT::new(vec![text.to_owned()])))
    }

    fn cname(owner: &str, target: &str) -> Record {
        record(owner, RData::CNAME(CNAME(name(target).unwrap())))
    }

    fn in_service() -> Vec<Record> {
        vec![
            mx("in.post.example.test"),
            a("in.post.example.test", 25),
            txt("example.test", "v=spf1 it's -all"),
            txt("_dmarc.example.test", "v=DMARC1; p=none"),
            cname("selector1._domainkey.example.test", "selector1.mailer.example"),
            cname("www.example.test", "site.example"),
            ns("dev.example.test", "ns.dev.example"),
            a("stage.example.test", 7),
        ]
    }

    #[tokio::test]
    async fn what_the_new_zone_lacks_is_named_and_the_name_servers_are_not_to_be_changed() {
        let new = vec![mx("in.post.example.test"), a("www.example.test", 80), txt("example.test", "other")];
        let delegation = compared(two_zones(in_service(), Some(new)).await).await;
        assert!(!delegation.is_good());
        let text = delegation.instructions();
        assert!(text.starts_with("do not change the name servers yet"), "{text}");
        for line in [
            "in.post.example.test A 192.0.2.25\n",
            "example.test TXT \"v=spf1 it's -all\" (it has other values: change them by hand)\n",
            "_dmarc.example.test TXT \"v=DMARC1; p=none\"\n",
            "selector1._domainkey.example.test CNAME selector1.mailer.example.\n",
            "differs: www.example.test CNAME site.example. in service, www.example.test A 192.0.2.80 in the new zone\n",
            "changes: stage.example.test A 192.0.2.7 in service, then nothing until its environment is deployed\n",
            "after that, look again; then at the registrar of example.test",
        ] {
            assert!(text.contains(line), "{line}: {text}");
        }
        assert!(text.contains("`cargo xtask dns copy --from-name-servers`"), "{text}");
        assert!(!text.contains("example.test MX"), "{text}");
    }

    #[tokio::test]
    async fn a_delegation_below_the_zone_is_a_record_of_it() {
        let old = Served {
            answers: vec![soa("example.test")],
            delegations: vec![ns("dev.example.test", "ns.dev.example")],
            ..Served::default()
        };
        let dns = two_zones(Vec::new(), Some(Vec::new())).await;
        let dns = Dns {
            hosts: dns.hosts.into_iter().chain([("ns.old.example".to_owned(), serve(old).await)]).collect(),
            ..dns
        };
        let text = compared(dns).await.instructions();
        assert!(text.contains("dev.example.test NS ns.dev.example.\n"), "{text}");
    }

    #[tokio::test]
    async fn where_nothing_is_missing_the_name_servers_may_change() {
        let mut new = in_service();
        new.push(txt("_atproto.example.test", "more"));
        let text = compared(two_zones(in_service(), Some(new)).await).await.instructions();
        assert!(text.starts_with("the new zone answers what was found"), "{text}");
        assert!(
            text.contains("stage.example.test A 192.0.2.7 in service, then the platform's own\n"),
            "{text}"
        );
        assert!(text.ends_with("set the name servers to ns.new.example"), "{text}");
    }

    #[tokio::test]
    async fn a_wildcard_is_one_record() {
        let mut old = vec![a("*.example.test", 1), a("mail.example.test", 1), a("api.example.test", 2)];
        let text = compared(two_zones(old.clone(), Some(Vec::new())).await).await.instructions();
        for (line, told) in
            [("*.example.test A", true), ("api.example.test A", true), ("  mail.example.test A", false)]
        {
            assert_eq!(text.contains(line), told, "{line}: {text}");
        }
        old.pop();
        let text = compared(two_zones(old.clone(), Some(old)).await).await.instructions();
        assert!(text.starts_with("the new zone answers"), "{text}");
    }

    #[tokio::test]
    async fn a_new_zone_that_nobody_serves_yet_is_no_empty_one() {
        let text = compared(two_zones(in_service(), None).await).await.instructions();
        assert!(text.starts_with("do not change the name servers yet"), "{text}");
        assert!(text.contains("does not serve example.test"), "{text}");
        assert!(text.contains("DELEGATION_CHECK=confirmed"), "{text}");
    }

    #[tokio::test]
    async fn a_signed_zone_is_not_left_for_one_without_signatures() {
        let ds = RData::Unknown {
            code: hickory_proto::rr::RecordType::DS,
            rdata: hickory_proto::rr::rdata::NULL::with(vec![0, 1, 8, 2]),
        };
        let parent = Served {
            answers: vec![record("example.test", ds)],
            delegations: vec![ns("example.test", "ns.old.example")],
            ..Served::default()
        };
        let dns = two_zones(in_service(), Some(in_service())).await;
        let parent = ("a.nic.test".to_owned(), serve(parent).await);
        let dns = Dns { hosts: dns.hosts.into_iter().chain([parent]).collect(), ..dns };
        let text = compared(dns).await.instructions();
        assert!(text.starts_with("do not change the name servers yet"), "{text}");
        assert!(text.contains("take the DS record away"), "{text}");
    }
}
