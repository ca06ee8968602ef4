//! `database restore`: a restored instance takes the name of the one in service.
//!
//! The stack knows its database by the identifier, and the services by an endpoint that begins with it
//! (RDS:USER_RenameInstance). With the name the new instance gets both: the template stays as it is, and CloudFormation goes on
//! as the single writer. `DBSnapshotIdentifier` in the template would replace the database, and again when it is dropped.

use aws_sdk_rds::types::{DbInstance, Tag};
use deploy_ops::call::Called as _;
use deploy_ops::failure::Failure;
use deploy_ops::secrets::value::Values;
use deploy_ops::session::EnvironmentSession;
use secrecy::ExposeSecret as _;
use serde::Serialize;
use zeroize::Zeroizing;

use super::copy::{self, Copy, Origin};
use super::plan::{self, Instance, Obstacle, Source, Step, TAG_KEPT, TAG_ORIGINAL, TAG_REPLACED, TAG_SOURCE};
use super::wait::{CHANGE_LIMIT_SECS, RESTORE_LIMIT_SECS, Wait};
use super::{rds, services, snapshot};

/// What is left to do.
#[derive(Debug)]
pub struct Planned {
    environment: String,
    name: String,
    source: Source,
    again: String,
    steps: Vec<Step>,
}

/// What `database restore` prints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Restored {
    /// Environment name.
    pub environment: String,
    /// What is or was restored.
    pub source: String,
    /// The steps that were done, or with `--plan` are left.
    pub steps: Vec<Step>,
    /// Whether they were done.
    pub done: bool,
    /// The exit code of the command.
    pub exit_code: u8,
}

impl Planned {
    /// Whether nothing is left to do.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.steps.is_empty()
    }

    /// The steps, for people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.result(false).lines()
    }

    /// What is printed of it.
    #[must_use]
    pub fn result(&self, done: bool) -> Restored {
        Restored {
            environment: self.environment.clone(),
            source: self.source.to_string(),
            steps: self.steps.clone(),
            done,
            exit_code: ops_cli::Exit::Done.code(),
        }
    }
}

impl Restored {
    /// For people.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let Self { environment, source, .. } = self;
        if self.steps.is_empty() {
            return vec![format!("{environment}: the database is restored from {source}; nothing to do")];
        }
        if self.done {
            return vec![format!(
                "{environment}: the database is restored from {source}; the one before is kept"
            )];
        }
        let title = format!("{environment}: restore the database from {source}");
        std::iter::once(title).chain(self.steps.iter().map(|step| format!("  {step}"))).collect()
    }
}

pub(super) fn tag(instance: &DbInstance, key: &str) -> Option<String> {
    let tag = instance.tag_list().iter().find(|tag| tag.key() == Some(key))?;
    tag.value().map(str::to_owned)
}

fn arn(instance: &DbInstance) -> Option<String> {
    instance.db_instance_arn().map(str::to_owned)
}

fn seen(instance: &DbInstance) -> Instance {
    Instance {
        name: instance.db_instance_identifier().unwrap_or_default().to_owned(),
        resource: instance.dbi_resource_id().unwrap_or_default().to_owned(),
        source: tag(instance, TAG_SOURCE),
        original: tag(instance, TAG_ORIGINAL),
        kept: tag(instance, TAG_KEPT),
        replaced: tag(instance, TAG_REPLACED),
    }
}

/// Looks at the instances and the services; changes nothing.
///
/// # Errors
/// A call that fails, a stack that is being changed, what is in the way.
pub async fn prepare(session: &EnvironmentSession, source: Source) -> Result<Planned, Failure> {
    let (environment, name) = (session.environment.name.to_string(), session.names().database());
    let records = services::records(session).await?;
    let wait = Wait::new(session, again(session, &source));
    let mut found = rds::instances(&wait.client).await?;
    // A name changes by itself to its end; what is planned before that would be wrong by then.
    let began = session.target.clock.now();
    while found.iter().any(|it| it.db_instance_status() == Some("renaming") && belongs(it, &name)) {
        wait.pause(began, CHANGE_LIMIT_SECS, "an instance keeps being renamed").await?;
        found = rds::instances(&wait.client).await?;
    }
    let instances: Vec<Instance> = found.iter().map(seen).collect();
    let stamp = snapshot::stamp(session);
    let again = wait.again;
    let steps = plan::steps(&instances, &name, &source, &stamp, services::started(&records))
        .map_err(|obstacle| refusal(session, &name, &obstacle))?;
    Ok(Planned { environment, name, source, again, steps })
}

fn belongs(instance: &DbInstance, name: &str) -> bool {
    instance.db_instance_identifier().is_some_and(|it| it == name || it.starts_with(&format!("{name}-")))
}

fn again(session: &EnvironmentSession, source: &Source) -> String {
    session.command(&format!("database restore {} {} --yes", session.environment.name, source.option()))
}

fn refusal(session: &EnvironmentSession, name: &str, obstacle: &Obstacle) -> Failure {
    let environment = &session.environment.name;
    let list = session.command(&format!("database list {environment}"));
    match obstacle {
        Obstacle::NoDatabase => Failure::Guard {
            reason: format!("there is no database instance {name}, and none that is being restored"),
            hint: format!("`{list}` shows what there is"),
        },
        Obstacle::Taken { name } => Failure::Guard {
            reason: format!("an instance {name} exists that this restoration did not make"),
            hint: format!("`{list}` shows it; rename or delete it, then run the same command again"),
        },
        Obstacle::Another { source } => {
            let (kind, value) = source.split_once(' ').unwrap_or(("", source));
            let option = if kind == "time" { "--to-time" } else { "--snapshot" };
            let next = session.command(&format!("database restore {environment} {option} {value} --yes"));
            Failure::Guard {
                reason: format!("a restoration from {source} is under way"),
                hint: format!("`{next}` goes on with it"),
            }
        }
    }
}

/// Does what is left.
///
/// # Errors
/// A call that fails, a wait that takes too long; the same command goes on.
pub async fn carry_out(session: &EnvironmentSession, planned: Planned) -> Result<Restored, Failure> {
    let run = Run { session, wait: Wait::new(session, planned.again.clone()), planned: &planned };
    for step in &planned.steps {
        session.report.step(&step.to_string());
        let done = match step {
            Step::Copy { as_name } => run.copy(as_name).await,
            Step::Equalise => run.equalise().await,
            Step::Stop => run.services(Some(0)).await,
            Step::Keep { as_name } => run.rename(&planned.name, as_name).await,
            Step::TakeName { as_name } => run.rename(&run.new_name(), as_name).await,
            Step::Start => run.services(None).await,
            Step::Note => run.note().await,
        };
        done.map_err(|failure| run.wait.goes_on(failure, "no instance was deleted"))?;
    }
    Ok(planned.result(true))
}

struct Run<'a> {
    session: &'a EnvironmentSession,
    wait: Wait<'a>,
    planned: &'a Planned,
}

impl Run<'_> {
    fn new_name(&self) -> String {
        format!("{}-restored", self.planned.name)
    }

    async fn services(&self, count: Option<u32>) -> Result<(), Failure> {
        let records = services::records(self.session).await?;
        services::set(self.session, &records, count, &self.planned.again).await
    }

    /// Beside the instance in service: in its subnet group, security groups and parameter group. Encryption is the source's.
    async fn copy(&self, as_name: &str) -> Result<(), Failure> {
        let original = self.wait.available(&self.planned.name, CHANGE_LIMIT_SECS).await?;
        let kept = self.planned.steps.iter().find_map(|step| match step {
            Step::Keep { as_name } => Some(as_name.as_str()),
            _ => None,
        });
        let tags = vec![
            (TAG_SOURCE, self.planned.source.to_string()),
            (TAG_ORIGINAL, original.dbi_resource_id().unwrap_or_default().to_owned()),
            (TAG_KEPT, kept.unwrap_or_default().to_owned()),
        ];
        let origin = match &self.planned.source {
            Source::Snapshot(snapshot) => Origin::Snapshot(snapshot),
            Source::Time(time) => Origin::Time(*time),
        };
        let logs = original.enabled_cloudwatch_logs_exports().to_vec();
        let multi_az = original.multi_az().unwrap_or_default();
        copy::make(&self.wait.client, Copy { original: &original, origin, as_name, tags, multi_az, logs })
            .await
    }

    /// What a restoration does not take over, and the password: a backup has that of its time.
    async fn equalise(&self) -> Result<(), Failure> {
        let restored = self.wait.available(&self.new_name(), RESTORE_LIMIT_SECS).await?;
        let original = self.wait.available(&self.planned.name, CHANGE_LIMIT_SECS).await?;
        let password = self.password().await?;
        let differs = |get: fn(&DbInstance) -> Option<&str>| {
            get(&original).filter(|_| get(&original) != get(&restored)).map(str::to_owned)
        };
        let number =
            |get: fn(&DbInstance) -> Option<i32>| get(&original).filter(|_| get(&original) != get(&restored));
        let call = self
            .wait
            .client
            .modify_db_instance()
            .db_instance_identifier(self.new_name())
            .apply_immediately(true)
            .master_user_password(password.as_str())
            .set_backup_retention_period(number(DbInstance::backup_retention_period))
            .set_max_allocated_storage(number(DbInstance::max_allocated_storage))
            .set_preferred_backup_window(differs(DbInstance::preferred_backup_window))
            .set_preferred_maintenance_window(differs(DbInstance::preferred_maintenance_window))
            .set_deletion_protection(original.deletion_protection());
        call.send().await.called("rds:ModifyDBInstance")?;
        self.wait.available(&self.new_name(), CHANGE_LIMIT_SECS).await?;
        Ok(())
    }

    /// The owner's password, from its secret.
    async fn password(&self) -> Result<Zeroizing<String>, Failure> {
        let reference = &self.session.config.platform.database.password;
        let path = self.session.environment.secret_path(&reference.secret);
        let call = self.session.target.aws.secrets.get_secret_value().secret_id(&path);
        let answer = call.send().await.called("secretsmanager:GetSecretValue")?;
        let text = answer.secret_string.map(Zeroizing::new);
        let values = text.and_then(|text| Values::parse(&text));
        let found = values.as_ref().and_then(|values| values.get(reference.key.as_str()));
        let found = found.map(|text| Zeroizing::new(text.expose_secret().to_owned()));
        found.ok_or_else(|| Failure::Guard {
            reason: format!("the secret {path} has no {}", reference.key),
            hint: format!(
                "enter it with `{}`",
                self.session.command(&format!("secrets set {}", self.session.environment.name))
            ),
        })
    }

    /// The stack's tags are all that the instance in service has in the end: others would be drift.
    async fn note(&self) -> Result<(), Failure> {
        let all = rds::instances(&self.wait.client).await?;
        let current = all.iter().find(|it| it.db_instance_identifier() == Some(&self.planned.name));
        let Some(current) = current else { return Ok(()) };
        let original = tag(current, TAG_ORIGINAL);
        let kept = all.iter().find(|it| original.is_some() && it.dbi_resource_id() == original.as_deref());
        if let Some(kept) = kept {
            let text = plan::replacement(
                current.dbi_resource_id().unwrap_or_default(),
                &self.planned.source.to_string(),
            );
            let call = self.wait.client.add_tags_to_resource().set_resource_name(arn(kept));
            let tag = Tag::builder().key(TAG_REPLACED).value(text).build();
            call.tags(tag).send().await.called("rds:AddTagsToResource")?;
        }
        let call = self.wait.client.remove_tags_from_resource().set_resource_name(arn(current));
        let keys = [TAG_KEPT, TAG_ORIGINAL, TAG_SOURCE].map(str::to_owned);
        call.set_tag_keys(Some(keys.to_vec())).send().await.called("rds:RemoveTagsFromResource")?;
        Ok(())
    }

    /// Gives an instance another name, and waits until it is available under that.
    async fn rename(&self, from: &str, to: &str) -> Result<(), Failure> {
        self.wait.available(from, CHANGE_LIMIT_SECS).await?;
        let call = self.wait.client.modify_db_instance().db_instance_identifier(from);
        let call = call.new_db_instance_identifier(to).apply_immediately(true);
        call.send().await.called("rds:ModifyDBInstance")?;
        self.wait.available(to, CHANGE_LIMIT_SECS).await?;
        Ok(())
    }
}
