//! Whether the platform answers its users, with the right release: requests to the public routes.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use env_config::{Platform, Service, ServiceName};
use rollout_verdict::Cadence;

use crate::clock::Clock;
use crate::history::short_release;
use crate::report::Report;
use crate::target::Front;

/// One request to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Service that should answer.
    pub service: String,
    /// Public path.
    pub path: String,
    /// Status that it should answer with; `None` where any answer of the program will do.
    pub status: Option<u16>,
}

/// What is wrong with an answer, told apart by who is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The name does not resolve.
    Dns(String),
    /// No secure connection.
    Tls(String),
    /// No connection, or no answer in time.
    Connection(String),
    /// The firewall blocked the request.
    Firewall,
    /// The load balancer had nobody to ask, or no rule.
    LoadBalancer(u16),
    /// The program answered with another status.
    Application(u16),
    /// Another release answered.
    WrongRelease {
        /// The one that did; `None` where the answer names none.
        found: Option<String>,
        /// The one that should.
        wanted: String,
    },
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(detail) => write!(f, "the name does not resolve ({detail})"),
            Self::Tls(detail) => write!(f, "no secure connection ({detail})"),
            Self::Connection(detail) => write!(f, "no answer ({detail})"),
            Self::Firewall => f.write_str("the firewall blocks the request (403)"),
            Self::LoadBalancer(status) => {
                write!(f, "the load balancer answers {status}: no healthy target or no rule")
            }
            Self::Application(status) => write!(f, "the program answers {status}"),
            Self::WrongRelease { found: Some(found), wanted } => {
                write!(f, "release {} answers, not {}", short_release(found), short_release(wanted))
            }
            Self::WrongRelease { found: None, .. } => f.write_str(
                "the answer names no release (the header of release_header in infra/platform.toml is missing)",
            ),
        }
    }
}

impl Trouble {
    /// Stable machine-readable name.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Dns(_) => "dns",
            Self::Tls(_) => "tls",
            Self::Connection(_) => "connection",
            Self::Firewall => "firewall",
            Self::LoadBalancer(_) => "load_balancer",
            Self::Application(_) => "application",
            Self::WrongRelease { .. } => "wrong_release",
        }
    }
}

/// One service's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What was asked.
    pub probe: Probe,
    /// Release that answered, where one was named.
    pub release: Option<String>,
    /// What is wrong, if anything is.
    pub trouble: Option<Trouble>,
}

/// The client could not be made.
#[derive(Debug, thiserror::Error)]
#[error("failed to prepare the health check")]
pub struct HealthError(#[source] reqwest::Error);

/// The requests that show a platform's public face, one per public service, in configuration order.
#[must_use]
pub fn probes(platform: &Platform) -> Vec<Probe> {
    let public = platform.services.iter().filter(|(_, service)| service.is_public());
    public.map(|(name, service)| probe(platform, name, service)).collect()
}

/// The health-check path where the public routes lead it to the service; otherwise a path that they do,
/// where any answer of the program proves which release is there.
fn probe(platform: &Platform, name: &ServiceName, service: &Service) -> Probe {
    if let Some(check) = platform.target_health_check(service)
        && routed_to(platform, &check.path) == Some(name)
    {
        return Probe { service: name.to_string(), path: check.path, status: Some(check.status) };
    }
    let patterns = service.routes.iter().flat_map(|route| &route.paths);
    let paths = patterns.map(|pattern| pattern.as_str().replace('*', "").replace('?', "-"));
    let path = paths.into_iter().find(|path| routed_to(platform, path) == Some(name));
    Probe { service: name.to_string(), path: path.unwrap_or_else(|| "/".to_owned()), status: None }
}

/// The service that the listener rules send a path to.
fn routed_to<'a>(platform: &'a Platform, path: &str) -> Option<&'a ServiceName> {
    let matching = |route: &&(&ServiceName, &env_config::Route)| {
        route.1.paths.iter().any(|pattern| matches_pattern(pattern.as_str().as_bytes(), path.as_bytes()))
    };
    platform.routes().iter().find(matching).map(|(name, _)| *name)
}

/// `*` matches any characters, `?` exactly one (ALB: path conditions).
pub(crate) fn matches_pattern(pattern: &[u8], path: &[u8]) -> bool {
    match (pattern.first(), path.first()) {
        (None, None) => true,
        (Some(b'*'), _) => {
            matches_pattern(&pattern[1..], path) || (!path.is_empty() && matches_pattern(pattern, &path[1..]))
        }
        (Some(b'?'), Some(_)) => matches_pattern(&pattern[1..], &path[1..]),
        (Some(expected), Some(found)) if expected == found => matches_pattern(&pattern[1..], &path[1..]),
        _ => false,
    }
}

/// Asks users' questions of one domain.
pub struct Checker {
    client: reqwest::Client,
    domain: String,
    header: String,
    base: String,
}

impl Checker {
    /// A checker of `domain`, whose services name their release in the response header `header`.
    pub fn new(front: Front, domain: &str, header: &str) -> Result<Self, HealthError> {
        // Fails where another part of the process has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(15))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("deploy-ops/", env!("CARGO_PKG_VERSION")));
        let (client, base) = match front {
            Front::Public => (client.https_only(true), format!("https://{domain}")),
            // No TLS there, so no root certificates: reading those of this machine takes longer than all requests.
            Front::At(address) => (client.no_proxy().tls_certs_only([]), format!("http://{address}")),
        };
        let client = client.build().map_err(HealthError)?;
        Ok(Self { client, domain: domain.to_owned(), header: header.to_owned(), base })
    }

    /// Asks once.
    pub async fn ask(&self, probe: &Probe, release: Option<&str>) -> Answer {
        let request = self.client.get(format!("{}{}", self.base, probe.path)).header("host", &self.domain);
        let (found, trouble) = match request.send().await {
            Ok(answer) => {
                let header = |name: &str| {
                    answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
                };
                let found = header(&self.header);
                let of_balancer = header("server").is_some_and(|server| server.starts_with("awselb"));
                (found.clone(), judge(answer.status().as_u16(), of_balancer, found, probe.status, release))
            }
            Err(error) => (None, Some(connection_trouble(&error))),
        };
        Answer { probe: probe.clone(), release: found, trouble }
    }

    /// Asks until every probe is answered well, or it has lasted too long.
    pub async fn check(
        &self,
        clock: &dyn Clock,
        report: &Report,
        probes: &[Probe],
        release: Option<&str>,
    ) -> Vec<Answer> {
        let cadence = Cadence::default();
        let (pause, limit) = (cadence.health_poll_secs, f64::from(cadence.health_limit_secs));
        let started = clock.now();
        let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
        loop {
            for (index, probe) in probes.iter().enumerate() {
                if answers.get(&index).is_none_or(|answer| answer.trouble.is_some()) {
                    answers.insert(index, self.ask(probe, release).await);
                }
            }
            let well = answers.values().all(|answer| answer.trouble.is_none());
            if well || clock.now().secs_since(started) >= limit {
                for answer in answers.values() {
                    report.line(line(&self.domain, answer));
                }
                return answers.into_values().collect();
            }
            clock.sleep(Duration::from_secs(u64::from(pause))).await;
        }
    }
}

fn line(domain: &str, answer: &Answer) -> String {
    let Probe { service, path, .. } = &answer.probe;
    match (&answer.trouble, &answer.release) {
        (Some(trouble), _) => format!("{service}: https://{domain}{path}: {trouble}"),
        (None, Some(release)) => format!("{service}: https://{domain}{path}: healthy, release {release}"),
        (None, None) => format!("{service}: https://{domain}{path}: healthy"),
    }
}

/// `release: None` asks for health only.
fn judge(
    status: u16,
    of_balancer: bool,
    found: Option<String>,
    wanted_status: Option<u16>,
    release: Option<&str>,
) -> Option<Trouble> {
    match (status, of_balancer) {
        (403, true) => return Some(Trouble::Firewall),
        (_, true) => return Some(Trouble::LoadBalancer(status)),
        _ => {}
    }
    let good = wanted_status.map_or(status < 500, |wanted| status == wanted);
    if !good {
        return Some(Trouble::Application(status));
    }
    match release {
        Some(release) if found.as_deref() != Some(release) => {
            Some(Trouble::WrongRelease { found, wanted: release.to_owned() })
        }
        _ => None,
    }
}

fn connection_trouble(error: &reqwest::Error) -> Trouble {
    let mut detail = String::new();
    let mut source: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(inner) = source {
        detail = inner.to_string();
        let text = detail.to_lowercase();
        if text.contains("dns error") || text.contains("failed to lookup") {
            return Trouble::Dns(detail);
        }
        if is_of_tls(inner) || text.contains("certificate") || text.contains("handshake") {
            return Trouble::Tls(detail);
        }
        source = inner.source();
    }
    if error.is_timeout() { Trouble::Connection("timed out".to_owned()) } else { Trouble::Connection(detail) }
}

/// Whether the TLS library itself complains; what reads through it wraps its errors, more than once.
fn is_of_tls(error: &(dyn Error + 'static)) -> bool {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || wrapped.is_some_and(|inner| is_of_tls(inner))
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// What is said of a place that users would reach by DNS and HTTPS.
    async fn trouble_at(domain: &str) -> Trouble {
        let checker = Checker::new(Front::Public, domain, "x-release").expect("a checker");
        let probe = Probe { service: "api".to_owned(), path: "/".to_owned(), status: Some(200) };
        checker.ask(&probe, None).await.trouble.expect("nobody answers well there")
    }

    #[tokio::test]
    async fn a_name_that_does_not_resolve_is_dns() {
        // Reserved, so that it never resolves (RFC 2606).
        let trouble = trouble_at("nobody.invalid").await;
        assert!(matches!(trouble, Trouble::Dns(_)), "{trouble:?}");
    }

    #[tokio::test]
    async fn a_port_where_nobody_listens_is_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        drop(listener);
        let trouble = trouble_at(&address.to_string()).await;
        assert!(matches!(trouble, Trouble::Connection(_)), "{trouble:?}");
    }

    #[tokio::test]
    async fn a_program_that_speaks_no_tls_is_tls() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a client");
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        });
        let trouble = trouble_at(&address.to_string()).await;
        assert!(matches!(trouble, Trouble::Tls(_)), "{trouble:?}");
        server.join().expect("the server ends");
    }

    #[test]
    fn patterns_match_as_on_the_load_balancer() {
        let matches = |pattern: &str, path: &str| matches_pattern(pattern.as_bytes(), path.as_bytes());
        assert!(matches("/api/*", "/api/health"));
        assert!(matches("/*", "/"));
        assert!(!matches("/mcp", "/mcp/health"));
        assert!(matches("/v?/x", "/v1/x"));
        assert!(!matches("/v?/x", "/v/x"));
    }

    #[test]
    fn answers_are_blamed_on_who_gave_them() {
        let ok = |found: &str| judge(200, false, Some(found.to_owned()), Some(200), Some("v1"));
        assert_eq!(ok("v1"), None);
        let wrong = Trouble::WrongRelease { found: Some("v0".into()), wanted: "v1".into() };
        assert_eq!(wrong.to_string(), "release v0 answers, not v1");
        assert_eq!(ok("v0"), Some(wrong));
        assert_eq!(judge(503, true, None, Some(200), None), Some(Trouble::LoadBalancer(503)));
        assert_eq!(judge(403, true, None, Some(200), None), Some(Trouble::Firewall));
        assert_eq!(judge(500, false, None, None, None), Some(Trouble::Application(500)));
        assert_eq!(judge(404, false, Some("v1".into()), None, Some("v1")), None);
    }
}
