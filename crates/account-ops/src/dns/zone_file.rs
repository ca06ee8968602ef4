//! Zone files (RFC 1035, section 5), as providers of DNS export them.

use std::collections::BTreeSet;
use std::path::Path;

use deploy_ops::dns::records::{self, RecordSet};
use hickory_proto::rr::Name;
use hickory_proto::serialize::txt::Parser;

/// Longest file that is searched for the line of a mistake; in a longer one the mistake is named without it.
const MOST_LINES: usize = 2000;

/// What a zone file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// Records, by name and type.
    pub sets: Vec<RecordSet>,
    /// `name TYPE` of those whose type is not copied.
    pub unknown: BTreeSet<String>,
}

/// A zone file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ZoneFileError {
    /// As a file.
    #[error("{path}: it cannot be read ({source})")]
    File {
        /// Where it is.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// As a zone.
    #[error("{path}{}: {detail}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Text {
        /// Where it is.
        path: String,
        /// Line on which the entry begins, counted from 1, where it is known.
        line: Option<usize>,
        /// What is wrong.
        detail: String,
    },
}

/// Reads a file. Names without a dot at their end are below `zone`, unless the file has an `$ORIGIN`.
///
/// # Errors
/// A file that cannot be read, or is no zone file.
pub fn read(path: &Path, zone: &str) -> Result<Contents, ZoneFileError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|source| ZoneFileError::File { path: shown.clone(), source })?;
    parse(&text, zone).map_err(|(line, detail)| ZoneFileError::Text { path: shown, line, detail })
}

/// The same of a text.
fn parse(text: &str, zone: &str) -> Result<Contents, (Option<usize>, String)> {
    let origin = Name::from_ascii(format!("{zone}.")).map_err(|error| (None, error.to_string()))?;
    // The parser would read any file of this machine that the text names.
    let include =
        text.lines().position(|line| line.trim_start().to_ascii_uppercase().starts_with("$INCLUDE"));
    if let Some(at) = include {
        return Err((Some(at + 1), "$INCLUDE is not read: put all records into one file".to_owned()));
    }
    let text = &flat(text)?;
    let sets = match Parser::new(text.as_str(), None, Some(origin.clone())).parse() {
        Ok((_, sets)) => sets,
        Err(error) => return Err((line_of(text, &origin), error.to_string())),
    };
    let records = sets.values().flat_map(hickory_proto::rr::RecordSet::records_without_rrsigs);
    let (sets, unknown) = records::sets(records);
    Ok(Contents { sets, unknown })
}

/// Each entry on its first line, without parentheses and comments; the lines that it took away follow it, empty. The parser
/// takes quotes and semicolons within parentheses for something else.
fn flat(text: &str) -> Result<String, (Option<usize>, String)> {
    let (mut flat, mut line, mut open, mut taken) = (String::with_capacity(text.len()), 1, Vec::new(), 0);
    let (mut quoted, mut comment) = (false, false);
    let mut characters = text.chars().filter(|character| *character != '\r');
    while let Some(character) = characters.next() {
        line += usize::from(character == '\n');
        match character {
            '\n' if !open.is_empty() && !quoted => {
                (comment, taken) = (false, taken + 1);
                flat.push(' ');
            }
            '\n' => {
                comment = false;
                (0..=taken).for_each(|_| flat.push('\n'));
                taken = 0;
            }
            _ if comment => {}
            '\\' => {
                flat.push(character);
                flat.extend(characters.next());
            }
            '"' => {
                quoted = !quoted;
                flat.push(character);
            }
            ';' if !quoted => comment = true,
            '(' if !quoted => {
                open.push(line);
                flat.push(' ');
            }
            ')' if !quoted => {
                open.pop();
                flat.push(' ');
            }
            other => flat.push(other),
        }
    }
    match open.pop() {
        Some(line) => Err((Some(line), "a parenthesis is not closed".to_owned())),
        None => Ok(flat),
    }
}

/// The line on which the entry begins that cannot be read: the first after the longest beginning of the text that can.
fn line_of(text: &str, origin: &Name) -> Option<usize> {
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
    if ends.len() > MOST_LINES {
        return None;
    }
    let reads = |end: usize| Parser::new(&text[..end], None, Some(origin.clone())).parse().is_ok();
    let good = ends.iter().rposition(|end| reads(*end));
    Some(good.map_or(1, |index| index + 2))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const FILE: &str = r#"
;; Domain:     example.test.
$TTL 3600
@   IN SOA ns.old.example. person.old.example. ( 1 7200
        3600 1209600 3600 ) ; of the provider
@       NS      ns.old.example.
@       300 IN MX 10 mail
        300 IN MX 20 backup.example.
mail    1   IN  A   192.0.2.25
*.dev.example.test. A 192.0.2.9
@   TXT "v=spf1 include:_spf.example ~all" ; with a comment
k1._domainkey TXT ( "v=DKIM1; p=(AAAA" ; the first half
                    "BBBB" )
_sip._tls SRV 100 1 443 sip.example.
@   CAA 0 issue "letsencrypt.org"
www CNAME example.test.
"#;

    #[test]
    fn what_providers_export_is_read() {
        let contents = parse(FILE, "example.test").unwrap();
        let shown: Vec<String> = contents.sets.iter().map(|set| format!("{} {set}", set.ttl_secs)).collect();
        for wanted in [
            "300 example.test MX 10 mail.example.test., 20 backup.example.",
            "1 mail.example.test A 192.0.2.25",
            "3600 *.dev.example.test A 192.0.2.9",
            "3600 example.test TXT \"v=spf1 include:_spf.example ~all\"",
            "3600 k1._domainkey.example.test TXT \"v=DKIM1; p=(AAAA\" \"BBBB\"",
            "3600 _sip._tls.example.test SRV 100 1 443 sip.example.",
            "3600 example.test CAA 0 issue \"letsencrypt.org\"",
            "3600 www.example.test CNAME example.test.",
            "3600 example.test NS ns.old.example.",
        ] {
            assert!(shown.iter().any(|it| it == wanted), "{wanted}: {shown:#?}");
        }
        assert_eq!(contents.unknown, BTreeSet::from(["example.test SOA".to_owned()]));
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let line = |text: &str| parse(text, "example.test").unwrap_err();
        let (at, detail) = line("$TTL 60\n@ A 192.0.2.1\nwww A 192.0.2.\n@ A 192.0.2.2\n");
        assert_eq!(at, Some(3), "{detail}");
        assert_eq!(line("$TTL 60\n@ TXT ( \"a\"\n \"b\" )\nx NONSENSE y\n").0, Some(4));
        assert_eq!(line("@ A 192.0.2.1\n").0, Some(1));
        assert_eq!(line("$TTL 60\n@ TXT ( \"a)\"\n\"b\"\n").0, Some(2));
        let (at, detail) = line("$TTL 60\n $include /etc/passwd\n");
        assert_eq!(at, Some(2));
        assert!(detail.contains("put all records into one file"), "{detail}");
    }
}
