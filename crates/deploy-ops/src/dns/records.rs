//! Records of a zone, by name and type, in the text that Route 53 takes and shows (Route 53: ResourceRecordTypes).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use hickory_proto::rr::{Name, RData, Record, RecordType};
use serde::Serialize;

use super::normal;

/// The records of one name and type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RecordSet {
    /// Name, in lower case and without the dot of the root.
    pub name: String,
    /// Type, such as `MX`.
    #[serde(rename = "type")]
    pub kind: String,
    /// How long resolvers keep it, in seconds.
    pub ttl_secs: u32,
    /// Values as Route 53 writes them: texts in quotes, names with the dot of the root.
    pub values: BTreeSet<String>,
}

impl RecordSet {
    /// Whether it says where a host is: an address, or the name that has one.
    #[must_use]
    pub fn is_address(&self) -> bool {
        matches!(self.kind.as_str(), "A" | "AAAA" | "CNAME")
    }

    /// Whether both say the same: how a text is cut into strings means nothing (RFC 7208, section 3.3, and RFC 6376, section
    /// 3.6.2.2, put them together).
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let joined =
            |set: &Self| set.values.iter().map(|it| it.replace("\" \"", "")).collect::<BTreeSet<_>>();
        self.kind == other.kind && joined(self) == joined(other)
    }
}

impl fmt::Display for RecordSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<&str> = self.values.iter().map(String::as_str).collect();
        write!(f, "{} {} {}", self.name, self.kind, values.join(", "))
    }
}

/// Records put together by name and type, and `name TYPE` of those whose type has no text here.
pub fn sets<'a>(records: impl IntoIterator<Item = &'a Record>) -> (Vec<RecordSet>, BTreeSet<String>) {
    let (mut sets, mut unknown) = (BTreeMap::<(String, RecordType), RecordSet>::new(), BTreeSet::new());
    for record in records {
        let (name, kind) = (normal(&record.name.to_ascii()), record.record_type());
        let Some(value) = value(&record.data) else {
            unknown.insert(format!("{name} {kind}"));
            continue;
        };
        let new = || RecordSet {
            name: name.clone(),
            kind: kind.to_string(),
            ttl_secs: record.ttl,
            values: BTreeSet::new(),
        };
        sets.entry((name.clone(), kind)).or_insert_with(new).values.insert(value);
    }
    (sets.into_values().collect(), unknown)
}

/// A value in the text of Route 53; `None` for the types that are not copied.
fn value(data: &RData) -> Option<String> {
    Some(match data {
        RData::A(address) => address.0.to_string(),
        RData::AAAA(address) => address.0.to_string(),
        RData::CNAME(target) => host(&target.0),
        RData::NS(target) => host(&target.0),
        RData::PTR(target) => host(&target.0),
        RData::MX(mx) => format!("{} {}", mx.preference, host(&mx.exchange)),
        RData::SRV(srv) => format!("{} {} {} {}", srv.priority, srv.weight, srv.port, host(&srv.target)),
        RData::TXT(txt) => txt.txt_data.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(" "),
        RData::CAA(caa) => format!("{} {} {}", caa.flags(), caa.tag, quoted(&caa.value)),
        _ => return None,
    })
}

fn host(name: &Name) -> String {
    format!("{}.", normal(&name.to_ascii()))
}

/// In quotes; what is not printable as three octal digits (Route 53: ResourceRecordTypes, "TXT record type").
fn quoted(bytes: &[u8]) -> String {
    let mut text = "\"".to_owned();
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b' '..=b'~' => text.push(char::from(byte)),
            other => text.push_str(&format!("\\{other:03o}")),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use hickory_proto::rr::rdata::{MX, TXT};

    use super::*;
    use crate::dns::name;
    use crate::dns::tests::record;

    #[test]
    fn values_are_those_of_route_53() {
        let txt = TXT::from_bytes(vec![b"v=spf1 \"a\" \\", b"\xc3\xa4"]);
        let records = [
            record("Example.test", RData::MX(MX::new(10, name("Mail.example.test").unwrap()))),
            record("example.test", RData::TXT(txt)),
        ];
        let (sets, unknown) = sets(&records);
        let shown: Vec<String> = sets.iter().map(ToString::to_string).collect();
        assert_eq!(
            shown,
            ["example.test MX 10 mail.example.test.", r#"example.test TXT "v=spf1 \"a\" \\" "\303\244""#,]
        );
        assert_eq!(unknown, BTreeSet::new());
    }

    #[test]
    fn where_a_text_is_cut_does_not_matter() {
        let of = |values: &[&str]| RecordSet {
            name: "example.test".into(),
            kind: "TXT".into(),
            ttl_secs: 60,
            values: values.iter().map(ToString::to_string).collect(),
        };
        assert!(of(&[r#""v=DKIM1; " "p=abc""#]).says_the_same(&of(&[r#""v=DKIM1; p=abc""#])));
        assert!(!of(&[r#""a""#]).says_the_same(&of(&[r#""a""#, r#""b""#])));
        // Three strings, the middle one of them a space, and one that has quotes in it.
        assert!(!of(&[r#""a\" \"b""#]).says_the_same(&of(&[r#""a\\" "b""#])));
    }
}
