//! The quotas of the account, compared with what the environments need at their peaks.
//!
//! A quota that is too small is found by AWS in the middle of a creation, or of a rollout. An increase takes AWS up to days.

mod compare;
mod usage;

use std::time::Duration;

use deploy_ops::call::{CallError, CallErrorKind, Called as _};
use deploy_ops::doctor::Finding;
use deploy_ops::stack;
use deploy_ops::target::Target;
use env_config::{Config, Environment};
use stack_model::peaks::{self, Peak, QUOTAS, Quota, Sharing};

pub use compare::{Demand, Standing, compare};
use usage::Usage;

/// Check of the findings.
const CHECK: &str = "quotas";
/// For all of it: some thirty calls.
const LIMIT: Duration = Duration::from_secs(60);

/// Compares them. `subject` is the environment that is to be made or deployed next.
///
/// Only reads. What cannot be read, or not in time, is a finding of its own.
pub async fn look(config: &Config, subject: Option<&Environment>, target: &Target) -> Vec<Finding> {
    let found = tokio::time::timeout(LIMIT, read(config, subject, target)).await;
    found.unwrap_or_else(|_| {
        vec![Finding::skipped(CHECK, format!("not asked: no answer in {} s", LIMIT.as_secs()))]
    })
}

async fn read(config: &Config, subject: Option<&Environment>, target: &Target) -> Vec<Finding> {
    let demands = match demands(config, subject, target).await {
        Ok(demands) => demands,
        Err(finding) => return vec![finding],
    };
    let usage = Usage::read(config, target, &demands).await;
    let client = deploy_ops::client!(&target.aws, aws_sdk_servicequotas);
    let mut standings = Vec::new();
    for quota in QUOTAS.iter().filter(|quota| demands.iter().any(|it| it.peak(quota).is_some())) {
        let limit = limit(&client, quota).await.map_err(|error| error.to_string());
        let others = match quota.sharing {
            Sharing::Resource => Ok(0.0),
            Sharing::Region | Sharing::Zone => usage.others(quota),
        };
        standings.push(Standing { quota, limit, others });
    }
    let place = Place { region: config.platform.region.as_str(), local: !target.flag().is_empty() };
    compare(&standings, &demands, place)
}

/// Where an increase is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Region name.
    pub region: &'a str,
    /// Whether the account is a local one.
    pub local: bool,
}

/// What each environment needs, and whether it is there already or next.
async fn demands(
    config: &Config,
    subject: Option<&Environment>,
    target: &Target,
) -> Result<Vec<Demand>, Finding> {
    let mut demands = Vec::new();
    for environment in config.environments.values() {
        let document = stack_model::environment(config, environment)
            .map_err(|error| Finding::fail(CHECK, error.to_string(), "cargo xtask check"))?;
        let peaks: Vec<Peak> = peaks::peaks(&document);
        let exists = match stack::describe(&target.aws, environment.stack_name.as_str()).await {
            Ok(found) => found.is_some(),
            // Without it the environment counts as one that is still to come.
            Err(error) if error.kind == CallErrorKind::Denied => false,
            Err(error) => return Err(Finding::skipped(CHECK, format!("not asked: {error}"))),
        };
        let next = subject.is_some_and(|subject| subject.name == environment.name);
        demands.push(Demand { environment: environment.name.to_string(), exists, next, peaks });
    }
    Ok(demands)
}

/// What the account has of a quota: the applied value, or AWS's default where nothing was ever applied.
async fn limit(client: &aws_sdk_servicequotas::Client, quota: &Quota) -> Result<f64, CallError> {
    let (service, code) = (quota.service_code, quota.quota_code);
    let applied = client.get_service_quota().service_code(service).quota_code(code).send().await;
    let found = match applied.called("servicequotas:GetServiceQuota") {
        Ok(answer) => answer.quota,
        Err(error) if error.is("NoSuchResourceException") => {
            let default = client.get_aws_default_service_quota().service_code(service).quota_code(code);
            default.send().await.called("servicequotas:GetAWSDefaultServiceQuota")?.quota
        }
        Err(error) => return Err(error),
    };
    found.and_then(|quota| quota.value).ok_or_else(|| CallError {
        operation: "servicequotas:GetServiceQuota",
        kind: CallErrorKind::Fault,
        code: String::new(),
        message: "the answer has no value".to_owned(),
    })
}
