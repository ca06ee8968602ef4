//! The account and the environment, as seen from this machine.

use std::path::Path;
use std::time::Duration;

use env_config::{Config, Environment, EnvironmentName, SharedNames};
use ops_cli::{Place, TargetArgs};

use super::Finding;
use crate::alarm_subscription::{Standing, Subscription};
use crate::clock::{self, Clock as _, WallClock};
use crate::delegation::{self, Found};
use crate::failure::Failure;
use crate::health::Checker;
use crate::stack;
use crate::target::{Front, Target, TargetError};

/// For credentials and for AWS: sources of credentials on the network may never answer.
const LIMIT: Duration = Duration::from_secs(20);
/// For a name and for one request.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// A deployment takes less.
const COMFORTABLE_SECS: f64 = 3600.0;

/// Whether the account can be used; the target, where it can.
pub async fn connect(root: &Path, config: &Config, args: &TargetArgs) -> (Vec<Finding>, Option<Target>) {
    let local = args.place() == Ok(Place::Local);
    let what = if local { "local account" } else { "credentials" };
    let target = match tokio::time::timeout(LIMIT, Target::connect(root, config, args, Vec::new())).await {
        Ok(Ok(target)) => target,
        Ok(Err(error)) => return (vec![refusal(error, what)], None),
        Err(_) => {
            let detail = format!("no answer in {} s", LIMIT.as_secs());
            return (
                vec![Finding::fail(what, detail, "check the network and where the credentials come from")],
                None,
            );
        }
    };
    if local {
        let detail = format!("opens, {}", crate::target::local_state(root).display());
        return (vec![Finding::ok(what, detail)], Some(target));
    }
    let findings = vec![
        expiry(&target),
        Finding::ok("account", target.identity.account.clone()),
        Finding::ok("region", config.platform.region.to_string()),
    ];
    (findings, Some(target))
}

fn refusal(error: TargetError, what: &'static str) -> Finding {
    let check = match &error {
        TargetError::WrongAccount { .. } => "account",
        TargetError::WrongRegion { .. } => "region",
        _ => what,
    };
    let source = std::error::Error::source(&error).map(|source| format!(": {source}"));
    let detail = format!("{error}{}", source.unwrap_or_default());
    let fix = Failure::from(error).hint();
    Finding::fail(check, detail, fix.unwrap_or_else(|| "correct that, then look again".to_owned()))
}

fn expiry(target: &Target) -> Finding {
    let Some(end) = target.credentials_expire_at else { return Finding::ok("credentials", "do not expire") };
    let left_secs = end.secs_since(WallClock.now());
    let until = format!("good until {}", clock::rfc3339(end));
    if left_secs < COMFORTABLE_SECS {
        return Finding::warn(
            "credentials",
            until,
            "sign in again before a deployment: they end within the hour",
        );
    }
    Finding::ok("credentials", until)
}

/// Who calls, and whether that fits the environment.
#[must_use]
pub fn role(config: &Config, environment: Option<&EnvironmentName>, target: &Target) -> Finding {
    let names = SharedNames::new(&config.platform);
    let arn = &target.identity.arn;
    let other = config.environments.keys().find(|name| {
        Some(*name) != environment && arn.contains(&format!(":assumed-role/{}/", names.deploy_role(name)))
    });
    match (environment, other) {
        (Some(environment), Some(other)) => Finding::fail(
            "role",
            format!("{arn} is the deploy role of {other}"),
            format!("assume {} to work on {environment}", names.deploy_role(environment)),
        ),
        _ => Finding::ok("role", arn.clone()),
    }
}

/// Whether the world's DNS leads to the platform's zone.
async fn delegated(config: &Config, target: &Target) -> Option<Finding> {
    Some(match tokio::time::timeout(LIMIT, delegation::of_zone(config, target)).await {
        Ok(Ok(delegation)) if delegation.found == Found::NotNeeded => return None,
        Ok(Ok(delegation)) if delegation.is_good() => Finding::ok("delegation", delegation.to_string()),
        Ok(Ok(delegation)) => Finding::warn("delegation", delegation.to_string(), delegation.instructions()),
        Ok(Err(error)) => Finding::warn(
            "delegation",
            error.to_string(),
            "the caller must be allowed to see the shared stack",
        ),
        Err(_) => Finding::warn("delegation", "AWS or DNS does not answer", "check the network"),
    })
}

/// Whether anybody hears of the environment's alarms.
pub async fn subscribed(config: &Config, environment: &Environment, target: &Target) -> Option<Finding> {
    const CHECK: &str = "alarms";
    let Some(subscription) = Subscription::of(config, environment, target) else {
        let fix = format!("alarms.email in infra/environments/{}.toml", environment.name);
        return Some(Finding::warn(CHECK, "no address: nobody hears of an alarm", fix));
    };
    let email = subscription.email();
    let renew = format!("cargo xtask bootstrap {}{}", environment.name, target.flag());
    Some(match tokio::time::timeout(LIMIT, subscription.standing()).await {
        Ok(Ok(Standing::Confirmed)) => Finding::ok(CHECK, format!("{email} hears of them")),
        Ok(Ok(Standing::Pending)) if target.is_self_contained() => Finding::skipped(
            CHECK,
            format!("{email} is subscribed; the local account sends no mail to confirm"),
        ),
        Ok(Ok(Standing::Pending)) => Finding::warn(
            CHECK,
            format!("{email} has not confirmed: nobody hears of an alarm"),
            format!(
                "follow the link in the mail of AWS; after 48 hours it is void, and `{renew}` asks again"
            ),
        ),
        Ok(Ok(Standing::Missing)) => {
            Finding::warn(CHECK, format!("{email} is not subscribed: nobody hears of an alarm"), renew)
        }
        Ok(Ok(Standing::NoTopic)) => Finding::warn(
            CHECK,
            "their topic is gone",
            format!("cargo xtask stack drift {}{}", environment.name, target.flag()),
        ),
        Ok(Err(error)) => Finding::warn(
            CHECK,
            format!("whether {email} is subscribed is not known: {error}"),
            "an administrator may list subscriptions, a deploy role may not",
        ),
        Err(_) => Finding::warn(CHECK, "AWS does not answer", "check the network"),
    })
}

/// Whether the environment exists and answers.
pub async fn environment(
    config: &Config,
    environment: &Environment,
    target: Option<&Target>,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let deploy = format!("cargo xtask deploy {}{}", environment.name, target.map_or("", Target::flag));
    if let Some(target) = target {
        let name = environment.stack_name.as_str();
        match tokio::time::timeout(LIMIT, stack::describe(&target.aws, name)).await {
            Ok(Ok(Some(view))) => {
                findings.push(Finding::ok("stack", format!("{name} is {}", view.status.as_str())));
                findings.extend(delegated(config, target).await);
                findings.extend(subscribed(config, environment, target).await);
            }
            Ok(Ok(None)) => {
                findings.push(Finding::warn("stack", format!("{name} does not exist"), deploy));
                return findings;
            }
            Ok(Err(error)) => {
                findings.push(Finding::fail(
                    "stack",
                    error.to_string(),
                    "the caller must be allowed to see the stack",
                ));
            }
            Err(_) => findings.push(Finding::fail("stack", "AWS does not answer", "check the network")),
        }
    }
    let front = target.map_or(Front::Public, |target| target.front);
    let domain = environment.domain.as_str();
    if front == Front::Public {
        let resolve = tokio::net::lookup_host((domain, 443));
        let resolved = tokio::time::timeout(ANSWER_LIMIT, resolve).await;
        if !resolved.is_ok_and(|found| found.is_ok_and(|mut addresses| addresses.next().is_some())) {
            let fix = "delegate the hosted zone to its name servers, or check the network";
            findings.push(Finding::warn("dns", format!("{domain} does not resolve"), fix));
            return findings;
        }
        findings.push(Finding::ok("dns", format!("{domain} resolves")));
    }
    let Ok(checker) = Checker::new(front, domain) else { return findings };
    for probe in config.platform.probes() {
        let address = format!("https://{domain}{}", probe.path);
        let trouble = match tokio::time::timeout(ANSWER_LIMIT, checker.ask(&probe, None)).await {
            Ok(answer) => answer.trouble.map(|trouble| trouble.to_string()),
            Err(_) => Some("no answer in time".to_owned()),
        };
        findings.push(match trouble {
            None => Finding::ok("https", format!("{address} answers")),
            Some(trouble) => Finding::warn(
                "https",
                format!("{address}: {trouble}"),
                format!("cargo xtask status {}{}", environment.name, target.map_or("", Target::flag)),
            ),
        });
    }
    findings
}
