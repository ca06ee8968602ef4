//! From what the account may have, what others use of it and what the environments need, to findings. Nothing is asked here.

use deploy_ops::doctor::Finding;
use stack_model::peaks::{Peak, Quota, Sharing, together};

use super::{CHECK, Place};

/// What is known of a quota. A text says why something is not.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Which.
    pub quota: &'static Quota,
    /// How much the account may have.
    pub limit: Result<f64, String>,
    /// How much is in use by what belongs to no environment of the configuration.
    pub others: Result<f64, String>,
}

/// What an environment needs.
#[derive(Debug, Clone)]
pub struct Demand {
    /// Its name.
    pub environment: String,
    /// Whether its stack is there.
    pub exists: bool,
    /// Whether it is made or deployed next.
    pub next: bool,
    /// Its peaks.
    pub peaks: Vec<Peak>,
}

impl Demand {
    /// Its peak of one quota.
    #[must_use]
    pub fn peak(&self, quota: &Quota) -> Option<&Peak> {
        self.peaks.iter().find(|peak| peak.quota.quota_code == quota.quota_code)
    }
}

/// How a quota holds.
enum Holds {
    /// Everything at its peak at once: how much that is.
    All(f64),
    /// What is there and what comes next does not fit.
    NotNow(f64),
    /// Not once all environments are there.
    NotAll(f64),
}

/// One finding for each quota that is too small or not known, and one for all that hold.
#[must_use]
pub fn compare(standings: &[Standing], demands: &[Demand], place: Place<'_>) -> Vec<Finding> {
    let (mut findings, mut held) = (Vec::new(), Vec::new());
    for standing in standings {
        let quota = standing.quota;
        let limit = match &standing.limit {
            Ok(limit) => *limit,
            Err(why) => {
                findings.push(Finding::skipped(CHECK, format!("{}: not asked: {why}", quota.name)));
                continue;
            }
        };
        let others = standing.others.as_ref().copied().unwrap_or(0.0);
        match holds(quota, limit, others, demands) {
            Holds::All(_) if standing.others.is_err() => {
                let why = standing.others.as_ref().err().map_or("", String::as_str);
                let detail = format!("{}: what others use of it was not asked: {why}", quota.name);
                findings.push(Finding::skipped(CHECK, detail));
            }
            Holds::All(needed) => held.push(format!("{} {needed} of {limit}", quota.name)),
            Holds::NotNow(needed) => {
                let detail =
                    short(standing, limit, others, demands, "the environments that are there or next");
                findings.push(Finding::fail(CHECK, detail, increase(quota, needed, place)));
            }
            Holds::NotAll(needed) => {
                let detail = short(standing, limit, others, demands, "all environments");
                findings.push(Finding::warn(CHECK, detail, increase(quota, needed, place)));
            }
        }
    }
    if !held.is_empty() {
        let detail = format!("hold all environments at their peaks: {}", held.join(", "));
        findings.insert(0, Finding::ok(CHECK, detail));
    }
    findings
}

fn holds(quota: &'static Quota, limit: f64, others: f64, demands: &[Demand]) -> Holds {
    let peaks = |now: bool| {
        let counted = demands.iter().filter(move |it| !now || it.exists || it.next);
        together(quota, counted.filter_map(|it| it.peak(quota))).amount()
    };
    let (now, all) = (peaks(true), peaks(false) + others);
    // Nobody tells in which zone the gateways of others are: only what is certain fails.
    let certain = if quota.sharing == Sharing::Zone { now } else { now + others };
    if certain > limit {
        Holds::NotNow(all)
    } else if all > limit {
        Holds::NotAll(all)
    } else {
        Holds::All(all)
    }
}

/// `Fargate On-Demand vCPU resource count: 8.5 for all environments (production 6.5, staging 2), others use 0; the account has 6`
fn short(standing: &Standing, limit: f64, others: f64, demands: &[Demand], whom: &str) -> String {
    let quota = standing.quota;
    let peaks = demands.iter().filter_map(|it| Some((it, it.peak(quota)?)));
    let each: Vec<String> = peaks
        .map(|(demand, peak)| {
            let parts: Vec<String> =
                peak.parts.iter().map(|(part, amount)| format!("{part} {amount}")).collect();
            let parts =
                if quota.resource_type.is_none() { format!(": {}", parts.join(", ")) } else { String::new() };
            format!("{} {}{parts}", demand.environment, peak.amount())
        })
        .collect();
    let others = match (&standing.others, quota.sharing) {
        (_, Sharing::Resource) => String::new(),
        (Err(why), _) => format!("; what others use was not asked: {why}"),
        (Ok(_), Sharing::Zone) => format!("; others use {others}, at worst in one zone"),
        (Ok(_), Sharing::Region) => format!("; others use {others}"),
    };
    format!(
        "{} is too small for {whom} at their peaks: the account has {limit} ({}{others}); decided by {}",
        quota.name,
        each.join("; "),
        quota.key
    )
}

/// The request for as much as all environments need.
fn increase(quota: &Quota, needed: f64, place: Place<'_>) -> String {
    // The local account answers other programs while `cargo xtask local serve` runs.
    let endpoint = if place.local {
        " --endpoint-url http://localhost:4566 (while `cargo xtask local serve` runs)"
    } else {
        ""
    };
    format!(
        "aws service-quotas request-service-quota-increase --service-code {} --quota-code {} --desired-value {} --region {}{endpoint}",
        quota.service_code,
        quota.quota_code,
        needed.ceil(),
        place.region
    )
}
