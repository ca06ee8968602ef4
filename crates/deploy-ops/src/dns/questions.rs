//! What a zone is asked for: DNS lists no zone, so these are the names and types that zones of this kind have.

use std::collections::{BTreeMap, BTreeSet};

use hickory_proto::rr::RecordType::{self, A, AAAA, CAA, MX, SRV, TXT};

use super::is_below;

/// What may stand at the name of the zone itself. A CNAME cannot (RFC 1912, section 2.4).
const APEX: &[RecordType] = &[A, AAAA, MX, TXT, CAA];
/// What may stand at the name of a host. A CNAME or a delegation answers any of them.
const HOST: &[RecordType] = &[A, AAAA, MX, TXT, CAA];
const TEXT: &[RecordType] = &[TXT];
const SERVICE: &[RecordType] = &[SRV];

/// Hosts that zones of a company have: its site, mail, and what mail programs and Microsoft's services look up.
const HOSTS: &[&str] = &[
    "*",
    "www",
    "api",
    "app",
    "auth",
    "admin",
    "blog",
    "cdn",
    "calendar",
    "dev",
    "docs",
    "email",
    "ftp",
    "help",
    "imap",
    "mail",
    "mx",
    "mx1",
    "mx2",
    "pop",
    "smtp",
    "status",
    "support",
    "vpn",
    "webmail",
    "autoconfig",
    "autodiscover",
    "enterpriseenrollment",
    "enterpriseregistration",
    "lyncdiscover",
    "msoid",
    "sip",
    "mta-sts",
    "send",
    "bounce",
    "em",
    "links",
    "click",
];
/// Selectors of DKIM that the common senders of mail use.
const SELECTORS: &[&str] = &[
    "google",
    "selector1",
    "selector2",
    "default",
    "dkim",
    "mail",
    "k1",
    "k2",
    "k3",
    "s1",
    "s2",
    "s1024",
    "s2048",
    "fm1",
    "fm2",
    "fm3",
    "mandrill",
    "mailjet",
    "mxvault",
    "pm",
    "pic",
    "protonmail",
    "protonmail2",
    "protonmail3",
    "resend",
    "smtp",
    "zoho",
    "zmail",
    "krs",
    "scph0819",
    "everlytickey1",
    "everlytickey2",
    "sig1",
    "key1",
    "key2",
    "dk",
    "mta",
];
/// Texts with a meaning: policies of mail, reports, proofs of ownership.
const TEXTS: &[&str] = &[
    "_dmarc",
    "_mta-sts",
    "_smtp._tls",
    "_acme-challenge",
    "_domainkey",
    "_amazonses",
    "_github-challenge",
    "_atproto",
];
/// Services that are found by SRV.
const SERVICES: &[&str] = &[
    "_autodiscover._tcp",
    "_caldavs._tcp",
    "_carddavs._tcp",
    "_imaps._tcp",
    "_pop3s._tcp",
    "_sip._tls",
    "_sipfederationtls._tcp",
    "_submission._tcp",
    "_submissions._tcp",
    "_xmpp-client._tcp",
    "_xmpp-server._tcp",
];

/// Types by name. `hosts` are whole names of the platform; those that are not in the zone are left out.
pub(crate) fn questions(zone: &str, hosts: &BTreeSet<String>) -> BTreeMap<String, &'static [RecordType]> {
    let below = |label: &str| format!("{label}.{zone}");
    let mut all = BTreeMap::from([(zone.to_owned(), APEX)]);
    all.extend(HOSTS.iter().map(|label| (below(label), HOST)));
    all.extend(TEXTS.iter().map(|label| (below(label), TEXT)));
    all.extend(SELECTORS.iter().map(|label| (below(&format!("{label}._domainkey")), TEXT)));
    all.extend(SERVICES.iter().map(|label| (below(label), SERVICE)));
    for host in hosts.iter().filter(|host| is_below(host, zone)) {
        all.insert(host.clone(), HOST);
        all.insert(format!("_dmarc.{host}"), TEXT);
    }
    all
}

/// Hosts of the zone that a value points at, such as those of MX: to be asked for too.
pub(crate) fn pointed_at(value: &str, zone: &str) -> Option<(String, &'static [RecordType])> {
    let host = value.rsplit(' ').next()?.strip_suffix('.')?;
    is_below(host, zone).then(|| (host.to_owned(), HOST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_platform_and_of_values_are_asked_for() {
        let hosts = ["stage.example.test", "example.test", "elsewhere.test"].map(str::to_owned);
        let all = questions("example.test", &hosts.into());
        assert!(all.contains_key("stage.example.test") && !all.contains_key("elsewhere.test"));
        assert!(all["example.test"].contains(&CAA));
        assert_eq!(all["google._domainkey.example.test"], TEXT);
        let host = |value: &str| pointed_at(value, "example.test").map(|(host, _)| host);
        assert_eq!(host("10 in.mail.example.test.").as_deref(), Some("in.mail.example.test"));
        assert_eq!(host("10 mail.elsewhere."), None);
        assert_eq!(host("192.0.2.1"), None);
    }
}
