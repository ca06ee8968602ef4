//! What every command on an environment starts from.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use env_config::{Config, Environment, EnvironmentNames, SharedNames};
use ops_cli::TargetArgs;

use crate::call::CallError;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::observe::{self, SeenService};
use crate::origin::Origin;
use crate::record::Recorder;
use crate::report::{Report, Style};
use crate::stack::TemplateBucket;
use crate::target::{Target, faults};

/// A command, connected.
pub struct Session {
    /// Top of the repository.
    pub root: PathBuf,
    /// The configuration.
    pub config: Config,
    /// Where it runs.
    pub target: Target,
    /// Where progress goes.
    pub report: Report,
    /// Ctrl-C.
    pub interrupt: Interrupt,
    /// Who runs the command, and from where.
    pub origin: Origin,
    /// What the command observed, for its record.
    pub recorder: Recorder,
}

impl Session {
    /// Reads the configuration and connects.
    pub async fn open(root: &Path, args: &TargetArgs) -> Result<Self, Failure> {
        let config = Config::load(root)?;
        let faults = faults::read(&config, None, &args.faults)?;
        let target = Target::connect(root, &config, args, faults).await?;
        let (report, interrupt) = (Report::stderr(target.clock.clone()), target.interrupt.clone());
        let origin = Origin::here(&target.identity);
        Ok(Self {
            root: root.to_owned(),
            config,
            target,
            report,
            interrupt,
            origin,
            recorder: Recorder::default(),
        })
    }

    /// Where templates go that are too long to send.
    #[must_use]
    pub fn template_bucket(&self) -> TemplateBucket {
        let platform = &self.config.platform;
        TemplateBucket {
            name: SharedNames::new(platform).template_bucket(&platform.account_id),
            owner: platform.account_id.to_string(),
            region: platform.region.to_string(),
        }
    }

    /// A command that is connected already.
    #[must_use]
    pub fn connected(root: PathBuf, config: Config, target: Target, report: Report) -> Self {
        let (interrupt, recorder) = (target.interrupt.clone(), Recorder::default());
        let origin = Origin::here(&target.identity);
        Self { root, config, target, report, interrupt, origin, recorder }
    }

    /// A command for the user, as it is typed: `cargo xtask diagnose staging --local`.
    #[must_use]
    pub fn command(&self, text: &str) -> String {
        format!("cargo xtask {text}{}", self.target.flag())
    }
}

/// A command on one environment, connected.
pub struct EnvironmentSession {
    /// What does not depend on the environment.
    pub session: Session,
    /// The environment.
    pub environment: Environment,
}

impl Deref for EnvironmentSession {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.session
    }
}

impl EnvironmentSession {
    /// Reads the configuration, connects and refuses what does not fit together.
    pub async fn open(root: &Path, environment: &str, args: &TargetArgs) -> Result<Self, Failure> {
        // A name that does not exist is answered before anything is connected.
        let config = Config::load(root)?;
        faults::read(&config, Some(config.environment(environment)?), &args.faults)?;
        Self::of(Session::open(root, args).await?, environment)
    }

    /// The same on a session that is connected already.
    pub fn of(session: Session, environment: &str) -> Result<Self, Failure> {
        let environment = session.config.environment(environment)?.clone();
        let session = Self { session, environment };
        session.refuse_other_roles()?;
        Ok(session)
    }

    /// A deploy role of another environment would fail half-way; it is refused before the first change.
    fn refuse_other_roles(&self) -> Result<(), Failure> {
        let names = SharedNames::new(&self.config.platform);
        let wanted = &self.environment.name;
        for other in self.config.environments.keys().filter(|name| *name != wanted) {
            if self.target.identity.arn.contains(&format!(":assumed-role/{}/", names.deploy_role(other))) {
                return Err(Failure::WrongRole {
                    arn: self.target.identity.arn.clone(),
                    wanted: names.deploy_role(wanted),
                });
            }
        }
        Ok(())
    }

    /// The same command on a copy of the local account, in memory, whose progress nobody sees; `None` where the account is
    /// not this command's own.
    pub async fn silent_copy(&self) -> Result<Option<Self>, Failure> {
        let Some(target) = self.target.copy(&self.config).await? else { return Ok(None) };
        let silence = Box::new(std::io::sink());
        let report = Report::new(Style::Plain, false, target.clock.clone(), silence);
        let session = Session {
            root: self.root.clone(),
            config: self.config.clone(),
            target,
            report,
            interrupt: self.interrupt.clone(),
            origin: self.origin.clone(),
            recorder: Recorder::default(),
        };
        Ok(Some(Self { session, environment: self.environment.clone() }))
    }

    /// Physical names of the environment.
    #[must_use]
    pub fn names(&self) -> EnvironmentNames<'_> {
        self.config.names(&self.environment)
    }

    /// Names of the services, in configuration order.
    #[must_use]
    pub fn service_names(&self) -> Vec<String> {
        self.config.platform.services.keys().map(ToString::to_string).collect()
    }

    /// Log group by service name.
    #[must_use]
    pub fn log_groups(&self) -> BTreeMap<String, String> {
        let names = self.names();
        self.config
            .platform
            .services
            .keys()
            .map(|name| (name.to_string(), names.service_log_group(name)))
            .collect()
    }

    /// The services as they are before something changes, with their alarms.
    pub async fn services_before(&self) -> Result<Vec<SeenService>, CallError> {
        let (cluster, names, now) = (self.names().cluster(), self.service_names(), self.target.clock.now());
        let mut services = observe::services(&self.target.aws, &cluster, &names, now).await?;
        // Alarms only inform here; whether they are there at all is looked at before a success is called one.
        if let Err(error) = observe::add_alarms(&self.target.aws, &mut services).await {
            self.report.warn(format!("whether an alarm fires already is not known: {error}"));
        }
        Ok(services)
    }
}
