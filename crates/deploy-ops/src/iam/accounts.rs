//! The local accounts that roles are tried on.

use std::io::{Write, sink};
use std::path::Path;

use env_config::Config;
use local_aws::{Control, Judge, LocalAws, Options, RoleDocuments, role_access_key};

use crate::call::CallErrorKind;
use crate::deploy;
use crate::failure::Failure;
use crate::infrastructure;
use crate::inputs;
use crate::names::{CommitSha, ReleaseTag};
use crate::prepare;
use crate::report::{Report, Style};
use crate::resolve::Wanted;
use crate::secrets::look::{Recipes, look};
use crate::session::{EnvironmentSession, Session};
use crate::stack;
use crate::target::{Target, TargetError};

use super::boundaries::{Attempt, attempts};
use super::by_hand::Listener;
use super::check::Finding;
use super::scenarios::{Bench, Scenario, Start};

/// The accounts that scenarios start from, made by the administrator.
pub(super) struct Accounts<'a> {
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
    /// With the infrastructure of every other environment: what is not to be reached is there.
    pub(super) async fn prepare(
        root: &'a Path,
        config: &'a Config,
        environment: &str,
    ) -> Result<Self, Failure> {
        let options = Options::new(config.platform.account_id.as_str(), config.platform.region.as_str());
        let releases: [ReleaseTag; 2] = ["v0.0.1".parse()?, "v0.0.2".parse()?];
        let commits = ["iam check 1", "iam check 2"].map(CommitSha::made_up);
        let start = LocalAws::in_memory(&options);
        let mut session =
            open(root, config, environment, start, local_aws::ADMIN_ACCESS_KEY, Box::new(sink())).await?;
        control(&session)?.keep_calls();
        infrastructure::change_shared(&session, true, &[]).await?;
        let own = session.environment.clone();
        for other in config.environments.values().filter(|other| other.name != own.name) {
            session.environment = other.clone();
            infrastructure_of(&session).await?;
        }
        session.environment = own;
        infrastructure::change_shared(&session, true, &[]).await?;
        for (commit, release) in commits.iter().zip(&releases) {
            prepare::images(&session, commit, Some(release.as_str())).await?;
        }
        let control = control(&session)?;
        let shared = control.copy(&options).start().await.map_err(TargetError::Serve)?;
        // Protection is left to the role.
        infrastructure_of(&session).await?;
        infrastructure::change_shared(&session, true, &[]).await?;
        // Without a check: what the stack generated is not on record, as in an account where nobody ever checked.
        let live = stack::live_template(&session.target.aws, session.environment.stack_name.as_str()).await?;
        let wanted = inputs::environment_template(&session.config, &session.environment)?;
        let found = look(&session, &Recipes { live: &live, wanted: &wanted }, |_| true).await?;
        prepare::made_up_secrets(&session, &found.into_values().collect::<Vec<_>>()).await?;
        let empty = control.copy(&options).start().await.map_err(TargetError::Serve)?;
        let deployment = deploy::Options::plain(Wanted::Tag(releases[0].clone()));
        Box::pin(deploy::deploy(&session, &deployment)).await?;
        let (shared, infrastructure) = (shared.control(), empty.control());
        let running = control;
        Ok(Self { root, config, options, shared, infrastructure, running, releases, commits })
    }

    /// What roles may do on the account where the environment runs.
    pub(super) fn judge(&self) -> Judge {
        self.running.judge()
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

    /// The policies of a role where everything runs.
    pub(super) fn documents(&self, role: &str) -> Option<RoleDocuments> {
        self.running.role_documents(role)
    }

    /// Runs a scenario as this role: its account afterwards, and what went otherwise than the scenario means.
    pub(super) async fn run(
        &self,
        scenario: &Scenario,
        environment: &str,
        role: &str,
    ) -> Result<(Control, Result<(), String>), Failure> {
        let bench = self.bench(scenario.start, environment, role).await?;
        let outcome = (scenario.run)(&bench).await;
        Ok((control(&bench.session)?, outcome))
    }

    /// Tries everything on every other environment as this role. How many attempts there were, and what went otherwise than
    /// it has to. A denial does not depend on whether anything is there.
    pub(super) async fn trespass(
        &self,
        environment: &str,
        role: &str,
    ) -> Result<(usize, Vec<Finding>), Failure> {
        let bench = self.bench(Start::Running, environment, role).await?;
        let (aws, own) = (&bench.session.target.aws, &bench.session.environment.name);
        let mut tried = Vec::new();
        for other in self.config.environments.values().filter(|other| other.name != *own) {
            tried.extend(attempts(&bench.session, other));
        }
        let mut findings = Vec::new();
        for Attempt { what: attempt, call } in &tried {
            let answer = match call(aws).await {
                Err(error) if error.kind == CallErrorKind::Denied => continue,
                Err(error) => error.to_string(),
                Ok(()) => "success".to_owned(),
            };
            findings.push(Finding::Reached { attempt: attempt.clone(), answer });
        }
        Ok((tried.len(), findings))
    }
}

/// Brings the infrastructure of the session's environment up, without protection and without a task.
async fn infrastructure_of(session: &EnvironmentSession) -> Result<(), Failure> {
    let (stack, name) = (&session.environment.stack_name, &session.environment.name);
    let live = infrastructure::look(session, stack.as_str()).await?;
    let prepared = infrastructure::environment(session, live).await?;
    infrastructure::change(session, &prepared, name.as_str(), false, &[]).await?;
    Ok(())
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
