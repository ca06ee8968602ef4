//! Approximations of what AWS' managed rules take for an attack.
//!
//! AWS publishes a description and a few examples for each rule and keeps the patterns to itself. The checks here match
//! those examples and their plain variants, and err on the side of matching: a document save that passes them is likely to
//! pass the real rules, while a request that passes is no proof that AWS would let it pass.

/// What a rule looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Check {
    /// The part is not there.
    Missing,
    /// User agents of scanners (documented: nessus, nmap).
    BadBot,
    /// More bytes than this.
    LongerThan(usize),
    /// Addresses of the EC2 instance metadata service.
    InstanceMetadata,
    /// Path traversal (documented: `../../`).
    LocalFile,
    /// URLs with an IPv4 address as host (documented: http, https, ftp, ftps, file).
    RemoteFile,
    /// HTML that runs scripts.
    Script,
    /// File names that servers must not hand out (documented: `.log`, `.ini`).
    RestrictedExtension,
    /// Java deserialisation (documented: `(java.lang.Runtime).getRuntime().exec("whoami")`).
    JavaDeserialization,
    /// `localhost` as host.
    Localhost,
    /// The method PROPFIND.
    Propfind,
    /// Paths of administration (documented: `web-inf`).
    ExploitablePath,
    /// Log4j lookups (documented: `${jndi:ldap://example.com/}`).
    Log4J,
    /// React server components (CVE-2025-55182).
    ReactFlight,
    /// SQL injection, as the built-in statement of WAF finds it at low sensitivity.
    Sql,
    /// Further patterns of SQL injection.
    SqlExtended,
}

impl Check {
    /// Whether the rule matches the texts of the inspected part; `None` when the request has no such part.
    pub(crate) fn matches(self, texts: Option<&[String]>) -> bool {
        let Some(texts) = texts else { return self == Self::Missing };
        if let Self::LongerThan(limit) = self {
            return texts.iter().any(|text| text.len() > limit);
        }
        texts.iter().any(|text| self.finds(&text.to_lowercase()) || self.finds(&decode(text).to_lowercase()))
    }

    /// Whether the check finds its pattern in text of lower case.
    fn finds(self, text: &str) -> bool {
        let any = |needles: &[&str]| needles.iter().any(|needle| text.contains(needle));
        match self {
            Self::Missing | Self::LongerThan(_) => false,
            Self::BadBot => any(&["nessus", "nmap", "sqlmap", "nikto"]),
            Self::InstanceMetadata => any(&["169.254.169.254", "fd00:ec2::254"]),
            Self::LocalFile => any(&["../../", "..\\..\\", "/etc/passwd"]),
            Self::RemoteFile => remote_file(text),
            Self::Script => {
                any(&["<script", "javascript:", "<iframe", "<object", "<embed", "<svg", "srcdoc="])
                    || event_handler(text)
            }
            Self::RestrictedExtension => {
                [".log", ".ini", ".bak", ".conf", ".cfg"].iter().any(|end| text.ends_with(end))
            }
            Self::JavaDeserialization => {
                any(&["java.lang.runtime", "getruntime().exec", "java.lang.processbuilder"])
            }
            Self::Localhost => text == "localhost" || text.starts_with("localhost:"),
            Self::Propfind => text == "propfind",
            Self::ExploitablePath => any(&["web-inf", "/.git/", "/.env"]),
            Self::Log4J => {
                text.contains("${") && any(&["${jndi:", "jndi:ldap", "${lower:j", "${::-j", "${env:"])
            }
            Self::ReactFlight => text.contains("__proto__") && any(&["resolved_model", "$1:"]),
            Self::Sql => sql(text),
            Self::SqlExtended => {
                any(&["waitfor delay", "pg_sleep(", "benchmark(", "xp_cmdshell", "information_schema"])
            }
        }
    }
}

/// Percent-decodes, and reads the `\u003c` of JSON as `<`; what is not valid stays as it is.
pub(crate) fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while index < bytes.len() {
        let hex = |from: usize, to: usize| {
            text.get(from..to).and_then(|digits| u8::from_str_radix(digits, 16).ok())
        };
        if bytes[index] == b'%'
            && let Some(byte) = hex(index + 1, index + 3)
        {
            out.push(byte);
            index += 3;
        } else if text.get(index..index + 4) == Some("\\u00")
            && let Some(byte) = hex(index + 4, index + 6)
        {
            out.push(byte);
            index += 6;
        } else {
            out.push(bytes[index]);
            index += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A URL whose host is an IPv4 address.
fn remote_file(text: &str) -> bool {
    ["http://", "https://", "ftp://", "ftps://", "file://"].iter().any(|scheme| {
        text.match_indices(scheme).any(|(at, _)| {
            let host: String =
                text[at + scheme.len()..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            host.parse::<std::net::Ipv4Addr>().is_ok()
        })
    })
}

/// ` onerror=` and its like inside a tag.
fn event_handler(text: &str) -> bool {
    text.match_indices('<').any(|(at, _)| {
        let tag = text[at..].split('>').next().unwrap_or_default();
        tag[1..].starts_with(|c: char| c.is_ascii_alphabetic())
            && [" onerror=", " onload=", " onclick=", " onmouseover=", " onfocus="]
                .iter()
                .any(|on| tag.contains(on))
    })
}

/// Statements, and conditions that are always true behind a quote.
fn sql(text: &str) -> bool {
    let words: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let follows = |first: &str, second: &str| {
        words.find(first).is_some_and(|at| words[at + first.len()..].contains(second))
    };
    let tautology =
        ["or 1=1", "or '1'='1", "or \"1\"=\"1", "or true--", "and 1=1"].iter().any(|one| words.contains(one));
    tautology
        || follows("union ", "select ")
        || follows("select ", " from ")
        || follows("insert into ", "values")
        || follows("delete from ", "where")
        || words.contains("drop table ")
        || words.contains("';--")
        || words.contains("' --")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(check: Check, text: &str) -> bool {
        check.matches(Some(&[text.to_owned()]))
    }

    #[test]
    fn the_documented_examples_match() {
        let examples = [
            (Check::BadBot, "Mozilla/5.0 (Nmap Scripting Engine)"),
            (Check::InstanceMetadata, "http://169.254.169.254/latest/meta-data/"),
            (Check::LocalFile, "../../secrets"),
            (Check::LocalFile, "..%2f..%2fsecrets"),
            (Check::RemoteFile, "https://192.0.2.1/shell.txt"),
            (Check::Script, "<SCRIPT>alert(\"hello\")</SCRIPT>"),
            (Check::Script, "\\u003cscript\\u003e"),
            (Check::Script, "<img src=x onerror=alert(1)>"),
            (Check::RestrictedExtension, "/server.log"),
            (Check::JavaDeserialization, "(java.lang.Runtime).getRuntime().exec(\"whoami\")"),
            (Check::Localhost, "localhost:8080"),
            (Check::Propfind, "PROPFIND"),
            (Check::ExploitablePath, "/WEB-INF/web.xml"),
            (Check::Log4J, "${jndi:ldap://example.com/}"),
            (Check::Log4J, "${${lower:j}ndi:ldap://example.com/}"),
            (Check::Sql, "x' OR '1'='1"),
            (Check::Sql, "1 UNION  SELECT password FROM users"),
            (Check::SqlExtended, "1; SELECT pg_sleep(10)"),
        ];
        for (check, text) in examples {
            assert!(matches(check, text), "{check:?} does not match {text}");
        }
    }

    #[test]
    fn ordinary_text_does_not_match() {
        let ordinary = [
            (Check::BadBot, "Mozilla/5.0 (X11; Linux x86_64)"),
            (Check::LocalFile, "see ../README.md"),
            (Check::RemoteFile, "https://example.com/1.2.3.4"),
            (Check::RemoteFile, "http://1.2.3/"),
            (Check::Script, "a < b and c > d"),
            (Check::RestrictedExtension, "/blog"),
            (Check::Localhost, "localhost.example.com"),
            (Check::Log4J, "costs ${amount}"),
            (Check::Sql, "select one of the options"),
            (Check::Sql, "the union of two sets"),
        ];
        for (check, text) in ordinary {
            assert!(!matches(check, text), "{check:?} matches {text}");
        }
    }

    #[test]
    fn a_missing_part_matches_only_the_check_for_it() {
        assert!(Check::Missing.matches(None));
        assert!(!Check::Missing.matches(Some(&["curl".to_owned()])));
        assert!(!Check::BadBot.matches(None));
    }

    #[test]
    fn sizes_are_in_bytes_and_exclusive() {
        assert!(!matches(Check::LongerThan(4), "abcd"));
        assert!(matches(Check::LongerThan(4), "abcé"));
    }

    #[test]
    fn decoding_leaves_what_it_cannot_read() {
        assert_eq!(decode("100% %zz %e4 a%20b é"), "100% %zz \u{fffd} a b é");
    }
}
