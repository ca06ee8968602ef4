//! Changes that the release in service cannot survive (R1.5), found before anything is touched.
//!
//! The tasks that run while a deployment is under way, and those that a rollback goes back to, are of the old release.
//! Whatever changes around them has to suit them too.

use std::fmt;

use env_config::{ServiceName, path_matches};
use ops_cli::{Guard, GuardKind};
use rollout_verdict::Deadline;
use serde_json::Value;

use crate::clock::rfc3339;
use crate::database_change::{self, Upgrade};
use crate::failure::Failure;
use crate::health::Checker;
use crate::names::{ReleaseTag, version};
use crate::observe::SeenService;
use crate::plan::{Action, Plan};
use crate::report::{Report, duration};
use crate::rollout::logical_ids;
use crate::session::EnvironmentSession;
use crate::template::{Section, Template};
use crate::witnesses;

/// A guard that refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Which.
    pub guard: Guard,
    /// What would go wrong.
    pub reason: String,
    /// How it is done instead.
    pub instead: String,
}

/// Guards that refuse and were not overridden.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals(pub Vec<Refusal>);

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, refusal) in self.0.iter().enumerate() {
            write!(f, "{}{}", if index > 0 { "; " } else { "" }, refusal.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusals {}

impl Refusals {
    /// How each is done instead, and how it is overridden.
    #[must_use]
    pub fn hint(&self) -> String {
        let mut lines: Vec<String> = self.0.iter().map(|refusal| refusal.instead.clone()).collect();
        let names: Vec<String> =
            self.0.iter().map(|refusal| format!("--override {}", refusal.guard)).collect();
        lines.push(format!("or, knowing better: {}", names.join(" ")));
        lines.join("\n      ")
    }
}

/// What is about to be deployed over what.
pub struct Change<'a> {
    /// The template that is live; `None` where the environment does not exist.
    pub live: Option<&'a Template>,
    /// The template that is wanted.
    pub wanted: &'a Template,
    /// What CloudFormation would do.
    pub plan: &'a Plan,
    /// When the rollout would be given up.
    pub deadline: &'a Deadline,
    /// The release in service, as its services report it.
    pub in_service: Option<&'a str>,
    /// The tag that is wanted, where one is.
    pub tag: Option<&'a ReleaseTag>,
}

/// Asks every guard. Refuses where one of them does and is not overridden; answers the overridden ones.
pub async fn check(
    session: &EnvironmentSession,
    change: &Change<'_>,
    overrides: &[Guard],
) -> Result<Vec<Guard>, Failure> {
    let mut refusals: Vec<Refusal> = credentials(session, change.deadline).into_iter().collect();
    refusals.extend(older_release(session, change));
    refusals.extend(database_upgrade(session, change));
    refusals.extend(witnesses::refusals(session, change.live).await);
    for name in session.config.platform.services.keys() {
        refusals.extend(of_service(session, change, name).await?);
    }
    let (overridden, refused): (Vec<_>, Vec<_>) =
        refusals.into_iter().partition(|refusal| overrides.contains(&refusal.guard));
    for refusal in &overridden {
        session.report.warn(format!("overridden ({}): {}", refusal.guard, refusal.reason));
    }
    let unneeded = |guard: &&Guard| !overridden.iter().any(|refusal| refusal.guard == **guard);
    for guard in overrides.iter().filter(unneeded) {
        session.report.warn(format!("--override {guard} was not needed"));
    }
    if refused.is_empty() {
        Ok(overridden.into_iter().map(|refusal| refusal.guard).collect())
    } else {
        Err(Refusals(refused).into())
    }
}

/// Deployment alarms that fire already: ECS ignores all alarms of such a service for the whole deployment
/// (ECS:deployment-alarm-failure).
pub fn warn_of_alarms(report: &Report, services: &[SeenService]) {
    for service in services {
        for alarm in service.view.alarms.iter().filter(|alarm| alarm.state == "ALARM") {
            report.warn(format!(
                "{}: alarm {} fires already, so ECS will ignore the alarms of this service during the deployment",
                service.view.name, alarm.name
            ));
        }
    }
}

/// Overrides that name a service that does not exist would protect nobody from a typing error.
pub fn known(session: &EnvironmentSession, overrides: &[Guard]) -> Result<(), Failure> {
    let services = session.service_names();
    let unknown = |service: &&String| !services.contains(service);
    match overrides.iter().filter_map(|guard| guard.service.as_ref()).find(unknown) {
        None => Ok(()),
        Some(service) => Err(Failure::UnknownService { service: service.clone(), known: services }),
    }
}

/// Credentials that end first leave the deployment to itself: nobody could cancel it. They are as fresh as they get: the
/// target has just fetched them.
fn credentials(session: &EnvironmentSession, deadline: &Deadline) -> Option<Refusal> {
    let expire_at = session.target.credentials_expire_at?;
    let left = expire_at.secs_since(session.target.clock.now());
    (left < f64::from(deadline.secs)).then(|| Refusal {
        guard: Guard { kind: GuardKind::Credentials, service: None },
        reason: format!(
            "the credentials end at {}, in {}, but the deployment may take {}",
            rfc3339(expire_at),
            duration(left),
            duration(f64::from(deadline.secs)),
        ),
        instead: "sign in to AWS again (aws sso login), then run the same command".to_owned(),
    })
}

/// A release that was approved late must not undo a newer one as if it were news: its migrations do not go back.
fn older_release(session: &EnvironmentSession, change: &Change<'_>) -> Option<Refusal> {
    let (in_service, tag) = (change.in_service?, change.tag?);
    let is_older = version(in_service).zip(tag.version()).is_some_and(|(now, wanted)| wanted < now);
    is_older.then(|| Refusal {
        guard: Guard { kind: GuardKind::OlderRelease, service: None },
        reason: format!("release {tag} is older than {in_service}, which is in service"),
        instead: format!(
            "to go back, without migrations: {}",
            session.command(&format!("rollback {tag} --env {}", session.environment.name))
        ),
    })
}

/// A new major version of the database (RDS:USER_UpgradeDBInstance.PostgreSQL.MajorVersion).
fn database_upgrade(session: &EnvironmentSession, change: &Change<'_>) -> Option<Refusal> {
    let upgrade = database_change::upgrades(change.live?, change.wanted).into_iter().next()?;
    let Upgrade { from, to, .. } = upgrade;
    let environment = &session.environment.name;
    let snapshot = session.command(&format!("database snapshot {environment}"));
    Some(Refusal {
        guard: Guard { kind: GuardKind::DatabaseUpgrade, service: None },
        reason: format!(
            "the database would go from PostgreSQL {from} to {to}: there is no way back, the database restarts and is away for \
             minutes meanwhile, and a release that is rolled back later finds version {to}"
        ),
        instead: format!(
            "first rehearse it in another environment, and take a snapshot of the data before it: `{snapshot}`"
        ),
    })
}

/// How a service is connected in a template.
struct Wiring<'a> {
    port: Option<u64>,
    target_group: Option<&'a str>,
    path: Option<&'a str>,
    codes: Option<&'a str>,
}

fn wiring<'a>(template: &'a Template, service: &str) -> Option<Wiring<'a>> {
    let (id, _) = logical_ids(template, service);
    let service = template.get(Section::Resources, &id?)?;
    let balancer = service.pointer("/Properties/LoadBalancers/0");
    let target_group = balancer.and_then(|it| it.pointer("/TargetGroupArn/Ref")).and_then(Value::as_str);
    let check = target_group.and_then(|id| template.get(Section::Resources, id));
    let text = |pointer: &str| check.and_then(|it| it.pointer(pointer)).and_then(Value::as_str);
    Some(Wiring {
        port: balancer.and_then(|it| it.get("ContainerPort")).and_then(Value::as_u64),
        target_group,
        path: text("/Properties/HealthCheckPath"),
        codes: text("/Properties/Matcher/HttpCode"),
    })
}

async fn of_service(
    session: &EnvironmentSession,
    change: &Change<'_>,
    name: &ServiceName,
) -> Result<Option<Refusal>, Failure> {
    let Some(live) = change.live else { return Ok(None) };
    let (Some(old), Some(new)) = (wiring(live, name.as_str()), wiring(change.wanted, name.as_str())) else {
        return Ok(None);
    };
    // A service without target group, before or after, has nobody who asks it.
    let (Some(old_group), Some(new_group)) = (old.target_group, new.target_group) else { return Ok(None) };
    let guard = |kind| Guard { kind, service: Some(name.to_string()) };
    let new_name = "in two steps: add the service under a new name, with its routes, and deploy; then take the old one \
                    out of the configuration and deploy";
    if let (Some(from), Some(to)) = (old.port, new.port)
        && from != to
    {
        return Ok(Some(Refusal {
            guard: guard(GuardKind::ContainerPort),
            reason: format!(
                "{name} would move from port {from} to {to}: its running tasks listen on {from}, and lose their \
                 security group rule and their target group before the new ones serve"
            ),
            instead: new_name.to_owned(),
        }));
    }
    let replaced = change.plan.changes.iter().any(|it| {
        it.logical_id == old_group
            && matches!(it.action, Action::Replace | Action::MayReplace | Action::Remove)
    });
    if old_group != new_group || replaced {
        return Ok(Some(Refusal {
            guard: guard(GuardKind::TargetGroup),
            reason: format!(
                "the target group of {name} ({old_group}) would be replaced under its running tasks: its routes lead to \
                 an empty one until new tasks are healthy"
            ),
            instead: new_name.to_owned(),
        }));
    }
    if (old.path, old.codes) == (new.path, new.codes) {
        return Ok(None);
    }
    Ok(health_path(session, live, name, old_group, new.path.unwrap_or("/")).await?.map(|why| {
        let (from, to) = (old.path.unwrap_or("/"), new.path.unwrap_or("/"));
        Refusal {
            guard: guard(GuardKind::HealthPath),
            reason: format!("the health check of {name} would move from {from} to {to}, but {why}"),
            instead: format!(
                "in two steps: deploy a release that answers {to} as well, with the configuration as it is; then \
                 change the path and deploy"
            ),
        }
    }))
}

/// Asks the running release for the new path; answers what speaks against it.
async fn health_path(
    session: &EnvironmentSession,
    live: &Template,
    name: &ServiceName,
    target_group: &str,
    path: &str,
) -> Result<Option<String>, Failure> {
    let platform = &session.config.platform;
    let service = platform.services.get(name);
    let status = service.and_then(|it| platform.target_health_check(it)).map(|it| it.status);
    if routed_to(live, path) != Some(target_group) {
        return Ok(Some(
            "the public routes do not lead there, so it cannot be shown that the release in service answers it"
                .to_owned(),
        ));
    }
    let domain = session.environment.domain.as_str();
    let checker = Checker::new(session.target.front, domain)?;
    let answer = checker.ask(&platform.probe(name, path.to_owned(), status), None).await;
    if answer.trouble.is_none() {
        let elsewhere = service.and_then(|it| platform.version_probe(name, it));
        let release = match (answer.release, elsewhere) {
            (None, Some(version)) => checker.ask(&version, None).await.release,
            (release, _) => release,
        };
        let release = release.as_deref().unwrap_or("in service");
        session.report.line(format!("{name}: release {release} answers {path} already"));
    }
    Ok(answer.trouble.map(|trouble| {
        format!("the release in service does not answer it: {trouble} for https://{domain}{path}")
    }))
}

/// Logical id of the target group that the live listener rules send a path to.
fn routed_to<'a>(live: &'a Template, path: &str) -> Option<&'a str> {
    let matches = |rule: &Value| {
        let conditions = rule.pointer("/Properties/Conditions").and_then(Value::as_array);
        let patterns = conditions
            .into_iter()
            .flatten()
            .filter_map(|condition| condition.pointer("/PathPatternConfig/Values")?.as_array())
            .flatten();
        patterns.filter_map(Value::as_str).any(|pattern| path_matches(pattern, path))
    };
    let rules = live.resources_of_type("AWS::ElasticLoadBalancingV2::ListenerRule");
    let rules = rules.into_iter().filter_map(|id| live.get(Section::Resources, id));
    let first = rules
        .filter(|rule| matches(rule))
        .min_by_key(|rule| rule.pointer("/Properties/Priority").and_then(Value::as_u64))?;
    first.pointer("/Properties/Actions/0/TargetGroupArn/Ref")?.as_str()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_matching_rule_decides() {
        let rule = |priority: u32, paths: &[&str], group: &str| {
            json!({"Type": "AWS::ElasticLoadBalancingV2::ListenerRule", "Properties": {
                "Priority": priority,
                "Conditions": [{"Field": "path-pattern", "PathPatternConfig": {"Values": paths}}],
                "Actions": [{"Type": "forward", "TargetGroupArn": {"Ref": group}}],
            }})
        };
        let template = json!({"Resources": {
            "A": rule(1000, &["/*"], "Front"),
            "B": rule(200, &["/api/*", "/oauth/*"], "Api"),
            "C": rule(100, &["/oauth/consent"], "Front"),
        }});
        let template = Template::parse(&template.to_string()).unwrap();
        assert_eq!(routed_to(&template, "/oauth/token"), Some("Api"));
        assert_eq!(routed_to(&template, "/oauth/consent"), Some("Front"));
        assert_eq!(routed_to(&template, "/"), Some("Front"));
    }

    #[test]
    fn a_refusal_says_what_to_do_instead_and_how_it_is_overridden() {
        let refusals = Refusals(vec![Refusal {
            guard: "health-path:mcp".parse().unwrap(),
            reason: "it would break".to_owned(),
            instead: "in two steps".to_owned(),
        }]);
        assert_eq!(refusals.to_string(), "it would break");
        assert_eq!(refusals.hint(), "in two steps\n      or, knowing better: --override health-path:mcp");
    }
}
