//! What a deployment would do: which services roll and why, how long it takes and when it is given up.

use std::collections::{BTreeMap, BTreeSet};

use rollout_verdict::{Deadline, Moment};
use serde::Serialize;
use serde_json::Value;

use crate::adopt;
use crate::deploy::Options;
use crate::failure::Failure;
use crate::guards;
use crate::observe::SeenService;
use crate::plan::{Change, Plan};
use crate::report::{Report, duration};
use crate::resolve::Release;
use crate::rollout::{self, logical_ids};
use crate::session::EnvironmentSession;
use crate::stages::{self, Stage};
use crate::template::{Section, Template, references};

/// What would happen to a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceForecast {
    /// Name.
    pub name: String,
    /// Whether its tasks are replaced.
    pub rolls: bool,
    /// Why: `image`, `environment (RELEASE)`, `size`, …
    pub reasons: Vec<String>,
}

/// What a deployment would do.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Forecast {
    /// Environment name.
    pub environment: String,
    /// Release tag, or the commit where no tag was given.
    pub release: String,
    /// Full commit id.
    pub commit: String,
    /// The updates in which the infrastructure comes first, in order; none where it is as it should be.
    pub infrastructure: Vec<Stage>,
    /// What would change, most dangerous first.
    pub changes: Vec<Change>,
    /// One entry per service, in configuration order.
    pub services: Vec<ServiceForecast>,
    /// How long the rollout of the services takes when all goes well, in seconds.
    pub predicted_secs: u32,
    /// When it is given up, in seconds, with the terms that add up to it.
    pub deadline: Deadline,
    /// Guards that were overridden, as on the command line.
    pub overrides: Vec<String>,
}

/// Two versions of a template with the values of their parameters.
pub struct Versions<'a> {
    /// The live template and its parameters; `None` where the environment does not exist.
    pub live: Option<(&'a Template, &'a BTreeMap<String, String>)>,
    /// The wanted template and its parameters.
    pub wanted: (&'a Template, &'a BTreeMap<String, String>),
    /// The release in service; `None` where services run something else than the live template says.
    pub in_service: Option<&'a str>,
}

/// Works out what a plan means, shows it, and asks every guard. What is refused is an error; the forecast names what was
/// overridden.
pub async fn show(
    session: &EnvironmentSession,
    release: &Release,
    versions: &Versions<'_>,
    (plan, stages): (&Plan, &[Stage]),
    before: &[SeenService],
    options: &Options,
) -> Result<Forecast, Failure> {
    let forecast = Forecast {
        infrastructure: stages.to_vec(),
        release: release.label().to_owned(),
        commit: release.commit.to_string(),
        ..Forecast::new(session, versions, plan, before)
    };
    forecast.print(&session.report);
    guards::warn_of_alarms(&session.report, before);
    plan.guard(&options.allow_replace)?;
    let live = versions.live.map(|(template, _)| template);
    let change = guards::Change {
        live,
        wanted: versions.wanted.0,
        plan,
        deadline: &forecast.deadline,
        in_service: versions.in_service,
        tag: release.tag.as_ref(),
    };
    let overridden = guards::check(session, &change, &options.overrides).await?;
    Ok(Forecast { overrides: overridden.iter().map(ToString::to_string).collect(), ..forecast })
}

impl Forecast {
    /// Works out what the plan means for the services.
    fn new(
        session: &EnvironmentSession,
        versions: &Versions<'_>,
        plan: &Plan,
        before: &[SeenService],
    ) -> Self {
        let wanted = versions.wanted.0;
        let is_new = versions.live.is_none();
        let value = |name: &str| versions.wanted.1.get(name).map(String::as_str);
        let rolling = adopt::rolling(plan, wanted, value, before);
        let rolls = |id: &str| is_new || rolling.contains(id);
        let rollout = rollout::of_services(
            &session.config,
            &session.environment,
            wanted,
            before,
            Moment::default(),
            rolls,
        );
        let services = rollout.services.iter().map(|service| ServiceForecast {
            name: service.name.to_string(),
            rolls: service.rolls,
            reasons: if service.rolls { reasons(versions, service.name.as_str()) } else { Vec::new() },
        });
        Self {
            environment: session.environment.name.to_string(),
            release: String::new(),
            commit: String::new(),
            infrastructure: Vec::new(),
            changes: plan.changes.clone(),
            services: services.collect(),
            predicted_secs: rollout.expected_secs(),
            deadline: rollout.deadline(),
            overrides: Vec::new(),
        }
    }

    /// Tells the user.
    fn print(&self, report: &Report) {
        let plan = Plan { changes: self.changes.clone() };
        if self.changes.is_empty() {
            report.line("plan: create the environment");
        } else {
            report.line(format!("plan: {}", plan.counts()));
        }
        for change in &self.changes {
            let state = if change.endangers_state() { "  holds data: refused unless named" } else { "" };
            report.line(format!("  {change}{state}"));
        }
        for line in stages::lines(&self.infrastructure) {
            report.line(format!("  {line}"));
        }
        for service in &self.services {
            report.line(match (service.rolls, service.reasons.is_empty()) {
                (true, false) => format!("{} rolls: {}", service.name, service.reasons.join(", ")),
                (true, true) => format!("{} rolls", service.name),
                (false, _) => format!("{} stays as it is", service.name),
            });
        }
        if self.services.iter().any(|service| service.rolls) {
            report.line(format!(
                "the services take about {}; given up after {}:",
                duration(f64::from(self.predicted_secs)),
                duration(f64::from(self.deadline.secs))
            ));
            for term in &self.deadline.terms {
                report.line(format!("  {:>5} s  {}", term.secs, term.term));
            }
        }
    }
}

/// Why a service rolls.
fn reasons(versions: &Versions<'_>, service: &str) -> Vec<String> {
    let Some((live, old_values)) = versions.live else { return vec!["new".to_owned()] };
    let (wanted, new_values) = versions.wanted;
    let (Some(old_id), old_definition) = logical_ids(live, service) else { return vec!["new".to_owned()] };
    let (Some(new_id), new_definition) = logical_ids(wanted, service) else { return Vec::new() };
    let empty = Value::Null;
    let properties = |template: &'_ Template, id: Option<&str>| -> Value {
        let found = id.and_then(|id| template.get(Section::Resources, id));
        found.and_then(|it| it.get("Properties")).unwrap_or(&empty).clone()
    };
    let (old, new) =
        (properties(live, old_definition.as_deref()), properties(wanted, new_definition.as_deref()));
    // A parameter that is not given anew keeps its value.
    let moved = |name: &String| new_values.get(name).is_some_and(|value| old_values.get(name) != Some(value));
    let differs = |old: &Value, new: &Value| old != new || references(new).iter().any(moved);
    let mut found = BTreeSet::new();
    for key in keys(&old, &new) {
        let (old, new) = (old.get(&key).unwrap_or(&empty), new.get(&key).unwrap_or(&empty));
        if key == "ContainerDefinitions" {
            let (old, new) = (old.get(0).unwrap_or(&empty), new.get(0).unwrap_or(&empty));
            found.extend(of_container(old, new, &differs));
        } else if differs(old, new) && key != "Tags" {
            found.insert(word(&key).to_owned());
        }
    }
    let (old, new) = (properties(live, Some(&old_id)), properties(wanted, Some(&new_id)));
    for key in ["LoadBalancers", "NetworkConfiguration", "ServiceRegistries", "PlatformVersion"] {
        if differs(old.get(key).unwrap_or(&empty), new.get(key).unwrap_or(&empty)) {
            found.insert(word(key).to_owned());
        }
    }
    found.into_iter().collect()
}

fn keys(old: &Value, new: &Value) -> BTreeSet<String> {
    let of = |value: &Value| value.as_object().map(|map| map.keys().cloned().collect()).unwrap_or_default();
    let (old, new): (BTreeSet<String>, BTreeSet<String>) = (of(old), of(new));
    old.union(&new).cloned().collect()
}

fn of_container(old: &Value, new: &Value, differs: &dyn Fn(&Value, &Value) -> bool) -> Vec<String> {
    let empty = Value::Null;
    let mut found = Vec::new();
    for key in keys(old, new) {
        let (old, new) = (old.get(&key).unwrap_or(&empty), new.get(&key).unwrap_or(&empty));
        if !differs(old, new) {
            continue;
        }
        if matches!(key.as_str(), "Environment" | "Secrets") {
            let names = named(old, new, differs);
            found.push(format!("{} ({})", word(&key), names.join(", ")));
        } else {
            found.push(word(&key).to_owned());
        }
    }
    found
}

/// Names of the entries of a list of `{Name, …}` that differ.
fn named(old: &Value, new: &Value, differs: &dyn Fn(&Value, &Value) -> bool) -> Vec<String> {
    let entries = |list: &Value| -> BTreeMap<String, Value> {
        let entries = list.as_array().cloned().unwrap_or_default();
        entries.into_iter().filter_map(|it| Some((it.get("Name")?.as_str()?.to_owned(), it))).collect()
    };
    let (old, new) = (entries(old), entries(new));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let empty = Value::Null;
    let changed = names
        .into_iter()
        .filter(|name| differs(old.get(*name).unwrap_or(&empty), new.get(*name).unwrap_or(&empty)));
    changed.cloned().collect()
}

/// A property in the words of its reader.
fn word(property: &str) -> &str {
    match property {
        "Image" => "image",
        "Environment" => "environment",
        "Secrets" => "secrets",
        "Cpu" | "Memory" => "size",
        "HealthCheck" => "container health check",
        "PortMappings" => "port",
        "Command" | "EntryPoint" => "command",
        "LogConfiguration" => "logging",
        "RuntimePlatform" => "architecture",
        "TaskRoleArn" | "ExecutionRoleArn" => "roles",
        "LoadBalancers" => "load balancer",
        "NetworkConfiguration" => "network",
        "ServiceRegistries" => "service discovery",
        other => other,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn template(cpu: &str, environment: &Value) -> Template {
        let template = json!({"Resources": {
            "Api": {"Type": "AWS::ECS::Service", "Properties": {
                "ServiceName": "api", "TaskDefinition": {"Ref": "ApiTask"}, "DesiredCount": 1,
            }},
            "ApiTask": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
                "Cpu": cpu,
                "ContainerDefinitions": [{
                    "Image": {"Fn::Sub": "repository@${ApiDigest}"},
                    "Environment": environment,
                }],
            }},
        }});
        Template::parse(&template.to_string()).unwrap()
    }

    #[test]
    fn a_service_rolls_for_what_its_tasks_see() {
        let release = json!({"Name": "RELEASE", "Value": {"Ref": "Release"}});
        let live = template("256", &json!([release, {"Name": "MODE", "Value": "a"}]));
        let wanted = template("512", &json!([release, {"Name": "MODE", "Value": "b"}]));
        let values = |digest: &str, release: &str| {
            BTreeMap::from([
                ("ApiDigest".to_owned(), digest.to_owned()),
                ("Release".to_owned(), release.to_owned()),
            ])
        };
        let (old, new) = (values("sha256:1", "v1"), values("sha256:2", "v2"));
        let why = |live, wanted| reasons(&Versions { live: Some(live), wanted, in_service: None }, "api");
        assert_eq!(why((&live, &old), (&wanted, &new)), ["environment (MODE, RELEASE)", "image", "size"]);
        assert_eq!(why((&live, &old), (&live, &new)), ["environment (RELEASE)", "image"]);
        assert!(why((&live, &old), (&live, &old)).is_empty());
        assert_eq!(
            reasons(&Versions { live: None, wanted: (&wanted, &new), in_service: None }, "api"),
            ["new"]
        );
    }
}
