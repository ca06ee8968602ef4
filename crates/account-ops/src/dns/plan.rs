//! What is copied: a pure function of the records that there are.

use std::collections::{BTreeMap, BTreeSet};

use deploy_ops::dns::is_below;
use deploy_ops::dns::records::RecordSet;
use serde::Serialize;

/// Most `ResourceRecord` elements of one batch, and most characters of their values
/// (Route 53: Quotas, "Quotas on ChangeResourceRecordSets requests").
const MOST_RECORDS: usize = 1000;
const MOST_CHARACTERS: usize = 32_000;

/// What a hosted zone has under a name and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// Records.
    Records(RecordSet),
    /// Something that only Route 53 knows, such as an alias.
    Special {
        /// Name, in lower case and without the dot of the root.
        name: String,
        /// Type.
        kind: String,
        /// What it is.
        what: String,
    },
}

impl Held {
    fn key(&self) -> (&str, &str) {
        match self {
            Self::Records(set) => (&set.name, &set.kind),
            Self::Special { name, kind, .. } => (name, kind),
        }
    }
}

/// What is not copied.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Left {
    /// Name.
    pub name: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: String,
    /// Why.
    pub reason: String,
}

/// What is done with each record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// Made in the zone.
    pub create: Vec<RecordSet>,
    /// In the zone already, with the same values.
    pub existing: Vec<Left>,
    /// The zone has something else there, which stays: a person decides.
    pub differing: Vec<Left>,
    /// Not for this zone.
    pub skipped: Vec<Left>,
}

/// Plans the copy of `source` into `zone`, which has `held`. `own` are names whose addresses the stacks of the platform make.
#[must_use]
pub fn plan(source: &[Held], held: &[Held], zone: &str, own: &BTreeSet<String>) -> Plan {
    let mut there: BTreeMap<&str, Vec<&Held>> = BTreeMap::new();
    for it in held {
        there.entry(it.key().0).or_default().push(it);
    }
    let mut plan = Plan::default();
    for it in source {
        let (name, kind) = it.key();
        let left =
            |reason: &str| Left { name: name.to_owned(), kind: kind.to_owned(), reason: reason.to_owned() };
        let set = match it {
            _ if name != zone && !is_below(name, zone) => {
                plan.skipped.push(left(&format!("it is not in {zone}")));
                continue;
            }
            _ if name == zone && matches!(kind, "NS" | "SOA") => {
                plan.skipped.push(left("each zone has its own"));
                continue;
            }
            _ if matches!(kind, "A" | "AAAA" | "CNAME") && own.contains(name) => {
                plan.skipped.push(left("the stack of its environment makes it"));
                continue;
            }
            Held::Special { what, .. } => {
                plan.skipped.push(left(&format!("{what}: make it by hand")));
                continue;
            }
            Held::Records(set) => set,
        };
        let others = there.get(name).map(Vec::as_slice).unwrap_or_default();
        let same = others.iter().find(|other| other.key().1 == kind);
        let instead = others.iter().find(|other| other.key().1 == "CNAME" || kind == "CNAME");
        match same.or(instead) {
            None => plan.create.push(set.clone()),
            Some(Held::Records(other)) if other.says_the_same(set) => {
                plan.existing.push(left("the same values"));
            }
            Some(Held::Records(other)) => plan.differing.push(left(&format!("the zone has {other}"))),
            Some(Held::Special { kind, what, .. }) => {
                plan.differing.push(left(&format!("the zone has {kind}, {what}")));
            }
        }
    }
    plan
}

impl Plan {
    /// What is made, in requests that Route 53 takes.
    #[must_use]
    pub fn batches(&self) -> Vec<&[RecordSet]> {
        let (mut batches, mut begin, mut records, mut characters) = (Vec::new(), 0, 0, 0);
        for (at, set) in self.create.iter().enumerate() {
            let more = set.values.len();
            let longer = set.values.iter().map(|value| value.chars().count()).sum::<usize>();
            if at > begin && (records + more > MOST_RECORDS || characters + longer > MOST_CHARACTERS) {
                batches.push(&self.create[begin..at]);
                (begin, records, characters) = (at, 0, 0);
            }
            records += more;
            characters += longer;
        }
        if begin < self.create.len() {
            batches.push(&self.create[begin..]);
        }
        batches
    }

    /// For people, one line for each record.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = self.create.iter().map(|set| format!("  copy     {set}")).collect();
        for (word, some) in [("there", &self.existing), ("differs", &self.differing), ("skip", &self.skipped)]
        {
            lines.extend(some.iter().map(|it| format!("  {word:<8} {} {}: {}", it.name, it.kind, it.reason)));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(name: &str, kind: &str, values: &[&str]) -> RecordSet {
        RecordSet {
            name: name.to_owned(),
            kind: kind.to_owned(),
            ttl_secs: 300,
            values: values.iter().map(ToString::to_string).collect(),
        }
    }

    fn held(name: &str, kind: &str, value: &str) -> Held {
        Held::Records(set(name, kind, &[value]))
    }

    #[test]
    fn nothing_is_overwritten_and_nothing_that_belongs_to_somebody_else_is_made() {
        let alias =
            |name: &str| Held::Special { name: name.into(), kind: "A".into(), what: "an alias".into() };
        let source = [
            held("a.test", "NS", "ns.old.example."),
            held("a.test", "SOA", "x"),
            held("a.test", "MX", "10 mail.example."),
            held("a.test", "TXT", "\"one\" \"two\""),
            held("stage.a.test", "A", "192.0.2.1"),
            held("stage.a.test", "TXT", "\"proof\""),
            held("www.a.test", "CNAME", "site.example."),
            held("dev.a.test", "NS", "ns.dev.example."),
            held("api.a.test", "A", "192.0.2.2"),
            held("b.test", "A", "192.0.2.3"),
            alias("old.a.test"),
        ];
        let there = [
            held("a.test", "NS", "ns.new.example."),
            held("a.test", "TXT", "\"onetwo\""),
            held("www.a.test", "A", "192.0.2.4"),
            alias("api.a.test"),
        ];
        let plan = plan(&source, &there, "a.test", &BTreeSet::from(["stage.a.test".to_owned()]));
        assert_eq!(
            plan.lines(),
            [
                "  copy     a.test MX 10 mail.example.",
                "  copy     stage.a.test TXT \"proof\"",
                "  copy     dev.a.test NS ns.dev.example.",
                "  there    a.test TXT: the same values",
                "  differs  www.a.test CNAME: the zone has www.a.test A 192.0.2.4",
                "  differs  api.a.test A: the zone has A, an alias",
                "  skip     a.test NS: each zone has its own",
                "  skip     a.test SOA: each zone has its own",
                "  skip     stage.a.test A: the stack of its environment makes it",
                "  skip     b.test A: it is not in a.test",
                "  skip     old.a.test A: an alias: make it by hand",
            ]
        );
    }

    #[test]
    fn batches_stay_within_the_limits_and_leave_nothing_out() {
        let many = |count: usize, length: usize| Plan {
            create: (0..count).map(|n| set(&format!("n{n}.a.test"), "TXT", &[&"x".repeat(length)])).collect(),
            ..Plan::default()
        };
        for (plan, wanted) in [
            (many(0, 1), vec![]),
            (many(1000, 32), vec![1000]),
            (many(1001, 1), vec![1000, 1]),
            (many(400, 200), vec![160, 160, 80]),
        ] {
            assert_eq!(plan.batches().iter().map(|it| it.len()).collect::<Vec<_>>(), wanted);
            assert_eq!(plan.batches().concat(), plan.create);
        }
    }
}
