//! The control endpoints under `/_local/`: what is no part of AWS. JSON in, JSON out.
//!
//! | request | body | does |
//! |---|---|---|
//! | `GET status` | | account, region, time, clock, faults |
//! | `POST clock` | `{"advance_secs": 30}` | sets the clock forward |
//! | `POST faults` | `{"fault": "crash-on-start:api", "after_secs": 0}` | breaks something |
//! | `DELETE faults` | `{"fault": …}` or nothing | mends it, or everything |
//! | `POST images` | [`PushImage`] | pushes a made-up image; answers `{"digest": …}` |
//! | `POST subscriptions` | `{"confirm": "EMAIL"}` | follows the links in the mails of SNS to an address |
//! | `POST quotas` | [`SetQuota`](crate::SetQuota) | gives a service quota another value |
//! | `POST reset` | | an empty account |
//!
//! The others answer with the status. They need no credentials: the server listens on the loopback interface.

use std::time::Duration;

use hyper::Method;
use rollout_sim::fault::Fault;
use rollout_sim::{ApiError, ecs};
use serde::{Deserialize, Serialize};

use crate::account::Account;
use crate::clock::ClockMode;
use crate::command::SetQuota;
use crate::protocol::Answer;
use crate::server::chain;
use crate::state::StateError;

/// What a control endpoint answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Twelve digits.
    pub account: String,
    /// Region name.
    pub region: String,
    /// Virtual time, RFC 3339 in UTC.
    pub now: String,
    /// The same in seconds since the Unix epoch.
    pub now_epoch_secs: f64,
    /// Virtual seconds per second of wall time; `None` stands still until advanced.
    pub speed: Option<f64>,
    /// Active and coming faults, as on the command line.
    pub faults: Vec<String>,
}

impl Status {
    pub(crate) fn of(account: &Account) -> Self {
        let world = account.world();
        Self {
            account: world.account.clone(),
            region: world.region.clone(),
            now: world.now().to_rfc3339(),
            now_epoch_secs: world.now().as_epoch_secs(),
            speed: match account.clock_mode() {
                ClockMode::Manual => None,
                ClockMode::Speed(speed) => Some(speed),
            },
            faults: world.faults.iter().map(|active| active.fault.to_string()).collect(),
        }
    }
}

/// Longest time that one request may ask for: everything that happens in it is computed before the answer.
const MAX_STEP: Duration = Duration::from_secs(366 * 86_400);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceClock {
    advance_secs: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AddFault {
    fault: String,
    #[serde(default)]
    after_secs: f64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoveFault {
    fault: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscriptions {
    confirm: String,
}

/// Why something was not done to the account.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The simulated service refuses it.
    #[error(transparent)]
    Refused(#[from] ApiError),
    /// The account cannot be written to disk.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Why a control request was not done.
enum Problem {
    Request(String),
    NoSuchEndpoint,
    Control(ControlError),
}

impl<E: Into<ControlError>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Control(error.into())
    }
}

/// Answers a control request.
pub(crate) fn answer(account: &mut Account, method: &Method, endpoint: &str, body: &[u8]) -> Answer {
    match run(account, method, endpoint, body) {
        Ok(answer) => answer,
        Err(Problem::Request(detail)) => problem(400, &detail),
        Err(Problem::NoSuchEndpoint) => {
            problem(404, &format!("no control endpoint {method} /_local/{endpoint}"))
        }
        Err(Problem::Control(ControlError::Refused(error))) => problem(error.status, &error.to_string()),
        Err(Problem::Control(error)) => problem(500, &chain(&error)),
    }
}

/// Answers the state of the account, unless the endpoint has something else to say.
fn run(account: &mut Account, method: &Method, endpoint: &str, body: &[u8]) -> Result<Answer, Problem> {
    match (method.as_str(), endpoint) {
        ("GET", "status" | "clock" | "faults") => account.tick()?,
        ("GET", "events") => {
            account.tick()?;
            return Ok(json(200, &ecs::deployment_state_changes(account.world())));
        }
        ("POST", "clock") => {
            let request: AdvanceClock = read(body)?;
            account.advance_by(duration(request.advance_secs)?)?;
        }
        ("POST", "faults") => {
            let request: AddFault = read(body)?;
            account.add_fault(fault(&request.fault)?, duration(request.after_secs)?)?;
        }
        ("DELETE", "faults") => {
            let request: RemoveFault = if body.is_empty() { RemoveFault::default() } else { read(body)? };
            account.remove_fault(request.fault.as_deref().map(fault).transpose()?)?;
        }
        ("POST", "subscriptions") => {
            let request: Subscriptions = read(body)?;
            if account.confirm_subscriptions(&request.confirm)? == 0 {
                let detail = format!("no subscription of {} waits for its confirmation", request.confirm);
                return Err(Problem::Request(detail));
            }
        }
        ("POST", "registries") => account.set_custom_health(read(body)?)?,
        ("POST", "images") => {
            let digest = account.push_image(read(body)?)?;
            return Ok(json(200, &serde_json::json!({ "digest": digest })));
        }
        ("POST", "quotas") => {
            let request: SetQuota = read(body)?;
            let code = request.quota_code.clone();
            if !account.set_quota(request)? {
                return Err(Problem::Request(format!("no modelled quota has the code {code}")));
            }
        }
        ("POST", "reset") => account.reset()?,
        _ => return Err(Problem::NoSuchEndpoint),
    }
    Ok(json(200, &Status::of(account)))
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| Problem::Request(error.to_string()))
}

fn fault(text: &str) -> Result<Fault, Problem> {
    text.parse().map_err(|error: rollout_sim::fault::UnknownFault| Problem::Request(error.to_string()))
}

fn duration(secs: f64) -> Result<Duration, Problem> {
    match Duration::try_from_secs_f64(secs) {
        Ok(duration) if duration <= MAX_STEP => Ok(duration),
        Ok(_) => Err(Problem::Request(format!("{secs} seconds: at most {} (a year)", MAX_STEP.as_secs()))),
        Err(error) => Err(Problem::Request(format!("{secs} seconds: {error}"))),
    }
}

/// An error in the form of the control endpoints.
pub(crate) fn problem(status: u16, detail: &str) -> Answer {
    json(status, &serde_json::json!({ "error": detail }))
}

fn json<T: Serialize>(status: u16, value: &T) -> Answer {
    let body = serde_json::to_vec(value).unwrap_or_default();
    Answer { status, headers: vec![("content-type".to_owned(), "application/json".to_owned())], body }
}
