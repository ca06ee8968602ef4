//! Runs the tool as a deploy role on local accounts and reads from IAM what it used: nothing may be denied, and nothing
//! may be allowed that no run needed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Write, sink};
use std::path::Path;

use env_config::{Config, SharedNames};
use local_aws::{Control, LocalAws, Options, UnusedGrant, role_access_key};
use serde::{Deserialize, Serialize};

use crate::call::CallErrorKind;
use crate::deploy;
use crate::failure::Failure;
use crate::infrastructure;
use crate::names::{CommitSha, ReleaseTag};
use crate::prepare;
use crate::report::{Report, Style};
use crate::resolve::Wanted;
use crate::secrets;
use crate::session::{EnvironmentSession, Session};
use crate::target::{Target, TargetError};

use super::boundaries::{Attempt, attempts};
use super::by_hand::Listener;
use super::execution;
use super::scenarios::{Bench, SCENARIOS, Scenario, Start};

/// Exceptions, each with its reason.
const EXCEPTIONS: &str = include_str!("exceptions.json");

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Finding {
    /// A run was denied an action.
    Missing {
        /// The role.
        role: String,
        /// The action.
        action: String,
        /// On what, or for which resource types.
        on: String,
    },
    /// A part of the policy that no run needed.
    Unused {
        /// The role.
        role: String,
        /// The statement, as `#1`.
        statement: String,
        /// The action or resource pattern.
        pattern: String,
    },
    /// A scenario went otherwise than it means: what it should have exercised was not.
    Scenario {
        /// Its name.
        name: String,
        /// What happened.
        detail: String,
    },
    /// A role reached into another environment.
    Reached {
        /// What it did.
        attempt: String,
        /// What AWS answered instead of a denial.
        answer: String,
    },
    /// An exception that excepts nothing any more.
    Stale {
        /// Its pattern.
        pattern: String,
        /// Its reason.
        reason: String,
    },
}

/// What was found about the roles of an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RoleCheck {
    /// Environment name.
    pub environment: String,
    /// Scenarios that ran, in order.
    pub scenarios: Vec<String>,
    /// Actions that the deploy role used.
    pub used: BTreeSet<String>,
    /// Attempts on other environments, all of which have to be denied.
    pub attempts: usize,
    /// Findings that an exception covers.
    pub excepted: usize,
    /// What is not as it should be; empty is good.
    pub findings: BTreeSet<Finding>,
}

/// An exception from one of the rules.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    /// `deploy` or `cloudformation`.
    role: String,
    /// `missing` or `unused`.
    kind: String,
    /// Action or resource, with `*`.
    pattern: String,
    reason: String,
}

/// Checks the roles of one environment.
///
/// # Errors
/// [`Failure`]: the account to check on cannot be prepared.
pub async fn check(root: &Path, environment: &str) -> Result<RoleCheck, Failure> {
    let config = Config::load(root)?;
    let name = config.environment(environment)?.name.clone();
    let names = SharedNames::new(&config.platform);
    let (role, execution_role) = (names.deploy_role(&name), names.cloudformation_role(&name));
    let accounts = Accounts::prepare(root, &config, environment).await?;
    let mut findings = BTreeSet::new();
    let mut used = BTreeSet::new();
    let mut unused: [Option<BTreeSet<UnusedGrant>>; 2] = [None, None];
    for scenario in SCENARIOS {
        let (control, outcome) = accounts.run(scenario, environment, &role).await?;
        if let Err(detail) = outcome {
            findings.insert(Finding::Scenario { name: scenario.name.to_owned(), detail });
        }
        for (who, unused) in [&role, &execution_role].into_iter().zip(&mut unused) {
            findings.extend(denied(&control, who));
            let grants = control.unused_grants(who);
            *unused = Some(match unused.take() {
                None => grants,
                Some(before) => before.intersection(&grants).cloned().collect(),
            });
        }
        used.extend(control.used_actions(&role).into_keys());
    }
    let own = config.environment(environment)?;
    let [deploy, execution] = unused.map(Option::unwrap_or_default);
    let execution = execution::unused_resources(&config, own, execution)?;
    for (role, unused) in [(&role, deploy), (&execution_role, execution)] {
        findings.extend(unused.into_iter().map(|grant| Finding::Unused {
            role: role.clone(),
            statement: grant.statement,
            pattern: grant.pattern,
        }));
    }
    findings.extend(execution::findings(&config, own)?);
    let tried = accounts.trespass(environment, &role).await?;
    let attempts = tried.len();
    findings.extend(
        tried.into_iter().filter_map(|(attempt, answer)| {
            Some(Finding::Reached { attempt: attempt.what, answer: answer? })
        }),
    );
    let (findings, excepted) = without_exceptions(findings, [&role, &execution_role])?;
    let scenarios = SCENARIOS.iter().map(|it| it.name.to_owned()).collect();
    Ok(RoleCheck { environment: environment.to_owned(), scenarios, used, attempts, excepted, findings })
}

fn denied(control: &Control, role: &str) -> Vec<Finding> {
    let used = control.used_actions(role).into_iter().filter(|(_, usage)| usage.denied > 0);
    let missing = used.map(|(action, usage)| Finding::Missing {
        role: role.to_owned(),
        action,
        on: usage.first_resource,
    });
    missing.collect()
}

/// Takes out what an exception covers, and adds the exceptions that cover nothing.
fn without_exceptions(
    findings: BTreeSet<Finding>,
    [deploy, execution]: [&String; 2],
) -> Result<(BTreeSet<Finding>, usize), Failure> {
    let exceptions: Vec<Exception> = serde_json::from_str(EXCEPTIONS).map_err(|error| Failure::Guard {
        reason: format!("crates/deploy-ops/src/iam/exceptions.json: {error}"),
        hint: "each has role, kind, pattern and reason".to_owned(),
    })?;
    let mut needed = vec![false; exceptions.len()];
    let (mut left, mut excepted) = (BTreeSet::new(), 0);
    for finding in findings {
        let (role, kind, text) = match &finding {
            Finding::Missing { role, action, .. } => (role, "missing", action),
            Finding::Unused { role, pattern, .. } => (role, "unused", pattern),
            _ => {
                left.insert(finding);
                continue;
            }
        };
        let role = match role {
            role if role == deploy => "deploy",
            role if role == execution => "cloudformation",
            _ => "",
        };
        let mut covered = false;
        for (index, exception) in exceptions.iter().enumerate() {
            if exception.role == role && exception.kind == kind && covers(&exception.pattern, text) {
                needed[index] = true;
                covered = true;
            }
        }
        if covered {
            excepted += 1;
        } else {
            left.insert(finding);
        }
    }
    for (exception, _) in exceptions.into_iter().zip(needed).filter(|(_, needed)| !needed) {
        left.insert(Finding::Stale { pattern: exception.pattern, reason: exception.reason });
    }
    Ok((left, excepted))
}

/// Whether an exception is about this action or resource. `*` alone is the resource of that name, not everything.
fn covers(exception: &str, text: &str) -> bool {
    if exception == "*" { text == "*" } else { matches(exception, text) }
}

/// `*` stands for any characters. Case does not count, as in IAM's actions.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    fn inner(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.first(), text.first()) {
            (None, None) => true,
            (Some(b'*'), _) => inner(&pattern[1..], text) || (!text.is_empty() && inner(pattern, &text[1..])),
            (Some(a), Some(b)) if a.eq_ignore_ascii_case(b) => inner(&pattern[1..], &text[1..]),
            _ => false,
        }
    }
    inner(pattern.as_bytes(), text.as_bytes())
}

/// The accounts that scenarios start from, made by the administrator.
struct Accounts<'a> {
    root: &'a Path,
    config: &'a Config,
    options: Options,
    shared: Control,
    infrastructure: Control,
    running: Control,
    releases: [ReleaseTag; 2],
    commits: [CommitSha; 2],
}

impl<'a> Accounts<'a> {
    async fn prepare(root: &'a Path, config: &'a Config, environment: &str) -> Result<Self, Failure> {
        let options = Options::new(config.platform.account_id.as_str(), config.platform.region.as_str());
        let releases: [ReleaseTag; 2] = ["v0.0.1".parse()?, "v0.0.2".parse()?];
        let commits = ["iam check 1", "iam check 2"].map(CommitSha::made_up);
        let start = LocalAws::in_memory(&options);
        let session =
            open(root, config, environment, start, local_aws::ADMIN_ACCESS_KEY, Box::new(sink())).await?;
        infrastructure::change_shared(&session, true, &[]).await?;
        for (commit, release) in commits.iter().zip(&releases) {
            prepare::images(&session, commit, Some(release.as_str())).await?;
        }
        let control = control(&session)?;
        let shared = control.copy(&options).start().await.map_err(TargetError::Serve)?;
        let name = session.environment.stack_name.to_string();
        let live = infrastructure::look(&session, &name).await?;
        let prepared = infrastructure::environment(&session, live).await?;
        // Protection is left to the role.
        infrastructure::change(&session, &prepared, environment, false, &[]).await?;
        let checks = secrets::check(&session).await?;
        prepare::made_up_secrets(&session, &checks).await?;
        let empty = control.copy(&options).start().await.map_err(TargetError::Serve)?;
        let deployment = deploy::Options::plain(Wanted::Tag(releases[0].clone()));
        Box::pin(deploy::deploy(&session, &deployment)).await?;
        let (shared, infrastructure) = (shared.control(), empty.control());
        Ok(Self { root, config, options, shared, infrastructure, running: control, releases, commits })
    }

    async fn bench(&self, start: Start, environment: &str, role: &str) -> Result<Bench, Failure> {
        let account = match start {
            Start::Shared => &self.shared,
            Start::Infrastructure => &self.infrastructure,
            Start::Running => &self.running,
        };
        let account = account.copy(&self.options);
        let (listener, key) = (Listener::default(), role_access_key(role));
        let out = Box::new(listener.clone());
        let session = open(self.root, self.config, environment, account, &key, out).await?;
        let (releases, commits) = (self.releases.clone(), self.commits.clone());
        Ok(Bench { session, releases, commits, listener })
    }

    async fn run(
        &self,
        scenario: &Scenario,
        environment: &str,
        role: &str,
    ) -> Result<(Control, Result<(), String>), Failure> {
        let bench = self.bench(scenario.start, environment, role).await?;
        let outcome = (scenario.run)(&bench).await;
        Ok((control(&bench.session)?, outcome))
    }

    /// Tries everything on every other environment as this role. The names are those that the other environment would
    /// have: a denial does not depend on whether anything is there.
    async fn trespass(
        &self,
        environment: &str,
        role: &str,
    ) -> Result<Vec<(Attempt, Option<String>)>, Failure> {
        let bench = self.bench(Start::Running, environment, role).await?;
        let own = &bench.session.environment.name;
        let mut tried = Vec::new();
        for other in self.config.environments.values().filter(|other| other.name != *own) {
            for attempt in attempts(&bench.session, other) {
                let answer = match (attempt.call)(&bench.session.target.aws).await {
                    Err(error) if error.kind == CallErrorKind::Denied => None,
                    Err(error) => Some(error.to_string()),
                    Ok(()) => Some("success".to_owned()),
                };
                tried.push((attempt, answer));
            }
        }
        Ok(tried)
    }
}

fn control(session: &EnvironmentSession) -> Result<Control, Failure> {
    session.target.control().ok_or_else(|| Failure::Guard {
        reason: "the account is not a local one".to_owned(),
        hint: "cargo xtask iam check runs on accounts of its own".to_owned(),
    })
}

/// A session as somebody on an account in memory.
async fn open(
    root: &Path,
    config: &Config,
    environment: &str,
    account: LocalAws,
    access_key: &str,
    out: Box<dyn Write + Send>,
) -> Result<EnvironmentSession, Failure> {
    let running = account.start().await.map_err(TargetError::Serve)?;
    let target = Target::local_as(config, running, access_key).await?;
    let report = Report::new(Style::Plain, false, target.clock.clone(), out);
    let session = Session::connected(root.to_owned(), config.clone(), target, report);
    let environment = config.environment(environment)?.clone();
    Ok(EnvironmentSession { session, environment })
}

/// Findings by what they are, for people.
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { role, action, on } => write!(f, "missing: {role} needs {action} ({on})"),
            Self::Unused { role, statement, pattern } => {
                write!(f, "unused: {role} has {pattern} (statement {statement}), which nothing needed")
            }
            Self::Scenario { name, detail } => write!(f, "scenario {name:?}: {detail}"),
            Self::Reached { attempt, answer } => {
                write!(f, "not denied: {attempt} (the answer was: {answer})")
            }
            Self::Stale { pattern, reason } => {
                write!(f, "exceptions.json: {pattern} excepts nothing any more ({reason})")
            }
        }
    }
}

/// Actions by service, for people: `ecs: RunTask, StopTask`.
fn by_service(actions: &BTreeSet<String>) -> Vec<String> {
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for action in actions {
        if let Some((service, name)) = action.split_once(':') {
            services.entry(service).or_default().push(name);
        }
    }
    services.into_iter().map(|(service, names)| format!("{service}: {}", names.join(", "))).collect()
}

impl RoleCheck {
    /// What the role used, one line for each service.
    #[must_use]
    pub fn used_by_service(&self) -> Vec<String> {
        by_service(&self.used)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
