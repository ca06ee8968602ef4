//! Whether the platform answers its users, with the right release: requests to the public routes.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use env_config::{Probe, ReleaseSource, Unnamed, VERSION_BODY_LIMIT, release_in};
use rollout_verdict::Cadence;

use crate::clock::Clock;
use crate::history::short_release;
use crate::report::Report;
use crate::target::Front;

/// Longest that one answer may take, with its body.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

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
        /// The one that did.
        found: String,
        /// The one that should.
        wanted: String,
    },
    /// The answer names no release.
    NoRelease(Unnamed),
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
            Self::WrongRelease { found, wanted } => {
                write!(f, "release {} answers, not {}", short_release(found), short_release(wanted))
            }
            Self::NoRelease(unnamed) => unnamed.fmt(f),
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
            Self::NoRelease(_) => "no_release",
        }
    }
}

/// The answer to one request.
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

/// Asks users' questions of one domain.
pub struct Checker {
    client: reqwest::Client,
    domain: String,
    base: String,
}

impl Checker {
    /// A checker of `domain`.
    pub fn new(front: Front, domain: &str) -> Result<Self, HealthError> {
        Self::patient(front, domain, ANSWER_LIMIT)
    }

    /// One that gives a request this long, the body of its answer included.
    fn patient(front: Front, domain: &str, limit: Duration) -> Result<Self, HealthError> {
        // Fails where another part of the process has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(limit)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("deploy-ops/", env!("CARGO_PKG_VERSION")));
        let (client, base) = match front {
            Front::Public => (client.https_only(true), format!("https://{domain}")),
            // No TLS there, so no root certificates: reading those of this machine takes longer than all requests.
            Front::At(address) => (client.no_proxy().tls_certs_only([]), format!("http://{address}")),
        };
        let client = client.build().map_err(HealthError)?;
        Ok(Self { client, domain: domain.to_owned(), base })
    }

    /// Asks once. `release: None` asks for health only.
    pub async fn ask(&self, probe: &Probe, release: Option<&str>) -> Answer {
        let request = self.client.get(format!("{}{}", self.base, probe.path)).header("host", &self.domain);
        let (found, trouble) = match request.send().await {
            Ok(answer) => judge(answer, probe, release).await,
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
        let started = clock.now();
        let mut attempts = 0;
        let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
        loop {
            for (index, probe) in probes.iter().enumerate() {
                if answers.get(&index).is_none_or(|answer| answer.trouble.is_some()) {
                    answers.insert(index, self.ask(probe, release).await);
                }
            }
            attempts += 1;
            let well = answers.values().all(|answer| answer.trouble.is_none());
            let pause = cadence.health_pause(attempts, clock.now().secs_since(started));
            let Some(pause) = pause.filter(|_| !well) else {
                for answer in answers.values() {
                    report.line(line(&self.domain, answer));
                }
                return answers.into_values().collect();
            };
            clock.sleep(Duration::from_secs_f64(pause)).await;
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

/// The release that an answer names, and what is wrong with it.
async fn judge(
    mut answer: reqwest::Response,
    probe: &Probe,
    release: Option<&str>,
) -> (Option<String>, Option<Trouble>) {
    let status = answer.status().as_u16();
    if header(&answer, "server").is_some_and(|server| server.starts_with("awselb")) {
        let trouble = if status == 403 { Trouble::Firewall } else { Trouble::LoadBalancer(status) };
        return (None, Some(trouble));
    }
    if !probe.accepts(status) {
        return (None, Some(Trouble::Application(status)));
    }
    let named = match &probe.release {
        None => return (None, None),
        Some(ReleaseSource::Header(name)) => {
            header(&answer, name).map(str::to_owned).ok_or_else(|| Unnamed::NoHeader(name.clone()))
        }
        Some(ReleaseSource::Body(pointer)) => match body(&mut answer).await {
            Ok(body) => release_in(&body, pointer.as_ref()),
            Err(error) => return (None, Some(connection_trouble(&error))),
        },
    };
    match (named, release) {
        (Ok(found), Some(wanted)) if found != wanted => {
            let trouble = Trouble::WrongRelease { found: found.clone(), wanted: wanted.to_owned() };
            (Some(found), Some(trouble))
        }
        (Ok(found), _) => (Some(found), None),
        (Err(unnamed), Some(_)) => (None, Some(Trouble::NoRelease(unnamed))),
        (Err(_), None) => (None, None),
    }
}

fn header<'a>(answer: &'a reqwest::Response, name: &str) -> Option<&'a str> {
    answer.headers().get(name).and_then(|value| value.to_str().ok())
}

/// The body, as far as it has to be read to see that it is too large.
async fn body(answer: &mut reqwest::Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while body.len() <= VERSION_BODY_LIMIT {
        let Some(chunk) = answer.chunk().await? else { break };
        body.extend_from_slice(&chunk);
    }
    Ok(body)
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
mod tests;
