//! The written list of attacks on the account (`tests/attacks/attacks.json`) as concrete requests of the roles that the
//! templates make.
//!
//! Two evaluators answer them, which share neither code nor data: the local AWS in the tests, and a library of others in
//! `cargo xtask ci` (`tests/attacks/evaluate.mjs`). Both have to say what the list says.

use std::collections::{BTreeMap, BTreeSet};

use env_config::{Config, Environment, SharedNames};
use serde::{Deserialize, Serialize};

/// The kinds of roles; every attack is tried by one of each.
const KINDS: [&str; 5] = ["deploy", "cloudformation", "build", "task", "execution"];

/// One line of the list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Attack {
    category: String,
    attack: String,
    action: String,
    resource: String,
    /// Condition keys of the request.
    #[serde(default)]
    keys: BTreeMap<String, String>,
    /// Kinds of roles that may do it, each with why, and the harm that it can do. All others are denied.
    #[serde(default)]
    allowed: BTreeMap<String, String>,
}

/// A request that a role makes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Request {
    /// What it is good for, such as `persistence: make a user`.
    pub attack: String,
    /// Name of the role that makes it.
    pub role: String,
    /// Such as `iam:CreateUser`.
    pub action: String,
    /// ARN, or `*`.
    pub resource: String,
    /// Condition keys.
    pub keys: BTreeMap<String, String>,
    /// What has to be answered.
    pub allowed: bool,
}

/// The requests of every kind of role of every environment, each against every other environment.
///
/// # Errors
/// The list has another form, a kind of role or a placeholder that does not exist.
pub fn requests(list: &str, config: &Config) -> Result<BTreeSet<Request>, String> {
    let attacks: Vec<Attack> = serde_json::from_str(list).map_err(|error| error.to_string())?;
    let mut requests = BTreeSet::new();
    for own in config.environments.values() {
        for other in config.environments.values().filter(|other| other.name != own.name) {
            let names = names(config, own, other);
            for attack in &attacks {
                let unknown = attack.allowed.keys().find(|kind| !KINDS.contains(&kind.as_str()));
                if let Some(kind) = unknown {
                    return Err(format!("{}: no kind of role {kind:?}; there are {KINDS:?}", attack.attack));
                }
                for kind in KINDS {
                    requests.insert(attack.by(kind, &names)?);
                }
            }
        }
    }
    Ok(requests)
}

impl Attack {
    fn by(&self, kind: &str, names: &BTreeMap<String, String>) -> Result<Request, String> {
        let fill = |text: &String| {
            let filled = names
                .iter()
                .fold(text.clone(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value));
            if filled.contains('{') {
                return Err(format!("{}: no such placeholder in {text:?}", self.attack));
            }
            Ok(filled)
        };
        let role = if kind == "build" { "build".to_owned() } else { format!("own.{kind}") };
        let keys = self.keys.iter().map(|(key, value)| Ok((key.clone(), fill(value)?)));
        Ok(Request {
            attack: format!("{}: {}", self.category, self.attack),
            role: names.get(&role).cloned().unwrap_or_default(),
            action: self.action.clone(),
            resource: fill(&self.resource)?,
            keys: keys.collect::<Result<_, String>>()?,
            allowed: self.allowed.contains_key(kind),
        })
    }
}

/// Values of the placeholders of the list.
fn names(config: &Config, own: &Environment, other: &Environment) -> BTreeMap<String, String> {
    let platform = &config.platform;
    let shared = SharedNames::new(platform);
    let service = platform.services.iter().next();
    let mut names = BTreeMap::from([
        ("account".to_owned(), platform.account_id.to_string()),
        ("region".to_owned(), platform.region.to_string()),
        ("platform".to_owned(), platform.name.to_string()),
        ("build".to_owned(), shared.build_role()),
        ("shared.stack".to_owned(), platform.shared_stack_name.to_string()),
        ("templates".to_owned(), shared.template_bucket(&platform.account_id)),
    ]);
    names
        .extend(service.map(|(name, service)| ("repository".to_owned(), platform.repository(name, service))));
    for (whose, environment) in [("own", own), ("other", other)] {
        let of = config.names(environment);
        let mut put = |name: &str, value: String| names.insert(format!("{whose}.{name}"), value);
        put("name", environment.name.to_string());
        put("stack", environment.stack_name.to_string());
        put("secrets", environment.secrets_prefix.to_string());
        put("prefix", of.prefix());
        put("cluster", of.cluster());
        put("database", of.database());
        put("cache", of.cache());
        put("cache_user", of.cache_user());
        put("topic", of.alarm_topic());
        put("logs", of.access_log_bucket(&platform.account_id));
        put("deploy", shared.deploy_role(&environment.name));
        put("cloudformation", shared.cloudformation_role(&environment.name));
        put("boundary", shared.boundary(&environment.name));
        if let Some((service, _)) = service {
            put("task", of.task_role(service.as_str()));
            put("execution", of.execution_role(service.as_str()));
        }
        if let Some(task) = platform.tasks.keys().next() {
            put("task_family", of.task_family(task));
        }
    }
    names
}
